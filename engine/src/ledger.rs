//! The account of every row: each one that enters a stream leaves by exactly one way.
//!
//! ```text
//!  source:  read = emitted + errors + skipped + dropped
//!  stream:  in + made = out + filtered + late + errors + duplicates + absorbed + held
//!  sink:    a stream's, and out = written + failed + unwritten
//! ```
//!
//! Counters are plain sums, so those of parallel tasks add up, and they are saved with the state.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::AddAssign;

/// What became of rows that entered a step and did not simply go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// Dropped by a condition, as the file says.
    Filtered,
    /// Too late for every window: in `NAME.late`.
    Late,
    /// Refused: in `NAME.errors`.
    Errors,
    /// Seen before.
    Duplicates,
    /// Used up by a window, join or match.
    Absorbed,
    /// Still inside.
    Held,
}

/// The counters of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceCount {
    /// Payloads read; an array counts one a row.
    pub read: u64,
    /// Rows handed on.
    pub emitted: u64,
    /// Rows refused.
    pub errors: u64,
    /// Left out by policy.
    pub skipped: u64,
    /// Lost beyond the budget, at QoS 0.
    pub dropped: u64,
}

/// The counters of a stream. Signed, since a row that was held is counted back when it is absorbed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamCount {
    /// Rows that came in.
    #[serde(rename = "in")]
    pub input: i64,
    /// Rows that steps made.
    pub made: i64,
    /// Rows that went out.
    pub out: i64,
    /// Rows dropped by a condition.
    pub filtered: i64,
    /// Rows too late.
    pub late: i64,
    /// Rows refused.
    pub errors: i64,
    /// Rows seen before.
    pub duplicates: i64,
    /// Rows used up.
    pub absorbed: i64,
    /// Rows still inside.
    pub held: i64,
}

/// What a sink adds to a stream's counters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinkCount {
    /// The rows before they are written.
    #[serde(flatten)]
    pub stream: StreamCount,
    /// Rows written.
    pub written: i64,
    /// Rows that could not be written.
    pub failed: i64,
    /// Rows that the sink has taken and that are not outside, as far as its promise goes.
    pub unwritten: i64,
}

/// All counters of a pipeline, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Every source.
    pub sources: BTreeMap<String, SourceCount>,
    /// Every stream.
    pub streams: BTreeMap<String, StreamCount>,
    /// Every sink.
    pub sinks: BTreeMap<String, SinkCount>,
}

impl SourceCount {
    /// What does not add up.
    pub fn residue(&self) -> i64 {
        self.read as i64 - (self.emitted + self.errors + self.skipped + self.dropped) as i64
    }
}

impl StreamCount {
    /// What does not add up.
    pub fn residue(&self) -> i64 {
        self.input + self.made
            - (self.out
                + self.filtered
                + self.late
                + self.errors
                + self.duplicates
                + self.absorbed
                + self.held)
    }

    /// Counts rows by their fate.
    pub fn account(&mut self, fate: Fate, rows: i64) {
        *match fate {
            Fate::Filtered => &mut self.filtered,
            Fate::Late => &mut self.late,
            Fate::Errors => &mut self.errors,
            Fate::Duplicates => &mut self.duplicates,
            Fate::Absorbed => &mut self.absorbed,
            Fate::Held => &mut self.held,
        } += rows;
    }
}

impl SinkCount {
    /// What does not add up.
    pub fn residue(&self) -> i64 {
        self.stream.residue().abs() + self.before_writing().abs()
    }

    /// Rows that went out and did not get to the sink.
    fn before_writing(&self) -> i64 {
        self.stream.out - self.written - self.failed - self.unwritten
    }
}

impl Ledger {
    /// The sum of what does not add up; not 0 is a bug.
    pub fn residue(&self) -> i64 {
        self.sources.values().map(|it| it.residue().abs()).sum::<i64>()
            + self.streams.values().map(|it| it.residue().abs()).sum::<i64>()
            + self.sinks.values().map(SinkCount::residue).sum::<i64>()
    }

    /// Rows that are on their way while a run goes on: they have left one task and were not taken by the next one.
    pub fn in_flight(&self) -> i64 {
        self.gaps().map(|it| it.max(0)).sum()
    }

    /// What does not add up while a run goes on, rows on their way aside.
    pub fn residue_of_living(&self) -> i64 {
        self.sources.values().map(|it| it.residue().abs()).sum::<i64>()
            + self.gaps().map(|it| (-it).max(0)).sum::<i64>()
    }

    /// How many rows more went in than came out, at each place where they cross from task to task.
    fn gaps(&self) -> impl Iterator<Item = i64> {
        let sinks = self.sinks.values().flat_map(|it| [it.stream.residue(), it.before_writing()]);
        self.streams.values().map(StreamCount::residue).chain(sinks)
    }
}

impl AddAssign<&SourceCount> for SourceCount {
    fn add_assign(&mut self, other: &SourceCount) {
        self.read += other.read;
        self.emitted += other.emitted;
        self.errors += other.errors;
        self.skipped += other.skipped;
        self.dropped += other.dropped;
    }
}

impl AddAssign<&StreamCount> for StreamCount {
    fn add_assign(&mut self, other: &StreamCount) {
        self.input += other.input;
        self.made += other.made;
        self.out += other.out;
        self.filtered += other.filtered;
        self.late += other.late;
        self.errors += other.errors;
        self.duplicates += other.duplicates;
        self.absorbed += other.absorbed;
        self.held += other.held;
    }
}

impl AddAssign<&SinkCount> for SinkCount {
    fn add_assign(&mut self, other: &SinkCount) {
        self.stream += &other.stream;
        self.written += other.written;
        self.failed += other.failed;
        self.unwritten += other.unwritten;
    }
}

impl AddAssign<&Ledger> for Ledger {
    fn add_assign(&mut self, other: &Ledger) {
        for (name, count) in &other.sources {
            *self.sources.entry(name.clone()).or_default() += count;
        }
        for (name, count) in &other.streams {
            *self.streams.entry(name.clone()).or_default() += count;
        }
        for (name, count) in &other.sinks {
            *self.sinks.entry(name.clone()).or_default() += count;
        }
    }
}
