//! How a task learns that there is something to do.

use crossbeam::sync::Unparker;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;

/// Raised by whoever gives a task something to do; lowered by whoever runs it.
#[derive(Debug)]
pub(super) struct Signal {
    raised: AtomicBool,
    worker: Unparker,
}

impl Signal {
    /// Raised, so that every task runs once at the start. `worker` is woken with it.
    pub(super) fn new(worker: Unparker) -> Arc<Self> {
        Arc::new(Self { raised: AtomicBool::new(true), worker })
    }

    /// There is something to do.
    pub(super) fn raise(&self) {
        if !self.raised.swap(true, Ordering::AcqRel) {
            self.worker.unpark();
        }
    }

    /// The same, by the worker itself. It must not be woken by that: it is awake, and would not sleep when it next wants to.
    pub(super) fn raise_here(&self) {
        self.raised.store(true, Ordering::Release);
    }

    /// Whether there is something to do; if so, the caller does it.
    pub(super) fn lower(&self) -> bool {
        // Mostly there is nothing to do, and a look costs less than a swap.
        self.is_raised() && self.raised.swap(false, Ordering::AcqRel)
    }

    /// Whether there is something to do.
    pub(super) fn is_raised(&self) -> bool {
        self.raised.load(Ordering::Acquire)
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.raise();
    }
}
