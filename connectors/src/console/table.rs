//! Rows as a table.
//!
//! ```text
//!  device_id    timestamp                temperature
//!  device-0001  2026-01-01 00:00:00.25         21.53
//! ```
//!
//! Rows come in batches, so how wide a column is becomes known bit by bit: it never shrinks, and when it grows the names
//! are shown again above the wider column.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, TimestampMicrosecondType};
use arrow::util::display::array_value_to_string;
use dsl::types::{Column, Type};
use dsl::value::format_duration;
use engine::error::{Error, Result};
use engine::time::format_timestamp;
use std::sync::Arc;

/// Longer texts are cut.
const WIDTH_MAX: usize = 48;

/// Stands for null.
const NULL: &str = "-";

/// Between two columns.
const GAP: &str = "  ";

/// A table that grows.
pub struct Table {
    columns: Vec<Shown>,
}

/// One column of the table: a column of the rows, or a field of a struct in it.
struct Shown {
    /// Where it is found: the column, then fields of structs.
    path: Vec<usize>,
    name: String,
    /// Numbers stand at the right.
    right: bool,
    /// None before the first row.
    width: Option<usize>,
}

impl Table {
    /// A table of these columns, before its first row.
    pub fn new(columns: &[Column]) -> Table {
        let mut shown = Vec::new();
        flatten(columns, &[], "", &mut shown);
        Table { columns: shown }
    }

    /// The next rows as text, and where each of them ends in it; the names stand above them where a column has grown. The
    /// rows have the table's columns, in the Arrow types of the language.
    pub fn show(&mut self, rows: &RecordBatch) -> Result<(String, Vec<usize>)> {
        let mut cells = Vec::with_capacity(self.columns.len());
        let mut grown = false;
        for column in &mut self.columns {
            let texts = texts(&find(rows, &column.path)?)?;
            let widest = texts.iter().chain([&column.name]).map(|it| it.chars().count()).max();
            let width = widest.unwrap_or(0).max(column.width.unwrap_or(0));
            grown |= column.width != Some(width);
            column.width = Some(width);
            cells.push(texts);
        }
        let (mut text, mut ends) = (String::new(), Vec::with_capacity(rows.num_rows()));
        if grown {
            self.line(&mut text, |i| &self.columns[i].name);
        }
        for row in 0..rows.num_rows() {
            self.line(&mut text, |i| cells.get(i).map_or("", |column| &column[row]));
            ends.push(text.len());
        }
        Ok((text, ends))
    }

    fn line<'a>(&self, text: &mut String, cell: impl Fn(usize) -> &'a str) {
        for (i, column) in self.columns.iter().enumerate() {
            let (cell, last) = (cell(i), i + 1 == self.columns.len());
            let width = column.width.unwrap_or(0);
            let padding = width.saturating_sub(cell.chars().count());
            if i > 0 {
                text.push_str(GAP);
            }
            if column.right {
                text.extend(std::iter::repeat_n(' ', padding));
            }
            text.push_str(cell);
            if !column.right && !last {
                text.extend(std::iter::repeat_n(' ', padding));
            }
        }
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
    }
}

/// Structs become a column a field: `window.start`.
fn flatten(columns: &[Column], path: &[usize], prefix: &str, shown: &mut Vec<Shown>) {
    for (i, column) in columns.iter().enumerate() {
        let path = [path, &[i]].concat();
        let name = format!("{prefix}{}", column.name);
        match &column.typed.ty {
            Type::Struct(fields) if !fields.is_empty() => {
                flatten(fields, &path, &format!("{name}."), shown);
            }
            ty => {
                let right = ty.is_numeric() || *ty == Type::Duration;
                shown.push(Shown { path, name, right, width: None });
            }
        }
    }
}

/// The values of a column of the table; null where a struct around them is.
fn find(rows: &RecordBatch, path: &[usize]) -> Result<ArrayRef> {
    let lost = || Error::bug("a table was given rows of other columns");
    let (first, fields) = path.split_first().ok_or_else(lost)?;
    let mut array = rows.columns().get(*first).cloned().ok_or_else(lost)?;
    for field in fields {
        let around = array.as_struct_opt().ok_or_else(lost)?;
        let inner = around.columns().get(*field).ok_or_else(lost)?;
        array = match around.nulls() {
            None => Arc::clone(inner),
            Some(_) => arrow::compute::nullif(inner, &arrow::compute::is_null(&array)?)?,
        };
    }
    Ok(array)
}

