//! The typed plan: the one value that leaves this crate. Every name is resolved, every expression typed, every default
//! filled in. A host needs nothing else to run a file.
//!
//! ```text
//!  ast ──check──► Plan, constants still open ──resolve(params, environment)──► Plan, every constant a Value
//! ```
//!
//! `check` leaves params, `env(…)` and `secret(…)` open, since a file must check without them. [`crate::constant`]
//! closes them when a run starts; a host sees closed plans only.

pub use crate::ast::BinaryOp;
use crate::ast::BindingKind;
use crate::signature::Kind;
use crate::span::{SourceFile, Span, Spanned};
use crate::types::{Column, Typed};
use crate::value::Value;

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
}

/// What a `window` step hands to the step behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowFlow {
    /// The key columns, in the order of `by:`.
    pub keys: Vec<String>,
    /// `emit`: whether results carry `op` and `final`.
    pub updates: bool,
}

/// A word with its arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The word.
    pub word: String,
    /// Which vocabulary it is from.
    pub kind: Kind,
    /// Its arguments, defaults filled in.
    pub args: Args,
    /// Where it stands.
    pub span: Span,
}

/// Arguments by parameter name, in the order of the signature. A parameter without argument and default is absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Args {
    /// Name and argument.
    pub given: Vec<(String, Spanned<Arg>)>,
}

/// An argument; which one, the parameter's [`crate::signature::Takes`] says.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg {
    /// A constant that is not worked out yet. Not in a closed plan.
    Constant(Expr),
    /// A constant.
    Value(Value),
    /// An expression over the rows.
    Expr(Expr),
    /// A column.
    Column(String),
    /// Columns.
    Columns(Vec<String>),
    /// A bare word out of a list.
    Choice(String),
    /// A word with its own arguments.
    Word(Call),
    /// A schema.
    Schema(Schema),
    /// A stream.
    Stream(Input),
    /// Text with columns to fill in.
    RowPattern(Vec<TemplatePart>),
    /// A record of options.
    Record(Args),
    /// A list, or a repeated parameter.
    List(Vec<Arg>),
    /// Columns made from left to right.
    Items(Vec<Item>),
    /// `new = old`
    Renames(Vec<(String, String)>),
    /// What `aggregate` makes.
    Aggregates(Aggregates),
    /// Detector calls; the name is none for a single unnamed one.
    Detectors(Vec<(Option<String>, Call)>),
}

/// A column and how it is made.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// Its value, over the input columns and the items before it.
    pub value: Expr,
}

/// The items of `aggregate`: first every call over the window's rows, then the items over their results.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregates {
    /// Each call of an aggregate, in the order written; equal calls stand once.
    pub calls: Vec<AggregateCall>,
    /// The items, over the key columns, `window`, earlier items, and `ExprKind::Aggregate`.
    pub items: Vec<Item>,
}

/// One call of an aggregate.
#[derive(Clone, Debug, PartialEq)]
pub struct AggregateCall {
    /// The word; its arguments are expressions over the input columns.
    pub call: Call,
    /// What it yields.
    pub typed: Typed,
}

/// A schema, resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// Its name.
    pub name: String,
    /// Its fields, in order.
    pub fields: Vec<Field>,
}

/// One field of a schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The column that it fills.
    pub column: Column,
    /// `from "…"`: its name or path on the wire; none: the column's name.
    pub wire: Option<String>,
    /// How numbers and text become a timestamp, where the column (or its elements) is one.
    pub timestamp: TimestampForm,
    /// What values are valid.
    pub bounds: Option<Bounds>,
    /// Stands in for a missing field; closed.
    pub default: Option<Value>,
    /// Fields of a struct, with their own wire names, bounds and defaults.
    pub children: Vec<Field>,
    /// Where it is declared.
    pub span: Span,
}

/// How numbers and text become a timestamp.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimestampForm {
    /// What a number counts.
    pub unit: TimeUnit,
    /// The zone of text without an offset, checked; none: such text is an error row.
    pub zone: Option<String>,
}

