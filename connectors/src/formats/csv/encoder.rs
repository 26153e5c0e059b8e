//! Rows into records. A null is an empty field, empty text is `""`: so both come back as what they were.

use super::Options;
use crate::encoding::{
    Values, View, conform, push_base64, push_date, push_decimal, push_duration, push_float,
    push_int, push_timestamp, views,
};
use crate::formats::json::push_value;
use arrow::array::RecordBatch;
use dsl::types::{Column, Type};
use engine::codec::{Encoder, Frame};
use engine::error::Result;

/// Writes CSV.
#[derive(Debug)]
pub(super) struct CsvEncoder {
    options: Options,
    columns: Vec<Column>,
    names: Vec<String>,
}

impl CsvEncoder {
    pub(super) fn new(options: Options, columns: &[Column]) -> Self {
        let mut names = Vec::new();
        for column in columns {
            flatten("", column, &mut names);
        }
        Self { options, columns: columns.to_vec(), names }
    }
}

/// The names of a column's fields.
fn flatten(before: &str, column: &Column, names: &mut Vec<String>) {
    let name = format!("{before}{}", column.name);
    match &column.typed.ty {
        Type::Struct(fields) => {
            for field in fields {
                flatten(&format!("{name}_"), field, names);
            }
        }
        _ => names.push(name),
    }
}

impl Encoder for CsvEncoder {
    fn encode(
        &mut self,
        rows: &RecordBatch,
        out: &mut Vec<u8>,
        ends: &mut Vec<usize>,
    ) -> Result<()> {
        let arrays = conform(rows, &self.columns)?;
        let views = views(&self.columns, &arrays);
        let mut line =
            Line { out, delimiter: self.options.delimiter, start: 0, scratch: Vec::new() };
        for i in 0..rows.num_rows() {
            line.start = line.out.len();
            for (place, view) in views.iter().enumerate() {
                if place > 0 {
                    line.out.push(line.delimiter);
                }
                line.push(view, i, false);
            }
            // A line with nothing on it would be no record.
            if line.out.len() == line.start {
                line.out.extend_from_slice(b"\"\"");
            }
            ends.push(line.out.len());
        }
        Ok(())
    }

    fn frame(&self) -> Frame {
        let mut header = Vec::new();
        if self.options.header {
            for (i, name) in self.names.iter().enumerate() {
                if i > 0 {
                    header.push(self.options.delimiter);
                }
                push_text(&mut header, name.as_bytes(), self.options.delimiter);
            }
            header.push(b'\n');
        }
        Frame { header, terminator: b"\n".to_vec() }
    }
}

/// The record that is being written.
struct Line<'a> {
    out: &'a mut Vec<u8>,
    delimiter: u8,
    start: usize,
    scratch: Vec<u8>,
}

impl Line<'_> {
    /// `null`: what it stands in is null.
    fn push(&mut self, view: &View<'_>, i: usize, null: bool) {
        let null = null || view.is_null(i);
        if let Values::Struct(fields) = &view.values {
            for (place, (_, field)) in fields.iter().enumerate() {
                if place > 0 {
                    self.out.push(self.delimiter);
                }
                self.push(field, i, null);
            }
            return;
        }
        if null {
            return;
        }
        match &view.values {
            Values::Bool(array) => {
                self.out.extend_from_slice(if array.value(i) { b"true" } else { b"false" });
            }
            Values::Int(values) => push_int(self.out, values[i]),
            Values::Float(array) => push_float(self.out, array.value(i)),
            Values::Decimal(array, scale) => push_decimal(self.out, array.value(i), *scale),
            Values::Text(array) | Values::Json(array) => {
                push_text(self.out, array.value(i).as_bytes(), self.delimiter);
            }
            Values::Bytes(array) if array.value(i).is_empty() => {}
            Values::Bytes(array) => push_base64(self.out, array.value(i)),
            Values::Timestamp(values) => push_timestamp(self.out, values[i]),
            Values::Duration(values) => push_duration(self.out, values[i]),
            Values::Date(array) => push_date(self.out, array.value(i)),
            Values::List(..) | Values::Map(..) => {
                self.scratch.clear();
                push_value(&mut self.scratch, view, i);
                push_text(self.out, &self.scratch, self.delimiter);
            }
            Values::Struct(_) | Values::Null => {}
        }
    }
}

/// Appends text, in quotes where it would not come back otherwise.
fn push_text(out: &mut Vec<u8>, text: &[u8], delimiter: u8) {
    let special = |it: &u8| *it == delimiter || matches!(it, b'"' | b'\n' | b'\r');
    if !text.is_empty() && !text.iter().any(special) {
        out.extend_from_slice(text);
        return;
    }
    out.push(b'"');
    for byte in text {
        if *byte == b'"' {
            out.push(b'"');
        }
        out.push(*byte);
    }
    out.push(b'"');
}
