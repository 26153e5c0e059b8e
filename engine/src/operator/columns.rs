//! From columns that were worked out to rows that go on.

use crate::batch::{Batch, record};
use crate::error::Result;
use arrow::array::{ArrayRef, BooleanArray};
use arrow::compute::filter;
use arrow::datatypes::SchemaRef;

/// The rows of `batch` with these columns, those left out that are not `sound`.
///
/// Rows at fault have to go before the columns meet their schema: they are null even where a null may not stand.
pub(crate) fn sound_columns(
    batch: &Batch,
    columns: Vec<ArrayRef>,
    sound: Option<&BooleanArray>,
    schema: &SchemaRef,
) -> Result<Batch> {
    let Some(sound) = sound else {
        let columns = record(schema.clone(), columns, batch.rows())?;
        return Ok(batch.with_columns(columns));
    };
    let left = batch.filter(sound)?;
    let columns = columns.iter().map(|it| filter(it, sound)).collect::<Result<_, _>>()?;
    let columns = record(schema.clone(), columns, left.rows())?;
    Ok(left.with_columns(columns))
}
