//! Which item stands for which parameter.

use super::Subject;
use super::given::{Given, Matched, brief, item_span};
use super::missing;
use crate::ast::{Expr, ExprKind, Item};
use crate::check::names::written;
use crate::check::suggest::{listed, nearest};
use crate::diagnostic::{Code, Diagnostic};
use crate::signature::{Kind, Param, Place, Presence, Takes, TypeClass};
use crate::span::{Name, Span};
use crate::types::Type;

/// Finds the parameter of every item. What finds none is reported, and so is a parameter that finds no item.
pub(in crate::check) fn matched<'a>(
    subject: &Subject<'_>,
    word: Span,
    items: &'a [Item],
    report: &mut Vec<Diagnostic>,
) -> Matched<'a> {
    let given = subject.params.iter().map(|_| None).collect();
    let mut matching = Matching {
        subject: *subject,
        matched: Matched { word, given, refused: Vec::new(), strays: false },
        names: subject.params.iter().map(|_| None).collect(),
        option: None,
        report,
    };
    let mut rest = items;
    while let Some((item, others)) = rest.split_first() {
        rest = match item {
            _ if matching.option.is_some() && !matches!(item, Item::Option { .. }) => {
                matching.behind_option(rest)
            }
            Item::Positional(expr) => {
                matching.positional(item, expr);
                others
            }
            Item::Define { name, value, span } => {
                matching.definition(item, name, value, *span);
                others
            }
            Item::Option { name, value, span } => {
                matching.option(name, value, *span);
                others
            }
        };
    }
    missing::report(subject, &matching.matched, matching.report);
    matching.matched
}

/// The option before, to say what was probably meant by items behind it.
#[derive(Clone, Copy)]
struct Before<'a, 'p> {
    name: &'a Name,
    value: &'a Expr,
    param: Option<&'p Param>,
}

struct Matching<'a, 'p, 'r> {
    subject: Subject<'p>,
    matched: Matched<'a>,
    /// Where each parameter was given, to point there when it is given again.
    names: Vec<Option<Span>>,
    /// The last option so far.
    option: Option<Before<'a, 'p>>,
    report: &'r mut Vec<Diagnostic>,
}

/// Whether the parameter takes all items that are no options.
fn collects(param: &Param) -> bool {
    matches!(param.takes, Takes::Items | Takes::Renames | Takes::Aggregates | Takes::Detectors)
}

impl<'a> Matching<'a, '_, '_> {
    fn collector(&self) -> Option<usize> {
        self.subject.params.iter().position(collects)
    }

    fn positional(&mut self, item: &'a Item, expr: &'a Expr) {
        if let Some(index) = self.collector() {
            return self.collect(index, item);
        }
        let free =
            self.subject.params.iter().zip(&self.matched.given).position(|(param, given)| {
                param.place == Place::Repeated
                    || param.place == Place::Positional
                        && given.is_none()
                        && !self.matched.refused.contains(&param.name)
            });
        match free {
            Some(index) if self.subject.params[index].place == Place::Repeated => {
                match &mut self.matched.given[index] {
                    Some(Given::Many(exprs)) => exprs.push(expr),
                    given => *given = Some(Given::Many(vec![expr])),
                }
            }
            Some(index) => {
                self.matched.given[index] = Some(Given::One(expr));
                self.names[index] = Some(expr.span);
            }
            None => self.too_many(expr),
        }
    }

    fn collect(&mut self, index: usize, item: &'a Item) {
        match &mut self.matched.given[index] {
            Some(Given::Items(items)) => items.push(item),
            given => *given = Some(Given::Items(vec![item])),
        }
    }

