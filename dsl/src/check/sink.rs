//! Sinks: a stream that ends in `| into …`.

use super::args::{self, Place};
use super::names::unknown_word;
use super::source::is_known;
use super::stream::{Rows, outputs};
use super::{Checker, rows};
use crate::ast::{self, Binding, ExprKind, Item, Step};
use crate::catalog::{Meets, Words};
use crate::diagnostic::{Code, Diagnostic, has_errors};
use crate::plan::{Call, SinkPlan};
use crate::signature::Kind;
use crate::span::{Name, Span};
use crate::value::Value;

impl<'a> Checker<'a, '_> {
    /// A sink; none where a mistake keeps it from being known.
    pub(super) fn sink(&mut self, binding: &'a Binding) -> Option<SinkPlan> {
        let (from, mut rows) = self.from(&binding.from);
        let before = self.report.len();
        let (steps, into) = self.split(binding);
        let steps = self.steps(&binding.name, steps, &mut rows);
        let written = into.and_then(|it| self.into(it, &rows));
        let columns = rows.flow.columns.clone();
        self.flow(binding, outputs(rows));
        let (connector, format) = written?;
        let name = binding.name.node.clone();
        let span = binding.span;
        let plan = SinkPlan { name, from: from?, steps, connector, format, columns, span };
        if !self.has_errors_since(before)
            && is_known(plan.format.as_ref(), &plan.columns)
            && let Some(why) = self.catalog.unwritable(&plan)
        {
            let place = plan.format.as_ref().map_or(plan.connector.span, |it| it.span);
            self.report.push(Diagnostic::new(Code::SinkRefuses, place, why.message).help(why.help));
        }
        Some(plan)
    }

    /// Sinks that write to one place.
    pub(super) fn places_of(&mut self, sinks: &[SinkPlan]) {
        for (i, sink) in sinks.iter().enumerate() {
            let (word, args) = (&sink.connector.word, &sink.connector.args);
            let Some(rule) = self.catalog.sink(word) else { continue };
            let earlier = sinks[..i].iter().filter(|it| it.connector.word == *word);
            let met = earlier.map(|it| (it, rule.meets(&it.connector.args, args)));
            let Some((other, meets)) = met.into_iter().find(|(_, it)| *it != Meets::Never) else {
                continue;
            };
            let (code, message) = match meets {
                Meets::Never => continue,
                Meets::Always(place) => {
                    (Code::SinkRefuses, format!("`{}` writes to `{place}` already", other.name))
                }
                Meets::Sometimes(place) => (
                    Code::SinkAdvice,
                    format!("`{}` may write to `{place}` too, and then the run ends", other.name),
                ),
            };
            let help =
                "two sinks need two places; for one place, make one stream of both with `union`";
            self.report.push(
                Diagnostic::new(code, place_of(sink), message)
                    .related(place_of(other), "here")
                    .help(help),
            );
        }
    }

    /// The steps before the first `into`, and that one.
    fn split(&mut self, binding: &'a Binding) -> (&'a [Step], Option<&'a Step>) {
        let steps = binding.steps.as_slice();
        let Some(index) = steps.iter().position(|it| it.verb.node == "into") else {
            // A step that does not parse may have been it.
            if !steps.iter().any(|it| it.broken) {
                let message =
                    format!("the sink `{}` does not say where its rows go", binding.name.node);
                self.report.push(
                    Diagnostic::new(Code::SinkWithoutInto, binding.name.span, message).help(
                        "end it with `| into …`; rows for other steps to read are a `stream`",
                    ),
                );
            }
            return (steps, None);
        };
        if let Some(next) = steps.get(index + 1) {
            let message = "nothing stands behind `into`: the rows have left";
            let help = match next.verb.node.as_str() {
                "into" => "write a second sink that reads the same stream",
                _ => "write the step before `| into …`",
            };
            self.report.push(Diagnostic::new(Code::IntoNotLast, next.span, message).help(help));
        }
        (&steps[..index], Some(&steps[index]))
    }

    /// The connector and its format.
    fn into(&mut self, step: &'a Step, from: &Rows) -> Option<(Call, Option<Call>)> {
        if step.broken {
            return None;
        }
        let call = self.connector_of(step)?;
        let word = &call.name.node;
        let (Some(_), Some(rule)) =
            (self.catalog.signature(Kind::Sink, word), self.catalog.sink(word))
        else {
            self.report.push(unknown_word(self.catalog, Kind::Sink, &call.name));
            return None;
        };
        let flow = &from.flow;
        let before = self.report.len();
        let connector = {
            let scope = rows(self.catalog, &self.params, &flow.columns, flow.meta);
            let file = args::File { names: &self.names, schemas: &self.schemas };
            let place = Place { scope: &scope, file: Some(file), input: Some(flow) };
            args::named_word(Kind::Sink, &call.name, &call.items, call.span, place, self.report)?
        };
        if has_errors(&self.report[before..]) {
            // What is left are arguments that are right, and what is missing was said.
            let mut found = Vec::new();
            rule.check(&connector.args, flow, from.bounded, call.name.span, &mut found);
            found.retain(|it| matches!(it.code, Code::BadOption | Code::BadPattern));
            self.report.extend(found);
            return None;
        }
        let format = match connector.args.opt_word("format").ok().flatten() {
            Some(format) => Some(format.clone()),
            None => rule
                .default_format(&connector.args)
                .and_then(|it| self.default_format(&it, call.name.span)),
        };
        if !super::flows::is_open(&flow.columns) {
            rule.check(&connector.args, flow, from.bounded, call.name.span, self.report);
        }
        Some((connector, format))
    }

    /// `into NAME(…)`, or a bare name for a connector without options.
    fn connector_of(&mut self, step: &Step) -> Option<ast::Call> {
        let call = match step.items.as_slice() {
            [Item::Positional(expr)] => match &expr.kind {
                ExprKind::Call(call) => Some(call.clone()),
                ExprKind::Name { name, .. } => {
                    let name = Name::new(name.clone(), expr.span);
                    Some(ast::Call { name, items: Vec::new(), span: expr.span })
                }
                _ => None,
            },
            _ => None,
        };
        if call.is_none() {
            self.report.push(no_connector(step, &Words::of(self.catalog)));
        }
        call
    }
}

