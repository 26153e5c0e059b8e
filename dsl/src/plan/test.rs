//! What a `test` block feeds and expects.

use super::Input;
use crate::span::Span;
use crate::value::Value;

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
    /// A file for a source, in the source's format.
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
