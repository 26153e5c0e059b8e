//! The tasks of a source: its loop, those that decode, and the one that puts in order.

use super::Launcher;
use crate::codec::DecoderContext;
use crate::error::{Error, Result};
use crate::expr::Program;
use crate::graph::SourceNeeds;
use crate::runtime::feed::Feed;
use crate::runtime::front::{Front, Limits};
use crate::runtime::published::Counts;
use crate::runtime::refusals::Refusals;
use crate::runtime::sequencer::Sequencer;
use crate::runtime::signal::Signal;
use crate::runtime::source_task::{LoopState, Pace, SourceTask};
use crate::runtime::splits::Splits;
use crate::source::{Position, Source, SourceContext, SourceDef, SplitName};
use crate::time::Watermark;
use crate::watermark::Activity;
use dsl::plan::{Args, Side, SourcePlan};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Launcher<'_> {
    pub(super) fn source(&mut self, stage: usize, index: usize) -> Result<()> {
        let plan = &self.plan.sources[index];
        let word = &plan.connector.word;
        let def = self
            .world
            .vocabulary
            .source(word)
            .ok_or_else(|| Error::bug(format!("there is no source `{word}`")))?;
        self.phases(stage);
        let wiring = &self.stages[stage];
        let sequencer = Signal::new(self.workers[wiring.workers[0]].clone());
        let feed = Feed::new(
            Arc::clone(&self.loops[index]),
            wiring.signals.clone(),
            Arc::clone(&sequencer),
        );
        let saved = self.from.and_then(|it| it.first(stage)).cloned().unwrap_or_default();
        let limits = limits(plan)?;
        let needs = self.graph.needs.sources[index].clone();
        let source = self.open_source(def, plan, index, &needs, saved.positions.clone())?;
        let worker = index % self.threads;
        let loop_task = SourceTask {
            name: plan.name.clone(),
            source,
            feed: Arc::clone(&feed),
            budget: Arc::clone(&self.budgets[index]),
            control: Arc::clone(&self.control),
            clock: Arc::clone(&self.world.clock),
            gates: self.gates[index].clone(),
            pace: Pace {
                rows: self.settings.batch_rows.max(1),
                bytes: self.settings.piece_bytes,
                entries: 2 * self.threads as u64 + 4,
                ticks: !plan.bounded,
            },
            state: LoopState::after(self.from.map_or(0, |it| it.epoch)),
        };
        let signal = Arc::clone(&self.loops[index]);
        self.slot(loop_task, signal, worker, 0);
        if let Some(slot) = self.slots.last_mut() {
            slot.timed = true;
        }
        for task in 0..self.tasks(stage) {
            let front = self.front(stage, index, def, limits, &feed)?;
            let wiring = &self.stages[stage];
            let (signal, worker) = (Arc::clone(&wiring.signals[task]), wiring.workers[task]);
            self.slot(front, signal, worker, 1);
        }
        let idle = if plan.bounded { None } else { Some(plan.connector.args.duration("idle")?) };
        let sequencer_task = Sequencer {
            name: plan.name.clone(),
            id: (stage, 0),
            feed,
            budget: Arc::clone(&self.budgets[index]),
            control: Arc::clone(&self.control),
            splits: match saved.splits {
                None => Splits::new(limits.out_of_order, idle),
                Some(splits) => splits.resume(self.world.clock.now()),
            },
            positions: saved.positions,
            exits: self.exits(stage, 0),
            board: self.boards.add(stage, &saved.counts),
            counts: saved.counts,
            next: 0,
            told: (Watermark::NONE, Activity::Waiting),
            done: false,
        };
        let worker = self.stages[stage].workers[0];
        self.savers += 1;
        self.slot(sequencer_task, sequencer, worker, 2);
        Ok(())
    }

    fn open_source(
        &self,
        def: &dyn SourceDef,
        plan: &SourcePlan,
        index: usize,
        needs: &SourceNeeds,
        positions: BTreeMap<SplitName, Position>,
    ) -> Result<Box<dyn Source>> {
        let format = match &plan.format {
            None => None,
            Some(call) => Some((self.format(&call.word)?, call.args.clone())),
        };
        let context = SourceContext {
            pipeline: self.settings.pipeline.clone(),
            positions,
            framing: Arc::new(move || format.as_ref().and_then(|(it, args)| it.framing(args))),
            needed: needs.decode.clone(),
            clock: Arc::clone(&self.world.clock),
            waker: Arc::clone(&self.loops[index]).into(),
            io: self.world.io.clone(),
            interrupt: self.world.interrupt.clone(),
            budget: self.share() / 2,
        };
        def.open(plan, context).map_err(|it| it.at(&plan.name))
    }

    fn front(
        &mut self,
        stage: usize,
        index: usize,
        def: &dyn SourceDef,
        limits: Limits,
        feed: &Arc<Feed>,
    ) -> Result<Front> {
        let plan = &self.plan.sources[index];
        let needs = self.graph.needs.sources[index].clone();
        let captures = def.captures(plan);
        let decoder = match &plan.format {
            None => None,
            Some(call) => Some(self.format(&call.word)?.decoder(DecoderContext {
                options: &call.args,
                schema: plan.schema.as_ref(),
                columns: &plan.columns,
                needed: &needs.decode,
                captures: &captures,
                strict: plan.connector.args.opt_bool("strict")?.unwrap_or(false),
            })?),
        };
        let read = self.read_sides(stage).contains(&(0, Side::Errors));
        let time = plan.time.as_ref().map(|it| Program::compile(it, &plan.columns)).transpose()?;
        Ok(Front {
            name: plan.name.clone(),
            feed: Arc::clone(feed),
            budget: Arc::clone(&self.budgets[index]),
            decoder,
            time,
            keep: needs.keep,
            meta: self.graph.needs.meta.clone(),
            limits,
            refusals: Refusals::new(&plan.name, read, &plan.columns, &*self.world.vocabulary)?,
            pipes: self.pipes(stage, 0)?,
            exits: self.exits(stage, 0),
            board: self.boards.add(stage, &Counts::default()),
        })
    }
}

/// The options that every source takes about time.
fn limits(plan: &SourcePlan) -> Result<Limits> {
    /// How far ahead of the clock a row's time may be where nothing else is said.
    const AHEAD: i64 = 60_000_000;
    let args: &Args = &plan.connector.args;
    let ahead = args.opt_duration("ahead")?;
    Ok(Limits {
        out_of_order: args.opt_duration("out_of_order")?.unwrap_or(0),
        ahead: ahead.or((!plan.bounded).then_some(AHEAD)),
        behind: args.opt_duration("behind")?,
    })
}
