//! What stands for a parameter, before it is looked at.

use crate::ast::{Call, Expr, ExprKind, Item};
use crate::signature::Signature;
use crate::span::Span;

/// What is written for one parameter.
#[derive(Clone, Debug)]
pub(in crate::check) enum Given<'a> {
    /// One expression.
    One(&'a Expr),
    /// The expressions of a repeated parameter.
    Many(Vec<&'a Expr>),
    /// Items of which some make columns.
    Items(Vec<&'a Item>),
}

/// Which items stand for which parameter.
#[derive(Clone, Debug)]
pub(in crate::check) struct Matched<'a> {
    /// The word, for what is said about arguments that are not there.
    pub(in crate::check) word: Span,
    /// As many as there are parameters, in their order.
    pub(in crate::check) given: Vec<Option<Given<'a>>>,
    /// Parameters whose argument was reported: neither missing nor left out.
    pub(in crate::check) refused: Vec<&'static str>,
    /// Whether an option stands there of which nobody knows what was meant.
    pub(in crate::check) strays: bool,
}

impl Matched<'_> {
    /// Whether something stands for the parameter of this name, right or wrong.
    pub(in crate::check) fn written(&self, signature: &Signature, name: &str) -> bool {
        let index = signature.params.iter().position(|it| it.name == name);
        let given = index.and_then(|it| self.given.get(it));
        given.is_some_and(Option::is_some) || self.refused.contains(&name)
    }
}

/// Where an item stands.
pub(in crate::check) fn item_span(item: &Item) -> Span {
    match item {
        Item::Positional(expr) => expr.span,
        Item::Define { span, .. } | Item::Option { span, .. } => *span,
    }
}

impl Given<'_> {
    /// Where it stands; a step without items has no place for them.
    pub(in crate::check) fn span(&self) -> Option<Span> {
        match self {
            Given::One(expr) => Some(expr.span),
            Given::Many(exprs) => exprs.iter().map(|it| it.span).reduce(Span::to),
            Given::Items(items) => items.iter().map(|it| item_span(it)).reduce(Span::to),
        }
    }
}

/// Puts a default, which has a text of its own, to the place of the word that it is a default of.
pub(super) fn respan(expr: &mut Expr, span: Span) {
    expr.span = span;
    match &mut expr.kind {
        ExprKind::Call(call) => respan_call(call, span),
        ExprKind::List(values) => values.iter_mut().for_each(|it| respan(it, span)),
        ExprKind::Record(entries) => {
            for (name, value) in entries {
                name.span = span;
                respan(value, span);
            }
        }
        ExprKind::Member(value, name) => {
            name.span = span;
            respan(value, span);
        }
        ExprKind::Negate(value) | ExprKind::Not(value) => respan(value, span),
        ExprKind::Binary { op, left, right } => {
            op.span = span;
            respan(left, span);
            respan(right, span);
        }
        ExprKind::Range(low, high) => {
            low.iter_mut().chain(high).for_each(|it| respan(it, span));
        }
        _ => {}
    }
}

fn respan_call(call: &mut Call, span: Span) {
    call.span = span;
    call.name.span = span;
    for item in &mut call.items {
        match item {
            Item::Positional(value) => respan(value, span),
            Item::Define { name, value, span: whole }
            | Item::Option { name, value, span: whole } => {
                name.span = span;
                *whole = span;
                respan(value, span);
            }
        }
    }
}

fn brief_item(item: &Item) -> String {
    match item {
        Item::Positional(value) => brief(value),
        Item::Define { name, value, .. } => format!("{} = {}", name.node, brief(value)),
        Item::Option { name, value, .. } => format!("{}: {}", name.node, brief(value)),
    }
}

/// An expression in a help line: short ones as they are typed.
pub(in crate::check) fn brief(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Name { name, .. } => super::super::names::written(name),
        ExprKind::Member(value, name) => format!("{}.{}", brief(value), name.node),
        ExprKind::Literal(it) if !matches!(it.value, crate::value::Value::Timestamp(_)) => {
            let unit = it.unit.as_deref().unwrap_or_default();
            format!("{}{unit}", it.value)
        }
        ExprKind::Call(call) => {
            let items: Vec<String> = call.items.iter().map(brief_item).collect();
            let items = items.join(", ");
            let long = items.chars().count() > 30;
            format!("{}({})", call.name.node, if long { "…" } else { &items })
        }
        ExprKind::Negate(value) => format!("-{}", brief(value)),
        _ => "…".to_owned(),
    }
}
