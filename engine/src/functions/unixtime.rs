//! `from_unixtime` and `to_unixtime`: times as whole seconds since 1970.

use crate::error::Result;
use crate::expr::Node;
use crate::expr::Vector;
use crate::function::Runs::Own;
use crate::function::{
    Call, Column, Function, Refusal, Refused, a_timestamp, an_int, applied, int, numbers, time,
    word,
};
use arrow::array::ArrayRef;
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use dsl::types::Type;
use std::sync::Arc;

const SECOND: i64 = 1_000_000;

/// The words of this file.
pub(super) fn words() -> Vec<Function> {
    let from =
        word("from_unixtime", "The time so many seconds after the start of 1970.", a_timestamp)
            .takes(int("seconds", "Seconds since 1970-01-01T00:00:00Z."))
            .example("from_unixtime(1769839200)", "\"2026-01-31T06:00:00Z\"")
            .runs(Own(|call| Ok(applied(call, call.nodes()?, true, times))));
    let to = word("to_unixtime", "The whole seconds from the start of 1970 to a time.", an_int)
        .details(
            "Rounded down, before 1970 too. `(t - @1970-01-01T00:00:00Z) / 1s` keeps fractions.",
        )
        .takes(time("t", "The time."))
        .example("to_unixtime(@2026-01-31T06:00:00.9Z)", "1769839200")
        .runs(Own(to_unixtime));
    [from, to].concat()
}

fn times(args: &[Vector], rows: usize, refused: &mut Refused) -> Result<ArrayRef> {
    let seconds = Column::<Int64Type>::of(args, 0)?;
    let value = |i| {
        let Some(seconds) = seconds.get(i) else { return Ok(None) };
        let time = seconds.checked_mul(SECOND);
        time.map(Some).ok_or_else(|| Refusal::overflow("it does not fit a timestamp"))
    };
    Ok(Arc::new(numbers::<TimestampMicrosecondType>(&Type::Timestamp, rows, refused, value)))
}

fn to_unixtime(call: &Call<'_>) -> Result<Node> {
    let args = vec![call.node_as(0, &Type::Timestamp)?];
    Ok(applied(call, args, false, |args: &[Vector], rows, refused: &mut _| {
        let times = Column::<TimestampMicrosecondType>::of(args, 0)?;
        let value = |i| Ok(times.get(i).map(|it| it.div_euclid(SECOND)));
        Ok(Arc::new(numbers::<Int64Type>(&Type::Int, rows, refused, value)) as ArrayRef)
    }))
}
