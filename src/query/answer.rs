//! Rows on their way out: as a table for people, as JSON lines or CSV for programs. Batch by batch, so that an answer may
//! be larger than memory and whoever reads it may stop.

use super::columns::{columns, conform};
use super::problem::Problem;
use crate::registry::Registry;
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::{Schema, SchemaRef};
use connectors::console::Table;
use dsl::plan::Args;
use dsl::types::Column;
use engine::codec::Encoder;
use engine::error::Error;
use engine::vocabulary::Vocabulary;
use std::io::{ErrorKind, Write};

/// So many rows of a table are looked at together to find how wide its columns are.
const TABLE_ROWS: usize = 8192;

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For people: numbers rounded, long texts cut.
    Table,
    /// One JSON object a row.
    Json,
    /// Names in the first line.
    Csv,
}

/// An answer that is being written.
pub(super) struct Answer<'a> {
    columns: Vec<Column>,
    schema: SchemaRef,
    body: Body,
    out: &'a mut (dyn Write + Send),
    /// Whether somebody still reads it.
    read: bool,
}

enum Body {
    /// The table, and rows whose turn has not come.
    Table(Table, Vec<RecordBatch>),
    /// What writes rows, and what stands behind each of them.
    Encoded(Box<dyn Encoder>, Vec<u8>),
}

impl<'a> Answer<'a> {
    /// An answer with columns of these types and names.
    pub(super) fn new(
        form: Form,
        schema: &Schema,
        names: &[String],
        out: &'a mut (dyn Write + Send),
    ) -> Result<Self, Problem> {
        let columns = columns(schema, names);
        let schema = engine::types::schema(&columns);
        let format = match form {
            Form::Table => None,
            Form::Json => Some("json"),
            Form::Csv => Some("csv"),
        };
        let Some(format) = format else {
            let body = Body::Table(Table::new(&columns), Vec::new());
            return Ok(Self { columns, schema, body, out, read: true });
        };
        let format = Registry.format(format).ok_or_else(|| Problem::broken("a format is gone"))?;
        let encoder = format.encoder(&Args::default(), &columns).map_err(|it| broken(&it))?;
        let frame = encoder.frame();
        let body = Body::Encoded(encoder, frame.terminator);
        let mut answer = Self { columns, schema, body, out, read: true };
        answer.put(&frame.header)?;
        Ok(answer)
    }

    /// Writes rows. `false`: nobody reads them any more.
    pub(super) fn rows(&mut self, rows: &RecordBatch) -> Result<bool, Problem> {
        let rows = conform(rows, &self.columns)?;
        let text = match &mut self.body {
            Body::Table(_, waiting) => {
                waiting.push(rows);
                if waiting.iter().map(RecordBatch::num_rows).sum::<usize>() < TABLE_ROWS {
                    return Ok(self.read);
                }
                self.waiting()?
            }
            Body::Encoded(encoder, terminator) => {
                let (mut payloads, mut ends) = (Vec::new(), Vec::new());
                encoder.encode(&rows, &mut payloads, &mut ends).map_err(|it| broken(&it))?;
                let mut text = Vec::with_capacity(payloads.len() + ends.len() * terminator.len());
                let mut start = 0;
                for end in ends {
                    text.extend_from_slice(&payloads[start..end]);
                    text.extend_from_slice(terminator);
                    start = end;
                }
                text
            }
        };
        self.put(&text)?;
        Ok(self.read)
    }

    /// Writes what is left.
    pub(super) fn end(mut self) -> Result<(), Problem> {
        let rest = self.waiting()?;
        self.put(&rest)
    }

    /// The rows of a table whose turn has come; a table without rows has its names.
    fn waiting(&mut self) -> Result<Vec<u8>, Problem> {
        let Body::Table(table, waiting) = &mut self.body else { return Ok(Vec::new()) };
        let waiting = std::mem::take(waiting);
        let rows = concat_batches(&self.schema, &waiting).map_err(|it| broken(&it.into()))?;
        Ok(table.show(&rows).map_err(|it| broken(&it))?.0.into_bytes())
    }

    fn put(&mut self, text: &[u8]) -> Result<(), Problem> {
        if !self.read {
            return Ok(());
        }
        match self.out.write_all(text).and_then(|()| self.out.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.read = false;
                Ok(())
            }
            Err(error) => {
                Err(Problem::failed(format!("standard output cannot be written: {error}")))
            }
        }
    }
}

fn broken(error: &Error) -> Problem {
    Problem::broken(&error.to_string())
}
