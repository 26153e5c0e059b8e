//! What runs: a piece of work at a time, on any thread, never waiting.

use super::signal::Signal;
use crate::error::Result;
use std::sync::Arc;

/// A part of a running pipeline. It is run when its signal is raised, by one thread at a time.
pub(super) trait Task: Send {
    /// What messages call it.
    fn name(&self) -> &str;

    /// Does a piece of work: a round, a poll.
    fn run(&mut self) -> Result<Progress>;
}

/// How a task is getting on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// It did something, and there may be more.
    More,
    /// There is nothing to do until its signal is raised.
    Waiting,
    /// It will never do anything again.
    Done,
}

/// A task with its place.
pub(super) struct Slot {
    pub(super) task: Box<dyn Task>,
    pub(super) signal: Arc<Signal>,
    /// Which worker runs it.
    pub(super) worker: usize,
    /// Tasks further down the stream go first, so that little waits in between.
    pub(super) depth: usize,
    /// Whether it has to look at the clock now and then.
    pub(super) timed: bool,
}
