//! Text to values, as `as` reads it: the forms of the language, space around them allowed, nothing guessed.

use super::text::fits_precision;
use chrono::{DateTime, NaiveDate};
use dsl::calendar::TIMESTAMPS;

/// Nanoseconds of each unit of a duration.
const UNITS: [(&str, i128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
    ("w", 604_800_000_000_000),
];

/// `42`, `-1`
pub fn int(text: &str) -> Option<i64> {
    text.trim().parse().ok()
}

/// `1.5`, `1e-3`, `NaN`, `inf`; a number too large for a float is none.
pub fn float(text: &str) -> Option<f64> {
    let text = text.trim();
    let value: f64 = text.parse().ok()?;
    let says_infinite = text.trim_start_matches(['+', '-']).starts_with(['i', 'I']);
    (value.is_finite() || value.is_nan() || says_infinite).then_some(value)
}

/// `true`, `false`
pub fn boolean(text: &str) -> Option<bool> {
    text.trim().parse().ok()
}

/// A decimal number, exactly: digits behind the scale have to be zeros.
pub fn decimal(text: &str, precision: u8, scale: i8) -> Option<i128> {
    let text = text.trim();
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = || whole.bytes().chain(fraction.bytes());
    if all().next().is_none() || !all().all(|it| it.is_ascii_digit()) {
        return None;
    }
    // The value is `all digits` times ten to this, in units of the scale.
    let shift =
        exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?.checked_add(i32::from(scale))?;
    let mut units = 0_i128;
    let count = i32::try_from(whole.len() + fraction.len()).ok()?;
    for (place, digit) in (0..).zip(all()) {
        let digit = i128::from(digit - b'0');
        if count - place + shift <= 0 {
            if digit != 0 {
                return None;
            }
            continue;
        }
        units = units.checked_mul(10)?.checked_add(digit)?;
    }
    for _ in 0..shift.max(0) {
        if units == 0 {
            break;
        }
        units = units.checked_mul(10)?;
    }
    let units = if negative { -units } else { units };
    fits_precision(units, precision).then_some(units)
}

/// The shortest decimal number that brings a float back, rounded to the scale, halves away from zero.
pub fn rounded_decimal(value: f64, precision: u8, scale: i8) -> Option<i128> {
    if !value.is_finite() {
        return None;
    }
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e')?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let shift = exponent.parse::<i32>().ok()? - fraction.len() as i32 + i32::from(scale);
    let power = 10_i128.checked_pow(shift.unsigned_abs());
    let units = match (power, shift < 0) {
        (_, false) if digits == 0 => 0,
        (power, false) => digits.checked_mul(power?)?,
        (None, true) => 0,
        (Some(power), true) => {
            let half = if digits < 0 { -(power / 2) } else { power / 2 };
            (digits + half) / power
        }
    };
    fits_precision(units, precision).then_some(units)
}

/// RFC 3339 with `Z` or an offset; a space may stand for the `T`. Digits behind the microsecond are cut.
pub fn timestamp(text: &str) -> Option<i64> {
    let time = DateTime::parse_from_rfc3339(text.trim()).ok().map(|it| it.timestamp_micros());
    time.filter(|it| TIMESTAMPS.contains(it))
}

/// `2026-01-31`, as days since 1970.
pub fn date(text: &str) -> Option<i32> {
    let text = text.trim();
    let plain = text.len() == 10 && text.bytes().all(|it| it.is_ascii_digit() || it == b'-');
    let date = plain.then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok())??;
    i32::try_from(date.signed_duration_since(NaiveDate::default()).num_days()).ok()
}

/// `1m30s`, `1.5h`, `-250ms`; a whole number of microseconds.
pub fn duration(text: &str) -> Option<i64> {
    let text = text.trim();
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    if rest.is_empty() {
        return None;
    }
    let mut nanos = 0_i128;
    while !rest.is_empty() {
        let amount = rest.find(|it: char| !(it.is_ascii_digit() || it == '.'))?;
        let unit_end = rest[amount..].find(|it: char| it.is_ascii_digit());
        let unit_end = unit_end.map_or(rest.len(), |it| amount + it);
        let (_, size) = UNITS.iter().find(|(name, _)| *name == &rest[amount..unit_end])?;
        nanos = nanos.checked_add(scaled(&rest[..amount], *size)?)?;
        rest = &rest[unit_end..];
    }
    let whole = nanos % 1_000 == 0;
    whole.then(|| i64::try_from(sign * (nanos / 1_000)).ok())?
}

/// A decimal number times a size; none where that is no whole number.
fn scaled(amount: &str, size: i128) -> Option<i128> {
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, "0"));
    if whole.is_empty() || fraction.is_empty() {
        return None;
    }
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let divisor = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let product = digits.checked_mul(size)?;
    (product % divisor == 0).then_some(product / divisor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_exactly() {
        for (text, expected) in [
            ("1.25", Some(125)),
            (" -1.2 ", Some(-120)),
            ("1.250", Some(125)),
            ("1.255", None),
            ("12e1", Some(12_000)),
            ("125e-2", Some(125)),
            ("0e999", Some(0)),
            ("999.99", Some(99_999)),
            ("1000.00", None),
            ("1e999999999", None),
            ("", None),
            (".", None),
            ("x", None),
            ("0.00000000000000000000000000000000000000000000000000", Some(0)),
        ] {
            assert_eq!(decimal(text, 5, 2), expected, "{text}");
        }
    }

    #[test]
    fn durations_are_read_as_the_language_writes_them() {
        for (text, expected) in [
            ("1m30s", Some(90_000_000)),
            ("1.5h", Some(5_400_000_000)),
            ("-250ms", Some(-250_000)),
            ("0s", Some(0)),
            ("5", None),
            ("s", None),
            ("1.s", None),
            ("1ns", None),
            ("5y", None),
            ("", None),
            ("-", None),
        ] {
            assert_eq!(duration(text), expected, "{text}");
        }
    }

    #[test]
    fn times_need_an_offset_and_dates_all_digits() {
        assert_eq!(timestamp("1970-01-01T01:00:00+01:00"), Some(0));
        assert_eq!(timestamp("1970-01-01 00:00:00.5Z"), Some(500_000));
        assert_eq!(timestamp("1970-01-01T00:00:00"), None);
        assert_eq!(date("1970-01-02"), Some(1));
        assert_eq!(date("1970-1-2"), None);
    }

    #[test]
    fn a_number_too_large_for_a_float_is_not_infinite() {
        assert_eq!(float("1e999"), None);
        assert_eq!(float("-inf"), Some(f64::NEG_INFINITY));
    }
}
