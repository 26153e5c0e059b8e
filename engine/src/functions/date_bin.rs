//! `date_bin`: time cut into pieces of one length.

use crate::error::Result;
use crate::expr::{Node, Vector};
use crate::function::Runs::Own;
use crate::function::{
    Call, Column, Function, Refusal, Refused, a_timestamp, applied, duration, numbers, time,
    timestamp, word,
};
use crate::time::{Micros, Timestamp};
use arrow::array::ArrayRef;
use arrow::datatypes::{DurationMicrosecondType, TimestampMicrosecondType};
use dsl::types::Type;
use std::sync::Arc;

/// The words of this file.
pub(super) fn words() -> Vec<Function> {
    word("date_bin", "The start of the piece of time of one length that a time lies in.", a_timestamp)
        .details("Pieces are counted from `origin` in both directions. A row is refused where the length is not positive.")
        .takes(duration("length", "How long a piece is."))
        .takes(time("t", "The time."))
        .takes(timestamp("origin", "Where one of the pieces begins.").default("@1970-01-01T00:00:00Z"))
        .example("date_bin(15m, @2026-01-31T06:42:10Z)", "\"2026-01-31T06:30:00Z\"")
        .example("date_bin(1h, @2026-01-31T06:42:10Z, @2026-01-01T00:10:00Z)", "\"2026-01-31T06:10:00Z\"")
        .runs(Own(compile))
}

fn compile(call: &Call<'_>) -> Result<Node> {
    let mut args = call.nodes()?;
    args[1] = call.node_as(1, &Type::Timestamp)?;
    Ok(applied(call, args, true, starts))
}

fn starts(args: &[Vector], rows: usize, refused: &mut Refused) -> Result<ArrayRef> {
    let lengths = Column::<DurationMicrosecondType>::of(args, 0)?;
    let times = Column::<TimestampMicrosecondType>::of(args, 1)?;
    let origins = Column::<TimestampMicrosecondType>::of(args, 2)?;
    let value = |i| match (lengths.get(i), times.get(i), origins.get(i)) {
        (Some(length), Some(time), Some(origin)) => start(length, time, origin).map(Some),
        _ => Ok(None),
    };
    Ok(Arc::new(numbers::<TimestampMicrosecondType>(&Type::Timestamp, rows, refused, value)))
}

fn start(length: Micros, time: Timestamp, origin: Timestamp) -> Result<Timestamp, Refusal> {
    if length <= 0 {
        return Err(Refusal::value("the length has to be positive"));
    }
    // Two timestamps can be further apart than one of them can say.
    let since = (i128::from(time) - i128::from(origin)).rem_euclid(length.into());
    i64::try_from(i128::from(time) - since)
        .map_err(|_| Refusal::overflow("the start does not fit a timestamp"))
}
