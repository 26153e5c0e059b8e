//! Patterns: text with `{columns}` in it.

use super::Scope;
use crate::ast;
use crate::diagnostic::Diagnostic;
use crate::plan::TemplatePart;

/// Text in which `{column}` is filled in from the row: `"devices/{device_id}/alerts"`.
pub(in crate::check) fn pattern(
    text: &ast::Expr,
    scope: &Scope<'_>,
    report: &mut Vec<Diagnostic>,
) -> Vec<TemplatePart> {
    let _ = (text, scope, &report);
    Vec::new()
}
