//! Where a row goes: which slice, which windows of it the row counts in, or that it is late.
//!
//! ```text
//!  windows of a slice, by their ends       e1        e2        e3        e4
//!  a row whose stamp is before e1          counts in all of them: the slice's own bucket
//!  a row whose stamp has reached e2 + lateness  ✗         ✗         ✓         ✓   bucket (slice, e3)
//!  … e4 + lateness                              ✗         ✗         ✗         ✗   late
//! ```
//!
//! The stamp alone decides (and, where idleness had the operator's watermark overtake it, that): not how rows were batched.

use crate::batch::Batch;
use crate::time::{Micros, Timestamp, Watermark};
use crate::windows::{Aligned, Window};
use std::ops::Range;

/// States are kept by these: rows of one slice that count in the same windows, and were in time for the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bucket {
    /// Where the slice starts.
    pub(super) slice: Timestamp,
    /// They count in windows that end here or later.
    pub(super) counts_from: Timestamp,
    /// They were in time for the first result of windows that end here or later.
    pub(super) timely_from: Timestamp,
}

impl Bucket {
    /// The first that a slice can have.
    pub(super) fn least(slice: Timestamp) -> Bucket {
        Bucket { slice, counts_from: Timestamp::MIN, timely_from: Timestamp::MIN }
    }
}

/// Where one row goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Too late for every window.
    Late,
    /// Into a bucket.
    Bucket(Bucket),
    /// Into a bucket, when the watermark has come to the row's stamp: a result that was given already is revised.
    Revises(Bucket),
}

/// Rows that stand one behind the other and go to the same place.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) place: Place,
    pub(super) rows: Range<usize>,
}

/// Tells where rows go.
#[derive(Debug)]
pub(super) struct Placing {
    pub(super) windows: Aligned,
    pub(super) lateness: Micros,
    /// Results are given early and revised: `emit: on_end`, with a lateness.
    pub(super) revises: bool,
}

/// A slice, and where the first of its windows ends.
#[derive(Clone, Copy)]
struct Current {
    slice: Window,
    first_end: Timestamp,
}

impl Placing {
    /// Cuts a batch into runs. `watermark` is that of the operator.
    pub(super) fn runs(&self, batch: &Batch, watermark: Watermark) -> Vec<Run> {
        let times = &batch.times[..];
        let Some(&first) = times.first() else { return Vec::new() };
        let mut runs = Runs::default();
        let mut current = self.current(first);
        if self.all_in_time(batch, watermark) {
            for (i, &time) in times.iter().enumerate() {
                if !current.slice.contains(time) {
                    runs.end(Place::Bucket(current.own()), i);
                    current = self.current(time);
                }
            }
            runs.end(Place::Bucket(current.own()), times.len());
            return runs.found;
        }
        let mut last = self.place(&current, batch.stamps.get(0), watermark);
        for (i, &time) in times.iter().enumerate() {
            if !current.slice.contains(time) {
                current = self.current(time);
            }
            let place = self.place(&current, batch.stamps.get(i), watermark);
            if place != last {
                runs.end(last, i);
                last = place;
            }
        }
        runs.end(last, times.len());
        runs.found
    }

    fn current(&self, time: Timestamp) -> Current {
        let slice = self.windows.slice(time);
        Current { slice, first_end: self.windows.first_end(slice.start) }
    }

    /// Whether it can be said at once that no window of any row had ended before the row was read.
    fn all_in_time(&self, batch: &Batch, watermark: Watermark) -> bool {
        let Some(&least) = batch.times.iter().min() else { return true };
        let first_end = self.current(least).first_end;
        if watermark.micros() >= first_end {
            return false;
        }
        // The windows of a row end behind its time: a stamp that is not above it has reached none of them.
        let stamps = &batch.stamps;
        stamps.timely
            || stamps.floor < first_end
                && stamps.each.as_ref().is_none_or(|each| each.iter().all(|it| *it < first_end))
    }

    fn place(&self, current: &Current, stamp: Timestamp, watermark: Watermark) -> Place {
        let judged_by = stamp.max(watermark.micros());
        if judged_by < current.first_end {
            return Place::Bucket(current.own());
        }
        let slice = current.slice.start;
        let open = judged_by.saturating_sub(self.lateness);
        let Some(next) = self.windows.next_end(slice, open) else { return Place::Late };
        let end_behind = |time| {
            let end = self.windows.next_end(slice, time);
            end.unwrap_or(Timestamp::MAX)
        };
        let counts_from = end_behind(stamp.saturating_sub(self.lateness));
        if !self.revises {
            return Place::Bucket(Bucket { slice, counts_from, timely_from: counts_from });
        }
        let bucket = Bucket { slice, counts_from, timely_from: end_behind(stamp) };
        if next <= judged_by { Place::Revises(bucket) } else { Place::Bucket(bucket) }
    }
}

impl Current {
    /// The bucket of the rows that count in all windows of the slice.
    fn own(&self) -> Bucket {
        Bucket { slice: self.slice.start, counts_from: self.first_end, timely_from: self.first_end }
    }
}

#[derive(Default)]
struct Runs {
    found: Vec<Run>,
}

impl Runs {
    /// The rows since the last run, up to `end`, go here.
    fn end(&mut self, place: Place, end: usize) {
        let start = self.found.last().map_or(0, |it| it.rows.end);
        if end > start {
            self.found.push(Run { place, rows: start..end });
        }
    }
}
