//! Sinks: rows to outside. Like a source, a sink owns no loop and does not block for long.
//!
//! ```text
//!  runtime ── write(rows) ──► Taken | Busy (not taken: again later, the waker says when)
//!          ── prepare(n) ───► what commit(n) needs, saved with checkpoint n; or Busy
//!          ── commit(…) ────► makes epoch n visible; idempotent, so it can be repeated after a crash
//!          ── refused() ────► rows that were taken and turned out not to be writable, once each
//!          ── finish() ─────► the inputs have ended or the run stops: everything out, or Busy
//!          ── abandon() ────► the run has broken: what is not out by now stays unwritten
//! ```

use crate::batch::Batch;
use crate::claims::Claims;
use crate::codec::Encoder;
use crate::error::Result;
use crate::interrupt::Interrupt;
use crate::reason::Fault;
use crate::time::Clock;
use dsl::catalog::SinkRule;
use dsl::plan::SinkPlan;
use std::sync::Arc;
use std::task::Waker;

/// An open sink.
pub trait Sink: Send {
    /// Takes rows. `Taken` counts those that could not be written as failed; all others are written, or will be before
    /// `prepare` returns `Done`.
    fn write(&mut self, batch: &Batch) -> Result<Written>;

    /// Everything taken so far belongs to this epoch: get it ready, so that `commit` cannot fail for lack of data.
    fn prepare(&mut self, epoch: u64) -> Result<Prepared>;

    /// Makes what was prepared visible. Idempotent. Nothing is left to do where it is visible as soon as it is ready.
    fn commit(&mut self, _committable: Committable) -> Result<()> {
        Ok(())
    }

    /// The run is over: writes what is left and closes. `complete` tells whether all inputs have ended.
    fn finish(&mut self, complete: bool) -> Result<Finished>;

    /// Bytes held inside, for the byte budget.
    fn bytes(&self) -> usize;

    /// What it has sent since it was opened, and how often it had to try again. Asked after each write.
    fn sent(&self) -> Sent {
        Sent::default()
    }

    /// Rows that were taken and that turned out later not to be writable, because whoever takes them answers later. Each
    /// is handed over once, and from then on counts as failed; until then it is among the `unwritten`. Asked before each
    /// write and behind `prepare` and `finish`: when those are done, nothing may be left that turns out later.
    fn refused(&mut self) -> Vec<Refused> {
        Vec::new()
    }

    /// Rows that were taken and are not delivered, as far as the sink's promise goes: outside they would be missing if
    /// everything broke now. Those that were prepared and not committed are among them. Where there are any, the waker is
    /// called when there are none any more.
    fn unwritten(&self) -> u64;

    /// Whether nobody takes rows any more, as behind `| head`: what comes is not written, and the run has no reason to
    /// go on for this sink. The waker is called when that happens.
    fn is_deserted(&self) -> bool {
        false
    }

    /// What broke inside since it was asked for something last. Asked when the waker was called, so that trouble is known
    /// where no row comes.
    fn check(&mut self) -> Result<()> {
        Ok(())
    }

    /// The run has broken: stops where it is. What has not gone out by then does not any more.
    fn abandon(&mut self) {}
}

/// What a sink has sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Bytes of rows as their format writes them, before they are packed; they may still be on their way.
    pub bytes: u64,
    /// Tries that failed and were made again: requests, connections.
    pub retries: u64,
}

/// The answer to [`Sink::write`].
#[derive(Debug, PartialEq, Eq)]
pub enum Written {
    /// The rows were taken; these of them could not be written.
    Taken(Vec<Fault>),
    /// Not now: nothing was taken.
    Busy,
}

/// Rows of which each has a fault.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The rows, or the batch that they were in.
    pub rows: Batch,
    /// One fault for each row that could not be written; `row` is its place in `rows`. In the order of the rows.
    pub faults: Vec<Fault>,
}

/// The answer to [`Sink::prepare`].
#[derive(Debug, PartialEq, Eq)]
pub enum Prepared {
    /// Ready; hand this to `commit` once the checkpoint is safe.
    Done(Committable),
    /// Not yet: ask again.
    Busy,
}

/// The answer to [`Sink::finish`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finished {
    /// Everything is out.
    Done,
    /// Not yet: ask again.
    Busy,
}

/// What a sink needs to make an epoch visible, even in another process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committable {
    /// The epoch.
    pub epoch: u64,
    /// The sink's own bytes.
    pub bytes: Vec<u8>,
}

impl Prepared {
    /// Ready if `done`; `commit` needs nothing but the epoch.
    pub fn when(done: bool, epoch: u64) -> Self {
        let nothing = Committable { epoch, bytes: Vec::new() };
        if done { Prepared::Done(nothing) } else { Prepared::Busy }
    }
}

impl Finished {
    /// Everything is out if `done`.
    pub fn when(done: bool) -> Self {
        if done { Finished::Done } else { Finished::Busy }
    }
}

/// All that a sink is opened with.
pub struct SinkContext {
    /// The name of the pipeline: the file's stem.
    pub pipeline: String,
    /// Writes rows as bytes, where the sink has a format.
    pub encoder: Option<Box<dyn Encoder>>,
    /// Whether all its inputs end by themselves.
    pub bounded: bool,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Called when a busy sink can take more.
    pub waker: Waker,
    /// Whether somebody reads the rows that it could not write.
    pub errors_read: bool,
    /// For I/O only.
    pub io: tokio::runtime::Handle,
    /// Ends the opening early: what waits for somebody else looks here.
    pub interrupt: Interrupt,
    /// What the sinks of this run write to.
    pub claims: Claims,
    /// How many bytes may be waiting inside the sink.
    pub budget: usize,
}

/// A word of the vocabulary that is a sink.
pub trait SinkDef: SinkRule {
    /// Opens it. What cannot work (an unwritable folder, an unreachable server) is an error within seconds.
    fn open(&self, plan: &SinkPlan, context: SinkContext) -> Result<Box<dyn Sink>>;
}
