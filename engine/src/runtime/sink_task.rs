//! The loop of a sink: writes round by round, gets ready at barriers, commits when a checkpoint is safe, and finishes.
//!
//! ```text
//!  rows ──write──► … ──barrier n──► prepare(n) ──saved──► commit(n) when every task has saved … ──last──► finish
//!         └ Busy: the same again when the sink raises the signal
//! ```

use super::budget::{Budget, Charge};
use super::control::{Control, Saved, TaskId};
use super::delivery::{Ending, Mark, Piece, lock};
use super::exits::Exit;
use super::intake::{Intake, Round};
use super::pipes::FlowOut;
use super::published::{Board, Counts};
use super::refusals::Refusals;
use super::task::{Progress, Task};
use crate::batch::Batch;
use crate::error::Result;
use crate::ledger::StreamCount;
use crate::notes::SinkNotes;
use crate::operator::RefusedRows;
use crate::reason::Fault;
use crate::side::Samples;
use crate::sink::{Committable, Finished, Prepared, Refused, Sent, Sink, Written};
use crate::time::{Clock, Timestamp};
use std::collections::VecDeque;
use std::sync::Arc;

/// The loop of one sink.
pub(super) struct SinkTask {
    pub(super) name: String,
    pub(super) id: TaskId,
    pub(super) control: Arc<Control>,
    pub(super) intake: Intake,
    pub(super) sink: Box<dyn Sink>,
    pub(super) refusals: Refusals,
    pub(super) exits: Vec<Exit>,
    pub(super) counts: Counts,
    pub(super) board: Board,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) state: SinkState,
}

/// Where the loop is.
#[derive(Default)]
pub(super) struct SinkState {
    round: Option<OpenRound>,
    samples: Samples,
    /// What was prepared and not committed yet, oldest first.
    prepared: Vec<Committable>,
    /// What the sink holds inside is charged up to this: one that holds rows until a checkpoint must not stop its source.
    most: usize,
    /// The bytes that the sink holds inside.
    inside: Option<Charge>,
    notes: SinkNotes,
    /// How many rows the sink has taken in this run, how many of them have their place in the latency, and for those that
    /// have not: up to which one when they were received, in order.
    handed: u64,
    timed: u64,
    received: VecDeque<(u64, Timestamp)>,
    /// Whether it was told that nobody takes the sink's rows any more.
    deserted: bool,
    done: bool,
}

impl SinkState {
    /// Before the first round. What the sink holds inside is charged up to `most`.
    pub(super) fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    /// Notes how long the rows took that are out now, where so many are not.
    fn time(&mut self, unwritten: u64, clock: &dyn Clock) {
        let out = self.handed.saturating_sub(unwritten);
        let mut now = None;
        while let Some((up_to, received)) = self.received.pop_front_if(|it| it.0 <= out) {
            let now = *now.get_or_insert_with(|| clock.now());
            self.notes.latency.add(now.saturating_sub(received), up_to - self.timed);
            self.timed = up_to;
        }
    }
}

/// A round that is not written yet.
struct OpenRound {
    batches: VecDeque<Batch>,
    errors: Vec<Piece>,
    mark: Mark,
    budget: Arc<Budget>,
    /// Keeps the bytes charged until they are written.
    _charges: Vec<Charge>,
}

impl Task for SinkTask {
    fn name(&self) -> &str {
        &self.name
    }

    fn run(&mut self) -> Result<Progress> {
        self.step().map_err(|it| it.at(&self.name))
    }
}

impl SinkTask {
    fn step(&mut self) -> Result<Progress> {
        if self.state.done {
            return Ok(Progress::Done);
        }
        self.commit()?;
        if !self.state.deserted && self.sink.is_deserted() {
            self.state.deserted = true;
            self.control.deserted();
        }
        let Some(mut round) = self.open()? else {
            // Woken by the sink, which has got rid of something or is in trouble.
            self.sink.check()?;
            if let Some(before) = self.state.inside.take() {
                self.charge(before.budget());
            }
            self.publish();
            return Ok(Progress::Waiting);
        };
        let progress = self.write(&mut round)?;
        if self.counts.unwritten > 0 {
            self.publish();
        }
        if !self.state.done {
            self.charge(&round.budget);
        }
        if progress == Progress::Waiting {
            self.state.round = Some(round);
        }
        Ok(progress)
    }

    /// Makes visible what was prepared for a checkpoint that is safe now.
    fn commit(&mut self) -> Result<()> {
        if self.state.prepared.is_empty() {
            return Ok(());
        }
        let safe = self.control.to_commit(self.id);
        // A checkpoint may become complete right now: what was not seen was not committed.
        if !safe.is_empty() {
            for committable in safe {
                self.state.prepared.retain(|it| it.epoch > committable.epoch);
                self.sink.commit(committable)?;
            }
            self.control.committed(self.id);
        }
        Ok(())
    }

    /// Charges what the sink holds inside, in place of what was charged for that before.
    fn charge(&mut self, budget: &Arc<Budget>) {
        let bytes = self.sink.bytes().min(self.state.most);
        self.state.inside = Some(budget.charge(bytes));
    }

