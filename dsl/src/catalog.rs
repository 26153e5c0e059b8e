//! All that this crate knows of the world: a list of words, and the few rules about them that are more than arguments.
//!
//! A host implements [`Catalog`] over its vocabulary. Words whose columns follow from their arguments carry a rule:
//! a step says what flows out of it, a source which columns it brings, a sink what it can promise.

mod words;

pub(crate) use words::Words;

use crate::diagnostic::Diagnostic;
use crate::plan::{Args, Flow, Schema, SinkPlan, SourcePlan};
use crate::signature::{Kind, Signature};
use crate::span::Span;
use crate::types::Column;

/// The vocabulary. What a host leaves out, it has no words of.
pub trait Catalog {
    /// Every word, in the order of the reference.
    fn signatures(&self) -> Vec<&Signature>;

    /// One word.
    fn signature(&self, kind: Kind, name: &str) -> Option<&Signature> {
        self.signatures().into_iter().find(|it| it.kind == kind && it.name == name)
    }

    /// What flows out of a step; there is one for every word of [`Kind::Step`].
    fn step(&self, _name: &str) -> Option<&dyn StepRule> {
        None
    }

    /// What a combination yields; there is one for every word of [`Kind::From`].
    fn from(&self, _name: &str) -> Option<&dyn FromRule> {
        None
    }

    /// What a source brings; there is one for every word of [`Kind::Source`].
    fn source(&self, _name: &str) -> Option<&dyn SourceRule> {
        None
    }

    /// What a sink needs and promises; there is one for every word of [`Kind::Sink`].
    fn sink(&self, _name: &str) -> Option<&dyn SinkRule> {
        None
    }

    /// The columns that a format brings by itself (`raw`: `payload`); none where a schema has to be declared.
    fn format_columns(&self, _name: &str) -> Option<Vec<Column>> {
        None
    }

    /// Why the format of a source cannot read its rows, where its arguments are known but do not go together; asked when
    /// nothing else is wrong with the source.
    fn unreadable(&self, _source: &SourcePlan) -> Option<Refusal> {
        None
    }

    /// Why the format of a sink cannot write its rows; asked likewise.
    fn unwritable(&self, _sink: &SinkPlan) -> Option<Refusal> {
        None
    }

    /// Whether there is a time zone of this name (`Europe/Berlin`).
    fn knows_zone(&self, name: &str) -> bool;
}

/// Why something cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong.
    pub message: String,
    /// What to type instead.
    pub help: String,
}

/// The rule of a step.
pub trait StepRule: Sync {
    /// How it is typed.
    fn signature(&self) -> &Signature;

    /// What flows out of it. Findings go to `report`; on an error still say what would flow, as far as that is known,
    /// so that one mistake is reported once.
    fn flow(&self, step: StepContext<'_>, report: &mut Vec<Diagnostic>) -> Flow;

    /// Whether rows of one key have to meet (`by:`): the argument with the key columns, if it has one.
    fn key<'a>(&self, args: &'a Args) -> Option<&'a [String]> {
        args.opt_columns("by").ok().flatten()
    }

    /// Whether it can find rows late: a stream has at most one such step.
    fn finds_late_rows(&self) -> bool {
        false
    }

    /// Whether it works in the order of arrival: behind a union, that is a warning.
    fn by_arrival(&self) -> bool {
        false
    }
}

/// A step as its rule sees it: every argument bound and typed.
#[derive(Clone, Copy)]
pub struct StepContext<'a> {
    /// What comes in.
    pub input: &'a Flow,
    /// Its arguments, defaults filled in, constants possibly still open.
    pub args: &'a Args,
    /// The verb.
    pub span: Span,
}

/// The rule of a combination of streams.
pub trait FromRule: Sync {
    /// How it is typed.
    fn signature(&self) -> &Signature;

    /// Whether the order between its inputs is free: a step by arrival behind it is a warning.
    fn mixes(&self) -> bool;

    /// What flows out of it, told from what flows in, in the order of the arguments.
    fn flow(&self, inputs: &[Flow], span: Span, report: &mut Vec<Diagnostic>) -> Flow;
}

/// The rule of a source.
pub trait SourceRule: Sync {
    /// How it is typed: its own options and those that every source takes.
    fn signature(&self) -> &Signature;

    /// The columns of its rows: those of `schema` (or of the format, or its own) and what it adds. `None` means that
    /// a schema has to be declared.
    fn columns(
        &self,
        args: &Args,
        schema: Option<&Schema>,
        format: Option<&[Column]>,
        report: &mut Vec<Diagnostic>,
    ) -> Option<Vec<Column>>;

    /// The format where `format:` is not given: told from the path, or the word's own; none: it makes columns itself.
    fn default_format(&self, _args: &Args) -> Option<String> {
        None
    }

    /// Whether its input ends by itself.
    fn bounded(&self, args: &Args) -> bool;

    /// What it can promise.
    fn promise(&self, args: &Args) -> SourcePromise;
}

/// The rule of a sink.
pub trait SinkRule: Sync {
    /// How it is typed: its own options and those that every sink takes.
    fn signature(&self) -> &Signature;

    /// The format where `format:` is not given; none: it writes in a form of its own.
    fn default_format(&self, _args: &Args) -> Option<String> {
        None
    }

    /// Checks what the arguments alone cannot say. `bounded`: all its inputs end by themselves.
    fn check(
        &self,
        _args: &Args,
        _flow: &Flow,
        _bounded: bool,
        _span: Span,
        _report: &mut Vec<Diagnostic>,
    ) {
    }

    /// Whether it and another sink of this word write to one place that only one of them can have. Said for two, the first
    /// in the file first.
    fn meets(&self, _args: &Args, _other: &Args) -> Meets {
        Meets::Never
    }

    /// What it can promise.
    fn promise(&self, args: &Args) -> SinkPromise;
}

/// Whether two sinks write to one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meets {
    /// As far as can be told, they do not.
    Never,
    /// They do if a row says so: the place.
    Sometimes(String),
    /// They do: the place.
    Always(String),
}

/// How often a row can arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guarantee {
    /// Perhaps not at all.
    AtMostOnce,
    /// Perhaps twice.
    AtLeastOnce,
    /// Once.
    ExactlyOnce,
}

impl std::fmt::Display for Guarantee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Guarantee::AtMostOnce => "at most once",
            Guarantee::AtLeastOnce => "at least once",
            Guarantee::ExactlyOnce => "exactly once",
        })
    }
}

/// What a source can promise across a crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourcePromise {
    /// Whether it can be read again from a position.
    pub replayable: bool,
    /// Why, for people: `a file can be read again`.
    pub reason: String,
}

impl SourcePromise {
    /// Whether it can be read again, and why.
    pub fn new(replayable: bool, reason: &str) -> Self {
        Self { replayable, reason: reason.to_owned() }
    }
}

/// What a sink can promise across a crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkPromise {
    /// The strongest it can give.
    pub guarantee: Guarantee,
    /// Why, for people.
    pub reason: String,
}

impl SinkPromise {
    /// The strongest it can give, and why.
    pub fn new(guarantee: Guarantee, reason: &str) -> Self {
        Self { guarantee, reason: reason.to_owned() }
    }
}
