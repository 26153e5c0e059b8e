//! Steps, in order: each sees what flows out of the one before it.

use super::args::{self, Place};
use super::flows;
use super::names::unknown_word;
use super::stream::Rows;
use super::{Checker, rows};
use crate::ast::Step;
use crate::catalog::{StepContext, StepRule, Words};
use crate::diagnostic::{Code, Diagnostic, has_errors};
use crate::plan::{Arg, Args, Flow, StepPlan};
use crate::signature::{Kind, Param, Signature, Takes};
use crate::span::{Name, Span};
use crate::types::{Column, Type};
use std::collections::BTreeMap;

/// The most steps of a stream or sink. Each of them knows all columns that flow into it and out of it, and steps that
/// add columns make those more and more.
const MOST_STEPS: usize = 1000;

/// What is remembered from step to step.
#[derive(Default)]
struct Seen<'a> {
    /// How often each verb stood here.
    verbs: BTreeMap<&'a str, usize>,
    /// The step that finds rows late.
    late: Option<&'a Name>,
    /// The step before, where its rows are grouped.
    window: Option<&'a Name>,
}

impl<'a> Checker<'a, '_> {
    /// The steps of a stream or sink, without the `into` at its end. `rows` are carried through them.
    pub(super) fn steps(
        &mut self,
        owner: &Name,
        steps: &'a [Step],
        rows: &mut Rows,
    ) -> Vec<StepPlan> {
        let mut plans = Vec::new();
        let mut seen = Seen::default();
        if let Some(beyond) = steps.get(MOST_STEPS) {
            self.report.push(too_many_steps(owner, beyond));
        }
        for step in steps.iter().take(MOST_STEPS) {
            match self.step(owner, step, rows, &mut seen) {
                Some(plan) => plans.push(plan),
                None if step.broken => {}
                None => rows.flow = flows::opened(Flow { window: None, ..rows.flow.clone() }),
            }
        }
        if let (Some(window), Some(_)) = (seen.window, &rows.flow.window) {
            self.report.push(window_alone(window, None, &Words::of(self.catalog)));
            rows.flow.window = None;
        }
        plans
    }

    fn step(
        &mut self,
        owner: &Name,
        step: &'a Step,
        rows: &mut Rows,
        seen: &mut Seen<'a>,
    ) -> Option<StepPlan> {
        let verb = &step.verb.node;
        if step.broken {
            self.broken_step(step, rows, seen);
            return None;
        }
        if verb == "into" {
            self.report.push(into_outside(owner, step));
            return None;
        }
        let count = seen.verbs.entry(verb).or_default();
        let id = format!("{}.{verb}.{count}", owner.node);
        *count += 1;
        let (Some(signature), Some(rule)) =
            (self.catalog.signature(Kind::Step, verb), self.catalog.step(verb))
        else {
            seen.window = None;
            self.report.push(unknown_word(self.catalog, Kind::Step, &step.verb));
            return None;
        };
        let groupless = self.grouping(step, signature, rows, seen)?;
        let before = self.report.len();
        let (args, incomplete) = self.step_args(step, signature, &rows.flow);
        let wrong = has_errors(&self.report[before..]);
        let input = with_named_columns(&rows.flow, &args);
        let context = StepContext { input: &input, args: &args, span: step.verb.span };
        let found = self.report.len();
        // Without groups there is nothing that a rule could look at.
        let mut output =
            if groupless { input.clone() } else { self.flow_out(rule, context, wrong) };
        if groupless || incomplete {
            output = flows::opened(output);
            // Perhaps there are more keys, too: the column without a name stands for them.
            output.window.iter_mut().for_each(|it| it.keys.push(String::new()));
        }
        let revised = self.report[found..].iter().any(|it| it.code == Code::UpdatesNeedFinal);
        if input.updates && !revised && (output.window.is_some() || rule.finds_late_rows()) {
            let words = Words::of(self.catalog);
            self.report.push(updates(&step.verb, &words));
        }
        self.order(step, rule, (&input, &output), rows, seen);
        let span = step.span;
        rows.flow = output.clone();
        Some(StepPlan { id, verb: verb.clone(), args, input, output, span })
    }

    /// What flows out of a step. Where arguments were `wrong`, nothing more is said about them.
    fn flow_out(&mut self, rule: &dyn StepRule, context: StepContext<'_>, wrong: bool) -> Flow {
        let mut found = Vec::new();
        let flow = rule.flow(context, &mut found);
        found.retain(|it| !(wrong && args::is_about_arguments(it)));
        self.report.extend(found);
        flow
    }

    /// A step that does not parse. Where its verb is known and hands on the columns it gets, they are known behind it.
    fn broken_step(&mut self, step: &'a Step, rows: &mut Rows, seen: &mut Seen<'a>) {
        seen.window = None;
        let input = Flow { window: None, ..rows.flow.clone() };
        let verb = &step.verb.node;
        let known = self.catalog.signature(Kind::Step, verb).zip(self.catalog.step(verb));
        let keeps = known.is_some_and(|(signature, rule)| {
            let makes = |it: &Param| {
                matches!(
                    it.takes,
                    Takes::Items | Takes::Renames | Takes::Aggregates | Takes::Detectors
                )
            };
            let (args, span) = (Args::default(), step.verb.span);
            let context = StepContext { input: &input, args: &args, span };
            let output = rule.flow(context, &mut Vec::new());
            !signature.params.iter().any(makes) && output == input
        });
        rows.flow = if keeps { input } else { flows::opened(input) };
    }

    /// The arguments, and whether columns may be missing because of a mistake in them.
    fn step_args(&mut self, step: &'a Step, signature: &Signature, flow: &Flow) -> (Args, bool) {
        let scope = rows(self.catalog, &self.params, &flow.columns, flow.meta);
        let file = args::File { names: &self.names, schemas: &self.schemas };
        let place = Place { scope: &scope, file: Some(file), input: Some(flow) };
        let (subject, before) = (args::Subject::of(signature), self.report.len());
        let matched = args::matched(&subject, step.verb.span, &step.items, self.report);
        let args = args::bind_matched(&subject, &matched, |_| true, place, self.report);
        let found = &self.report[before..];
        let hides = args::hides_columns(&subject, &matched, &args, found);
        (args, hides)
    }

    /// `window` and `aggregate` stand side by side. Returns whether the step works on groups and gets none; nothing where
    /// it gets groups and does not work on them, so that nobody knows what was meant by it.
    fn grouping(
        &mut self,
        step: &'a Step,
        signature: &Signature,
        rows: &mut Rows,
        seen: &mut Seen<'a>,
    ) -> Option<bool> {
        let aggregates = signature.params.iter().any(|it| it.takes == Takes::Aggregates);
        match (seen.window.take(), aggregates) {
            (Some(window), false) => {
                self.report.push(window_alone(window, Some(&step.verb), &Words::of(self.catalog)));
                return None;
            }
            (None, true) if !flows::is_open(&rows.flow.columns) => {
                let words = Words::of(self.catalog);
                self.report.push(aggregate_alone(&step.verb, &words));
            }
            _ => {}
        }
        Some(aggregates && rows.flow.window.is_none())
    }

    /// What the step means for the order and the lateness of rows.
    fn order(
        &mut self,
        step: &'a Step,
        rule: &dyn StepRule,
        (input, output): (&Flow, &Flow),
        rows: &mut Rows,
        seen: &mut Seen<'a>,
    ) {
        if output.window.is_some() {
            seen.window = Some(&step.verb);
        }
        if rule.finds_late_rows() {
            if let Some(first) = seen.late {
                self.report.push(second_late(first, &step.verb));
            } else {
                seen.late = Some(&step.verb);
                rows.late = Some(input.clone());
            }
        }
        if let (true, Some(union)) = (rule.by_arrival(), rows.mixed) {
            self.report.push(arrival(&step.verb, union));
        }
        // Results of windows come in the order of their windows, whatever the order of the rows was.
        if input.window.is_some() {
            rows.mixed = None;
        }
    }
}

