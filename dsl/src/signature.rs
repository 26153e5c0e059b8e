//! How every named thing describes itself: one [`Signature`] for a step, window, aggregate, function, detector,
//! connector and format.
//!
//! Argument checks, "did you mean", the reference documentation and completion all read this one description, so a new
//! word never touches the grammar or the checker. Documentation is data here, and its examples run as tests.

mod range;

pub use range::{Limit, Range};

use crate::types::{Type, Typed};
use crate::value::Value;

/// What kind of word it is; one name may be a word of several kinds (`mqtt` is a source and a sink).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Behind the `=` of a stream: `union(a, b)`.
    From,
    /// Behind a bar: `where`.
    Step,
    /// The first item of `window`: `tumbling(1m)`.
    Window,
    /// Inside `aggregate`: `avg(x)`.
    Aggregate,
    /// Inside `detect`: `sigma(x)`.
    Detector,
    /// In any expression: `upper(name)`.
    Function,
    /// Behind the `=` of a source.
    Source,
    /// Behind `into` of a sink.
    Sink,
    /// The value of `format:`.
    Format,
}

impl Kind {
    /// What a message calls it.
    pub fn noun(self) -> &'static str {
        match self {
            Kind::From => "combination",
            Kind::Step => "step",
            Kind::Window => "window",
            Kind::Aggregate => "aggregate",
            Kind::Detector => "detector",
            Kind::Function => "function",
            Kind::Source => "source",
            Kind::Sink => "sink",
            Kind::Format => "format",
        }
    }
}

/// The description of one word. There are no defaults: whoever adds a word writes its documentation.
#[derive(Clone, Debug)]
pub struct Signature {
    /// As it is typed.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// One sentence, at least five words.
    pub summary: &'static str,
    /// What else a user should know, in Markdown; may be empty.
    pub details: &'static str,
    /// Positional parameters first, in order; then the options.
    pub params: Vec<Param>,
    /// What it yields, for words that stand in expressions.
    pub result: Returns,
    /// At least one; every one is run by the tests.
    pub examples: &'static [Example],
}

/// One parameter or option.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name: what an option is called; how the docs call a positional one.
    pub name: &'static str,
    /// Where it may stand.
    pub place: Place,
    /// What it takes.
    pub takes: Takes,
    /// Whether it has to be there.
    pub presence: Presence,
    /// Which constants it may be; none: all of its kind.
    pub range: Option<Range>,
    /// Whether its value is shown to nobody.
    pub secret: bool,
    /// One sentence.
    pub doc: &'static str,
}

/// Where an argument stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// By position: `sigma(temperature)`; also accepted by name.
    Positional,
    /// By position, any number of times (at least once unless optional): `union(a, b, c)`.
    Repeated,
    /// By name only: `threshold: 3.0`.
    Option,
}

/// Whether an argument has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It must be written.
    Required,
    /// It may be left out, and then there is none.
    Optional,
    /// It may be left out, and then it is this, written as a user would.
    Default(&'static str),
}

/// What an argument may be. The checker turns each into the matching [`crate::plan::Arg`].
#[derive(Clone, Debug, PartialEq)]
pub enum Takes {
    /// An expression over the rows, of one of these classes.
    Expr(TypeClass),
    /// A constant: literals, params, `env(…)`, `secret(…)`, and what can be worked out from them.
    Constant(Constant),
    /// A constant or an expression over the rows (`above: 85.0`, `above: limits.high`).
    ConstantOrExpr(TypeClass),
    /// One column.
    Column,
    /// A column or a list of columns (`by:`).
    Columns,
    /// One column, or one of these words over one (`day(t)`): an [`crate::plan::Arg::Of`] then.
    ColumnOr(&'static [&'static str]),
    /// One of these bare words.
    Choice(&'static [&'static str]),
    /// A constant, or one of these bare words instead (`rate: 1000`, `rate: max`): an [`crate::plan::Arg::Choice`] then.
    ConstantOrChoice(Constant, &'static [&'static str]),
    /// A word of this kind, as a call or a bare name: `format: json`, `window tumbling(1m)`.
    Word(Kind),
    /// The name of a schema.
    Schema,
    /// A stream, source or side stream.
    Stream,
    /// Text in which `{captures}` mean something to the word itself (an MQTT source's topic).
    Pattern,
    /// Text in which `{column}` is filled in from the row (a sink's topic or path).
    RowPattern,
    /// A record with these entries: `tls: { ca, cert, key }`.
    Record(Vec<Param>),
    /// One or a list of what the inner one takes.
    ListOf(Box<Takes>),
    /// Items `name = expr`, or bare columns, as in `select`: names unique, worked out from left to right.
    Items,
    /// Items `new = old`, both columns, as in `rename`.
    Renames,
    /// Items `name = expr` in which aggregates are called, as in `aggregate`.
    Aggregates,
    /// One detector call, or several items `name = detector(…)`, as in `detect`.
    Detectors,
}

