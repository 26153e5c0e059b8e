//! What the decoder makes of messages, written down.

mod twins;
mod types;

use super::Json;
use crate::decoding::testing::{
    Also, Setup, captured, check, messages, optional, required, stream,
};
use dsl::types::{Column, Type};
use dsl::value::Value;

fn float(value: f64) -> Value {
    Value::Float(value)
}

/// Each payload alone, as a message and as a line of a stream; `expected` is one line a payload.
fn verdicts(setup: &Setup, cases: &[(&str, &str)]) {
    let (payloads, expected): (Vec<_>, Vec<_>) = cases.iter().copied().unzip();
    check(&Json, setup, &messages(&payloads), &expected);
    check(&Json, setup, &stream(payloads.join("\n")), &expected);
}

#[test]
fn values_are_never_bent() {
    let setup = Setup::new(vec![optional("i", Type::Int)]);
    verdicts(
        &setup,
        &[
            (r#"{"i":1}"#, r#"{"i":1}"#),
            (r#"{"i":1.0}"#, r#"{"i":1}"#),
            (r#"{"i":-1e3}"#, r#"{"i":-1000}"#),
            (r#"{"i":null}"#, r#"{"i":null}"#),
            (r"{}", r#"{"i":null}"#),
            (r#"{"i":9223372036854775807}"#, r#"{"i":9223372036854775807}"#),
            (r#"{"i":1.5}"#, r#"! type i: expected an int, found `1.5` < {"i":1.5}"#),
            (
                r#"{"i":9223372036854775808}"#,
                r#"! type i: `9223372036854775808` does not fit an int of 64 bits < {"i":9223372036854775808}"#,
            ),
            (r#"{"i":1e30}"#, r#"! type i: `1e30` does not fit an int of 64 bits < {"i":1e30}"#),
            (r#"{"i":"1"}"#, r#"! type i: expected an int, found the text `1` < {"i":"1"}"#),
            (r#"{"i":true}"#, r#"! type i: expected an int, found `true` < {"i":true}"#),
            (r#"{"i":[1]}"#, r#"! type i: expected an int, found an array < {"i":[1]}"#),
        ],
    );
    let setup = Setup::new(vec![required("f", Type::FLOAT), required("s", Type::String)]);
    verdicts(
        &setup,
        &[
            (r#"{"f":1,"s":""}"#, r#"{"f":1.0,"s":""}"#),
            (r#"{"s":"\u00e9\n","f":1e-7}"#, r#"{"f":1e-7,"s":"é\n"}"#),
            (r#"{"f":0.1000000000000000055511151231257827,"s":"x"}"#, r#"{"f":0.1,"s":"x"}"#),
            (
                r#"{"f":1e999,"s":""}"#,
                r#"! type f: `1e999` does not fit a float < {"f":1e999,"s":""}"#,
            ),
            (r#"{"f":1,"s":1}"#, r#"! type s: expected text, found `1` < {"f":1,"s":1}"#),
            (
                r#"{"f":1,"s":"\ud800"}"#,
                r#"! type s: `\ud800` has an escape that is half of a character < {"f":1,"s":"\ud800"}"#,
            ),
            (r#"{"s":""}"#, r#"! missing f: there is no `f` < {"s":""}"#),
            (r#"{"f":null,"s":""}"#, r#"! missing f: there is no `f` < {"f":null,"s":""}"#),
        ],
    );
}

#[test]
fn a_broken_message_leaves_its_neighbours_alone() {
    let setup = Setup::new(vec![required("a", Type::Int)]);
    verdicts(
        &setup,
        &[
            (r#"{"a":1}"#, r#"{"a":1}"#),
            (
                r#"{"a":2"#,
                r#"! decode -: it is not JSON: it ends in the middle at byte 6 < {"a":2"#,
            ),
            ("2}", "! decode -: it is not JSON: something stands behind the value at byte 1 < 2}"),
            (
                r#"{"a":3}{"a":4}"#,
                r#"! decode -: it is not JSON: something stands behind the value at byte 7 < {"a":3}{"a":4}"#,
            ),
            ("5", "! decode -: expected an object, found `5` < 5"),
            (r#""a""#, r#"! decode -: expected an object, found `"a"` < "a""#),
            (r#"{"a":6}"#, r#"{"a":6}"#),
        ],
    );
    let broken = [&b"{\"a\":1,\"b\":\"\xff\"}"[..], b"", b"{\"a\":2}\n"];
    check(
        &Json,
        &setup,
        &messages(&broken),
        &[
            "! decode -: it is not UTF-8 at byte 12 < {\"a\":1,\"b\":\"\u{fffd}\"}",
            "! decode -: it is empty < ",
            r#"{"a":2}"#,
        ],
    );
    let piece = b"\xEF\xBB\xBF{\"a\":1}\r\n\n  \n{\"b\":\"\xff\"}\n {\"a\":2} ";
    check(
        &Json,
        &setup,
        &stream(piece),
        &[
            r#"{"a":1}"#,
            "! decode -: it is not UTF-8 at byte 6 < {\"b\":\"\u{fffd}\"}",
            r#"{"a":2}"#,
        ],
    );
}

#[test]
fn a_record_of_a_stream_does_not_run_over_its_line() {
    let setup = Setup::new(vec![required("a", Type::Int)]);
    let decoded =
        setup.decoder(&Json).decode(&stream("{\"a\":1,\n\"b\":2}\n{\"x\":[1,\n2],\"a\":3}"));
    let decoded = decoded.unwrap();
    assert_eq!((decoded.rows.num_rows(), decoded.rejected.len()), (0, 4));
    check(&Json, &setup, &messages(&["{\"a\":1,\n\"b\":\n[2]}"]), &[r#"{"a":1}"#]);
}

#[test]
fn every_element_of_an_array_has_its_own_verdict() {
    let setup = Setup::new(vec![required("a", Type::Int)]);
    let data =
        messages(&[r#"[{"a":1}, {"a":"x"},7 ,{"a":2}]"#, "[]", r#"[{"a":1},{"a"]"#, r#"{"a":3}"#]);
    check(
        &Json,
        &setup,
        &data,
        &[
            r#"{"a":1}"#,
            r#"! type a: expected an int, found the text `x` < {"a":"x"}"#,
            "! decode -: expected an object, found `7` < 7",
            r#"{"a":2}"#,
            r#"! decode -: it is not JSON: expected `:` at byte 13 < [{"a":1},{"a"]"#,
            r#"{"a":3}"#,
        ],
    );
    let decoded = setup.decoder(&Json).decode(&data).unwrap();
    assert_eq!(decoded.origins, Some(vec![0, 0, 3]));
    let rows: Vec<u32> = decoded.rejected.iter().map(|it| it.fault.row).collect();
    assert_eq!(rows, [0, 0, 2]);
}

#[test]
fn each_makes_a_row_of_every_element_and_reaches_what_stands_around() {
    let fields = vec![
        required("device", Type::String).from("device"),
        required("v", Type::FLOAT),
        optional("unit", Type::String).from("data.values.unit"),
    ];
    let setup = Setup::new(fields).option("each", Value::String("data.values".to_owned())).strict();
    check(
        &Json,
        &setup,
        &messages(&[
            r#"{"device":"a","data":{"values":[{"v":1},{"v":2,"unit":"C"},{"v":3,"x":0},4]}}"#,
            r#"{"device":"a"}"#,
            r#"{"device":"a","data":{"values":5}}"#,
            r#"{"device":"a","data":{"values":[]}}"#,
            r#"{"device":"a","y":0,"data":{"values":[{"v":1}]}}"#,
        ]),
        &[
            r#"{"device":"a","v":1.0,"unit":null}"#,
            r#"{"device":"a","v":2.0,"unit":"C"}"#,
            r#"! unknown -: the schema knows no field `x` < {"v":3,"x":0}"#,
            "! decode -: expected an object, found `4` < 4",
            r#"! missing -: there is no `data.values` < {"device":"a"}"#,
            r#"! type -: expected an array in `data.values`, found `5` < {"device":"a","data":{"values":5}}"#,
            r#"! unknown -: the schema knows no field `y` < {"device":"a","y":0,"data":{"values":[{"v":1}]}}"#,
        ],
    );
}

#[test]
fn paths_defaults_bounds_and_equal_names() {
    let fields = vec![
        required("t", Type::FLOAT).from("data.t").within(float(-60.0), float(150.0)),
        optional("v", Type::Int).from("readings[1].v"),
        required("mode", Type::String)
            .or(Value::String("auto".to_owned()))
            .one_of(vec![Value::String("auto".to_owned()), Value::String("off".to_owned())]),
    ];
    verdicts(
        &Setup::new(fields),
        &[
            (r#"{"data":{"t":-60}}"#, r#"{"t":-60.0,"v":null,"mode":"auto"}"#),
            (
                r#"{"data":{"t":1},"mode":"off","readings":[0,{"v":7}],"data":{"t":150}}"#,
                r#"{"t":150.0,"v":7,"mode":"off"}"#,
            ),
            (
                r#"{"data":{"t":150.5}}"#,
                r#"! range t: 150.5 is not in -60.0..150.0 < {"data":{"t":150.5}}"#,
            ),
            (
                r#"{"data":{"t":1},"data":{}}"#,
                r#"! missing t: there is no `data.t` < {"data":{"t":1},"data":{}}"#,
            ),
            (r#"{"data":5}"#, r#"! missing t: there is no `data.t` < {"data":5}"#),
            (
                r#"{"data":{"t":1},"mode":"on"}"#,
                r#"! range mode: `on` is not in ["auto", "off"] < {"data":{"t":1},"mode":"on"}"#,
            ),
        ],
    );
}

#[test]
fn captures_win_over_the_payload() {
    let mut setup = Setup::new(vec![
        required("device", Type::Int).within(Value::Int(0), Value::Int(9)),
        required("v", Type::Int),
    ]);
    setup.columns.push(Column::new("site", Type::String.required()));
    setup.needed.push(true);
    let setup = setup.capturing(&["site", "device"]);
    let payloads = [r#"{"v":1}"#, r#"{"device":"text","v":2}"#];
    check(
        &Json,
        &setup,
        &captured(&payloads, &["north", "7"]),
        &[r#"{"device":7,"v":1,"site":"north"}"#, r#"{"device":7,"v":2,"site":"north"}"#],
    );
    check(
        &Json,
        &setup,
        &captured(&payloads[..1], &["north", "x"]),
        &[r#"! type device: expected an int, found `x` < {"v":1}"#],
    );
    check(
        &Json,
        &setup,
        &captured(&payloads[..1], &["north", "10"]),
        &[r#"! range device: 10 is not in 0..9 < {"v":1}"#],
    );
    // What a test feeds has no topic.
    let fed = [r#"{"v":1,"device":3,"site":"south"}"#];
    check(&Json, &setup, &messages(&fed), &[r#"{"device":3,"v":1,"site":"south"}"#]);
}

#[test]
fn strict_refuses_what_the_schema_does_not_know() {
    let setup = Setup::new(vec![required("a", Type::Int)]).strict();
    verdicts(
        &setup,
        &[
            (r#"{"a":1}"#, r#"{"a":1}"#),
            (r#"{"a":1,"b":2}"#, r#"! unknown -: the schema knows no field `b` < {"a":1,"b":2}"#),
            (
                r#"{"b":2,"a":"x"}"#,
                r#"! type a: expected an int, found the text `x` < {"b":2,"a":"x"}"#,
            ),
        ],
    );
}

#[test]
fn columns_that_nobody_reads_are_checked_and_not_built() {
    let setup = Setup::new(vec![
        required("a", Type::Int),
        optional("b", Type::FLOAT),
        required("c", Type::String),
    ]);
    let setup = setup.needing(&[true, false, false]);
    verdicts(
        &setup,
        &[
            (r#"{"a":1,"b":2.5,"c":"x"}"#, r#"{"a":1,"b":null,"c":""}"#),
            (
                r#"{"a":1,"b":"x","c":"x"}"#,
                r#"! type b: expected a number, found the text `x` < {"a":1,"b":"x","c":"x"}"#,
            ),
            (r#"{"a":1}"#, r#"! missing c: there is no `c` < {"a":1}"#),
            (r#"{"a":2,"c":"\n"}"#, r#"{"a":2,"b":null,"c":""}"#),
        ],
    );
}

#[test]
fn hostile_messages_cost_no_more_than_their_bytes() {
    let setup = Setup::new(vec![optional("a", Type::Int)]);
    let deep = format!("{{\"x\":{}", "[".repeat(10_000));
    let decoded = setup.decoder(&Json).decode(&messages(&[deep])).unwrap();
    assert_eq!(
        decoded.rejected[0].fault.detail,
        "it is not JSON: nested deeper than 128 at byte 132"
    );
    // More names than are kept to be guessed.
    let names: Vec<_> = (0..1_000).map(|i| format!("\"k{i}\":{i}")).collect();
    let wide = format!("{{{},\"a\":5}}", names.join(","));
    check(&Json, &setup, &messages(&[&wide, &wide]), &[r#"{"a":5}"#, r#"{"a":5}"#]);
}
