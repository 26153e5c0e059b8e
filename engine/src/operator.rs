//! Operators: how a step is described before it runs ([`OperatorDef`]) and what runs ([`Operator`]).
//!
//! ```text
//!                 on_batch(port, rows) ─┐
//!  host ──────►   on_watermark(w)       ├──► Output: rows | late rows | refused rows | account
//!                 on_clock(now)        ─┘
//!                 snapshot() / restore(section)        at a barrier, between two calls
//! ```
//!
//! An operator is pure: no thread, clock, random number or I/O inside. Its results depend on the order of rows per key,
//! on their stamps and on the sequence of watermarks, nothing else; so every host gets the same results.

mod columns;
mod refuse;
mod stateless;

pub(crate) use columns::sound_columns;
pub use stateless::{RowWise, Stateless};

use crate::batch::Batch;
use crate::error::{Error, Result};
use crate::ledger::{Fate, StreamCount};
use crate::reason::Fault;
use crate::snapshot::{Section, Snapshot};
use crate::time::{Micros, Timestamp, Watermark};
use arrow::array::ArrayRef;
use dsl::catalog::StepRule;
use dsl::plan::StepPlan;

/// Which input of an operator, from 0 in the order of the file.
pub type Port = usize;

/// A running operator.
pub trait Operator: Send {
    /// Takes rows. Every one of them has to be accounted for: see [`Output`].
    fn on_batch(&mut self, port: Port, batch: Batch, out: &mut Output) -> Result<()>;

    /// Event time has come this far: sets free what was waiting for it, and returns the watermark to hand on behind
    /// those rows. Called behind the rows of every round, with the minimum over the inputs: never a lower one than before,
    /// and the same one as long as time does not go on.
    fn on_watermark(&mut self, watermark: Watermark, out: &mut Output) -> Result<Watermark>;

    /// The clock shows this; only operators that ask for it in [`OperatorDef::clocked`] are called.
    fn on_clock(&mut self, _now: Timestamp, _out: &mut Output) -> Result<()> {
        Ok(())
    }

    /// About how many bytes of memory its state takes. Asked about once a second, so it has to be cheap; what values have
    /// on the heap may be left out.
    fn bytes(&self) -> usize {
        0
    }

    /// Captures the state, cheaply.
    fn snapshot(&mut self) -> Result<Box<dyn Snapshot>>;

    /// Takes back a section of an earlier snapshot: called before the first row, any number of times, with any subset
    /// of the key groups.
    fn restore(&mut self, section: Section) -> Result<()>;
}

/// Which rows have to meet in one task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placement {
    /// None: any number of tasks, each with its own copy.
    Anywhere,
    /// Those with equal values in these columns of the input.
    ByKey(Vec<String>),
    /// All of them.
    Single,
}

/// A word of the vocabulary that is a step, and how to build what runs it.
pub trait OperatorDef: StepRule {
    /// Which rows have to meet. A word with the option `by` keeps something for each key, so the rows of a key meet, and
    /// all rows where no key is given; a word without it takes each row by itself.
    fn placement(&self, step: &StepPlan) -> Placement {
        match self.key(&step.args) {
            Some(keys) if !keys.is_empty() => Placement::ByKey(keys.to_vec()),
            _ if self.signature().params.iter().any(|it| it.name == "by") => Placement::Single,
            _ => Placement::Anywhere,
        }
    }

    /// How many steps it takes at once: `window` takes the `aggregate` behind it.
    fn steps(&self) -> usize {
        1
    }

    /// Whether it wants [`Operator::on_clock`].
    fn clocked(&self, _step: &StepPlan) -> bool {
        false
    }

    /// Builds what runs. `steps` begins with the step itself and has as many as [`OperatorDef::steps`] says.
    fn build(&self, steps: &[StepPlan]) -> Result<Box<dyn Operator>>;
}

/// The step of a word that takes one at once.
pub(crate) fn one_step(steps: &[StepPlan]) -> Result<&StepPlan> {
    match steps {
        [step] => Ok(step),
        _ => Err(Error::bug(format!("a word that takes one step was given {}", steps.len()))),
    }
}

