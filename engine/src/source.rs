//! Sources: rows from outside. A source is pulled, never blocks, and owns no loop.
//!
//! ```text
//!  runtime                                  source
//!     │ poll(limit) ───────────────────────► │  Payloads | Columns, with the position behind them
//!     │                                      │  Split(Begun | Ended | Disconnected | Paused | Live)
//!     │                                      │  Pending (the waker is called when there is more) | End
//!     │ acknowledge(split, position) ──────► │  what stands before this position is safe
//! ```
//!
//! Watermarks, idleness and positions are per split (a file, a partition, a subscription). The runtime owns the loop,
//! batching, rate limits, barriers and shutdown.

use crate::codec::{Decoder, Framing};
use crate::error::Result;
use crate::interrupt::Interrupt;
use crate::reason::RejectedPayload;
use crate::time::{Clock, Timestamp};
use arrow::array::RecordBatch;
use bytes::Bytes;
use dsl::catalog::SourceRule;
use dsl::plan::SourcePlan;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Waker;

/// One independent sequence of a source, by a stable name (the path, `topic/3`).
pub type SplitName = Arc<str>;

/// Where reading goes on: the source's own text, empty for the beginning. Stored in checkpoints.
pub type Position = String;

/// An open source.
pub trait Source: Send {
    /// What there is, at most about `limit` bytes of it. Never blocks. After `End` it is not called again.
    fn poll(&mut self, limit: usize) -> Result<Polled>;

    /// Rows of `split` up to `position` are safe: in the engine now, in a checkpoint once there are durable ones.
    fn acknowledge(&mut self, split: &SplitName, position: &Position) -> Result<()>;

    /// Rows that were left out or lost since the last call: (skipped, dropped).
    fn losses(&mut self) -> (u64, u64) {
        (0, 0)
    }

    /// Closes connections in an orderly way; nothing is polled after it.
    fn close(&mut self) -> Result<()> {
        Ok(())
    }
}

/// What a poll brought.
#[derive(Debug)]
pub enum Polled {
    /// Payloads for the decoder.
    Payloads(Payloads),
    /// Columns from a source that needs no decoder.
    Columns(Columns),
    /// Something about a split.
    Split(SplitName, SplitEvent),
    /// Nothing now; the waker given at `open` is called when there is more.
    Pending,
    /// Nothing any more.
    End,
}

/// What happens to a split. A split that was announced and has not begun holds the watermark back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitEvent {
    /// It exists and nothing of it was read yet.
    Announced,
    /// Connected, being read; also again after `Disconnected` or `Paused`.
    Live,
    /// It has nothing to read now and everything it had was read: it may become idle.
    CaughtUp,
    /// It cannot be read now: not idle.
    Disconnected,
    /// It is not being read now, since we hold it back: not idle.
    Paused,
    /// It ended and does not count any more.
    Ended,
}

/// Payloads of one split, in order.
#[derive(Clone, Debug)]
pub struct Payloads {
    /// Which split.
    pub split: SplitName,
    /// The payloads.
    pub data: PayloadData,
    /// When they were received.
    pub received: Timestamp,
    /// Where reading goes on behind them.
    pub position: Position,
}

/// The bytes of payloads.
#[derive(Clone, Debug)]
pub enum PayloadData {
    /// A piece of a byte stream, cut at the end of a record by the format's [`Framing`].
    Stream(Bytes),
    /// Messages.
    Messages(Vec<Message>),
}

/// One message.
#[derive(Clone, Debug, Default)]
pub struct Message {
    /// What the decoder reads.
    pub payload: Bytes,
    /// The topic it came by.
    pub topic: Option<Arc<str>>,
    /// What the topic's captures caught, in the order of [`SourceDef::captures`].
    pub captures: Vec<String>,
    /// Its key.
    pub key: Option<Bytes>,
    /// Its partition.
    pub partition: Option<i64>,
    /// Its offset there.
    pub offset: Option<i64>,
    /// Its headers; none where the transport has none. Of two of one name the last counts.
    pub headers: Option<Vec<(String, String)>>,
    /// When it is worth nothing any more, where whoever sent it said so.
    pub expires: Option<Timestamp>,
    /// Why the source lets no row be made of it: it goes to the error stream as it is.
    pub refused: Option<String>,
}

/// Rows that need no decoder: their columns are those of the source, in order (those nobody reads may be all null).
#[derive(Clone, Debug)]
pub struct Columns {
    /// Which split.
    pub split: SplitName,
    /// The rows.
    pub rows: RecordBatch,
    /// What the declared schema refused (a value out of bounds, a null where none may stand): not in `rows`.
    pub rejected: Vec<RejectedPayload>,
    /// When they were received.
    pub received: Timestamp,
    /// Where reading goes on behind them.
    pub position: Position,
}

/// All that a source is opened with.
pub struct SourceContext {
    /// The name of the pipeline: the file's stem.
    pub pipeline: String,
    /// Where reading goes on, by split; a split that is not there is new.
    pub positions: BTreeMap<SplitName, Position>,
    /// Cuts byte streams into records, where the format can; one for each stream that is read.
    pub framing: MakeFraming,
    /// Which of the plan's columns anybody reads, in their order.
    pub needed: Vec<bool>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Called when a pending source has more.
    pub waker: Waker,
    /// For I/O only.
    pub io: tokio::runtime::Handle,
    /// Ends the opening early: what waits for somebody else looks here.
    pub interrupt: Interrupt,
    /// How many bytes may be waiting inside the source.
    pub budget: usize,
}

/// A word of the vocabulary that is a source.
pub trait SourceDef: SourceRule {
    /// The columns that topic captures fill, in order.
    fn captures(&self, _plan: &SourcePlan) -> Vec<String> {
        Vec::new()
    }

    /// Opens it. What cannot work (a bad host, a missing file, a wrong password) is an error within seconds.
    fn open(&self, plan: &SourcePlan, context: SourceContext) -> Result<Box<dyn Source>>;
}

/// Makes what cuts one byte stream; none where the format cuts none.
pub type MakeFraming = Arc<dyn Fn() -> Option<Box<dyn Framing>> + Send + Sync>;

/// Makes a decoder for each worker.
pub type MakeDecoder = Arc<dyn Fn() -> Result<Box<dyn Decoder>> + Send + Sync>;
