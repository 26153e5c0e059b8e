//! Bounds: `in -60.0..150.0`, `in ["open", "closed"]`.

use super::expr;
use crate::ast;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::Bounds;
use crate::span::Span;
use crate::types::{Type, Typed};
use crate::value::Value;
use std::cmp::Ordering;

/// The bounds of a value of this type; none where they were reported.
pub(super) fn checked(
    bounds: &ast::Bounds,
    typed: &Typed,
    report: &mut Vec<Diagnostic>,
) -> Option<Bounds> {
    if typed.ty.is_unknown() {
        return None;
    }
    let typed = typed.clone().with_nullable(false);
    match bounds {
        ast::Bounds::Range { low, high, span } => {
            if !has_range(&typed.ty) {
                report.push(no_range(&typed.ty, *span));
                return None;
            }
            let low = end(low.as_deref(), &typed, report)?;
            let high = end(high.as_deref(), &typed, report)?;
            range(low, high, *span, report)
        }
        ast::Bounds::List { values, span } => {
            if values.is_empty() {
                let message = "no value at all is in an empty list";
                let help = "write the values that are valid: `in [\"open\", \"closed\"]`";
                report.push(Diagnostic::new(Code::BadBounds, *span, message).help(help));
                return None;
            }
            let values: Vec<Option<Value>> =
                values.iter().map(|it| literal(it, &typed, report)).collect();
            values.into_iter().collect::<Option<Vec<Value>>>().map(Bounds::List)
        }
    }
}

fn has_range(ty: &Type) -> bool {
    ty.is_numeric() || matches!(ty, Type::String | Type::Timestamp | Type::Date | Type::Duration)
}

fn no_range(ty: &Type, span: Span) -> Diagnostic {
    let message = format!("`{ty}` has no order, so no range");
    let help = match ty {
        Type::Bool => "write the values that are valid: `in [true]`",
        _ => "take the bounds away, or put them to the fields inside",
    };
    Diagnostic::new(Code::BadBounds, span, message).help(help)
}

/// One end of a range; the outer none where it was reported.
#[expect(clippy::option_option, reason = "reported, open, given")]
fn end(
    value: Option<&ast::Expr>,
    typed: &Typed,
    report: &mut Vec<Diagnostic>,
) -> Option<Option<Value>> {
    match value {
        None => Some(None),
        Some(value) => literal(value, typed, report).map(Some),
    }
}

fn literal(value: &ast::Expr, typed: &Typed, report: &mut Vec<Diagnostic>) -> Option<Value> {
    constant(Code::BadBounds, value, typed, report)
}

/// A value made of literals; what is wrong with it is reported under `code`.
pub(super) fn constant(
    code: Code,
    value: &ast::Expr,
    typed: &Typed,
    report: &mut Vec<Diagnostic>,
) -> Option<Value> {
    match expr::literal(value, typed) {
        Ok(value) => Some(value),
        Err(_) if has_gap(value) => None,
        Err(misfit) => {
            let help = match &typed.ty {
                _ if misfit.not_literal => "write the value itself, not how it is worked out",
                Type::Timestamp => "write it as in `@2026-01-31T06:00:00Z`",
                Type::Date => "write it as in `@2026-01-31`",
                Type::Duration => "write it as in `1m30s`",
                Type::String => "text stands in quotes",
                _ => "write a value of the type that stands before it, or change the type",
            };
            report.push(Diagnostic::new(code, misfit.span, misfit.message).help(help));
            None
        }
    }
}

/// Whether a part of it does not parse, which was reported.
fn has_gap(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ast::ExprKind::Negate(inner) => has_gap(inner),
        ast::ExprKind::List(values) => values.iter().any(has_gap),
        ast::ExprKind::Record(entries) => entries.iter().any(|(_, it)| has_gap(it)),
        _ => expr.is_gap(),
    }
}

fn range(
    low: Option<Value>,
    high: Option<Value>,
    span: Span,
    report: &mut Vec<Diagnostic>,
) -> Option<Bounds> {
    match (&low, &high) {
        (None, None) => {
            let message = "a range without ends keeps nothing out";
            let help = "write at least one end: `in 0.0..`";
            report.push(Diagnostic::new(Code::BadBounds, span, message).help(help));
            None
        }
        (Some(a), Some(b)) if compare(a, b) == Some(Ordering::Greater) => {
            let message = "no value is in this range: it begins behind its end";
            let help = "write the smaller end first";
            report.push(Diagnostic::new(Code::BadBounds, span, message).help(help));
            None
        }
        _ => Some(Bounds::Range(low, high)),
    }
}

/// Whether a value keeps to the bounds; reported where it does not.
pub(super) fn keeps(
    code: Code,
    value: &Value,
    bounds: Option<&Bounds>,
    span: Span,
    report: &mut Vec<Diagnostic>,
) -> bool {
    let inside = match bounds {
        None => true,
        Some(_) if *value == Value::Null => true,
        Some(Bounds::Range(low, high)) => {
            let above = |low: &Value| compare(low, value) != Some(Ordering::Greater);
            let below = |high: &Value| compare(value, high) != Some(Ordering::Greater);
            low.as_ref().is_none_or(above) && high.as_ref().is_none_or(below)
        }
        Some(Bounds::List(values)) => {
            values.iter().any(|it| compare(it, value) == Some(Ordering::Equal) || it == value)
        }
    };
    if !inside {
        let message = "the value is outside the bounds that are declared for it";
        let help = "change the value, or the bounds behind `in`";
        report.push(Diagnostic::new(code, span, message).help(help));
    }
    inside
}

/// The order of two values of one type; an int counts as a number.
fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Int(a), Value::Int(b))
        | (Value::Timestamp(a), Value::Timestamp(b))
        | (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        // A decimal is kept as its text, as exact as it was written.
        (Value::String(a), Value::String(b)) => match (a.parse::<f64>(), b.parse::<f64>()) {
            (Ok(a), Ok(b)) => a.partial_cmp(&b),
            _ => Some(a.cmp(b)),
        },
        _ => number(a)?.partial_cmp(&number(b)?),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(it) => Some(*it as f64),
        Value::Float(it) => Some(*it),
        _ => None,
    }
}
