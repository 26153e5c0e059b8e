//! The fast way held to the slow one, the slow one to a tree of another parser, and the encoder to the decoder.

use super::super::Json;
use super::super::decoder::JsonDecoder;
use super::float;
use crate::decoding::testing::{
    Also, Setup, captured, messages, optional, required, shown, stream,
};
use dsl::plan::TimeUnit;
use dsl::types::{Column, Type};
use dsl::value::Value;
use engine::codec::Decoder;
use proptest::prelude::*;

fn sensor() -> Setup {
    Setup::new(vec![
        required("ts", Type::Timestamp),
        optional("device", Type::String),
        optional("t", Type::FLOAT).within(float(-60.0), float(150.0)),
        required("n", Type::Int).or(Value::Int(-1)),
        optional("in", Type::Int).from("d.in"),
        optional("ok", Type::Bool),
        optional("s", Type::Timestamp).time(TimeUnit::Second, None),
        optional("m", Type::String).one_of(vec![Value::String("on".to_owned())]),
    ])
}

/// Columns that are cut out and put the slow way.
fn nested() -> Setup {
    let inner = Type::Struct(vec![Column::new("in", Type::Int.nullable())]);
    Setup::new(vec![
        optional("n", Type::Int),
        optional("d", inner),
        optional("deep", Type::Int).from("d.y[0].z"),
        optional("x", Type::List(Box::new(Type::Int.nullable()))),
        optional(
            "t",
            Type::Map(Box::new(Type::String.required()), Box::new(Type::Json.nullable())),
        ),
        optional("s", Type::Json),
        required("device", Type::String).or(Value::String("none".to_owned())),
        optional("ok", Type::Bool),
    ])
}

/// Values as they stand on the wire, right and wrong ones.
fn values() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "1700000000123",
        "0",
        "-0",
        "21.53",
        "-7.25",
        "150.01",
        "1e2",
        "1.0",
        "12345678901234567890",
        "0.1e-3",
        "01",
        "1.",
        "\"2026-01-31T06:00:00.25Z\"",
        "\"2026-01-31T06:00:00+01:00\"",
        "\"dev-000123\"",
        "\"on\"",
        "\"\"",
        "\"a\\\"b\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud83d\"",
        "\"é long text with more than sixteen bytes\"",
        "\"a\tb\"",
        "true",
        "false",
        "null",
        "nul",
        "{}",
        "{\"in\": 5}",
        "{\"in\":5,\"in\":6}",
        "{\"y\":[{}],\"in\":null}",
        "[{\"n\":1},{\"ok\":true,\"n\":null}, 5]",
        "{\"y\":[{\"z\":7}]}",
        "[1,null]",
        "[1, {\"a\":[]}]",
        "1e999",
        "0.30000000000000004",
        "123456789.123456789123",
        "-1",
        "1.5",
    ])
}

