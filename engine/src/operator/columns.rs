//! From columns that were worked out to rows that go on.

use crate::batch::Batch;
use crate::error::Result;
use arrow::array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
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
        let options = RecordBatchOptions::new().with_row_count(Some(batch.rows()));
        let columns = RecordBatch::try_new_with_options(schema.clone(), columns, &options)?;
        return Ok(batch.with_columns(columns));
    };
    let left = batch.filter(sound)?;
    let columns = columns.iter().map(|it| filter(it, sound)).collect::<Result<_, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(left.rows()));
    let columns = RecordBatch::try_new_with_options(schema.clone(), columns, &options)?;
    Ok(left.with_columns(columns))
}
