//! The one loop that pulls a source: it numbers what comes, holds back while too much is on its way, and hands over
//! events, ticks of the clock, barriers and the end in their place.

use super::budget::Budget;
use super::control::Control;
use super::delivery::Ending;
use super::feed::{Feed, Numbered, Raw, Ready, ReadyKind};
use super::gate::Gate;
use super::task::{Progress, Task};
use crate::error::Result;
use crate::source::{
    Columns, PayloadData, Payloads, Polled, Position, Source, SplitEvent, SplitName,
};
use crate::time::{Clock, Micros, Timestamp};
use std::sync::Arc;

/// How often the clock is looked at while nothing comes.
const TICK: Micros = 200_000;

/// Settings of a source's loop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// At most so many rows make a piece, where the source hands over messages.
    pub(super) rows: usize,
    /// About so many bytes are asked for at a time.
    pub(super) bytes: usize,
    /// At most so many entries are on their way to the sequencer.
    pub(super) entries: u64,
    /// Whether the clock matters while nothing comes: it does not for inputs that end by themselves.
    pub(super) ticks: bool,
}

/// The loop of one source.
pub(super) struct SourceTask {
    pub(super) name: String,
    pub(super) source: Box<dyn Source>,
    pub(super) feed: Arc<Feed>,
    pub(super) budget: Arc<Budget>,
    pub(super) control: Arc<Control>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) gates: Vec<Arc<Gate>>,
    pub(super) pace: Pace,
    pub(super) state: LoopState,
}

/// Where the loop is.
#[derive(Debug, Default)]
pub(super) struct LoopState {
    /// The number of the next entry.
    next: u64,
    /// The last barrier that was handed over.
    barrier: u64,
    /// Whether all that there was has been read, as far as was said.
    quiet: bool,
    /// What the clock showed at the last entry.
    last: Timestamp,
    /// Since when the source has not been asked, because too much is on its way.
    held: Option<Timestamp>,
    /// Whether the end was handed over.
    ended: bool,
}

impl LoopState {
    /// Before the first entry; barriers up to this one were handed over by an earlier run.
    pub(super) fn after(barrier: u64) -> Self {
        Self { barrier, ..Self::default() }
    }
}

impl Task for SourceTask {
    fn name(&self) -> &str {
        &self.name
    }

    fn run(&mut self) -> Result<Progress> {
        self.acknowledge()?;
        if self.state.ended {
            return self.close();
        }
        self.losses();
        let barrier = self.control.barrier();
        if barrier > self.state.barrier {
            self.state.barrier = barrier;
            self.held_back();
            self.entry(ReadyKind::Barrier(barrier));
        }
        if self.control.stopping() {
            return Ok(self.end(Ending::Stopped));
        }
        let behind = self.state.next - self.feed.taken();
        if behind >= self.pace.entries || !self.budget.has_room() {
            self.state.held.get_or_insert_with(|| self.clock.now());
            return Ok(Progress::Waiting);
        }
        if self.state.held.is_some_and(|since| self.clock.now() >= since.saturating_add(TICK)) {
            self.held_back();
        }
        self.state.held = None;
        if !self.gates.iter().all(|it| it.is_open()) {
            self.tick();
            return Ok(Progress::Waiting);
        }
        self.poll()
    }
}

impl SourceTask {
    fn poll(&mut self) -> Result<Progress> {
        let polled = self.source.poll(self.pace.bytes).map_err(|it| it.at(&self.name))?;
        match polled {
            Polled::Payloads(payloads) => self.payloads(payloads),
            Polled::Columns(columns) => self.columns(&columns),
            Polled::Split(split, event) => self.event(split, event),
            Polled::Pending => {
                if !std::mem::replace(&mut self.state.quiet, true) {
                    self.entry(ReadyKind::CaughtUp);
                }
                self.tick();
                return Ok(Progress::Waiting);
            }
            Polled::End => return Ok(self.end(Ending::Ended)),
        }
        Ok(Progress::More)
    }

    fn event(&mut self, split: SplitName, event: SplitEvent) {
        if event == SplitEvent::Live {
            self.state.quiet = false;
        }
        self.entry(ReadyKind::Split(split, event));
    }

