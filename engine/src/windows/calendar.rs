//! Windows of a time zone: whole days, or parts that divide a day, as the clocks on the wall show them.
//!
//! ```text
//!  wall clock   00:00 … 02:00 │ 02:00 … 03:00   the hour that comes twice in autumn
//!  days         one boundary a midnight: this day has 25 hours
//!  hours        both of them are windows
//! ```
//!
//! A boundary is the instant at which the wall clock first shows it; where it is skipped, the instant behind the gap.
//! A time that comes twice is a boundary twice if a window fits between.

use super::Window;
use crate::time::{Micros, Timestamp};
use chrono::{DateTime, MappedLocalTime, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;

pub(super) use dsl::calendar::DAY;

const SECOND: Micros = 1_000_000;
/// Days from 1970-01-01 to a Monday.
const MONDAY: i64 = 4;

/// Windows of a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    zone: Tz,
    /// Whole days, or a part that divides a day.
    size: Micros,
    offset: Micros,
}

impl Calendar {
    /// Windows of `size`; none where it is neither a number of whole days nor a part that divides a day.
    pub fn new(zone: Tz, size: Micros, offset: Micros) -> Option<Self> {
        let fits = size > 0 && (size % DAY == 0 || DAY % size == 0);
        fits.then_some(Self { zone, size, offset })
    }

    /// The window that covers a time.
    pub(super) fn window(&self, time: Timestamp) -> Window {
        let Some(local) = self.local(time) else { return self.as_if_utc(time) };
        let k = self.floor(local);
        let start = time - (local - self.wall(k));
        let end = start + (self.wall(k + 1) - self.wall(k));
        let steady = |at| self.shift(at) == self.shift(time);
        // Where the clocks are not changed in between, and a whole hour around, wall time is a constant apart.
        if self.size < DAY && steady(start - DAY / 24) && steady(end + DAY / 24) {
            return Window { start, end };
        }
        self.around(time, k)
    }

    /// Looks through the boundaries near the `k`th one.
    fn around(&self, time: Timestamp, k: i64) -> Window {
        // Clocks are changed by 2 hours at most, but for days that islands skipped.
        let reach = if self.size >= DAY { 2 } else { (DAY / 12 / self.size).max(1) + 1 };
        let mut window = Window { start: Timestamp::MIN, end: Timestamp::MAX };
        for boundary in (k - reach..=k + 1 + reach).flat_map(|k| self.boundaries(self.wall(k))) {
            if boundary <= time {
                window.start = window.start.max(boundary);
            } else {
                window.end = window.end.min(boundary);
            }
        }
        if window.start == Timestamp::MIN || window.end == Timestamp::MAX {
            return self.as_if_utc(time);
        }
        window
    }

    /// The number of the boundary at or before a wall time.
    fn floor(&self, local: Micros) -> i64 {
        (local - self.first()).div_euclid(self.size)
    }

    /// What the wall clock shows at the `k`th boundary.
    fn wall(&self, k: i64) -> Micros {
        self.first() + k * self.size
    }

    fn first(&self) -> Micros {
        let weeks = self.size % (7 * DAY) == 0;
        self.offset + if weeks { MONDAY * DAY } else { 0 }
    }

    /// The instants at which a wall time is a boundary: one, or two where it comes twice with a window in between.
    fn boundaries(&self, wall: Micros) -> impl Iterator<Item = Timestamp> + use<> {
        let naive = naive(wall);
        let found = naive.map(|it| self.zone.from_local_datetime(&it));
        let (first, second) = match (found, naive) {
            (Some(MappedLocalTime::Single(it)), _) => (Some(it.timestamp_micros()), None),
            (Some(MappedLocalTime::Ambiguous(a, b)), _) => {
                let (a, b) = (a.timestamp_micros(), b.timestamp_micros());
                (Some(a.min(b)), Some(a.max(b)).filter(|_| a.abs_diff(b) >= self.size as u64))
            }
            (Some(MappedLocalTime::None), _) => (Some(self.behind_gap(wall)), None),
            (None, _) => (None, None),
        };
        first.into_iter().chain(second)
    }

    /// The first instant behind the gap that a wall time lies in.
    fn behind_gap(&self, wall: Micros) -> Timestamp {
        let (mut before, mut behind) = (wall - 2 * DAY, wall + 2 * DAY);
        while behind - before > 1 {
            let middle = before + (behind - before) / 2;
            if self.local(middle).is_some_and(|it| it < wall) {
                before = middle;
            } else {
                behind = middle;
            }
        }
        behind
    }

