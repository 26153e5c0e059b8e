//! Numbers as text into exact values: nothing is cut silently, nothing takes a detour over a float.

use dsl::plan::TimeUnit;
use engine::expr::parse;

/// All digits that a decimal can have.
const DIGITS_MAX: u8 = 38;

/// A whole number: `42`, and also `42.0` and `4.2e1`.
pub(crate) fn int(text: &str) -> Option<i64> {
    parse::int(text).or_else(|| i64::try_from(parse::decimal(text, DIGITS_MAX, 0)?).ok())
}

/// A number of `unit` since 1970 as microseconds; digits behind the microsecond are cut, as those of text are.
pub(crate) fn micros(text: &str, unit: TimeUnit) -> Option<i64> {
    let power = match unit {
        TimeUnit::Second => 6,
        TimeUnit::Millisecond => 3,
        TimeUnit::Microsecond => 0,
        TimeUnit::Nanosecond => -3,
    };
    let text = text.trim();
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut units = 0_i128;
    if whole.is_empty() {
        return None;
    }
    for digit in whole.bytes().chain(fraction.bytes()) {
        let digit = digit.is_ascii_digit().then_some(digit - b'0')?;
        units = units.checked_mul(10)?.checked_add(i128::from(digit))?;
    }
    let units = if negative { -units } else { units };
    let shift = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?.checked_add(power)?;
    let scale = 10_i128.checked_pow(shift.unsigned_abs());
    let micros = match (scale, shift < 0) {
        (_, _) if units == 0 => 0,
        (scale, false) => units.checked_mul(scale?)?,
        (Some(scale), true) => units.div_euclid(scale),
        (None, true) => -i128::from(negative),
    };
    i64::try_from(micros).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_may_be_written_with_a_point() {
        for (text, expected) in [
            ("42", Some(42)),
            ("1.0", Some(1)),
            ("-0.0", Some(0)),
            ("1e3", Some(1000)),
            ("25e-1", None),
            ("1.5", None),
            ("9223372036854775807.0", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("-9223372036854775808", Some(i64::MIN)),
            ("1e999", None),
            ("1e-999", None),
        ] {
            assert_eq!(int(text), expected, "{text}");
        }
    }

    #[test]
    fn epochs_are_exact_and_cut_behind_the_microsecond() {
        for (text, unit, expected) in [
            ("1700000000123", TimeUnit::Millisecond, Some(1_700_000_000_123_000)),
            ("1700000000.1234567", TimeUnit::Second, Some(1_700_000_000_123_456)),
            ("1.7e9", TimeUnit::Second, Some(1_700_000_000_000_000)),
            ("-1", TimeUnit::Nanosecond, Some(-1)),
            ("1999", TimeUnit::Nanosecond, Some(1)),
            ("9223372036854775807", TimeUnit::Millisecond, None),
            ("0e999", TimeUnit::Second, Some(0)),
            ("-1e-999", TimeUnit::Second, Some(-1)),
            ("1e999", TimeUnit::Second, None),
            ("x", TimeUnit::Second, None),
            ("", TimeUnit::Second, None),
        ] {
            assert_eq!(micros(text, unit), expected, "{text}");
        }
    }
}