/// Records that are nearly right, and now and then cut or with a byte replaced.
fn records() -> impl Strategy<Value = Vec<u8>> {
    let name = prop::sample::select(vec![
        "ts",
        "device",
        "t",
        "n",
        "in",
        "d",
        "ok",
        "s",
        "m",
        "x",
        "a long name that nobody knows",
        "\\u0074",
        "é",
    ]);
    let space = prop::sample::select(vec!["", "", "", " ", "\t"]);
    let member = (space.clone(), name, space.clone(), values(), space.clone())
        .prop_map(|(a, name, b, value, c)| format!("{a}\"{name}\"{b}:{c}{value}{a}"));
    let record = prop::collection::vec(member, 0..9).prop_map(|members| {
        format!("{{\"ts\":1700000000123,{}}}", members.join(",")).replace(",}", "}")
    });
    let broken = (any::<prop::sample::Index>(), any::<u8>(), 0..10_u8);
    (record, broken).prop_map(|(record, (place, byte, how))| {
        let mut bytes = record.into_bytes();
        let place = place.index(bytes.len());
        match how {
            0 => bytes.truncate(place),
            1 => bytes[place] = byte,
            _ => {}
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_fast_way_gives_what_the_slow_way_gives(
        records in prop::collection::vec(records(), 1..12),
        needed in prop::collection::vec(any::<bool>(), 8),
        strict in prop::bool::weighted(0.2),
        kind in 0..3,
    ) {
        let mut setup = if kind == 0 { sensor() } else { nested() }.needing(&needed).capturing(&["device"]);
        setup.strict = strict;
        if kind == 2 {
            setup = setup.option("each", Value::String("x".to_owned()));
            setup.schema.fields[0].wire = Some("n".to_owned());
        }
        let mut fast = JsonDecoder::new(&setup.context()).unwrap();
        let mut slow = JsonDecoder::slow(&setup.context()).unwrap();
        let array = [b"[".as_slice(), &records.join(&b','), b"]"].concat();
        for data in [
            stream(records.join(&b'\n')),
            messages(&records),
            messages(&[array]),
            captured(&records, &["d"]),
        ] {
            let (fast, slow) = (fast.decode(&data).unwrap(), slow.decode(&data).unwrap());
            prop_assert_eq!(&fast.rejected, &slow.rejected);
            prop_assert_eq!(&fast.origins, &slow.origins);
            prop_assert_eq!(shown(&setup, &fast), shown(&setup, &slow));
            prop_assert_eq!(fast.rows, slow.rows);
        }
        // What is read changes no verdict.
        let all = JsonDecoder::new(&Setup { needed: vec![true; 8], ..setup }.context()).unwrap();
        let (mut all, data) = (all, stream(records.join(&b'\n')));
        prop_assert_eq!(all.decode(&data).unwrap().rejected, fast.decode(&data).unwrap().rejected);
    }

    #[test]
    fn the_slow_way_gives_what_a_tree_of_another_parser_gives(records in prop::collection::vec(records(), 1..12)) {
        let setup = Setup::new(vec![
            optional("n", Type::Int),
            optional("t", Type::FLOAT),
            optional("device", Type::String),
            optional("in", Type::Int).from("d.in"),
        ]);
        let mut slow = JsonDecoder::slow(&setup.context()).unwrap();
        for record in &records {
            let decoded = slow.decode(&messages(&[record])).unwrap();
            // The other parser takes halves of characters, and numbers that a float cannot hold, for faults of the message.
            let text = String::from_utf8_lossy(record);
            let pairs = text.matches("\\ud83d\\ude00").count();
            let halves = text.matches("\\ud").count() != 2 * pairs;
            let huge = |it: &[u8]| it[0] | 0x20 == b'e' && it[1..].iter().all(u8::is_ascii_digit);
            if halves || text.as_bytes().windows(4).any(huge) {
                continue;
            }
            let ours = shown(&setup, &decoded);
            let ours = ours[0].split(':').next().filter(|it| it.starts_with('!')).unwrap_or(&ours[0]);
            prop_assert_eq!(ours, &oracle(record), "{}", String::from_utf8_lossy(record));
        }
    }

    #[test]
    fn bytes_of_any_kind_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let setup = sensor();
        let mut decoder = setup.decoder(&Json);
        decoder.decode(&messages(&[&bytes])).unwrap();
        decoder.decode(&stream(&bytes)).unwrap();
    }

    #[test]
    fn rows_that_are_written_are_read_back(
        rows in prop::collection::vec((any::<f64>(), any::<i64>(), "\\PC{0,5}", any::<bool>(), 0..253_402_300_799_999_999_i64), 1..20),
    ) {
        let setup = Setup::new(vec![
            optional("f", Type::FLOAT),
            required("i", Type::Int),
            required("odd \"name\"", Type::String).from("['odd \"name\"']"),
            required("o", Type::Bool),
            required("t", Type::Timestamp),
        ]);
        let lines: Vec<_> = rows.iter().map(|(f, i, s, o, t)| {
            let f = if f.is_finite() { format!("{f:e}") } else { "null".to_owned() };
            let time = engine::time::format_timestamp(*t);
            format!(r#"{{"f":{f},"i":{i},"odd \"name\"":{},"o":{o},"t":"{time}"}}"#, serde_json::json!(s))
        }).collect();
        let decoded = setup.decoder(&Json).decode(&messages(&lines)).unwrap();
        prop_assert!(decoded.rejected.is_empty());
        let (mut out, mut ends) = (Vec::new(), Vec::new());
        setup.encoder(&Json).encode(&decoded.rows, &mut out, &mut ends).unwrap();
        let mut start = 0;
        let written: Vec<_> = ends.iter().map(|end| { let it = out[start..*end].to_vec(); start = *end; it }).collect();
        let again = setup.decoder(&Json).decode(&messages(&written)).unwrap();
        prop_assert_eq!(again.rows, decoded.rows);
    }
}

/// The verdict on a record by way of a tree: its row, or the reason and the column.
fn oracle(record: &[u8]) -> String {
    use serde_json::{Value as Json, json};
    let Ok(Json::Object(tree)) = serde_json::from_slice(record) else {
        return "! decode -".to_owned();
    };
    let null = Json::Null;
    let int = |value: &Json| match value {
        Json::Null => Some(Json::Null),
        Json::Number(it) if it.is_i64() => Some(value.clone()),
        Json::Number(it) => {
            let float = it.as_f64()?;
            (float.fract() == 0.0 && float.abs() < 1e15).then(|| json!(float as i64))
        }
        _ => None,
    };
    let float = |value: &Json| match value {
        Json::Null => Some(Json::Null),
        Json::Number(it) => it.as_f64().map(|it| json!(it)),
        _ => None,
    };
    let text = |value: &Json| match value {
        Json::Null => Some(Json::Null),
        Json::String(_) => Some(value.clone()),
        _ => None,
    };
    let get = |name: &str| tree.get(name).unwrap_or(&null);
    let inner = get("d").get("in").unwrap_or(&null);
    let values = [
        ("n", int(get("n"))),
        ("t", float(get("t"))),
        ("device", text(get("device"))),
        ("in", int(inner)),
    ];
    let mut parts = Vec::new();
    for (name, value) in values {
        match value {
            None => return format!("! type {name}"),
            Some(value) => parts.push(format!("\"{name}\":{value}")),
        }
    }
    // The other writer puts a sign before every exponent.
    format!("{{{}}}", parts.join(",")).replace("e+", "e")
}