    /// What the wall clock shows.
    fn local(&self, time: Timestamp) -> Option<Micros> {
        Some(time + self.shift(time)?)
    }

    /// How far wall time is ahead of UTC; none outside the calendar.
    fn shift(&self, time: Timestamp) -> Option<Micros> {
        // Two weeks from the ends of the calendar nothing here can overflow.
        let margin = 14 * DAY;
        naive(time.checked_sub(margin)?)?;
        naive(time.checked_add(margin)?)?;
        let seconds = self.zone.offset_from_utc_datetime(&naive(time)?).fix().local_minus_utc();
        Some(i64::from(seconds) * SECOND)
    }

    /// Outside the calendar, windows are those of UTC.
    fn as_if_utc(&self, time: Timestamp) -> Window {
        let start = time.saturating_sub(time.saturating_sub(self.first()).rem_euclid(self.size));
        Window { start, end: start.saturating_add(self.size) }
    }
}

fn naive(micros: Micros) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_micros(micros).map(|it| it.naive_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros()
    }

    #[track_caller]
    fn check(calendar: Calendar, time: &str, start: &str, end: &str) {
        let window = calendar.window(at(time));
        assert_eq!((window.start, window.end), (at(start), at(end)), "{time}");
    }

    fn berlin(hours: i64) -> Calendar {
        Calendar::new(Tz::Europe__Berlin, hours * 3600 * SECOND, 0).unwrap()
    }

    #[test]
    fn a_day_has_23_or_25_hours() {
        check(berlin(24), "2026-07-01T10:00:00Z", "2026-06-30T22:00:00Z", "2026-07-01T22:00:00Z");
        check(berlin(24), "2026-03-29T00:30:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z");
        check(berlin(24), "2026-10-25T22:59:59Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
    }

    #[test]
    fn weeks_begin_on_monday_and_an_offset_moves_them() {
        check(berlin(168), "2026-03-29T12:00:00Z", "2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z");
        let shift = Calendar::new(Tz::Europe__Berlin, DAY, 6 * 3600 * SECOND).unwrap();
        check(shift, "2026-03-29T03:00:00Z", "2026-03-28T05:00:00Z", "2026-03-29T04:00:00Z");
    }

    #[test]
    fn hours_that_come_twice_are_two_windows_and_skipped_ones_none() {
        check(berlin(1), "2026-10-25T00:30:00Z", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z");
        check(berlin(1), "2026-10-25T01:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z");
        check(berlin(2), "2026-10-25T01:30:00Z", "2026-10-25T00:00:00Z", "2026-10-25T03:00:00Z");
        check(berlin(1), "2026-03-29T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z");
        check(berlin(2), "2026-03-29T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z");
    }

    #[test]
    fn half_hours_of_india_and_days_that_begin_at_one() {
        let india = Calendar::new(Tz::Asia__Kolkata, 3600 * SECOND, 0).unwrap();
        check(india, "2026-01-01T00:00:00Z", "2025-12-31T23:30:00Z", "2026-01-01T00:30:00Z");
        // In Brazil the clocks went from 24:00 to 01:00.
        let brazil = Calendar::new(Tz::America__Sao_Paulo, DAY, 0).unwrap();
        check(brazil, "2018-11-04T03:00:00Z", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z");
        check(brazil, "2018-11-04T02:59:59Z", "2018-11-03T03:00:00Z", "2018-11-04T03:00:00Z");
    }

    #[test]
    fn windows_cover_a_year_without_gap_or_overlap() {
        let zones = [Tz::Europe__Berlin, Tz::America__Havana, Tz::Australia__Lord_Howe];
        for (zone, size) in
            zones.iter().flat_map(|zone| [DAY / 48, DAY / 4, DAY].map(|it| (zone, it)))
        {
            let calendar = Calendar::new(*zone, size, 0).unwrap();
            let mut window = calendar.window(at("2025-12-31T00:00:00Z"));
            while window.end < at("2027-01-02T00:00:00Z") {
                let middle = window.start + (window.end - window.start) / 2;
                for time in [window.start, middle, window.end - 1] {
                    assert_eq!(calendar.window(time), window, "{zone} {size} {time}");
                }
                let next = calendar.window(window.end);
                assert_eq!(next.start, window.end, "{zone} {size}");
                window = next;
            }
        }
    }

    #[test]
    fn far_from_every_calendar_windows_are_those_of_utc() {
        for time in [i64::MIN, i64::MAX] {
            assert!(berlin(24).window(time).start <= time);
        }
    }
}
