//! Which columns anybody reads: what nobody reads is neither decoded nor carried.
//!
//! ```text
//!  sink writes all it has ──► step reads a, b ──► step reads c ──► source: a, b, c of eight
//!                    (backwards, from every reader of a stream at once)
//! ```
//!
//! This pass only says what is read at each place. Columns are left out where rows are made anyway: behind a source, and
//! where rows cross to another task. A step *passes* columns when what comes in stands, in its order, at the beginning of
//! what goes out (`where`, `extend`, `detect`); every other step reads what its arguments name, and what keeps its name.
//! Where the error or late rows of a stream are read, they are wanted whole.

use crate::batch::Meta;
use dsl::plan::{
    Arg, Args, Expr, ExprKind, FromPlan, Input, MetaField, Node, Plan, Side, StepPlan,
};
use dsl::types::Column;
use std::collections::{BTreeMap, BTreeSet};

/// Names of columns.
pub(super) type Names = BTreeSet<String>;

/// What is read of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceNeeds {
    /// For each column of the source, whether it has to be decoded.
    pub decode: Vec<bool>,
    /// The places of the columns that go on behind the source: those that are decoded for the time alone do not.
    pub keep: Vec<usize>,
}

/// What a run reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// By source, in the order of the plan.
    pub sources: Vec<SourceNeeds>,
    /// The fields of `meta` that some expression reads, the time aside.
    pub meta: BTreeSet<MetaField>,
    /// By stream or sink: what is read in front of each of its steps, and at last behind them.
    pub steps: BTreeMap<String, Vec<Names>>,
}

/// Says what a run of this plan reads.
pub(super) fn needs(plan: &Plan) -> Needs {
    let mut reading = Reading::new(plan);
    for sink in &plan.sinks {
        reading.binding(&sink.name, &sink.from, &sink.steps, names(&sink.columns));
    }
    // A reader stands behind what it reads, so streams are done from the last to the first.
    for stream in plan.streams.iter().rev() {
        let behind = reading.of(&stream.name);
        reading.binding(&stream.name, &stream.from, &stream.steps, behind);
    }
    let sources = plan.sources.iter().map(|source| {
        let read = reading.of(&source.name);
        let mut decoded = read.clone();
        if let Some(time) = &source.time {
            columns_of(time, &mut decoded);
        }
        let places = 0..source.columns.len();
        // A row that is refused for its time is shown whole.
        let whole = reading.whole.contains(&source.name);
        SourceNeeds {
            decode: source.columns.iter().map(|it| whole || decoded.contains(&it.name)).collect(),
            keep: places.filter(|&i| read.contains(&source.columns[i].name)).collect(),
        }
    });
    let sources = sources.collect();
    let froms = plan.streams.iter().map(|it| &it.from).chain(plan.sinks.iter().map(|it| &it.from));
    let refused = froms.flat_map(FromPlan::inputs).any(|it| it.side == Side::Errors);
    // Error rows show all that is known about the message that a row came by.
    let meta = if refused { Meta::FIELDS.into() } else { meta_fields(plan) };
    Needs { sources, meta, steps: reading.steps }
}

fn names(columns: &[Column]) -> Names {
    columns.iter().map(|it| it.name.clone()).collect()
}

/// What is wanted of each binding, as far as its readers are known.
struct Reading {
    wanted: BTreeMap<String, Names>,
    steps: BTreeMap<String, Vec<Names>>,
    /// Bindings whose error or late rows are read.
    whole: BTreeSet<String>,
}

impl Reading {
    fn new(plan: &Plan) -> Self {
        let froms = plan.streams.iter().map(|it| &it.from);
        let froms = froms.chain(plan.sinks.iter().map(|it| &it.from));
        let sides = froms.flat_map(FromPlan::inputs).filter(|it| it.side != Side::Main);
        let whole = sides.map(|it| it.name.clone()).collect();
        Self { wanted: BTreeMap::new(), steps: BTreeMap::new(), whole }
    }

    /// What the readers of a binding want.
    fn of(&self, name: &str) -> Names {
        self.wanted.get(name).cloned().unwrap_or_default()
    }

    /// A binding of which `behind` is wanted behind its steps.
    fn binding(&mut self, name: &str, from: &FromPlan, steps: &[StepPlan], behind: Names) {
        let whole = self.whole.contains(name);
        let mut wanted = vec![behind];
        for step in steps.iter().rev() {
            let before = in_front(step, &wanted[wanted.len() - 1], whole);
            wanted.push(before);
        }
        for Input { name, side } in from.inputs() {
            if *side == Side::Main {
                let all = self.wanted.entry(name.clone()).or_default();
                all.extend(wanted[wanted.len() - 1].iter().cloned());
            }
        }
        wanted.reverse();
        self.steps.insert(name.to_owned(), wanted);
    }
}

/// What is read in front of a step.
fn in_front(step: &StepPlan, behind: &Names, whole: bool) -> Names {
    let before = names(&step.input.columns);
    if whole {
        return before;
    }
    let mut read = Names::new();
    args_columns(&step.args, &mut read);
    let after = names(&step.output.columns);
    let through = if passes(step) { behind } else { &after };
    before.into_iter().filter(|it| read.contains(it) || through.contains(it)).collect()
}

/// Whether what comes in stands, in its order, at the beginning of what goes out.
fn passes(step: &StepPlan) -> bool {
    let (before, after) = (&step.input.columns, &step.output.columns);
    step.input.window.is_none()
        && before.len() <= after.len()
        && before.iter().zip(after).all(|(a, b)| a.name == b.name)
}

fn args_columns(args: &Args, into: &mut Names) {
    args.walk(&mut |node| match node {
        Node::Expr(Expr { kind: ExprKind::Column(name), .. }) | Node::Arg(Arg::Column(name)) => {
            into.insert(name.clone());
        }
        Node::Arg(Arg::Columns(names)) => into.extend(names.iter().cloned()),
        Node::Arg(Arg::Renames(pairs)) => into.extend(pairs.iter().map(|(_, old)| old.clone())),
        Node::Arg(_) | Node::Expr(_) => {}
    });
}

fn columns_of(expr: &Expr, into: &mut Names) {
    expr.walk(&mut |expr| {
        if let ExprKind::Column(name) = &expr.kind {
            into.insert(name.clone());
        }
    });
}

/// The fields of `meta` that some expression of the plan reads.
fn meta_fields(plan: &Plan) -> BTreeSet<MetaField> {
    let mut fields = BTreeSet::new();
    let mut note = |expr: &Expr| {
        if let ExprKind::Meta(field) = &expr.kind {
            fields.insert(*field);
        }
    };
    let steps = plan.streams.iter().flat_map(|it| &it.steps);
    let steps = steps.chain(plan.sinks.iter().flat_map(|it| &it.steps)).map(|it| &it.args);
    for args in steps.chain(plan.sinks.iter().map(|it| &it.connector.args)) {
        args.walk(&mut |node| {
            if let Node::Expr(expr) = node {
                note(expr);
            }
        });
    }
    for time in plan.sources.iter().filter_map(|it| it.time.as_ref()) {
        time.walk(&mut note);
    }
    fields.remove(&MetaField::Time);
    fields
}
