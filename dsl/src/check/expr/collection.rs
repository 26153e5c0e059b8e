//! `[a, b]` and `{ k: v }`.

use super::{Checker, any_unknown, unknown};
use crate::ast;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{Expr, ExprKind};
use crate::span::{Name, Span};
use crate::types::{Column, Type};

impl Checker<'_, '_> {
    pub(super) fn list(&mut self, elements: &[ast::Expr], span: Span) -> Expr {
        let sources: Vec<&ast::Expr> = elements.iter().collect();
        let Some((elements, element)) = self.one_type(&sources, "the elements of a list", span)
        else {
            return unknown(span);
        };
        if element.ty.is_unknown() {
            return unknown(span);
        }
        let typed = Type::List(Box::new(element)).required();
        Expr { kind: ExprKind::List(elements), typed, span }
    }

    pub(super) fn record(&mut self, entries: &[(Name, ast::Expr)], span: Span) -> Expr {
        let mut fields: Vec<(String, Expr)> = Vec::with_capacity(entries.len());
        for (i, (name, value)) in entries.iter().enumerate() {
            let value = self.expr(value);
            if let Some((first, _)) = entries[..i].iter().find(|(it, _)| it.node == name.node) {
                let message = format!("there are two fields `{}` in this record", name.node);
                self.report.push(
                    Diagnostic::new(Code::FieldTwice, name.span, message)
                        .related(first.span, "the first one")
                        .help("rename or remove one of them"),
                );
                continue;
            }
            fields.push((name.node.clone(), value));
        }
        if any_unknown(fields.iter().map(|(_, it)| it)) {
            return unknown(span);
        }
        let columns = fields.iter().map(|(name, it)| Column::new(name.clone(), it.typed.clone()));
        let typed = Type::Struct(columns.collect()).required();
        Expr { kind: ExprKind::Struct(fields), typed, span }
    }
}
