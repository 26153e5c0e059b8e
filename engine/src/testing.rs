//! A bench for operators: rows go in as JSON, what comes out is read as JSON, and the account is checked on the way.
//!
//! ```text
//!  rows as JSON ──► batch ──cut──► task 0 … task n  ──► rows, late rows, refused rows
//!                                   ▲ restart: snapshot, fewer or more tasks, restore
//! ```
//!
//! A row is an object by the names of the columns. Beside them it may have `@time` (0) and `@stamp` (before all time),
//! in µs. Times and durations are µs, `"NaN"`, `"inf"` and `"-inf"` are floats.

mod arrivals;
mod detect;
mod json;
mod tasks;

pub(crate) use arrivals::{Arrival, MINUTE, arrivals, lives};
pub(crate) use detect::{detect, detect_plan, detecting, detector, float, int};
pub(crate) use json::{batch, columns, rows};
pub(crate) use tasks::{every_cut, run};

use crate::batch::Batch;
use crate::ledger::StreamCount;
use crate::operator::{Operator, OperatorDef, Output};
use crate::reason::Fault;
use crate::time::{Timestamp, Watermark};
use dsl::ast::{self, BinaryOp};
use dsl::catalog::{Catalog, StepContext};
use dsl::diagnostic::{Diagnostic, has_errors};
use dsl::plan::{Arg, Args, Expr, ExprKind, Flow, Item, StepPlan};
use dsl::signature::{Presence, Signature};
use dsl::span::{Span, Spanned};
use dsl::types::{Column, Typed};
use dsl::value::Value;
use serde_json::Value as Json;

/// The functions of the language and no other word.
pub(crate) struct Functions;

impl Catalog for Functions {
    fn signatures(&self) -> Vec<&Signature> {
        crate::functions::all().iter().map(crate::function::Function::signature).collect()
    }

    fn knows_zone(&self, name: &str) -> bool {
        crate::time::knows_zone(name)
    }
}

