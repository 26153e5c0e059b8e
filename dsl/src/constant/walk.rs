//! Walks over arguments and expressions, so that nobody else has to know where one stands inside another.

use crate::plan::{Aggregates, Arg, Args, Call, Expr, ExprKind, Item, TemplatePart};
use crate::span::Span;

/// What is done on the way; inner things come before what they stand in.
pub(crate) trait Visitor {
    /// An argument, after everything in it.
    fn arg(&mut self, _arg: &mut Arg) {}
    /// An expression, after everything in it.
    fn expr(&mut self, _expr: &mut Expr) {}
    /// Whether anything in the argument is visited.
    fn enters(&mut self, _arg: &Arg) -> bool {
        true
    }
    /// The place of an argument, word or expression.
    fn span(&mut self, _span: &mut Span) {}
}

/// Every argument.
pub(crate) fn args(args: &mut Args, visitor: &mut dyn Visitor) {
    for (_, given) in &mut args.given {
        visitor.span(&mut given.span);
        arg(&mut given.node, visitor);
    }
}

/// A word and its arguments.
pub(crate) fn call(call: &mut Call, visitor: &mut dyn Visitor) {
    visitor.span(&mut call.span);
    args(&mut call.args, visitor);
}

fn arg(it: &mut Arg, visitor: &mut dyn Visitor) {
    if visitor.enters(it) {
        inside(it, visitor);
    }
    visitor.arg(it);
}

fn inside(it: &mut Arg, visitor: &mut dyn Visitor) {
    match it {
        Arg::Constant(inner, _) | Arg::Expr(inner) => expr(inner, visitor),
        Arg::Word(inner) => call(inner, visitor),
        Arg::RowPattern(parts) => template(parts, visitor),
        Arg::Record(inner) => args(inner, visitor),
        Arg::List(inner) => {
            for it in inner {
                arg(it, visitor);
            }
        }
        Arg::Items(inner) => items(inner, visitor),
        Arg::Aggregates(Aggregates { calls, items: made }) => {
            for it in calls {
                call(&mut it.call, visitor);
            }
            items(made, visitor);
        }
        Arg::Detectors(calls) => {
            for (_, it) in calls {
                call(it, visitor);
            }
        }
        Arg::Value(_)
        | Arg::Column(_)
        | Arg::Columns(_)
        | Arg::Of { .. }
        | Arg::Choice(_)
        | Arg::Schema(_)
        | Arg::Stream(_)
        | Arg::Renames(_) => {}
    }
}

fn items(items: &mut [Item], visitor: &mut dyn Visitor) {
    for it in items {
        expr(&mut it.value, visitor);
    }
}

fn template(parts: &mut [TemplatePart], visitor: &mut dyn Visitor) {
    for part in parts {
        if let TemplatePart::Hole { value, .. } = part {
            expr(value, visitor);
        }
    }
}

/// An expression and everything in it.
pub(crate) fn expr(it: &mut Expr, visitor: &mut dyn Visitor) {
    visitor.span(&mut it.span);
    match &mut it.kind {
        ExprKind::Literal(_)
        | ExprKind::Param(_)
        | ExprKind::Column(_)
        | ExprKind::Meta(_)
        | ExprKind::Aggregate(_) => {}
        ExprKind::Member(inner, _)
        | ExprKind::Negate(inner)
        | ExprKind::Not(inner)
        | ExprKind::IsNull(inner)
        | ExprKind::Cast { value: inner, .. } => expr(inner, visitor),
        ExprKind::Index(left, right) | ExprKind::Binary { left, right, .. } => {
            expr(left, visitor);
            expr(right, visitor);
        }
        ExprKind::InRange { value, low, high } => {
            expr(value, visitor);
            for it in low.iter_mut().chain(high) {
                expr(it, visitor);
            }
        }
        ExprKind::InList { value, list } => {
            expr(value, visitor);
            for it in list {
                expr(it, visitor);
            }
        }
        ExprKind::If { branches, otherwise } => {
            for (condition, value) in branches {
                expr(condition, visitor);
                expr(value, visitor);
            }
            expr(otherwise, visitor);
        }
        ExprKind::Call { args: inner, .. } | ExprKind::List(inner) => {
            for it in inner {
                expr(it, visitor);
            }
        }
        ExprKind::Template(parts) => template(parts, visitor),
        ExprKind::Struct(fields) => {
            for (_, it) in fields {
                expr(it, visitor);
            }
        }
        ExprKind::Range(low, high) => {
            for it in low.iter_mut().chain(high) {
                expr(it, visitor);
            }
        }
    }
    visitor.expr(it);
}
