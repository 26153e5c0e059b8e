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
    Aggregates, Arg, Args, Expr, ExprKind, FromPlan, Input, Item, MetaField, Plan, Side, StepPlan,
    TemplatePart,
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
    args.given.iter().for_each(|(_, arg)| arg_columns(&arg.node, into));
}

fn arg_columns(arg: &Arg, into: &mut Names) {
    match arg {
        Arg::Expr(expr) | Arg::Constant(expr) => columns_of(expr, into),
        Arg::Column(name) => {
            into.insert(name.clone());
        }
        Arg::Columns(names) => into.extend(names.iter().cloned()),
        Arg::Word(call) => args_columns(&call.args, into),
        Arg::RowPattern(parts) => parts_columns(parts, into),
        Arg::Record(args) => args_columns(args, into),
        Arg::List(list) => list.iter().for_each(|it| arg_columns(it, into)),
        Arg::Items(items) => items_columns(items, into),
        Arg::Renames(pairs) => into.extend(pairs.iter().map(|(_, old)| old.clone())),
        Arg::Aggregates(Aggregates { calls, items }) => {
            calls.iter().for_each(|it| args_columns(&it.call.args, into));
            items_columns(items, into);
        }
        Arg::Detectors(detectors) => {
            detectors.iter().for_each(|(_, call)| args_columns(&call.args, into));
        }
        Arg::Value(_) | Arg::Choice(_) | Arg::Schema(_) | Arg::Stream(_) => {}
    }
}

fn items_columns(items: &[Item], into: &mut Names) {
    items.iter().for_each(|it| columns_of(&it.value, into));
}

fn parts_columns(parts: &[TemplatePart], into: &mut Names) {
    for part in parts {
        if let TemplatePart::Hole { value, .. } = part {
            columns_of(value, into);
        }
    }
}

fn columns_of(expr: &Expr, into: &mut Names) {
    visit(expr, &mut |expr| {
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
        args.given.iter().for_each(|(_, arg)| visit_arg(&arg.node, &mut note));
    }
    for time in plan.sources.iter().filter_map(|it| it.time.as_ref()) {
        visit(time, &mut note);
    }
    fields.remove(&MetaField::Time);
    fields
}

fn visit_arg(arg: &Arg, see: &mut impl FnMut(&Expr)) {
    match arg {
        Arg::Expr(expr) | Arg::Constant(expr) => visit(expr, see),
        Arg::Word(call) => call.args.given.iter().for_each(|(_, it)| visit_arg(&it.node, see)),
        Arg::Record(args) => args.given.iter().for_each(|(_, it)| visit_arg(&it.node, see)),
        Arg::RowPattern(parts) => visit_parts(parts, see),
        Arg::List(list) => list.iter().for_each(|it| visit_arg(it, see)),
        Arg::Items(items) => items.iter().for_each(|it| visit(&it.value, see)),
        Arg::Aggregates(Aggregates { calls, items }) => {
            for call in calls {
                call.call.args.given.iter().for_each(|(_, it)| visit_arg(&it.node, see));
            }
            items.iter().for_each(|it| visit(&it.value, see));
        }
        Arg::Detectors(detectors) => {
            for (_, call) in detectors {
                call.args.given.iter().for_each(|(_, it)| visit_arg(&it.node, see));
            }
        }
        Arg::Value(_)
        | Arg::Column(_)
        | Arg::Columns(_)
        | Arg::Choice(_)
        | Arg::Schema(_)
        | Arg::Stream(_)
        | Arg::Renames(_) => {}
    }
}

fn visit_parts(parts: &[TemplatePart], see: &mut impl FnMut(&Expr)) {
    for part in parts {
        if let TemplatePart::Hole { value, .. } = part {
            visit(value, see);
        }
    }
}

/// Sees an expression and everything inside it.
fn visit(expr: &Expr, see: &mut impl FnMut(&Expr)) {
    see(expr);
    match &expr.kind {
        ExprKind::Literal(_)
        | ExprKind::Param(_)
        | ExprKind::Column(_)
        | ExprKind::Meta(_)
        | ExprKind::Aggregate(_) => {}
        ExprKind::Member(value, _)
        | ExprKind::Negate(value)
        | ExprKind::Not(value)
        | ExprKind::IsNull(value)
        | ExprKind::Cast { value, .. } => visit(value, see),
        ExprKind::Index(left, right) | ExprKind::Binary { left, right, .. } => {
            visit(left, see);
            visit(right, see);
        }
        ExprKind::InRange { value, low, high } => {
            visit(value, see);
            low.iter().chain(high).for_each(|it| visit(it, see));
        }
        ExprKind::InList { value, list } => {
            visit(value, see);
            list.iter().for_each(|it| visit(it, see));
        }
        ExprKind::If { branches, otherwise } => {
            for (condition, value) in branches {
                visit(condition, see);
                visit(value, see);
            }
            visit(otherwise, see);
        }
        ExprKind::Call { args, .. } | ExprKind::List(args) => {
            args.iter().for_each(|it| visit(it, see));
        }
        ExprKind::Template(parts) => visit_parts(parts, see),
        ExprKind::Struct(entries) => entries.iter().for_each(|(_, it)| visit(it, see)),
        ExprKind::Range(low, high) => low.iter().chain(high).for_each(|it| visit(it, see)),
    }
}
