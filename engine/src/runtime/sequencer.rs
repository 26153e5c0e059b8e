//! Puts what the front tasks decoded in the order of the source, and adds what depends on what came before: stamps,
//! watermarks, marks.

use super::budget::Budget;
use super::control::{Control, Saved, TaskId};
use super::delivery::{Ending, Mark, lock};
use super::exits::Exit;
use super::feed::{Decoded, Feed, Ready, ReadyKind};
use super::published::{Board, Counts};
use super::splits::Splits;
use super::task::{Progress, Task};
use crate::batch::Batch;
use crate::error::Result;
use crate::source::{Position, SplitName};
use crate::time::{Timestamp, Watermark};
use crate::watermark::{Activity, Reached};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The task that puts a source's rows in order.
pub(super) struct Sequencer {
    pub(super) name: String,
    pub(super) id: TaskId,
    pub(super) feed: Arc<Feed>,
    pub(super) budget: Arc<Budget>,
    pub(super) control: Arc<Control>,
    pub(super) splits: Splits,
    /// Where reading goes on, by split.
    pub(super) positions: BTreeMap<SplitName, Position>,
    pub(super) exits: Vec<Exit>,
    pub(super) counts: Counts,
    pub(super) board: Board,
    pub(super) next: u64,
    /// The watermark and activity that were handed on last.
    pub(super) told: (Watermark, Activity),
    pub(super) done: bool,
}

impl Task for Sequencer {
    fn name(&self) -> &str {
        &self.name
    }

    fn run(&mut self) -> Result<Progress> {
        if self.done {
            return Ok(Progress::Done);
        }
        let Some(Ready { clock, kind }) = self.feed.take(self.next) else {
            return Ok(Progress::Waiting);
        };
        self.next += 1;
        match kind {
            ReadyKind::Rows(decoded) => self.rows(*decoded, clock),
            ReadyKind::Split(split, event) => {
                self.splits.event(&split, event, clock);
                self.send_news(clock);
            }
            ReadyKind::CaughtUp => {
                self.splits.caught_up();
                self.send_news(clock);
            }
            ReadyKind::HeldBack => self.splits.held_back(),
            ReadyKind::Tick => self.send_mark(clock, None, None),
            ReadyKind::Losses(skipped, dropped) => {
                self.counts.source.read += skipped + dropped;
                self.counts.source.skipped += skipped;
                self.counts.source.dropped += dropped;
            }
            ReadyKind::Barrier(epoch) => {
                self.control.save(epoch, self.id, self.save(clock));
                self.send_mark(clock, Some(epoch), None);
            }
            ReadyKind::Last(ending) => self.last(ending, clock),
        }
        self.publish();
        Ok(Progress::More)
    }
}

impl Sequencer {
    fn rows(&mut self, decoded: Decoded, clock: Timestamp) {
        let floor = self.splits.stamp(&decoded.split).micros();
        let timely = decoded.oldest.is_none_or(|oldest| floor <= oldest);
        self.splits.data(&decoded.split, decoded.newest, clock);
        let mark = Mark { received: decoded.received, ..self.mark(clock, None, None) };
        let mut counts = Counts { pipes: decoded.pipes, ..Counts::default() };
        counts.source = decoded.source;
        self.counts += &counts;
        // Told before it is sent: nobody has got rows then that nobody has put out.
        self.publish();
        for (exit, mut cuts) in self.exits.iter().zip(decoded.cuts) {
            for piece in cuts.iter_mut().flatten() {
                stamp(&mut piece.batch, floor, timely);
            }
            exit.send(cuts, mark, &self.budget);
        }
        drop(decoded.charge);
        if !decoded.position.is_empty() {
            self.positions.insert(decoded.split.clone(), decoded.position.clone());
            self.feed.acknowledge(decoded.split, decoded.position);
        }
    }

    fn last(&mut self, ending: Ending, clock: Timestamp) {
        if ending == Ending::Ended {
            self.splits.end();
        }
        self.send_mark(clock, None, Some(ending));
        self.control.save_last(self.id, self.save(clock));
        self.feed.close();
        self.done = true;
    }

    fn mark(&mut self, clock: Timestamp, barrier: Option<u64>, last: Option<Ending>) -> Mark {
        let (watermark, activity) = self.splits.watermark(clock);
        self.told = (watermark, activity);
        let silence = self.splits.silence(clock);
        let reached = Reached { watermark, activity, silence };
        Mark { reached, clock, received: clock, barrier, last }
    }

    /// Sends a round without rows, if there is anything new to say.
    fn send_news(&mut self, clock: Timestamp) {
        if self.splits.watermark(clock) != self.told {
            self.send_mark(clock, None, None);
        }
    }

    /// Sends a round without rows.
    fn send_mark(&mut self, clock: Timestamp, barrier: Option<u64>, last: Option<Ending>) {
        let mark = self.mark(clock, barrier, last);
        for exit in &self.exits {
            exit.send(exit.nothing(), mark, &self.budget);
        }
    }

    fn save(&self, clock: Timestamp) -> Saved {
        Saved {
            positions: self.positions.clone(),
            splits: Some(self.splits.save(clock)),
            counts: self.counts.clone(),
            ..Saved::default()
        }
    }

    fn publish(&self) {
        let mut board = lock(&self.board);
        board.counts.clone_from(&self.counts);
        board.watermark = self.told.0;
        board.notes.bytes = self.feed.bytes();
    }
}

/// Adds the watermark before a piece to the stamps that the piece alone gave its rows.
fn stamp(batch: &mut Batch, floor: Timestamp, timely: bool) {
    batch.stamps.floor = batch.stamps.floor.max(floor);
    batch.stamps.timely &= timely;
}
