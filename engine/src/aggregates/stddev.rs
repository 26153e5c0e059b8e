//! `stddev`: the sample standard deviation.

use crate::aggregate::{AggregateDef, Moments, Plan, Spread};
use crate::error::Result;
use crate::function::number;
use dsl::signature::{Kind, Returns, Signature};
use dsl::types::{Type, Typed};
use std::sync::LazyLock;

/// The word.
#[derive(Debug)]
pub(super) struct Stddev;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: "stddev",
    kind: Kind::Aggregate,
    summary: "The sample standard deviation of the values that are not null.",
    details: "Divides by one less than the number of values, and is null below two of them. Small variations of large values are not lost.",
    params: vec![number("value", "What the standard deviation is taken of.")],
    result: Returns::From(result),
    examples: &[example!("How much the temperature varies", "spread = stddev(t)", "spread: 3.0")],
});

impl AggregateDef for Stddev {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn plan(&self, _args: &[Typed], _result: &Typed) -> Result<Plan> {
        Ok(Plan::Column(Box::new(Moments { give: Spread::Deviation })))
    }
}

/// A deviation is in the unit of the values.
#[expect(clippy::unnecessary_wraps, reason = "the type of every `Returns::From`")]
fn result(args: &[Typed]) -> Result<Typed, String> {
    Ok(match args {
        [Typed { ty: Type::Float(unit), .. }] => Type::Float(unit.clone()).nullable(),
        [Typed { ty: Type::Unknown, .. }] => Type::Unknown.nullable(),
        _ => Type::FLOAT.nullable(),
    })
}
