//! What the decoder makes of records, written down; and rows there and back.

use super::record::Records;
use super::{Csv, Options};
use crate::decoding::testing::{
    Also, Setup, captured, check, messages, optional, required, shown, stream,
};
use dsl::types::{Column, Type};
use dsl::value::Value;
use engine::codec::{Decoded, Format, Framing};
use proptest::prelude::*;

fn readings() -> Setup {
    Setup::new(vec![
        required("id", Type::String),
        optional("note", Type::String),
        optional("t", Type::FLOAT)
            .from("Temp (°C)")
            .within(Value::Float(-60.0), Value::Float(150.0)),
        required("n", Type::Int).or(Value::Int(-1)),
    ])
}

#[test]
fn fields_are_found_by_their_header() {
    let text = "\u{feff}Temp (°C), id ,n,note,extra\r\n\
                21.5,a,1,,\r\n\
                \r\n\
                ,,2.0,\"\",x\n\
                NaN,\"b, \"\"c\"\"\",,\"two\nlines\",";
    check(
        &Csv,
        &readings(),
        &stream(text),
        &[
            r#"{"id":"a","note":null,"t":21.5,"n":1}"#,
            r#"{"id":"","note":"","t":null,"n":2}"#,
            // NaN is outside every range.
            "! range t: NaN is not in -60.0..150.0 < NaN,\"b, \"\"c\"\"\",,\"two\nlines\",",
        ],
    );
    check(
        &Csv,
        &readings().strict(),
        &stream("id,n,extra\na,1,2\nb,x,2"),
        &[
            "! unknown -: the schema knows no field `extra` < a,1,2",
            "! type n: expected an int, found `x` < b,x,2",
        ],
    );
}

