//! Readings as the JSON payloads that devices would send, some of them broken.

use super::fleet::{Fleet, Reading};
use arrow::array::{BinaryBuilder, RecordBatch};
use arrow::datatypes::SchemaRef;
use dsl::types::{Column, Type};
use engine::error::Result;
use engine::time::Timestamp;
use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

/// A guess at the bytes of a payload.
pub(super) const PAYLOAD_BYTES: usize = 128;

/// The one column.
pub(super) fn columns() -> Vec<Column> {
    vec![Column::new("payload", Type::Bytes.required())]
}

/// Rows as payloads.
pub(super) fn rows(
    fleet: &mut Fleet,
    schema: &SchemaRef,
    rows: Range<u64>,
    start: Timestamp,
) -> Result<RecordBatch> {
    let count = (rows.end - rows.start) as usize;
    let mut text = Vec::with_capacity(count * PAYLOAD_BYTES);
    let mut ends = Vec::with_capacity(count);
    let mut readings = Vec::with_capacity(count);
    fleet.each(rows, start, |reading| readings.push(*reading));
    for reading in &readings {
        write(&mut text, fleet.name(reading.device), reading);
        ends.push(text.len());
    }
    let mut payloads = BinaryBuilder::with_capacity(count, text.len());
    let mut begin = 0;
    for end in ends {
        payloads.append_value(&text[begin..end]);
        begin = end;
    }
    Ok(RecordBatch::try_new(Arc::clone(schema), vec![Arc::new(payloads.finish())])?)
}

/// One payload. The three ways to be broken: cut off, a text for a number, no device.
fn write(out: &mut Vec<u8>, name: &str, reading: &Reading) {
    const NAMES: [&str; 4] = ["temperature", "humidity", "pressure", "vibration"];
    let begin = out.len();
    out.push(b'{');
    if reading.bad != Some(2) {
        out.extend_from_slice(b"\"device_id\":\"");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\",");
    }
    out.extend_from_slice(b"\"timestamp\":");
    integer(out, reading.time.div_euclid(1_000));
    for (i, (name, value)) in NAMES.iter().zip(reading.values).enumerate() {
        out.extend_from_slice(b",\"");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
        match value {
            _ if i == 0 && reading.bad == Some(1) => out.extend_from_slice(b"\"warm\""),
            Some(value) => hundredths(out, value),
            None => out.extend_from_slice(b"null"),
        }
    }
    out.push(b'}');
    if reading.bad == Some(0) {
        out.truncate(begin + (out.len() - begin) / 2);
    }
}

fn integer(out: &mut Vec<u8>, value: i64) {
    // Writing to memory cannot fail.
    let _written: std::io::Result<()> = write!(out, "{value}");
}

/// A number with two digits behind the point.
fn hundredths(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    let value = value.unsigned_abs();
    integer(out, (value / 100) as i64);
    let rest = (value % 100) as u8;
    out.extend_from_slice(&[b'.', b'0' + rest / 10, b'0' + rest % 10]);
}
