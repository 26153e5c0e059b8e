//! What every encoder shares: values as text, appended to bytes without anything in between.

mod view;

pub(crate) use view::{Values, View, conform, views};

use crate::decoding::civil;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dsl::calendar::format_date;
use dsl::value::format_duration;
use engine::time::format_timestamp;
use std::io::Write;

/// The two digits of every number below a hundred.
const PAIRS: &[u8; 200] = b"0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

/// Floats with at most so many digits behind the point are written the short way.
const SHORT_DECIMALS: usize = 5;

/// Appends a whole number.
pub(crate) fn push_int(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    push_digits(out, value.unsigned_abs(), 1);
}

/// Appends a number with at least `width` digits (at most 20).
fn push_digits(out: &mut Vec<u8>, mut value: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut start = digits.len();
    while value >= 100 {
        let pair = (value % 100) as usize * 2;
        value /= 100;
        start -= 2;
        digits[start..start + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    }
    let pair = value as usize * 2;
    start -= 1;
    digits[start] = PAIRS[pair + 1];
    if value >= 10 {
        start -= 1;
        digits[start] = PAIRS[pair];
    }
    out.extend_from_slice(&digits[start.min(digits.len() - width)..]);
}

/// Appends the shortest text that brings a float back; `NaN`, `inf` and `-inf` as these words.
pub(crate) fn push_float(out: &mut Vec<u8>, value: f64) {
    if !push_short(out, value) {
        // Writing to a vector cannot fail.
        let _written = write!(out, "{value:?}");
    }
}

/// Most measurements have few digits behind the point. The first count of them that brings the value back is the fewest
/// there can be, and below 10^15 no other number of so few digits brings it back: it is the shortest text.
#[expect(clippy::float_cmp, reason = "the question is whether the very same value comes back")]
fn push_short(out: &mut Vec<u8>, value: f64) -> bool {
    const POWERS: [f64; SHORT_DECIMALS + 1] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5];
    let magnitude = value.abs();
    // Smaller ones are written with an exponent; this also leaves out NaN and the infinities.
    if !(1e-3..1e9).contains(&magnitude) {
        return false;
    }
    for (digits, power) in POWERS.iter().enumerate() {
        let scaled = (magnitude * power).round();
        if scaled / power == magnitude {
            let (scaled, power) = (scaled as u64, *power as u64);
            if value < 0.0 {
                out.push(b'-');
            }
            push_digits(out, scaled / power, 1);
            out.push(b'.');
            push_digits(out, scaled % power, digits.max(1));
            return true;
        }
    }
    false
}

/// Appends a decimal with all digits of its scale.
pub(crate) fn push_decimal(out: &mut Vec<u8>, units: i128, scale: i8) {
    let places = usize::from(scale.max(0).unsigned_abs());
    let digits = units.unsigned_abs().to_string();
    if units < 0 {
        out.push(b'-');
    }
    let digits = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    out.extend_from_slice(whole.as_bytes());
    if scale < 0 && units != 0 {
        out.extend(std::iter::repeat_n(b'0', usize::from(scale.unsigned_abs())));
    }
    if places > 0 {
        out.push(b'.');
        out.extend_from_slice(fraction.as_bytes());
    }
}

/// Appends a timestamp in RFC 3339, with 0, 3 or 6 digits behind the second as needed.
pub(crate) fn push_timestamp(out: &mut Vec<u8>, micros: i64) {
    let Some(((year, month, day), time)) = civil(micros) else {
        out.extend_from_slice(format_timestamp(micros).as_bytes());
        return;
    };
    let (seconds, fraction) = (time / 1_000_000, time % 1_000_000);
    let parts = [
        (year, 4, b'-'),
        (month, 2, b'-'),
        (day, 2, b'T'),
        (seconds / 3_600, 2, b':'),
        (seconds / 60 % 60, 2, b':'),
    ];
    for (value, width, separator) in parts {
        push_digits(out, value.unsigned_abs(), width);
        out.push(separator);
    }
    push_digits(out, (seconds % 60).unsigned_abs(), 2);
    if fraction != 0 {
        out.push(b'.');
        match fraction % 1_000 {
            0 => push_digits(out, (fraction / 1_000).unsigned_abs(), 3),
            _ => push_digits(out, fraction.unsigned_abs(), 6),
        }
    }
    out.push(b'Z');
}

/// Appends a duration as the language writes it.
pub(crate) fn push_duration(out: &mut Vec<u8>, micros: i64) {
    out.extend_from_slice(format_duration(micros).as_bytes());
}

/// Appends a date.
pub(crate) fn push_date(out: &mut Vec<u8>, days: i32) {
    out.extend_from_slice(format_date(days).as_bytes());
}

/// Appends bytes in base64.
pub(crate) fn push_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
}

/// Appends text in JSON's quotes.
pub(crate) fn push_json_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut start = 0;
    for (i, byte) in bytes.iter().enumerate() {
        if *byte >= 0x20 && *byte != b'"' && *byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[start..i]);
        start = i + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            other => {
                // Writing to a vector cannot fail.
                let _written = write!(out, "\\u{other:04x}");
            }
        }
    }
    out.extend_from_slice(&bytes[start..]);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(push: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        push(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_are_written_as_people_write_them() {
        for (value, expected) in [
            (1.0, "1.0"),
            (-0.25, "-0.25"),
            (21.53, "21.53"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e300, "1e300"),
            (-0.0, "-0.0"),
            (0.001, "0.001"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(text(|out| push_float(out, value)), expected);
        }
        assert_eq!(text(|out| push_int(out, i64::MIN)), i64::MIN.to_string());
        assert_eq!(text(|out| push_decimal(out, -5, 2)), "-0.05");
        assert_eq!(text(|out| push_decimal(out, 12, 0)), "12");
        assert_eq!(text(|out| push_decimal(out, 12, -2)), "1200");
    }

    proptest! {
        #[test]
        fn floats_are_written_like_the_standard_library_does(
            value in prop_oneof![any::<f64>(), (-1_000_000_000_i64..1_000_000_000, 0..7).prop_map(|(n, p)| n as f64 / 10_f64.powi(p))],
        ) {
            prop_assert_eq!(text(|out| push_float(out, value)), format!("{value:?}"));
        }

        #[test]
        fn ints_and_timestamps_are_written_like_the_slow_way(value in any::<i64>()) {
            prop_assert_eq!(text(|out| push_int(out, value)), value.to_string());
            prop_assert_eq!(text(|out| push_timestamp(out, value)), format_timestamp(value));
            let near = value / 1_000_000;
            prop_assert_eq!(text(|out| push_timestamp(out, near)), format_timestamp(near));
        }

        #[test]
        fn text_in_quotes_comes_back(value in "\\PC{0,4}[\\x00-\\x7f]{0,4}") {
            let quoted = text(|out| push_json_text(out, &value));
            prop_assert_eq!(serde_json::from_str::<String>(&quoted).unwrap(), value);
        }
    }
}
