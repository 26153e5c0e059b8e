//! `extend`: the row with columns added or replaced.

use crate::batch::Batch;
use crate::error::{Error, Result};
use crate::expr::Items;
use crate::operator::{Operator, OperatorDef, Output, RowWise, Stateless, one_step, sound_columns};
use crate::types::schema;
use arrow::array::ArrayRef;
use arrow::datatypes::SchemaRef;
use dsl::catalog::{StepContext, StepRule};
use dsl::check::rules;
use dsl::diagnostic::Diagnostic;
use dsl::plan::{Flow, StepPlan};
use dsl::signature::{Example, Kind, Param, Returns, Signature, Takes};
use std::sync::LazyLock;

/// The word.
#[derive(Debug)]
pub(super) struct Extend;

const WORD: &str = "extend";

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: WORD,
    kind: Kind::Step,
    summary: "Keeps the row and adds columns to it, or replaces them.",
    details: "A column that exists already is replaced in its place; a new one stands behind the others. Items are \
              worked out from left to right, and a later one sees those before it.",
    params: vec![Param::positional(
        "items",
        Takes::Items,
        "The columns to add or replace: `name = expression`.",
    )],
    result: Returns::Nothing,
    examples: &[Example {
        title: "Replace one column and add another",
        source: r#"schema Reading {
  device_id: string
  at:        timestamp
  pressure:  float
}

source readings = memory(schema: Reading, time: at)

stream scaled = readings
  | extend pressure = pressure / 100.0, low = pressure < 9.8

sink out = scaled | into memory()

test "the new column sees the replaced one" {
  feed readings [
    { device_id: "a", at: @2026-01-01T00:00:00Z, pressure: 975.0 },
  ]
  expect scaled [
    { device_id: "a", pressure: 9.75, low: true },
  ]
}
"#,
        result: "",
    }],
});

impl StepRule for Extend {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn flow(&self, step: StepContext<'_>, _report: &mut Vec<Diagnostic>) -> Flow {
        rules::with_items(step.input, step.args.items("items").unwrap_or_default())
    }
}

impl OperatorDef for Extend {
    fn build(&self, steps: &[StepPlan]) -> Result<Box<dyn Operator>> {
        let step = one_step(steps)?;
        let items = step.args.items("items")?;
        let place = |name: &str| {
            step.output.columns.iter().position(|it| it.name == name).ok_or_else(|| {
                Error::bug(format!("`extend` makes `{name}`, which is not among its columns"))
            })
        };
        Ok(Box::new(Stateless(AddColumns {
            places: items.iter().map(|it| place(&it.name)).collect::<Result<_>>()?,
            items: Items::compile(items, &step.input.columns)?,
            schema: schema(&step.output.columns),
        })))
    }
}

/// Works out columns and puts them into the row.
#[derive(Debug)]
struct AddColumns {
    items: Items,
    /// Where each item stands among the columns.
    places: Vec<usize>,
    schema: SchemaRef,
}

impl RowWise for AddColumns {
    fn apply(&mut self, batch: Batch, out: &mut Output) -> Result<()> {
        let (made, faults) = self.items.evaluate(&batch.frame())?;
        let sound = out.refuse_faulty(&batch, faults, WORD)?;
        let mut columns: Vec<ArrayRef> = batch.columns.columns().to_vec();
        for (place, column) in self.places.iter().zip(made) {
            // Items stand in the order of their columns at the end, so a new one is always the next.
            match columns.get_mut(*place) {
                Some(old) => *old = column,
                None => columns.push(column),
            }
        }
        out.pass(sound_columns(&batch, columns, sound.as_ref(), &self.schema)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Harness, binary, column, columns, item, items, literal, step};
    use dsl::ast::BinaryOp;
    use dsl::types::Type;
    use dsl::value::Value;

    #[test]
    fn columns_are_replaced_in_place_or_added_and_failing_rows_leave() {
        let int = || Type::Int.required();
        let rest = |a, b| binary(BinaryOp::Remainder, column(a, int()), column(b, int()), int());
        let seven = literal(Value::Int(7), int());
        let args =
            items(vec![item("c", rest("b", "a")), item("a", seven), item("d", column("a", int()))]);
        let plan = step(&Extend, &columns("a: int, b: int"), args).unwrap();
        assert_eq!(plan.output.columns, columns("a: int, b: int, c: int, d: int"));
        for size in [1, 2, 8] {
            let mut harness = Harness::new(&Extend, plan.clone());
            harness.feed_in(size, r#"[{"a": 2, "b": 5}, {"a": 0, "b": 5}, {"a": 4, "b": 6}]"#);
            assert_eq!(harness.account().errors, 1);
            harness
                .expect(r#"[{"a": 7, "b": 5, "c": 1, "d": 7}, {"a": 7, "b": 6, "c": 2, "d": 7}]"#);
        }
    }
}