#[test]
fn a_name_that_is_not_utf_8_does_not_shift_the_others() {
    let setup = Setup::new(vec![required("a", Type::Int), required("b", Type::Int)]);
    let text = b"\xff\xfe,a,\"\xff\"\"\",b\n0,1,2,3\n";
    check(&Csv, &setup, &stream(text), &[r#"{"a":1,"b":3}"#]);
    let names = super::names(text, &dsl::plan::Args::default()).unwrap();
    assert_eq!(names, ["\u{fffd}\u{fffd}", "a", "\u{fffd}\"", "b"]);
}

#[test]
fn a_broken_record_leaves_its_neighbours_alone() {
    let setup = Setup::new(vec![required("a", Type::Int), optional("b", Type::String)]);
    let text = b"a,b\n1,x\n2\n3,\"y\"z\n4,\xff\n5,a\"b\n6,\"never\nclosed\n";
    check(
        &Csv,
        &setup,
        &stream(text),
        &[
            r#"{"a":1,"b":"x"}"#,
            "! decode -: it has 1 fields, the header 2 < 2",
            "! decode -: something stands behind a closing quote < 3,\"y\"z",
            "! decode -: it is not UTF-8 < 4,\u{fffd}",
            r#"{"a":5,"b":"a\"b"}"#,
            "! decode -: a quote is opened and not closed < 6,\"never\nclosed",
        ],
    );
    check(&Csv, &setup, &stream("b\nx"), &["! missing a: there is no `a` < x"]);
    check(&Csv, &setup, &stream(""), &[]);
}

#[test]
fn messages_are_whole_texts_and_columns_can_go_by_number() {
    let setup = readings();
    check(
        &Csv,
        &setup,
        &messages(&["id\na\nb\n", "", "n,id\n5,c"]),
        &[
            r#"{"id":"a","note":null,"t":null,"n":-1}"#,
            r#"{"id":"b","note":null,"t":null,"n":-1}"#,
            "! decode -: it is empty < ",
            r#"{"id":"c","note":null,"t":null,"n":5}"#,
        ],
    );
    let decoded = setup.decoder(&Csv).decode(&messages(&["id\na\nb\n", "id\nc"])).unwrap();
    assert_eq!(decoded.origins, Some(vec![0, 0, 1]));

    let setup = Setup::new(vec![
        required("b", Type::String).from("1"),
        optional("c", Type::Int),
        required("site", Type::String),
    ]);
    let setup = setup.capturing(&["site"]).option("header", Value::Bool(false));
    let setup = setup.option("delimiter", Value::String("\t".to_owned()));
    check(
        &Csv,
        &setup,
        &captured(&["a\tb\t3", "a\tb"], &["north"]),
        &[r#"{"b":"b","c":3,"site":"north"}"#, r#"{"b":"b","c":null,"site":"north"}"#],
    );
}

#[test]
fn a_delimiter_is_one_character() {
    let setup = Setup::new(vec![required("a", Type::Int)]);
    for wrong in ["", ";;", "\"", "\n", "é"] {
        let setup = Setup::new(setup.schema.fields.clone())
            .option("delimiter", Value::String(wrong.to_owned()));
        assert!(Csv.decoder(setup.context()).is_err(), "{wrong:?}");
    }
}

fn wide() -> Setup {
    let inner = Type::Struct(vec![
        Column::new("start", Type::Timestamp.required()),
        Column::new("tag", Type::String.nullable()),
    ]);
    Setup::new(vec![
        optional("text", Type::String),
        required("own", Type::String),
        optional("f", Type::FLOAT),
        optional("window", inner),
        optional("list", Type::List(Box::new(Type::Int.nullable()))),
        required("ok", Type::Bool),
        optional("b", Type::Bytes),
    ])
}

fn encoded(setup: &Setup, decoded: &Decoded) -> Vec<u8> {
    let mut encoder = setup.encoder(&Csv);
    let (mut rows, mut ends) = (Vec::new(), Vec::new());
    encoder.encode(&decoded.rows, &mut rows, &mut ends).unwrap();
    let frame = encoder.frame();
    let (mut text, mut start) = (frame.header, 0);
    for end in ends {
        text.extend_from_slice(&rows[start..end]);
        text.extend_from_slice(&frame.terminator);
        start = end;
    }
    text
}

#[test]
fn structs_are_joined_names_and_lists_are_json() {
    let setup = wide();
    let text = "text,own,f,window_start,window_tag,list,ok,b\n\
                ,\"\",NaN,1970-01-01T00:00:00Z,,\"[1,null]\",true,aGk=\n\
                \"\",\"a,b\",0.5,,,,false,\n";
    let decoded = setup.decoder(&Csv).decode(&stream(text)).unwrap();
    assert_eq!(
        shown(&setup, &decoded),
        [
            r#"{"text":null,"own":"","f":null,"window":{"start":"1970-01-01T00:00:00Z","tag":null},"list":[1,null],"ok":true,"b":"aGk="}"#,
            r#"{"text":"","own":"a,b","f":0.5,"window":null,"list":null,"ok":false,"b":null}"#,
        ]
    );
    assert_eq!(String::from_utf8(encoded(&setup, &decoded)).unwrap(), text);
}

#[test]
fn pieces_end_behind_a_record_and_share_a_header() {
    let mut framing = Records(Options { delimiter: b',', header: true });
    assert_eq!(framing.header(b"a,\"b\nc\"\n1,2\n", false), Some(8));
    assert_eq!(framing.header(b"a,\"b\n", false), None);
    assert_eq!(framing.header(b"a,b", true), Some(3));
    assert_eq!(framing.cut(b"1,2\n3,\"x\ny\"\n4,\"z\n", false), 12);
    assert_eq!(framing.cut(b"1,2\n3,a\"b\n4", false), 10);
    assert_eq!(framing.cut(b"1,\"2\n", false), 0);
    assert_eq!(framing.cut(b"1,\"2\n", true), 5);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn rows_that_are_written_are_read_back(
        rows in prop::collection::vec((prop::option::of("[a\", \n\ré;]{0,4}"), "[a\", \n\r]{0,3}", any::<f64>(), prop::option::of((0_i64..1 << 50, prop::option::of("[a,\"]{0,2}"))), any::<bool>()), 1..12),
        semicolon in any::<bool>(),
    ) {
        let setup = if semicolon { wide().option("delimiter", Value::String(";".to_owned())) } else { wide() };
        let lines: Vec<_> = rows.iter().map(|(text, own, f, window, ok)| {
            let window = window.as_ref().map(|(start, tag)| serde_json::json!({"start": start / 1000, "tag": tag}));
            serde_json::json!({"text": text, "own": own, "f": f, "window": window, "ok": ok, "list": [1, null]}).to_string()
        }).collect();
        let decoded = setup.decoder(&crate::formats::json::Json).decode(&messages(&lines)).unwrap();
        prop_assert!(decoded.rejected.is_empty(), "{:?}", decoded.rejected);
        let text = encoded(&setup, &decoded);
        let again = setup.decoder(&Csv).decode(&stream(&text)).unwrap();
        prop_assert_eq!(shown(&setup, &again), shown(&setup, &decoded));
        prop_assert_eq!(again.rows, decoded.rows);

        // Cut anywhere, the pieces with the header before them give the same rows.
        let options = Options { delimiter: if semicolon { b';' } else { b',' }, header: true };
        let mut framing = Records(options);
        let header = framing.header(&text, true).unwrap();
        let (mut at, mut size, mut cut_rows) = (header, 1, 0);
        while at < text.len() {
            let end = (at + size).min(text.len());
            let cut = framing.cut(&text[at..end], end == text.len());
            size = if cut == 0 { size * 2 } else { 1 };
            if cut > 0 {
                let piece = [&text[..header], &text[at..at + cut]].concat();
                cut_rows += setup.decoder(&Csv).decode(&stream(piece)).unwrap().rows.num_rows();
                at += cut;
            }
        }
        prop_assert_eq!(cut_rows, rows.len());
    }

    #[test]
    fn bytes_of_any_kind_do_no_harm(bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'"'), Just(b','), Just(b'\n')], 0..60)) {
        let setup = readings();
        setup.decoder(&Csv).decode(&stream(&bytes)).unwrap();
        setup.decoder(&Csv).decode(&messages(&[&bytes])).unwrap();
    }
}