/// What a number counts when it becomes a timestamp.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeUnit {
    /// Seconds since 1970.
    Second,
    /// Milliseconds since 1970.
    #[default]
    Millisecond,
    /// Microseconds since 1970.
    Microsecond,
    /// Nanoseconds since 1970.
    Nanosecond,
}

/// Valid values; both ends of a range are inside, NaN is outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Bounds {
    /// From, to; a missing end is open.
    Range(Option<Value>, Option<Value>),
    /// One of these.
    List(Vec<Value>),
}

/// A typed expression. Implicit conversions stand in it as casts; both sides of an operator have the same type, but
/// for times and durations.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// What it yields.
    pub typed: Typed,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of typed expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A constant of the expression's type.
    Literal(Value),
    /// A param. Not in a closed plan.
    Param(String),
    /// A column of the input.
    Column(String),
    /// `meta.topic`; of `meta.headers` the whole map.
    Meta(MetaField),
    /// The result of `Aggregates::calls[i]`; only in items of `aggregate`.
    Aggregate(usize),
    /// A field of a struct, or of every struct of a list; null of null.
    Member(Box<Expr>, String),
    /// An element of a list (from 0) or map; null outside.
    Index(Box<Expr>, Box<Expr>),
    /// `-a`
    Negate(Box<Expr>),
    /// `not a`
    Not(Box<Expr>),
    /// An operator. `Divide` stands on floats only (and duration by number).
    Binary {
        /// Which.
        op: BinaryOp,
        /// Left.
        left: Box<Expr>,
        /// Right.
        right: Box<Expr>,
    },
    /// `a in low..high`, both ends inside; `not in` is wrapped in `Not`.
    InRange {
        /// What is asked.
        value: Box<Expr>,
        /// The least.
        low: Option<Box<Expr>>,
        /// The greatest.
        high: Option<Box<Expr>>,
    },
    /// `a in [b, c]`; `not in` is wrapped in `Not`.
    InList {
        /// What is asked.
        value: Box<Expr>,
        /// The list, each of the value's type.
        list: Vec<Expr>,
    },
    /// `a is null`; `is not null` is wrapped in `Not`.
    IsNull(Box<Expr>),
    /// To the expression's type. What does not fit is an error row, or null if `lenient` (`as int?`).
    Cast {
        /// What is converted.
        value: Box<Expr>,
        /// Null instead of an error.
        lenient: bool,
    },
    /// `if(c1, v1, c2, v2, …, otherwise)`
    If {
        /// Condition and value, in order.
        branches: Vec<(Expr, Expr)>,
        /// The value where none holds.
        otherwise: Box<Expr>,
    },
    /// A function. `env` and `secret` stand in open plans only.
    Call {
        /// Its name.
        function: String,
        /// Its arguments, in the order of its signature; trailing optional ones may be missing.
        args: Vec<Expr>,
    },
    /// `f"…"`; yields text. A null hole makes the whole null.
    Template(Vec<TemplatePart>),
    /// `[a, b]`, all of one type.
    List(Vec<Expr>),
    /// `{ k: v }`
    Struct(Vec<(String, Expr)>),
    /// `a..b` in a constant that is still open (`retry: least..64s`). Not in a closed plan.
    Range(Option<Box<Expr>>, Option<Box<Expr>>),
}

/// A piece of a template or pattern.
#[derive(Clone, Debug, PartialEq)]
pub enum TemplatePart {
    /// Text.
    Text(String),
    /// A value to fill in; `decimals` digits after the point where it was written `{x:.2}`.
    Hole {
        /// The value, of any type that has a text.
        value: Expr,
        /// Digits after the point.
        decimals: Option<u8>,
    },
}

/// The fields of `meta`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MetaField {
    /// The row's time.
    Time,
    /// When the row was received.
    Received,
    /// The topic it came by.
    Topic,
    /// The message's key.
    Key,
    /// The partition it came from.
    Partition,
    /// Its offset there.
    Offset,
    /// The message's headers.
    Headers,
    /// The split it came from (file, partition, subscription).
    Split,
}

