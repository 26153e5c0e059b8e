//! What a run tells about itself beside the ledger: bytes, why rows were refused, how late rows were, how long rows take,
//! how much is kept. Counted since the run began, a few additions a batch.

use crate::reason::{Fault, Reason};
use crate::time::Micros;
use std::collections::BTreeMap;
use std::ops::AddAssign;

/// Rows by the reason for which they were refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reasons([u64; Reason::ALL.len()]);

impl Reasons {
    /// Counts refused rows.
    pub fn add<'a>(&mut self, faults: impl IntoIterator<Item = &'a Fault>) {
        faults.into_iter().for_each(|it| self.0[it.reason as usize] += 1);
    }

    /// Every reason with its rows, also those without any.
    pub fn iter(&self) -> impl Iterator<Item = (Reason, u64)> + '_ {
        Reason::ALL.into_iter().map(|it| (it, self.0[it as usize]))
    }
}

impl AddAssign<&Reasons> for Reasons {
    fn add_assign(&mut self, other: &Reasons) {
        self.0.iter_mut().zip(other.0).for_each(|(mine, theirs)| *mine += theirs);
    }
}

/// How long things took, counted in ranges: a histogram.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Durations {
    counts: [u64; Durations::BOUNDS.len() + 1],
    sum: Micros,
}

impl Durations {
    /// The ends of the ranges, each of which belongs to its range; the last range has none.
    pub const BOUNDS: [Micros; 20] = [
        1_000,
        2_500,
        5_000,
        10_000,
        25_000,
        50_000,
        100_000,
        250_000,
        500_000,
        1_000_000,
        2_500_000,
        5_000_000,
        10_000_000,
        30_000_000,
        60_000_000,
        300_000_000,
        900_000_000,
        3_600_000_000,
        21_600_000_000,
        86_400_000_000,
    ];

    /// So many things took so long. Less than nothing, as when a clock was set back, counts as nothing.
    pub fn add(&mut self, took: Micros, times: u64) {
        let took = took.max(0);
        let range = Self::BOUNDS.partition_point(|it| *it < took);
        self.counts[range] += times;
        self.sum = self.sum.saturating_add(took.saturating_mul(times.cast_signed()));
    }

    /// How many things took how long: each end of a range, and how many things did not take longer; the last one has
    /// no end.
    pub fn up_to(&self) -> impl Iterator<Item = (Option<Micros>, u64)> + '_ {
        let ends = Self::BOUNDS.into_iter().map(Some).chain([None]);
        ends.zip(&self.counts).scan(0, |sum, (end, count)| {
            *sum += count;
            Some((end, *sum))
        })
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How long all of them took together.
    pub fn sum(&self) -> Micros {
        self.sum
    }

    /// How long the share `part` (0 to 1) of them took at most, as near as the ranges tell: evenly spread within each.
    /// None without any.
    pub fn quantile(&self, part: f64) -> Option<Micros> {
        let wanted = part.clamp(0.0, 1.0) * self.count() as f64;
        let (mut below, mut start) = (0, 0);
        for (end, up_to) in self.up_to().filter(|_| self.count() > 0) {
            let end = end.unwrap_or(start);
            if up_to as f64 >= wanted && up_to > below {
                let share = (wanted - below as f64) / (up_to - below) as f64;
                return Some(start + ((end - start) as f64 * share) as Micros);
            }
            (below, start) = (up_to, end);
        }
        None
    }

    /// What came since an earlier time, of which these are the counts.
    #[must_use]
    pub fn since(&self, earlier: &Durations) -> Durations {
        let mut since = self.clone();
        since.sum -= earlier.sum;
        for (mine, theirs) in since.counts.iter_mut().zip(earlier.counts) {
            *mine = mine.saturating_sub(theirs);
        }
        since
    }
}

impl AddAssign<&Durations> for Durations {
    fn add_assign(&mut self, other: &Durations) {
        self.counts.iter_mut().zip(other.counts).for_each(|(mine, theirs)| *mine += theirs);
        self.sum = self.sum.saturating_add(other.sum);
    }
}

/// All notes of a run, by name.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// Every source.
    pub sources: BTreeMap<String, SourceNotes>,
    /// Every stream.
    pub streams: BTreeMap<String, StreamNotes>,
    /// Every sink.
    pub sinks: BTreeMap<String, SinkNotes>,
}

/// Of a source.
#[derive(Clone, Debug, Default)]
pub struct SourceNotes {
    /// Bytes of payloads read; of columns, what they take in memory.
    pub bytes: u64,
    /// Why payloads did not become rows, and rows were refused for their time.
    pub reasons: Reasons,
    /// Bytes of what it read that are on their way.
    pub queued: u64,
    /// From so many on it is not asked for more.
    pub queue_limit: u64,
}

/// Of a stream.
#[derive(Clone, Debug, Default)]
pub struct StreamNotes {
    /// Why rows were refused.
    pub reasons: Reasons,
    /// How late the rows were that were too late: the watermark less their time.
    pub lateness: Durations,
    /// About how many bytes of state each step keeps, by its id.
    pub state: BTreeMap<String, u64>,
}

/// Of a sink.
#[derive(Clone, Debug, Default)]
pub struct SinkNotes {
    /// Why rows could not be written.
    pub reasons: Reasons,
    /// From when the source received what the rows are made of to when they were out. The rows of a window are made of
    /// what closed it.
    pub latency: Durations,
    /// Bytes written; see [`crate::sink::Sent`].
    pub bytes: u64,
    /// How often it had to try again.
    pub retries: u64,
    /// Bytes that it holds inside.
    pub held: u64,
}

impl SinkNotes {
    /// Adds what a task of the sink has noted.
    pub(crate) fn add(&mut self, other: &SinkNotes) {
        self.reasons += &other.reasons;
        self.latency += &other.latency;
        self.bytes += other.bytes;
        self.retries += other.retries;
        self.held += other.held;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_the_range_below_it() {
        let mut took = Durations::default();
        took.add(1_000, 2);
        took.add(1_001, 1);
        took.add(-5, 1);
        took.add(i64::MAX, 1);
        let up_to: Vec<_> = took.up_to().collect();
        assert_eq!(up_to[0], (Some(1_000), 3));
        assert_eq!(up_to[1], (Some(2_500), 4));
        assert_eq!(up_to[20], (None, 5));
        assert_eq!((took.count(), took.sum()), (5, i64::MAX));
    }

    #[test]
    fn quantiles_lie_within_their_range() {
        let mut took = Durations::default();
        assert_eq!(took.quantile(0.5), None);
        took.add(60_000, 50);
        took.add(700_000, 50);
        let quantile = |part| took.quantile(part).unwrap();
        assert_eq!(quantile(0.25), 75_000);
        assert_eq!(quantile(0.5), 100_000);
        assert_eq!(quantile(1.0), 1_000_000);
        let mut later = took.clone();
        later.add(3_000_000, 7);
        let since = later.since(&took);
        assert_eq!((since.count(), since.sum()), (7, 21_000_000));
    }

    #[test]
    fn reasons_are_counted_by_their_place() {
        let fault = |reason| Fault { row: 0, reason, detail: String::new(), column: None };
        let mut reasons = Reasons::default();
        reasons.add(&[fault(Reason::Sink), fault(Reason::Decode), fault(Reason::Sink)]);
        let found: Vec<_> = reasons.iter().filter(|it| it.1 > 0).collect();
        assert_eq!(found, [(Reason::Decode, 1), (Reason::Sink, 2)]);
    }
}