/// Where a sink says where its rows go.
fn place_of(sink: &SinkPlan) -> Span {
    let args = &sink.connector.args;
    args.span("path").unwrap_or(sink.connector.span)
}

fn no_connector(step: &Step, words: &Words) -> Diagnostic {
    let first = step.items.first();
    let call = first.and_then(|it| match it {
        Item::Positional(ast::Expr { kind: ExprKind::Call(call), .. }) => Some(call),
        Item::Positional(_) | Item::Define { .. } | Item::Option { .. } => None,
    });
    let message = "`into` takes one connector";
    let diagnostic = Diagnostic::new(Code::WordNeeded, place(step), message);
    match (call, first) {
        (Some(call), _) => diagnostic.help(format!(
            "options stand inside its parentheses: `into {}(…, format: json)`",
            call.name.node
        )),
        (None, Some(Item::Positional(ast::Expr { kind: ExprKind::Literal(it), span })))
            if it.value == Value::Null =>
        {
            diagnostic.help("write `into null()`").fix(*span, "null()")
        }
        (None, Some(Item::Positional(ast::Expr { kind: ExprKind::Literal(it), .. }))) => {
            let example = &words.sink;
            diagnostic
                .help(format!("{} is no connector: write one, as in `into {example}`", it.value))
        }
        _ => diagnostic.help(format!("write the connector and its options: `into {}`", words.sink)),
    }
}

fn place(step: &Step) -> Span {
    if step.items.is_empty() { step.verb.span } else { step.span }
}
