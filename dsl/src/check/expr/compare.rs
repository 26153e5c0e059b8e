//! `==`, `<` and the like, and `in` a range or a list.

use super::logic::negated;
use super::wanted::is_ordered;
use super::words::{conversion, noun, short, shown, units_help};
use super::{Checker, any_unknown, binary, unknown};
use crate::ast::{self, BinaryOp};
use crate::check::unify::{convert, unify};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{Expr, ExprKind};
use crate::span::{Span, Spanned};
use crate::types::{Type, Typed};
use crate::value::Value;

impl Checker<'_, '_> {
    pub(super) fn compare(
        &mut self,
        op: &Spanned<BinaryOp>,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
    ) -> Expr {
        if is_null_literal(left) || is_null_literal(right) {
            let value = if is_null_literal(right) { left } else { right };
            return self.compared_with_null(op.node, value, span);
        }
        if let Some((low, middle)) = chained(left) {
            return self.chain(op.node, low, middle, right, span);
        }
        let (l, r) = (self.expr(left), self.expr(right));
        if any_unknown([&l, &r]) {
            return unknown(span);
        }
        let equality = matches!(op.node, BinaryOp::Equal | BinaryOp::NotEqual);
        let comparable = |ty: &Type| is_ordered(ty) || equality && *ty == Type::Bytes;
        match unify(&l.typed, &r.typed).filter(|it| comparable(&it.ty)) {
            Some(both) => {
                let (l, r) = (convert(l, &both.ty), convert(r, &both.ty));
                binary(op.node, l, r, Typed { ty: Type::Bool, nullable: both.nullable }, span)
            }
            None => self.cannot_compare((left, &l.typed.ty), (right, &r.typed.ty), span),
        }
    }

    fn compared_with_null(&mut self, op: BinaryOp, value: &ast::Expr, span: Span) -> Expr {
        let word = if op == BinaryOp::NotEqual { "is not null" } else { "is null" };
        let message = "nothing is equal to, less or greater than null";
        let diagnostic = Diagnostic::new(Code::ComparedWithNull, span, message);
        self.fail(match short(value) {
            Some(text) => {
                let ask = format!("{text} {word}");
                diagnostic.help(format!("write `{ask}`")).fix(span, ask)
            }
            None => diagnostic.help(format!("write `… {word}`")),
        })
    }

    /// `a < b < c`
    fn chain(
        &mut self,
        op: BinaryOp,
        low: &ast::Expr,
        middle: &ast::Expr,
        high: &ast::Expr,
        span: Span,
    ) -> Expr {
        let message = "comparisons cannot be chained";
        let (low, middle, high) = (shown(low), shown(middle), shown(high));
        let help = match op {
            BinaryOp::LessEqual | BinaryOp::Less => {
                format!(
                    "write `{middle} in {low}..{high}` (both ends inside), or join two comparisons with `and`"
                )
            }
            _ => {
                format!("join two comparisons with `and`: `… and {middle} {} {high}`", op.symbol())
            }
        };
        self.fail(Diagnostic::new(Code::ChainedComparison, span, message).help(help))
    }

    fn cannot_compare(
        &mut self,
        (left, l): (&ast::Expr, &Type),
        (right, r): (&ast::Expr, &Type),
        span: Span,
    ) -> Expr {
        let message = format!("{} cannot be compared with {}", noun(l), noun(r));
        let diagnostic = Diagnostic::new(Code::CannotCompare, span, message);
        if let Some(help) = units_help((left, l), (right, r)) {
            return self.fail(diagnostic.help(help));
        }
        self.fail(match comparison_help((left, l), (right, r)) {
            Some(help) => diagnostic.help(help),
            None => {
                diagnostic.help("compare values of one type: there is no conversion between these")
            }
        })
    }

