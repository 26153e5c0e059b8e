//! `+ - * / %` and `-x`: what goes with what.
//!
//! | left | operators | right | yields |
//! |---|---|---|---|
//! | int | `+ - * %` | int | int |
//! | number | `/` | number | float: it never truncates |
//! | int, float | `+ - * %` | float | float |
//! | int, decimal | `+ - * %` | decimal | decimal, with the digits that the result can have |
//! | duration | `+ -` | duration | duration |
//! | duration | `* /` | int, float | duration (also number `*` duration) |
//! | duration | `/` | duration | float |
//! | timestamp | `+ -` | duration | timestamp (also duration `+` timestamp) |
//! | timestamp | `-` | timestamp | duration |
//!
//! A unit of a float stays where the other side has the same or none; values of different units are neither added nor
//! subtracted. With the literal null everything is null.

use super::words::{noun, short, template_piece, units_help};
use super::{Checker, any_unknown, binary, unknown};
use crate::ast::{self, BinaryOp};
use crate::check::unify::{
    common_unit, convert, decimal_product, decimal_sum, int_as_decimal, unify,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{Expr, ExprKind};
use crate::span::{Span, Spanned};
use crate::types::{Type, Typed};
use crate::value::Value;

/// What both sides become, and what the operator makes of them.
struct Rule {
    left: Type,
    right: Type,
    result: Type,
}

impl Checker<'_, '_> {
    pub(super) fn calculate(
        &mut self,
        op: &Spanned<BinaryOp>,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
    ) -> Expr {
        let mut leaves = Vec::new();
        if op.node == BinaryOp::Add && joins_texts(left, right, &mut leaves) {
            // Said once for the whole chain, so that the help can show all of it.
            for leaf in leaves {
                self.expr(leaf);
            }
            return self.text_plus(left, right, span);
        }
        let (l, r) = (self.expr(left), self.expr(right));
        if any_unknown([&l, &r]) {
            return unknown(span);
        }
        let Some(rule) = rule(op.node, &l.typed.ty, &r.typed.ty) else {
            return self.cannot_calculate(op, (left, &l.typed.ty), (right, &r.typed.ty), span);
        };
        let nullable = l.typed.nullable || r.typed.nullable;
        let (l, r) = (convert(l, &rule.left), convert(r, &rule.right));
        binary(op.node, l, r, Typed { ty: rule.result, nullable }, span)
    }

    pub(super) fn negate(&mut self, value: &ast::Expr, span: Span) -> Expr {
        let inner = self.expr(value);
        let typed = inner.typed.clone();
        match &typed.ty {
            Type::Unknown => return unknown(span),
            Type::Int | Type::Float(_) | Type::Decimal { .. } | Type::Duration | Type::Null => {}
            Type::Bool => {
                let text = short(value).unwrap_or_else(|| "…".to_owned());
                let message = "`-` stands before numbers and durations";
                return self.fail(
                    Diagnostic::new(Code::CannotCalculate, span, message)
                        .help(format!("write `not {text}`")),
                );
            }
            other => {
                let message =
                    format!("`-` stands before numbers and durations, found {}", noun(other));
                let help = "take the `-` away, or convert the value with `as`";
                return self.fail(Diagnostic::new(Code::CannotCalculate, span, message).help(help));
            }
        }
        let kind = match inner.kind {
            ExprKind::Literal(Value::Int(it)) => ExprKind::Literal(Value::Int(-it)),
            ExprKind::Literal(Value::Float(it)) => ExprKind::Literal(Value::Float(-it)),
            ExprKind::Literal(Value::Duration(it)) => ExprKind::Literal(Value::Duration(-it)),
            _ => ExprKind::Negate(Box::new(inner)),
        };
        Expr { kind, typed, span }
    }

    fn text_plus(&mut self, left: &ast::Expr, right: &ast::Expr, span: Span) -> Expr {
        let piece = |it: &ast::Expr| template_piece(it).unwrap_or_else(|| "{…}".to_owned());
        let joined = format!("f\"{}{}\"", piece(left), piece(right));
        let diagnostic = Diagnostic::new(Code::TextPlus, span, "texts are not joined by `+`")
            .help(format!("fill values into a text: `{joined}`"));
        let whole = !joined.contains('…');
        self.fail(if whole { diagnostic.fix(span, joined) } else { diagnostic })
    }

    fn cannot_calculate(
        &mut self,
        op: &Spanned<BinaryOp>,
        (left, l): (&ast::Expr, &Type),
        (right, r): (&ast::Expr, &Type),
        span: Span,
    ) -> Expr {
        if op.node == BinaryOp::Add && (*l == Type::String || *r == Type::String) {
            return self.text_plus(left, right, span);
        }
        if op.node == BinaryOp::Divide && *r == Type::Duration && l.is_numeric() {
            let message = "a number per duration is a rate, and rates stand in options only";
            let help = "in an expression divide by a number: `x / 60.0`";
            return self.fail(Diagnostic::new(Code::QuantityInRow, span, message).help(help));
        }
        let symbol = op.node.symbol();
        let message = format!("`{symbol}` does not take {} and {}", noun(l), noun(r));
        let diagnostic = Diagnostic::new(Code::CannotCalculate, span, message);
        if let Some(help) = units_help((left, l), (right, r)) {
            return self.fail(diagnostic.help(help));
        }
        self.fail(match calculation_help(op.node, (left, l), (right, r)) {
            Some(help) => diagnostic.help(help),
            None => diagnostic.help(format!("numbers, durations and times go with `{symbol}`: take it away, or convert a side with `as`")),
        })
    }
}

/// Whether a text or template stands among what is added up; the leaves of the whole chain.
fn joins_texts<'a>(
    left: &'a ast::Expr,
    right: &'a ast::Expr,
    leaves: &mut Vec<&'a ast::Expr>,
) -> bool {
    let mut found = false;
    for side in [left, right] {
        match &side.kind {
            ast::ExprKind::Binary { op, left, right } if op.node == BinaryOp::Add => {
                found |= joins_texts(left, right, leaves);
                continue;
            }
            ast::ExprKind::Template(_) => found = true,
            ast::ExprKind::Literal(it) => found |= matches!(it.value, Value::String(_)),
            _ => {}
        }
        leaves.push(side);
    }
    found
}

