//! `console`: rows for people who watch, on standard output: as a table, or as JSON lines.

mod table;

use crate::formats::json;
use crate::standard::{Readers, StandardOutput};
use crate::worker::{Size, Worker};
use dsl::catalog::{Guarantee, SinkPromise, SinkRule};
use dsl::plan::{Args, SinkPlan};
use dsl::signature::{Constant, Example, Kind, Param, Returns, Signature, Takes};
use engine::batch::Batch;
use engine::codec::Encoder;
use engine::error::{Error, Result};
use engine::sink::{Finished, Prepared, Sent, Sink, SinkContext, SinkDef, Written};
use std::sync::{Arc, LazyLock};

pub use table::Table;

/// The word.
#[derive(Debug)]
pub struct Console;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: "console",
    kind: Kind::Sink,
    summary: "Shows rows on standard output, for people.",
    details: "As a table, numbers are rounded, times are UTC, and `-` stands for null; `format: json` writes each row \
              whole, a line each. Rows beyond `limit` are counted as written and not shown. When whoever reads the \
              output has gone (`| head`), the run stops; inputs that end by themselves are read on where there are \
              other sinks. Rows that were not shown by then are counted as unwritten.",
    params: vec![
        Param::option("format", Takes::Choice(&["table", "json"]), "How rows are shown.")
            .default("table"),
        Param::option(
            "limit",
            Takes::Constant(Constant::Int),
            "How many rows are shown; without it, all.",
        )
        .within("0.."),
    ],
    result: Returns::Nothing,
    examples: &[Example {
        title: "The first hot readings",
        source: r#"schema Reading {
  device: string
  value:  float
}

source readings = file(path: "readings.jsonl", schema: Reading)

sink shown = readings | where value > 85.0 | into console(limit: 20)

test "only hot readings are shown" {
  feed readings [
    { device: "a", value: 90.0 },
    { device: "a", value: 20.0 },
  ]
  expect shown [
    { device: "a", value: 90.0 },
  ]
}
"#,
        result: "",
    }],
});

impl SinkRule for Console {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn promise(&self, _args: &Args) -> SinkPromise {
        SinkPromise::new(
            Guarantee::AtLeastOnce,
            "a screen keeps nothing: rows since the last checkpoint come twice",
        )
    }
}

impl SinkDef for Console {
    fn open(&self, plan: &SinkPlan, context: SinkContext) -> Result<Box<dyn Sink>> {
        let args = &plan.connector.args;
        let form = match args.choice("format")? {
            "json" => Form::Json(json::shown(&plan.columns)?),
            _ => Form::Table(Table::new(&plan.columns)),
        };
        let limit = args.opt_int("limit")?.map_or(u64::MAX, |it| it.max(0).unsigned_abs());
        let mut output = StandardOutput::new(context.waker.clone());
        let readers = output.readers();
        let work = move |lines: Lines| {
            output
                .write(&lines.text, &lines.ends)
                .map_err(|error| Error::refused("standard output cannot be written").because(error))
        };
        let worker = Worker::start("weir-console", context.waker, context.budget, work)?;
        Ok(Box::new(Screen { form, left: limit, worker, sent: 0, readers }))
    }
}

enum Form {
    Table(Table),
    Json(Box<dyn Encoder>),
}

/// The open sink.
struct Screen {
    form: Form,
    /// How many more rows are shown.
    left: u64,
    worker: Worker<Lines>,
    /// How many bytes were shown.
    sent: u64,
    readers: Arc<Readers>,
}

/// Rows as they are shown, and where each of them ends.
struct Lines {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Sink for Screen {
    fn write(&mut self, batch: &Batch) -> Result<Written> {
        if !self.worker.has_room()? {
            return Ok(Written::Busy);
        }
        let shown = usize::try_from(self.left).unwrap_or(usize::MAX).min(batch.rows());
        self.left -= shown as u64;
        if shown > 0 {
            let rows = batch.columns.slice(0, shown);
            let lines = match &mut self.form {
                Form::Table(table) => {
                    let (text, ends) = table.show(&rows)?;
                    Lines { text: text.into_bytes(), ends }
                }
                Form::Json(encoder) => lines(encoder.as_mut(), &rows)?,
            };
            let size = Size { bytes: lines.text.len(), rows: shown as u64 };
            self.sent += size.bytes as u64;
            self.worker.push(lines, size);
        }
        Ok(Written::Taken(Vec::new()))
    }

    fn prepare(&mut self, epoch: u64) -> Result<Prepared> {
        Ok(Prepared::when(self.worker.is_idle()?, epoch))
    }

    fn finish(&mut self, _complete: bool) -> Result<Finished> {
        Ok(Finished::when(self.worker.is_idle()?))
    }

    fn sent(&self) -> Sent {
        Sent { bytes: self.sent, retries: 0 }
    }

    fn bytes(&self) -> usize {
        self.worker.open().bytes
    }

    fn unwritten(&self) -> u64 {
        self.worker.open().rows + self.readers.missed()
    }

    fn is_deserted(&self) -> bool {
        self.readers.are_gone()
    }

    fn abandon(&mut self) {
        self.worker.close();
    }
}

/// Rows as JSON lines.
fn lines(encoder: &mut dyn Encoder, rows: &arrow::array::RecordBatch) -> Result<Lines> {
    let (mut payloads, mut ends) = (Vec::new(), Vec::new());
    encoder.encode(rows, &mut payloads, &mut ends)?;
    let mut text = Vec::with_capacity(payloads.len() + ends.len());
    let mut start = 0;
    for end in &mut ends {
        text.extend_from_slice(&payloads[start..*end]);
        text.push(b'\n');
        start = std::mem::replace(end, text.len());
    }
    Ok(Lines { text, ends })
}
