//! Text to points in time. The usual layout is read digit by digit; anything else takes the long way.

use chrono::{NaiveDateTime, TimeZone};
use chrono_tz::Tz;
use dsl::calendar::{self, DAY, TIMESTAMPS, days_from_civil, days_in};
use dsl::plan::TimestampForm;
use engine::expr::parse;
use std::str::FromStr;

/// Microseconds of a second.
const SECOND: i64 = 1_000_000;

/// Whether a timestamp can be written as RFC 3339.
pub(crate) fn writable(micros: i64) -> bool {
    TIMESTAMPS.contains(&micros)
}

/// RFC 3339 text; text without an offset stands in the zone of the form, if it has one. Digits behind the microsecond are
/// cut. Where clocks are put back, the earlier of two times is meant; a time that is skipped does not exist.
pub(crate) fn timestamp(text: &str, form: &TimestampForm) -> Option<i64> {
    let text = text.trim();
    usual_timestamp(text.as_bytes())
        .or_else(|| parse::timestamp(text))
        .or_else(|| local(text, form.zone.as_deref()?))
        .filter(|it| writable(*it))
}

/// `2026-01-31T06:00:00.250Z`, with up to six digits behind the second.
pub(crate) fn usual_timestamp(text: &[u8]) -> Option<i64> {
    let (head, rest) = text.split_first_chunk::<19>()?;
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')]
        .iter()
        .all(|(i, it)| head[*i] == *it);
    if !separators {
        return None;
    }
    let two = |i: usize| {
        let (tens, ones) = (head[i].wrapping_sub(b'0'), head[i + 1].wrapping_sub(b'0'));
        (tens < 10 && ones < 10).then(|| i64::from(tens * 10 + ones))
    };
    let year = two(0)? * 100 + two(2)?;
    let (month, day) = (two(5)?, two(8)?);
    let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
    if !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let fraction = match rest {
        b"Z" => 0,
        [b'.', digits @ .., b'Z'] if (1..=6).contains(&digits.len()) => {
            let mut value = 0;
            for digit in digits {
                let digit = digit.wrapping_sub(b'0');
                value = value * 10 + (digit < 10).then(|| i64::from(digit))?;
            }
            value * 10_i64.pow(6 - digits.len() as u32)
        }
        _ => return None,
    };
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    Some(seconds * SECOND + fraction)
}

/// Text without an offset as the clocks of a zone show it.
fn local(text: &str, zone: &str) -> Option<i64> {
    let zone = Tz::from_str(zone).ok()?;
    let form = if text.contains('T') { "%Y-%m-%dT%H:%M:%S%.f" } else { "%Y-%m-%d %H:%M:%S%.f" };
    let time = NaiveDateTime::parse_from_str(text, form).ok()?;
    zone.from_local_datetime(&time).earliest().map(|it| it.timestamp_micros())
}

/// Year, month and day of a timestamp, and the microseconds of that day; none where RFC 3339 cannot write it.
pub(crate) fn civil(micros: i64) -> Option<((i64, i64, i64), i64)> {
    if !writable(micros) {
        return None;
    }
    Some((calendar::civil(micros.div_euclid(DAY)), micros.rem_euclid(DAY)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Datelike};
    use engine::time::format_timestamp;
    use proptest::prelude::*;

    fn zoned(zone: &str) -> TimestampForm {
        TimestampForm { zone: Some(zone.to_owned()), ..TimestampForm::default() }
    }

    #[test]
    fn offsets_spaces_and_zones() {
        let plain = TimestampForm::default();
        for (text, form, expected) in [
            ("1970-01-01T00:00:01Z", &plain, Some(SECOND)),
            ("1970-01-01 00:00:01Z", &plain, Some(SECOND)),
            ("1970-01-01T01:00:00+01:00", &plain, Some(0)),
            ("1970-01-01T00:00:00.123456789Z", &plain, Some(123_456)),
            ("1970-01-01T00:00:00", &plain, None),
            ("1970-02-29T00:00:00Z", &plain, None),
            ("1970-01-01", &plain, None),
            ("1970-01-01T02:00:00", &zoned("Europe/Berlin"), Some(3_600 * SECOND)),
            ("1970-01-01 02:00:00.5", &zoned("Europe/Berlin"), Some(3_600 * SECOND + 500_000)),
            ("1970-01-01T02:00:00Z", &zoned("Europe/Berlin"), Some(7_200 * SECOND)),
            // Clocks went from 2:00 to 3:00, and from 3:00 back to 2:00.
            ("2026-03-29T02:30:00", &zoned("Europe/Berlin"), None),
            ("2026-10-25T02:30:00", &zoned("Europe/Berlin"), Some(1_792_888_200 * SECOND)),
        ] {
            assert_eq!(timestamp(text, form), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_short_way_agrees_with_the_long_one(micros in TIMESTAMPS) {
            let text = format_timestamp(micros);
            prop_assert_eq!(usual_timestamp(text.as_bytes()), Some(micros));
            prop_assert_eq!(parse::timestamp(&text), Some(micros));
            let date = DateTime::from_timestamp_micros(micros).unwrap().date_naive();
            let ((year, month, day), _) = civil(micros).unwrap();
            prop_assert_eq!((year, month, day), (date.year().into(), date.month().into(), date.day().into()));
        }

        #[test]
        fn the_short_way_takes_nothing_that_the_long_one_refuses(text in "[0-2][0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{1,7})?Z?") {
            if let Some(micros) = usual_timestamp(text.as_bytes()) {
                prop_assert_eq!(parse::timestamp(&text), Some(micros));
            }
        }
    }
}
