//! Holds a source back that is read when another one has ended (`concat`).

use super::signal::Signal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Closed until what stands before it has ended.
#[derive(Debug)]
pub(super) struct Gate {
    open: AtomicBool,
    source: Arc<Signal>,
}

impl Gate {
    /// A closed gate in front of a source.
    pub(super) fn new(source: Arc<Signal>) -> Arc<Self> {
        Arc::new(Self { open: AtomicBool::new(false), source })
    }

    pub(super) fn open(&self) {
        if !self.open.swap(true, Ordering::AcqRel) {
            self.source.raise();
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }
}
