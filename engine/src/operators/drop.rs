//! `drop`: the row without some of its columns.

use crate::batch::{Batch, record};
use crate::error::Result;
use crate::operator::{Operator, OperatorDef, Output, RowWise, Stateless, one_step};
use crate::types::schema;
use arrow::datatypes::SchemaRef;
use dsl::catalog::{StepContext, StepRule};
use dsl::check::rules;
use dsl::diagnostic::Diagnostic;
use dsl::plan::{Arg, Args, Flow, StepPlan};
use dsl::signature::{Example, Kind, Param, Returns, Signature, Takes};
use std::sync::LazyLock;

/// The word.
#[derive(Debug)]
pub(super) struct Drop;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: "drop",
    kind: Kind::Step,
    summary: "Leaves out columns that are not needed any more.",
    details: "The other columns keep their order. A row keeps its time and its metadata whatever is dropped, and at \
              least one column has to stay; `where` drops rows.",
    params: vec![Param::repeated("columns", Takes::Column, "A column to leave out.")],
    result: Returns::Nothing,
    examples: &[Example {
        title: "Leave out what the reader does not need",
        source: r#"schema Reading {
  device_id:   string
  at:          timestamp
  temperature: float
  firmware:    string
}

source readings = memory(schema: Reading, time: at)

stream slim = readings
  | drop firmware, at

sink out = slim | into memory()

test "the firmware and the time are gone" {
  feed readings [
    { device_id: "a", at: @2026-01-01T00:00:00Z, temperature: 21.5, firmware: "1.2" },
  ]
  expect slim [
    { device_id: "a", temperature: 21.5 },
  ]
}
"#,
        result: "",
    }],
});

fn columns(args: &Args) -> Vec<String> {
    let given = args.list("columns").unwrap_or_default();
    given
        .iter()
        .filter_map(|it| match it {
            Arg::Column(name) => Some(name.clone()),
            _ => None,
        })
        .collect()
}

impl StepRule for Drop {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn flow(&self, step: StepContext<'_>, report: &mut Vec<Diagnostic>) -> Flow {
        rules::without(step.input, &columns(step.args), step.span, report)
    }
}

impl OperatorDef for Drop {
    fn build(&self, steps: &[StepPlan]) -> Result<Box<dyn Operator>> {
        let step = one_step(steps)?;
        let dropped = columns(&step.args);
        let kept = step.input.columns.iter().enumerate();
        let kept = kept.filter(|(_, it)| !dropped.contains(&it.name)).map(|(i, _)| i).collect();
        Ok(Box::new(Stateless(DropColumns { kept, schema: schema(&step.output.columns) })))
    }
}

/// Hands on some of the columns, without copying them.
#[derive(Debug)]
struct DropColumns {
    kept: Vec<usize>,
    schema: SchemaRef,
}

impl RowWise for DropColumns {
    fn apply(&mut self, batch: Batch, out: &mut Output) -> Result<()> {
        let kept = self.kept.iter().map(|&i| batch.columns.column(i).clone()).collect();
        let columns = record(self.schema.clone(), kept, batch.rows())?;
        out.pass(batch.with_columns(columns));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Harness, columns, step};
    use dsl::diagnostic::Code;

    fn drop(names: &[&str]) -> Vec<(&'static str, Arg)> {
        let names = names.iter().map(|it| Arg::Column((*it).to_owned())).collect();
        vec![("columns", Arg::List(names))]
    }

    #[test]
    fn the_other_columns_keep_their_order_and_the_row_its_time() {
        let plan = step(&Drop, &columns("a: int, b: string, c: float"), drop(&["b"])).unwrap();
        let mut harness = Harness::new(&Drop, plan);
        harness.feed(r#"[{"a": 1, "b": "x", "c": 0.5, "@time": 7}]"#);
        assert_eq!(harness.times(), [7]);
        harness.expect(r#"[{"a": 1, "c": 0.5}]"#);
    }

    #[test]
    fn one_column_has_to_stay() {
        let found = step(&Drop, &columns("a: int, b: string"), drop(&["a", "b"])).unwrap_err();
        assert_eq!(found[0].code, Code::StepShape);
    }
}
