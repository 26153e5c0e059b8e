//! The `test` blocks of a file: what is fed, what is expected, and when.

mod rows;

use super::args;
use super::bounds;
use super::flows::Flows;
use super::names::{Meaning, Names, unknown};
use crate::ast::{self, ActionKind, BindingKind, ExprKind, StreamRef};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{Flow, Input, ParamPlan, Side, SourcePlan, TestAction, TestActionKind, TestPlan};
use crate::span::{Name, Span};
use crate::value::Value;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// What tests can name.
pub(super) struct File<'a> {
    /// What each name stands for.
    pub(super) names: &'a Names<'a>,
    /// The params.
    pub(super) params: &'a [ParamPlan],
    /// The sources.
    pub(super) sources: &'a [SourcePlan],
    /// What each binding puts out.
    pub(super) flows: &'a Flows,
}

/// The tests of a file.
pub(super) fn checked(
    tests: &[&ast::Test],
    file: &File<'_>,
    report: &mut Vec<Diagnostic>,
) -> Vec<TestPlan> {
    let mut plans: Vec<TestPlan> = Vec::new();
    for (i, test) in tests.iter().enumerate() {
        let name = &test.name;
        if let Some(first) = tests[..i].iter().find(|it| it.name.node == name.node) {
            let message = format!("there is a test \"{}\" already", name.node);
            report.push(
                Diagnostic::new(Code::TestTwice, name.span, message)
                    .related(first.name.span, "the first")
                    .help("say what this one tests"),
            );
        }
        let expects = |it: &ast::Action| {
            matches!(it.kind, ActionKind::ExpectRows { .. } | ActionKind::ExpectCount { .. })
        };
        // Behind an action that does not parse nothing is said about what is missing.
        if !test.actions.iter().any(expects) && !test.broken {
            let message = "this test expects nothing, so only a crash could fail it";
            report.push(
                Diagnostic::new(Code::TestWithoutExpect, name.span, message)
                    .help("say what has to come out: `expect STREAM [{ column: value }]`"),
            );
        }
        let closing = closing(test);
        let mut checker = Actions { file, fed: None, closing, report };
        let actions = test.actions.iter().filter_map(|it| checker.action(it)).collect();
        plans.push(TestPlan { name: name.node.clone(), actions, span: test.span });
    }
    plans
}

/// Where the inputs of a test end.
#[derive(Clone, Copy)]
enum Closing {
    /// At this `end`.
    Said(Span),
    /// Before the last `expect`s, of which this is the last.
    Implied(Span),
}

/// Without an `end`, inputs end before the last group of `expect`s, unless the test moves the clock itself.
fn closing(test: &ast::Test) -> Option<Closing> {
    let span = |find: fn(&ActionKind) -> bool, last: bool| {
        let mut found = test.actions.iter().filter(|it| find(&it.kind)).map(|it| it.span);
        if last { found.next_back() } else { found.next() }
    };
    if let Some(end) = span(|it| matches!(it, ActionKind::End), false) {
        return Some(Closing::Said(end));
    }
    let moves = |it: &_| match it {
        ActionKind::ExpectRows { within, .. } | ActionKind::ExpectCount { within, .. } => {
            within.is_some()
        }
        it => matches!(it, ActionKind::At(_) | ActionKind::Advance(_)),
    };
    let moves = span(moves, false);
    // What does not parse may have been an `expect`, or have moved the clock.
    if moves.is_some() || test.broken {
        return None;
    }
    let expects =
        |it: &_| matches!(it, ActionKind::ExpectRows { .. } | ActionKind::ExpectCount { .. });
    span(expects, true).map(Closing::Implied)
}

/// Checks the actions of one test in order.
struct Actions<'a, 'r> {
    file: &'a File<'a>,
    /// The first `feed` so far.
    fed: Option<Span>,
    /// Where the inputs end, so that nothing can be fed any more.
    closing: Option<Closing>,
    report: &'r mut Vec<Diagnostic>,
}

