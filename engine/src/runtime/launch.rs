//! From graph to tasks: opens sources and sinks, builds operators, connects the tasks of each stage with those behind it.

use super::budget::Budget;
use super::control::{Checkpoint, Control};
use super::delivery::Inbox;
use super::exits::Exit;
use super::feed::Feed;
use super::front::{Front, Limits};
use super::gate::Gate;
use super::intake::Intake;
use super::pipes::{Pipes, ReadSides, Refusals};
use super::published::{Boards, Counts};
use super::sequencer::Sequencer;
use super::signal::Signal;
use super::sink_task::{SinkState, SinkTask};
use super::source_task::{LoopState, Pace, SourceTask};
use super::splits::Splits;
use super::stage_task::StageTask;
use super::task::{Slot, Task};
use super::{Job, Settings, Shared, World};
use crate::codec::DecoderContext;
use crate::combinations::Meeting;
use crate::error::{Error, Result};
use crate::expr::Program;
use crate::graph::{Graph, SourceNeeds, Spread, StageKind, Tap};
use crate::key;
use crate::sink::SinkContext;
use crate::snapshot::KEY_GROUPS;
use crate::source::{SourceContext, SourceDef};
use crossbeam::sync::Parker;
use dsl::plan::{Args, Plan, Side, SourcePlan};
use std::sync::Arc;

/// Builds everything that a run needs.
pub(super) fn launch(
    plan: &Plan,
    settings: &Settings,
    world: &World,
    from: Option<&Checkpoint>,
) -> Result<Job> {
    let graph = crate::graph::build(plan)?;
    let threads = settings.threads.clamp(1, usize::from(KEY_GROUPS));
    let parkers: Vec<Parker> = (0..threads).map(|_| Parker::new()).collect();
    let mut launcher = Launcher::new(plan, settings, world, from, graph, &parkers);
    launcher.connect();
    for stage in 0..launcher.graph.stages.len() {
        match launcher.graph.stages[stage].kind {
            StageKind::Source(index) => launcher.source(stage, index)?,
            StageKind::Sink(index) => launcher.sink(stage, index)?,
            StageKind::Exchange | StageKind::Meeting(_) => launcher.stage(stage)?,
        }
    }
    let Launcher { slots, boards, budgets, control, graph, savers, .. } = launcher;
    let signals = slots.iter().map(|it| Arc::clone(&it.signal)).collect();
    control.started(savers, from.map_or(0, |it| it.epoch), signals);
    Ok(Job { slots, parkers, shared: Arc::new(Shared { graph, control, boards, budgets }) })
}

struct Launcher<'a> {
    plan: &'a Plan,
    settings: &'a Settings,
    world: &'a World,
    from: Option<&'a Checkpoint>,
    graph: Graph,
    threads: usize,
    control: Arc<Control>,
    boards: Boards,
    budgets: Vec<Arc<Budget>>,
    slots: Vec<Slot>,
    workers: Vec<crossbeam::sync::Unparker>,
    /// The signal of each source's loop, and the gates in front of it.
    loops: Vec<Arc<Signal>>,
    gates: Vec<Vec<Arc<Gate>>>,
    /// Of each stage: its inboxes, their signals, how many lanes each port has, and the gates of each port.
    stages: Vec<Wiring>,
    /// The greatest phase of the rows of each pipe.
    tops: Vec<Vec<u16>>,
    /// How many tasks save something at a barrier.
    savers: usize,
    /// Where the next lone task goes.
    lone: usize,
}

/// How the tasks of a stage are connected.
#[derive(Default)]
struct Wiring {
    signals: Vec<Arc<Signal>>,
    inboxes: Vec<Arc<Inbox>>,
    lanes: Vec<usize>,
    gates: Vec<Vec<Arc<Gate>>>,
    /// The worker of each task.
    workers: Vec<usize>,
}

impl<'a> Launcher<'a> {
    fn new(
        plan: &'a Plan,
        settings: &'a Settings,
        world: &'a World,
        from: Option<&'a Checkpoint>,
        graph: Graph,
        parkers: &[Parker],
    ) -> Self {
        let workers: Vec<_> = parkers.iter().map(|it| it.unparker().clone()).collect();
        let share = settings.budget / plan.sources.len().max(1);
        let loops: Vec<_> = (0..plan.sources.len())
            .map(|i| Signal::new(workers[i % workers.len()].clone()))
            .collect();
        let budgets = loops.iter().map(|it| Budget::new(share, Arc::clone(it))).collect();
        Self {
            plan,
            settings,
            world,
            from,
            threads: parkers.len(),
            control: Arc::default(),
            boards: Boards::default(),
            budgets,
            slots: Vec::new(),
            gates: vec![Vec::new(); loops.len()],
            loops,
            stages: Vec::new(),
            tops: Vec::new(),
            savers: 0,
            // Lone tasks begin on the last worker: the first one has the source.
            lone: parkers.len() - 1,
            workers,
            graph,
        }
    }

