//! Tests as written.

use super::{Expr, StreamRef};
use crate::span::{Name, Span, Spanned};

/// `test "text" { actions }`
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// What it says it tests.
    pub name: Spanned<String>,
    /// What it does, in order.
    pub actions: Vec<Action>,
    /// Whether some of its actions do not parse.
    pub broken: bool,
    /// The whole statement.
    pub span: Span,
}

/// One action of a test.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// What it does.
    pub kind: ActionKind,
    /// All of it.
    pub span: Span,
}

/// The actions of a test.
#[derive(Clone, Debug, PartialEq)]
pub enum ActionKind {
    /// `feed NAME [rows]`
    Feed {
        /// The source or table.
        target: StreamRef,
        /// Records, or strings that are raw payloads.
        rows: Vec<Expr>,
    },
    /// `feed NAME from "file"`
    FeedFile {
        /// The source or table.
        target: StreamRef,
        /// The path, from the file's folder.
        path: Spanned<String>,
    },
    /// `expect NAME [rows] within 5s`, `expect NAME contains [rows]`
    ExpectRows {
        /// The stream or sink.
        target: StreamRef,
        /// The rows.
        rows: Vec<Expr>,
        /// At least these, rather than exactly these.
        contains: bool,
        /// How far the clock may run until it holds.
        within: Option<Expr>,
    },
    /// `expect NAME count N`
    ExpectCount {
        /// The stream or sink.
        target: StreamRef,
        /// How many, or a range.
        count: Expr,
        /// How far the clock may run until it holds.
        within: Option<Expr>,
    },
    /// `at 10s`, `at @2026-01-01T08:00:00Z`
    At(Expr),
    /// `advance 5m`
    Advance(Expr),
    /// `set PARAM = value`
    Set {
        /// The param.
        name: Name,
        /// Its value.
        value: Expr,
    },
    /// `end`
    End,
    /// `restart`
    Restart,
}
