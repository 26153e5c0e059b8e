//! Options of the connector's words, as the checker hands them on.

use dsl::plan::{Arg, Args, Expr, ExprKind, TemplatePart};
use dsl::span::{Span, Spanned};
use dsl::types::Type;
use dsl::value::Value;
use std::collections::BTreeMap;

const SECOND: i64 = 1_000_000;

/// Values of options.
pub fn text(value: &str) -> Arg {
    Arg::Value(Value::String(value.to_owned()))
}

pub fn bool(value: bool) -> Arg {
    Arg::Value(Value::Bool(value))
}

pub fn seconds(value: i64) -> Arg {
    Arg::Value(Value::Duration(value * SECOND))
}

/// A record of texts.
pub fn record(entries: &[(&str, &str)]) -> Arg {
    let entries: Vec<_> = entries.iter().map(|(name, value)| (*name, text(value))).collect();
    Arg::Record(args(&entries, Vec::new()))
}

pub fn int(value: i64) -> Arg {
    Arg::Value(Value::Int(value))
}

pub(super) fn span() -> Span {
    Span::new(0, 0)
}

pub(super) fn args(given: &[(&str, Arg)], defaults: Vec<(&str, Arg)>) -> Args {
    let mut all: BTreeMap<&str, Arg> = defaults.into_iter().collect();
    all.extend(given.iter().map(|(name, arg)| (*name, arg.clone())));
    let given = all.into_iter().map(|(name, arg)| (name.to_owned(), Spanned::new(arg, span())));
    Args { given: given.collect() }
}

/// As the checker fills them in; the first retry comes sooner, so that tests end sooner.
pub(super) fn connection_defaults() -> Vec<(&'static str, Arg)> {
    let wait = |micros| Some(Box::new(Value::Duration(micros)));
    vec![
        ("keep_alive", Arg::Value(Value::Duration(60 * SECOND))),
        ("retry", Arg::Value(Value::Range(wait(SECOND / 20), wait(64 * SECOND)))),
        ("qos", int(1)),
    ]
}

pub fn source_args(given: &[(&str, Arg)]) -> Args {
    let mut defaults = connection_defaults();
    defaults.extend([
        ("retained", Arg::Choice("skip".to_owned())),
        ("session_expiry", Arg::Value(Value::Duration(3600 * SECOND))),
        ("receive_maximum", int(4096)),
        ("max_packet", Arg::Value(Value::Size(1 << 20))),
    ]);
    args(given, defaults)
}

/// A piece of a topic: text, or the column `key`.
pub fn topic(parts: &[&str]) -> Arg {
    let part = |text: &&str| match *text {
        "{key}" => TemplatePart::Hole {
            value: Expr {
                kind: ExprKind::Column("key".to_owned()),
                typed: Type::String.nullable(),
                span: span(),
            },
            decimals: None,
        },
        text => TemplatePart::Text(text.to_owned()),
    };
    Arg::RowPattern(parts.iter().map(part).collect())
}
