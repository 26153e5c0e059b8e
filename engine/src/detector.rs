//! Detectors: how one is described ([`DetectorDef`]) and what runs ([`Detector`]), in the frame of the step `detect`.
//!
//! ```text
//!  rows ──► inputs worked out ──► key ids ──► Detector::run ──► Findings ──► seven columns
//!             │ faulty rows are      │           │ its state,     │ incidents: start, rest
//!             └ refused              │           │ by key id      │
//!                                    └ state of a key that was not seen for too long is forgotten before the row
//! ```
//!
//! A detector is one file: it takes numbers and says, a reading at a time, how strange each one is. It knows nothing of
//! batches, columns, missing keys or incidents; those are the frame's. Its state is columns by dense key id.

mod findings;
mod inputs;
mod moments;
mod number;
mod tail;

pub use findings::{Finding, Findings, columns};
pub(crate) use findings::{Incidents, IncidentsCaptured};
pub use inputs::{Inputs, Setting, Settings};
pub(crate) use inputs::{constant, label, rest, rest_param};
pub(crate) use moments::{Moments, READING_MAX};
pub(crate) use number::short;
pub(crate) use tail::{SCORE_MAX, normal_score};

use crate::error::Result;
use crate::key::{KeyId, StateReader, StateWriter};
use crate::time::Timestamp;
use arrow::array::ArrayRef;
use dsl::diagnostic::Diagnostic;
use dsl::plan::Call;
use dsl::signature::Signature;
use std::ops::Range;

/// A word of the vocabulary that is a detector, and how to build what runs it.
pub trait DetectorDef: Sync {
    /// How it is typed.
    fn signature(&self) -> &Signature;

    /// Checks what types alone cannot say. Constants that are still open are left alone.
    fn check(&self, call: &Call, report: &mut Vec<Diagnostic>);

    /// Builds what runs. What it needs of each row, it asks `inputs` for.
    fn build(&self, call: &Call, inputs: &mut Inputs<'_>) -> Result<Box<dyn Detector>>;
}

/// A running detector.
pub trait Detector: Send {
    /// Works through readings in their order, and reports one finding for each.
    fn run(&mut self, readings: &Readings<'_>, findings: &mut Findings<'_>) -> Result<()>;

    /// Makes room for keys: all ids from now on are below `keys`.
    fn grow(&mut self, keys: usize);

    /// Forgets what is known about a key.
    fn forget(&mut self, key: KeyId);

    /// Moves every key to its new id, in ascending order, and drops those that are [`crate::key::GONE`].
    fn compact(&mut self, new_ids: &[KeyId]);

    /// About how many bytes of memory its state takes; asked about once a second.
    fn bytes(&self) -> usize {
        0
    }

    /// Captures the state, cheaply.
    fn capture(&mut self) -> Box<dyn DetectorCapture>;

    /// Takes back the state of these keys, which [`DetectorCapture::write`] wrote in this order.
    fn load(&mut self, keys: &[KeyId], from: &mut StateReader<'_>) -> Result<()>;
}

/// The state of a detector as it was when it was captured.
pub trait DetectorCapture: Send {
    /// Writes the state of these keys.
    fn write(&self, keys: &[KeyId], out: &mut StateWriter);
}

/// The readings to work through.
#[derive(Clone, Debug)]
pub struct Readings<'a> {
    /// The key of each row of the batch.
    pub keys: &'a [KeyId],
    /// The time of each row of the batch.
    pub times: &'a [Timestamp],
    /// What the detector asked for, in the order in which it did, for each row of the batch.
    pub inputs: &'a [ArrayRef],
    /// Which rows of the batch.
    pub rows: Range<usize>,
}
