//! `var`: the sample variance.

use crate::aggregate::{AggregateDef, Moments, Plan, Spread};
use crate::error::Result;
use crate::function::number;
use dsl::signature::{Kind, Returns, Signature};
use dsl::types::{Type, Typed};
use std::sync::LazyLock;

/// The word.
#[derive(Debug)]
pub(super) struct Var;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: "var",
    kind: Kind::Aggregate,
    summary: "The sample variance of the values that are not null.",
    details: "Divides by one less than the number of values, and is null below two of them. Small variations of large values are not lost.",
    params: vec![number("value", "What the variance is taken of.")],
    result: Returns::From(result),
    examples: &[example!("How much the temperature varies", "spread = var(t)", "spread: 9.0")],
});

impl AggregateDef for Var {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn plan(&self, _args: &[Typed], _result: &Typed) -> Result<Plan> {
        Ok(Plan::Column(Box::new(Moments { give: Spread::Variance })))
    }
}

/// A variance is in the square of the unit of the values, which has no name.
#[expect(clippy::unnecessary_wraps, reason = "the type of every `Returns::From`")]
fn result(args: &[Typed]) -> Result<Typed, String> {
    Ok(match args {
        [Typed { ty: Type::Unknown, .. }] => Type::Unknown.nullable(),
        _ => Type::FLOAT.nullable(),
    })
}