    /// The round at hand, or the next one.
    fn open(&mut self) -> Result<Option<OpenRound>> {
        if let Some(round) = self.state.round.take() {
            return Ok(Some(round));
        }
        let Some(Round { pieces, mark, budget, deliveries }) = self.intake.next()? else {
            return Ok(None);
        };
        let batches = pieces.into_iter().map(|it| it.batch).filter(|it| it.rows() > 0).collect();
        let errors = Vec::new();
        Ok(Some(OpenRound { batches, errors, mark, budget, _charges: deliveries }))
    }

    /// Writes what is left of a round, and does what its mark asks for.
    fn write(&mut self, round: &mut OpenRound) -> Result<Progress> {
        self.collect(round)?;
        while let Some(batch) = round.batches.front() {
            match self.sink.write(batch)? {
                Written::Busy => return Ok(Progress::Waiting),
                Written::Taken(faults) => {
                    self.counts.taken += batch.rows() as i64 - faults.len() as i64;
                    self.counts.failed += faults.len() as i64;
                    self.state.handed += (batch.rows() - faults.len()) as u64;
                    self.state.received.push_back((self.state.handed, round.mark.received));
                    let batch = round.batches.pop_front();
                    if let (Some(batch), false) = (batch, faults.is_empty()) {
                        round.errors.extend(self.refuse(&batch, faults)?);
                    }
                    self.publish();
                }
            }
        }
        if let Some(epoch) = round.mark.barrier {
            match self.sink.prepare(epoch)? {
                Prepared::Busy => return Ok(Progress::Waiting),
                Prepared::Done(committable) => {
                    self.collect(round)?;
                    self.state.prepared.push(committable);
                    self.control.save(epoch, self.id, self.saved());
                }
            }
            round.mark.barrier = None;
            self.send(round, Some(epoch))?;
        }
        if let Some(ending) = round.mark.last {
            if !self.state.prepared.is_empty() {
                // The checkpoint is on its way: its rows come before the last ones.
                return Ok(Progress::Waiting);
            }
            if self.sink.finish(ending == Ending::Ended)? == Finished::Busy {
                return Ok(Progress::Waiting);
            }
            self.collect(round)?;
            self.control.save_last(self.id, self.saved());
            self.state.inside = None;
            self.state.done = true;
            self.publish();
        }
        self.send(round, None)?;
        Ok(Progress::More)
    }

    /// Hands on the rows that could not be written so far, and the mark.
    fn send(&mut self, round: &mut OpenRound, barrier: Option<u64>) -> Result<()> {
        let watermark = round.mark.reached.watermark;
        let errors = std::mem::take(&mut round.errors);
        let flow = FlowOut { errors, before: watermark, after: watermark, ..FlowOut::default() };
        let last = if barrier.is_none() { round.mark.last } else { None };
        let mark = Mark { barrier, last, ..round.mark };
        let flows = [flow];
        for exit in &mut self.exits {
            let cuts = exit.cut(&flows)?;
            exit.send(cuts, mark, &round.budget);
        }
        Ok(())
    }

    /// Takes over what has turned out not to be writable since it was taken.
    fn collect(&mut self, round: &mut OpenRound) -> Result<()> {
        for Refused { rows, faults } in self.sink.refused() {
            self.counts.taken -= faults.len() as i64;
            self.counts.failed += faults.len() as i64;
            round.errors.extend(self.refuse(&rows, faults)?);
        }
        Ok(())
    }

    fn refuse(&mut self, batch: &Batch, faults: Vec<Fault>) -> Result<Option<Piece>> {
        let (refused, _) = RefusedRows::of(batch, faults, "")?;
        self.state.notes.reasons.add(&refused.faults);
        self.refusals.take(&refused, &mut self.state.samples)
    }

    fn saved(&self) -> Saved {
        Saved {
            intake: Some(self.intake.save()),
            // What is ready for a checkpoint counts as written once that is complete.
            counts: Counts { unwritten: 0, ..self.counts.clone() },
            committables: self.state.prepared.clone(),
            ..Saved::default()
        }
    }

    fn publish(&mut self) {
        let unwritten = self.sink.unwritten();
        self.state.time(unwritten, &*self.clock);
        let Sent { bytes, retries } = self.sink.sent();
        (self.state.notes.bytes, self.state.notes.retries) = (bytes, retries);
        self.state.notes.held = self.sink.bytes() as u64;
        let unwritten = i64::try_from(unwritten).unwrap_or(i64::MAX);
        // What a sink is getting rid of right now may count twice for a moment.
        self.counts.unwritten = unwritten.min(self.counts.taken);
        let mut board = lock(&self.board);
        board.notes.sink.clone_from(&self.state.notes);
        board.counts.clone_from(&self.counts);
        board.samples.clone_from(&self.state.samples);
    }
}

impl Drop for SinkTask {
    /// A sink that has not finished is that of a run that broke: what is not outside now never will be.
    fn drop(&mut self) {
        if !self.state.done {
            self.sink.abandon();
            self.publish();
        }
    }
}

impl Counts {
    /// Of a stage with so many pipes that count nothing.
    pub(super) fn of_pipes(pipes: usize) -> Self {
        Self { pipes: vec![StreamCount::default(); pipes], ..Self::default() }
    }
}
