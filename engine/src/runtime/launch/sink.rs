//! The task of a sink.

use super::Launcher;
use crate::error::{Error, Result};
use crate::runtime::published::Counts;
use crate::runtime::refusals::Refusals;
use crate::runtime::sink_task::{SinkState, SinkTask};
use crate::sink::SinkContext;
use dsl::plan::Side;
use std::sync::Arc;

impl Launcher<'_> {
    pub(super) fn sink(&mut self, stage: usize, index: usize) -> Result<()> {
        self.phases(stage);
        let plan = &self.plan.sinks[index];
        let word = &plan.connector.word;
        let found = self.world.vocabulary.sink(word);
        let def = found.ok_or_else(|| Error::bug(format!("there is no sink `{word}`")))?;
        let columns = self.graph.stages[stage].flow.columns.clone();
        let encoder = match &plan.format {
            None => None,
            Some(call) => Some(self.format(&call.word)?.encoder(&call.args, &columns)?),
        };
        let sources = self.graph.sources_of(stage);
        let signal = Arc::clone(&self.stages[stage].signals[0]);
        let read = self.read_sides(stage).contains(&(0, Side::Errors));
        let context = SinkContext {
            pipeline: self.settings.pipeline.clone(),
            encoder,
            bounded: sources.iter().all(|&it| self.plan.sources[it].bounded),
            clock: Arc::clone(&self.world.clock),
            waker: Arc::clone(&signal).into(),
            errors_read: read,
            io: self.world.io.clone(),
            interrupt: self.world.interrupt.clone(),
            claims: self.claims.clone(),
            budget: self.settings.budget / 2 / self.plan.sinks.len().max(1),
        };
        let mut sink = def.open(plan, context).map_err(|it| it.at(&plan.name))?;
        let mut intake = self.intake(stage, 0);
        let mut counts = Counts::of_pipes(self.graph.stages[stage].pipes.len());
        if let Some(saved) = self.from.and_then(|it| it.first(stage)) {
            counts = saved.counts.clone();
            if let Some(state) = &saved.intake {
                intake.restore(state);
            }
            // The checkpoint was complete, so what was ready for it counts, whether it was made visible then or not.
            for committable in saved.committables.clone() {
                sink.commit(committable).map_err(|it| it.at(&plan.name))?;
            }
        }
        let sink_task = SinkTask {
            name: plan.name.clone(),
            id: (stage, 0),
            control: Arc::clone(&self.control),
            intake,
            sink,
            refusals: Refusals::new(&plan.name, read, &columns, &*self.world.vocabulary)?,
            exits: self.exits(stage, 0),
            board: self.boards.add(stage, &counts),
            clock: Arc::clone(&self.world.clock),
            counts,
            state: SinkState::new(self.share() / 2 / self.plan.sinks.len().max(1)),
        };
        let worker = self.stages[stage].workers[0];
        self.savers += 1;
        self.slot(sink_task, signal, worker, 3 + stage);
        Ok(())
    }
}