    /// `value in set`
    pub(super) fn within(
        &mut self,
        value: &ast::Expr,
        set: &ast::Expr,
        negate: bool,
        span: Span,
    ) -> Expr {
        let found = match &set.kind {
            ast::ExprKind::Range(low, high) => {
                self.in_range(value, low.as_deref(), high.as_deref(), span)
            }
            ast::ExprKind::List(list) => self.in_list(value, list, span),
            _ => self.in_constant(value, set, span),
        };
        match found {
            Some(found) => negated(found, negate, span),
            None => unknown(span),
        }
    }

    fn in_range(
        &mut self,
        value: &ast::Expr,
        low: Option<&ast::Expr>,
        high: Option<&ast::Expr>,
        span: Span,
    ) -> Option<Expr> {
        let typed = self.expr(value);
        let mut common = typed.typed.clone();
        let mut ends = [None, None];
        let mut failed = common.ty.is_unknown();
        for (end, source) in ends.iter_mut().zip([low, high]) {
            let Some(source) = source else { continue };
            if is_null_literal(source) {
                self.compared_with_null(BinaryOp::Equal, value, source.span);
                failed = true;
                continue;
            }
            let checked = self.expr(source);
            match unify(&common, &checked.typed)
                .filter(|it| it.ty.is_unknown() || is_ordered(&it.ty))
            {
                Some(both) => common = both,
                None if failed => {}
                None => {
                    self.cannot_compare(
                        (value, &typed.typed.ty),
                        (source, &checked.typed.ty),
                        span,
                    );
                    failed = true;
                }
            }
            failed |= checked.typed.ty.is_unknown();
            *end = Some(checked);
        }
        if failed {
            return None;
        }
        let [low, high] = ends.map(|it| it.map(|it| Box::new(convert(it, &common.ty))));
        if let (Some(low), Some(high)) = (&low, &high) {
            self.check_order(low, high);
        }
        let value = Box::new(convert(typed, &common.ty));
        let typed = Typed { ty: Type::Bool, nullable: common.nullable };
        Some(Expr { kind: ExprKind::InRange { value, low, high }, typed, span })
    }

    /// A range whose ends are known and stand the wrong way round.
    fn check_order(&mut self, low: &Expr, high: &Expr) {
        let (ExprKind::Literal(low_value), ExprKind::Literal(high_value)) = (&low.kind, &high.kind)
        else {
            return;
        };
        if crate::constant::order(low_value, high_value) == Some(std::cmp::Ordering::Greater) {
            let message = "nothing is in this range: its first end is greater than its last";
            self.report.push(
                Diagnostic::new(Code::BadBounds, low.span.to(high.span), message)
                    .help("write the smaller end first"),
            );
        }
    }

    fn in_list(&mut self, value: &ast::Expr, list: &[ast::Expr], span: Span) -> Option<Expr> {
        let typed = self.expr(value);
        let mut common = typed.typed.clone();
        let mut elements = Vec::with_capacity(list.len());
        let mut failed = common.ty.is_unknown();
        for source in list {
            if is_null_literal(source) {
                self.compared_with_null(BinaryOp::Equal, value, source.span);
                failed = true;
                continue;
            }
            let element = self.expr(source);
            let both = unify(&common, &element.typed);
            match both.filter(|it| it.ty.is_unknown() || is_ordered(&it.ty) || it.ty == Type::Bytes)
            {
                Some(both) => common = both,
                None if failed => {}
                None => {
                    self.cannot_compare(
                        (value, &typed.typed.ty),
                        (source, &element.typed.ty),
                        source.span,
                    );
                    failed = true;
                }
            }
            failed |= element.typed.ty.is_unknown();
            elements.push(element);
        }
        if failed {
            return None;
        }
        let list = elements.into_iter().map(|it| convert(it, &common.ty)).collect();
        let value = Box::new(convert(typed, &common.ty));
        let typed = Typed { ty: Type::Bool, nullable: common.nullable };
        Some(Expr { kind: ExprKind::InList { value, list }, typed, span })
    }

