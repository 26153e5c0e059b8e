//! Decimals among constants: text or numbers, compared and calculated exactly in units of their last digit; and the order
//! of constants.

use crate::value::Value;
use std::cmp::Ordering;

/// A number in units of its last digit: `1.25` at scale 3 is 1250. None where it has more digits behind the point, or does
/// not fit.
pub(super) fn units(value: &Value, scale: i8) -> Option<i128> {
    let text = match value {
        Value::Int(it) => it.to_string(),
        // The shortest text that brings the float back: what was written.
        Value::Float(it) => format!("{it}"),
        Value::String(it) => it.trim().to_owned(),
        _ => return None,
    };
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(&text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let places = usize::try_from(scale).ok()?;
    let all_digits = |it: &str| it.bytes().all(|it| it.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || fraction.len() > places {
        return None;
    }
    let magnitude: i128 = format!("{whole}{fraction:0<places$}").parse().ok()?;
    Some(sign * magnitude)
}

/// Whether so many units have at most so many digits.
pub(super) fn fits(units: i128, precision: u8) -> bool {
    let limit = 10_u128.pow(u32::from(precision.min(38)));
    units.unsigned_abs() < limit
}

/// The decimal of so many units.
pub(super) fn from_units(units: i128, scale: i8) -> Value {
    let places = usize::from(scale.max(0).unsigned_abs());
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let point = if places == 0 { "" } else { "." };
    let sign = if units < 0 { "-" } else { "" };
    Value::String(format!("{sign}{whole}{point}{fraction}"))
}

/// The order of two constants of one type; none where there is none (null, NaN, other types).
pub(crate) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a float is as near as a comparison with one gets"
    )]
    match (left, right) {
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::Int(a), Value::Float(b)) => (*a as f64).partial_cmp(b),
        (Value::Float(a), Value::Int(b)) => a.partial_cmp(&(*b as f64)),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Timestamp(a), Value::Timestamp(b)) | (Value::Duration(a), Value::Duration(b)) => {
            Some(a.cmp(b))
        }
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Size(a), Value::Size(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

/// The same where both are decimals with so many digits behind the point.
pub(super) fn order_at(scale: Option<i8>, left: &Value, right: &Value) -> Option<Ordering> {
    match scale {
        Some(scale) => Some(units(left, scale)?.cmp(&units(right, scale)?)),
        None => order(left, right),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        assert_eq!(units(&Value::String("-12.340".into()), 2), Some(-1234));
        assert_eq!(units(&Value::Float(0.1), 3), Some(100));
        assert_eq!(units(&Value::String("1.234".into()), 2), None);
        assert_eq!(units(&Value::String("1e3".into()), 2), None);
        assert_eq!(from_units(-5, 2), Value::String("-0.05".into()));
        assert_eq!(from_units(1200, 0), Value::String("1200".into()));
    }
}
