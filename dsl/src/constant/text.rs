//! The text of constants, as templates and `as string` write it: the same as the engine writes for rows.

use super::decimal;
use crate::types::Type;
use crate::value::{Value, format_duration};

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// `2026-01-31T06:00:00Z`, with 3 or 6 digits behind the second where they are needed.
pub(crate) fn timestamp_text(micros: i64) -> String {
    let (days, rest) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
    let (seconds, fraction) = (rest / 1_000_000, rest % 1_000_000);
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = match fraction {
        0 => String::new(),
        it if it % 1000 == 0 => format!(".{:03}", it / 1000),
        it => format!(".{it:06}"),
    };
    format!("{}T{clock}{fraction}Z", civil(days))
}

/// `2026-01-31`
pub(crate) fn date_text(days: i32) -> String {
    civil(days.into())
}

/// The day in the Gregorian calendar (H. Hinnant, "chrono-compatible low-level date algorithms").
fn civil(days: i64) -> String {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

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
        Value::Timestamp(it) => timestamp_text(*it),
        Value::Date(it) => date_text(*it),
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
    fn times_are_written_as_they_are_read() {
        assert_eq!(timestamp_text(0), "1970-01-01T00:00:00Z");
        assert_eq!(timestamp_text(1_769_835_600_250_000), "2026-01-31T05:00:00.250Z");
        assert_eq!(timestamp_text(-1), "1969-12-31T23:59:59.999999Z");
        assert_eq!(date_text(11_016), "2000-02-29");
    }

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
