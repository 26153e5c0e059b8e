//! The newest few rows of side streams that nobody reads, for the summary.

use super::texts;
use crate::codec::Encoder;
use crate::error::Result;
use crate::operator::{LateRows, RefusedRows};
use crate::reason::RejectedPayload;
use dsl::plan::Side;
use std::collections::{BTreeMap, VecDeque};

/// How many are kept of each side stream.
const KEPT: usize = 3;

/// Longer texts are cut.
const LONGEST: usize = 200;

/// A row that nobody reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Why it is there: `type: …`, `late by 5s`.
    pub why: String,
    /// The payload or row.
    pub row: String,
}

/// The newest few, by binding and side.
#[derive(Clone, Debug, Default)]
pub struct Samples(BTreeMap<(String, Side), VecDeque<Sample>>);

impl Samples {
    /// All that are kept, in the order of their names; the newest of each stands last.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Side, &Sample)> {
        self.0.iter().flat_map(|((name, side), samples)| {
            samples.iter().map(move |it| (name.as_str(), *side, it))
        })
    }

    /// Adds those of another task.
    pub fn merge(&mut self, other: &Samples) {
        for ((name, side), samples) in &other.0 {
            for sample in samples {
                self.add(name, *side, sample.clone());
            }
        }
    }

    /// Keeps the newest of these payloads.
    pub fn rejected(&mut self, owner: &str, rejected: &[RejectedPayload]) {
        for it in newest(rejected) {
            let why = format!("{}: {}", it.fault.reason, it.fault.detail);
            let row = cut(&String::from_utf8_lossy(&it.payload));
            self.add(owner, Side::Errors, Sample { why, row });
        }
    }

    /// Keeps the newest of these rows.
    pub fn refused(
        &mut self,
        owner: &str,
        refused: &RefusedRows,
        shown: &mut dyn Encoder,
    ) -> Result<()> {
        let from = refused.faults.len().saturating_sub(KEPT);
        let rows = refused.rows.slice(from, refused.faults.len() - from);
        for (row, fault) in texts(&rows.columns, shown)?.iter().zip(&refused.faults[from..]) {
            let why = format!("{}: {}", fault.reason, fault.detail);
            self.add(owner, Side::Errors, Sample { why, row: cut(row) });
        }
        Ok(())
    }

    /// Keeps the newest of these rows.
    pub fn late(&mut self, owner: &str, rows: &LateRows, shown: &mut dyn Encoder) -> Result<()> {
        let from = rows.watermarks.len().saturating_sub(KEPT);
        let newest = rows.rows.slice(from, rows.watermarks.len() - from);
        for (i, row) in texts(&newest.columns, shown)?.iter().enumerate() {
            let by = rows.watermarks[from + i].saturating_sub(newest.times[i]);
            let why = format!("late by {}", dsl::value::format_duration(by));
            self.add(owner, Side::Late, Sample { why, row: cut(row) });
        }
        Ok(())
    }

    fn add(&mut self, name: &str, side: Side, sample: Sample) {
        let samples = self.0.entry((name.to_owned(), side)).or_default();
        samples.push_back(sample);
        if samples.len() > KEPT {
            samples.pop_front();
        }
    }
}

fn newest<T>(all: &[T]) -> &[T] {
    &all[all.len().saturating_sub(KEPT)..]
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
