//! The typed plan: the one value that leaves this crate. Every name is resolved, every expression typed, every default
//! filled in. A host needs nothing else to run a file.
//!
//! ```text
//!  ast ──check──► Plan, constants still open ──resolve(params, environment)──► Plan, every constant a Value
//! ```
//!
//! `check` leaves params, `env(…)` and `secret(…)` open, since a file must check without them. [`crate::constant`]
//! closes them when a run starts; a host sees closed plans only.

mod args;
mod expr;
mod schema;
mod test;
mod walk;

pub use crate::ast::BinaryOp;
pub use args::{AggregateCall, Aggregates, Arg, ArgError, Args, Call, Item};
pub use expr::{Expr, ExprKind, MetaField, TemplatePart};
pub use schema::{Bounds, Field, Schema, TimeUnit, TimestampForm};
pub use test::{FeedRow, TestAction, TestActionKind, TestPlan};
pub use walk::Node;

use crate::ast::BindingKind;
use crate::span::{SourceFile, Span};
use crate::types::{Column, Typed};

/// A whole checked file.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The text it came from: operators name their line with it.
    pub file: SourceFile,
    /// What `--set` can give.
    pub params: Vec<ParamPlan>,
    /// Sources, in the order written.
    pub sources: Vec<SourcePlan>,
    /// Streams, so ordered that each stands behind what it reads.
    pub streams: Vec<StreamPlan>,
    /// Sinks, in the order written.
    pub sinks: Vec<SinkPlan>,
    /// The tests inside the file.
    pub tests: Vec<TestPlan>,
}

/// A `param`.
#[derive(Clone, Debug)]
pub struct ParamPlan {
    /// Its name.
    pub name: String,
    /// Its type.
    pub typed: Typed,
    /// What values it may take.
    pub bounds: Option<Bounds>,
    /// Its value unless another is given.
    pub default: Option<Expr>,
    /// Where it is declared.
    pub span: Span,
}

/// A `source`.
#[derive(Clone, Debug)]
pub struct SourcePlan {
    /// Its name.
    pub name: String,
    /// The connector and all its options, the common ones too.
    pub connector: Call,
    /// The format and its options; none where the connector makes columns itself (`generate`).
    pub format: Option<Call>,
    /// The declared schema, if any: what the decoder reads, and the columns' wire names, bounds and defaults.
    pub schema: Option<Schema>,
    /// The columns of its rows: those of the schema, then what the connector adds (captures of a topic).
    pub columns: Vec<Column>,
    /// The row's time over `columns` and `meta`; none: when it was received.
    pub time: Option<Expr>,
    /// Whether its input ends by itself.
    pub bounded: bool,
    /// The statement.
    pub span: Span,
}

/// A `stream`.
#[derive(Clone, Debug)]
pub struct StreamPlan {
    /// Its name.
    pub name: String,
    /// Where its rows come from.
    pub from: FromPlan,
    /// What is done with them.
    pub steps: Vec<StepPlan>,
    /// The columns that it puts out.
    pub columns: Vec<Column>,
    /// The statement.
    pub span: Span,
}

/// A `sink`: a stream that ends in a connector.
#[derive(Clone, Debug)]
pub struct SinkPlan {
    /// Its name.
    pub name: String,
    /// Where its rows come from.
    pub from: FromPlan,
    /// What is done with them before they are written.
    pub steps: Vec<StepPlan>,
    /// The connector and all its options, the common ones too.
    pub connector: Call,
    /// The format and its options; none where the connector needs none.
    pub format: Option<Call>,
    /// The columns that it writes.
    pub columns: Vec<Column>,
    /// The statement.
    pub span: Span,
}

/// What stands behind the `=` of a stream or sink.
#[derive(Clone, Debug)]
pub enum FromPlan {
    /// One stream as it is.
    One(Input),
    /// A word over several: `union(a, b)`. Its `Stream` arguments are the inputs, in order.
    Word(Call),
}

/// One input: a binding's rows, or one of its side streams.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Input {
    /// A source, stream or sink.
    pub name: String,
    /// Which of its outputs.
    pub side: Side,
}

/// The outputs of a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// Its rows.
    Main,
    /// `NAME.errors`
    Errors,
    /// `NAME.late`
    Late,
}

/// A step with everything known about it.
#[derive(Clone, Debug)]
pub struct StepPlan {
    /// Stable over edits elsewhere: `per_minute.window.0` (stream, verb, its place among the same verbs there).
    pub id: String,
    /// The word.
    pub verb: String,
    /// Its arguments, defaults filled in.
    pub args: Args,
    /// What comes in.
    pub input: Flow,
    /// What goes out.
    pub output: Flow,
    /// The step, from its bar.
    pub span: Span,
}

/// What is known about the rows between two steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// The columns.
    pub columns: Vec<Column>,
    /// Whether rows still have their `meta` (gone after `aggregate`, `join`, `match`).
    pub meta: bool,
    /// Directly behind `window`: what its rows are grouped by.
    pub window: Option<WindowFlow>,
    /// Rows are revised later (`op`, `final` columns): a window over them needs `where final` first.
    pub updates: bool,
    /// What tells rows of one time apart, as far as steps said it by `by:`; empty where there is one row a time. A name
    /// that is no column any more was left out on the way. None: not known.
    pub key: Option<Vec<String>>,
}

/// What a `window` step hands to the step behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowFlow {
    /// The key columns, in the order of `by:`.
    pub keys: Vec<String>,
    /// `emit`: whether results carry `op` and `final`.
    pub updates: bool,
}

impl Plan {
    /// The source of this name.
    pub fn source(&self, name: &str) -> Option<&SourcePlan> {
        self.sources.iter().find(|it| it.name == name)
    }

    /// The stream of this name.
    pub fn stream(&self, name: &str) -> Option<&StreamPlan> {
        self.streams.iter().find(|it| it.name == name)
    }

    /// The sink of this name.
    pub fn sink(&self, name: &str) -> Option<&SinkPlan> {
        self.sinks.iter().find(|it| it.name == name)
    }

    /// What kind of binding a name is.
    pub fn kind(&self, name: &str) -> Option<BindingKind> {
        if self.source(name).is_some() {
            Some(BindingKind::Source)
        } else if self.stream(name).is_some() {
            Some(BindingKind::Stream)
        } else if self.sink(name).is_some() {
            Some(BindingKind::Sink)
        } else {
            None
        }
    }
}

impl FromPlan {
    /// The inputs, in order.
    pub fn inputs(&self) -> Vec<&Input> {
        match self {
            FromPlan::One(input) => vec![input],
            FromPlan::Word(call) => call.args.streams(),
        }
    }
}

impl std::fmt::Display for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.side {
            Side::Main => f.write_str(&self.name),
            Side::Errors => write!(f, "{}.errors", self.name),
            Side::Late => write!(f, "{}.late", self.name),
        }
    }
}
