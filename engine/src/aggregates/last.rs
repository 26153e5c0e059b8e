//! `last`: the last value by row time.

use crate::aggregate::{AggregateDef, Plan, Which, edge};
use crate::error::{Error, Result};
use crate::function::{any, first};
use dsl::signature::{Kind, Returns, Signature};
use dsl::types::Typed;
use std::sync::LazyLock;

/// The word.
#[derive(Debug)]
pub(super) struct Last;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: "last",
    kind: Kind::Aggregate,
    summary: "The last value that is not null, by row time.",
    details: "Rows are ordered by their time, rows of equal time by their order in the source.",
    params: vec![any("value", "Whose value is given; any type.")],
    result: Returns::From(first),
    examples: &[example!("The last state", "state = last(state)", "state: \"off\"")],
});

impl AggregateDef for Last {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn plan(&self, args: &[Typed], _result: &Typed) -> Result<Plan> {
        let [value] = args else { return Err(Error::bug("`last` takes one value")) };
        Ok(Plan::Column(edge(Which::Last, value)))
    }
}
