//! What tasks tell the world while they run: counters, samples of side streams, the watermarks of sources.

use super::delivery::lock;
use crate::graph::Graph;
use crate::ledger::{Ledger, SinkCount, SourceCount, StreamCount};
use crate::notes::{Durations, Notes, Reasons, SinkNotes};
use crate::operator::LateRows;
use crate::side::Samples;
use crate::time::Watermark;
use dsl::ast::BindingKind;
use std::ops::AddAssign;
use std::sync::{Arc, Mutex};

/// The counters of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Of each pipe of its stage.
    pub(super) pipes: Vec<StreamCount>,
    /// Of the source, where the stage is one.
    pub(super) source: SourceCount,
    /// Taken and failed, where the stage is a sink, and how many of those taken are not delivered.
    pub(super) taken: i64,
    pub(super) failed: i64,
    pub(super) unwritten: i64,
}

impl AddAssign<&Counts> for Counts {
    fn add_assign(&mut self, other: &Counts) {
        if self.pipes.len() < other.pipes.len() {
            self.pipes.resize(other.pipes.len(), StreamCount::default());
        }
        for (mine, theirs) in self.pipes.iter_mut().zip(&other.pipes) {
            *mine += theirs;
        }
        self.source += &other.source;
        self.taken += other.taken;
        self.failed += other.failed;
        self.unwritten += other.unwritten;
    }
}

/// The notes of a pipe in one task.
#[derive(Clone, Debug, Default)]
pub(super) struct PipeNotes {
    pub(super) reasons: Reasons,
    pub(super) lateness: Durations,
    /// Bytes of state of each of its operators.
    pub(super) state: Vec<u64>,
}

impl PipeNotes {
    /// Notes how late rows were.
    pub(super) fn late(&mut self, late: &LateRows) {
        for (time, watermark) in late.rows.times.iter().zip(&late.watermarks) {
            self.lateness.add(watermark.saturating_sub(*time), 1);
        }
    }
}

/// The notes of a task.
#[derive(Clone, Debug, Default)]
pub(super) struct TaskNotes {
    /// Of each pipe of its stage.
    pub(super) pipes: Vec<PipeNotes>,
    /// Read, where the stage is a source.
    pub(super) bytes: u64,
    /// Of the sink, where the stage is one.
    pub(super) sink: SinkNotes,
}

/// What one task has told last.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    pub(super) counts: Counts,
    pub(super) samples: Samples,
    pub(super) watermark: Watermark,
    pub(super) notes: TaskNotes,
}

/// Where one task tells; the stage it belongs to stands beside it.
pub(super) type Board = Arc<Mutex<Told>>;

/// Where all tasks tell.
#[derive(Clone, Debug, Default)]
pub(super) struct Boards(pub(super) Vec<(usize, Board)>);

impl Boards {
    /// A new board for a task of a stage that goes on from these counters: they count also if nothing is added to them.
    pub(super) fn add(&mut self, stage: usize, counts: &Counts) -> Board {
        let told = Told { counts: counts.clone(), ..Told::default() };
        let board = Arc::new(Mutex::new(told));
        self.0.push((stage, Arc::clone(&board)));
        board
    }

    /// All counters by name. Those of tasks behind others are read first: what they have got by then, those before them
    /// have told, so that a run that goes on never seems to have made rows out of nothing.
    pub(super) fn ledger(&self, graph: &Graph) -> Ledger {
        let mut ledger = Ledger::default();
        for (stage, board) in self.0.iter().rev() {
            let counts = lock(board).counts.clone();
            for (i, pipe) in graph.stages[*stage].pipes.iter().enumerate() {
                let count = counts.pipes.get(i).cloned().unwrap_or_default();
                let owner = pipe.owner.clone();
                match pipe.kind {
                    BindingKind::Source => {
                        *ledger.sources.entry(owner).or_default() += &counts.source;
                    }
                    BindingKind::Sink => {
                        let mut count = SinkCount { stream: count, ..SinkCount::default() };
                        if let crate::graph::StageKind::Sink(_) = graph.stages[*stage].kind {
                            count.written = counts.taken - counts.unwritten;
                            count.failed = counts.failed;
                            count.unwritten = counts.unwritten;
                        }
                        *ledger.sinks.entry(owner).or_default() += &count;
                    }
                    BindingKind::Stream | BindingKind::Table => {
                        *ledger.streams.entry(owner).or_default() += &count;
                    }
                }
            }
        }
        ledger
    }

    /// All notes by name, but for what is on its way.
    pub(super) fn notes(&self, graph: &Graph) -> Notes {
        let mut notes = Notes::default();
        for (stage, board) in &self.0 {
            let told = lock(board).notes.clone();
            let pipes = &graph.stages[*stage].pipes;
            for (i, pipe) in pipes.iter().enumerate() {
                let note = told.pipes.get(i).cloned().unwrap_or_default();
                let owner = pipe.owner.clone();
                match pipe.kind {
                    BindingKind::Source => {
                        let source = notes.sources.entry(owner).or_default();
                        source.bytes += told.bytes;
                        source.reasons += &note.reasons;
                    }
                    BindingKind::Sink => {
                        let sink = notes.sinks.entry(owner).or_default();
                        sink.reasons += &note.reasons;
                        if let crate::graph::StageKind::Sink(_) = graph.stages[*stage].kind {
                            sink.add(&told.sink);
                        }
                    }
                    BindingKind::Stream | BindingKind::Table => {
                        let stream = notes.streams.entry(owner).or_default();
                        stream.reasons += &note.reasons;
                        stream.lateness += &note.lateness;
                        for (steps, bytes) in pipe.operators.iter().zip(note.state) {
                            *stream.state.entry(steps[0].id.clone()).or_default() += bytes;
                        }
                    }
                }
            }
        }
        notes
    }

    /// The newest rows of side streams that nobody reads.
    pub(super) fn samples(&self) -> Samples {
        let mut samples = Samples::default();
        self.0.iter().for_each(|(_, board)| samples.merge(&lock(board).samples));
        samples
    }
}
