//! Params: the value that `--set`, a test or the default gives, and whether it may.

use super::convert::{parse, written};
use super::decimal::order_at;
use crate::plan::{Bounds, ParamPlan};
use crate::types::{Type, Typed};
use crate::value::Value;
use std::cmp::Ordering;

/// A text given with `--set` as a value of the param's type: a `string` as it stands.
pub(super) fn read(text: &str, typed: &Typed) -> Option<Value> {
    if matches!(typed.ty, Type::String | Type::Bytes) {
        return Some(Value::String(text.to_owned()));
    }
    if typed.nullable && text.trim() == "null" {
        return Some(Value::Null);
    }
    // A time may be written as in a file, too: a day alone.
    let time = matches!(typed.ty, Type::Timestamp | Type::Date);
    let at = || written(&format!("@{}", text.trim().trim_start_matches('@')), &typed.ty);
    let value = parse(text, &typed.ty).or_else(|| if time { at() } else { None });
    value.filter(|it| !matches!(it, Value::Float(it) if !it.is_finite()))
}

/// How a value of a type is written.
pub(super) fn example(ty: &Type) -> &'static str {
    match ty {
        Type::Bool => "`true` or `false`",
        Type::Int => "`42`",
        Type::Float(_) | Type::Decimal { .. } => "`4.2`",
        Type::Timestamp => "`2026-01-31T06:00:00Z`",
        Type::Date => "`2026-01-31`",
        Type::Duration => "`1m30s`",
        Type::List(_) => "`[1, 2]`, with texts in quotes",
        Type::Struct(_) | Type::Map(..) => "`{ name: 1 }`",
        _ => "a literal of the language",
    }
}

/// What is wrong with a value that the param's bounds exclude; none where it is inside.
pub(super) fn outside_bounds(value: &Value, param: &ParamPlan) -> Option<String> {
    if *value == Value::Null {
        return None;
    }
    let scale = match &param.typed.ty {
        Type::Decimal { scale, .. } => Some(*scale),
        _ => None,
    };
    let order = |other: &Value| order_at(scale, value, other);
    match param.bounds.as_ref()? {
        Bounds::Range(low, high) => {
            let above = low.as_ref().is_none_or(|it| order(it).is_some_and(Ordering::is_ge));
            let below = high.as_ref().is_none_or(|it| order(it).is_some_and(Ordering::is_le));
            let end =
                |it: &Option<Value>| it.as_ref().map_or_else(String::new, ToString::to_string);
            (!(above && below)).then(|| format!("it has to be in {}..{}", end(low), end(high)))
        }
        Bounds::List(values) => {
            let inside = values.iter().any(|it| order(it) == Some(Ordering::Equal));
            (!inside).then(|| format!("it has to be one of {}", Value::List(values.clone())))
        }
    }
}
