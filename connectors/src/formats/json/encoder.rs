//! The encoder: every column in order, null as `null`.

use crate::encoding::{
    Values, View, conform, push_base64, push_date, push_decimal, push_duration, push_float,
    push_int, push_json_text, push_timestamp, views,
};
use arrow::array::RecordBatch;
use dsl::types::Column;
use engine::codec::{Encoder, Frame};
use engine::error::Result;

/// Writes JSON.
#[derive(Debug)]
pub(super) struct JsonEncoder {
    columns: Vec<Column>,
    /// What stands before each value: `{"first":`, `,"second":`
    heads: Vec<Vec<u8>>,
}

impl JsonEncoder {
    pub(super) fn new(columns: &[Column]) -> Self {
        let head = |(i, column): (usize, &Column)| {
            let mut head = vec![if i == 0 { b'{' } else { b',' }];
            push_json_text(&mut head, &column.name);
            head.push(b':');
            head
        };
        Self { columns: columns.to_vec(), heads: columns.iter().enumerate().map(head).collect() }
    }
}

impl Encoder for JsonEncoder {
    fn encode(
        &mut self,
        rows: &RecordBatch,
        out: &mut Vec<u8>,
        ends: &mut Vec<usize>,
    ) -> Result<()> {
        let arrays = conform(rows, &self.columns)?;
        let views = views(&self.columns, &arrays);
        for i in 0..rows.num_rows() {
            for (head, view) in self.heads.iter().zip(&views) {
                out.extend_from_slice(head);
                push_value(out, view, i);
            }
            out.extend_from_slice(if views.is_empty() { b"{}" } else { b"}" });
            ends.push(out.len());
        }
        Ok(())
    }

    fn frame(&self) -> Frame {
        Frame { header: Vec::new(), terminator: b"\n".to_vec() }
    }
}

/// Appends one value as JSON.
pub(crate) fn push_value(out: &mut Vec<u8>, view: &View<'_>, i: usize) {
    if view.is_null(i) {
        out.extend_from_slice(b"null");
        return;
    }
    match &view.values {
        Values::Null => out.extend_from_slice(b"null"),
        Values::Bool(array) => {
            out.extend_from_slice(if array.value(i) { b"true" } else { b"false" });
        }
        Values::Int(values) => push_int(out, values[i]),
        Values::Float(array) => {
            let value = array.value(i);
            if value.is_finite() {
                push_float(out, value);
            } else {
                out.extend_from_slice(b"null");
            }
        }
        Values::Text(array) => push_json_text(out, array.value(i)),
        Values::Json(array) => push_json(out, array.value(i)),
        Values::Decimal(array, scale) => {
            quoted(out, |out| push_decimal(out, array.value(i), *scale));
        }
        Values::Bytes(array) => quoted(out, |out| push_base64(out, array.value(i))),
        Values::Timestamp(values) => quoted(out, |out| push_timestamp(out, values[i])),
        Values::Duration(values) => quoted(out, |out| push_duration(out, values[i])),
        Values::Date(array) => quoted(out, |out| push_date(out, array.value(i))),
        Values::List(lists, inner) => {
            out.push(b'[');
            for (place, element) in range(lists.value_offsets(), i).enumerate() {
                comma(out, place);
                push_value(out, inner, element);
            }
            out.push(b']');
        }
        Values::Struct(fields) => {
            out.push(b'{');
            for (place, (name, field)) in fields.iter().enumerate() {
                comma(out, place);
                push_json_text(out, name);
                out.push(b':');
                push_value(out, field, i);
            }
            out.push(b'}');
        }
        Values::Map(maps, keys, inner) => {
            out.push(b'{');
            for (place, entry) in range(maps.value_offsets(), i).enumerate() {
                comma(out, place);
                push_json_text(out, keys.value(entry));
                out.push(b':');
                push_value(out, inner, entry);
            }
            out.push(b'}');
        }
    }
}

fn quoted(out: &mut Vec<u8>, push: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    push(out);
    out.push(b'"');
}

fn comma(out: &mut Vec<u8>, place: usize) {
    if place > 0 {
        out.push(b',');
    }
}

fn range(offsets: &[i32], i: usize) -> std::ops::Range<usize> {
    offsets[i] as usize..offsets[i + 1] as usize
}

/// A JSON value as it came, on one line: newlines can only be space in it.
fn push_json(out: &mut Vec<u8>, text: &str) {
    let start = out.len();
    out.extend_from_slice(text.as_bytes());
    for byte in &mut out[start..] {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
}
