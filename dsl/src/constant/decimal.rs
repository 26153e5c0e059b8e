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
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text.as_str(), 0),
    };
    let (sign, digits) = match mantissa.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || !all.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    let significant = all.trim_end_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    let zeros = i32::try_from(all.len() - significant.len()).ok()?;
    let shift = exponent
        .checked_sub(i32::try_from(fraction.len()).ok()?)?
        .checked_add(i32::from(scale))?
        .checked_add(zeros)?;
    let power = 10_i128.checked_pow(u32::try_from(shift).ok()?)?;
    significant.parse::<i128>().ok()?.checked_mul(power).map(|it| sign * it)
}

/// A float in such units, halves rounded away from zero: of the shortest number that brings it back.
pub(super) fn rounded(value: f64, scale: i8) -> Option<i128> {
    let text = format!("{}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let places = usize::try_from(scale).ok()?;
    let kept = fraction.get(..places).unwrap_or(fraction);
    let magnitude: i128 = format!("{whole}{kept:0<places$}").parse().ok()?;
    let up = fraction.as_bytes().get(places).is_some_and(|it| *it >= b'5');
    let magnitude = magnitude + i128::from(up);
    Some(if value < 0.0 { -magnitude } else { magnitude })
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
        assert_eq!(units(&Value::String("1e3".into()), 2), Some(100_000));
        assert_eq!(units(&Value::String("1e-3".into()), 2), None);
        assert_eq!(units(&Value::String("e3".into()), 2), None);
        assert_eq!(rounded(2.675, 2), Some(268));
        assert_eq!(rounded(-0.5, 0), Some(-1));
        assert_eq!(rounded(f64::NAN, 2), None);
        assert_eq!(from_units(-5, 2), Value::String("-0.05".into()));
        assert_eq!(from_units(1200, 0), Value::String("1200".into()));
    }
}
