//! Rows to lines. What a batch needs (downcast columns, escaped keys) is worked out once; a row then costs one match a
//! value.

use super::columns::{Layout, Leaf};
use super::line::{Dialect, Place, Precision, push_name, push_string};
use crate::encoding::{
    Values, View, conform, push_base64, push_date, push_decimal, push_duration, push_float,
    push_int, push_timestamp, views,
};
use crate::formats::json::push_value;
use arrow::array::{Array, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use dsl::plan::{Args, Expr, ExprKind};
use dsl::types::{Column, Type};
use dsl::value::Value;
use engine::batch::Batch;
use engine::error::{Error, Result};
use engine::expr::Program;
use engine::reason::{Fault, Reason};
use engine::types::data_type;

/// Makes lines of rows.
#[derive(Debug)]
pub(super) struct Renderer {
    columns: Vec<Column>,
    measurement: Measurement,
    /// Yields each row's time; none: its event time.
    time: Option<Program>,
    tags: Vec<Keyed>,
    fields: Vec<Keyed>,
    precision: Precision,
    dialect: Dialect,
}

#[derive(Debug)]
enum Measurement {
    /// The same for every row, escaped.
    Same(Vec<u8>),
    Each(Program),
}

/// A value and its key, escaped, with what stands around it: `,key=` or `key=`.
#[derive(Debug)]
struct Keyed {
    key: Vec<u8>,
    leaf: Leaf,
}

/// Why one row cannot be written, and the column at fault.
type Refusal = (String, Option<String>);

impl Renderer {
    /// For rows with these columns. What is wrong with names was found by the checker, or is said now.
    pub(super) fn new(
        args: &Args,
        columns: &[Column],
        precision: Precision,
        dialect: Dialect,
    ) -> Result<Self> {
        let Layout { tags, fields } = Layout::of(args, columns);
        let keyed = |before: &[u8], leaf: Leaf| {
            let mut key = before.to_vec();
            push_name(&mut key, &leaf.key, Place::Key, dialect)
                .map_err(|why| Error::user(format!("the column `{}`: {why}", leaf.key)))?;
            key.push(b'=');
            Ok(Keyed { key, leaf })
        };
        let time = args.opt_expr("time")?;
        Ok(Self {
            measurement: Measurement::of(args.expr("measurement")?, columns, dialect)?,
            time: time.map(|it| Program::compile(it, columns)).transpose()?,
            tags: tags.into_iter().map(|it| keyed(b",", it)).collect::<Result<_>>()?,
            fields: fields.into_iter().map(|it| keyed(b"", it)).collect::<Result<_>>()?,
            columns: columns.to_vec(),
            precision,
            dialect,
        })
    }

    /// Hands the line of each row to `take`, with the line break at its end; the rest are the faults, in order.
    pub(super) fn render(
        &self,
        batch: &Batch,
        mut take: impl FnMut(u32, &[u8]) -> Result<()>,
    ) -> Result<Vec<Fault>> {
        let frame = batch.frame();
        let mut faults: Vec<Fault> = Vec::new();
        let measurements = match &self.measurement {
            Measurement::Same(_) => None,
            Measurement::Each(program) => {
                let found = program.evaluate(&frame)?;
                faults.extend(found.faults);
                Some(cast(&found.values, &DataType::Utf8)?)
            }
        };
        let measurements: Option<&StringArray> = measurements.as_ref().map(AsArray::as_string);
        let times = match &self.time {
            None => None,
            Some(program) => {
                let found = program.evaluate(&frame)?;
                faults.extend(found.faults);
                // A `null` has a type of its own.
                Some(cast(&found.values, &data_type(&Type::Timestamp))?)
            }
        };
        let times = times.as_ref().map(AsArray::as_primitive::<TimestampMicrosecondType>);
        faults.sort_by_key(|it| it.row);
        faults.dedup_by_key(|it| it.row);
        let arrays = conform(&batch.columns, &self.columns)?;
        let views = views(&self.columns, &arrays);
        let (tags, fields) = (Cells::of(&self.tags, &views), Cells::of(&self.fields, &views));
        let mut worked_out =
            faults.iter().map(|it| it.row).collect::<Vec<_>>().into_iter().peekable();
        let mut line = Line { out: Vec::new(), scratch: Vec::new(), dialect: self.dialect };
        let known = faults.len();
        for row in 0..batch.rows() {
            if worked_out.next_if_eq(&(row as u32)).is_some() {
                continue;
            }
            line.out.clear();
            let time =
                times.map_or(Some(batch.times[row]), |it| it.is_valid(row).then(|| it.value(row)));
            let done = self
                .measurement
                .push(&mut line, measurements, row)
                .and_then(|()| line.tags(&tags, row))
                .and_then(|()| line.fields(&fields, row))
                .and_then(|()| line.time(time, self.precision));
            match done {
                Ok(()) => take(row as u32, &line.out)?,
                Err((detail, column)) => {
                    faults.push(Fault { row: row as u32, reason: Reason::Sink, detail, column });
                }
            }
        }
        if known > 0 {
            faults.sort_by_key(|it| it.row);
        }
        Ok(faults)
    }
}

impl Measurement {
    fn of(expr: &Expr, columns: &[Column], dialect: Dialect) -> Result<Self> {
        let ExprKind::Literal(Value::String(text)) = &expr.kind else {
            return Ok(Measurement::Each(Program::compile(expr, columns)?));
        };
        let mut out = Vec::new();
        check_measurement(text)
            .and_then(|()| push_name(&mut out, text, Place::Measurement, dialect))
            .map_err(|why| Error::user(format!("`measurement`: {why}")))?;
        Ok(Measurement::Same(out))
    }

    fn push(
        &self,
        line: &mut Line,
        texts: Option<&StringArray>,
        row: usize,
    ) -> Result<(), Refusal> {
        let refusal = |why: String| (format!("the measurement: {why}"), None);
        match (self, texts) {
            (Measurement::Same(text), _) => line.out.extend_from_slice(text),
            (Measurement::Each(_), Some(texts)) if texts.is_valid(row) => {
                let text = texts.value(row);
                check_measurement(text)
                    .and_then(|()| push_name(&mut line.out, text, Place::Measurement, line.dialect))
                    .map_err(refusal)?;
            }
            (Measurement::Each(_), _) => return Err(refusal("it is null".to_owned())),
        }
        Ok(())
    }
}

/// Whether a text can be a measurement at all.
pub(super) fn check_measurement(text: &str) -> Result<(), String> {
    if text.is_empty() { Err("it is empty".to_owned()) } else { Ok(()) }
}

/// The values of some columns of a batch, with their keys.
struct Cells<'a>(Vec<Cell<'a>>);

