//! `sum`: the sum of values.

use crate::aggregate::{AggregateDef, Give, Plan, total};
use crate::error::{Error, Result};
use dsl::signature::{Kind, Param, Returns, Signature, Takes, TypeClass};
use dsl::types::{Type, Typed};
use std::sync::LazyLock;

/// The word.
#[derive(Debug)]
pub(super) struct Sum;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: "sum",
    kind: Kind::Aggregate,
    summary: "Adds up the values that are not null; null where there are none.",
    details: "Whole numbers are added in 128 bits and checked at the end: a sum that does not fit `int` is an error row. Floats are added with twice the digits and rounded once, so the order of rows and the size of batches make no difference.",
    params: vec![Param::positional(
        "value",
        Takes::Expr(TypeClass::NumericOrDuration),
        "What is added up.",
    )],
    result: Returns::From(result),
    examples: &[example!("All that was measured", "all = sum(t)", "all: 69.0")],
});

impl AggregateDef for Sum {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn plan(&self, args: &[Typed], result: &Typed) -> Result<Plan> {
        let [value] = args else { return Err(Error::bug("`sum` takes one value")) };
        Ok(Plan::Column(total(Give::Sum, &value.ty, &result.ty)?))
    }
}

fn result(args: &[Typed]) -> Result<Typed, String> {
    let [value] = args else { return Err("a value is missing".to_owned()) };
    let ty = match &value.ty {
        Type::Decimal { scale, .. } => Type::Decimal { precision: 38, scale: *scale },
        other => other.clone(),
    };
    Ok(ty.nullable().with_nullable(value.nullable))
}
