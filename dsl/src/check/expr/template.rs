//! `f"…"`: text with values filled in.

use super::words::{noun, shown};
use super::{Checker, any_unknown, unknown};
use crate::ast;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{Expr, ExprKind, TemplatePart};
use crate::span::{Span, Spanned};
use crate::types::{Type, Typed};

/// More digits than any number of the language has.
const MOST_DECIMALS: u8 = 38;

impl Checker<'_, '_> {
    pub(super) fn template(&mut self, parts: &[ast::TemplatePart], span: Span) -> Expr {
        let parts = self.template_parts(parts);
        let holes = || {
            parts.iter().filter_map(|it| match it {
                TemplatePart::Hole { value, .. } => Some(value),
                TemplatePart::Text(_) => None,
            })
        };
        if any_unknown(holes()) {
            return unknown(span);
        }
        let nullable = holes().any(|it| it.typed.nullable);
        Expr { typed: Typed { ty: Type::String, nullable }, kind: ExprKind::Template(parts), span }
    }

    pub(super) fn template_parts(&mut self, parts: &[ast::TemplatePart]) -> Vec<TemplatePart> {
        let part = |part: &ast::TemplatePart| match part {
            ast::TemplatePart::Text(text) => TemplatePart::Text(text.clone()),
            ast::TemplatePart::Hole { value, format } => self.hole(value, format.as_ref()),
        };
        parts.iter().map(part).collect()
    }

    fn hole(&mut self, source: &ast::Expr, format: Option<&Spanned<String>>) -> TemplatePart {
        let value = self.expr(source);
        let ty = &value.typed.ty;
        if !ty.is_unknown() && !has_text(ty) {
            let message = format!("{} has no text to fill in", noun(ty));
            let text = shown(source);
            let help = match ty {
                Type::Struct(_) => format!("fill in its fields, as in `{{{text}.name}}`"),
                Type::List(_) => format!("fill in its elements, as in `{{{text}[0]}}`"),
                Type::Map(..) => format!("fill in its elements, as in `{{{text}[\"key\"]}}`"),
                _ => "fill in a column, param or expression".to_owned(),
            };
            let value = self.fail(Diagnostic::new(Code::BadHole, source.span, message).help(help));
            return TemplatePart::Hole { value, decimals: None };
        }
        let decimals = format.and_then(|it| self.decimals(it, &value.typed.ty));
        TemplatePart::Hole { value, decimals }
    }

    /// `.2`
    fn decimals(&mut self, format: &Spanned<String>, ty: &Type) -> Option<u8> {
        let digits = format.node.strip_prefix('.').map(|it| it.strip_suffix('f').unwrap_or(it));
        let digits = digits.and_then(|it| it.parse().ok()).filter(|it| *it <= MOST_DECIMALS);
        if ty.is_unknown() || digits.is_some() && ty.is_numeric() {
            return digits;
        }
        let (message, help) = if digits.is_some() {
            (
                format!("{} has no digits behind a point", noun(ty)),
                "leave the format out: `{x}`".to_owned(),
            )
        } else {
            let message = format!("`{}` is no format", format.node);
            (
                message,
                "a number can be written with so many digits behind the point: `{x:.2}`".to_owned(),
            )
        };
        self.report.push(Diagnostic::new(Code::BadHole, format.span, message).help(help));
        None
    }
}

/// Whether values of this type can be written into a text.
pub(super) fn has_text(ty: &Type) -> bool {
    !matches!(ty, Type::List(_) | Type::Struct(_) | Type::Map(..) | Type::Null)
}
