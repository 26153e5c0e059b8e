//! Arguments that are words themselves: `format: json`, `window tumbling(1m)`, `detect sigma(x)`.

use super::given::{brief, item_span};
use super::{Place, bind_in};
use crate::ast::{self, ExprKind};
use crate::check::names::{unknown_word, with_article, words, written};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::Call;
use crate::signature::Kind;
use crate::span::{Name, Span};

/// A word of this kind, as a call or a bare name.
pub(super) fn word(
    kind: Kind,
    expr: &ast::Expr,
    place: Place<'_>,
    report: &mut Vec<Diagnostic>,
) -> Option<Call> {
    match &expr.kind {
        ExprKind::Call(call) => named_word(kind, &call.name, &call.items, call.span, place, report),
        ExprKind::Name { name, .. } => {
            let name = Name::new(name.clone(), expr.span);
            named_word(kind, &name, &[], expr.span, place, report)
        }
        _ => {
            report.push(no_word(kind, expr, place));
            None
        }
    }
}

/// A word with its items.
pub(in crate::check) fn named_word(
    kind: Kind,
    name: &Name,
    items: &[ast::Item],
    span: Span,
    place: Place<'_>,
    report: &mut Vec<Diagnostic>,
) -> Option<Call> {
    let catalog = place.scope.catalog;
    let Some(signature) = catalog.signature(kind, &name.node) else {
        report.push(unknown_word(catalog, kind, name));
        return None;
    };
    let args = bind_in(signature, name.span, items, place, report);
    Some(Call { word: name.node.clone(), kind, args, span })
}

fn no_word(kind: Kind, expr: &ast::Expr, place: Place<'_>) -> Diagnostic {
    let catalog = place.scope.catalog;
    let message = format!("{} is needed here", with_article(kind.noun()));
    let diagnostic = Diagnostic::new(Code::WordNeeded, expr.span, message);
    let known = words(catalog, kind);
    match &expr.kind {
        ExprKind::Literal(ast::Literal { value: crate::value::Value::String(text), .. })
            if known.contains(&text.as_str()) =>
        {
            diagnostic
                .help(format!("write it without quotes: `{text}`"))
                .fix(expr.span, text.clone())
        }
        _ => match known.first() {
            Some(first) => {
                let call = if kind == Kind::Format { "" } else { "(…)" };
                diagnostic.help(format!("write one such as `{first}{call}`"))
            }
            None => {
                diagnostic.help(format!("this vocabulary has no {}: take it away", kind.noun()))
            }
        },
    }
}

/// One detector, or several with a name each.
pub(super) fn detectors(
    items: &[&ast::Item],
    place: Place<'_>,
    report: &mut Vec<Diagnostic>,
) -> Vec<(Option<String>, Call)> {
    let mut found: Vec<(Option<String>, Call)> = Vec::new();
    let mut places: Vec<&Name> = Vec::new();
    let mut proposed: Vec<String> = items.iter().filter_map(|it| defined(it)).collect();
    for item in items {
        let (name, value) = match item {
            ast::Item::Positional(value) => (None, value),
            ast::Item::Define { name, value, .. } | ast::Item::Option { name, value, .. } => {
                (Some(name), value)
            }
        };
        if name.is_none() && items.len() > 1 {
            report.push(unnamed_detector(item, value, &mut proposed));
            continue;
        }
        if let Some(name) = name {
            if let Some(first) = places.iter().find(|it| it.node == name.node) {
                let message = format!("two detectors are named `{}`", name.node);
                report.push(
                    Diagnostic::new(Code::EqualNames, name.span, message)
                        .related(first.span, "the first")
                        .help("give one of them another name"),
                );
                continue;
            }
            places.push(name);
        }
        if let Some(call) = word(Kind::Detector, value, place, report) {
            found.push((name.map(|it| it.node.clone()), call));
        }
    }
    found
}

/// The name that an item has.
fn defined(item: &ast::Item) -> Option<String> {
    match item {
        ast::Item::Positional(_) => None,
        ast::Item::Define { name, .. } | ast::Item::Option { name, .. } => Some(name.node.clone()),
    }
}

/// `proposed` are the names that others have or are told to take.
fn unnamed_detector(item: &ast::Item, value: &ast::Expr, proposed: &mut Vec<String>) -> Diagnostic {
    let (name, call) = match &value.kind {
        ExprKind::Call(call) => {
            let first = call.items.first();
            let column = match first {
                Some(ast::Item::Positional(ast::Expr {
                    kind: ExprKind::Name { name, .. },
                    ..
                })) => name.as_str(),
                _ => call.name.node.as_str(),
            };
            (column, brief(value))
        }
        _ => ("name", "…".to_owned()),
    };
    let span = item_span(item);
    let mut free = name.to_owned();
    let mut count = 1;
    while proposed.contains(&free) {
        count += 1;
        free = format!("{name}_{count}");
    }
    proposed.push(free.clone());
    let name = written(&free);
    Diagnostic::new(Code::DetectorShape, span, "of several detectors each needs a name")
        .help(format!("write `{name} = {call}`: its columns are then `{name}.score` and so on"))
        .fix(Span::new(span.start, span.start), format!("{name} = "))
}
