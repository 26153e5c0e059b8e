//! Values made of literals alone: defaults and bounds of a schema, rows of a test, what `--set` gives.

use super::decimal;
use crate::ast::{self, ExprKind};
use crate::span::Span;
use crate::types::{Column, Type, Typed};
use crate::value::Value;

/// Why an expression is no literal of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// Where.
    pub(crate) span: Span,
    /// What was expected and found.
    pub(crate) message: String,
    /// It is no literal at all, rather than one of another type.
    pub(crate) not_literal: bool,
}

/// The type of a literal; none for sizes, which stand in options only.
pub(crate) fn literal_type(literal: &ast::Literal) -> Option<Typed> {
    match (&literal.value, &literal.unit) {
        (Value::Size(_), _) => None,
        (Value::Float(_), unit) => Some(Type::Float(unit.clone()).required()),
        (value, _) => Some(type_of(value)),
    }
}

/// The type of a constant by itself.
pub(crate) fn type_of(value: &Value) -> Typed {
    match value {
        Value::Null | Value::Range(None, None) => Type::Null.nullable(),
        Value::Bool(_) => Type::Bool.required(),
        Value::Int(_) | Value::Size(_) => Type::Int.required(),
        Value::Float(_) | Value::Rate { .. } => Type::FLOAT.required(),
        Value::String(_) => Type::String.required(),
        Value::Timestamp(_) => Type::Timestamp.required(),
        Value::Date(_) => Type::Date.required(),
        Value::Duration(_) => Type::Duration.required(),
        Value::Range(Some(end), _) | Value::Range(None, Some(end)) => type_of(end),
        Value::List(values) => {
            let element = values.iter().find(|it| **it != Value::Null).unwrap_or(&Value::Null);
            let nullable = values.contains(&Value::Null);
            Type::List(Box::new(Typed { nullable, ..type_of(element) })).required()
        }
        Value::Record(entries) => {
            let columns = entries.iter().map(|(name, it)| Column::new(name.clone(), type_of(it)));
            Type::Struct(columns.collect()).required()
        }
    }
}

/// A value of this type made of literals alone. Ints count for floats and decimals, dates for timestamps (midnight).
pub(crate) fn literal(expr: &ast::Expr, typed: &Typed) -> Result<Value, Misfit> {
    let wrong = || Misfit {
        span: expr.span,
        message: format!("expected a value of type `{typed}`, found {}", found(expr)),
        not_literal: false,
    };
    let value = match (&expr.kind, &typed.ty) {
        (ExprKind::List(elements), Type::List(element)) => {
            let values = elements.iter().map(|it| literal(it, element));
            return values.collect::<Result<_, _>>().map(Value::List);
        }
        (ExprKind::Record(entries), Type::Struct(columns)) => return record(entries, columns),
        (ExprKind::Record(entries), Type::Map(_, element)) => {
            let entries =
                entries.iter().map(|(name, it)| Ok((name.node.clone(), literal(it, element)?)));
            return entries.collect::<Result<_, _>>().map(Value::Record);
        }
        _ => plain(expr)?,
    };
    fitted(value, typed).ok_or_else(wrong)
}

fn record(entries: &[(crate::span::Name, ast::Expr)], columns: &[Column]) -> Result<Value, Misfit> {
    let mut fields = Vec::with_capacity(entries.len());
    for (name, value) in entries {
        let Some(column) = columns.iter().find(|it| it.name == name.node) else {
            let message = format!("there is no field `{}`", name.node);
            return Err(Misfit { span: name.span, message, not_literal: false });
        };
        fields.push((name.node.clone(), literal(value, &column.typed)?));
    }
    Ok(Value::Record(fields))
}

/// The value of a literal, whatever its type.
fn plain(expr: &ast::Expr) -> Result<Value, Misfit> {
    let not_literal =
        || Misfit { span: expr.span, message: "expected a literal".to_owned(), not_literal: true };
    Ok(match &expr.kind {
        ExprKind::Literal(literal) => literal.value.clone(),
        ExprKind::Negate(inner) => match plain(inner)? {
            Value::Int(it) => Value::Int(-it),
            Value::Float(it) => Value::Float(-it),
            Value::Duration(it) => Value::Duration(-it),
            _ => return Err(not_literal()),
        },
        ExprKind::List(elements) => {
            Value::List(elements.iter().map(plain).collect::<Result<_, _>>()?)
        }
        ExprKind::Record(entries) => {
            let entries = entries.iter().map(|(name, it)| Ok((name.node.clone(), plain(it)?)));
            Value::Record(entries.collect::<Result<_, _>>()?)
        }
        _ => return Err(not_literal()),
    })
}

/// The value as one of this type; none where it is none.
pub(super) fn fitted(value: Value, typed: &Typed) -> Option<Value> {
    match (value, &typed.ty) {
        (Value::Null, _) => typed.nullable.then_some(Value::Null),
        #[expect(clippy::cast_precision_loss, reason = "the nearest float is what is meant")]
        (Value::Int(it), Type::Float(_)) => Some(Value::Float(it as f64)),
        (Value::Date(days), Type::Timestamp) => {
            let micros = i64::from(days).checked_mul(crate::calendar::DAY);
            micros.filter(|it| crate::calendar::TIMESTAMPS.contains(it)).map(Value::Timestamp)
        }
        (value @ (Value::Int(_) | Value::Float(_)), Type::Decimal { precision, scale }) => {
            let units = decimal::units(&value, *scale).filter(|it| decimal::fits(*it, *precision));
            units.map(|it| decimal::from_units(it, *scale))
        }
        (Value::Size(_) | Value::Rate { .. } | Value::Range(..), _) => None,
        (value, Type::Json) => is_json(&value).then_some(value),
        (value, Type::Unknown)
        | (value @ Value::Bool(_), Type::Bool)
        | (value @ Value::Int(_), Type::Int)
        | (value @ Value::Float(_), Type::Float(_))
        | (value @ Value::String(_), Type::String | Type::Bytes)
        | (value @ Value::Timestamp(_), Type::Timestamp)
        | (value @ Value::Duration(_), Type::Duration)
        | (value @ Value::Date(_), Type::Date) => Some(value),
        _ => None,
    }
}

/// Whether JSON has values of this kind.
fn is_json(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => true,
        Value::List(values) => values.iter().all(is_json),
        Value::Record(entries) => entries.iter().all(|(_, it)| is_json(it)),
        _ => false,
    }
}

fn found(expr: &ast::Expr) -> String {
    match plain(expr) {
        Ok(value @ (Value::List(_) | Value::Record(_))) => value.kind().to_owned(),
        Ok(value) => match value {
            Value::Null => "null".to_owned(),
            Value::Timestamp(_) | Value::Date(_) => value.kind().to_owned(),
            other => format!("{} `{other}`", other.kind()),
        },
        Err(_) => "an expression".to_owned(),
    }
}
