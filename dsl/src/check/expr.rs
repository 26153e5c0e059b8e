//! Expressions: what names mean, what operators take, what comes out. One file a family of kinds.
//!
//! ```text
//!  ast::Expr ──check(scope)──► plan::Expr, typed; conversions stand in it as casts
//!                  │
//!                  └── a mistake is reported once and yields `Type::Unknown`, which silences what would follow from it
//! ```
//!
//! Which types an operator takes is what the engine can work out: a plan that passed here compiles there.

mod aggregate;
mod arithmetic;
mod call;
mod cast;
mod collection;
mod compare;
mod constant;
mod logic;
mod name;
mod pattern;
mod template;
#[cfg(test)]
pub(crate) mod tests;
mod wanted;
mod words;

pub(super) use crate::constant::literal;
pub(super) use constant::{captures, constant, constant_or_expr};
pub(super) use pattern::pattern;

use super::type_expr;
use crate::ast;
use crate::catalog::Catalog;
use crate::diagnostic::{Code, Diagnostic, has_errors};
use crate::plan::{AggregateCall, Expr, ExprKind, ParamPlan};
use crate::signature::TypeClass;
use crate::span::Span;
use crate::types::{Column, Type, Typed};
use crate::value::Value;
use std::cell::RefCell;

/// What an expression may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    /// Columns, `meta`, params.
    Rows,
    /// The same, as an argument of an aggregate: no aggregate may stand inside.
    AggregateRows,
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
    Checker { scope, report }.expr(expr)
}

/// The typed form where a value of one of these types is needed, converted as the language does by itself.
pub(super) fn check_as(
    expr: &ast::Expr,
    class: &TypeClass,
    scope: &Scope<'_>,
    report: &mut Vec<Diagnostic>,
) -> Expr {
    Checker { scope, report }.wanted(expr, class)
}

/// The typed form where true or false is needed, said so if it can only ever be one of them.
pub(super) fn condition(expr: &ast::Expr, scope: &Scope<'_>, report: &mut Vec<Diagnostic>) -> Expr {
    let condition = Checker { scope, report }.condition(expr);
    let known = !condition.typed.ty.is_unknown() && !reads_rows(&condition) && !is_open(&condition);
    if known {
        report.push(
            Diagnostic::new(Code::AlwaysTheSame, expr.span, "this is the same for every row")
                .help("name a column in it, or leave it out"),
        );
    }
    condition
}

/// An expression by itself over rows with these columns and `meta`: for examples of the reference, and for hosts that
/// work out single expressions.
pub fn expression(
    expr: &ast::Expr,
    columns: &[Column],
    catalog: &dyn Catalog,
) -> Result<Expr, Vec<Diagnostic>> {
    let mut report = Vec::new();
    let scope =
        Scope { catalog, params: &[], columns, meta: true, reads: Reads::Rows, grouped: None };
    let typed = check(expr, &scope, &mut report);
    if has_errors(&report) { Err(report) } else { Ok(typed) }
}

/// One expression being checked.
struct Checker<'c, 's> {
    scope: &'c Scope<'s>,
    report: &'c mut Vec<Diagnostic>,
}

impl Checker<'_, '_> {
    fn expr(&mut self, expr: &ast::Expr) -> Expr {
        use ast::ExprKind as Kind;
        let span = expr.span;
        if expr.is_gap() {
            return unknown(span);
        }
        match &expr.kind {
            Kind::Literal(literal) => self.literal(literal, span),
            Kind::Name { name, .. } => self.name(name, span),
            Kind::Template(parts) => self.template(parts, span),
            Kind::Call(call) => self.call(call),
            Kind::List(elements) => self.list(elements, span),
            Kind::Record(entries) => self.record(entries, span),
            Kind::Member(value, field) => self.member(value, field, span),
            Kind::Index(value, at) => self.index(value, at, span),
            Kind::Negate(value) => self.negate(value, span),
            Kind::Not(value) => self.not(value, span),
            Kind::Binary { op, left, right } => self.binary(op, left, right, span),
            Kind::In { value, set, negated } => self.within(value, set, *negated, span),
            Kind::IsNull { value, negated } => self.is_null(value, *negated, span),
            Kind::Cast(value, ty) => self.cast(value, ty, span),
            Kind::Range(low, high) => self.lone_range(low.as_deref(), high.as_deref(), span),
        }
    }

    fn literal(&mut self, literal: &ast::Literal, span: Span) -> Expr {
        match crate::constant::literal_type(literal) {
            Some(typed) => Expr { kind: ExprKind::Literal(literal.value.clone()), typed, span },
            None => self.fail(
                Diagnostic::new(Code::QuantityInRow, span, "a size stands in options only")
                    .help("in an expression write the number of bytes"),
            ),
        }
    }

    fn lone_range(
        &mut self,
        low: Option<&ast::Expr>,
        high: Option<&ast::Expr>,
        span: Span,
    ) -> Expr {
        let end = |it: Option<&ast::Expr>| it.map_or_else(String::new, words::shown);
        let help = format!("ask whether a value is in it: `x in {}..{}`", end(low), end(high));
        self.fail(
            Diagnostic::new(Code::RangeOutsideIn, span, "a range is no value by itself").help(help),
        )
    }

    fn binary(
        &mut self,
        op: &crate::span::Spanned<ast::BinaryOp>,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
    ) -> Expr {
        match op.node {
            ast::BinaryOp::And | ast::BinaryOp::Or => self.logical(op.node, left, right, span),
            ast::BinaryOp::Coalesce => self.coalesce(op.span, left, right, span),
            node if node.is_comparison() => self.compare(op, left, right, span),
            _ => self.calculate(op, left, right, span),
        }
    }

    /// Reports a mistake; what stands there from now on is silent.
    fn fail(&mut self, diagnostic: Diagnostic) -> Expr {
        let span = diagnostic.span;
        self.report.push(diagnostic);
        unknown(span)
    }

    /// The same checker where other names are seen.
    fn inside<'c>(&'c mut self, scope: &'c Scope<'c>) -> Checker<'c, 'c> {
        Checker { scope, report: self.report }
    }
}

/// What stands where a mistake was.
fn unknown(span: Span) -> Expr {
    Expr { kind: ExprKind::Literal(Value::Null), typed: Type::Unknown.nullable(), span }
}

fn any_unknown<'a>(exprs: impl IntoIterator<Item = &'a Expr>) -> bool {
    exprs.into_iter().any(|it| it.typed.ty.is_unknown())
}

fn binary(op: ast::BinaryOp, left: Expr, right: Expr, typed: Typed, span: Span) -> Expr {
    let kind = ExprKind::Binary { op, left: Box::new(left), right: Box::new(right) };
    Expr { kind, typed, span }
}

/// Whether a column, `meta` or an aggregate stands somewhere in it.
fn reads_rows(expr: &Expr) -> bool {
    let reads = |it: &Expr| {
        matches!(it.kind, ExprKind::Column(_) | ExprKind::Meta(_) | ExprKind::Aggregate(_))
    };
    crate::constant::any(expr, &reads)
}

/// Whether a param or a look at the environment stands somewhere in it.
fn is_open(expr: &Expr) -> bool {
    crate::constant::any(expr, &crate::constant::is_open)
}
