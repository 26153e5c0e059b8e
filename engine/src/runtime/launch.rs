//! From graph to tasks: opens sources and sinks, builds operators, connects the tasks of each stage with those behind it.

mod sink;
mod source;

use super::budget::Budget;
use super::control::{Checkpoint, Control};
use super::delivery::Inbox;
use super::exits::Exit;
use super::gate::Gate;
use super::intake::Intake;
use super::pipes::{self, Pipes, ReadSides};
use super::published::{Boards, Counts};
use super::signal::Signal;
use super::stage_task::StageTask;
use super::task::{Slot, Task};
use super::{Job, Settings, Shared, World};
use crate::claims::Claims;
use crate::combinations::Meeting;
use crate::error::{Error, Result};
use crate::graph::{Graph, Spread, StageKind, Tap};
use crate::key;
use crate::snapshot::KEY_GROUPS;
use crossbeam::sync::Parker;
use dsl::plan::Plan;
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
        world.interrupt.check()?;
        match launcher.graph.stages[stage].kind {
            StageKind::Source(index) => launcher.source(stage, index)?,
            StageKind::Sink(index) => launcher.sink(stage, index)?,
            StageKind::Exchange | StageKind::Meeting(_) => launcher.stage(stage)?,
        }
    }
    world.interrupt.check()?;
    let Launcher { slots, boards, budgets, control, graph, savers, stages, .. } = launcher;
    let signals = slots.iter().map(|it| Arc::clone(&it.signal)).collect();
    control.started(savers, from.map_or(0, |it| it.epoch), signals);
    control.opened(plan.sinks.len(), plan.sources.iter().all(|it| it.bounded));
    let meets = |stage: usize| matches!(graph.stages[stage].kind, StageKind::Meeting(_));
    let meeting = (0..stages.len()).filter(|it| meets(*it)).flat_map(|it| &stages[it].inboxes);
    let meeting = meeting.cloned().collect();
    Ok(Job {
        slots,
        parkers,
        shared: Arc::new(Shared { graph, control, boards, budgets, meeting }),
    })
}

struct Launcher<'a> {
    plan: &'a Plan,
    settings: &'a Settings,
    world: &'a World,
    from: Option<&'a Checkpoint>,
    graph: Graph,
    claims: Claims,
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
    /// The greatest phase of the rows that come into each pipe.
    bases: Vec<Vec<u32>>,
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
        let loops: Vec<_> = (0..plan.sources.len())
            .map(|i| Signal::new(workers[i % workers.len()].clone()))
            .collect();
        let share = share(plan, settings);
        let budgets = loops.iter().map(|it| Budget::new(share, Arc::clone(it))).collect();
        Self {
            plan,
            settings,
            world,
            from,
            claims: Claims::default(),
            threads: parkers.len(),
            control: Arc::default(),
            boards: Boards::default(),
            budgets,
            slots: Vec::new(),
            gates: vec![Vec::new(); loops.len()],
            loops,
            stages: Vec::new(),
            bases: Vec::new(),
            savers: 0,
            // Lone tasks begin on the last worker: the first one has the source.
            lone: parkers.len() - 1,
            workers,
            graph,
        }
    }

    fn share(&self) -> usize {
        share(self.plan, self.settings)
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
            Exit::new(edge, task, targets.collect())
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
    fn phases(&mut self, stage: usize) -> u32 {
        let pipes = |stage: usize| &self.graph.stages[stage].pipes;
        let behind = |bases: &[u32], stage: usize, pipe: usize, side| {
            pipes::top(bases[pipe], pipes(stage)[pipe].operators.len(), side)
        };
        let edges = self.graph.edges_to(stage).map(|(_, it)| it);
        let base = edges.map(|it| behind(&self.bases[it.from], it.from, it.pipe, it.side)).max();
        let base = base.unwrap_or(0);
        let mut bases: Vec<u32> = Vec::new();
        for pipe in pipes(stage) {
            bases.push(match pipe.from {
                Tap::Input => base,
                Tap::Pipe(parent, side) => behind(&bases, stage, parent, side),
            });
        }
        self.bases.push(bases);
        base
    }

    fn pipes(&self, stage: usize, base: u32) -> Result<Pipes> {
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

    fn format(&self, word: &str) -> Result<&'static dyn crate::codec::Format> {
        let found = self.world.vocabulary.format(word);
        found.ok_or_else(|| Error::bug(format!("there is no format `{word}`")))
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
}

/// How much of the budget each source has.
fn share(plan: &Plan, settings: &Settings) -> usize {
    (settings.budget / plan.sources.len().max(1)).max(1)
}