impl<'a> Actions<'a, '_> {
    fn action(&mut self, action: &ast::Action) -> Option<TestAction> {
        if matches!(action.kind, ActionKind::Feed { .. } | ActionKind::FeedFile { .. }) {
            self.still_open(action.span);
        }
        let kind = match &action.kind {
            ActionKind::Feed { target, rows } => self.feed(target, rows, action.span)?,
            ActionKind::FeedFile { target, path } => {
                let source = self.fed_source(target, action.span)?.name.clone();
                TestActionKind::FeedFile { source, path: path.node.clone() }
            }
            ActionKind::ExpectRows { target, rows, contains, within } => {
                let found = self.expected(target);
                let within = self.within(within.as_ref());
                let (input, flow) = found?;
                let rows = rows::expected(rows, &input.to_string(), &flow, self.report)?;
                TestActionKind::ExpectRows { input, rows, contains: *contains, within: within? }
            }
            ActionKind::ExpectCount { target, count, within } => {
                let found = self.expected(target);
                let within = self.within(within.as_ref());
                let count = self.count(count);
                TestActionKind::ExpectCount { input: found?.0, count: count?, within: within? }
            }
            ActionKind::At(time) => TestActionKind::At(self.at(time)?),
            ActionKind::Advance(by) => TestActionKind::Advance(self.duration(by, "advance 5m")?),
            ActionKind::Set { name, value } => self.set(name, value, action.span)?,
            ActionKind::End => TestActionKind::End,
            ActionKind::Restart => TestActionKind::Restart,
        };
        Some(TestAction { kind, span: action.span })
    }

    /// Reports rows that are fed where the inputs have ended.
    fn still_open(&mut self, span: Span) {
        let (place, message, label, help) = match self.closing {
            Some(Closing::Said(end)) => (
                end,
                "nothing can be fed behind `end`: the inputs have ended",
                "they end here",
                "move this `feed` in front of the `end`",
            ),
            Some(Closing::Implied(expect)) => (
                expect,
                "nothing can be fed behind the last `expect`: the inputs have ended, and nobody looks",
                "the last one",
                "move this `feed` in front of the last `expect`s, or say what comes of it: `expect STREAM [{ column: value }]`",
            ),
            None => return,
        };
        if span.start > place.start {
            self.report.push(
                Diagnostic::new(Code::FeedAfterEnd, span, message).related(place, label).help(help),
            );
        }
    }

    fn feed(
        &mut self,
        target: &StreamRef,
        rows: &[ast::Expr],
        span: Span,
    ) -> Option<TestActionKind> {
        let source = self.fed_source(target, span)?;
        let rows = rows::fed(rows, source, self.report)?;
        Some(TestActionKind::Feed { source: source.name.clone(), rows })
    }

    /// The source that is fed; none where it is not known, which was reported.
    fn fed_source(&mut self, target: &StreamRef, span: Span) -> Option<&'a SourcePlan> {
        self.fed.get_or_insert(span);
        let name = &target.name;
        let sources = self.file.names.of(|it| it == Meaning::Binding(BindingKind::Source));
        let meaning = self.file.names.meaning(&name.node);
        let diagnostic = match (meaning, &target.side) {
            (Some(Meaning::Broken | Meaning::Binding(BindingKind::Table)), _) => return None,
            (Some(Meaning::Binding(BindingKind::Source)), None) => {
                return self.file.sources.iter().find(|it| it.name == name.node);
            }
            (Some(_), Some(side)) => {
                let message = format!(
                    "`{}.{}` is what comes out; only sources are fed",
                    name.node, side.node
                );
                Diagnostic::new(Code::FeedTarget, target.span, message)
            }
            (Some(meaning), None) => {
                let message =
                    format!("`{}` is a {}, and only sources are fed", name.node, meaning.noun());
                Diagnostic::new(Code::FeedTarget, target.span, message)
            }
            (None, _) => unknown(Code::UnknownStream, "source", name, &sources),
        };
        let help = match sources.as_slice() {
            _ if diagnostic.help.is_some() => None,
            [] => Some(format!("declare it: `source {} = …`", name.node)),
            [one] => Some(format!("write `feed {one} …`")),
            many => Some(format!("the sources {}", super::names::are(many))),
        };
        self.report.push(match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        });
        None
    }

    /// What is expected of: any binding, and its side streams.
    fn expected(&mut self, target: &StreamRef) -> Option<(Input, Flow)> {
        let (names, name) = (self.file.names, &target.name);
        let sink = names.meaning(&name.node) == Some(Meaning::Binding(BindingKind::Sink));
        let input = if sink && target.side.is_none() {
            Input { name: name.node.clone(), side: Side::Main }
        } else {
            args::input(names, name, target.side.as_ref(), self.report)?
        };
        let outputs = self.file.flows.get(&input.name)?;
        let Some(flow) = outputs.side(input.side) else {
            self.report.push(super::stream::no_late_rows(&input.name, target.span));
            return None;
        };
        Some((input, flow))
    }

    /// The duration behind `within`; the outer none where it was reported.
    #[expect(clippy::option_option, reason = "reported, left out, given")]
    fn within(&mut self, within: Option<&ast::Expr>) -> Option<Option<i64>> {
        match within {
            None => Some(None),
            Some(it) => self.duration(it, "within 5s").map(Some),
        }
    }

    fn duration(&mut self, expr: &ast::Expr, sample: &str) -> Option<i64> {
        if expr.is_gap() {
            return None;
        }
        match literal(expr) {
            Some(Value::Duration(micros)) if *micros > 0 => Some(*micros),
            other => {
                let found = other.map_or("something else", Value::kind);
                let message = match other {
                    Some(Value::Duration(_)) => "a duration of more than 0 is needed".to_owned(),
                    _ => format!("a duration is needed, found {found}"),
                };
                let diagnostic = Diagnostic::new(Code::TestTime, expr.span, message);
                self.report.push(diagnostic.help(format!("write it as in `{sample}`")));
                None
            }
        }
    }

    fn at(&mut self, expr: &ast::Expr) -> Option<Value> {
        if expr.is_gap() {
            return None;
        }
        match literal(expr) {
            Some(it @ (Value::Timestamp(_) | Value::Duration(_))) => Some(it.clone()),
            Some(Value::Date(days)) => Some(Value::Timestamp(i64::from(*days) * DAY)),
            other => {
                let found = other.map_or("something else", Value::kind);
                let message = format!("a time or a duration is needed, found {found}");
                self.report.push(Diagnostic::new(Code::TestTime, expr.span, message).help(
                    "write `at @2026-01-01T08:00:00Z`, or `at 10s`: so long after the first row",
                ));
                None
            }
        }
    }

    fn count(&mut self, expr: &ast::Expr) -> Option<Value> {
        if expr.is_gap() {
            return None;
        }
        let end = |it: &Option<Box<ast::Expr>>| match it {
            None => Some(None),
            Some(it) => count_of(it).map(|it| Some(Box::new(Value::Int(it)))),
        };
        let count = match &expr.kind {
            ExprKind::Range(low, high) => match (end(low), end(high)) {
                (Some(low), Some(high)) => Some(Value::Range(low, high)),
                _ => None,
            },
            _ => count_of(expr).map(Value::Int),
        };
        if count.is_none() {
            let message = "a number of rows is needed";
            self.report.push(
                Diagnostic::new(Code::TestCount, expr.span, message)
                    .help("write `count 3`, or a range: `count 1..3`"),
            );
        }
        count
    }

    fn set(&mut self, name: &Name, value: &ast::Expr, span: Span) -> Option<TestActionKind> {
        if let Some(fed) = self.fed {
            let message = "params are set before the first row is fed";
            self.report.push(
                Diagnostic::new(Code::SetAfterFeed, span, message)
                    .related(fed, "rows are fed here")
                    .help("move it to the beginning of the test"),
            );
        }
        let names = self.file.names;
        let Some(param) = self.file.params.iter().find(|it| it.name == name.node) else {
            let diagnostic = match names.meaning(&name.node) {
                Some(Meaning::Broken | Meaning::Param) => return None,
                Some(meaning) => names.other_kind(name, meaning, "a param"),
                None => {
                    let params = names.of(|it| it == Meaning::Param);
                    unknown(Code::UnknownParam, "param", name, &params)
                }
            };
            self.report.push(diagnostic);
            return None;
        };
        let read = bounds::constant(Code::RowType, value, &param.typed, self.report)?;
        bounds::keeps(Code::RowType, &read, param.bounds.as_ref(), value.span, self.report);
        Some(TestActionKind::Set { param: name.node.clone(), value: read })
    }
}

/// A literal that is one token.
fn literal(expr: &ast::Expr) -> Option<&Value> {
    match &expr.kind {
        ExprKind::Literal(it) if it.unit.is_none() => Some(&it.value),
        _ => None,
    }
}

fn count_of(expr: &ast::Expr) -> Option<i64> {
    match literal(expr) {
        Some(Value::Int(count)) if *count >= 0 => Some(*count),
        _ => None,
    }
}
