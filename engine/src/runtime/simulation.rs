//! Runs tasks one after the other under a seed: the same seed, the same order of everything.
//!
//! For tests under a manual clock. There are as many tasks as with threads, and the seed decides which of those that have
//! something to do goes next.

use super::control::Checkpoint;
use super::task::{Progress, Slot};
use super::threads;
use super::{Ended, Job, Outcome, Shared};
use crate::error::{Error, Result};
use std::sync::Arc;

/// A run without threads.
pub struct Simulation {
    slots: Vec<Slot>,
    shared: Arc<Shared>,
    random: u64,
}

impl Simulation {
    /// A run that has not begun.
    pub(super) fn new(job: Job, seed: u64) -> Self {
        Self { slots: job.slots, shared: job.shared, random: seed.wrapping_mul(2).wrapping_add(1) }
    }

    /// Runs until no task has anything to do; sources look at the clock.
    pub fn settle(&mut self) -> Result<()> {
        self.settle_until(|_| false)
    }

    /// Runs until no task has anything to do, or `enough` says so between two pieces of work.
    fn settle_until(&mut self, enough: impl Fn(&Shared) -> bool) -> Result<()> {
        self.slots.iter().filter(|it| it.timed).for_each(|it| it.signal.raise());
        while let Some(i) = self.pick().filter(|_| !enough(&self.shared)) {
            self.slots[i].signal.lower();
            match threads::run(&mut self.slots[i])? {
                Progress::More => self.slots[i].signal.raise(),
                Progress::Waiting => {}
                Progress::Done => drop(self.slots.swap_remove(i)),
            }
        }
        Ok(())
    }

    /// One of the tasks that have something to do.
    fn pick(&mut self) -> Option<usize> {
        let ready: Vec<usize> =
            (0..self.slots.len()).filter(|&i| self.slots[i].signal.is_raised()).collect();
        if ready.is_empty() {
            return None;
        }
        // Marsaglia's xorshift: enough to try many orders, and the same on every machine.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        Some(ready[(self.random % ready.len() as u64) as usize])
    }

    /// How far the run has come.
    pub fn progress(&self) -> super::Progress {
        self.shared.progress()
    }

    /// Whether every task has ended.
    pub fn has_ended(&self) -> bool {
        self.slots.is_empty()
    }

    /// Takes a checkpoint at what was read so far.
    pub fn checkpoint(&mut self) -> Result<Checkpoint> {
        self.shared.control.request();
        self.settle()?;
        self.shared
            .control
            .checkpoint()
            .ok_or_else(|| Error::bug("a checkpoint did not come to its end"))
    }

    /// Takes a checkpoint and crashes as soon as it is complete: sinks have got their epoch ready, and not all of them
    /// have committed it.
    pub fn crash_at_checkpoint(mut self) -> Result<Checkpoint> {
        self.shared.control.request();
        self.settle_until(|it| it.control.complete_checkpoint().is_some())?;
        let found = self.shared.control.complete_checkpoint();
        found.ok_or_else(|| Error::bug("a checkpoint did not come to its end"))
    }

    /// Tells the run to stop, and lets it.
    pub fn stop(&mut self) -> Result<()> {
        self.shared.control.stop();
        self.settle()
    }

    /// What came of it; the run is over.
    pub fn finish(self) -> Outcome {
        let ended = match (self.slots.is_empty(), self.shared.control.stopping()) {
            (true, false) => Ended::Finished,
            _ => Ended::Stopped,
        };
        self.shared.outcome(ended)
    }
}
