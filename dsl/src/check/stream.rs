//! Streams: where their rows come from, and what flows out of them.

use super::args::{self, Place};
use super::flows::{self, Outputs};
use super::names;
use super::{Checker, constants};
use crate::ast::{self, Binding, From};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{Arg, Call, Flow, FromPlan, Input, Side, StreamPlan};
use crate::signature::Kind;
use crate::span::Span;

/// Rows on their way through a stream or sink.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    /// What is known about them.
    pub(super) flow: Flow,
    /// What flowed into the step that finds late rows.
    pub(super) late: Option<Flow>,
    /// Whether all inputs end by themselves.
    pub(super) bounded: bool,
    /// Where streams were put side by side, so that the order of rows is free.
    pub(super) mixed: Option<Span>,
}

impl Rows {
    /// Nothing is known.
    pub(super) fn unknown() -> Self {
        Self { flow: flows::unknown(), late: None, bounded: false, mixed: None }
    }
}

impl<'a> Checker<'a, '_> {
    /// A stream; none where a mistake keeps its input from being known.
    pub(super) fn stream(&mut self, binding: &'a Binding) -> Option<StreamPlan> {
        let (from, mut rows) = self.from(&binding.from);
        let steps = self.steps(&binding.name, &binding.steps, &mut rows);
        let columns = rows.flow.columns.clone();
        self.flow(binding, outputs(rows));
        let name = binding.name.node.clone();
        Some(StreamPlan { name, from: from?, steps, columns, span: binding.span })
    }

    /// What stands behind the `=` of a stream or sink.
    pub(super) fn from(&mut self, from: &'a From) -> (Option<FromPlan>, Rows) {
        match from {
            // A head that does not parse.
            From::Stream(it) if it.name.node.is_empty() => (None, Rows::unknown()),
            From::Stream(it) => {
                let input = args::input(&self.names, &it.name, it.side.as_ref(), self.report);
                let rows = input.as_ref().and_then(|input| self.rows_of(input, it.span));
                match (input, rows) {
                    (Some(input), Some(rows)) => (Some(FromPlan::One(input)), rows),
                    _ => (None, Rows::unknown()),
                }
            }
            From::Call(call) => self.combination(call),
        }
    }

    fn combination(&mut self, call: &'a ast::Call) -> (Option<FromPlan>, Rows) {
        let word = &call.name.node;
        let Some(rule) = self.catalog.from(word) else {
            self.report.push(self.no_combination(call));
            return (None, Rows::unknown());
        };
        let scope = super::Scope { params: &self.params, ..constants(self.catalog) };
        let file = args::File { names: &self.names, schemas: &self.schemas };
        let place = Place { scope: &scope, file: Some(file), input: None };
        let before = self.report.len();
        let bound =
            args::named_word(Kind::From, &call.name, &call.items, call.span, place, self.report);
        // A name that another file may define was not reported, and is no stream.
        let complete = |it: &Call| args::complete(rule.signature(), &it.args);
        let bound = bound.filter(|it| self.report.len() == before && complete(it));
        let Some(bound) = bound else {
            return (None, Rows::unknown());
        };
        let from = FromPlan::Word(bound);
        let spans = stream_spans(&from, call.span);
        let inputs: Vec<(Input, Span)> = from.inputs().into_iter().cloned().zip(spans).collect();
        let mut rows: Vec<Rows> = Vec::new();
        for (input, span) in &inputs {
            rows.push(self.rows_of(input, *span).unwrap_or_else(Rows::unknown));
        }
        let flows: Vec<Flow> = rows.iter().map(|it| it.flow.clone()).collect();
        let flow = rule.flow(&flows, call.name.span, self.report);
        let earlier = rows.iter().find_map(|it| it.mixed);
        let mixed = if rule.mixes() && rows.len() > 1 { Some(call.span) } else { earlier };
        let bounded = rows.iter().all(|it| it.bounded);
        (Some(from), Rows { flow, late: None, bounded, mixed })
    }

    /// A call behind the `=` that is no combination; perhaps it belongs to a source.
    fn no_combination(&self, call: &ast::Call) -> Diagnostic {
        let word = &call.name.node;
        if self.catalog.signature(Kind::Source, word).is_some() {
            let message =
                format!("`{word}` is a source, and a stream reads sources by their names");
            return Diagnostic::new(Code::UnknownCombination, call.name.span, message)
                .help(format!("declare it, `source NAME = {word}(…)`, and write `NAME` here"));
        }
        names::unknown_word(self.catalog, Kind::From, &call.name)
    }

    /// The rows of an input; none where there are none, which is reported.
    fn rows_of(&mut self, input: &Input, span: Span) -> Option<Rows> {
        // Not there: in a circle, or its statement is broken.
        let Some(outputs) = self.flows.get(&input.name) else {
            return Some(Rows::unknown());
        };
        let Some(flow) = outputs.side(input.side) else {
            self.report.push(no_late_rows(&input.name, span));
            return None;
        };
        let mixed = if input.side == Side::Main { outputs.mixed } else { None };
        Some(Rows { flow, late: None, bounded: outputs.bounded, mixed })
    }
}

/// Where the streams of a combination stand.
fn stream_spans(from: &FromPlan, whole: Span) -> Vec<Span> {
    let FromPlan::Word(call) = from else {
        return vec![whole];
    };
    let mut spans = Vec::new();
    for (_, arg) in &call.args.given {
        let count = match &arg.node {
            Arg::Stream(_) => 1,
            Arg::List(args) => args.iter().filter(|it| matches!(it, Arg::Stream(_))).count(),
            _ => 0,
        };
        spans.extend(std::iter::repeat_n(arg.span, count));
    }
    spans
}

/// What a stream or sink puts out.
pub(super) fn outputs(rows: Rows) -> Outputs {
    let late = rows.late.as_ref().map(flows::late);
    Outputs { main: rows.flow, late, bounded: rows.bounded, mixed: rows.mixed }
}

pub(super) fn no_late_rows(name: &str, span: Span) -> Diagnostic {
    let message = format!("no step of `{name}` finds rows late, so there is no `{name}.late`");
    Diagnostic::new(Code::NoLateRows, span, message)
        .help("late rows belong to the stream whose windows they come too late for: write its name")
}