    fn tasks(&self, stage: usize) -> usize {
        if self.graph.stages[stage].spread == Spread::Many { self.threads } else { 1 }
    }

    /// How many tasks send to the tasks behind a stage: for a source, its sequencer alone.
    fn senders(&self, stage: usize) -> usize {
        match self.graph.stages[stage].kind {
            StageKind::Source(_) => 1,
            _ => self.tasks(stage),
        }
    }

    /// Makes the inboxes of all stages, and the gates of sources that wait for others.
    fn connect(&mut self) {
        for stage in 0..self.graph.stages.len() {
            let mut edges: Vec<_> = self.graph.edges_to(stage).map(|(_, edge)| edge).collect();
            edges.sort_by_key(|it| it.port);
            let lanes: Vec<usize> = edges.iter().map(|it| self.senders(it.from)).collect();
            let in_turn = self.graph.stages[stage].kind == StageKind::Meeting(Meeting::InTurn);
            let waiting: Vec<Vec<usize>> = edges
                .iter()
                .map(|it| {
                    if in_turn && it.port > 0 { self.graph.sources_of(it.from) } else { Vec::new() }
                })
                .collect();
            let mut wiring = Wiring { lanes, ..Wiring::default() };
            for sources in waiting {
                let gate = |&source: &usize| (source, Gate::new(Arc::clone(&self.loops[source])));
                let gates: Vec<_> = sources.iter().map(gate).collect();
                for (source, gate) in &gates {
                    self.gates[*source].push(Arc::clone(gate));
                }
                wiring.gates.push(gates.into_iter().map(|(_, gate)| gate).collect());
            }
            for task in 0..self.tasks(stage) {
                let worker = self.worker(stage, task);
                let signal = Signal::new(self.workers[worker].clone());
                wiring.inboxes.push(Inbox::new(wiring.lanes.iter().sum(), Arc::clone(&signal)));
                wiring.signals.push(signal);
                wiring.workers.push(worker);
            }
            self.stages.push(wiring);
        }
    }

    fn worker(&mut self, stage: usize, task: usize) -> usize {
        if self.graph.stages[stage].spread == Spread::Many {
            return task;
        }
        self.lone += 1;
        (self.lone - 1) % self.threads
    }

    /// The exits of one task of a stage.
    fn exits(&self, stage: usize, task: usize) -> Vec<Exit> {
        let exit = |(_, edge): (usize, &crate::graph::Edge)| {
            let behind = &self.stages[edge.to];
            let before: usize = behind.lanes[..edge.port].iter().sum();
            let targets = behind.inboxes.iter().map(|it| (Arc::clone(it), before + task));
            Exit::new(edge, targets.collect())
        };
        self.graph.edges_from(stage).map(exit).collect()
    }

    /// Which side streams of a stage's pipes are read.
    fn read_sides(&self, stage: usize) -> ReadSides {
        let edges = self.graph.edges_from(stage).map(|(_, edge)| (edge.pipe, edge.side));
        let taps = self.graph.stages[stage].pipes.iter().filter_map(|it| match it.from {
            Tap::Pipe(pipe, side) => Some((pipe, side)),
            Tap::Input => None,
        });
        edges.chain(taps).collect()
    }

    /// The greatest phase of rows that come into a stage; notes those of its pipes.
    fn phases(&mut self, stage: usize) -> u16 {
        let base = self.graph.edges_to(stage).map(|(_, it)| self.tops[it.from][it.pipe]).max();
        let base = base.unwrap_or(0);
        let mut tops: Vec<u16> = Vec::new();
        for pipe in &self.graph.stages[stage].pipes {
            let before = match pipe.from {
                Tap::Input => base,
                Tap::Pipe(parent, _) => tops[parent],
            };
            tops.push(before + pipe.operators.len() as u16);
        }
        self.tops.push(tops);
        base
    }

    fn pipes(&self, stage: usize, base: u16) -> Result<Pipes> {
        let read = self.read_sides(stage);
        Pipes::new(&self.graph.stages[stage], base, &read, &*self.world.vocabulary)
    }