    /// Hands payloads over, messages in pieces of at most so many rows.
    fn payloads(&mut self, payloads: Payloads) {
        self.state.quiet = false;
        let Payloads { split, data, received, position } = payloads;
        let messages = match data {
            PayloadData::Messages(messages) => messages,
            data @ PayloadData::Stream(_) => {
                return self.payload(Payloads { split, data, received, position });
            }
        };
        let pieces = messages.len().div_ceil(self.pace.rows).max(1);
        let mut messages = messages.into_iter();
        for i in 0..pieces {
            let data = PayloadData::Messages(messages.by_ref().take(self.pace.rows).collect());
            // Only behind the last piece is the position reached.
            let position = if i + 1 == pieces { position.clone() } else { Position::new() };
            self.payload(Payloads { split: split.clone(), data, received, position });
        }
    }

    fn payload(&mut self, payloads: Payloads) {
        let bytes = match &payloads.data {
            PayloadData::Stream(bytes) => bytes.len(),
            PayloadData::Messages(messages) => {
                messages.iter().map(|it| it.payload.len() + size_of_val(it)).sum()
            }
        };
        self.piece(Raw::Payloads(payloads), bytes);
    }

    /// Hands rows over in pieces of at most so many.
    fn columns(&mut self, columns: &Columns) {
        self.state.quiet = false;
        let rows = columns.rows.num_rows();
        let pieces = rows.div_ceil(self.pace.rows).max(1);
        // Slices share their memory: each is charged for its part.
        let bytes = columns.rows.get_array_memory_size() / pieces;
        for i in 0..pieces {
            let from = i * self.pace.rows;
            let last = i + 1 == pieces;
            let piece = Columns {
                split: columns.split.clone(),
                rows: columns.rows.slice(from, self.pace.rows.min(rows - from)),
                received: columns.received,
                position: if last { columns.position.clone() } else { Position::new() },
                rejected: if last { columns.rejected.clone() } else { Vec::new() },
            };
            self.piece(Raw::Columns(piece), bytes);
        }
    }

    fn piece(&mut self, raw: Raw, bytes: usize) {
        let charge = self.budget.charge(bytes);
        let clock = self.clock.now();
        let number = self.number(clock);
        self.feed.push(Numbered { number, raw, clock, charge }, bytes);
    }

    fn entry(&mut self, kind: ReadyKind) {
        let clock = self.clock.now();
        let number = self.number(clock);
        self.feed.ready(number, Ready { clock, kind });
    }

    fn number(&mut self, clock: Timestamp) -> u64 {
        self.state.last = clock;
        self.state.next += 1;
        self.state.next - 1
    }

    /// Lets the clock be looked at, if it has gone on since the last entry.
    fn tick(&mut self) {
        if self.pace.ticks && self.clock.now() >= self.state.last.saturating_add(TICK) {
            self.entry(ReadyKind::Tick);
        }
    }

    /// Says that the source was not asked for rows, if so: what waits there is not known.
    fn held_back(&mut self) {
        if self.pace.ticks && self.state.held.is_some() {
            self.state.quiet = false;
            self.entry(ReadyKind::HeldBack);
        }
    }

    fn losses(&mut self) {
        let (skipped, dropped) = self.source.losses();
        if skipped + dropped > 0 {
            self.entry(ReadyKind::Losses(skipped, dropped));
        }
    }

    /// Tells the source what has entered the engine.
    fn acknowledge(&mut self) -> Result<()> {
        for (split, position) in self.feed.acknowledged() {
            self.source.acknowledge(&split, &position).map_err(|it| it.at(&self.name))?;
        }
        Ok(())
    }

    fn end(&mut self, ending: Ending) -> Progress {
        self.losses();
        self.entry(ReadyKind::Last(ending));
        self.state.ended = true;
        Progress::More
    }

    /// Closes the source, once everything that was read is in the engine and acknowledged.
    fn close(&mut self) -> Result<Progress> {
        if self.feed.taken() < self.state.next {
            return Ok(Progress::Waiting);
        }
        self.acknowledge()?;
        self.source.close().map_err(|it| it.at(&self.name))?;
        Ok(Progress::Done)
    }
}
