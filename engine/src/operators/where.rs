//! `where`: the rows for which a condition is true.

use crate::batch::Batch;
use crate::error::Result;
use crate::expr::Program;
use crate::ledger::Fate;
use crate::operator::{Operator, OperatorDef, Output, RowWise, Stateless, one_step};
use arrow::array::{AsArray, BooleanArray};
use dsl::catalog::{StepContext, StepRule};
use dsl::check::rules;
use dsl::diagnostic::Diagnostic;
use dsl::plan::{Flow, StepPlan};
use dsl::signature::{Example, Kind, Param, Returns, Signature, Takes, TypeClass};
use dsl::types::Type;
use std::sync::LazyLock;

/// The word.
#[derive(Debug)]
pub(super) struct Where;

const WORD: &str = "where";

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: WORD,
    kind: Kind::Step,
    summary: "Keeps the rows for which a condition is true.",
    details: "A row for which the condition is false or null goes no further and is counted as filtered. A row for \
              which it cannot be worked out (a number that overflows) goes to the error stream.",
    params: vec![Param::positional(
        "condition",
        Takes::Expr(TypeClass::Is(Type::Bool)),
        "What has to be true of a row.",
    )],
    result: Returns::Nothing,
    examples: &[Example {
        title: "Readings that are too hot",
        source: r#"schema Reading {
  device_id:   string
  at:          timestamp
  temperature: float?
}

source readings = memory(schema: Reading, time: at)

stream hot = readings
  | where temperature > 85.0

sink out = hot | into memory()

test "null is not too hot" {
  feed readings [
    { device_id: "a", at: @2026-01-01T00:00:00Z, temperature: 90.5 },
    { device_id: "b", at: @2026-01-01T00:00:00Z, temperature: 20.0 },
    { device_id: "c", at: @2026-01-01T00:00:00Z, temperature: null },
  ]
  expect hot [
    { device_id: "a" },
  ]
}
"#,
        result: "",
    }],
});

impl StepRule for Where {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn flow(&self, step: StepContext<'_>, _report: &mut Vec<Diagnostic>) -> Flow {
        match step.args.expr("condition") {
            Ok(condition) => rules::kept(step.input, condition),
            Err(_) => Flow { window: None, ..step.input.clone() },
        }
    }
}

impl OperatorDef for Where {
    fn build(&self, steps: &[StepPlan]) -> Result<Box<dyn Operator>> {
        let step = one_step(steps)?;
        let condition = Program::compile(step.args.expr("condition")?, &step.input.columns)?;
        Ok(Box::new(Stateless(KeepRows { condition })))
    }
}

/// Keeps rows by a condition.
#[derive(Debug)]
struct KeepRows {
    condition: Program,
}

impl RowWise for KeepRows {
    fn apply(&mut self, batch: Batch, out: &mut Output) -> Result<()> {
        let evaluated = self.condition.evaluate(&batch.frame())?;
        // Rows at fault are null in the condition, so that it keeps none of them.
        let refused = evaluated.faults.len();
        out.refuse_faulty(&batch, evaluated.faults, WORD)?;
        let kept = match evaluated.values.as_boolean_opt() {
            Some(keep) => batch.filter(keep)?,
            // The literal null as a condition.
            None => batch.filter(&BooleanArray::from(vec![false; batch.rows()]))?,
        };
        out.account(Fate::Filtered, batch.rows() - kept.rows() - refused);
        out.pass(kept);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason::Reason;
    use crate::testing::{Harness, binary, column, columns, literal, step};
    use dsl::ast::BinaryOp;
    use dsl::plan::Arg;
    use dsl::value::Value;

    /// `a % b > 1`
    fn harness() -> Harness {
        let int = || Type::Int.nullable();
        let rest = binary(BinaryOp::Remainder, column("a", int()), column("b", int()), int());
        let one = literal(Value::Int(1), Type::Int.required());
        let condition = binary(BinaryOp::Greater, rest, one, Type::Bool.nullable());
        let args = vec![("condition", Arg::Expr(condition))];
        Harness::new(&Where, step(&Where, &columns("a: int?, b: int?"), args).unwrap())
    }

    #[test]
    fn only_true_goes_on_and_every_row_is_accounted_for() {
        let rows = r#"[{"a": 5, "b": 3}, {"a": 4, "b": 3}, {"a": null, "b": 3}, {"a": 8, "b": 3}]"#;
        for size in [1, 3, 8] {
            let mut harness = harness();
            harness.feed_in(size, rows);
            assert_eq!(harness.account().filtered, 2);
            harness.expect(r#"[{"a": 5, "b": 3}, {"a": 8, "b": 3}]"#);
        }
    }

    #[test]
    fn a_condition_that_fails_refuses_the_row_alone() {
        let mut harness = harness();
        harness.feed(r#"[{"a": 5, "b": 0}, {"a": 5, "b": 3}, {"a": 1, "b": 9}]"#);
        assert_eq!(harness.account().residue(), 0);
        let taken = harness.take();
        assert_eq!(taken.rows.len(), 1);
        let (row, fault) = &taken.refused[0];
        assert_eq!(row, &serde_json::json!({"a": 5, "b": 0}));
        assert_eq!(fault.reason, Reason::Division);
    }
}
