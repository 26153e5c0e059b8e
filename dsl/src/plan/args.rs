//! Words with their arguments, bound and typed; and how a word's own code reads them.

use super::{Expr, Input, Schema, TemplatePart};
use crate::signature::{Kind, Limit};
use crate::span::{Span, Spanned};
use crate::types::Typed;
use crate::value::Value;

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
    /// A constant that is not worked out yet, and what it may become. Not in a closed plan.
    Constant(Expr, Option<Limit>),
    /// A constant.
    Value(Value),
    /// An expression over the rows.
    Expr(Expr),
    /// A column.
    Column(String),
    /// Columns.
    Columns(Vec<String>),
    /// A word over a column: `day(t)`.
    Of {
        /// The word.
        word: String,
        /// The column.
        column: String,
    },
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
    fn is_closed(&self) -> bool {
        match self {
            Arg::Constant(..) => false,
            Arg::Word(call) => call.args.is_closed(),
            Arg::Record(args) => args.is_closed(),
            Arg::List(args) => args.iter().all(Arg::is_closed),
            Arg::Value(_)
            | Arg::Expr(_)
            | Arg::Column(_)
            | Arg::Columns(_)
            | Arg::Of { .. }
            | Arg::Choice(_)
            | Arg::Schema(_)
            | Arg::Stream(_)
            | Arg::RowPattern(_)
            | Arg::Items(_)
            | Arg::Renames(_)
            | Arg::Aggregates(_)
            | Arg::Detectors(_) => true,
        }
    }

    /// What a message calls it. Its value may be a secret, so that is not shown.
    pub fn noun(&self) -> &'static str {
        match self {
            Arg::Constant(..) => "a constant that is still open",
            Arg::Value(value) => value.kind(),
            Arg::Expr(_) => "an expression",
            Arg::Column(_) => "a column",
            Arg::Columns(_) => "columns",
            Arg::Of { .. } => "a word over a column",
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

    /// Whether every constant is worked out: none waits for params or the environment.
    pub fn is_closed(&self) -> bool {
        self.given.iter().all(|(_, arg)| arg.node.is_closed())
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
