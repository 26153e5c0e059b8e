//! Days since 1970 and the Gregorian calendar, and times as text (H. Hinnant, "chrono-compatible low-level date
//! algorithms").

/// Microseconds of a day.
pub const DAY: i64 = 86_400_000_000;

/// What a timestamp can be: the years 0001 to 9999, which are all that is written with four digits. What is outside
/// could be counted, but what is written of it could not be read back.
pub const TIMESTAMPS: std::ops::Range<i64> = -62_135_596_800_000_000..253_402_300_800_000_000;

/// The days since 1970 of a year, month and day: years begin in March, so that the leap day is the last one.
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of a day since 1970, no further from it than timestamps reach.
pub fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days - era * 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// How many days a month has.
pub fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `2026-01-31`
pub fn format_date(days: i32) -> String {
    date(days.into())
}

/// `2026-01-31T06:00:00Z`, with 3 or 6 digits behind the second where they are needed.
pub(crate) fn format_timestamp(micros: i64) -> String {
    let (days, rest) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
    let (seconds, fraction) = (rest / 1_000_000, rest % 1_000_000);
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = match fraction {
        0 => String::new(),
        it if it % 1000 == 0 => format!(".{:03}", it / 1000),
        it => format!(".{it:06}"),
    };
    format!("{}T{clock}{fraction}Z", date(days))
}

fn date(days: i64) -> String {
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_they_are_read() {
        assert_eq!(format_timestamp(0), "1970-01-01T00:00:00Z");
        assert_eq!(format_timestamp(1_769_835_600_250_000), "2026-01-31T05:00:00.250Z");
        assert_eq!(format_timestamp(-1), "1969-12-31T23:59:59.999999Z");
        assert_eq!(format_date(11_016), "2000-02-29");
    }

    #[test]
    fn timestamps_are_those_of_the_years_1_to_9999() {
        assert_eq!(TIMESTAMPS.start, days_from_civil(1, 1, 1) * DAY);
        assert_eq!(TIMESTAMPS.end, days_from_civil(10_000, 1, 1) * DAY);
        assert_eq!(format_timestamp(TIMESTAMPS.start), "0001-01-01T00:00:00Z");
        assert_eq!(format_timestamp(TIMESTAMPS.end - 1), "9999-12-31T23:59:59.999999Z");
    }

    #[test]
    fn days_and_dates_are_each_others_inverse() {
        for days in (-800_000..3_000_000).step_by(31).chain([-719_468, -1, 0, 11_016]) {
            let (year, month, day) = civil(days);
            assert_eq!(days_from_civil(year, month, day), days);
            assert!((1..=days_in(year, month)).contains(&day), "{year}-{month}-{day}");
        }
    }
}
