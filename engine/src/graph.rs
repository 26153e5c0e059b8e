//! The graph: how a plan is spread over tasks, before anything runs.
//!
//! ```text
//!   stage 0 (source readings, many tasks)          stage 1 (many tasks)          stage 2 (sink, one task)
//!   ┌────────────────────────────────────┐  by     ┌───────────────────────┐     ┌─────────────┐
//!   │ decode ─► pipe readings            │  device │ pipe averages         │     │             │
//!   │             ├─► pipe averages ─────┼────────►│  window, aggregate    ├────►│ file        │
//!   │             └─► pipe hot: where ───┼──┐      │                       │     │             │
//!   └────────────────────────────────────┘  │      └───────────────────────┘     └─────────────┘
//!                                           └──────────────────────────────────► stage 3 (sink)
//! ```
//!
//! A *stage* runs as one task or as many equal ones. Inside it, *pipes* form a tree: rows go from a pipe to those behind
//! it by a function call. An *edge* leads to another stage, and rows only cross one where they have to: to meet those of
//! their key, to meet in one task, or to reach a sink. So every stateless chain is fused with what stands before it.

mod build;
mod needs;
mod turns;

pub use build::build;
pub(crate) use build::operator;
pub use needs::{Needs, SourceNeeds};

use crate::combinations::Meeting;
use dsl::ast::BindingKind;
use dsl::plan::{Flow, Side, StepPlan};
use dsl::types::Column;

/// A plan, spread over stages.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// The stages; an edge leads from one to a later one.
    pub stages: Vec<Stage>,
    /// The edges, by the stage they come from.
    pub edges: Vec<Edge>,
    /// What is read.
    pub needs: Needs,
}

/// A part of the graph that runs as one task or as many equal ones.
#[derive(Clone, Debug)]
pub struct Stage {
    /// What it begins with.
    pub kind: StageKind,
    /// Into how many tasks it is spread.
    pub spread: Spread,
    /// What its inputs bring, in order; none for a source.
    pub ports: Vec<Vec<Column>>,
    /// What its rows are when they have met.
    pub flow: Flow,
    /// Its pipes; each stands behind the one that it takes its rows from.
    pub pipes: Vec<Pipe>,
}

/// What a stage begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StageKind {
    /// A source of the plan.
    Source(usize),
    /// Rows that crossed from another stage.
    Exchange,
    /// Several streams that meet.
    Meeting(Meeting),
    /// A sink of the plan.
    Sink(usize),
}

/// Into how many tasks a stage is spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// As many as there are threads.
    Many,
    /// One.
    One,
}

/// A chain of steps of one stream, or a source or sink itself.
#[derive(Clone, Debug)]
pub struct Pipe {
    /// The binding whose steps they are; errors and counters go under its name.
    pub owner: String,
    /// What kind of binding.
    pub kind: BindingKind,
    /// Where its rows come from.
    pub from: Tap,
    /// Whether the binding begins here: rows that come in count as its `in`.
    pub opens: bool,
    /// Whether the binding ends here: rows that go out count as its `out`.
    pub closes: bool,
    /// The steps of each operator, in order.
    pub operators: Vec<Vec<StepPlan>>,
    /// What goes out.
    pub flow: Flow,
}

/// A place inside a stage that rows are taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tap {
    /// What the stage begins with.
    Input,
    /// What comes out of a pipe.
    Pipe(usize, Side),
}

/// Rows that cross from a stage to another.
#[derive(Clone, Debug)]
pub struct Edge {
    /// The stage they come from.
    pub from: usize,
    /// Where in it.
    pub pipe: usize,
    /// Which of the pipe's outputs.
    pub side: Side,
    /// The stage they go to.
    pub to: usize,
    /// Which of its inputs.
    pub port: usize,
    /// The places of the columns that cross.
    pub keep: Vec<usize>,
    /// Which task a row goes to.
    pub cut: Cut,
}

/// Which task a row goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cut {
    /// To the one that there is.
    One,
    /// To the one that owns the key group: the names of the key columns, and their places among those that cross.
    ByKey(Vec<String>, Vec<usize>),
}

impl Graph {
    /// The edges that come from a pipe of a stage.
    pub fn edges_from(&self, stage: usize) -> impl Iterator<Item = (usize, &Edge)> {
        self.edges.iter().enumerate().filter(move |(_, edge)| edge.from == stage)
    }

    /// The edges that lead to a stage.
    pub fn edges_to(&self, stage: usize) -> impl Iterator<Item = (usize, &Edge)> {
        self.edges.iter().enumerate().filter(move |(_, edge)| edge.to == stage)
    }

    /// The sources whose rows can reach a stage, by their number in the plan.
    pub fn sources_of(&self, stage: usize) -> Vec<usize> {
        let mut sources = Vec::new();
        let mut todo = vec![stage];
        let mut seen = vec![false; self.stages.len()];
        while let Some(stage) = todo.pop() {
            if std::mem::replace(&mut seen[stage], true) {
                continue;
            }
            if let StageKind::Source(source) = self.stages[stage].kind {
                sources.push(source);
            }
            todo.extend(self.edges_to(stage).map(|(_, edge)| edge.from));
        }
        sources.sort_unstable();
        sources
    }
}