/// What kind of constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constant {
    /// `true`, `false`.
    Bool,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// Text.
    String,
    /// `30s`
    Duration,
    /// `64MiB`, or a whole number of bytes.
    Size,
    /// `5 / 1h`, or a number per second.
    Rate,
    /// A timestamp or date.
    Timestamp,
    /// `1s..64s`
    DurationRange,
    /// Any value at all.
    Any,
}

/// A family of types an argument may have.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeClass {
    /// Any type.
    Any,
    /// Exactly this one (int is accepted for float and decimal).
    Is(Type),
    /// int, float or decimal.
    Numeric,
    /// int, float, decimal, duration.
    NumericOrDuration,
    /// Anything with an order: numbers, text, times, bool.
    Ordered,
    /// timestamp or date.
    Time,
    /// Any list.
    List,
}

/// What a word yields, told from the types of its arguments.
#[derive(Clone, Copy, Debug)]
pub enum Returns {
    /// Nothing: it does not stand in an expression.
    Nothing,
    /// Worked out from the arguments (positional ones in order, then options as declared; a missing one is left out).
    /// An `Err` says what is wrong with them.
    From(fn(&[Typed]) -> Result<Typed, String>),
    /// The same, and those arguments that are constants are looked at before the first row: a pattern, a time zone.
    Checked {
        /// What it yields.
        from: fn(&[Typed]) -> Result<Typed, String>,
        /// Whether these constants will do; one that is not known yet is none. An `Err` says what is wrong with them.
        constants: fn(&[Option<&Value>]) -> Result<(), String>,
    },
}

/// An example, run by the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// What it shows, a short sentence; may be empty.
    pub title: &'static str,
    /// What a user types: an expression for a function, a whole file otherwise.
    pub source: &'static str,
    /// For a function: the value as JSON. For a file: empty, its own `test` blocks are run.
    pub result: &'static str,
}

impl Signature {
    /// The parameter of this name.
    pub fn param(&self, name: &str) -> Option<&Param> {
        self.params.iter().find(|it| it.name == name)
    }

    /// The parameters that stand by position, in order.
    pub fn positional(&self) -> impl Iterator<Item = &Param> {
        self.params.iter().filter(|it| it.place != Place::Option)
    }
}

impl Param {
    fn new(
        name: &'static str,
        place: Place,
        takes: Takes,
        presence: Presence,
        doc: &'static str,
    ) -> Self {
        Self { name, place, takes, presence, range: None, secret: false, doc }
    }

    /// A parameter by position that must be there.
    pub fn positional(name: &'static str, takes: Takes, doc: &'static str) -> Self {
        Self::new(name, Place::Positional, takes, Presence::Required, doc)
    }

    /// A parameter by position that may stand any number of times, at least once.
    pub fn repeated(name: &'static str, takes: Takes, doc: &'static str) -> Self {
        Self::new(name, Place::Repeated, takes, Presence::Required, doc)
    }

    /// An option that may be left out.
    pub fn option(name: &'static str, takes: Takes, doc: &'static str) -> Self {
        Self::new(name, Place::Option, takes, Presence::Optional, doc)
    }

    /// May be left out.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.presence = Presence::Optional;
        self
    }

    /// Must be there.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.presence = Presence::Required;
        self
    }

    /// A constant has to be in this range, written as a user would: `0s..`, `1..65535`. Both ends are inside.
    #[must_use]
    pub fn within(mut self, range: &'static str) -> Self {
        self.range = Some(Range::new(range));
        self
    }

    /// Its value is shown to nobody: a password, a token.
    #[must_use]
    pub fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// Its name and range, where it has one.
    pub fn limit(&self) -> Option<Limit> {
        self.range.map(|range| Limit { param: self.name, range })
    }

    /// May be left out, and then it is `default`, written as a user would.
    #[must_use]
    pub fn default(mut self, default: &'static str) -> Self {
        self.presence = Presence::Default(default);
        self
    }
}
