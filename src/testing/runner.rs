//! Runs one `test` of a file: its actions in order, in virtual time.

use super::compare::{Expected, differences};
use super::order::{Order, order};
use super::{Payload, Setup, VirtualRun};
use dsl::calendar::TIMESTAMPS;
use dsl::constant::{Environment, close_for_test};
use dsl::plan::{FeedRow, Input, Plan, TestAction, TestActionKind, TestPlan};
use dsl::span::Span;
use dsl::value::{Value, format_duration};
use engine::error::{Error, Result};
use engine::expr::json_of;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// How far the clock goes at least at a time while an `expect … within` does not hold yet.
const STEP: i64 = 100_000;

/// How often it is looked at most whether an `expect … within` holds.
const LOOKS: i64 = 1_000;

/// No clock of a test shows more than the last timestamp.
const LAST: i64 = TIMESTAMPS.end - 1;

/// What came of a test.
#[derive(Clone, Debug, Default)]
pub struct TestResult {
    /// What did not hold, each with the place of the action.
    pub failures: Vec<(Span, String)>,
}

impl TestResult {
    /// Whether everything held.
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// A test runs without the environment: every variable and secret is this text.
struct NoEnvironment;

impl Environment for NoEnvironment {
    fn env(&self, name: &str) -> Option<String> {
        Some(format!("test-{name}"))
    }

    fn secret(&self, path: &str) -> Result<String, String> {
        Ok(format!("test-{path}"))
    }
}

/// Runs a test of a file; `folder` is where the file stands.
pub fn run_test(plan: &Plan, test: &TestPlan, folder: &Path, setup: Setup) -> Result<TestResult> {
    let closed = match close_for_test(plan, test, &BTreeMap::new(), &NoEnvironment) {
        Ok(closed) => closed,
        Err(errors) => {
            let failures = errors.iter().map(|it| (test.span, it.to_string())).collect();
            return Ok(TestResult { failures });
        }
    };
    let watched: BTreeSet<Input> = test.actions.iter().filter_map(expected).cloned().collect();
    let watched: Vec<Input> = watched.into_iter().collect();
    let orders = watched.iter().map(|it| (it.clone(), order(&closed, it))).collect();
    let run = VirtualRun::new(&closed, &watched, setup)?;
    let mut runner = Runner {
        run,
        orders,
        folder,
        setup,
        start: None,
        moved: false,
        result: TestResult::default(),
    };
    let end = implied_end(&test.actions);
    for (i, action) in test.actions.iter().enumerate() {
        if Some(i) == end {
            runner.run.end()?;
        }
        runner.action(action)?;
    }
    runner.finish(test)
}

/// The stream that an action looks at.
fn expected(action: &TestAction) -> Option<&Input> {
    match &action.kind {
        TestActionKind::ExpectRows { input, .. } | TestActionKind::ExpectCount { input, .. } => {
            Some(input)
        }
        _ => None,
    }
}

/// Without an `end`, inputs end before the last group of `expect`s, unless the test moves the clock itself.
fn implied_end(actions: &[TestAction]) -> Option<usize> {
    let moves = |it: &TestAction| {
        let within = match &it.kind {
            TestActionKind::ExpectRows { within, .. }
            | TestActionKind::ExpectCount { within, .. } => *within,
            _ => None,
        };
        let end = matches!(it.kind, TestActionKind::End);
        end || within.is_some()
            || matches!(it.kind, TestActionKind::At(_) | TestActionKind::Advance(_))
    };
    if actions.iter().any(moves) {
        return None;
    }
    let last = actions.iter().rposition(|it| expected(it).is_some())?;
    let first = actions[..last].iter().rposition(|it| expected(it).is_none());
    Some(first.map_or(0, |it| it + 1))
}

struct Runner<'a> {
    run: VirtualRun,
    /// The order that the rows of each stream looked at have.
    orders: BTreeMap<Input, Order>,
    folder: &'a Path,
    setup: Setup,
    /// The first row's time.
    start: Option<i64>,
    /// Whether the test has moved the clock itself.
    moved: bool,
    result: TestResult,
}

