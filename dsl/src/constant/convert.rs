//! `as` of constants.

use super::calculate::whole;
use super::literal::{fitted, literal};
use super::{decimal, text};
use crate::types::Type;
use crate::value::Value;

/// Microseconds of a millisecond and of a day.
const MILLISECOND: i64 = 1_000;
const DAY: i64 = 86_400_000_000;

/// The value as one of the type; none where it does not fit.
pub(super) fn convert(value: &Value, from: &Type, to: &Type) -> Option<Value> {
    if let (Type::Decimal { scale, .. }, false) = (from, *value == Value::Null) {
        return from_decimal(value, *scale, to);
    }
    #[expect(clippy::cast_precision_loss, reason = "the nearest float is what is meant")]
    Some(match (value, to) {
        (Value::Null, _) => Value::Null,
        (Value::Bool(it), Type::Int) => Value::Int(i64::from(*it)),
        (Value::Bool(it), Type::Float(_)) => Value::Float(f64::from(u8::from(*it))),
        (Value::Int(it), Type::Bool) => Value::Bool(*it != 0),
        (Value::Int(it), Type::Float(_)) => Value::Float(*it as f64),
        (Value::Int(it), Type::Timestamp) => Value::Timestamp(it.checked_mul(MILLISECOND)?),
        (Value::Float(it), Type::Int) => Value::Int(whole(*it).filter(|_| it.fract() == 0.0)?),
        (Value::Float(it), Type::Decimal { precision, scale }) => {
            let rounded = Value::String(format!("{it:.*}", usize::try_from(*scale).ok()?));
            let units = decimal::units(&rounded, *scale)?;
            decimal::fits(units, *precision).then(|| decimal::from_units(units, *scale))?
        }
        (Value::Timestamp(it), Type::Int) => Value::Int(it.div_euclid(MILLISECOND)),
        (Value::Timestamp(it), Type::Date) => Value::Date(i32::try_from(it.div_euclid(DAY)).ok()?),
        (Value::String(it), Type::String | Type::Bytes | Type::Json) => Value::String(it.clone()),
        (Value::String(it), to) => parse(it, to)?,
        (value, Type::String) => Value::String(text::text(value, from, None)?),
        (value, to) => fitted(value.clone(), &to.clone().nullable())?,
    })
}

fn from_decimal(value: &Value, scale: i8, to: &Type) -> Option<Value> {
    let units = decimal::units(value, scale)?;
    let Value::String(digits) = decimal::from_units(units, scale) else { return None };
    Some(match to {
        Type::Float(_) => Value::Float(digits.parse().ok()?),
        Type::Int => {
            let whole = decimal::units(&Value::String(digits), 0)?;
            Value::Int(i64::try_from(whole).ok()?)
        }
        Type::String => Value::String(digits),
        Type::Decimal { precision, scale } => {
            let units = decimal::units(&Value::String(digits), *scale)?;
            decimal::fits(units, *precision).then(|| decimal::from_units(units, *scale))?
        }
        _ => return None,
    })
}

/// Text as a value of a type other than text.
pub(super) fn parse(text: &str, to: &Type) -> Option<Value> {
    let text = text.trim();
    match to {
        Type::Float(_) => {
            let float: f64 = text.parse().ok()?;
            return Some(Value::Float(float));
        }
        Type::Int => return text.parse().ok().map(Value::Int),
        Type::Decimal { precision, scale } => {
            let units = decimal::units(&Value::String(text.to_owned()), *scale)?;
            return decimal::fits(units, *precision).then(|| decimal::from_units(units, *scale));
        }
        _ => {}
    }
    let timed = matches!(to, Type::Timestamp | Type::Date) && !text.starts_with('@');
    let written = if timed { format!("@{text}") } else { text.to_owned() };
    let expr = crate::parse::expression(&written).ok()?;
    literal(&expr, &to.clone().required()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_what_they_say() {
        let text = |it: &str, to: &Type| parse(it, to);
        assert_eq!(text("-7", &Type::Int), Some(Value::Int(-7)));
        assert_eq!(text("1.5", &Type::Int), None);
        assert_eq!(text("2", &Type::FLOAT), Some(Value::Float(2.0)));
        assert_eq!(text("true", &Type::Bool), Some(Value::Bool(true)));
        assert_eq!(text("yes", &Type::Bool), None);
        assert_eq!(text("1m30s", &Type::Duration), Some(Value::Duration(90_000_000)));
        assert_eq!(text("1970-01-02", &Type::Date), Some(Value::Date(1)));
        assert_eq!(
            text("1970-01-01T00:00:01Z", &Type::Timestamp),
            Some(Value::Timestamp(1_000_000))
        );
        assert_eq!(text("1970-01-02", &Type::Timestamp), Some(Value::Timestamp(DAY)));
    }

    #[test]
    fn numbers_are_never_cut() {
        assert_eq!(convert(&Value::Float(2.0), &Type::FLOAT, &Type::Int), Some(Value::Int(2)));
        assert_eq!(convert(&Value::Float(2.5), &Type::FLOAT, &Type::Int), None);
        let ty = Type::Decimal { precision: 4, scale: 2 };
        assert_eq!(convert(&Value::Int(3), &Type::Int, &ty), Some(Value::String("3.00".into())));
        assert_eq!(convert(&Value::Int(300), &Type::Int, &ty), None);
        assert_eq!(convert(&Value::String("3.00".into()), &ty, &Type::Int), Some(Value::Int(3)));
        assert_eq!(convert(&Value::String("3.25".into()), &ty, &Type::Int), None);
    }
}