/// What an operator puts out, and its account of the rows it took in.
///
/// The rule: every row of a batch is either put out by [`Output::pass`], or named in exactly one of `late`, `refuse`,
/// `account`, `hold`. A row that is held is named again when it has done its work (`absorb`), or is put out by `release`.
/// Rows that the operator makes go out by `make`. What goes out of `on_batch` carries as its `order` the places of the
/// rows that caused it (those of the batch, unless it made new rows); what goes out of `on_watermark`, the windows it is
/// the result of, ordered by (end, start, key group, key bytes).
#[derive(Debug, Default)]
pub struct Output {
    /// Rows that go on, in order.
    pub batches: Vec<Batch>,
    /// Rows too late, as they came in, in order.
    pub late: Vec<LateRows>,
    /// Rows refused, in order.
    pub refused: Vec<RefusedRows>,
    /// Results that could not be worked out: rows made and refused at once.
    pub account: StreamCount,
}

/// Rows that came too late, for `NAME.late`.
#[derive(Clone, Debug)]
pub struct LateRows {
    /// The rows as they came into the step.
    pub rows: Batch,
    /// The watermark by which each was judged: its stamp, or the operator's watermark where that decided.
    pub watermarks: Vec<Timestamp>,
}

/// Rows that a step refused, for `NAME.errors`.
#[derive(Clone, Debug)]
pub struct RefusedRows {
    /// The rows as they came into the step.
    pub rows: Batch,
    /// One fault a row; `row` is its place in `rows`.
    pub faults: Vec<Fault>,
    /// The verb that refused them.
    pub step: &'static str,
}

impl Output {
    /// Hands on rows that came in.
    pub fn pass(&mut self, batch: Batch) {
        if batch.rows() > 0 {
            self.batches.push(batch);
        }
    }

    /// Hands on rows that the operator made.
    pub fn make(&mut self, batch: Batch) {
        self.account.made += batch.rows() as i64;
        self.pass(batch);
    }

    /// Hands on rows that were held.
    pub fn release(&mut self, batch: Batch) {
        self.account.account(Fate::Held, -(batch.rows() as i64));
        self.pass(batch);
    }

    /// Keeps rows inside.
    pub fn hold(&mut self, rows: usize) {
        self.account.account(Fate::Held, rows as i64);
    }

    /// Rows that were held have done their work.
    pub fn absorb(&mut self, rows: usize) {
        self.account.account(Fate::Held, -(rows as i64));
        self.account.account(Fate::Absorbed, rows as i64);
    }

    /// Counts rows that end here.
    pub fn account(&mut self, fate: Fate, rows: usize) {
        self.account.account(fate, rows as i64);
    }

    /// Puts rows on the late stream.
    pub fn late(&mut self, late: LateRows) {
        self.account.account(Fate::Late, late.rows.rows() as i64);
        if late.rows.rows() > 0 {
            self.late.push(late);
        }
    }

    /// Puts rows on the error stream.
    pub fn refuse(&mut self, refused: RefusedRows) {
        debug_assert_eq!(refused.rows.rows(), refused.faults.len(), "one fault a row");
        self.account.account(Fate::Errors, refused.rows.rows() as i64);
        if refused.rows.rows() > 0 {
            self.refused.push(refused);
        }
    }

    /// Puts rows on the error stream that the operator made itself (a result that overflowed).
    pub fn refuse_made(&mut self, refused: RefusedRows) {
        self.account.made += refused.rows.rows() as i64;
        self.refuse(refused);
    }
}

/// What expressions are worked out over: some columns of equal length, and what goes beside them.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The columns, in the order the expression was compiled for.
    pub columns: &'a [ArrayRef],
    /// Each row's time (`meta.time`).
    pub times: &'a [Timestamp],
    /// The metadata, where there is any.
    pub meta: Option<&'a crate::batch::Meta>,
}

impl Batch {
    /// These rows as expressions see them.
    pub fn frame(&self) -> Frame<'_> {
        Frame { columns: self.columns.columns(), times: &self.times, meta: self.meta.as_ref() }
    }
}

/// How long state of a key that is not seen any more is kept, unless a step says otherwise: 30 days.
pub const TTL: Micros = 30 * dsl::calendar::DAY;
