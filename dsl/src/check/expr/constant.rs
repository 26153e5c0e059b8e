//! Constants: what is known before the first row, worked out at once where no param and no environment is in it.

use super::words::{noun, shown};
use super::{Checker, Reads, Scope, binary, is_open, reads_rows, unknown};
use crate::ast::{self, BinaryOp};
use crate::check::unify::{convert, fits};
use crate::constant::{evaluate_closed, order};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{Arg, Expr, ExprKind};
use crate::signature::{Constant, TypeClass};
use crate::span::Span;
use crate::types::Type;
use crate::value::Value;

/// Microseconds of a second.
const SECOND: i64 = 1_000_000;

/// A constant of this kind: a value where it can be told by now, else open. None where it was reported.
pub(in crate::check) fn constant(
    expr: &ast::Expr,
    kind: Constant,
    scope: &Scope<'_>,
    report: &mut Vec<Diagnostic>,
) -> Option<Arg> {
    let scope = Scope { reads: Reads::Constants, grouped: None, ..*scope };
    let mut checker = Checker { scope: &scope, report };
    let value = checker.constant(expr, kind);
    checker.closed(value)
}

/// What may differ from row to row and need not: a constant where no column stands in it, else an expression. None where
/// it was reported.
pub(in crate::check) fn constant_or_expr(
    expr: &ast::Expr,
    class: &TypeClass,
    scope: &Scope<'_>,
    report: &mut Vec<Diagnostic>,
) -> Option<Arg> {
    let mut checker = Checker { scope, report };
    let value = checker.wanted(expr, class);
    if value.typed.ty.is_unknown() {
        return None;
    }
    let has_function = crate::constant::any(&value, &|it| matches!(it.kind, ExprKind::Call { .. }));
    if reads_rows(&value) || has_function { Some(Arg::Expr(value)) } else { checker.closed(value) }
}

/// A text in which `{captures}` mean something to the word itself. None where it was reported.
pub(in crate::check) fn captures(
    expr: &ast::Expr,
    scope: &Scope<'_>,
    report: &mut Vec<Diagnostic>,
) -> Option<Arg> {
    if let ast::ExprKind::Literal(ast::Literal { value: Value::String(text), .. }) = &expr.kind {
        let before = report.len();
        Checker { scope, report }.capture_pattern(text, expr.span);
        if report.len() > before {
            return None;
        }
    }
    constant(expr, Constant::String, scope, report)
}

impl Checker<'_, '_> {
    fn constant(&mut self, expr: &ast::Expr, kind: Constant) -> Expr {
        match kind {
            Constant::Bool => self.flag(expr),
            Constant::Int => self.wanted(expr, &TypeClass::Is(Type::Int)),
            Constant::Float => self.wanted(expr, &TypeClass::Is(Type::FLOAT)),
            Constant::String => self.wanted(expr, &TypeClass::Is(Type::String)),
            Constant::Duration => self.duration(expr),
            Constant::Size => self.size(expr),
            Constant::Rate => self.rate(expr),
            Constant::Timestamp => self.time(expr),
            Constant::DurationRange => self.duration_range(expr),
            Constant::Any => self.anything(expr),
        }
    }

    fn closed(&mut self, value: Expr) -> Option<Arg> {
        if value.typed.ty.is_unknown() {
            return None;
        }
        if is_open(&value) {
            return Some(Arg::Constant(value, None));
        }
        match evaluate_closed(&value) {
            Ok(value) => Some(Arg::Value(value)),
            Err(why) => {
                self.fail(
                    Diagnostic::new(Code::BadConstant, value.span, why)
                        .help("write the value itself"),
                );
                None
            }
        }
    }

