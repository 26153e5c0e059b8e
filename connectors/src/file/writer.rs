//! The open sink: rows become the content of files here, and a thread writes it.

use super::files::Files;
use super::output::{Content, Kind, Output, Packed};
use super::place::{Mode, make_folder};
use super::routes::Routes;
use super::shape::STANDARD;
use crate::worker::Worker;
use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use engine::batch::Batch;
use engine::codec::{Encoder, Frame};
use engine::error::{Error, Result};
use engine::sink::{Finished, Prepared, Sink, SinkContext, Written};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// More does not have to wait for the disk, whatever the budget is.
const WAITING_BYTES_MAX: usize = 32 << 20;

/// What the writer thread does.
enum Job {
    Write(Arc<str>, Content),
    /// What was written has to be on the disk.
    Sync,
    /// The run is over.
    Finish,
}

fn to_files(files: &mut Files, job: Job) -> Result<()> {
    match job {
        Job::Write(path, content) => files.write(&path, &content),
        Job::Sync => files.sync(),
        Job::Finish => files.finish(),
    }
}

fn to_standard(output: &mut Output, job: Job) -> Result<()> {
    match job {
        Job::Write(_, content) => output.write(STANDARD.as_ref(), &content),
        Job::Sync | Job::Finish => Ok(()),
    }
}

/// The open sink.
pub(super) struct FileWriter {
    routes: Routes,
    fixed: Option<Arc<str>>,
    kind: Kind,
    encoder: Option<Box<dyn Encoder>>,
    worker: Worker<Job>,
    /// What Parquet files hold in memory.
    held: Arc<AtomicUsize>,
    /// Whether the thread has been asked to sync or finish already.
    asked: bool,
}

impl Sink for FileWriter {
    fn write(&mut self, batch: &Batch) -> Result<Written> {
        if !self.worker.has_room()? {
            return Ok(Written::Busy);
        }
        if let Some(path) = &self.fixed {
            let path = Arc::clone(path);
            self.push(path, &batch.columns)?;
            return Ok(Written::Taken(Vec::new()));
        }
        let routed = self.routes.deal(batch)?;
        for (path, rows) in &routed.rows {
            self.push(Arc::clone(path), rows)?;
        }
        Ok(Written::Taken(routed.faults))
    }

    fn prepare(&mut self, epoch: u64) -> Result<Prepared> {
        // Rows in place are visible with that, and those aside stay there until the end.
        Ok(Prepared::when(self.asked(Job::Sync)?, epoch))
    }

    fn finish(&mut self, _complete: bool) -> Result<Finished> {
        Ok(Finished::when(self.asked(Job::Finish)?))
    }

    fn bytes(&self) -> usize {
        self.worker.bytes() + self.held.load(Ordering::Relaxed)
    }
}

impl FileWriter {
    /// Begins the file, or the folder that its files go to, and the thread that writes them.
    pub(super) fn open(
        routes: Routes,
        kind: Kind,
        mode: Mode,
        context: SinkContext,
    ) -> Result<FileWriter> {
        let held = Arc::new(AtomicUsize::new(0));
        let budget = context.budget.min(WAITING_BYTES_MAX);
        let worker = match routes.fixed() {
            Some(STANDARD) => {
                let mut output = Output::Text(Packed::standard());
                if let Kind::Text { frame, .. } = &kind {
                    output.write(STANDARD.as_ref(), &Content::Text(frame.header.clone()))?;
                }
                let work = move |job| to_standard(&mut output, job);
                Worker::start("weir-stdout-writer", context.waker, budget, work)?
            }
            fixed => {
                let mut files = Files::new(kind.clone(), mode, Arc::clone(&held));
                match fixed {
                    Some(path) => files.begin(&path.into())?,
                    None => make_folder(routes.folder())?,
                }
                let work = move |job| to_files(&mut files, job);
                Worker::start("weir-file-writer", context.waker, budget, work)?
            }
        };
        let (fixed, encoder) = (routes.fixed().map(Arc::from), context.encoder);
        Ok(FileWriter { routes, fixed, kind, encoder, worker, held, asked: false })
    }

    /// Has the thread do this once it is through with the rest. False: it is not yet.
    fn asked(&mut self, job: Job) -> Result<bool> {
        if !self.asked {
            self.asked = true;
            self.worker.push(job, 0);
        }
        let done = self.worker.is_idle()?;
        self.asked = !done;
        Ok(done)
    }

    fn push(&mut self, path: Arc<str>, rows: &RecordBatch) -> Result<()> {
        if rows.num_rows() == 0 {
            return Ok(());
        }
        let content = match (&self.kind, &mut self.encoder) {
            (Kind::Text { frame, .. }, Some(encoder)) => {
                Content::Text(framed(encoder.as_mut(), frame, rows)?)
            }
            (Kind::Parquet { schema }, _) => Content::Rows(like(schema, rows)?),
            (Kind::Text { .. }, None) => {
                return Err(Error::bug("a file of a format was opened without its encoder"));
            }
        };
        let bytes = content.bytes();
        self.worker.push(Job::Write(path, content), bytes);
        Ok(())
    }
}

impl Drop for FileWriter {
    /// What was written aside and is not finished is gone when the sink is.
    fn drop(&mut self) {
        if self.fixed.as_deref() != Some(STANDARD) {
            self.worker.stop();
        }
    }
}

/// Payloads with what stands behind each in a file.
fn framed(encoder: &mut dyn Encoder, frame: &Frame, rows: &RecordBatch) -> Result<Vec<u8>> {
    let (mut payloads, mut ends) = (Vec::new(), Vec::with_capacity(rows.num_rows()));
    encoder.encode(rows, &mut payloads, &mut ends)?;
    if frame.terminator.is_empty() {
        return Ok(payloads);
    }
    let mut text = Vec::with_capacity(payloads.len() + ends.len() * frame.terminator.len());
    let mut start = 0;
    for end in ends {
        text.extend_from_slice(&payloads[start..end]);
        text.extend_from_slice(&frame.terminator);
        start = end;
    }
    Ok(text)
}

/// The rows under the schema of the file.
fn like(schema: &SchemaRef, rows: &RecordBatch) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    let columns = rows.columns().to_vec();
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?)
}
