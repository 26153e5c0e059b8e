//! Typed expressions for tests elsewhere in the crate.

use crate::ast;
use crate::catalog::Catalog;
use crate::check::expr::{self, Reads, Scope};
use crate::plan::{Arg, Expr, ParamPlan};
use crate::signature::Constant;
use crate::types::Column;

/// A constant without a mistake in it.
pub(crate) fn constant(
    expr: &ast::Expr,
    kind: Constant,
    catalog: &dyn Catalog,
    params: &[ParamPlan],
) -> Arg {
    let mut report = Vec::new();
    let reads = Reads::Constants;
    let scope = Scope { catalog, params, columns: &[], meta: false, reads, grouped: None };
    let arg = expr::constant(expr, kind, &scope, &mut report);
    arg.unwrap_or_else(|| panic!("{report:?}"))
}

/// An expression over rows, without a mistake in it.
pub(crate) fn row(
    expr: &ast::Expr,
    catalog: &dyn Catalog,
    params: &[ParamPlan],
    columns: &[Column],
) -> Expr {
    let mut report = Vec::new();
    let scope = Scope { catalog, params, columns, meta: true, reads: Reads::Rows, grouped: None };
    let expr = expr::check(expr, &scope, &mut report);
    assert_eq!(report, []);
    expr
}
