//! `count_if`: how many rows a condition holds for.

use crate::aggregate::{AggregateDef, Count, Plan};
use crate::error::Result;
use dsl::signature::{Kind, Param, Returns, Signature, Takes, TypeClass};
use dsl::types::{Type, Typed};
use std::sync::LazyLock;

/// The word.
#[derive(Debug)]
pub(super) struct CountIf;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: "count_if",
    kind: Kind::Aggregate,
    summary: "Counts the rows for which a condition holds.",
    details: "A condition that is null does not hold.",
    params: vec![Param::positional(
        "condition",
        Takes::Expr(TypeClass::Is(Type::Bool)),
        "What has to hold for a row to count.",
    )],
    result: Returns::From(|_| Ok(Type::Int.required())),
    examples: &[example!("How often it was on", "used = count_if(state == \"on\")", "used: 2")],
});

impl AggregateDef for CountIf {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn plan(&self, _args: &[Typed], _result: &Typed) -> Result<Plan> {
        Ok(Plan::Column(Box::new(Count::True)))
    }
}
