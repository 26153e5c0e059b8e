//! `aggregate`: one row for each key and window, made of its rows. What runs it is the `window` in front of it.

use crate::error::{Error, Result};
use crate::operator::{Operator, OperatorDef};
use dsl::catalog::{StepContext, StepRule};
use dsl::check::rules;
use dsl::diagnostic::{Code, Diagnostic};
use dsl::plan::{Aggregates, Flow, StepPlan};
use dsl::signature::{Example, Kind, Param, Returns, Signature, Takes};
use std::sync::LazyLock;

/// The word.
#[derive(Debug)]
pub(super) struct Aggregate;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: "aggregate",
    kind: Kind::Step,
    summary: "Makes one row of the rows of each key and window.",
    details: "Stands directly behind `window`. What leaves are the key columns, `window` (a struct of `start` and `end`) and \
              the items. Items are worked out from left to right; inside the parentheses of an aggregate only the \
              columns of the rows are seen, outside of them the keys, `window`, and the items before. A row for which \
              an argument cannot be worked out leaves the whole step for `NAME.errors`; a result that cannot be worked \
              out (a sum that overflows) goes there as a row of its own.",
    params: vec![Param::positional(
        "items",
        Takes::Aggregates,
        "What is made of the rows: `name = avg(column)`, or any expression of aggregates.",
    )],
    result: Returns::Nothing,
    examples: &[Example {
        title: "What share of the readings was bad",
        source: r#"schema Reading {
  device: string
  at:     timestamp
  ok:     bool
}

source readings = memory(schema: Reading, time: at)

stream quality = readings
  | window tumbling(1h), by: device
  | aggregate n = count(), bad = count_if(not ok), share = bad / n

sink out = quality | into memory()

test "one of four is bad" {
  feed readings [
    { device: "a", at: @2026-01-01T00:00:00Z, ok: true },
    { device: "a", at: @2026-01-01T00:10:00Z, ok: false },
    { device: "a", at: @2026-01-01T00:20:00Z, ok: true },
    { device: "a", at: @2026-01-01T00:30:00Z, ok: true },
  ]
  expect quality [
    { device: "a", n: 4, bad: 1, share: 0.25 },
  ]
}
"#,
        result: "",
    }],
});

impl StepRule for Aggregate {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn flow(&self, step: StepContext<'_>, report: &mut Vec<Diagnostic>) -> Flow {
        if step.input.window.is_none() {
            report.push(
                Diagnostic::new(
                    Code::AggregateAlone,
                    step.span,
                    "there is no `window` before this",
                )
                .help("write `| window tumbling(1m), by: …` in the line above"),
            );
        }
        let nothing = Aggregates { calls: Vec::new(), items: Vec::new() };
        let aggregates = step.args.aggregates("items").unwrap_or(&nothing);
        rules::aggregated(step.input, aggregates, step.span, report)
    }
}

impl OperatorDef for Aggregate {
    fn build(&self, _steps: &[StepPlan]) -> Result<Box<dyn Operator>> {
        Err(Error::bug("`aggregate` is run by the `window` in front of it"))
    }
}
