//! What goes over an edge, and where it waits.
//!
//! Work goes in *rounds*: what a source reads at a time, or an event of a source without rows. Over each edge goes one
//! delivery a round and pair of tasks, also when it is empty. So whoever stands behind several tasks knows when it has
//! all of a round, and can put its rows in an order that does not depend on the number of tasks.

use super::budget::Charge;
use super::signal::Signal;
use crate::batch::Batch;
use crate::time::{Timestamp, Watermark};
use crate::watermark::{Activity, Reached, Silence};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The rows of a round for one task, and the mark behind them.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) pieces: Vec<Piece>,
    pub(super) mark: Mark,
    pub(super) charge: Charge,
}

/// Some rows of a round.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// How many steps had handed on a watermark in front of these rows: in a round, rows that a watermark set free come
    /// behind those that came in.
    pub(super) phase: u32,
    pub(super) batch: Batch,
}

/// What stands behind the rows of a round.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) reached: Reached,
    /// What the clock showed.
    pub(super) clock: Timestamp,
    /// When what its rows are made of was received.
    pub(super) received: Timestamp,
    /// A checkpoint: all rows up to here belong to it.
    pub(super) barrier: Option<u64>,
    /// Nothing comes behind it.
    pub(super) last: Option<Ending>,
}

impl Mark {
    /// Behind rows that nobody's clock was looked at for, when no more is known than how far they have come.
    pub(super) fn bare(watermark: Watermark, activity: Activity) -> Mark {
        Mark {
            reached: Reached { watermark, activity, silence: Silence::NEVER },
            clock: i64::MIN,
            received: i64::MIN,
            barrier: None,
            last: None,
        }
    }
}

/// Why nothing comes any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The input has ended.
    Ended,
    /// The run was told to stop.
    Stopped,
}

/// Where deliveries wait for a task: a lane for each task that sends them.
#[derive(Debug)]
pub(super) struct Inbox {
    lanes: Mutex<Vec<VecDeque<Delivery>>>,
    signal: Arc<Signal>,
}

impl Inbox {
    pub(super) fn new(lanes: usize, signal: Arc<Signal>) -> Arc<Self> {
        let lanes = (0..lanes).map(|_| VecDeque::new()).collect();
        Arc::new(Self { lanes: Mutex::new(lanes), signal })
    }

    pub(super) fn push(&self, lane: usize, delivery: Delivery) {
        lock(&self.lanes)[lane].push_back(delivery);
        self.signal.raise();
    }

    /// How many rows wait.
    pub(super) fn rows(&self) -> usize {
        let lanes = lock(&self.lanes);
        lanes.iter().flatten().flat_map(|it| &it.pieces).map(|it| it.batch.rows()).sum()
    }

    /// The next delivery of each of these lanes, if all have one.
    pub(super) fn take(&self, lanes: std::ops::Range<usize>) -> Option<Vec<Delivery>> {
        let mut all = lock(&self.lanes);
        if all[lanes.clone()].iter().any(VecDeque::is_empty) {
            return None;
        }
        all[lanes].iter_mut().map(VecDeque::pop_front).collect()
    }
}

/// Locks; a task that panicked fails the run, and what it left behind is not used.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