/// A step over these columns; defaults of its signature are filled in where they are literals or bare words.
pub(crate) fn step(
    def: &dyn OperatorDef,
    input: &[Column],
    given: Vec<(&'static str, Arg)>,
) -> Result<StepPlan, Vec<Diagnostic>> {
    let flow =
        Flow { columns: input.to_vec(), meta: true, window: None, updates: false, key: None };
    step_over(def, flow, given)
}

/// The same where more is known about what comes in.
#[expect(clippy::needless_pass_by_value, reason = "every caller makes the list for this call")]
pub(crate) fn step_over(
    def: &dyn OperatorDef,
    input: Flow,
    given: Vec<(&'static str, Arg)>,
) -> Result<StepPlan, Vec<Diagnostic>> {
    let args = args(def.signature(), &given);
    let mut report = Vec::new();
    let step = StepContext { input: &input, args: &args, span: Span::new(0, 0) };
    let output = def.flow(step, &mut report);
    if has_errors(&report) {
        return Err(report);
    }
    let verb = def.signature().name.to_owned();
    Ok(StepPlan { id: format!("s.{verb}.0"), verb, args, input, output, span: Span::new(0, 0) })
}

/// The arguments of a word as the checker would hand them over.
pub(crate) fn args(signature: &Signature, given: &[(&'static str, Arg)]) -> Args {
    for (name, _) in given {
        assert!(signature.param(name).is_some(), "`{}` has no `{name}`", signature.name);
    }
    let mut args = Args::default();
    for param in &signature.params {
        let arg = match given.iter().find(|(name, _)| *name == param.name) {
            Some((_, arg)) => arg.clone(),
            None => match param.presence {
                Presence::Default(text) => default(text),
                _ => continue,
            },
        };
        args.given.push((param.name.to_owned(), Spanned::new(arg, Span::new(0, 0))));
    }
    args
}

fn default(text: &str) -> Arg {
    match dsl::parse::expression(text).map(|it| it.kind) {
        Ok(ast::ExprKind::Literal(literal)) => Arg::Value(literal.value),
        Ok(ast::ExprKind::Name { name, .. }) => Arg::Choice(name),
        other => panic!("the default `{text}` is neither a literal nor a word: {other:?}"),
    }
}

/// A column as an expression.
pub(crate) fn column(name: &str, typed: Typed) -> Expr {
    Expr { kind: ExprKind::Column(name.to_owned()), typed, span: Span::new(0, 0) }
}

/// A constant as an expression.
pub(crate) fn literal(value: Value, typed: Typed) -> Expr {
    Expr { kind: ExprKind::Literal(value), typed, span: Span::new(0, 0) }
}

/// An operator between two expressions.
pub(crate) fn binary(op: BinaryOp, left: Expr, right: Expr, typed: Typed) -> Expr {
    let kind = ExprKind::Binary { op, left: Box::new(left), right: Box::new(right) };
    Expr { kind, typed, span: Span::new(0, 0) }
}

/// A column that is made.
pub(crate) fn item(name: &str, value: Expr) -> Item {
    Item { name: name.to_owned(), value }
}

/// The argument `items`.
pub(crate) fn items(items: Vec<Item>) -> Vec<(&'static str, Arg)> {
    vec![("items", Arg::Items(items))]
}

/// Runs an operator and keeps what it puts out.
pub(crate) struct Harness {
    def: &'static dyn OperatorDef,
    steps: Vec<StepPlan>,
    task: Box<dyn Operator>,
    collected: Collected,
}

/// What came out and has not been asked for yet.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    /// Rows that went on.
    pub(crate) rows: Vec<Json>,
    /// Their times.
    pub(crate) times: Vec<Timestamp>,
    /// Their stamps.
    pub(crate) stamps: Vec<Timestamp>,
    /// Late rows, and the watermark that each was judged by.
    pub(crate) late: Vec<(Json, Timestamp)>,
    /// Refused rows and why; `fault.row` is the place among those refused at once.
    pub(crate) refused: Vec<(Json, Fault)>,
    /// The account since the start.
    pub(crate) account: StreamCount,
}

impl Harness {
    /// Builds what runs a step; for `window`, the step and the `aggregate` behind it.
    pub(crate) fn new(def: &'static dyn OperatorDef, steps: impl Into<Steps>) -> Self {
        let Steps(steps) = steps.into();
        let task = def.build(&steps).expect("the operator is built");
        Self { def, steps, task, collected: Collected::default() }
    }

    /// Feeds rows as one batch.
    pub(crate) fn feed(&mut self, rows: &str) {
        self.feed_batch(batch(&self.steps[0].input.columns, rows));
    }

    /// Feeds rows in batches of at most `size`.
    pub(crate) fn feed_in(&mut self, size: usize, rows: &str) {
        let whole = batch(&self.steps[0].input.columns, rows);
        for cut in cuts(&whole, size) {
            self.feed_batch(cut);
        }
    }

    /// Feeds a batch.
    pub(crate) fn feed_batch(&mut self, batch: Batch) {
        self.collected.account.input += batch.rows() as i64;
        let mut out = Output::default();
        self.task.on_batch(0, batch, &mut out).expect("rows are taken");
        self.collected.collect(out);
    }

    /// Moves event time on; returns the watermark that is handed on.
    pub(crate) fn watermark(&mut self, watermark: Watermark) -> Watermark {
        let mut out = Output::default();
        let passed = self.task.on_watermark(watermark, &mut out).expect("time goes on");
        self.collected.collect(out);
        passed
    }

    /// Stops at a snapshot and goes on from it in a new operator.
    pub(crate) fn restart(&mut self) {
        let sections = self.task.snapshot().and_then(crate::snapshot::Snapshot::sections);
        self.task = self.def.build(&self.steps).expect("the operator is built again");
        for section in sections.expect("state is saved") {
            self.task.restore(section).expect("state is taken back");
        }
    }

    /// Stops at a snapshot and goes on from it with other arguments of the same step.
    pub(crate) fn restart_as(&mut self, step: StepPlan) {
        self.steps = vec![step];
        self.restart();
    }

    /// Takes out what has come out so far; the account stays.
    pub(crate) fn take(&mut self) -> Collected {
        let account = self.collected.account.clone();
        let taken = std::mem::take(&mut self.collected);
        self.collected.account = account;
        taken
    }

    /// Exactly these rows have gone on since the last time, in this order.
    #[track_caller]
    pub(crate) fn expect(&mut self, rows: &str) {
        let expected: Vec<Json> = serde_json::from_str(rows).expect("rows are JSON");
        assert_eq!(self.take().rows, expected);
        assert_eq!(self.collected.account.residue(), 0, "{:?}", self.collected.account);
    }

    /// The times of the rows that have gone on.
    pub(crate) fn times(&self) -> &[Timestamp] {
        &self.collected.times
    }

    /// The account since the start.
    pub(crate) fn account(&self) -> &StreamCount {
        &self.collected.account
    }
}

/// The steps that one operator runs.
pub(crate) struct Steps(Vec<StepPlan>);

impl From<StepPlan> for Steps {
    fn from(step: StepPlan) -> Self {
        Steps(vec![step])
    }
}

impl From<Vec<StepPlan>> for Steps {
    fn from(steps: Vec<StepPlan>) -> Self {
        Steps(steps)
    }
}

/// The batch in pieces of at most `size` rows.
pub(crate) fn cuts(batch: &Batch, size: usize) -> Vec<Batch> {
    (0..batch.rows())
        .step_by(size)
        .map(|from| batch.slice(from, size.min(batch.rows() - from)))
        .collect()
}

impl Collected {
    /// Adds what an operator put out.
    pub(crate) fn collect(&mut self, out: Output) {
        self.account += &out.account;
        for batch in out.batches {
            self.account.out += batch.rows() as i64;
            self.rows.extend(rows(&batch.columns));
            self.times.extend(batch.times.iter());
            self.stamps.extend((0..batch.rows()).map(|i| batch.stamps.get(i)));
        }
        for late in out.late {
            self.late.extend(rows(&late.rows.columns).into_iter().zip(late.watermarks));
        }
        for refused in out.refused {
            self.refused.extend(rows(&refused.rows.columns).into_iter().zip(refused.faults));
        }
    }
}