/// A `test` block.
#[derive(Clone, Debug)]
pub struct TestPlan {
    /// What it says it tests.
    pub name: String,
    /// What it does, in order.
    pub actions: Vec<TestAction>,
    /// Where it stands.
    pub span: Span,
}

/// One action of a test.
#[derive(Clone, Debug)]
pub struct TestAction {
    /// What it does.
    pub kind: TestActionKind,
    /// Where it stands.
    pub span: Span,
}

/// The actions of a test.
#[derive(Clone, Debug)]
pub enum TestActionKind {
    /// Rows for a source.
    Feed {
        /// The source.
        source: String,
        /// Its rows.
        rows: Vec<FeedRow>,
    },
    /// The lines of a file for a source, each a raw payload.
    FeedFile {
        /// The source.
        source: String,
        /// The path, from the file's folder.
        path: String,
    },
    /// Rows that must have come out.
    ExpectRows {
        /// The stream, sink or side stream.
        input: Input,
        /// The rows; a range stands for any value in it.
        rows: Vec<Value>,
        /// At least these, rather than exactly these.
        contains: bool,
        /// How far (µs) the clock may run until it holds.
        within: Option<i64>,
    },
    /// How many rows must have come out.
    ExpectCount {
        /// The stream, sink or side stream.
        input: Input,
        /// The number, or a range of numbers.
        count: Value,
        /// How far (µs) the clock may run until it holds.
        within: Option<i64>,
    },
    /// Sets the clock: a timestamp, or a duration since the first row's time.
    At(Value),
    /// Moves the clock on, µs.
    Advance(i64),
    /// Gives a param another value.
    Set {
        /// The param.
        param: String,
        /// Its value.
        value: Value,
    },
    /// The inputs end.
    End,
    /// Stops at a checkpoint and goes on from it.
    Restart,
}

/// A row that a test feeds.
#[derive(Clone, Debug, PartialEq)]
pub enum FeedRow {
    /// By the schema's column names.
    Record(Value),
    /// A payload for the decoder.
    Raw(String),
}

/// An argument that the code asks for and the checker did not fill in: the signature and the code disagree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgError(pub String);

impl std::fmt::Display for ArgError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ArgError {}

