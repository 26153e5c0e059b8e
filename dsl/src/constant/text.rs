//! The text of constants, as templates and `as string` write it: the same as the engine writes for rows.

use super::decimal;
use crate::calendar::{format_date, format_timestamp};
use crate::types::Type;
use crate::value::{Value, format_duration};

/// A constant of this type as text; numbers with so many digits behind the point where that is given. None where it has
/// no text.
pub(super) fn text(value: &Value, ty: &Type, decimals: Option<u8>) -> Option<String> {
    if let (Type::Decimal { scale, .. }, false) = (ty, *value == Value::Null) {
        return decimal_text(decimal::units(value, *scale)?, *scale, decimals);
    }
    Some(match value {
        Value::Bool(it) => it.to_string(),
        Value::Int(it) => match decimals {
            None | Some(0) => it.to_string(),
            Some(digits) => format!("{it}.{:0width$}", 0, width = usize::from(digits)),
        },
        Value::Float(it) => match decimals {
            None => format!("{it:?}"),
            Some(digits) => format!("{it:.*}", usize::from(digits)),
        },
        Value::String(it) => it.clone(),
        Value::Timestamp(it) => format_timestamp(*it),
        Value::Date(it) => format_date(*it),
        Value::Duration(it) => format_duration(*it),
        _ => return None,
    })
}

/// Rounds half away from zero where fewer digits are asked for than there are.
fn decimal_text(units: i128, scale: i8, decimals: Option<u8>) -> Option<String> {
    let wanted = decimals.map_or(scale, |it| i8::try_from(it).unwrap_or(i8::MAX));
    let rescaled = if wanted >= scale {
        let more = usize::try_from(wanted - scale).ok()?;
        let Value::String(text) = decimal::from_units(units, scale) else { return None };
        let point = if scale == 0 && more > 0 { "." } else { "" };
        return Some(format!("{text}{point}{:0<more$}", ""));
    } else {
        let cut = 10_i128.checked_pow(u32::try_from(scale - wanted).ok()?)?;
        units / cut + units.signum() * i128::from((units % cut).abs() >= cut / 2)
    };
    match decimal::from_units(rescaled, wanted) {
        Value::String(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_rounded_away_from_zero() {
        let ty = Type::Decimal { precision: 6, scale: 3 };
        let of = |value: &str, digits| text(&Value::String(value.into()), &ty, digits);
        assert_eq!(of("1.5", None).as_deref(), Some("1.500"));
        assert_eq!(of("-1.345", Some(2)).as_deref(), Some("-1.35"));
        assert_eq!(of("-0.001", Some(1)).as_deref(), Some("0.0"));
        assert_eq!(of("2", Some(5)).as_deref(), Some("2.00000"));
    }
}
