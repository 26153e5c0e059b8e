//! `as` of constants.

use super::calculate::whole;
use super::literal::{fitted, literal};
use super::{decimal, text};
use crate::calendar::{DAY, TIMESTAMPS};
use crate::types::Type;
use crate::value::Value;

/// Microseconds of a millisecond and of a day.
const MILLISECOND: i64 = 1_000;
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
        (Value::Int(it), Type::Timestamp) => {
            let micros = it.checked_mul(MILLISECOND).filter(|it| TIMESTAMPS.contains(it));
            Value::Timestamp(micros?)
        }
        (Value::Float(it), Type::Int) => Value::Int(whole(*it).filter(|_| it.fract() == 0.0)?),
        (Value::Float(it), Type::Decimal { precision, scale }) => {
            let units = decimal::rounded(*it, *scale)?;
            decimal::fits(units, *precision).then(|| decimal::from_units(units, *scale))?
        }
        (Value::Timestamp(it), Type::Int) => Value::Int(it.div_euclid(MILLISECOND)),
        (Value::Timestamp(it), Type::Date) => Value::Date(i32::try_from(it.div_euclid(DAY)).ok()?),
        (Value::String(it), Type::String | Type::Bytes) => Value::String(it.clone()),
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

/// Text as a value of a type other than text: the forms that the engine reads, space around them allowed.
pub(super) fn parse(text: &str, to: &Type) -> Option<Value> {
    let text = text.trim();
    Some(match to {
        Type::Bool => Value::Bool(text.parse().ok()?),
        Type::Int => Value::Int(text.parse().ok()?),
        Type::Float(_) => {
            let float: f64 = text.parse().ok()?;
            let says_infinite = text.trim_start_matches(['+', '-']).starts_with(['i', 'I']);
            let kept = float.is_finite() || float.is_nan() || says_infinite;
            kept.then_some(Value::Float(float))?
        }
        Type::Decimal { precision, scale } => {
            let units = decimal::units(&Value::String(text.to_owned()), *scale)?;
            decimal::fits(units, *precision).then(|| decimal::from_units(units, *scale))?
        }
        Type::Duration => {
            let plain = text.bytes().all(|it| it.is_ascii_alphanumeric() || b".-".contains(&it));
            return plain.then(|| written(text, to))?;
        }
        Type::Date => {
            let plain =
                text.len() == 10 && text.bytes().all(|it| it.is_ascii_digit() || it == b'-');
            return plain.then(|| written(&format!("@{text}"), to))?;
        }
        Type::Timestamp => return timestamp(text),
        _ => return written(text, to),
    })
}

/// A literal of the language.
pub(super) fn written(text: &str, to: &Type) -> Option<Value> {
    let expr = crate::parse::expression(text).ok()?;
    literal(&expr, &to.clone().required()).ok()
}

/// RFC 3339 with `Z` or an offset; a space may stand for the `T`. Digits behind the microsecond are cut.
fn timestamp(text: &str) -> Option<Value> {
    let (date, clock) = (text.get(..10)?, text.get(11..)?);
    let zone = clock.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = clock.split_at(zone);
    let (seconds, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let digits = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    if !matches!(text.as_bytes()[10], b'T' | b't' | b' ') || seconds.len() != 8 || !digits(fraction)
    {
        return None;
    }
    let fraction = fraction.get(..6).unwrap_or(fraction);
    let zone = zone.to_ascii_uppercase();
    written(&format!("@{date}T{seconds}.{fraction}{zone}"), &Type::Timestamp)
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
        assert_eq!(
            text("1970-01-01 00:00:01.5+00:00", &Type::Timestamp),
            Some(Value::Timestamp(1_500_000))
        );
        assert_eq!(text("1970-01-02", &Type::Timestamp), None);
        assert_eq!(text("1970-01-02T00:00:00", &Type::Timestamp), None);
        assert_eq!(text("1e999", &Type::FLOAT), None);
        assert_eq!(text("(5s)", &Type::Duration), None);
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