    fn too_many(&mut self, expr: &Expr) {
        // That `in` has no list is reported where it stands.
        if self.ends_in_list() {
            return;
        }
        let name = self.subject.name;
        let most = self.subject.params.iter().filter(|it| it.place == Place::Positional).count();
        let message = match most {
            0 => format!("`{name}` takes no argument without a name"),
            1 => format!("`{name}` takes one argument without a name, this is one more"),
            _ => format!("`{name}` takes {most} arguments without a name, this is one more"),
        };
        let diagnostic = Diagnostic::new(Code::TooManyArguments, expr.span, message);
        let open = self.subject.params.iter().zip(&self.names);
        let open: Vec<&Param> = open
            .filter(|(it, given)| it.place == Place::Option && given.is_none())
            .map(|(it, _)| it)
            .filter(|it| !self.matched.refused.contains(&it.name))
            .collect();
        let required = open.iter().find(|it| it.presence == Presence::Required);
        let option = required.or(open.first()).map(|it| it.name);
        if most == 0 {
            self.matched.refused.extend(option);
        }
        // One finding for all that follow: they have the same cause.
        let known =
            |it: &Diagnostic| it.code == Code::TooManyArguments && it.span.end <= expr.span.start;
        if self.report.last().is_some_and(|it| known(it) && it.message == diagnostic.message) {
            return;
        }
        let condition = |it: &Param| it.takes == Takes::Expr(TypeClass::Is(Type::Bool));
        let help = match option {
            _ if self.subject.params.iter().any(condition) => {
                format!("conditions are joined by `and` or `or`: `… and {}`", brief(expr))
            }
            Some(first) if most == 0 => format!("name it: `{first}: {}`", brief(expr)),
            Some(_) => format!("write {}; {}", missing::usage(&self.subject), self.options()),
            None => format!("write {}", missing::usage(&self.subject)),
        };
        self.report.push(diagnostic.help(help));
    }

