//! The byte budget: a source stops reading while too much of what it read is still on its way.
//!
//! ```text
//!  source ── payload ──► decode ── batch ──► queues, steps ── batch ──► sink
//!     ▲  charged           charged anew        charged anew      freed when it is taken
//!     └───────────────────────── woken when there is room again ◄──────┘
//! ```
//!
//! Each source has a share of its own: two sources of which one has to wait for the other cannot starve each other.

use super::signal::Signal;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The share of one source.
#[derive(Debug)]
pub(super) struct Budget {
    used: AtomicUsize,
    limit: usize,
    source: Arc<Signal>,
}

impl Budget {
    pub(super) fn new(limit: usize, source: Arc<Signal>) -> Arc<Self> {
        Arc::new(Self { used: AtomicUsize::new(0), limit, source })
    }

    /// Whether the source may read on.
    pub(super) fn has_room(&self) -> bool {
        self.used() < self.limit
    }

    /// Bytes on their way.
    pub(super) fn used(&self) -> usize {
        self.used.load(Ordering::Acquire)
    }

    /// From so many on the source has to wait.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Charges bytes until the charge is dropped. Never refused: what was read has to go somewhere.
    pub(super) fn charge(self: &Arc<Self>, bytes: usize) -> Charge {
        self.used.fetch_add(bytes, Ordering::AcqRel);
        Charge { budget: Arc::clone(self), bytes }
    }
}

/// Bytes on their way; freed when it is dropped.
#[derive(Debug)]
pub(super) struct Charge {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Charge {
    /// Whose bytes they are.
    pub(super) fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        let before = self.budget.used.fetch_sub(self.bytes, Ordering::AcqRel);
        if before >= self.budget.limit && before - self.bytes < self.budget.limit {
            self.budget.source.raise();
        }
    }
}
