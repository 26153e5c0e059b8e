//! `first`: the first value by row time.

use crate::aggregate::{AggregateDef, Plan, Which, edge};
use crate::error::{Error, Result};
use crate::function::{any, first};
use dsl::signature::{Kind, Returns, Signature};
use dsl::types::Typed;
use std::sync::LazyLock;

/// The word.
#[derive(Debug)]
pub(super) struct First;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: "first",
    kind: Kind::Aggregate,
    summary: "The first value that is not null, by row time.",
    details: "Rows are ordered by their time, rows of equal time by their order in the source.",
    params: vec![any("value", "Whose value is given; any type.")],
    result: Returns::From(first),
    examples: &[example!("The first state", "state = first(state)", "state: \"on\"")],
});

impl AggregateDef for First {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn plan(&self, args: &[Typed], _result: &Typed) -> Result<Plan> {
        let [value] = args else { return Err(Error::bug("`first` takes one value")) };
        Ok(Plan::Column(edge(Which::First, value)))
    }
}