macro_rules! getters {
    ($($(#[$doc:meta])* $name:ident, $optional:ident -> $out:ty, $what:literal, $pattern:pat => $value:expr;)*) => {
        impl Args { $(
            $(#[$doc])*
            pub fn $name(&self, name: &str) -> Result<$out, ArgError> {
                self.$optional(name)?.ok_or_else(|| ArgError(format!("the argument `{name}` is missing")))
            }
            /// The same where it may be absent.
            pub fn $optional(&self, name: &str) -> Result<Option<$out>, ArgError> {
                match self.get(name) {
                    None | Some(Arg::Value(Value::Null)) => Ok(None),
                    Some($pattern) => Ok(Some($value)),
                    Some(other) => Err(ArgError(format!("`{name}` should be {}, it is {}", $what, other.noun()))),
                }
            }
        )* }
    };
}

getters! {
    /// A `bool`.
    bool, opt_bool -> bool, "a bool", Arg::Value(Value::Bool(it)) => *it;
    /// An `int`.
    int, opt_int -> i64, "an int", Arg::Value(Value::Int(it)) => *it;
    /// Text.
    text, opt_text -> &str, "text", Arg::Value(Value::String(it)) => it;
    /// A duration in µs.
    duration, opt_duration -> i64, "a duration", Arg::Value(Value::Duration(it)) => *it;
    /// A size in bytes.
    size, opt_size -> u64, "a size", Arg::Value(Value::Size(it)) => *it;
    /// A timestamp in µs.
    timestamp, opt_timestamp -> i64, "a timestamp", Arg::Value(Value::Timestamp(it)) => *it;
    /// A constant.
    value, opt_value -> &Value, "a constant", Arg::Value(it) => it;
    /// An expression over the rows.
    expr, opt_expr -> &Expr, "an expression", Arg::Expr(it) => it;
    /// A column.
    column, opt_column -> &str, "a column", Arg::Column(it) => it;
    /// Columns.
    columns, opt_columns -> &[String], "columns", Arg::Columns(it) => it;
    /// A bare word.
    choice, opt_choice -> &str, "a choice", Arg::Choice(it) => it;
    /// A word with its arguments.
    word, opt_word -> &Call, "a word", Arg::Word(it) => it;
    /// A schema.
    schema, opt_schema -> &Schema, "a schema", Arg::Schema(it) => it;
    /// A stream.
    stream, opt_stream -> &Input, "a stream", Arg::Stream(it) => it;
    /// Text with columns to fill in.
    row_pattern, opt_row_pattern -> &[TemplatePart], "a pattern", Arg::RowPattern(it) => it;
    /// A record of options.
    record, opt_record -> &Args, "a record", Arg::Record(it) => it;
    /// A list.
    list, opt_list -> &[Arg], "a list", Arg::List(it) => it;
    /// Columns made from left to right.
    items, opt_items -> &[Item], "items", Arg::Items(it) => it;
    /// `new = old`
    renames, opt_renames -> &[(String, String)], "renames", Arg::Renames(it) => it;
    /// What `aggregate` makes.
    aggregates, opt_aggregates -> &Aggregates, "aggregates", Arg::Aggregates(it) => it;
    /// Detector calls.
    detectors, opt_detectors -> &[(Option<String>, Call)], "detectors", Arg::Detectors(it) => it;
}

impl Arg {
    /// What a message calls it. Its value may be a secret, so that is not shown.
    pub fn noun(&self) -> &'static str {
        match self {
            Arg::Constant(_) => "a constant that is still open",
            Arg::Value(value) => value.kind(),
            Arg::Expr(_) => "an expression",
            Arg::Column(_) => "a column",
            Arg::Columns(_) => "columns",
            Arg::Choice(_) => "a choice",
            Arg::Word(_) => "a word",
            Arg::Schema(_) => "a schema",
            Arg::Stream(_) => "a stream",
            Arg::RowPattern(_) => "a pattern",
            Arg::Record(_) => "a record",
            Arg::List(_) => "a list",
            Arg::Items(_) => "items",
            Arg::Renames(_) => "renames",
            Arg::Aggregates(_) => "aggregates",
            Arg::Detectors(_) => "detectors",
        }
    }
}

impl Args {
    /// The argument of this name.
    pub fn get(&self, name: &str) -> Option<&Arg> {
        self.given.iter().find(|(it, _)| it == name).map(|(_, arg)| &arg.node)
    }

    /// Where the argument of this name stands.
    pub fn span(&self, name: &str) -> Option<Span> {
        self.given.iter().find(|(it, _)| it == name).map(|(_, arg)| arg.span)
    }

    /// A number; an int counts too.
    pub fn float(&self, name: &str) -> Result<f64, ArgError> {
        self.opt_float(name)?.ok_or_else(|| ArgError(format!("the argument `{name}` is missing")))
    }

    /// A number; an int counts too; none where it is absent.
    pub fn opt_float(&self, name: &str) -> Result<Option<f64>, ArgError> {
        match self.get(name) {
            None | Some(Arg::Value(Value::Null)) => Ok(None),
            Some(Arg::Value(Value::Float(it))) => Ok(Some(*it)),
            Some(Arg::Value(Value::Int(it))) => Ok(Some(*it as f64)),
            Some(other) => {
                Err(ArgError(format!("`{name}` should be a number, it is {}", other.noun())))
            }
        }
    }
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
            FromPlan::Word(call) => {
                let mut inputs = Vec::new();
                for (_, arg) in &call.args.given {
                    collect_streams(&arg.node, &mut inputs);
                }
                inputs
            }
        }
    }
}

fn collect_streams<'a>(arg: &'a Arg, inputs: &mut Vec<&'a Input>) {
    match arg {
        Arg::Stream(input) => inputs.push(input),
        Arg::List(args) => args.iter().for_each(|arg| collect_streams(arg, inputs)),
        _ => {}
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
