//! Constants of every kind, patterns, and values made of literals.

use super::{Words, columns, params};
use crate::check::expr::{Reads, Scope, captures, constant, constant_or_expr, literal, pattern};
use crate::diagnostic::Diagnostic;
use crate::parse;
use crate::plan::{Arg, ExprKind, TemplatePart};
use crate::signature::{Constant, TypeClass};
use crate::types::{Column, Type};
use crate::value::Value;

fn with_scope<T>(
    text: &str,
    f: impl FnOnce(&crate::ast::Expr, &Scope<'_>, &mut Vec<Diagnostic>) -> T,
) -> (T, Vec<Diagnostic>) {
    let expr = parse::expression(text).unwrap_or_else(|it| panic!("{text}: {it:?}"));
    let (columns, params, words) = (columns(), params(), Words::new());
    let scope = Scope {
        catalog: &words,
        params: &params,
        columns: &columns,
        meta: true,
        reads: Reads::Rows,
        grouped: None,
    };
    let mut report = Vec::new();
    (f(&expr, &scope, &mut report), report)
}

/// The value as text, `open`, or the code of the mistake.
fn outcome(text: &str, kind: Constant) -> String {
    let (arg, report) = with_scope(text, |expr, scope, report| constant(expr, kind, scope, report));
    match (arg, report.as_slice()) {
        (Some(Arg::Value(value)), []) => value.to_string(),
        (Some(Arg::Constant(..)), []) => "open".to_owned(),
        (None, [only]) => only.code.to_string(),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn each_kind_takes_its_own() {
    use Constant as C;
    let table = [
        ("true", C::Bool, "true"),
        ("1", C::Bool, "E0307"),
        ("1 + 2 * 3", C::Int, "7"),
        ("limit + 1", C::Int, "open"),
        ("1.5", C::Int, "E0301"),
        ("2", C::Float, "2.0"),
        ("limit", C::Float, "open"),
        ("1 / 4", C::Float, "0.25"),
        ("\"a\"", C::String, "\"a\""),
        ("f\"{1 + 1}/{2.5:.2}\"", C::String, "\"2/2.50\""),
        ("f\"{topic}/x\"", C::String, "open"),
        ("env(\"URL\")", C::String, "open"),
        ("env(\"PORT\") as int", C::Int, "open"),
        ("env(\"PORT\")", C::Int, "E0301"),
        ("env(\"URL\") ?? \"tcp://x\"", C::String, "open"),
        ("env()", C::String, "E0401"),
        ("env(\"a\", \"b\")", C::String, "E0405"),
        ("5", C::String, "E0301"),
        ("localhost", C::String, "E0211"),
        ("s", C::String, "E0408"),
        ("meta.topic", C::String, "E0408"),
        ("upper(\"a\")", C::String, "E0408"),
        ("5m", C::Duration, "5m"),
        ("2 * 1m + 30s", C::Duration, "2m30s"),
        ("5", C::Duration, "E0301"),
        ("wait", C::Duration, "open"),
        ("64MiB", C::Size, "67108864B"),
        ("100", C::Size, "100B"),
        ("-1", C::Size, "E0420"),
        ("5m", C::Size, "E0301"),
        ("limit", C::Size, "open"),
        ("5 / 1h", C::Rate, "5 / 1h"),
        ("10MiB / 1s", C::Rate, "10485760 / 1s"),
        ("1000", C::Rate, "1000 / 1s"),
        ("limit / 1h", C::Rate, "open"),
        ("5 / 0s", C::Rate, "E0420"),
        ("\"5\"", C::Rate, "E0301"),
        ("1s..64s", C::DurationRange, "1s..1m4s"),
        ("wait..64s", C::DurationRange, "open"),
        ("64s..1s", C::DurationRange, "E0420"),
        ("5s", C::DurationRange, "E0301"),
        ("1..5", C::DurationRange, "E0301 E0301"),
        ("@2026-01-31", C::Timestamp, "timestamp(1769817600000000us)"),
        ("5", C::Timestamp, "E0301"),
        ("{ a: 1, b: [1, 2] }", C::Any, "{ a: 1, b: [1, 2] }"),
        ("64MiB", C::Any, "67108864B"),
        ("5 / 1h", C::Any, "5 / 1h"),
        ("1..5", C::Any, "1..5"),
        ("null", C::Duration, "null"),
        ("1 % 0", C::Int, "E0420"),
        ("\"x\" as int", C::Int, "E0420"),
        ("if(1 in 1..3 and \"a\" in [\"a\", \"b\"], \"yes\", \"no\")", C::String, "\"yes\""),
    ];
    for (text, kind, wanted) in table {
        if wanted.contains(' ') && wanted.starts_with('E') {
            let (arg, report) =
                with_scope(text, |expr, scope, report| constant(expr, kind, scope, report));
            let codes: Vec<String> = report.iter().map(|it| it.code.to_string()).collect();
            assert_eq!((arg, codes.join(" ").as_str()), (None, wanted), "{text}");
            continue;
        }
        assert_eq!(outcome(text, kind), wanted, "{text} as {kind:?}");
    }
}

#[test]
fn a_constant_or_what_differs_from_row_to_row() {
    let of = |text: &str| {
        with_scope(text, |expr, scope, report| {
            constant_or_expr(expr, &TypeClass::Numeric, scope, report)
        })
    };
    assert_eq!(of("85.0").0, Some(Arg::Value(Value::Float(85.0))));
    assert!(matches!(of("limit").0, Some(Arg::Constant(..))));
    assert!(matches!(of("x + 1").0, Some(Arg::Expr(_))));
    assert!(matches!(of("sqrt(2)").0, Some(Arg::Expr(_))));
    assert_eq!(of("nope").0, None);
}

fn parts(text: &str) -> (Vec<String>, Vec<String>) {
    let (parts, report) = with_scope(text, pattern);
    let part = |part: &TemplatePart| match part {
        TemplatePart::Text(text) => text.clone(),
        TemplatePart::Hole { value, .. } => match &value.kind {
            ExprKind::Column(name) => format!("<{name}>"),
            ExprKind::Param(name) => format!("<param {name}>"),
            other => format!("<{:?}>", std::mem::discriminant(other)),
        },
    };
    let codes = report.iter().map(|it| it.code.to_string()).collect();
    (parts.iter().map(part).collect(), codes)
}

#[test]
fn patterns_name_columns() {
    let good = |text: &str, wanted: &[&str]| {
        let (found, codes) = parts(text);
        assert_eq!(
            (found.iter().map(String::as_str).collect::<Vec<_>>(), codes),
            (wanted.to_vec(), vec![]),
            "{text}"
        );
    };
    good("\"a/b\"", &["a/b"]);
    good("\"a/{s}/{n}\"", &["a/", "<s>", "/", "<n>"]);
    good("\"{{x}}{s}\"", &["{x}", "<s>"]);
    good("f\"a/{s}\"", &["a/", "<s>"]);
    good("topic", &["<param topic>"]);
    for (text, code) in [
        ("\"a/{sx}\"", "E0415"),
        ("\"a/{s\"", "E0415"),
        ("\"a/s}\"", "E0415"),
        ("\"{}\"", "E0415"),
        ("\"{lower(s)}\"", "E0415"),
        ("\"{site}\"", "E0415"),
        ("5", "E0301"),
    ] {
        assert_eq!(parts(text).1, [code], "{text}");
    }
    let (_, report) = with_scope("\"a/{sx}\"", pattern);
    assert_eq!((report[0].span.start, report[0].span.end), (4, 6));
}

#[test]
fn captures_have_names() {
    let codes = |text: &str| -> Vec<String> {
        let (arg, report) = with_scope(text, captures);
        assert_eq!(arg.is_some(), report.is_empty(), "{text}");
        report.iter().map(|it| it.code.to_string()).collect()
    };
    assert!(codes("\"devices/{device_id}/{line:int}/#\"").is_empty());
    assert!(codes("topic").is_empty());
    assert_eq!(codes("\"a/{}/b\""), ["E0415"]);
    assert_eq!(codes("\"a/{x}/{x}\""), ["E0415"]);
    assert_eq!(codes("\"a/{x\""), ["E0415"]);
}

#[test]
fn literals_of_a_type() {
    let of = |text: &str, typed: &crate::types::Typed| {
        literal(&parse::expression(text).unwrap(), typed).map_err(|it| it.message)
    };
    let record = Type::Struct(vec![
        Column::new("a", Type::FLOAT.required()),
        Column::new("b", Type::Timestamp.nullable()),
    ]);
    assert_eq!(of("1", &Type::FLOAT.required()), Ok(Value::Float(1.0)));
    assert_eq!(of("-1.5", &Type::FLOAT.required()), Ok(Value::Float(-1.5)));
    assert_eq!(
        of("{ a: 1, b: @1970-01-02 }", &record.required()),
        Ok(Value::Record(vec![
            ("a".into(), Value::Float(1.0)),
            ("b".into(), Value::Timestamp(86_400_000_000)),
        ]))
    );
    let decimal = Type::Decimal { precision: 4, scale: 2 }.required();
    assert_eq!(of("1.5", &decimal), Ok(Value::String("1.50".into())));
    assert_eq!(
        of("1.555", &decimal),
        Err("expected a value of type `decimal(4, 2)`, found a float `1.555`".into())
    );
    assert_eq!(
        of("null", &Type::Int.required()),
        Err("expected a value of type `int`, found null".into())
    );
    assert_eq!(
        of("\"a\"", &Type::Int.required()),
        Err("expected a value of type `int`, found text `\"a\"`".into())
    );
    assert_eq!(of("1 + 1", &Type::Int.required()), Err("expected a literal".into()));
}
