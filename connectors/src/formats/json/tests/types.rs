//! Times, the seldom scalars, and what is made of parts.

use super::verdicts;
use crate::decoding::testing::{Also, Setup, optional, required};
use dsl::plan::TimeUnit;
use dsl::types::{Column, Type};
use dsl::value::Value;

#[test]
fn times_in_all_their_forms() {
    let fields = vec![
        optional("ms", Type::Timestamp),
        optional("s", Type::Timestamp).time(TimeUnit::Second, None),
        optional("ns", Type::Timestamp).time(TimeUnit::Nanosecond, None),
        optional("local", Type::Timestamp).time(TimeUnit::Millisecond, Some("Europe/Berlin")),
    ];
    let row = |ms: &str, s: &str, ns: &str, local: &str| {
        format!(r#"{{"ms":{ms},"s":{s},"ns":{ns},"local":{local}}}"#)
    };
    let null = "null";
    let cases = [
        (r#"{"ms":1500}"#, row(r#""1970-01-01T00:00:01.500Z""#, null, null, null)),
        (r#"{"ms":1.5}"#, row(r#""1970-01-01T00:00:00.001500Z""#, null, null, null)),
        (r#"{"s":1700000000.25}"#, row(null, r#""2023-11-14T22:13:20.250Z""#, null, null)),
        (r#"{"ns":-1}"#, row(null, null, r#""1969-12-31T23:59:59.999999Z""#, null)),
        (r#"{"ms":"2026-01-31 06:00:00+02:00"}"#, row(r#""2026-01-31T04:00:00Z""#, null, null, null)),
        (r#"{"ms":"2026-01-31T06:00:00.1234567Z"}"#, row(r#""2026-01-31T06:00:00.123456Z""#, null, null, null)),
        (r#"{"local":"2026-07-01 12:00:00"}"#, row(null, null, null, r#""2026-07-01T10:00:00Z""#)),
        (
            r#"{"ms":"2026-01-31T06:00:00"}"#,
            r#"! type ms: expected a timestamp, found the text `2026-01-31T06:00:00` (RFC 3339 with `Z` or an offset) < {"ms":"2026-01-31T06:00:00"}"#.to_owned(),
        ),
        (
            r#"{"s":1700000000000}"#,
            r#"! type s: `1700000000000` seconds is outside the years 0 to 9999; another unit is written `timestamp(us)` < {"s":1700000000000}"#.to_owned(),
        ),
        (
            r#"{"ms":"1500"}"#,
            r#"! type ms: expected a timestamp, found the text `1500` (RFC 3339 with `Z` or an offset) < {"ms":"1500"}"#.to_owned(),
        ),
    ];
    let cases: Vec<_> = cases.iter().map(|(payload, row)| (*payload, row.as_str())).collect();
    verdicts(&Setup::new(fields), &cases);
}

#[test]
fn the_other_scalars() {
    let fields = vec![
        optional("d", Type::Decimal { precision: 5, scale: 2 }),
        optional("b", Type::Bytes),
        optional("p", Type::Duration),
        optional("day", Type::Date),
        optional("j", Type::Json),
        optional("ok", Type::Bool),
    ];
    verdicts(
        &Setup::new(fields),
        &[
            (
                r#"{"d":"1.5","b":"aGk=","p":"1m30s","day":"2026-01-31","j":{"x": [1, "\ud800"]},"ok":false}"#,
                r#"{"d":"1.50","b":"aGk=","p":"1m30s","day":"2026-01-31","j":{"x": [1, "\ud800"]},"ok":false}"#,
            ),
            (
                r#"{"d":-2e1,"j":"text","b":"aGk"}"#,
                r#"{"d":"-20.00","b":"aGk=","p":null,"day":null,"j":"text","ok":null}"#,
            ),
            (r#"{"d":1.005}"#, r#"! type d: `1.005` does not fit a decimal(5, 2) < {"d":1.005}"#),
            (r#"{"b":"?"}"#, r#"! type b: expected bytes in base64, found `?` < {"b":"?"}"#),
            (
                r#"{"p":90}"#,
                r#"! type p: expected a duration such as `1m30s`, found `90` < {"p":90}"#,
            ),
            (
                r#"{"day":"2026-02-30"}"#,
                r#"! type day: expected a date such as `2026-01-31`, found `2026-02-30` < {"day":"2026-02-30"}"#,
            ),
            (
                r#"{"ok":"true"}"#,
                r#"! type ok: expected `true` or `false`, found the text `true` < {"ok":"true"}"#,
            ),
        ],
    );
}

fn nested() -> Setup {
    let point = Type::Struct(vec![
        Column::new("x", Type::FLOAT.required()),
        Column::new("tag", Type::String.nullable()),
    ]);
    let mut list = optional("points", Type::List(Box::new(point.clone().required())));
    list.children =
        vec![required("x", Type::FLOAT).from("pos.x").within(Value::Float(0.0), Value::Float(9.0))];
    let map = Type::Map(Box::new(Type::String.required()), Box::new(Type::Int.required()));
    Setup::new(vec![list, optional("counts", map), optional("origin", point)])
}

#[test]
fn lists_structs_and_maps() {
    verdicts(
        &nested().strict(),
        &[
            (
                r#"{"points":[{"pos":{"x":1}},{"tag":"b","pos":{"x":2}}],"counts":{"a":1,"b":2,"a":3},"origin":{"x":0}}"#,
                r#"{"points":[{"x":1.0,"tag":null},{"x":2.0,"tag":"b"}],"counts":{"a":3,"b":2},"origin":{"x":0.0,"tag":null}}"#,
            ),
            (r#"{"points":[],"counts":{}}"#, r#"{"points":[],"counts":{},"origin":null}"#),
            (
                r#"{"points":[{"pos":{"x":1}},{"pos":{"x":10}}]}"#,
                r#"! range points: [1]: x: 10.0 is not in 0.0..9.0 < {"points":[{"pos":{"x":1}},{"pos":{"x":10}}]}"#,
            ),
            (
                r#"{"points":[null]}"#,
                r#"! missing points: [0]: there is no `points` < {"points":[null]}"#,
            ),
            (
                r#"{"counts":{"a":"x"}}"#,
                r#"! type counts: a: expected an int, found the text `x` < {"counts":{"a":"x"}}"#,
            ),
            (
                r#"{"counts":[]}"#,
                r#"! type counts: expected an object, found an array < {"counts":[]}"#,
            ),
            (r#"{"origin":{}}"#, r#"! missing origin: x: there is no `x` < {"origin":{}}"#),
            (
                r#"{"origin":{"x":1,"z":1}}"#,
                r#"! unknown origin: the schema knows no field `z` < {"origin":{"x":1,"z":1}}"#,
            ),
        ],
    );
}
