//! `window`, and the `aggregate` behind it: rows are grouped by key and by time, and every group becomes a row.
//!
//! ```text
//!  batch ──late?──► NAME.late
//!    │ arguments of the aggregates ──fault──► NAME.errors
//!    ▼
//!  Inputs   keys as ids, argument values as columns
//!    ▼
//!  Panes    tumbling, sliding: states by (slice, key), windows are put together from slices
//!  Sessions session: states by session
//!    ▼ watermark
//!  Results  keys, `window`, what the aggregates give, the items over it ──fault──► NAME.errors
//! ```

mod calls;
mod groups;
mod inputs;
mod panes;
mod place;
mod pool;
mod results;
mod revise;
mod saved;
mod sessions;
mod slice;
#[cfg(test)]
mod tests;
mod whole;

use crate::error::{Error, Result};
use crate::key;
use crate::operator::{Operator, OperatorDef};
use crate::time::Micros;
use crate::windows::{self, Windows};
use dsl::catalog::{StepContext, StepRule};
use dsl::check::rules;
use dsl::diagnostic::{Code, Diagnostic};
use dsl::plan::{Flow, StepPlan};
use dsl::signature::{Constant, Example, Kind, Param, Returns, Signature, Takes};
use dsl::value::format_duration;
use std::sync::LazyLock;

/// The word.
#[derive(Debug)]
pub(super) struct Window;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: "window",
    kind: Kind::Step,
    summary: "Groups rows by time, and by key, for the `aggregate` behind it.",
    details: "A window closes when the watermark reaches its end plus `lateness`. A row is late for a window if the watermark \
              of its input had come so far before the row was read; a row that is late for all its windows goes to \
              `NAME.late`. Results come once, when a window closes (`emit: on_close`), or when the watermark reaches \
              its end, again after each late row, and once more when it closes (`emit: on_end`); they then have the \
              columns `op` (`insert`, `update`) and `final`.",
    params: vec![
        Param::positional(
            "kind",
            Takes::Word(Kind::Window),
            "Where the windows lie: `tumbling(1m)`, `sliding(1m, 10s)` or `session(5m)`.",
        ),
        Param::option(
            "by",
            Takes::Columns,
            "The key: rows of different keys are in different groups; without it all rows are in one.",
        ),
        Param::option(
            "lateness",
            Takes::Constant(Constant::Duration),
            "How long a window waits behind its end for rows that come late.",
        )
        .within("0s..36500d")
        .default("0s"),
        Param::option(
            "emit",
            Takes::Choice(&["on_close", "on_end"]),
            "When results come: once when a window closes, or early and then revised.",
        )
        .default("on_close"),
    ],
    result: Returns::Nothing,
    examples: &[Example {
        title: "A row that comes too late",
        source: r#"schema Reading {
  device: string
  at:     timestamp
}

source readings = memory(schema: Reading, time: at)

stream minutes = readings
  | window tumbling(1m), by: device, lateness: 10s
  | aggregate n = count()

sink out = minutes | into memory()

test "a minute waits ten seconds" {
  feed readings [
    { device: "a", at: @2026-01-01T00:00:50Z },
    { device: "a", at: @2026-01-01T00:01:05Z },
    { device: "a", at: @2026-01-01T00:00:51Z },
    { device: "a", at: @2026-01-01T00:01:10Z },
    { device: "a", at: @2026-01-01T00:00:52Z },
  ]
  expect minutes [
    { device: "a", n: 2 },
    { device: "a", n: 2 },
  ]
  expect minutes.late count 1
}
"#,
        result: "",
    }],
});

impl StepRule for Window {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn flow(&self, step: StepContext<'_>, report: &mut Vec<Diagnostic>) -> Flow {
        let keys = step.args.opt_columns("by").ok().flatten().unwrap_or_default();
        let updates = step.args.choice("emit").is_ok_and(|it| it == "on_end");
        check_kind(step, updates, report);
        if step.input.updates {
            let message =
                "the results that come in here are revised later, so they would count twice";
            report.push(
                Diagnostic::new(Code::UpdatesNeedFinal, step.span, message)
                    .help("keep the last ones: write `| where final` in the line above"),
            );
        }
        if keys.iter().any(|it| it == "window") {
            let at = step.args.span("by").unwrap_or(step.span);
            let message = "`aggregate` adds a column `window`, and the key is called so already";
            report.push(
                Diagnostic::new(Code::ColumnExists, at, message)
                    .help("write `| rename before = window` in the line above, and `by: before`"),
            );
        }
        rules::grouped(step.input, keys, updates)
    }

    fn finds_late_rows(&self) -> bool {
        true
    }
}

fn check_kind(step: StepContext<'_>, updates: bool, report: &mut Vec<Diagnostic>) {
    let Ok(kind) = step.args.word("kind") else { return };
    if let Some(def) = windows::get(&kind.word) {
        def.check(&kind.args, kind.span, report);
    }
    if kind.word == "session" && updates {
        let at = step.args.span("emit").unwrap_or(step.span);
        let message = "sessions have no early results: two that were given cannot be joined";
        report.push(
            Diagnostic::new(Code::OptionsClash, at, message)
                .help("leave out `emit`, or write `emit: on_close`"),
        );
    }
}

fn negative(lateness: Micros) -> String {
    format!("`lateness` cannot be negative, it is {}", format_duration(lateness))
}

impl OperatorDef for Window {
    fn steps(&self) -> usize {
        2
    }

    fn build(&self, steps: &[StepPlan]) -> Result<Box<dyn Operator>> {
        let [window, aggregate] = steps else {
            return Err(Error::bug("`window` is built from two steps, itself and `aggregate`"));
        };
        let kind = window.args.word("kind")?;
        let def = windows::get(&kind.word)
            .ok_or_else(|| Error::bug(format!("there is no window `{}`", kind.word)))?;
        let lateness = window.args.duration("lateness")?;
        if lateness < 0 {
            return Err(Error::user(negative(lateness)));
        }
        let keys = self.key(&window.args).unwrap_or_default();
        let places = key::places(keys, &window.input.columns)?;
        let aggregates = aggregate.args.aggregates("items")?;
        let updates = window.args.choice("emit")? == "on_end";
        let calls = calls::Calls::compile(aggregates, &window.input.columns)?;
        let inputs = inputs::Inputs::new(&calls, places.clone());
        let keys: Vec<_> = places.iter().map(|&it| window.input.columns[it].clone()).collect();
        let results = results::Results::compile(calls, keys, aggregates, aggregate, updates)?;
        Ok(match def.windows(&kind.args)? {
            Windows::Aligned(windows) => {
                Box::new(panes::Panes::new(windows, lateness, updates, inputs, results))
            }
            Windows::Session(_) if updates => {
                return Err(Error::user(
                    "sessions have no early results: leave out `emit: on_end`",
                ));
            }
            Windows::Session(gap) => {
                Box::new(sessions::Sessions::new(gap, lateness, inputs, results))
            }
        })
    }
}
