//! Constants: what is known before the first row.

use super::{Scope, check};
use crate::ast;
use crate::diagnostic::Diagnostic;
use crate::plan::Arg;
use crate::signature::Constant;
use crate::types::Typed;
use crate::value::Value;

/// A constant of this kind: a value where it can be told by now, else open.
pub(in crate::check) fn constant(
    expr: &ast::Expr,
    kind: Constant,
    scope: &Scope<'_>,
    report: &mut Vec<Diagnostic>,
) -> Arg {
    let _ = kind;
    Arg::Constant(check(expr, scope, report))
}

/// A value of this type made of literals alone: a default, a bound, a value in the row of a test. None where it was
/// reported.
pub(in crate::check) fn literal(
    expr: &ast::Expr,
    typed: &Typed,
    report: &mut Vec<Diagnostic>,
) -> Option<Value> {
    let _ = (expr, typed, &report);
    None
}
