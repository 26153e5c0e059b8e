//! A run at one moment.

use crate::machine::Usage;
use engine::ledger::{SinkCount, SourceCount, StreamCount};
use engine::notes::Notes;
use engine::runtime::Progress;
use engine::time::{Timestamp, Watermark};

/// What metrics are made of.
pub struct Sample<'a> {
    /// The name of the pipeline.
    pub pipeline: &'a str,
    /// What the tasks have told.
    pub progress: Progress,
    /// What the clock shows.
    pub now: Timestamp,
    /// How long the run has been going on.
    pub seconds: f64,
    /// What the process has used, where the system tells.
    pub usage: Option<Usage>,
}

impl Sample<'_> {
    pub(super) fn notes(&self) -> &Notes {
        &self.progress.notes
    }

    pub(super) fn sources(&self, mut each: impl FnMut(&str, &SourceCount)) {
        self.progress.ledger.sources.iter().for_each(|(name, it)| each(name, it));
    }

    pub(super) fn streams(&self, mut each: impl FnMut(&str, &StreamCount)) {
        self.progress.ledger.streams.iter().for_each(|(name, it)| each(name, it));
    }

    pub(super) fn sinks(&self, mut each: impl FnMut(&str, &SinkCount)) {
        self.progress.ledger.sinks.iter().for_each(|(name, it)| each(name, it));
    }

    /// The watermarks that are known.
    pub(super) fn watermarks(&self, mut each: impl FnMut(&str, Timestamp)) {
        for (name, watermark) in &self.progress.watermarks {
            if let Some(time) = watermark.and_then(Watermark::time) {
                each(name, time);
            }
        }
    }
}
