//! `avg`: the mean of values.

use crate::aggregate::{AggregateDef, Give, Plan, total};
use crate::error::{Error, Result};
use dsl::signature::{Kind, Param, Returns, Signature, Takes, TypeClass};
use dsl::types::{Type, Typed};
use std::sync::LazyLock;

/// The word.
#[derive(Debug)]
pub(super) struct Avg;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: "avg",
    kind: Kind::Aggregate,
    summary: "The mean of the values that are not null; null where there are none.",
    details: "The mean of `int` is a `float`, that of a decimal has four digits more behind the point. Sums are rounded once, when the mean is given out.",
    params: vec![Param::positional(
        "value",
        Takes::Expr(TypeClass::NumericOrDuration),
        "What the mean is taken of.",
    )],
    result: Returns::From(result),
    examples: &[example!("The mean temperature", "mean = avg(t)", "mean: 23.0")],
});

impl AggregateDef for Avg {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn plan(&self, args: &[Typed], result: &Typed) -> Result<Plan> {
        let [value] = args else { return Err(Error::bug("`avg` takes one value")) };
        Ok(Plan::Column(total(Give::Mean, &value.ty, &result.ty)?))
    }
}

fn result(args: &[Typed]) -> Result<Typed, String> {
    let [value] = args else { return Err("a value is missing".to_owned()) };
    let ty = match &value.ty {
        Type::Int => Type::FLOAT,
        Type::Decimal { precision, scale } => Type::Decimal {
            precision: (precision + 4).min(38),
            scale: scale.saturating_add(4).min(38),
        },
        other => other.clone(),
    };
    Ok(ty.nullable().with_nullable(value.nullable))
}