    fn slot(
        &mut self,
        task: impl Task + 'static,
        signal: Arc<Signal>,
        worker: usize,
        depth: usize,
    ) {
        self.slots.push(Slot { task: Box::new(task), signal, worker, depth, timed: false });
    }

    fn source(&mut self, stage: usize, index: usize) -> Result<()> {
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
            splits: saved.splits.unwrap_or_else(|| Splits::new(limits.out_of_order, idle)),
            positions: saved.positions,
            exits: self.exits(stage, 0),
            board: self.boards.add(stage, &saved.counts),
            counts: saved.counts,
            next: 0,
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
        positions: std::collections::BTreeMap<crate::source::SplitName, String>,
    ) -> Result<Box<dyn crate::source::Source>> {
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
            budget: self.settings.budget / self.plan.sources.len().max(1) / 2,
        };
        def.open(plan, context).map_err(|it| it.at(&plan.name))
    }

    fn format(&self, word: &str) -> Result<&'static dyn crate::codec::Format> {
        let found = self.world.vocabulary.format(word);
        found.ok_or_else(|| Error::bug(format!("there is no format `{word}`")))
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

    fn intake(&self, stage: usize, task: usize) -> Intake {
        let wiring = &self.stages[stage];
        Intake::new(
            &self.graph.stages[stage],
            Arc::clone(&wiring.inboxes[task]),
            &wiring.lanes,
            wiring.gates.clone(),
        )
    }

    fn stage(&mut self, stage: usize) -> Result<()> {
        let base = self.phases(stage);
        let tasks = self.tasks(stage);
        let name = self.graph.stages[stage].pipes.first().map_or("", |it| &it.owner).to_owned();
        for task in 0..tasks {
            let mut intake = self.intake(stage, task);
            let mut pipes = self.pipes(stage, base)?;
            let mut counts = Counts::of_pipes(self.graph.stages[stage].pipes.len());
            if let Some(from) = self.from {
                let one = self.graph.stages[stage].spread == Spread::One;
                pipes.restore(&from.sections(stage), |it| one || key::task(it, tasks) == task)?;
                if let Some(state) = from.first(stage).and_then(|it| it.intake.as_ref()) {
                    pipes.restore_watermark(intake.restore(state))?;
                }
                if task == 0 {
                    counts = from.counts(stage);
                }
            }
            let stage_task = StageTask {
                name: name.clone(),
                id: (stage, task),
                control: Arc::clone(&self.control),
                intake,
                pipes,
                exits: self.exits(stage, task),
                board: self.boards.add(stage, &counts),
                base: counts,
                done: false,
            };
            let (signal, worker) =
                (Arc::clone(&self.stages[stage].signals[task]), self.stages[stage].workers[task]);
            self.savers += 1;
            self.slot(stage_task, signal, worker, 3 + stage);
        }
        Ok(())
    }

    fn sink(&mut self, stage: usize, index: usize) -> Result<()> {
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
        let context = SinkContext {
            pipeline: self.settings.pipeline.clone(),
            encoder,
            bounded: sources.iter().all(|&it| self.plan.sources[it].bounded),
            clock: Arc::clone(&self.world.clock),
            waker: Arc::clone(&signal).into(),
            io: self.world.io.clone(),
            budget: self.settings.budget / 2 / self.plan.sinks.len().max(1),
        };
        let sink = def.open(plan, context).map_err(|it| it.at(&plan.name))?;
        let mut intake = self.intake(stage, 0);
        let mut counts = Counts::of_pipes(self.graph.stages[stage].pipes.len());
        if let Some(saved) = self.from.and_then(|it| it.first(stage)) {
            counts = saved.counts.clone();
            if let Some(state) = &saved.intake {
                intake.restore(state);
            }
        }
        let read = self.read_sides(stage).contains(&(0, Side::Errors));
        let sink_task = SinkTask {
            name: plan.name.clone(),
            id: (stage, 0),
            control: Arc::clone(&self.control),
            intake,
            sink,
            refusals: Refusals::new(&plan.name, read, &columns, &*self.world.vocabulary)?,
            exits: self.exits(stage, 0),
            board: self.boards.add(stage, &counts),
            counts,
            state: SinkState::default(),
        };
        let worker = self.stages[stage].workers[0];
        self.savers += 1;
        self.slot(sink_task, signal, worker, 3 + stage);
        Ok(())
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
