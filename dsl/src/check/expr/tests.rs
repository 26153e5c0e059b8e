//! An expression a line: what it yields, or the code of its mistake.

mod catalog;
mod constants;
mod mistakes;
pub(crate) mod typed;
mod types;

use super::{Grouped, Reads, Scope, check};
use crate::diagnostic::Diagnostic;
use crate::parse;
use crate::plan::{Expr, ExprKind, ParamPlan};
use crate::span::Span;
use crate::types::{Column, Type, Typed};
use crate::value::Value;
use catalog::Words;

/// What the expressions of the tests can read.
pub(super) fn columns() -> Vec<Column> {
    let field = |name: &str, typed: Typed| Column::new(name, typed);
    let reading = vec![field("v", Type::FLOAT.required()), field("w", Type::Int.nullable())];
    let site = vec![field("name", Type::String.required()), field("low", Type::FLOAT.nullable())];
    let text = || Box::new(Type::String.required());
    vec![
        field("t", Type::Float(Some("°C".to_owned())).nullable()),
        field("x", Type::FLOAT.required()),
        field("n", Type::Int.required()),
        field("m", Type::Int.nullable()),
        field("s", Type::String.required()),
        field("u", Type::String.nullable()),
        field("b", Type::Bool.required()),
        field("maybe", Type::Bool.nullable()),
        field("at", Type::Timestamp.required()),
        field("took", Type::Duration.required()),
        field("day", Type::Date.required()),
        field("price", Type::Decimal { precision: 10, scale: 2 }.required()),
        field("payload", Type::Json.required()),
        field("raw", Type::Bytes.required()),
        field("tags", Type::List(text()).required()),
        field("readings", Type::List(Box::new(Type::Struct(reading).required())).nullable()),
        field("site", Type::Struct(site.clone()).required()),
        field("spare", Type::Struct(site).nullable()),
        field("labels", Type::Map(text(), Box::new(Type::Int.required())).required()),
        field("broken", Type::Unknown.nullable()),
        field("twice", Type::Int.required()),
    ]
}

pub(super) fn params() -> Vec<ParamPlan> {
    let literal = |value: Value, typed: &Typed| Expr {
        kind: ExprKind::Literal(value),
        typed: typed.clone(),
        span: Span::default(),
    };
    let param = |name: &str, typed: Typed, value: Value| ParamPlan {
        name: name.to_owned(),
        default: Some(literal(value, &typed)),
        typed,
        bounds: None,
        span: Span::default(),
    };
    let secret = {
        let name = literal(Value::String("token.txt".into()), &Type::String.required());
        ExprKind::Call { function: "secret".to_owned(), args: vec![name] }
    };
    let names = Type::List(Box::new(Type::String.required())).required();
    let mut token = param("token", Type::String.required(), Value::Null);
    token.default = Some(Expr { kind: secret, typed: token.typed.clone(), span: Span::default() });
    vec![
        param("limit", Type::Int.required(), Value::Int(5)),
        param("share", Type::FLOAT.required(), Value::Float(0.5)),
        param("topic", Type::String.required(), Value::String("a/b".into())),
        param("names", names, Value::List(vec![Value::String("a".into())])),
        param("wait", Type::Duration.required(), Value::Duration(1)),
        param("twice", Type::Int.required(), Value::Int(2)),
        token,
    ]
}

/// How expressions of a test are read.
#[derive(Clone, Copy)]
pub(super) enum At {
    Rows,
    Aggregate,
}

/// The typed form and what was said about it.
pub(super) fn checked(text: &str, at: At) -> (Expr, Vec<Diagnostic>) {
    let expr = parse::expression(text).unwrap_or_else(|it| panic!("{text}: {it:?}"));
    let (columns, params, mut report) = (columns(), params(), Vec::new());
    let grouped = Grouped::new(&columns, true);
    let keys = [columns[4].clone(), crate::check::rules::window_column()];
    let scope = Scope {
        catalog: &Words::new(),
        params: &params,
        columns: match at {
            At::Rows => &columns,
            At::Aggregate => &keys,
        },
        meta: matches!(at, At::Rows),
        reads: Reads::Rows,
        grouped: match at {
            At::Rows => None,
            At::Aggregate => Some(&grouped),
        },
    };
    (check(&expr, &scope, &mut report), report)
}

/// The type, or the code of the only mistake.
pub(super) fn outcome(text: &str, at: At) -> String {
    let (expr, report) = checked(text, at);
    match report.as_slice() {
        [] => expr.typed.to_string(),
        [only] => only.code.to_string(),
        several => several.iter().map(|it| it.code.to_string()).collect::<Vec<_>>().join(" "),
    }
}

/// Compares a table with what is found, all lines at once.
pub(super) fn compare(table: &[(&str, &str)], at: At) {
    let wrong: Vec<String> = table
        .iter()
        .map(|(text, wanted)| (text, wanted, outcome(text, at)))
        .filter(|(_, wanted, found)| **wanted != found)
        .map(|(text, wanted, found)| format!("{text}\n    wanted {wanted}, found {found}"))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