    /// `true` or `false`: nothing is asked about a value here, so it is not compared with anything.
    fn flag(&mut self, expr: &ast::Expr) -> Expr {
        let value = self.expr(expr);
        let found = &value.typed.ty;
        if found.is_unknown() || fits(found, &Type::Bool) {
            return convert(value, &Type::Bool);
        }
        let message = format!("expected true or false, found {}", noun(found));
        let diagnostic = Diagnostic::new(Code::NotACondition, expr.span, message);
        let meant = match shown(expr).trim_matches('"').to_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => Some("true"),
            "0" | "false" | "no" | "off" => Some("false"),
            _ => None,
        };
        self.fail(match meant {
            Some(meant) => diagnostic.help(format!("write `{meant}`")).fix(expr.span, meant),
            None => diagnostic.help("write `true` or `false`"),
        })
    }

    fn duration(&mut self, expr: &ast::Expr) -> Expr {
        if let ast::ExprKind::Literal(literal) = &expr.kind
            && let (Value::Int(number), None) = (&literal.value, &literal.unit)
        {
            let message = format!("expected a duration, found the number {number}");
            let help = format!("say what it counts: `{number}s`, `{number}ms`, `{number}m` …");
            return self.fail(Diagnostic::new(Code::WrongType, expr.span, message).help(help));
        }
        self.wanted(expr, &TypeClass::Is(Type::Duration))
    }

    /// `64MiB`, or a number of bytes.
    fn size(&mut self, expr: &ast::Expr) -> Expr {
        if let Some(size) = size_literal(expr) {
            return size;
        }
        let number = self.expr(expr);
        match (&number.kind, &number.typed.ty) {
            (_, Type::Unknown) | (ExprKind::Literal(Value::Null), _) => number,
            (ExprKind::Literal(Value::Int(bytes)), _) => match u64::try_from(*bytes) {
                Ok(bytes) => size(bytes, expr.span),
                Err(_) => {
                    self.refused(expr, Code::BadConstant, "a size cannot be negative", "`64MiB`")
                }
            },
            (_, Type::Int) => {
                let one = size(1, expr.span);
                let typed = number.typed.clone();
                binary(BinaryOp::Multiply, number, one, typed, expr.span)
            }
            (_, ty) => {
                let message = format!("expected a size, found {}", noun(ty));
                self.refused(expr, Code::WrongType, &message, "`64MiB`, or a number of bytes")
            }
        }
    }

    /// `5 / 1h`, `10MiB / 1s`, or a number per second.
    fn rate(&mut self, expr: &ast::Expr) -> Expr {
        if let ast::ExprKind::Binary { op, left, right } = &expr.kind
            && op.node == BinaryOp::Divide
        {
            let amount = self.amount(left);
            let per = self.wanted(right, &TypeClass::Is(Type::Duration));
            if super::any_unknown([&amount, &per]) {
                return unknown(expr.span);
            }
            if per.kind == ExprKind::Literal(Value::Duration(0)) {
                return self.refused(
                    right,
                    Code::BadConstant,
                    "a rate is per some time, not per `0s`",
                    "`5 / 1h`",
                );
            }
            return binary(BinaryOp::Divide, amount, per, Type::FLOAT.required(), expr.span);
        }
        let amount = self.amount(expr);
        if amount.typed.ty.is_unknown() || matches!(amount.kind, ExprKind::Literal(Value::Null)) {
            return amount;
        }
        let second = ExprKind::Literal(Value::Duration(SECOND));
        let second = Expr { kind: second, typed: Type::Duration.required(), span: expr.span };
        binary(BinaryOp::Divide, amount, second, Type::FLOAT.required(), expr.span)
    }

    /// How much there may be in some time.
    fn amount(&mut self, expr: &ast::Expr) -> Expr {
        if let Some(size) = size_literal(expr) {
            return size;
        }
        let amount = self.expr(expr);
        match &amount.typed.ty {
            Type::Int | Type::Float(_) | Type::Unknown | Type::Null => amount,
            ty => {
                let message = format!("expected a rate, found {}", noun(ty));
                self.refused(expr, Code::WrongType, &message, "`5 / 1h`, or a number per second")
            }
        }
    }

    fn time(&mut self, expr: &ast::Expr) -> Expr {
        let value = self.expr(expr);
        match &value.typed.ty {
            Type::Unknown | Type::Null | Type::Timestamp => value,
            Type::Date => convert(value, &Type::Timestamp),
            ty => {
                let message = format!("expected a timestamp or date, found {}", noun(ty));
                self.refused(expr, Code::WrongType, &message, "`@2026-01-31T06:00:00Z`")
            }
        }
    }

    /// `1s..64s`
    fn duration_range(&mut self, expr: &ast::Expr) -> Expr {
        let ast::ExprKind::Range(Some(low), Some(high)) = &expr.kind else {
            let message = "expected a range of durations".to_owned();
            let example = match &expr.kind {
                ast::ExprKind::Literal(it) if matches!(it.value, Value::Duration(_)) => {
                    format!("`{}..64s`", shown(expr))
                }
                _ => "`1s..64s`".to_owned(),
            };
            return self.refused(expr, Code::WrongType, &message, &example);
        };
        let (low, high) = (self.duration(low), self.duration(high));
        self.range(Some(low), Some(high), expr.span)
    }

    fn range(&mut self, low: Option<Expr>, high: Option<Expr>, span: Span) -> Expr {
        let ends = || low.iter().chain(&high);
        if super::any_unknown(ends()) {
            return unknown(span);
        }
        if let (Some(ExprKind::Literal(a)), Some(ExprKind::Literal(b))) =
            (low.as_ref().map(|it| &it.kind), high.as_ref().map(|it| &it.kind))
            && order(a, b) == Some(std::cmp::Ordering::Greater)
        {
            let message = "the first end of this range is greater than its last";
            let help = "write the smaller end first";
            return self.fail(Diagnostic::new(Code::BadConstant, span, message).help(help));
        }
        let typed = ends().next().map_or(Type::Null.nullable(), |it| it.typed.clone());
        Expr { kind: ExprKind::Range(low.map(Box::new), high.map(Box::new)), typed, span }
    }

    fn anything(&mut self, expr: &ast::Expr) -> Expr {
        match &expr.kind {
            ast::ExprKind::Range(low, high) => {
                let low = low.as_ref().map(|it| self.anything(it));
                let high = high.as_ref().map(|it| self.anything(it));
                self.range(low, high, expr.span)
            }
            ast::ExprKind::Binary { op, right, .. }
                if op.node == BinaryOp::Divide && is_duration(right) =>
            {
                self.rate(expr)
            }
            _ => size_literal(expr).unwrap_or_else(|| self.expr(expr)),
        }
    }

    fn refused(&mut self, expr: &ast::Expr, code: Code, message: &str, example: &str) -> Expr {
        self.fail(Diagnostic::new(code, expr.span, message).help(format!("write {example}")))
    }
}

fn size(bytes: u64, span: Span) -> Expr {
    Expr { kind: ExprKind::Literal(Value::Size(bytes)), typed: Type::Int.required(), span }
}

fn size_literal(expr: &ast::Expr) -> Option<Expr> {
    match &expr.kind {
        ast::ExprKind::Literal(ast::Literal { value: Value::Size(bytes), .. }) => {
            Some(size(*bytes, expr.span))
        }
        _ => None,
    }
}

fn is_duration(expr: &ast::Expr) -> bool {
    matches!(&expr.kind, ast::ExprKind::Literal(it) if matches!(it.value, Value::Duration(_)))
}
