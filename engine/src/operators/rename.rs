//! `rename`: the row with other names for some of its columns.

use crate::batch::{Batch, record};
use crate::error::Result;
use crate::operator::{Operator, OperatorDef, Output, RowWise, Stateless, one_step};
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
pub(super) struct Rename;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: "rename",
    kind: Kind::Step,
    summary: "Gives columns other names, in their place.",
    details: "The new name stands first, as everywhere: `rename celsius = temperature`. Columns may change their names \
              with each other: `rename a = b, b = a`. Two columns of one name are an error.",
    params: vec![Param::positional(
        "columns",
        Takes::Renames,
        "The new name and the old one: `new = old`.",
    )],
    result: Returns::Nothing,
    examples: &[Example {
        title: "Say what a column means",
        source: r#"schema Reading {
  id: string
  at: timestamp
  t:  float
}

source readings = memory(schema: Reading, time: at)

stream named = readings
  | rename device_id = id, temperature = t

sink out = named | into memory()

test "the columns have their new names" {
  feed readings [
    { id: "a", at: @2026-01-01T00:00:00Z, t: 21.5 },
  ]
  expect named [
    { device_id: "a", temperature: 21.5 },
  ]
}
"#,
        result: "",
    }],
});

impl StepRule for Rename {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn flow(&self, step: StepContext<'_>, report: &mut Vec<Diagnostic>) -> Flow {
        let renames = step.args.renames("columns").unwrap_or_default();
        rules::renamed(step.input, renames, step.span, report)
    }
}

impl OperatorDef for Rename {
    fn build(&self, steps: &[StepPlan]) -> Result<Box<dyn Operator>> {
        let step = one_step(steps)?;
        Ok(Box::new(Stateless(RenameColumns { schema: schema(&step.output.columns) })))
    }
}

/// Puts other names over the same columns.
#[derive(Debug)]
struct RenameColumns {
    schema: SchemaRef,
}

impl RowWise for RenameColumns {
    fn apply(&mut self, batch: Batch, out: &mut Output) -> Result<()> {
        let columns = batch.columns.columns().to_vec();
        let columns = record(self.schema.clone(), columns, batch.rows())?;
        out.pass(batch.with_columns(columns));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Harness, columns, step};
    use dsl::diagnostic::Code;
    use dsl::plan::Arg;

    fn rename(pairs: &[(&str, &str)]) -> Vec<(&'static str, Arg)> {
        let pairs = pairs.iter().map(|(new, old)| ((*new).to_owned(), (*old).to_owned()));
        vec![("columns", Arg::Renames(pairs.collect()))]
    }

    #[test]
    fn columns_stay_in_their_place_and_may_change_names() {
        let plan = step(&Rename, &columns("a: int, b: int"), rename(&[("a", "b"), ("b", "a")]));
        let plan = plan.unwrap();
        assert_eq!(plan.output.columns, columns("b: int, a: int"));
        let mut harness = Harness::new(&Rename, plan);
        harness.feed(r#"[{"a": 1, "b": 2}]"#);
        harness.expect(r#"[{"a": 2, "b": 1}]"#);
    }

    #[test]
    fn two_columns_of_one_name_are_an_error() {
        let found = step(&Rename, &columns("a: int, b: int"), rename(&[("a", "b")])).unwrap_err();
        assert_eq!(found[0].code, Code::ColumnExists);
    }
}
