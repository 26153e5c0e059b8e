//! What all connections of one sink share: the bytes that wait, what was refused, and whom to wake.

use super::client::Outgoing;
use crate::common::lock;
use engine::batch::Batch;
use engine::error::Error;
use engine::reason::{Fault, Reason};
use engine::sink::Refused;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::Waker;

/// Shared by the sink and all of its outboxes.
pub(super) struct Pool {
    budget: usize,
    bytes: AtomicUsize,
    /// Messages that are not delivered as far as is known: acknowledged, or written to the network at QoS 0.
    open: AtomicUsize,
    /// The largest packet that every broker we reached takes.
    packet_max: AtomicUsize,
    /// Whether somebody waits for room, or for everything to be gone.
    waiting: AtomicBool,
    /// Whether somebody wants to know when everything is gone, and does nothing else meanwhile.
    watched: AtomicBool,
    waker: Waker,
    /// Whether somebody reads the rows that were refused.
    errors_read: bool,
    news: Mutex<News>,
}

#[derive(Default)]
struct News {
    failed: Option<Error>,
    refused: Vec<(Row, String)>,
    /// Whether it was said that the broker refuses messages.
    said: bool,
}

/// The row that a message was made of.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) batch: Arc<Batch>,
    pub(super) index: u32,
    /// The bytes of the batch, divided by its rows.
    pub(super) share: u32,
}

/// What is to be done about a message that the broker will not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Nobody reads error rows: the run ends.
    Ends,
    /// It becomes an error row, the first one.
    First,
    /// It becomes an error row like others before.
    Again,
}

impl Pool {
    pub(super) fn new(budget: usize, errors_read: bool, waker: Waker) -> Self {
        Self {
            budget,
            bytes: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            packet_max: AtomicUsize::new(usize::MAX),
            waiting: AtomicBool::new(false),
            watched: AtomicBool::new(false),
            waker,
            errors_read,
            news: Mutex::default(),
        }
    }

    // The sink's side.

    /// Whether there is room; if not, the waker will be called.
    pub(super) fn has_room(&self) -> Result<bool, Error> {
        self.check()?;
        let full = || self.bytes.load(SeqCst) >= self.budget && self.open.load(SeqCst) > 0;
        if full() {
            self.waiting.store(true, SeqCst);
        }
        // Again, since there may have been nobody to wake a moment ago.
        Ok(!full())
    }

    /// Whether everything was acknowledged; if not, the waker will be called.
    pub(super) fn is_empty(&self) -> Result<bool, Error> {
        self.check()?;
        if self.open.load(SeqCst) > 0 {
            self.waiting.store(true, SeqCst);
        }
        Ok(self.open.load(SeqCst) == 0)
    }

    /// What broke since the last call.
    pub(super) fn check(&self) -> Result<(), Error> {
        lock(&self.news).failed.take().map_or(Ok(()), Err)
    }

    /// Whether a row has to be kept until its message is done.
    pub(super) fn keeps_rows(&self) -> bool {
        self.errors_read
    }

    /// Bytes of messages that are not done.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(SeqCst)
    }

    /// Messages that are not known to be delivered, and those that were refused and not handed over yet. The waker is
    /// called when there are none any more.
    pub(super) fn unwritten(&self) -> u64 {
        if self.open.load(SeqCst) > 0 {
            self.watched.store(true, SeqCst);
        }
        (self.open.load(SeqCst) + lock(&self.news).refused.len()) as u64
    }

    /// The largest packet that the broker takes.
    pub(super) fn packet_max(&self) -> usize {
        self.packet_max.load(SeqCst)
    }

    /// The rows that were refused since the last call, by the batch that they stood in.
    pub(super) fn refused(&self) -> Vec<Refused> {
        let found = std::mem::take(&mut lock(&self.news).refused);
        let mut batches: BTreeMap<usize, (Arc<Batch>, Vec<Fault>)> = BTreeMap::new();
        for (Row { batch, index: row, .. }, detail) in found {
            // Rows of one batch share one pointer.
            let place = Arc::as_ptr(&batch) as usize;
            let (_, faults) = batches.entry(place).or_insert_with(|| (batch, Vec::new()));
            faults.push(Fault { row, reason: Reason::Sink, detail, column: None });
        }
        let refused = batches.into_values().map(|(batch, mut faults)| {
            faults.sort_by_key(|it| it.row);
            Refused { rows: Batch::clone(&batch), faults }
        });
        refused.collect()
    }

    // The side of the outboxes.

    /// A connection is there, and this is the largest packet that its broker takes.
    pub(super) fn limit(&self, packet_max: usize) {
        self.packet_max.fetch_min(packet_max, SeqCst);
    }

    /// A message was taken.
    pub(super) fn add(&self, message: &Outgoing, row: Option<&Row>) {
        self.bytes.fetch_add(bytes(message, row), SeqCst);
        self.open.fetch_add(1, SeqCst);
    }

    /// A message is done, one way or another.
    pub(super) fn remove(&self, message: &Outgoing, row: Option<&Row>) {
        let bytes = bytes(message, row);
        let left = self.bytes.fetch_sub(bytes, SeqCst) - bytes;
        let last = self.open.fetch_sub(1, SeqCst) == 1;
        let wake = (last || left < self.budget / 2) && self.waiting.swap(false, SeqCst);
        if wake | (last && self.watched.swap(false, SeqCst)) {
            self.waker.wake_by_ref();
        }
    }

    /// The broker will not take a message.
    pub(super) fn refuse(&self, row: Option<Row>, detail: String) -> Refusal {
        let (true, Some(row)) = (self.errors_read, row) else { return Refusal::Ends };
        let mut news = lock(&self.news);
        news.refused.push((row, detail));
        if std::mem::replace(&mut news.said, true) { Refusal::Again } else { Refusal::First }
    }

    /// Sending makes no sense any more.
    pub(super) fn fail(&self, error: Error) {
        lock(&self.news).failed.get_or_insert(error);
        self.waker.wake_by_ref();
    }
}

/// What a message takes, with its share of the batch that it keeps.
fn bytes(message: &Outgoing, row: Option<&Row>) -> usize {
    message.packet() + size_of::<Outgoing>() + row.map_or(0, |it| it.share as usize)
}
