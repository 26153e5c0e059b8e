//! Side streams: rows that did not go on, with the reason. What becomes of a refused payload, a refused row and a late row.
//!
//! ```text
//!  payload that is no row ─┐
//!  row that a step refused ─┼─► NAME.errors   reason detail column step payload payload_encoding received meta
//!  row a sink cannot write ─┘
//!  row too late ──────────────► NAME.late     the row, late_by, watermark
//! ```
//!
//! Rows are only made where somebody reads them; else they are counted, and [`Samples`] keeps the newest few for the
//! summary.

mod message;
mod samples;

pub use message::{meta, rejected};
pub use samples::{Sample, Samples};

use crate::batch::{Batch, Meta, MetaColumn};
use crate::codec::Encoder;
use crate::error::Result;
use crate::operator::{LateRows, RefusedRows};
use crate::time::Timestamp;
use crate::types::{data_type, schema};
use arrow::array::{
    ArrayRef, DurationMicrosecondArray, RecordBatch, StringArray, StructArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::DataType;
use dsl::check::rules;
use dsl::plan::MetaField;
use std::sync::Arc;

/// The time zone of every timestamp.
const UTC: &str = "UTC";

/// The error rows of rows that a step or sink refused. `shown` writes a row as people are shown it.
pub fn refused(refused: &RefusedRows, shown: &mut dyn Encoder) -> Result<Batch> {
    let rows = &refused.rows;
    let texts = texts(&rows.columns, shown)?;
    let faults = &refused.faults;
    let text = |values: Vec<Option<&str>>| -> ArrayRef { Arc::new(StringArray::from(values)) };
    let received = meta_column(rows, MetaField::Received)?;
    let columns = vec![
        text(faults.iter().map(|it| Some(it.reason.as_str())).collect()),
        text(faults.iter().map(|it| Some(it.detail.as_str())).collect()),
        text(faults.iter().map(|it| it.column.as_deref()).collect()),
        text(vec![(!refused.step.is_empty()).then_some(refused.step); rows.rows()]),
        text(texts.iter().map(|it| Some(it.as_str())).collect()),
        text(vec![None; rows.rows()]),
        received,
        meta_struct(rows)?,
    ];
    let columns = RecordBatch::try_new(schema(&rules::error_columns()), columns)?;
    Ok(Batch { meta: None, ..rows.with_columns(columns) })
}

/// The rows of `NAME.late`.
pub fn late(late: &LateRows) -> Result<Batch> {
    let rows = &late.rows;
    let by = late
        .watermarks
        .iter()
        .zip(rows.times.iter())
        .map(|(mark, time)| mark.saturating_sub(*time));
    let by: DurationMicrosecondArray = by.collect::<Vec<i64>>().into();
    let marks: TimestampMicrosecondArray = late.watermarks.clone().into();
    let mut fields: Vec<_> = rows.columns.schema().fields().iter().cloned().collect();
    fields.extend(crate::types::fields(&rules::late_columns()).iter().cloned());
    let mut columns = rows.columns.columns().to_vec();
    columns.push(Arc::new(by));
    columns.push(Arc::new(marks.with_timezone(UTC)));
    let schema = Arc::new(arrow::datatypes::Schema::new(fields));
    Ok(rows.with_columns(RecordBatch::try_new(schema, columns)?))
}

/// Each row as text.
fn texts(rows: &RecordBatch, shown: &mut dyn Encoder) -> Result<Vec<String>> {
    let (mut bytes, mut ends) = (Vec::new(), Vec::new());
    shown.encode(rows, &mut bytes, &mut ends)?;
    let starts = std::iter::once(0).chain(ends.iter().copied());
    let cut =
        |(start, end): (usize, usize)| String::from_utf8_lossy(&bytes[start..end]).into_owned();
    Ok(starts.zip(ends.iter().copied()).map(cut).collect())
}

/// One field of the metadata of a batch, a value a row.
fn meta_column(rows: &Batch, field: MetaField) -> Result<ArrayRef> {
    let ty = data_type(&field.typed().ty);
    let column = rows.meta.as_ref().and_then(|it| it.get(field));
    column.unwrap_or(&MetaColumn::Null).spread(&ty, rows.rows())
}

/// The column `meta` of an error row.
fn meta_struct(rows: &Batch) -> Result<ArrayRef> {
    let DataType::Struct(fields) = error_field_type("meta") else {
        return Err(crate::error::Error::bug("`meta` of error rows is a struct"));
    };
    let mut columns: Vec<ArrayRef> = vec![times(rows.times.to_vec())];
    for field in Meta::FIELDS {
        columns.push(meta_column(rows, field)?);
    }
    Ok(Arc::new(StructArray::try_new(fields, columns, None)?))
}

/// The Arrow type of a column of the error rows.
fn error_field_type(name: &str) -> DataType {
    let columns = rules::error_columns();
    columns.iter().find(|it| it.name == name).map_or(DataType::Null, |it| data_type(&it.typed.ty))
}

/// A column of timestamps.
fn times(values: Vec<Timestamp>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from(values).with_timezone(UTC))
}
