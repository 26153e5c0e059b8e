//! What detectors find: the seven columns, and the incidents that anomalies of a key belong to.
//!
//! ```text
//!  readings of a key     .  .  A  A  A  .  .  A  .
//!  incident                    1  1  1        2          rest: 0
//!  incident                    1                         rest: 5    one row, then quiet for 5 readings
//! ```
//!
//! An incident begins with an anomaly and goes on while the readings behind it are anomalies or `rest` is not over. Its id
//! is told from what it is about (step, detector, key, start), so that it is the same in every run.

use crate::error::Result;
use crate::key::{KeyId, KeyList, StateReader, StateWriter};
use crate::keyed::{Captured, Keyed};
use crate::time::{Timestamp, format_timestamp};
use arrow::array::{ArrayRef, BooleanArray, Float64Array, StringArray};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use dsl::types::{Column, Type};
use std::fmt::Write;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// The columns that every detector adds, in order.
pub fn columns() -> Vec<Column> {
    vec![
        Column::new("score", Type::FLOAT.nullable()),
        Column::new("is_anomaly", Type::Bool.required()),
        Column::new("expected", Type::FLOAT.nullable()),
        Column::new("lower", Type::FLOAT.nullable()),
        Column::new("upper", Type::FLOAT.nullable()),
        Column::new("reason", Type::String.nullable()),
        Column::new("incident", Type::String.nullable()),
    ]
}

/// What is found about one reading.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Finding {
    /// How strange it is: −log10 of how likely something like it is.
    pub score: Option<f64>,
    /// Whether it is an anomaly.
    pub is_anomaly: bool,
    /// What was expected.
    pub expected: Option<f64>,
    /// What is below this is an anomaly.
    pub lower: Option<f64>,
    /// What is above this is an anomaly.
    pub upper: Option<f64>,
}

/// Takes the findings of one detector about one batch, in the order of its rows.
#[derive(Debug)]
pub struct Findings<'a> {
    incidents: &'a mut Incidents,
    keys: &'a KeyList,
    found: Vec<Finding>,
    reasons: Texts,
    ids: Texts,
}

/// Texts of some rows, one behind the other, and where each ends.
#[derive(Debug, Default)]
struct Texts {
    text: String,
    ends: Vec<i32>,
}

impl<'a> Findings<'a> {
    /// For so many rows of these keys.
    pub(crate) fn new(rows: usize, keys: &'a KeyList, incidents: &'a mut Incidents) -> Self {
        let (reasons, ids) = (Texts::default(), Texts::default());
        Self { incidents, keys, found: Vec::with_capacity(rows), reasons, ids }
    }

    /// The reading is null or not a number: nothing is found, and nothing is changed.
    #[inline]
    pub fn no_reading(&mut self) {
        self.found.push(Finding::default());
    }

    /// What is found about the next reading. `reason` writes a sentence; it is asked only where the reading is handed on
    /// as an anomaly.
    #[inline]
    pub fn found(
        &mut self,
        key: KeyId,
        time: Timestamp,
        mut finding: Finding,
        reason: impl FnOnce(&mut String),
    ) {
        finding.is_anomaly = self.incidents.step(key, time, finding.is_anomaly);
        self.found.push(finding);
        if finding.is_anomaly {
            self.reasons.add(reason);
            self.ids.add(|out| self.incidents.write_id(key, self.keys, out));
        }
    }

    /// The key begins anew.
    pub(crate) fn forget(&mut self, key: KeyId) {
        self.incidents.forget(key);
    }

    /// The columns, in the order of [`columns`].
    pub(crate) fn finish(self) -> Result<Vec<ArrayRef>> {
        let found = &self.found;
        let is_anomaly = BooleanBuffer::collect_bool(found.len(), |i| found[i].is_anomaly);
        Ok(vec![
            numbers(found, |it| it.score),
            Arc::new(BooleanArray::new(is_anomaly.clone(), None)),
            numbers(found, |it| it.expected),
            numbers(found, |it| it.lower),
            numbers(found, |it| it.upper),
            self.reasons.column(&is_anomaly)?,
            self.ids.column(&is_anomaly)?,
        ])
    }
}

/// A column of what is found.
fn numbers(found: &[Finding], of: impl Fn(&Finding) -> Option<f64>) -> ArrayRef {
    let values: Vec<f64> = found.iter().map(|it| of(it).unwrap_or_default()).collect();
    let known = BooleanBuffer::collect_bool(found.len(), |i| of(&found[i]).is_some());
    Arc::new(Float64Array::new(values.into(), Some(NullBuffer::new(known))))
}

impl Texts {
    fn add(&mut self, write: impl FnOnce(&mut String)) {
        write(&mut self.text);
        self.ends.push(self.text.len() as i32);
    }

