//! Arguments about columns: those that are there, and those that a step makes.

use super::given::{brief, item_span};
use super::{Place, word};
use crate::ast::{self, ExprKind};
use crate::catalog::Words;
use crate::check::expr::{self, Grouped, Scope};
use crate::check::flows;
use crate::check::names::{unknown_column, written};
use crate::check::rules::window_column;
use crate::check::suggest::{listed, nearest};
use crate::check::type_expr::is_type;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{Aggregates, Arg, Item};
use crate::signature::Takes;
use crate::span::{Name, Span};
use crate::types::Column;

/// What asks for a column.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The parameter.
    pub(super) name: &'a str,
    /// Whether it is written `name: column`.
    pub(super) option: bool,
}

impl Asked<'_> {
    /// How the column is written in its place.
    fn written(self, column: &str) -> String {
        if self.option { format!("{}: {column}", self.name) } else { column.to_owned() }
    }
}

const RENAMED: Asked<'_> = Asked { name: "rename", option: false };

/// One column.
pub(super) fn column(
    expr: &ast::Expr,
    asked: Asked<'_>,
    place: Place<'_>,
    report: &mut Vec<Diagnostic>,
) -> Option<Arg> {
    existing(expr, asked, place, report).map(Arg::Column)
}

/// A column, or one of some words over one.
pub(super) fn column_or(
    expr: &ast::Expr,
    words: &[&'static str],
    asked: Asked<'_>,
    place: Place<'_>,
    report: &mut Vec<Diagnostic>,
) -> Option<Arg> {
    let ExprKind::Call(call) = &expr.kind else {
        return column(expr, asked, place, report);
    };
    let word = &call.name;
    if !words.contains(&word.node.as_str()) {
        let message = format!("`{}` knows no `{}(…)`", asked.name, word.node);
        let diagnostic = Diagnostic::new(Code::UnknownChoice, word.span, message);
        report.push(if let Some(near) = nearest(&word.node, words.iter().copied()) {
            diagnostic.help(format!("did you mean `{near}`?")).fix(word.span, near)
        } else {
            let known: Vec<String> = words.iter().map(|it| format!("{it}(COLUMN)")).collect();
            let known = listed(known.iter().map(String::as_str));
            diagnostic.help(format!("it takes columns, and {known}"))
        });
        return None;
    }
    let [ast::Item::Positional(inner)] = call.items.as_slice() else {
        let message = format!("`{}` takes one column", word.node);
        let help = format!("write `{}(COLUMN)`", word.node);
        report.push(Diagnostic::new(Code::ColumnNeeded, call.span, message).help(help));
        return None;
    };
    let column = existing(inner, asked, place, report)?;
    Some(Arg::Of { word: word.node.clone(), column })
}

/// A column or a list of columns.
pub(super) fn columns(
    expr: &ast::Expr,
    asked: Asked<'_>,
    place: Place<'_>,
    report: &mut Vec<Diagnostic>,
) -> Option<Arg> {
    let ExprKind::List(values) = &expr.kind else {
        return existing(expr, asked, place, report).map(|it| Arg::Columns(vec![it]));
    };
    let mut names: Vec<String> = Vec::new();
    for value in values {
        let Some(name) = existing(value, asked, place, report) else {
            continue;
        };
        if names.contains(&name) {
            let message = format!("`{name}` is given twice");
            let diagnostic = Diagnostic::new(Code::GivenTwice, value.span, message);
            report.push(diagnostic.help("take one of them away"));
        } else {
            names.push(name);
        }
    }
    Some(Arg::Columns(names))
}

/// The name of a column; one that does not exist is reported and returned, so that it is not missing, too.
fn existing(
    expr: &ast::Expr,
    asked: Asked<'_>,
    place: Place<'_>,
    report: &mut Vec<Diagnostic>,
) -> Option<String> {
    let ExprKind::Name { name, .. } = &expr.kind else {
        report.push(no_column(expr, asked, &Words::of(place.scope.catalog).add));
        return None;
    };
    if expr.is_gap() {
        return None;
    }
    let columns = place.scope.columns;
    let known = columns.iter().any(|it| it.name == *name);
    if !known && !flows::is_open(columns) {
        let name = Name::new(name.clone(), expr.span);
        let mut diagnostic = unknown_column(&name, columns);
        if place.scope.params.iter().any(|it| it.name == name.node) {
            diagnostic.message =
                format!("`{}` is a param; `{}` takes a column", name.node, asked.name);
        }
        report.push(diagnostic);
    }
    Some(name.clone())
}

/// `add` is the step that adds columns.
fn no_column(expr: &ast::Expr, asked: Asked<'_>, add: &str) -> Diagnostic {
    let message = format!("`{}` takes the name of a column", asked.name);
    let diagnostic = Diagnostic::new(Code::ColumnNeeded, expr.span, message);
    match &expr.kind {
        ExprKind::Literal(ast::Literal { value: crate::value::Value::String(text), .. }) => {
            let name = written(text);
            diagnostic
                .help(format!("write it without quotes: `{}`", asked.written(&name)))
                .fix(expr.span, name)
        }
        ExprKind::Member(_, last) => diagnostic.help(format!(
            "make it a column first: `| {add} {} = {}`",
            written(&last.node),
            brief(expr)
        )),
        _ => diagnostic.help(format!("make it a column first: `| {add} NAME = …`")),
    }
}

/// What a parameter takes that takes all items of a word.
pub(super) fn collected(
    takes: &Takes,
    items: &[&ast::Item],
    place: Place<'_>,
    report: &mut Vec<Diagnostic>,
) -> Arg {
    match takes {
        Takes::Renames => Arg::Renames(renames(items, place, report)),
        Takes::Aggregates => Arg::Aggregates(aggregates(items, place, report)),
        Takes::Detectors => Arg::Detectors(word::detectors(items, place, report)),
        _ => {
            let mut made = Made::new(place.scope.columns.to_vec());
            for item in items {
                made.add(item, *place.scope, report);
            }
            Arg::Items(made.items)
        }
    }
}

/// Items from left to right: a later one sees an earlier one.
struct Made {
    /// What the next item sees.
    columns: Vec<Column>,
    items: Vec<Item>,
    places: Vec<Span>,
}

impl Made {
    fn new(columns: Vec<Column>) -> Self {
        Self { columns, items: Vec::new(), places: Vec::new() }
    }

    fn add(&mut self, item: &ast::Item, scope: Scope<'_>, report: &mut Vec<Diagnostic>) {
        let (name, value) = match item {
            ast::Item::Define { name, value, .. } | ast::Item::Option { name, value, .. } => {
                (Some(name.clone()), value)
            }
            ast::Item::Positional(value) => (own_name(value), value),
        };
        if let (None, Some(found)) = (&name, named_like_sql(value)) {
            report.push(found);
            return;
        }
        let checked = {
            let scope = Scope { columns: &self.columns, ..scope };
            expr::check(value, &scope, report)
        };
        let Some(name) = name else {
            report.push(unnamed(value, scope.grouped.is_some()));
            return;
        };
        if let Some(first) = self.items.iter().position(|it| it.name == name.node) {
            report.push(equal_names(&name, self.places[first]));
            return;
        }
        self.columns.push(Column::new(name.node.clone(), checked.typed.clone()));
        self.places.push(name.span);
        self.items.push(Item { name: name.node, value: checked });
    }
}

/// The name of an item that is not given one: `a.b` is named `b`.
fn own_name(value: &ast::Expr) -> Option<Name> {
    match &value.kind {
        ExprKind::Name { name, .. } => Some(Name::new(name.clone(), value.span)),
        ExprKind::Member(_, last) => Some(last.clone()),
        _ => None,
    }
}

/// `expression as name`
fn named_like_sql(value: &ast::Expr) -> Option<Diagnostic> {
    let ExprKind::Cast(inner, ty) = &value.kind else {
        return None;
    };
    let name = &ty.name.node;
    if ty.args != ast::TypeArgs::None || ty.nullable || is_type(name) {
        return None;
    }
    let text = format!("{} = {}", written(name), brief(inner));
    let message = format!("`as` converts to a type, and `{name}` is none");
    Some(
        Diagnostic::new(Code::UnnamedItem, value.span, message)
            .help(format!("to give the column a name, write `{text}`"))
            .fix(Span::new(inner.span.end, value.span.end), "")
            .fix(Span::new(value.span.start, value.span.start), format!("{} = ", written(name))),
    )
}

fn unnamed(value: &ast::Expr, aggregates: bool) -> Diagnostic {
    let name = match &value.kind {
        ExprKind::Call(call) => match call.items.first() {
            Some(ast::Item::Positional(ast::Expr {
                kind: ExprKind::Name { name, .. }, ..
            })) => {
                format!("{}_{name}", call.name.node)
            }
            _ if aggregates => "n".to_owned(),
            _ => call.name.node.clone(),
        },
        _ => "name".to_owned(),
    };
    let name = written(&name);
    let start = Span::new(value.span.start, value.span.start);
    Diagnostic::new(Code::UnnamedItem, value.span, "this column needs a name")
        .help(format!("write `{name} = {}`", brief(value)))
        .fix(start, format!("{name} = "))
}

fn equal_names(name: &Name, first: Span) -> Diagnostic {
    let message = format!("two columns are named `{}`", name.node);
    Diagnostic::new(Code::EqualNames, name.span, message)
        .related(first, "the first")
        .help(format!("give one of them another name: `other_{} = …`", name.node))
}

/// `new = old`
fn renames(
    items: &[&ast::Item],
    place: Place<'_>,
    report: &mut Vec<Diagnostic>,
) -> Vec<(String, String)> {
    let mut renames: Vec<(String, String)> = Vec::new();
    let mut places: Vec<(Span, Span)> = Vec::new();
    for item in items {
        let ast::Item::Define { name, value, .. } = item else {
            let message = "a new name is missing";
            let diagnostic = Diagnostic::new(Code::UnnamedItem, item_span(item), message);
            report.push(diagnostic.help("write the new name first: `NEW = OLD`"));
            continue;
        };
        let Some(old) = existing(value, RENAMED, place, report) else {
            continue;
        };
        if let Some(i) = renames.iter().position(|(new, _)| *new == name.node) {
            report.push(equal_names(name, places[i].0));
        } else if let Some(i) = renames.iter().position(|(_, it)| *it == old) {
            let message = format!("`{old}` is renamed twice");
            report.push(
                Diagnostic::new(Code::GivenTwice, value.span, message)
                    .related(places[i].1, "renamed here already")
                    .help(format!(
                        "a second column of the same values is made by `| {} NEW = OLD`",
                        Words::of(place.scope.catalog).add
                    )),
            );
        } else {
            renames.push((name.node.clone(), old));
            places.push((name.span, value.span));
        }
    }
    renames
}

/// The items of `aggregate`: over the keys, `window` and earlier items, and calls over the rows of the window.
fn aggregates(items: &[&ast::Item], place: Place<'_>, report: &mut Vec<Diagnostic>) -> Aggregates {
    let rows = place.scope;
    let grouped = Grouped::new(rows.columns, rows.meta);
    let keys = place.input.and_then(|it| it.window.as_ref()).map_or(&[][..], |it| &it.keys);
    let of_window = keys.iter().filter_map(|key| rows.columns.iter().find(|it| it.name == *key));
    let unknown = rows.columns.iter().filter(|it| it.name.is_empty());
    let columns = of_window.chain(unknown).cloned().chain([window_column()]).collect();
    let mut made = Made::new(columns);
    for item in items {
        let scope = Scope { meta: false, grouped: Some(&grouped), ..*rows };
        made.add(item, scope, report);
    }
    Aggregates { calls: grouped.calls.into_inner(), items: made.items }
}