/// The rule for two types, if there is one.
#[expect(clippy::match_same_arms, reason = "a line of the table each")]
fn rule(op: BinaryOp, left: &Type, right: &Type) -> Option<Rule> {
    use BinaryOp as Op;
    let of = |left: &Type, right: &Type, result: Type| {
        Some(Rule { left: left.clone(), right: right.clone(), result })
    };
    match (op, left, right) {
        (_, Type::Null, Type::Null) => of(left, right, Type::Null),
        (_, Type::Null, other) | (_, other, Type::Null) => {
            with_null(op, other).and_then(|result| of(left, right, result))
        }
        (_, Type::Int, Type::Int) if op != Op::Divide => of(left, right, Type::Int),
        (Op::Add | Op::Subtract | Op::Remainder, Type::Float(Some(a)), Type::Float(Some(b)))
            if a != b =>
        {
            None
        }
        // The right side stays as it is: to divide by a zero that is exact is an error, as floats it would not be.
        (Op::Divide, a, b) if is_exact(a) && is_exact(b) => of(&Type::FLOAT, b, Type::FLOAT),
        (_, a, b) if a.is_numeric() && b.is_numeric() && becomes_float(op, a, b) => {
            let (a, b) = (as_float(a), as_float(b));
            of(&a, &b, Type::Float(unit_of(op, &a, &b)))
        }
        (_, Type::Int | Type::Decimal { .. }, Type::Int | Type::Decimal { .. }) => {
            decimals(op, left, right)
        }
        (Op::Add | Op::Subtract, Type::Duration, Type::Duration) => of(left, right, Type::Duration),
        (Op::Divide, Type::Duration, Type::Duration) => of(left, right, Type::FLOAT),
        (Op::Multiply | Op::Divide, Type::Duration, Type::Int | Type::Float(_))
        | (Op::Multiply, Type::Int | Type::Float(_), Type::Duration) => {
            of(left, right, Type::Duration)
        }
        (Op::Add | Op::Subtract, Type::Timestamp, Type::Duration)
        | (Op::Add, Type::Duration, Type::Timestamp) => of(left, right, Type::Timestamp),
        (Op::Subtract, Type::Timestamp, Type::Timestamp) => of(left, right, Type::Duration),
        _ => None,
    }
}