struct Cell<'a> {
    keyed: &'a Keyed,
    /// The structs that it stands in.
    around: Vec<&'a View<'a>>,
    view: &'a View<'a>,
}

impl<'a> Cells<'a> {
    fn of(keyed: &'a [Keyed], views: &'a [View<'a>]) -> Self {
        let cell = |keyed: &'a Keyed| {
            let mut view = &views[keyed.leaf.column];
            let mut around = Vec::new();
            for &place in &keyed.leaf.inside {
                if let Values::Struct(fields) = &view.values {
                    around.push(view);
                    view = &fields[place].1;
                }
            }
            Cell { keyed, around, view }
        };
        Self(keyed.iter().map(cell).collect())
    }
}

impl Cell<'_> {
    #[inline]
    fn is_null(&self, row: usize) -> bool {
        self.view.is_null(row) || self.around.iter().any(|it| it.is_null(row))
    }
}

/// The line that is being written.
struct Line {
    out: Vec<u8>,
    /// For the text of a value before it is escaped.
    scratch: Vec<u8>,
    dialect: Dialect,
}

impl Line {
    /// A tag that is null or empty is left out: it could not be told from one that is not there.
    fn tags(&mut self, cells: &Cells<'_>, row: usize) -> Result<(), Refusal> {
        for cell in &cells.0 {
            if cell.is_null(row) {
                continue;
            }
            let text = if let Values::Text(array) | Values::Json(array) = &cell.view.values {
                array.value(row)
            } else {
                self.scratch.clear();
                push_plain(&mut self.scratch, cell.view, row);
                // All of these are written in ASCII or as JSON, which is text.
                std::str::from_utf8(&self.scratch).unwrap_or_default()
            };
            if text.is_empty() {
                continue;
            }
            self.out.extend_from_slice(&cell.keyed.key);
            push_name(&mut self.out, text, Place::Key, self.dialect).map_err(|why| {
                let column = &cell.keyed.leaf.key;
                (format!("the tag `{column}`: {why}"), Some(column.clone()))
            })?;
        }
        Ok(())
    }

