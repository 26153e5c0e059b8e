//! The keys of a step, for as long as what is known of each counts.
//!
//! ```text
//!  saved for a key group:  its keys │ until when each counts │ what the step keeps of them
//! ```

use super::{Captured, Expiry, NEVER, open};
use crate::batch::Batch;
use crate::error::Result;
use crate::key::{KeyId, KeyInterner, KeyList, StateReader, StateWriter, places, save_by_group};
use crate::snapshot::Section;
use crate::time::{Micros, Timestamp, Watermark};
use dsl::types::Column;
use std::sync::Arc;

/// The keys that a task has seen and not forgotten.
#[derive(Debug)]
pub(crate) struct LiveKeys {
    pub(crate) keys: KeyInterner,
    pub(crate) expiry: Expiry,
    /// The key of each row of the batch at hand.
    pub(crate) ids: Vec<KeyId>,
}

/// The keys as they were when they were captured.
#[derive(Debug)]
pub(crate) struct LiveKeysCaptured {
    keys: Arc<KeyList>,
    until: Captured<Timestamp>,
}

impl LiveKeys {
    /// Keys of these columns of the input; a key counts for so long behind the row that it is from.
    pub(crate) fn new(by: &[String], input: &[Column], after: Micros) -> Result<Self> {
        let keys = KeyInterner::new(places(by, input)?);
        Ok(Self { keys, expiry: Expiry::new(after), ids: Vec::new() })
    }

    /// How many keys there are: ids are below this.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Finds the key of each row of a batch.
    pub(crate) fn intern(&mut self, batch: &Batch) -> Result<()> {
        self.keys.intern(&batch.columns, &mut self.ids)?;
        self.expiry.grow(self.keys.len());
        Ok(())
    }

    /// Forgets keys that cannot count any more: see [`Expiry::sweep`].
    pub(crate) fn sweep(&mut self, watermark: Watermark) -> Option<Vec<KeyId>> {
        self.expiry.sweep(watermark, &mut self.keys)
    }

    /// About how many bytes they take.
    pub(crate) fn bytes(&self) -> usize {
        self.keys.bytes() + self.expiry.bytes()
    }

    /// Captures it.
    pub(crate) fn capture(&mut self) -> LiveKeysCaptured {
        LiveKeysCaptured { keys: Arc::clone(self.keys.list()), until: self.expiry.capture() }
    }

    /// Takes back the keys of a section that [`LiveKeysCaptured::save`] made for `word`. What the step keeps of them
    /// comes next.
    pub(crate) fn restore<'a>(
        &mut self,
        section: &'a Section,
        version: u16,
        word: &str,
    ) -> Result<(Vec<KeyId>, StateReader<'a>)> {
        let mut from = open(section, version, word)?;
        let keys = self.keys.restore(&mut from)?;
        self.expiry.grow(self.keys.len());
        for &key in &keys {
            self.expiry.restore(key, from.i64()?);
        }
        Ok((keys, from))
    }
}

impl LiveKeysCaptured {
    /// A section a key group; `write` appends what the step keeps of these keys.
    pub(crate) fn save(
        &self,
        version: u16,
        mut write: impl FnMut(&[KeyId], &mut StateWriter) -> Result<()>,
    ) -> Result<Vec<Section>> {
        let live = |key: KeyId| *self.until.at(key) != NEVER;
        save_by_group(&self.keys, version, live, |keys, out| {
            for &key in keys {
                out.i64(*self.until.at(key));
            }
            write(keys, out)
        })
    }
}