/// A column as texts.
fn texts(array: &ArrayRef) -> Result<Vec<String>> {
    let one = |i: usize| -> Result<String> {
        if array.is_null(i) {
            return Ok(NULL.to_owned());
        }
        Ok(match array.data_type() {
            DataType::Utf8 => clean(array.as_string::<i32>().value(i)),
            DataType::Float64 => rounded(array.as_primitive::<Float64Type>().value(i)),
            DataType::Timestamp(..) => {
                short(array.as_primitive::<TimestampMicrosecondType>().value(i))
            }
            DataType::Duration(_) => {
                let micros = cast(&array.slice(i, 1), &DataType::Int64)?;
                format_duration(micros.as_primitive::<arrow::datatypes::Int64Type>().value(0))
            }
            DataType::Binary => clean(&String::from_utf8_lossy(array.as_binary::<i32>().value(i))),
            _ => clean(&array_value_to_string(array, i)?),
        })
    };
    (0..array.len()).map(one).collect()
}

/// Three digits behind the point, fewer for large numbers, more for small ones; no zeros at the end.
fn rounded(value: f64) -> String {
    let size = value.abs();
    let digits: usize = match size {
        _ if !value.is_finite() => return value.to_string(),
        _ if size >= 1e15 || (size > 0.0 && size < 1e-6) => return format!("{value:.3e}"),
        _ if size >= 1_000.0 => 1,
        _ if size >= 1.0 || value == 0.0 => 3,
        _ if size >= 0.01 => 4,
        _ => 8,
    };
    let text = format!("{value:.digits$}");
    let text = text.trim_end_matches('0');
    text.strip_suffix('.').unwrap_or(text).to_owned()
}

/// UTC, as people write it: `2026-01-31 06:00:00.25`.
fn short(micros: i64) -> String {
    let text = format_timestamp(micros).replace('T', " ");
    let text = text.strip_suffix('Z').unwrap_or(&text);
    if text.contains('.') { text.trim_end_matches('0').to_owned() } else { text.to_owned() }
}

/// A text that stays in its line and column.
fn clean(text: &str) -> String {
    let cut = text.chars().count() > WIDTH_MAX;
    let letters = text.chars().map(|it| if it.is_control() { '·' } else { it });
    if cut { letters.take(WIDTH_MAX - 1).chain(['…']).collect() } else { letters.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{
        Float64Array, Int64Array, StringArray, StructArray, TimestampMicrosecondArray,
    };
    use engine::types::{fields, schema};

    #[test]
    fn numbers_and_times_are_short() {
        let numbers = [0.0, 21.5, -1.0 / 3.0, 1_013.256, 0.000_123_456, 1e20, f64::NAN, 100.0];
        let shown = ["0", "21.5", "-0.3333", "1013.3", "0.00012346", "1.000e20", "NaN", "100"];
        assert_eq!(numbers.map(rounded), shown);
        assert_eq!(short(0), "1970-01-01 00:00:00");
        assert_eq!(short(250_000), "1970-01-01 00:00:00.25");
        assert_eq!(clean(&"x".repeat(60)).chars().count(), WIDTH_MAX);
        assert_eq!(clean("a\nb"), "a·b");
    }

    #[test]
    fn columns_stand_below_each_other_and_never_shrink() {
        let time = Column::new("start", Type::Timestamp.required());
        let columns = [
            Column::new("device", Type::String.required()),
            Column::new("window", Type::Struct(vec![time.clone()]).required()),
            Column::new("n", Type::Int.nullable()),
            Column::new("mean", Type::FLOAT.required()),
            Column::new("note", Type::String.required()),
        ];
        let rows = |device: &str, n: Option<i64>, mean: f64, note: &str| {
            let start = TimestampMicrosecondArray::from(vec![0]).with_timezone("UTC");
            let window =
                StructArray::new(fields(std::slice::from_ref(&time)), vec![Arc::new(start)], None);
            let arrays: Vec<ArrayRef> = vec![
                Arc::new(StringArray::from(vec![device])),
                Arc::new(window),
                Arc::new(Int64Array::from(vec![n])),
                Arc::new(Float64Array::from(vec![mean])),
                Arc::new(StringArray::from(vec![note])),
            ];
            RecordBatch::try_new(schema(&columns), arrays).unwrap()
        };
        let mut table = Table::new(&columns);
        let (mut text, ends) = table.show(&rows("a", Some(12), 1.25, "warm")).unwrap();
        assert_eq!(ends, [text.len()], "the heading is no row");
        text += &table.show(&rows("b", None, 20.0, "")).unwrap().0;
        text += &table.show(&rows("longer-name", Some(1), 3.0, "x")).unwrap().0;
        let expected = "\
device  window.start          n  mean  note
a       1970-01-01 00:00:00  12  1.25  warm
b       1970-01-01 00:00:00   -    20
device       window.start          n  mean  note
longer-name  1970-01-01 00:00:00   1     3  x
";
        assert_eq!(text, expected);
    }
}