    /// A field that is null is left out, and so is one that is not a number: the protocol has no such values.
    fn fields(&mut self, cells: &Cells<'_>, row: usize) -> Result<(), Refusal> {
        let mut separator = b' ';
        for cell in &cells.0 {
            if cell.is_null(row) {
                continue;
            }
            let start = self.out.len();
            self.out.push(separator);
            self.out.extend_from_slice(&cell.keyed.key);
            if self.value(cell.view, row) {
                separator = b',';
            } else {
                self.out.truncate(start);
            }
        }
        if separator == b' ' {
            return Err(("all of its fields are null, and a point needs one".to_owned(), None));
        }
        Ok(())
    }

    /// Writes the value of a field; false: there is none.
    fn value(&mut self, view: &View<'_>, row: usize) -> bool {
        match &view.values {
            Values::Float(array) => {
                let value = array.value(row);
                if !value.is_finite() {
                    return false;
                }
                push_float(&mut self.out, value);
            }
            Values::Int(values) => {
                push_int(&mut self.out, values[row]);
                self.out.push(b'i');
            }
            Values::Bool(_) | Values::Decimal(..) => push_plain(&mut self.out, view, row),
            Values::Text(array) | Values::Json(array) => {
                push_string(&mut self.out, array.value(row).as_bytes());
            }
            Values::Null => return false,
            _ => {
                self.scratch.clear();
                push_plain(&mut self.scratch, view, row);
                push_string(&mut self.out, &self.scratch);
            }
        }
        true
    }

    fn time(&mut self, micros: Option<i64>, precision: Precision) -> Result<(), Refusal> {
        let micros = micros.ok_or_else(|| ("its time is null".to_owned(), None))?;
        self.out.push(b' ');
        precision.push(&mut self.out, micros).map_err(|why| (why, None))?;
        self.out.push(b'\n');
        Ok(())
    }
}

/// Appends a value as text without quotes.
fn push_plain(out: &mut Vec<u8>, view: &View<'_>, row: usize) {
    match &view.values {
        Values::Bool(array) => {
            out.extend_from_slice(if array.value(row) { b"true" } else { b"false" });
        }
        Values::Int(values) => push_int(out, values[row]),
        Values::Float(array) => push_float(out, array.value(row)),
        Values::Decimal(array, scale) => push_decimal(out, array.value(row), *scale),
        Values::Text(array) | Values::Json(array) => {
            out.extend_from_slice(array.value(row).as_bytes());
        }
        Values::Bytes(array) => push_base64(out, array.value(row)),
        Values::Timestamp(values) => push_timestamp(out, values[row]),
        Values::Duration(values) => push_duration(out, values[row]),
        Values::Date(array) => push_date(out, array.value(row)),
        Values::List(..) | Values::Map(..) | Values::Struct(_) => push_value(out, view, row),
        Values::Null => {}
    }
}

/// Whether values of this type can be a tag.
pub(super) fn can_be_tag(ty: &Type) -> bool {
    !matches!(ty, Type::List(_) | Type::Struct(_) | Type::Map(..))
}

#[cfg(test)]
mod tests;