    /// `value in list` where the list is a param.
    fn in_constant(&mut self, value: &ast::Expr, set: &ast::Expr, span: Span) -> Option<Expr> {
        let (typed, list) = (self.expr(value), self.expr(set));
        if any_unknown([&typed, &list]) {
            return None;
        }
        let element = match (&list.kind, &list.typed.ty) {
            (ExprKind::Param(_), Type::List(element)) => (**element).clone(),
            (_, ty) => {
                let message =
                    format!("a range or a list is needed behind `in`, found {}", noun(ty));
                let (value, set) = (shown(value), shown(set));
                let help = match ty {
                    Type::List(_) => {
                        "the list behind `in` is written out, as in `x in [1, 2]`, or a param"
                            .to_owned()
                    }
                    _ => format!(
                        "write `{value} in [{set}]`, `{value} in 1..5` or `{value} == {set}`"
                    ),
                };
                self.fail(Diagnostic::new(Code::InWithoutSet, list.span, message).help(help));
                return None;
            }
        };
        // Elements of a param are not converted, so the value takes their type.
        let Some(both) =
            unify(&typed.typed, &element).filter(|it| it.ty == element.ty && is_ordered(&it.ty))
        else {
            self.cannot_compare((value, &typed.typed.ty), (set, &element.ty), span);
            return None;
        };
        let value = Box::new(convert(typed, &both.ty));
        let typed = Typed { ty: Type::Bool, nullable: both.nullable };
        Some(Expr { kind: ExprKind::InList { value, list: vec![list] }, typed, span })
    }
}

fn is_null_literal(expr: &ast::Expr) -> bool {
    matches!(&expr.kind, ast::ExprKind::Literal(it) if it.value == Value::Null)
}

/// The sides of a comparison that stands left of another one, unless it stands in parentheses: those widen its place.
fn chained(left: &ast::Expr) -> Option<(&ast::Expr, &ast::Expr)> {
    match &left.kind {
        ast::ExprKind::Binary { op, left: low, right: middle }
            if op.node.is_comparison() && left.span == low.span.to(middle.span) =>
        {
            Some((low, middle))
        }
        _ => None,
    }
}

fn comparison_help(
    (left, l): (&ast::Expr, &Type),
    (right, r): (&ast::Expr, &Type),
) -> Option<String> {
    if let (Type::Timestamp | Type::Date, Type::String) = (l, r)
        && let Some(text) = literal_text(right)
    {
        return Some(format!("times are written `@{text}`"));
    }
    if let (Type::String, Type::Timestamp | Type::Date) = (l, r)
        && let Some(text) = literal_text(left)
    {
        return Some(format!("times are written `@{text}`"));
    }
    if l.is_numeric()
        && *r == Type::String
        && let Some(text) = literal_text(right).filter(|it| it.parse::<f64>().is_ok())
    {
        return Some(format!("numbers stand without quotes: `{text}`"));
    }
    if *l == Type::String
        && r.is_numeric()
        && let (Some(text), ast::ExprKind::Literal(_)) = (short(right), &right.kind)
    {
        return Some(format!(
            "text stands in quotes: `\"{text}\"`; or compare the number: `{} as {r} …`",
            shown(left)
        ));
    }
    let nested =
        |ty: &Type| matches!(ty, Type::List(_) | Type::Struct(_) | Type::Map(..) | Type::Json);
    if nested(l) || nested(r) {
        return Some("compare a part of it: a field (`x.name`), an element (`x[0]`), or a json value as what it is (`x as string`)".to_owned());
    }
    let by = |expr: &ast::Expr, from: &Type, to: &Type| conversion(&short(expr)?, from, to);
    let typed = by(right, r, l).or_else(|| by(left, l, r))?;
    Some(format!("convert one side: `{typed}`"))
}

fn literal_text(expr: &ast::Expr) -> Option<&str> {
    match &expr.kind {
        ast::ExprKind::Literal(literal) => match &literal.value {
            Value::String(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}