/// The flow with the columns that the arguments name and that do not exist: that was reported, so steps behind may use
/// them.
fn with_named_columns(flow: &Flow, args: &Args) -> Flow {
    let mut flow = flow.clone();
    for (_, arg) in &args.given {
        let names = match &arg.node {
            Arg::Column(name) => std::slice::from_ref(name),
            Arg::Columns(names) => names,
            _ => continue,
        };
        for name in names {
            if !flow.columns.iter().any(|it| it.name == *name) {
                flow.columns.push(Column::new(name.clone(), Type::Unknown.nullable()));
            }
        }
    }
    flow
}

fn too_many_steps(owner: &Name, step: &Step) -> Diagnostic {
    let message = format!("`{}` has more than {MOST_STEPS} steps", owner.node);
    Diagnostic::new(Code::TooDeep, step.verb.span, message).help(format!(
        "end the stream before this step, and go on in a second one: `stream NAME = {}`",
        owner.node
    ))
}

fn into_outside(owner: &Name, step: &Step) -> Diagnostic {
    let message = "only a sink ends in `into`";
    Diagnostic::new(Code::IntoOutsideSink, step.span, message)
        .help(format!("take it away here and write `sink NAME = {} | into …`", owner.node))
}

fn window_alone(window: &Name, next: Option<&Name>, words: &Words) -> Diagnostic {
    let word = &window.node;
    let (span, message) = match next {
        Some(next) => (next.span, format!("`{}` cannot stand directly behind `{word}`", next.node)),
        None => {
            (window.span, format!("`{word}` only groups rows, and nothing is made of the groups"))
        }
    };
    let diagnostic = Diagnostic::new(Code::WindowAlone, span, message)
        .help(format!("write `| {} n = count()` behind it, then the other steps", words.aggregate));
    match next {
        Some(_) => diagnostic.related(window.span, "rows are grouped here"),
        None => diagnostic,
    }
}

fn aggregate_alone(verb: &Name, words: &Words) -> Diagnostic {
    let message = format!("`{}` needs a window directly before it", verb.node);
    Diagnostic::new(Code::AggregateAlone, verb.span, message)
        .help(format!("write `| {}, by: KEY` before it", words.group))
}

fn second_late(first: &Name, verb: &Name) -> Diagnostic {
    let message =
        "a stream has one step at most that finds rows late: its `.late` would mean two things";
    Diagnostic::new(Code::SecondLateStep, verb.span, message)
        .related(first.span, "the first")
        .help("end the stream before this step, and go on in a second one that reads it")
}

fn updates(verb: &Name, words: &Words) -> Diagnostic {
    let message = "the results that come in here are revised later, so they would count twice";
    Diagnostic::new(Code::UpdatesNeedFinal, verb.span, message).help(format!(
        "write `| {} final` before it: then only the last version goes on",
        words.keep
    ))
}

fn arrival(verb: &Name, union: Span) -> Diagnostic {
    let message = format!(
        "`{}` goes by the order of arrival, and the order between these streams is free",
        verb.node
    );
    Diagnostic::new(Code::ArrivalBehindUnion, verb.span, message)
        .related(union, "the streams meet here")
        .help("do it in each stream before they meet, or results may differ from run to run")
}
