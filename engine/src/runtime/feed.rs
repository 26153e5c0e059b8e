//! What a source hands over: numbered entries, decoded by many tasks, put in order again by one.
//!
//! ```text
//!                      ┌─► front 0 ─┐
//!  source ── pieces ───┼─► front 1 ─┼──► ready: 7 _ 9 10 ──► sequencer ──► stages, in order
//!     │  numbered      └─► front 2 ─┘            ▲
//!     └── events, ticks, barriers, the end ──────┘        acknowledgements ──► source
//! ```

use super::budget::Charge;
use super::delivery::{Ending, lock};
use super::exits::CutRows;
use super::signal::Signal;
use crate::ledger::{SourceCount, StreamCount};
use crate::source::{Columns, Payloads, Position, SplitEvent, SplitName};
use crate::time::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// What is decoded.
#[derive(Debug)]
pub(super) enum Raw {
    Payloads(Payloads),
    Columns(Columns),
}

/// A piece with its number.
#[derive(Debug)]
pub(super) struct Numbered {
    pub(super) number: u64,
    pub(super) raw: Raw,
    /// What the clock showed when it was read.
    pub(super) clock: Timestamp,
    /// Keeps its bytes charged until it is decoded.
    pub(super) charge: Charge,
}

/// What the sequencer takes in order.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) clock: Timestamp,
    pub(super) kind: ReadyKind,
}

#[derive(Debug)]
pub(super) enum ReadyKind {
    /// A decoded piece.
    Rows(Box<Decoded>),
    /// Something about a split.
    Split(SplitName, SplitEvent),
    /// Everything that there was has been read.
    CaughtUp,
    /// The source was not asked for rows for a while, since too much was on its way.
    HeldBack,
    /// The clock went on.
    Tick,
    /// A checkpoint.
    Barrier(u64),
    /// Rows that were left out or lost.
    Losses(u64, u64),
    /// Nothing comes any more.
    Last(Ending),
}

/// A decoded piece.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) split: SplitName,
    pub(super) position: Position,
    /// When it was received.
    pub(super) received: Timestamp,
    /// The rows at each exit of the source's stage.
    pub(super) cuts: Vec<CutRows>,
    /// The greatest and the least time of its rows.
    pub(super) newest: Option<Timestamp>,
    pub(super) oldest: Option<Timestamp>,
    /// What it adds to the counters: of the source, and of each pipe.
    pub(super) source: SourceCount,
    pub(super) pipes: Vec<StreamCount>,
    /// Keeps its bytes charged until it is sent.
    pub(super) charge: Charge,
}

/// Between a source and what decodes it.
#[derive(Debug)]
pub(super) struct Feed {
    pieces: Mutex<VecDeque<Numbered>>,
    ready: Mutex<BTreeMap<u64, Ready>>,
    acknowledged: Mutex<BTreeMap<SplitName, Position>>,
    /// How many entries the sequencer has taken.
    taken: AtomicU64,
    /// How many bytes all pieces had.
    bytes: AtomicU64,
    /// Whether no piece comes any more.
    closed: AtomicBool,
    pub(super) source: Arc<Signal>,
    pub(super) fronts: Vec<Arc<Signal>>,
    pub(super) sequencer: Arc<Signal>,
}

impl Feed {
    pub(super) fn new(
        source: Arc<Signal>,
        fronts: Vec<Arc<Signal>>,
        sequencer: Arc<Signal>,
    ) -> Arc<Self> {
        Arc::new(Self {
            pieces: Mutex::default(),
            ready: Mutex::default(),
            acknowledged: Mutex::default(),
            taken: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            source,
            fronts,
            sequencer,
        })
    }

    /// A piece to decode, of so many bytes.
    pub(super) fn push(&self, piece: Numbered, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        lock(&self.pieces).push_back(piece);
        self.fronts.iter().for_each(|it| it.raise());
    }

    /// The next piece to decode.
    pub(super) fn pop(&self) -> Option<Numbered> {
        lock(&self.pieces).pop_front()
    }

    /// An entry that needs no decoding any more.
    pub(super) fn ready(&self, number: u64, entry: Ready) {
        lock(&self.ready).insert(number, entry);
        self.sequencer.raise();
    }

    /// The entry of this number, if it is there.
    pub(super) fn take(&self, number: u64) -> Option<Ready> {
        let entry = lock(&self.ready).remove(&number)?;
        self.taken.store(number + 1, Ordering::Release);
        self.source.raise();
        Some(entry)
    }

    /// The last entry was taken: nothing is left to decode.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.fronts.iter().for_each(|it| it.raise());
    }

    /// Whether nothing is left to decode.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// How many entries the sequencer has taken.
    pub(super) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Acquire)
    }

    /// How many bytes all pieces so far had.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Rows up to here are in the engine.
    pub(super) fn acknowledge(&self, split: SplitName, position: Position) {
        lock(&self.acknowledged).insert(split, position);
        self.source.raise();
    }

    /// What was acknowledged since the last call.
    pub(super) fn acknowledged(&self) -> BTreeMap<SplitName, Position> {
        std::mem::take(&mut *lock(&self.acknowledged))
    }
}