    /// A column with the texts in these rows and null in the others.
    fn column(self, rows: &BooleanBuffer) -> Result<ArrayRef> {
        if self.ends.is_empty() {
            return Ok(Arc::new(StringArray::new_null(rows.len())));
        }
        let (mut ends, mut end) = (self.ends.into_iter(), 0);
        let mut offsets = Vec::with_capacity(rows.len() + 1);
        offsets.push(0);
        for has_text in rows {
            if has_text {
                end = ends.next().unwrap_or(end);
            }
            offsets.push(end);
        }
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        let (text, nulls) = (Buffer::from(self.text.into_bytes()), NullBuffer::new(rows.clone()));
        Ok(Arc::new(StringArray::try_new(offsets, text, Some(nulls))?))
    }
}

/// The incidents of one detector, by key.
#[derive(Debug)]
pub(crate) struct Incidents {
    state: Keyed<Incident>,
    /// How many readings an incident is quiet for after a row of it.
    rest: u32,
    /// Tells this detector from the others of a file.
    salt: u64,
}

/// The latest incident of a key.
#[derive(Clone, Copy, Debug, Default)]
struct Incident {
    start: Timestamp,
    /// How many incidents the key has had: tells those of one start apart.
    count: u32,
    /// How many readings it is quiet for from now on.
    quiet: u32,
    /// Whether an anomaly in the next reading belongs to it.
    open: bool,
}

/// The incidents as they were when they were captured.
#[derive(Debug)]
pub(crate) struct IncidentsCaptured(Captured<Incident>);

impl Incidents {
    /// For the detector `name` of the step `id`.
    pub(crate) fn new(id: &str, name: &str, rest: u32) -> Self {
        let salt = xxh3_64(format!("{id}/{name}").as_bytes());
        Self { state: Keyed::new(1, Incident::default()), rest, salt }
    }

    /// About how many bytes they take.
    pub(crate) fn bytes(&self) -> usize {
        self.state.bytes()
    }

    /// The next reading of a key; returns whether it is handed on as an anomaly.
    #[inline]
    fn step(&mut self, key: KeyId, time: Timestamp, is_anomaly: bool) -> bool {
        if !is_anomaly && !self.state.at(key).open {
            return false;
        }
        let incident = self.state.at_mut(key);
        let handed_on = is_anomaly && incident.quiet == 0;
        incident.quiet = incident.quiet.saturating_sub(1);
        if handed_on {
            if !incident.open {
                incident.start = time;
                incident.count += 1;
            }
            incident.quiet = self.rest;
        }
        incident.open = is_anomaly || incident.quiet > 0;
        handed_on
    }

    /// Writes the id of a key's incident: its start, then what tells it from all others.
    fn write_id(&self, key: KeyId, keys: &KeyList, out: &mut String) {
        let incident = self.state.at(key);
        let mut about = [0; 28];
        about[..8].copy_from_slice(&self.salt.to_le_bytes());
        about[8..16].copy_from_slice(&keys.hash(key).to_le_bytes());
        about[16..24].copy_from_slice(&incident.start.to_le_bytes());
        about[24..].copy_from_slice(&incident.count.to_le_bytes());
        out.push_str(&format_timestamp(incident.start));
        // Writing to a text cannot fail.
        let _written = write!(out, "-{:016x}", xxh3_64(&about));
    }

    /// Makes room for so many keys.
    pub(crate) fn grow(&mut self, keys: usize) {
        self.state.grow(keys);
    }

    /// Forgets the incidents of a key.
    pub(crate) fn forget(&mut self, key: KeyId) {
        self.state.reset(key);
    }

    /// Moves every key to its new id.
    pub(crate) fn compact(&mut self, new_ids: &[KeyId]) {
        self.state.compact(new_ids);
    }

    /// Captures them.
    pub(crate) fn capture(&mut self) -> IncidentsCaptured {
        IncidentsCaptured(self.state.capture())
    }

    /// Takes back the incidents of these keys.
    pub(crate) fn load(&mut self, keys: &[KeyId], from: &mut StateReader<'_>) -> Result<()> {
        for &key in keys {
            let (start, count) = (from.i64()?, from.u32()?);
            let incident = Incident { start, count, quiet: from.u32()?, open: from.bool()? };
            *self.state.at_mut(key) = incident;
        }
        Ok(())
    }
}

impl IncidentsCaptured {
    /// Writes the incidents of these keys.
    pub(crate) fn write(&self, keys: &[KeyId], out: &mut StateWriter) {
        for &key in keys {
            let incident = self.0.at(key);
            out.i64(incident.start);
            out.u32(incident.count);
            out.u32(incident.quiet);
            out.bool(incident.open);
        }
    }
}