    /// `x in "a", "b"`: whether the argument before asks for a list and has one value.
    fn ends_in_list(&self) -> bool {
        let is_in = |it: &Option<Given<'_>>| {
            matches!(it, Some(Given::One(Expr { kind: ExprKind::In { set, .. }, .. }))
                if matches!(set.kind, ExprKind::Literal(_)))
        };
        self.matched.given.iter().any(is_in)
    }

    /// `name = value`
    fn definition(&mut self, item: &'a Item, name: &'a Name, value: &'a Expr, span: Span) {
        let param = self.subject.params.iter().position(|it| it.name == name.node);
        let option = param.filter(|it| self.subject.params[*it].place == Place::Option);
        let between = Span::new(name.span.end, value.span.start);
        match (self.collector(), option, param) {
            (Some(_), Some(index), _) | (None, _, Some(index)) => {
                let help = format!("write `{}: {}`", name.node, brief(value));
                let message =
                    format!("`{}` is an option, and options are written with `:`", name.node);
                self.report.push(
                    Diagnostic::new(Code::DefinitionForOption, span, message)
                        .help(help)
                        .fix(between, ": "),
                );
                self.matched.refused.push(self.subject.params[index].name);
            }
            (Some(index), ..) => self.collect(index, item),
            (None, ..) => self.stray_definition(name, value, span),
        }
    }

    /// `name = value` where the word makes no columns.
    fn stray_definition(&mut self, name: &Name, value: &Expr, span: Span) {
        let condition = self
            .subject
            .params
            .iter()
            .find(|it| it.place == Place::Positional && matches!(it.takes, Takes::Expr(_)));
        let between = Span::new(name.span.end, value.span.start);
        if let Some(param) = condition
            && self.subject.kind == Some(Kind::Step)
        {
            let text = format!("{} == {}", written(&name.node), brief(value));
            self.report.push(
                Diagnostic::new(Code::ComparisonMeant, span, "`=` makes a column, `==` compares")
                    .help(format!("write `{text}`"))
                    .fix(between, " == "),
            );
            self.matched.refused.push(param.name);
            return;
        }
        self.unknown_option(name, span, Some(between));
    }

    /// `name: value`
    fn option(&mut self, name: &'a Name, value: &'a Expr, span: Span) {
        let found = self.subject.params.iter().position(|it| it.name == name.node);
        let found = found.filter(|it| {
            let param = &self.subject.params[*it];
            param.place != Place::Repeated && !collects(param)
        });
        let param = found.map(|it| &self.subject.params[it]);
        self.option = Some(Before { name, value, param });
        let Some(index) = found else {
            return self.unknown_option(name, span, None);
        };
        if let Some(first) = self.names[index] {
            let message = format!("`{}` is given twice", name.node);
            self.report.push(
                Diagnostic::new(Code::GivenTwice, span, message)
                    .related(first, "given here already")
                    .help(self.list_of(index)),
            );
            return;
        }
        self.names[index] = Some(span);
        self.matched.given[index] = Some(Given::One(value));
    }

    /// What to type instead of giving an option twice.
    fn list_of(&self, index: usize) -> String {
        let param = &self.subject.params[index];
        match param.takes {
            Takes::Columns | Takes::ListOf(_) => {
                format!("take one of them away, or write a list: `{}: [a, b]`", param.name)
            }
            _ => "take one of them away".to_owned(),
        }
    }

    fn unknown_option(&mut self, name: &Name, span: Span, definition: Option<Span>) {
        let word = self.subject.name;
        let known: Vec<&str> = self.option_names();
        let near = nearest(&name.node, known.iter().copied());
        // `select kind: "x"` means a column, unless the name is nearly that of an option; `by` is one everywhere.
        let column = name.node != "by" && definition.is_none();
        if let (Some(_), None, Some(before), true) = (self.collector(), near, self.option, column) {
            let message =
                format!("`{word}` has no option `{}`; new columns are written with `=`", name.node);
            let between = Span::new(name.span.end, before.value.span.start);
            self.report.push(
                Diagnostic::new(Code::OptionForDefinition, span, message)
                    .help(format!("write `{} = {}`", written(&name.node), brief(before.value)))
                    .fix(between, " = "),
            );
            if let Some(index) = self.collector() {
                self.matched.refused.push(self.subject.params[index].name);
            }
            // It was no option, so items may follow.
            self.option = None;
            return;
        }
        let message = match self.subject.kind {
            Some(_) => format!("`{word}` has no option `{}`", name.node),
            None => format!("`{word}` has no entry `{}`", name.node),
        };
        let mut diagnostic = Diagnostic::new(Code::UnknownOption, name.span, message);
        if let Some(near) = near {
            diagnostic = diagnostic.help(format!("did you mean `{near}:`?")).fix(name.span, near);
            if let Some(param) = self.subject.params.iter().find(|it| it.name == near) {
                self.matched.refused.push(param.name);
            }
        } else {
            self.matched.strays = true;
            diagnostic = diagnostic.help(self.options());
        }
        if let Some(between) = definition {
            diagnostic = diagnostic.fix(between, ": ");
        }
        self.report.push(diagnostic);
    }

    /// The names that can stand before a `:`.
    fn option_names(&self) -> Vec<&'static str> {
        let named = |it: &&Param| it.place != Place::Repeated && !collects(it);
        self.subject.params.iter().filter(named).map(|it| it.name).collect()
    }

    /// `its options are …`
    fn options(&self) -> String {
        let options = self.subject.params.iter().filter(|it| it.place == Place::Option);
        let names: Vec<&str> = options.map(|it| it.name).collect();
        let what = if self.subject.kind.is_some() { "option" } else { "entry" };
        match names.as_slice() {
            [] => format!("`{}` has no options", self.subject.name),
            [one] => format!("its only {what} is `{one}`"),
            _ if what == "entry" => format!("its entries are {}", listed(names)),
            _ => format!("its options are {}", listed(names)),
        }
    }

    /// Items without a name behind an option: all of them at once, since they have one cause. Returns what follows.
    fn behind_option(&mut self, items: &'a [Item]) -> &'a [Item] {
        let end = items.iter().position(|it| matches!(it, Item::Option { .. }));
        let (stray, rest) = items.split_at(end.unwrap_or(items.len()));
        let (Some(before), Some(first), Some(last)) = (self.option, stray.first(), stray.last())
        else {
            return rest;
        };
        // What stands in the wrong place is not missing.
        let open = self.subject.params.iter().zip(&self.matched.given);
        let open = open.filter(|(it, given)| it.place != Place::Option && given.is_none());
        self.matched.refused.extend(open.map(|(it, _)| it.name));
        let span = item_span(first).to(item_span(last));
        let name = &before.name.node;
        let message = format!("options come last, and this stands behind `{name}:`");
        let diagnostic = Diagnostic::new(Code::PositionalAfterOption, span, message);
        let names = before.param.is_some_and(|it| it.takes == Takes::Columns);
        let fits = |it: &Item| match it {
            Item::Positional(expr) => !names || matches!(expr.kind, ExprKind::Name { .. }),
            Item::Define { .. } | Item::Option { .. } => false,
        };
        let takes_list =
            names || before.param.is_some_and(|it| matches!(it.takes, Takes::ListOf(_)));
        self.report.push(match before.param {
            // An option that is not known was reported, and what follows may belong to it.
            None => return rest,
            Some(_) if takes_list && stray.iter().all(fits) => {
                let values = std::iter::once(brief(before.value)).chain(stray.iter().map(|it| {
                    if let Item::Positional(expr) = it { brief(expr) } else { String::new() }
                }));
                let values = values.collect::<Vec<_>>().join(", ");
                let (start, end) = (before.value.span.start, span.end);
                diagnostic
                    .help(format!("write `{name}: [{values}]`"))
                    .fix(Span::new(start, start), "[")
                    .fix(Span::new(end, end), "]")
            }
            Some(_) => diagnostic.help(format!("write it before `{name}:`")),
        });
        rest
    }
}
