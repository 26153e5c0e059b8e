//! `count`: how many rows.

use crate::aggregate::{AggregateDef, Count as Counting, Plan};
use crate::error::Result;
use dsl::signature::{Kind, Param, Returns, Signature, Takes, TypeClass};
use dsl::types::{Type, Typed};
use std::sync::LazyLock;

/// The word.
#[derive(Debug)]
pub(super) struct Count;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: "count",
    kind: Kind::Aggregate,
    summary: "Counts the rows, or the values that are not null.",
    details: "`count()` counts rows, `count(x)` those where `x` is not null.",
    params: vec![
        Param::positional(
            "value",
            Takes::Expr(TypeClass::Any),
            "What has to be there for a row to count; without it every row counts.",
        )
        .optional(),
    ],
    result: Returns::From(|_| Ok(Type::Int.required())),
    examples: &[example!(
        "Rows, and rows with a temperature",
        "readings = count(), measured = count(t)",
        "readings: 4, measured: 3"
    )],
});

impl AggregateDef for Count {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn plan(&self, args: &[Typed], _result: &Typed) -> Result<Plan> {
        Ok(match args {
            // What is never null is there in every row.
            [] | [Typed { nullable: false, .. }] => Plan::Rows,
            _ => Plan::Column(Box::new(Counting::Present)),
        })
    }
}