/// The type of a null that an operator yields because one side is the literal null.
fn with_null(op: BinaryOp, other: &Type) -> Option<Type> {
    match other {
        Type::Int | Type::Decimal { .. } if op == BinaryOp::Divide => Some(Type::FLOAT),
        Type::Int | Type::Float(_) | Type::Decimal { .. } => Some(other.clone()),
        Type::Duration if op != BinaryOp::Remainder => Some(Type::Duration),
        Type::Timestamp if matches!(op, BinaryOp::Add | BinaryOp::Subtract) => Some(other.clone()),
        _ => None,
    }
}

fn decimals(op: BinaryOp, left: &Type, right: &Type) -> Option<Rule> {
    let digits = |ty: &Type| match ty {
        Type::Decimal { precision, scale } => Some((*precision, *scale)),
        _ => None,
    };
    let decimal = |ty: &Type| if *ty == Type::Int { int_as_decimal() } else { ty.clone() };
    if op == BinaryOp::Multiply {
        let (left, right) = (decimal(left), decimal(right));
        let result = decimal_product(digits(&left)?, digits(&right)?)?;
        return Some(Rule { left, right, result });
    }
    let both = unify(&left.clone().required(), &right.clone().required())?.ty;
    let result = match op {
        BinaryOp::Remainder => both.clone(),
        _ => decimal_sum(&both),
    };
    Some(Rule { left: both.clone(), right: both, result })
}

/// A whole number or a decimal.
fn is_exact(ty: &Type) -> bool {
    matches!(ty, Type::Int | Type::Decimal { .. })
}

/// A quotient always, else where a float is on one side and no decimal on the other.
fn becomes_float(op: BinaryOp, left: &Type, right: &Type) -> bool {
    let decimal = |ty: &Type| matches!(ty, Type::Decimal { .. });
    op == BinaryOp::Divide || !decimal(left) && !decimal(right)
}

fn as_float(ty: &Type) -> Type {
    match ty {
        Type::Float(_) => ty.clone(),
        _ => Type::FLOAT,
    }
}

/// The unit of a result.
fn unit_of(op: BinaryOp, left: &Type, right: &Type) -> Option<String> {
    let (Type::Float(a), Type::Float(b)) = (left, right) else { return None };
    match (op, a, b) {
        (BinaryOp::Multiply | BinaryOp::Divide, Some(_), Some(_))
        | (BinaryOp::Divide, None, Some(_)) => None,
        _ => common_unit(a.as_deref(), b.as_deref()),
    }
}

fn calculation_help(
    op: BinaryOp,
    (left, l): (&ast::Expr, &Type),
    (right, r): (&ast::Expr, &Type),
) -> Option<String> {
    let symbol = op.symbol();
    let (a, b) = (short(left), short(right));
    let (a, b) = (a.as_deref().unwrap_or("a"), b.as_deref().unwrap_or("b"));
    Some(match (l, r) {
        (Type::Decimal { .. }, Type::Float(_)) => {
            format!(
                "decide for one of them: `{a} as float {symbol} {b}` or `{a} {symbol} {b} as {l}`"
            )
        }
        (Type::Float(_), Type::Decimal { .. }) => {
            format!(
                "decide for one of them: `{a} {symbol} {b} as float` or `{a} as {r} {symbol} {b}`"
            )
        }
        (Type::Decimal { .. }, Type::Decimal { .. }) => {
            format!(
                "the product has more than 38 digits; say how many are needed: `{a} as decimal(18, 4) * {b}`"
            )
        }
        (Type::Date, Type::Duration | Type::Date) | (Type::Duration, Type::Date) => {
            let name = if *l == Type::Date { a } else { b };
            format!("a date has no time of day; calculate with its midnight: `{name} as timestamp`")
        }
        (Type::Timestamp, Type::Int | Type::Float(_)) => {
            format!("add a duration: `{a} {symbol} {b} * 1s`, or `1ms`, `1m` …")
        }
        (Type::Duration, Type::Int | Type::Float(_)) => {
            format!("say what the number counts: `{a} {symbol} {b} * 1s`")
        }
        (Type::Int | Type::Float(_), Type::Duration | Type::Timestamp) => {
            format!("say what the number counts: `{a} * 1s {symbol} {b}`")
        }
        (Type::Bool, Type::Bool) => "join conditions with `and` and `or`".to_owned(),
        (Type::String, _) if r.is_numeric() => {
            format!("convert the text: `{a} as float {symbol} {b}`")
        }
        (_, Type::String) if l.is_numeric() => {
            format!("convert the text: `{a} {symbol} {b} as float`")
        }
        _ => return None,
    })
}
