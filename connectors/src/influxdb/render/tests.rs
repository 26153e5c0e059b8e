//! Lines of whole batches, read back by a parser that is not ours.

use super::super::InfluxdbSink;
use super::*;
use crate::testing::{args, span};
use arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int64Array, RecordBatch, StructArray,
    TimestampMicrosecondArray,
};
use dsl::catalog::SinkRule;
use dsl::plan::Arg;
use engine::batch::Stamps;
use engine::types::{fields, schema};
use influxdb_line_protocol::{FieldValue, parse_lines};
use proptest::prelude::*;
use std::sync::Arc;

fn expr(kind: ExprKind, typed: Type) -> Arg {
    Arg::Expr(Expr { kind, typed: typed.nullable(), span: span() })
}

fn names(names: &[&str]) -> Arg {
    Arg::Columns(names.iter().map(|it| (*it).to_owned()).collect())
}

fn literal(text: &str) -> Arg {
    expr(ExprKind::Literal(Value::String(text.to_owned())), Type::String)
}

fn column(name: &str, ty: Type) -> Arg {
    expr(ExprKind::Column(name.to_owned()), ty)
}

/// Renders rows with these columns and times: each line, and the faults as row and detail.
fn rendered(
    given: &[(&'static str, Arg)],
    columns: &[(&str, Type, ArrayRef)],
    times: &[i64],
    dialect: Dialect,
) -> (Vec<String>, Vec<(u32, String)>) {
    let args = args(InfluxdbSink.signature(), given);
    let arrays = columns.iter().map(|it| it.2.clone()).collect();
    let columns: Vec<Column> =
        columns.iter().map(|(name, ty, _)| Column::new(*name, ty.clone().nullable())).collect();
    let batch = Batch {
        columns: RecordBatch::try_new(schema(&columns), arrays).unwrap(),
        times: times.to_vec().into(),
        stamps: Stamps::same(0),
        meta: None,
        order: None,
    };
    let renderer = Renderer::new(&args, &columns, Precision::Nanoseconds, dialect).unwrap();
    let mut lines = Vec::new();
    let faults = renderer
        .render(&batch, |_, line| {
            lines.push(String::from_utf8(line.to_vec()).unwrap());
            Ok(())
        })
        .unwrap();
    (lines, faults.into_iter().map(|it| (it.row, it.detail)).collect())
}

fn texts(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(values.iter().copied().collect::<StringArray>())
}

#[test]
fn every_type_has_its_form() {
    let utc = |micros| TimestampMicrosecondArray::from(vec![micros]).with_timezone("UTC");
    let window = [("start", utc(1_000_000)), ("end", utc(61_000_000))];
    let window_columns: Vec<Column> =
        window.iter().map(|(name, _)| Column::new(*name, Type::Timestamp.required())).collect();
    let arrays = window.into_iter().map(|(_, it)| Arc::new(it) as ArrayRef).collect();
    let window = StructArray::try_new(fields(&window_columns), arrays, None).unwrap();
    let decimal = Decimal128Array::from(vec![-5]).with_precision_and_scale(10, 2).unwrap();
    let given = [("measurement", literal("m")), ("tags", names(&["zone", "area"]))];
    let columns = [
        ("zone", Type::Int, Arc::new(Int64Array::from(vec![7])) as ArrayRef),
        ("area", Type::Bool, Arc::new(BooleanArray::from(vec![true]))),
        ("f", Type::FLOAT, Arc::new(Float64Array::from(vec![-1.5e-7]))),
        ("i", Type::Int, Arc::new(Int64Array::from(vec![i64::MIN]))),
        ("b", Type::Bool, Arc::new(BooleanArray::from(vec![false]))),
        ("d", Type::Decimal { precision: 10, scale: 2 }, Arc::new(decimal)),
        ("s", Type::String, texts(&[Some("a \"b\"")])),
        ("j", Type::Json, texts(&[Some("{\"k\":1}")])),
        ("window", Type::Struct(window_columns), Arc::new(window)),
    ];
    let (lines, faults) = rendered(&given, &columns, &[5], Dialect::Common);
    let expected = "m,area=true,zone=7 f=-1.5e-7,i=-9223372036854775808i,b=false,d=-0.05,s=\"a \\\"b\\\"\",\
                    j=\"{\\\"k\\\":1}\",window_start=\"1970-01-01T00:00:01Z\",window_end=\"1970-01-01T00:01:01Z\" 5000\n";
    assert_eq!((lines, faults), (vec![expected.to_owned()], vec![]));
}

#[test]
fn what_has_no_form_is_left_out_and_a_point_without_fields_is_none() {
    let floats = [Some(f64::NAN), None, Some(f64::INFINITY), Some(1.0)];
    let given = [("measurement", column("kind", Type::String)), ("tags", names(&["tag"]))];
    let columns = [
        ("tag", Type::String, texts(&[None, Some("a"), Some(""), Some("b")])),
        ("v", Type::FLOAT, Arc::new(floats.into_iter().collect::<Float64Array>()) as ArrayRef),
        ("n", Type::Int, Arc::new(Int64Array::from(vec![Some(1), None, Some(3), Some(4)]))),
        ("kind", Type::String, texts(&[Some("x"), Some("y"), Some("z"), None])),
    ];
    let (lines, faults) = rendered(&given, &columns, &[0, 1, 2, 3], Dialect::Common);
    assert_eq!(lines, ["x n=1i 0\n", "z n=3i 2000\n"]);
    let details: Vec<_> = faults.iter().map(|(row, why)| (*row, why.as_str())).collect();
    let expected = [
        (1, "all of its fields are null, and a point needs one"),
        (3, "the measurement: it is null"),
    ];
    assert_eq!(details, expected);
}

#[test]
fn a_time_is_a_column_where_it_is_given_and_may_be_wrong() {
    let given = [
        ("measurement", literal("m")),
        ("time", column("at", Type::Timestamp)),
        ("fields", names(&["n"])),
    ];
    let times = TimestampMicrosecondArray::from(vec![Some(7), None, Some(i64::MAX / 999)]);
    let columns = [
        ("n", Type::Int, Arc::new(Int64Array::from(vec![1, 2, 3])) as ArrayRef),
        ("at", Type::Timestamp, Arc::new(times.with_timezone("UTC"))),
        ("other", Type::Int, Arc::new(Int64Array::from(vec![1, 2, 3]))),
    ];
    let (lines, faults) = rendered(&given, &columns, &[0, 0, 0], Dialect::Common);
    assert_eq!(lines, ["m n=1i 7000\n"]);
    assert_eq!(faults.iter().map(|it| it.0).collect::<Vec<_>>(), [1, 2]);
    assert!(faults[0].1.contains("null") && faults[1].1.contains("1677"), "{faults:?}");
}

/// Text as devices send it, and as nobody should: anything that has a meaning to the protocol stands out.
fn any_text() -> impl Strategy<Value = String> {
    "([a-z ,=\"\\\\#é\n\t]|\\PC){0,8}"
}

/// Whether servers agree on a text outside of quotes; told from the text alone, letter by letter.
fn is_common(text: &str, measurement: bool) -> bool {
    let special = if measurement { ", \\" } else { ", =\\" };
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let next = letters.peek();
        if letter < ' ' || letter == '\\' && next.is_none_or(|it| special.contains(*it)) {
            return false;
        }
    }
    !(measurement && (text.is_empty() || text.starts_with('#')))
}

proptest! {
    #[test]
    fn an_independent_parser_reads_the_same_points(
        measurement in any_text(),
        tags in prop::array::uniform2(prop::option::of(any_text())),
        text in prop::option::of(any_text()),
        float in prop::option::of(prop_oneof![any::<f64>(), Just(f64::NAN), Just(f64::INFINITY)]),
        int in prop::option::of(any::<i64>()),
        time in -9_223_372_036_854_775_i64..9_223_372_036_854_775,
        keys in prop::sample::subsequence(vec!["a b", "c,d", "e=f", "gé", "\"h", "#i", "j\\k"], 5),
    ) {
        let given = [
            ("measurement", column("kind", Type::String)),
            ("tags", names(&[keys[3], keys[1]])),
        ];
        let columns = [
            (keys[0], Type::String, texts(&[text.as_deref()])),
            (keys[1], Type::String, texts(&[tags[0].as_deref()])),
            (keys[2], Type::FLOAT, Arc::new(Float64Array::from(vec![float])) as ArrayRef),
            (keys[3], Type::String, texts(&[tags[1].as_deref()])),
            (keys[4], Type::Int, Arc::new(Int64Array::from(vec![int]))),
            ("kind", Type::String, texts(&[Some(&measurement)])),
        ];
        let (lines, faults) = rendered(&given, &columns, &[time], Dialect::Common);
        let has_field = text.is_some() || int.is_some() || float.is_some_and(f64::is_finite);
        let tags_written: Vec<(&str, &String)> = [(keys[1], &tags[0]), (keys[3], &tags[1])]
            .into_iter()
            .filter_map(|(key, it)| Some((key, it.as_ref().filter(|it| !it.is_empty())?)))
            .collect();
        let possible = has_field
            && is_common(&measurement, true)
            && tags_written.iter().all(|(_, it)| is_common(it, false));
        prop_assert_eq!(lines.len(), usize::from(possible), "{:?} {:?}", lines, faults);
        prop_assert_eq!(faults.len(), usize::from(!possible));
        let Some(line) = lines.first() else { return Ok(()) };
        let parsed: Vec<_> = parse_lines(line).collect();
        prop_assert_eq!(parsed.len(), 1, "{}", line);
        let point = parsed[0].as_ref().map_err(|error| TestCaseError::fail(format!("{line}: {error}")))?;
        prop_assert_eq!(point.series.measurement.as_str(), &measurement);
        prop_assert_eq!(point.timestamp, Some(time * 1_000));
        let read: Vec<(String, String)> = point.series.tag_set.iter().flatten()
            .map(|(key, it)| (key.to_string(), it.to_string())).collect();
        let mut expected: Vec<(String, String)> =
            tags_written.iter().map(|(key, it)| ((*key).to_owned(), (*it).clone())).collect();
        expected.sort();
        prop_assert_eq!(read, expected, "sorted, and all that are there");
        let field = |key: &str| point.field_value(key).cloned();
        prop_assert_eq!(field(keys[0]).map(|it| it.to_string()), text.as_ref().map(|it| FieldValue::String(it.as_str().into()).to_string()));
        match field(keys[2]) {
            Some(FieldValue::F64(found)) => prop_assert_eq!(Some(found.to_bits()), float.map(f64::to_bits)),
            found => prop_assert!(found.is_none() && !float.is_some_and(f64::is_finite), "{:?}", found),
        }
        match field(keys[4]) {
            Some(FieldValue::I64(found)) => prop_assert_eq!(Some(found), int),
            found => prop_assert!(found.is_none() && int.is_none(), "{:?}", found),
        }
    }

    #[test]
    fn backslashes_are_escaped_for_who_reads_them_so(tag in any_text()) {
        let given = [("measurement", literal("m")), ("tags", names(&["t"]))];
        let columns = [
            ("t", Type::String, texts(&[Some(&tag)])),
            ("n", Type::Int, Arc::new(Int64Array::from(vec![1])) as ArrayRef),
        ];
        let (lines, _) = rendered(&given, &columns, &[0], Dialect::Escaped);
        let possible = !tag.ends_with('\\') && !tag.contains(|it| it < ' ');
        prop_assert_eq!(lines.len(), usize::from(possible));
        let Some(line) = lines.first() else { return Ok(()) };
        let point = parse_lines(line).next().unwrap().map_err(|error| TestCaseError::fail(format!("{line}: {error}")))?;
        let read = point.tag_value("t").map(ToString::to_string);
        prop_assert_eq!(read.unwrap_or_default(), tag);
    }
}
