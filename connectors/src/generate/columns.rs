//! Readings as columns.

use super::fleet::{Fleet, VALUES};
use arrow::array::{
    ArrayRef, Float64Builder, RecordBatch, RecordBatchOptions, StringBuilder,
    TimestampMicrosecondArray, new_null_array,
};
use arrow::datatypes::SchemaRef;
use dsl::types::{Column, Type};
use engine::error::Result;
use engine::time::Timestamp;
use std::ops::Range;
use std::sync::Arc;

/// The columns of a reading, as the `Telemetry` of the guide has them.
pub(super) fn columns() -> Vec<Column> {
    let value = |name| Column::new(name, Type::FLOAT.nullable());
    vec![
        Column::new("device_id", Type::String.required()),
        Column::new("timestamp", Type::Timestamp.required()),
        value("temperature"),
        value("humidity"),
        value("pressure"),
        value("vibration"),
    ]
}

/// Rows as columns. Values that nobody reads are null.
pub(super) fn rows(
    fleet: &mut Fleet,
    schema: &SchemaRef,
    needed: &[bool],
    rows: Range<u64>,
    start: Timestamp,
) -> Result<RecordBatch> {
    let count = (rows.end - rows.start) as usize;
    let mut devices = Vec::with_capacity(count);
    let mut times = Vec::with_capacity(count);
    let mut values: [Float64Builder; VALUES] =
        std::array::from_fn(|_| Float64Builder::with_capacity(count));
    fleet.each(rows, start, |reading| {
        devices.push(reading.device as u32);
        times.push(reading.time);
        for (builder, value) in values.iter_mut().zip(reading.values) {
            builder.append_option(value.map(|it| it as f64 / 100.0));
        }
    });
    let name_bytes = fleet.name(0).len();
    let mut names = StringBuilder::with_capacity(count, count * name_bytes);
    for device in devices {
        names.append_value(fleet.name(device as usize));
    }
    let times = TimestampMicrosecondArray::from(times).with_timezone("UTC");
    let mut columns: Vec<ArrayRef> = vec![Arc::new(names.finish()), Arc::new(times)];
    for (i, builder) in values.iter_mut().enumerate() {
        let field = schema.field(columns.len());
        columns.push(if needed.get(i + 2).copied().unwrap_or(true) {
            Arc::new(builder.finish())
        } else {
            new_null_array(field.data_type(), count)
        });
    }
    let options = RecordBatchOptions::new().with_row_count(Some(count));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?)
}
