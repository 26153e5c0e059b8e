//! `and`, `or`, `not`, `??`, `is null`, and `if`.

use super::words::{noun, short};
use super::{Checker, any_unknown, binary, unknown};
use crate::ast::{self, BinaryOp, Item};
use crate::check::unify::{convert, unify};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{Expr, ExprKind};
use crate::span::Span;
use crate::types::{Type, Typed};

impl Checker<'_, '_> {
    pub(super) fn logical(
        &mut self,
        op: BinaryOp,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
    ) -> Expr {
        let (left, right) = (self.condition(left), self.condition(right));
        if any_unknown([&left, &right]) {
            return unknown(span);
        }
        let nullable = left.typed.nullable || right.typed.nullable;
        binary(op, left, right, Typed { ty: Type::Bool, nullable }, span)
    }

    pub(super) fn not(&mut self, value: &ast::Expr, span: Span) -> Expr {
        let value = self.condition(value);
        if value.typed.ty.is_unknown() {
            return unknown(span);
        }
        negated(value, true, span)
    }

    /// `left ?? right`
    pub(super) fn coalesce(
        &mut self,
        op: Span,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
    ) -> Expr {
        let (l, r) = (self.expr(left), self.expr(right));
        if any_unknown([&l, &r]) {
            return unknown(span);
        }
        let Some(both) = unify(&l.typed, &r.typed) else {
            let message = format!(
                "one side of `??` is {}, the other {}",
                noun(&l.typed.ty),
                noun(&r.typed.ty)
            );
            return self.mixed(message, span, right, &r.typed.ty, &l.typed.ty);
        };
        // A variable of the environment that is missing is the one thing that is not null and can still be replaced.
        let is_env = matches!(&l.kind, ExprKind::Call { function, .. } if function == "env");
        if !l.typed.nullable && !is_env {
            let text =
                short(left).map_or_else(|| "the left side".to_owned(), |it| format!("`{it}`"));
            self.report.push(
                Diagnostic::new(Code::NeverNull, op, format!("{text} is never null"))
                    .help("leave out `??` and what follows it"),
            );
        }
        let typed = Typed { nullable: l.typed.nullable && r.typed.nullable, ty: both.ty };
        let (l, r) = (convert(l, &typed.ty), convert(r, &typed.ty));
        binary(BinaryOp::Coalesce, l, r, typed, span)
    }

    /// Values that need one type in common and have none.
    pub(super) fn mixed(
        &mut self,
        message: String,
        span: Span,
        expr: &ast::Expr,
        from: &Type,
        to: &Type,
    ) -> Expr {
        let diagnostic = Diagnostic::new(Code::MixedTypes, span, message);
        if let (Type::Float(Some(_)), Type::Float(Some(unit))) = (from, to) {
            let help = format!("units are not converted: write all of them in `{unit}`");
            return self.fail(diagnostic.help(help));
        }
        let help = short(expr).and_then(|it| super::words::conversion(&it, from, to));
        self.fail(match help {
            Some(help) => diagnostic.help(format!("convert one of them, as in `{help}`")),
            None => diagnostic.help("they need one type in common; convert one of them with `as`"),
        })
    }

    pub(super) fn is_null(&mut self, expr: &ast::Expr, negate: bool, span: Span) -> Expr {
        let value = self.expr(expr);
        if value.typed.ty.is_unknown() {
            return unknown(span);
        }
        if !value.typed.nullable {
            let text = short(expr).map_or_else(|| "this".to_owned(), |it| format!("`{it}`"));
            let message = format!("{text} is never null, so this is always {negate}");
            self.report.push(
                Diagnostic::new(Code::NeverNull, span, message)
                    .help("leave the question out, or declare the column with `?`"),
            );
        }
        let kind = ExprKind::IsNull(Box::new(value));
        negated(Expr { kind, typed: Type::Bool.required(), span }, negate, span)
    }

    /// `if(c1, v1, c2, v2, …, otherwise)`
    pub(super) fn branch(&mut self, call: &ast::Call) -> Expr {
        let Some(items) = self.branch_items(call) else { return unknown(call.span) };
        let (otherwise, pairs) = match items.split_last() {
            Some((otherwise, pairs)) if !pairs.is_empty() && pairs.len() % 2 == 0 => {
                (*otherwise, pairs)
            }
            _ => {
                let found = items.len();
                let message = format!(
                    "`if` takes pairs of condition and value and one last value, found {found} arguments"
                );
                let help = if found % 2 == 0 && found > 0 {
                    "add what it is otherwise: `if(condition, value, otherwise)`; that may be `null`"
                } else {
                    "write `if(condition, value, otherwise)`"
                };
                return self.fail(Diagnostic::new(Code::IfShape, call.span, message).help(help));
            }
        };
        let conditions: Vec<Expr> = pairs.iter().step_by(2).map(|it| self.condition(it)).collect();
        let sources: Vec<&ast::Expr> =
            pairs.iter().skip(1).step_by(2).copied().chain([otherwise]).collect();
        let Some((mut values, typed)) = self.one_type(&sources, "the values of `if`", call.span)
        else {
            return unknown(call.span);
        };
        if any_unknown(&conditions) || typed.ty.is_unknown() {
            return unknown(call.span);
        }
        let Some(otherwise) = values.pop().map(Box::new) else { return unknown(call.span) };
        let branches = conditions.into_iter().zip(values).collect();
        Expr { kind: ExprKind::If { branches, otherwise }, typed, span: call.span }
    }

    fn branch_items<'a>(&mut self, call: &'a ast::Call) -> Option<Vec<&'a ast::Expr>> {
        let mut items = Vec::with_capacity(call.items.len());
        for item in &call.items {
            match item {
                Item::Positional(expr) => items.push(expr),
                Item::Define { name, span, .. } => {
                    let message = "`=` makes a column, `==` compares";
                    self.report.push(
                        Diagnostic::new(Code::ComparisonMeant, *span, message)
                            .help(format!("write `{} == …`", name.node)),
                    );
                    return None;
                }
                Item::Option { span, .. } => {
                    let message = "`if` has no options";
                    self.report.push(
                        Diagnostic::new(Code::UnknownOption, *span, message)
                            .help("write `if(condition, value, otherwise)`"),
                    );
                    return None;
                }
            }
        }
        Some(items)
    }

    /// Values of one type in common, and that type. None where they have none, which is reported.
    pub(super) fn one_type(
        &mut self,
        sources: &[&ast::Expr],
        what: &str,
        span: Span,
    ) -> Option<(Vec<Expr>, Typed)> {
        let values: Vec<Expr> = sources.iter().map(|it| self.expr(it)).collect();
        let mut common = Typed { ty: Type::Null, nullable: false };
        for (value, source) in values.iter().zip(sources) {
            let Some(both) = unify(&common, &value.typed) else {
                let message =
                    format!("{what} are {} and {}", noun(&common.ty), noun(&value.typed.ty));
                self.mixed(message, span, source, &value.typed.ty, &common.ty);
                return None;
            };
            let nullable = values.iter().any(|it| it.typed.nullable);
            common = Typed { ty: both.ty, nullable };
        }
        let values = values.into_iter().map(|it| convert(it, &common.ty)).collect();
        Some((values, common))
    }
}

/// The value, or `not` of it.
pub(super) fn negated(value: Expr, negate: bool, span: Span) -> Expr {
    if !negate {
        return Expr { span, ..value };
    }
    let typed = value.typed.clone();
    Expr { kind: ExprKind::Not(Box::new(value)), typed, span }
}
