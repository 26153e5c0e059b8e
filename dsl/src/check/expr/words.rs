//! Pieces of messages: what stands in the text, what types are called, what to type instead.

use crate::ast::{Expr, ExprKind};
use crate::types::Type;
use crate::value::Value;

/// A short expression as it was written; a long one as `…`.
pub(super) fn shown(expr: &Expr) -> String {
    short(expr).unwrap_or_else(|| "…".to_owned())
}

/// A short expression as it was written.
pub(super) fn short(expr: &Expr) -> Option<String> {
    Some(match &expr.kind {
        ExprKind::Name { name, quoted } => quote_name(name, *quoted),
        ExprKind::Member(value, field) => format!("{}.{}", short(value)?, field.node),
        ExprKind::Negate(value) => format!("-{}", short(value)?),
        ExprKind::Literal(literal) => match (&literal.value, &literal.unit) {
            (Value::Float(it), Some(unit)) => format!("{it}{unit}"),
            (Value::Timestamp(micros), _) => {
                format!("@{}", crate::calendar::format_timestamp(*micros))
            }
            (Value::Date(days), _) => format!("@{}", crate::calendar::format_date(*days)),
            (value, _) => value.to_string(),
        },
        ExprKind::Call(call) => match call.items.as_slice() {
            [] => format!("{}()", call.name.node),
            [crate::ast::Item::Positional(only)] => format!("{}({})", call.name.node, short(only)?),
            _ => return None,
        },
        _ => return None,
    })
}

fn quote_name(name: &str, quoted: bool) -> String {
    if quoted { format!("`{name}`") } else { name.to_owned() }
}

/// What stands in a template for this expression: its text if it is one, else a hole.
pub(super) fn template_piece(expr: &Expr) -> Option<String> {
    Some(match &expr.kind {
        ExprKind::Literal(literal) => match &literal.value {
            Value::String(text) => {
                let quoted = format!("{:?}", text.replace('{', "{{").replace('}', "}}"));
                quoted[1..quoted.len() - 1].to_owned()
            }
            other => other.to_string(),
        },
        ExprKind::Binary { op, left, right } if op.node == crate::ast::BinaryOp::Add => {
            format!("{}{}", template_piece(left)?, template_piece(right)?)
        }
        ExprKind::Template(_) => return None,
        _ => format!("{{{}}}", short(expr)?),
    })
}

/// How to get a value of one type where another is needed, as text to type; none where there is no way.
pub(super) fn conversion(value: &str, from: &Type, to: &Type) -> Option<String> {
    Some(match (from, to) {
        (Type::Duration, Type::Float(_)) => format!("{value} / 1s"),
        (Type::Duration, Type::Int) => format!("round({value} / 1s) as int"),
        (Type::Int, Type::Duration) => format!("{value} * 1s"),
        (Type::Float(_), Type::Int) => format!("round({value}) as int"),
        (Type::Int | Type::Float(_) | Type::Decimal { .. }, Type::Bool) => format!("{value} != 0"),
        (Type::String, Type::Bool) => format!("{value} == \"…\""),
        (Type::List(_), _) => format!("{value}[0]"),
        (from, to) if super::cast::possible(from, to) => format!("{value} as {to}"),
        _ => return None,
    })
}

/// What to do about floats of different units; none where they are none.
pub(super) fn units_help((left, l): (&Expr, &Type), (right, r): (&Expr, &Type)) -> Option<String> {
    let (Type::Float(Some(a)), Type::Float(Some(b))) = (l, r) else {
        return None;
    };
    let is_literal = |it: &Expr| matches!(it.kind, ExprKind::Literal(_));
    Some(match (left, right) {
        _ if a == b => return None,
        (_, it) if is_literal(it) => format!("units are not converted: write the value in `{a}`"),
        (it, _) if is_literal(it) => format!("units are not converted: write the value in `{b}`"),
        _ => format!(
            "units are not converted: calculate the one side in `{a}`, where its unit is taken away by `{} as float`",
            shown(right)
        ),
    })
}

/// A type for people: `int`, `text`.
pub(super) fn noun(ty: &Type) -> String {
    match ty {
        Type::String => "text".to_owned(),
        Type::Null => "null".to_owned(),
        other => format!("`{other}`"),
    }
}
