//! The syntax tree: what the file says, nothing resolved. Every node carries its [`Span`].

mod expr;
mod schema;
mod test;

pub use expr::{BinaryOp, Expr, ExprKind, Literal, TemplatePart};
pub use schema::{Bounds, Field, Schema, TypeArgs, TypeExpr};
pub use test::{Action, ActionKind, Test};

use crate::span::{Name, Span, Spanned};

/// A whole file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    /// The statements, in the order written.
    pub statements: Vec<Statement>,
    /// Names of statements that do not parse: they stand for something that is not known, and that was reported.
    pub broken: Vec<Name>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// `use "common.pipe"`
    Use {
        /// The path.
        path: Spanned<String>,
        /// The whole statement.
        span: Span,
    },
    /// `param broker: string = "…"`
    Param(Param),
    /// `schema Telemetry { … }`
    Schema(Schema),
    /// `source`, `table`, `stream` or `sink`
    Binding(Binding),
    /// `test "…" { … }`
    Test(Test),
}

/// `param NAME: TYPE in BOUNDS = DEFAULT`
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeExpr,
    /// What values it may take.
    pub bounds: Option<Bounds>,
    /// Its value unless `--set` gives another; without one it must be given.
    pub default: Option<Expr>,
    /// The whole statement.
    pub span: Span,
}

/// What a binding names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BindingKind {
    /// Rows from outside.
    Source,
    /// Rows looked up by key.
    Table,
    /// Rows from rows.
    Stream,
    /// Rows to outside.
    Sink,
}

/// `KIND NAME = FROM | step | step`
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// `@was("old")` and the like, before the statement.
    pub attributes: Vec<Attribute>,
    /// Source, table, stream or sink.
    pub kind: Spanned<BindingKind>,
    /// Its name.
    pub name: Name,
    /// Where its rows come from.
    pub from: From,
    /// What is done with them, in order.
    pub steps: Vec<Step>,
    /// The whole statement.
    pub span: Span,
}

/// `@edge`, `@was("old_name")`
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// The word behind the `@`.
    pub name: Name,
    /// What stands in the parentheses.
    pub items: Vec<Item>,
    /// All of it.
    pub span: Span,
}

/// What stands behind the `=` of a binding.
#[derive(Clone, Debug, PartialEq)]
pub enum From {
    /// `telemetry`, `telemetry.errors`
    Stream(StreamRef),
    /// `union(a, b)`, `mqtt(…)`
    Call(Call),
}

/// `NAME` or `NAME.SIDE`
#[derive(Clone, Debug, PartialEq)]
pub struct StreamRef {
    /// The binding's name.
    pub name: Name,
    /// `errors` or `late`, unchecked.
    pub side: Option<Name>,
    /// Both.
    pub span: Span,
}

/// `| VERB items`
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The word behind the bar.
    pub verb: Name,
    /// Its items.
    pub items: Vec<Item>,
    /// It does not parse, which was reported: it has no items, and its verb is empty where none can be read.
    pub broken: bool,
    /// From the bar to the end of the last item.
    pub span: Span,
}

/// One of the comma-separated things behind a verb or inside a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// An expression in its place.
    Positional(Expr),
    /// `name = expr` makes a column.
    Define {
        /// The new column.
        name: Name,
        /// Its value.
        value: Expr,
        /// Both.
        span: Span,
    },
    /// `name: expr` sets an option.
    Option {
        /// The option.
        name: Name,
        /// Its value.
        value: Expr,
        /// Both.
        span: Span,
    },
}

/// `NAME(items)`
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The word. The sink `null()` is written like the literal.
    pub name: Name,
    /// What stands in the parentheses.
    pub items: Vec<Item>,
    /// All of it.
    pub span: Span,
}
