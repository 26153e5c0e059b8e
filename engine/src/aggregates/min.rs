//! `min`: the least of values.

use crate::aggregate::{AggregateDef, Plan, Side, extreme};
use crate::error::{Error, Result};
use crate::function::{first, ordered};
use dsl::signature::{Kind, Returns, Signature};
use dsl::types::Typed;
use std::sync::LazyLock;

/// The word.
#[derive(Debug)]
pub(super) struct Min;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: "min",
    kind: Kind::Aggregate,
    summary: "The least of the values that are not null; null where there are none.",
    details: "Numbers, text (by its characters' numbers), times and bool have an order. NaN counts only if all values are NaN.",
    params: vec![ordered("value", "What the least is taken of.")],
    result: Returns::From(first),
    examples: &[example!("The lowest temperature", "lowest = min(t)", "lowest: 20.0")],
});

impl AggregateDef for Min {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn plan(&self, args: &[Typed], _result: &Typed) -> Result<Plan> {
        let [value] = args else { return Err(Error::bug("`min` takes one value")) };
        Ok(Plan::Column(extreme(Side::Min, &value.ty)?))
    }
}
