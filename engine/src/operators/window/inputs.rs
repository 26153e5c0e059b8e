//! From a batch to ids of keys and values of arguments.

use super::calls::{Arguments, Calls};
use crate::batch::Batch;
use crate::error::Result;
use crate::key::{KeyId, KeyInterner};
use crate::reason::Fault;

/// Reads batches.
#[derive(Debug)]
pub(super) struct Inputs {
    calls: Calls,
    /// The keys of this task.
    pub(super) keys: KeyInterner,
    /// Above how many keys it is worth to look which of them are still needed.
    sweep_at: usize,
}

/// The least number of keys that are looked through for those not needed any more.
const SWEEP_MIN: usize = 4096;

impl Inputs {
    /// For rows whose key columns stand at these places.
    pub(super) fn new(calls: &Calls, keys: Vec<usize>) -> Self {
        Self { calls: calls.clone(), keys: KeyInterner::new(keys), sweep_at: SWEEP_MIN }
    }

    /// The ids of the rows' keys.
    pub(super) fn ids(&mut self, batch: &Batch, ids: &mut Vec<KeyId>) -> Result<()> {
        self.keys.intern(&batch.columns, ids)
    }

    /// The values of the arguments, and the rows for which one could not be worked out.
    pub(super) fn arguments(&self, batch: &Batch) -> Result<(Arguments, Vec<Fault>)> {
        self.calls.arguments(batch)
    }

    /// Whether keys have piled up, and it should be seen which of them are needed: see [`Inputs::sweep`].
    pub(super) fn is_full(&self) -> bool {
        self.keys.len() >= self.sweep_at
    }

    /// Forgets the keys that are not `live`; the new id of each old one, if any is forgotten.
    pub(super) fn sweep(&mut self, live: &[bool]) -> Option<Vec<KeyId>> {
        let left = live.iter().filter(|it| **it).count();
        // Below a half it is not worth to move everything.
        let moved = (left * 2 <= live.len()).then(|| self.keys.compact(|id| live[id as usize]));
        self.sweep_at = (left * 2).max(SWEEP_MIN).max(self.keys.len() + 1);
        moved
    }
}
