//! `select`: rows of new columns.

use crate::batch::Batch;
use crate::error::Result;
use crate::expr::Items;
use crate::operator::{Operator, OperatorDef, Output, RowWise, Stateless, one_step, sound_columns};
use crate::types::schema;
use arrow::datatypes::SchemaRef;
use dsl::catalog::{StepContext, StepRule};
use dsl::check::rules;
use dsl::diagnostic::Diagnostic;
use dsl::plan::{Flow, StepPlan};
use dsl::signature::{Example, Kind, Param, Returns, Signature, Takes};
use std::sync::LazyLock;

/// The word.
#[derive(Debug)]
pub(super) struct Select;

const WORD: &str = "select";

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: WORD,
    kind: Kind::Step,
    summary: "Makes rows of the columns that are listed, and of nothing else.",
    details: "A column stands by its name alone; `a.b` makes a column `b`; anything else is given a name: `minute = \
              window.start`. Items are worked out from left to right, and a later one sees those before it. The time of \
              a row and its `meta` stay, whatever is selected.",
    params: vec![Param::positional(
        "items",
        Takes::Items,
        "The columns, in their order: `name` or `name = expression`.",
    )],
    result: Returns::Nothing,
    examples: &[Example {
        title: "Choose and compute columns",
        source: r#"schema Reading {
  device_id: string
  at:        timestamp
  celsius:   float
  battery:   float
}

source readings = memory(schema: Reading, time: at)

stream warm = readings
  | select device_id, fahrenheit = celsius * 1.8 + 32.0, warm = fahrenheit > 77.0

sink out = warm | into memory()

test "a later item sees an earlier one" {
  feed readings [
    { device_id: "a", at: @2026-01-01T00:00:00Z, celsius: 30.0, battery: 3.1 },
  ]
  expect warm [
    { device_id: "a", fahrenheit: 86.0, warm: true },
  ]
}
"#,
        result: "",
    }],
});

impl StepRule for Select {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn flow(&self, step: StepContext<'_>, _report: &mut Vec<Diagnostic>) -> Flow {
        rules::only_items(step.input, step.args.items("items").unwrap_or_default())
    }
}

impl OperatorDef for Select {
    fn build(&self, steps: &[StepPlan]) -> Result<Box<dyn Operator>> {
        let step = one_step(steps)?;
        let items = Items::compile(step.args.items("items")?, &step.input.columns)?;
        Ok(Box::new(Stateless(MakeColumns { items, schema: schema(&step.output.columns) })))
    }
}

/// Works out columns and leaves the others behind.
#[derive(Debug)]
struct MakeColumns {
    items: Items,
    schema: SchemaRef,
}

impl RowWise for MakeColumns {
    fn apply(&mut self, batch: Batch, out: &mut Output) -> Result<()> {
        let (made, faults) = self.items.evaluate(&batch.frame())?;
        let sound = out.refuse_faulty(&batch, faults, WORD)?;
        out.pass(sound_columns(&batch, made, sound.as_ref(), &self.schema)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason::Reason;
    use crate::testing::{Harness, binary, column, columns, item, items, literal, step};
    use dsl::ast::BinaryOp;
    use dsl::types::Type;
    use dsl::value::Value;

    #[test]
    fn items_are_made_from_left_to_right_and_hide_columns() {
        let int = || Type::Int.required();
        let one = || literal(Value::Int(1), int());
        let next = |name| binary(BinaryOp::Add, column(name, int()), one(), int());
        let args = items(vec![item("a", next("a")), item("c", next("a"))]);
        let plan = step(&Select, &columns("a: int, b: int"), args).unwrap();
        assert_eq!(plan.output.columns, columns("a: int, c: int"));
        for size in [1, 3] {
            let mut harness = Harness::new(&Select, plan.clone());
            harness.feed_in(size, r#"[{"a": 1, "b": 7, "@time": 5}, {"a": 10, "b": 7}]"#);
            assert_eq!(harness.times(), [5, 0]);
            harness.expect(r#"[{"a": 2, "c": 3}, {"a": 11, "c": 12}]"#);
        }
    }

    #[test]
    fn a_row_that_fails_leaves_as_it_came_and_disturbs_no_other() {
        let int = || Type::Int.required();
        let rest = binary(BinaryOp::Remainder, column("a", int()), column("b", int()), int());
        let plan = step(&Select, &columns("a: int, b: int"), items(vec![item("r", rest)])).unwrap();
        let mut harness = Harness::new(&Select, plan);
        harness.feed(r#"[{"a": 5, "b": 3}, {"a": 5, "b": 0}, {"a": 7, "b": 4}]"#);
        assert_eq!(harness.account().residue(), 0);
        let taken = harness.take();
        assert_eq!(taken.rows, [serde_json::json!({"r": 2}), serde_json::json!({"r": 3})]);
        let (row, fault) = &taken.refused[0];
        assert_eq!(row, &serde_json::json!({"a": 5, "b": 0}));
        assert_eq!((fault.reason, fault.column.as_deref()), (Reason::Division, Some("r")));
    }
}
