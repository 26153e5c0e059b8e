//! Windows of equal length: tumbling and sliding.

use super::Window;
use crate::time::{Micros, Timestamp};
use dsl::calendar::DAY;

const WEEK: Micros = 7 * DAY;

/// 1970-01-05, a Monday: where weeks begin.
const MONDAY: Micros = 4 * DAY;

/// Windows of equal length that begin at equal distances. Aligned to 1970-01-01T00:00:00Z, whole weeks to a Monday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// How long each is.
    pub size: Micros,
    /// From the start of one to the start of the next; at most `size`.
    pub every: Micros,
    /// How long the pieces are that no window cuts.
    width: Micros,
    /// Where one of them begins, not before 0 and less than `every` behind it.
    anchor: Micros,
}

impl Fixed {
    /// Windows of `size`, one `every` so often, all moved by `offset`.
    pub fn new(size: Micros, every: Micros, offset: Micros) -> Self {
        let zero = if every % WEEK == 0 { MONDAY } else { 0 };
        let anchor = zero.saturating_add(offset).rem_euclid(every);
        Self { size, every, width: greatest_divisor(size, every), anchor }
    }

    /// The slice that covers a time.
    pub(super) fn slice(&self, time: Timestamp) -> Window {
        let start = self.floor(time, self.width);
        Window { start, end: start.saturating_add(self.width) }
    }

    /// See [`super::Aligned::first_end`].
    pub(super) fn first_end(&self, slice: Timestamp) -> Timestamp {
        // The first window ends at the first of the ends that is not before the end of the slice.
        let end = slice.saturating_add(self.width);
        self.end_at_or_behind(end)
    }

    /// See [`super::Aligned::last_end`].
    pub(super) fn last_end(&self, slice: Timestamp) -> Timestamp {
        self.floor(slice, self.every).saturating_add(self.size)
    }

    /// See [`super::Aligned::next_end`].
    pub(super) fn next_end(&self, slice: Timestamp, after: Timestamp) -> Option<Timestamp> {
        let last = self.last_end(slice);
        if after >= last {
            return None;
        }
        let first = slice.saturating_add(self.width).max(after.saturating_add(1));
        Some(self.end_at_or_behind(first).min(last))
    }

    /// See [`super::Aligned::block`].
    pub(super) fn block(&self, slice: Timestamp) -> Window {
        let start = self.floor(slice, self.size);
        Window { start, end: start.saturating_add(self.size) }
    }

    /// Ends lie `size` behind starts.
    fn end_at_or_behind(&self, time: Timestamp) -> Timestamp {
        let start = time.saturating_sub(self.size);
        let below = self.floor(start, self.every);
        let start = if below < start { below.saturating_add(self.every) } else { below };
        start.saturating_add(self.size)
    }

    /// The last of the times in steps of `width` from the anchor that is not behind `time`.
    fn floor(&self, time: Timestamp, width: Micros) -> Timestamp {
        time.saturating_sub(time.saturating_sub(self.anchor).rem_euclid(width))
    }
}

fn greatest_divisor(a: Micros, b: Micros) -> Micros {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::windows::Aligned;
    use proptest::prelude::*;

    #[test]
    fn windows_before_1970_and_whole_weeks() {
        let ten = Fixed::new(10, 10, 0);
        assert_eq!(ten.slice(-1), Window { start: -10, end: 0 });
        assert_eq!(ten.slice(-10), Window { start: -10, end: 0 });
        assert_eq!(Fixed::new(10, 10, -3).slice(0), Window { start: -3, end: 7 });
        let week = Fixed::new(WEEK, WEEK, 0);
        assert_eq!(week.slice(0).start, -3 * DAY, "1969-12-29 was a Monday");
        assert_eq!(Fixed::new(DAY, DAY, 0).slice(0).start, 0);
    }

    #[test]
    fn the_ends_of_time_are_no_trouble() {
        let windows = Aligned::Fixed(Fixed::new(60, 7, 3));
        for time in [i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX] {
            let slice = windows.slice(time);
            assert!(slice.start <= slice.end);
            windows.next_end(slice.start, i64::MIN);
            windows.block(slice.start);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        /// The windows of a slice are those that cover it, found by trying all.
        #[test]
        fn a_slice_is_in_the_windows_that_cover_it(
            time in -500i64..500, every in 1i64..20, times in 1i64..6, more in 0i64..20, offset in -30i64..30,
        ) {
            let size = every * times + more;
            let windows = Aligned::Fixed(Fixed::new(size, every, offset));
            let slice = windows.slice(time);
            prop_assert!(slice.contains(time));
            let ends: Vec<i64> = (-1000..1000)
                .filter(|start| (start - offset).rem_euclid(every) == 0)
                .filter(|start| *start <= time && time < start + size)
                .map(|start| start + size)
                .collect();
            for end in &ends {
                prop_assert!(end - size <= slice.start && slice.end <= *end, "no window cuts a slice");
            }
            let mut found = Vec::new();
            let mut after = i64::MIN;
            while let Some(end) = windows.next_end(slice.start, after) {
                prop_assert_eq!(windows.start(slice.start, end), end - size);
                found.push(end);
                after = end;
            }
            prop_assert_eq!(&found, &ends);
            prop_assert_eq!(windows.first_end(slice.start), ends[0]);
            prop_assert_eq!(windows.last_end(slice.start), ends[ends.len() - 1]);
            let block = windows.block(slice.start);
            prop_assert!(block.start <= slice.start && slice.end <= block.end);
        }
    }
}