impl Runner<'_> {
    fn action(&mut self, action: &TestAction) -> Result<()> {
        match &action.kind {
            TestActionKind::Feed { source, rows } => {
                let payload = |row: &FeedRow| match row {
                    FeedRow::Record(value) => Payload::Record(json_of(value)),
                    FeedRow::Raw(text) => Payload::Raw(text.clone().into_bytes()),
                };
                let rows: Vec<Payload> = rows.iter().map(payload).collect();
                self.feed(source, &rows)
            }
            TestActionKind::FeedFile { source, path } => {
                match self.run.pieces(source, &self.folder.join(path)) {
                    Ok(rows) => self.feed(source, &rows),
                    Err(why) => {
                        self.fail(action.span, why.to_string());
                        Ok(())
                    }
                }
            }
            TestActionKind::ExpectRows { input, rows, contains, within } => {
                let order = self.orders.get(input).cloned().unwrap_or(Order::Free);
                let expected = Expected { rows, contains: *contains, order: &order };
                self.expect(action.span, input, *within, |found| differences(expected, found))
            }
            TestActionKind::ExpectCount { input, count, within } => {
                self.expect(action.span, input, *within, |found| wrong_count(count, found.len()))
            }
            TestActionKind::At(value) => {
                let at = match value {
                    Value::Duration(since) => self.start.unwrap_or_default().saturating_add(*since),
                    Value::Timestamp(at) => *at,
                    Value::Date(day) => i64::from(*day) * dsl::calendar::DAY,
                    other => return Err(Error::bug(format!("`at` with {}", other.kind()))),
                };
                self.moved = true;
                self.run.move_clock(at.min(LAST))
            }
            TestActionKind::Advance(by) => {
                self.moved = true;
                self.run.move_clock(self.run.now().saturating_add(*by).min(LAST))
            }
            // The plan was closed with it.
            TestActionKind::Set { .. } => Ok(()),
            TestActionKind::End => self.run.end(),
            TestActionKind::Restart => self.run.restart(self.setup.tasks),
        }
    }

    fn feed(&mut self, source: &str, rows: &[Payload]) -> Result<()> {
        self.run.feed(source, "test", rows, !self.moved)?;
        if self.start.is_none() {
            self.start = Some(self.run.now());
            self.run.connect("test")?;
        }
        self.run.settle()
    }

    fn fail(&mut self, span: Span, what: String) {
        self.result.failures.push((span, what));
    }

    /// Looks at what has come out since the last time; the clock may run until it is as expected.
    fn expect(
        &mut self,
        span: Span,
        input: &Input,
        within: Option<i64>,
        wrong: impl Fn(&[serde_json::Value]) -> Vec<String>,
    ) -> Result<()> {
        let deadline = within.map(|it| self.run.now().saturating_add(it).min(LAST));
        let step = within.map_or(STEP, |it| STEP.max(it / LOOKS));
        let mut found = self.run.take(input)?;
        loop {
            let lines = wrong(&found);
            if lines.is_empty() {
                return Ok(());
            }
            let now = self.run.now();
            let Some(deadline) = deadline.filter(|it| now < *it) else {
                let waited = within
                    .map_or_else(String::new, |it| format!(" within {}", format_duration(it)));
                let count = found.len();
                let rows = if count == 1 { "row" } else { "rows" };
                let text = format!("`{input}` put out {count} {rows}{waited}, not those expected:");
                self.fail(span, format!("{text}\n{}", lines.join("\n")));
                return Ok(());
            };
            self.moved = true;
            self.run.move_clock(now.saturating_add(step).min(deadline))?;
            found.extend(self.run.take(input)?);
        }
    }

    fn finish(mut self, test: &TestPlan) -> Result<TestResult> {
        let outcome = self.run.finish()?;
        let residue = outcome.progress.ledger.residue();
        if residue != 0 {
            let why = format!("the ledger does not balance: {residue} rows are unaccounted for");
            self.result.failures.push((test.span, why));
        }
        Ok(self.result)
    }
}

fn wrong_count(expected: &Value, found: usize) -> Vec<String> {
    let number = serde_json::Value::from(found);
    let record = Value::Record(vec![("count".to_owned(), expected.clone())]);
    let rows = [record];
    let row = serde_json::json!({ "count": number });
    if differences(Expected { rows: &rows, contains: false, order: &Order::Free }, &[row])
        .is_empty()
    {
        return Vec::new();
    }
    vec![format!("expected {expected}, found {found}")]
}
