//! A task of a stage behind an exchange or a meeting: takes rounds in, runs its pipes, sends on what comes out.

use super::control::{Control, Saved, TaskId};
use super::delivery::{Mark, lock};
use super::exits::Exit;
use super::intake::{Intake, Round};
use super::pipes::Pipes;
use super::published::{Board, Counts};
use super::task::{Progress, Task};
use crate::error::Result;
use std::sync::Arc;

/// A task that runs steps.
pub(super) struct StageTask {
    pub(super) name: String,
    pub(super) id: TaskId,
    pub(super) control: Arc<Control>,
    pub(super) intake: Intake,
    pub(super) pipes: Pipes,
    pub(super) exits: Vec<Exit>,
    /// Counters of before the start.
    pub(super) base: Counts,
    pub(super) board: Board,
    pub(super) done: bool,
}

impl Task for StageTask {
    fn name(&self) -> &str {
        &self.name
    }

    fn run(&mut self) -> Result<Progress> {
        if self.done {
            return Ok(Progress::Done);
        }
        let Some(Round { pieces, mark, budget, deliveries }) = self.intake.next()? else {
            return Ok(Progress::Waiting);
        };
        self.pipes.run(&pieces, &[], &mark)?;
        drop(pieces);
        // Told before it is sent: nobody has got rows then that nobody has put out.
        self.publish();
        for exit in &mut self.exits {
            let cuts = exit.cut(self.pipes.flows())?;
            exit.send(cuts, exit.mark(self.pipes.flows(), mark), &budget);
        }
        self.pipes.clear();
        drop(deliveries);
        self.save(&mark)?;
        Ok(Progress::More)
    }
}

impl StageTask {
    fn counts(&self) -> Counts {
        let mut counts = Counts { pipes: self.pipes.counts(), ..Counts::default() };
        counts += &self.base;
        counts
    }

    fn publish(&self) {
        let counts = self.counts();
        let mut board = lock(&self.board);
        board.counts = counts;
        board.samples.clone_from(&self.pipes.samples);
        self.pipes.tell(&mut board.notes.pipes);
    }

    /// Saves the state behind a barrier and at the end.
    fn save(&mut self, mark: &Mark) -> Result<()> {
        if mark.barrier.is_none() && mark.last.is_none() {
            return Ok(());
        }
        let saved = Saved {
            intake: Some(self.intake.save()),
            sections: self.pipes.snapshot()?,
            counts: self.counts(),
            ..Saved::default()
        };
        if let Some(epoch) = mark.barrier {
            self.control.save(epoch, self.id, saved.clone());
        }
        if mark.last.is_some() {
            self.control.save_last(self.id, saved);
            self.done = true;
        }
        Ok(())
    }
}
