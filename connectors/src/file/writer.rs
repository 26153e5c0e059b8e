//! The open sink: rows become the content of files here, and a thread writes it.

use super::files::Files;
use super::output::{Content, Kind};
use super::place::{Mode, Owner, make_folder, unwritable};
use super::routes::Routes;
use super::shape::{Compression, STANDARD};
use crate::standard::{Readers, StandardOutput};
use crate::worker::{Size, Worker};
use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use engine::batch::Batch;
use engine::codec::{Encoder, Frame};
use engine::error::{Error, Result};
use engine::sink::{self, Finished, Prepared, Sent, Sink, SinkContext};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// More does not have to wait for the disk, whatever the budget is.
const WAITING_BYTES_MAX: usize = 32 << 20;

/// What the writer thread does.
enum Job {
    Write(Vec<(Arc<str>, Content)>, u64),
    /// What was written has to be on the disk.
    Sync,
    /// The run is over.
    Finish,
}

/// The files, and which of their rows nobody can see yet.
struct Written {
    files: Files,
    seen: Seen,
    hidden: Arc<AtomicU64>,
}

/// When others see a row that was written into a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// At once.
    Written,
    /// When what the packing holds back has gone out.
    Synced,
    /// When the file is whole.
    Finished,
}

impl Seen {
    fn of(kind: &Kind, mode: Mode) -> Seen {
        match kind {
            Kind::Parquet { .. } => Seen::Finished,
            Kind::Text { .. } if mode == Mode::Aside => Seen::Finished,
            Kind::Text { compression: Compression::None, .. } => Seen::Written,
            Kind::Text { .. } => Seen::Synced,
        }
    }
}

impl Written {
    fn work(&mut self, job: Job, more: bool) -> Result<()> {
        match job {
            Job::Write(contents, rows) => {
                self.files.write(contents, more)?;
                if self.seen == Seen::Written {
                    self.hidden.store(self.files.waiting_rows(), Ordering::Release);
                } else {
                    self.hidden.fetch_add(rows, Ordering::AcqRel);
                }
            }
            Job::Sync => {
                self.files.sync()?;
                if self.seen != Seen::Finished {
                    self.hidden.store(0, Ordering::Release);
                }
            }
            Job::Finish => {
                self.files.finish()?;
                self.hidden.store(0, Ordering::Release);
            }
        }
        Ok(())
    }
}

fn to_standard(output: &mut StandardOutput, job: &Job) -> Result<()> {
    let Job::Write(contents, _) = job else { return Ok(()) };
    for (_, content) in contents {
        if let Content::Text(text, ends) = content {
            let written = output.write(text, ends);
            written.map_err(|error| unwritable(STANDARD.as_ref(), &error))?;
        }
    }
    Ok(())
}

/// The open sink.
pub(super) struct FileWriter {
    routes: Routes,
    fixed: Option<Arc<str>>,
    kind: Kind,
    encoder: Option<Box<dyn Encoder>>,
    worker: Worker<Job>,
    /// What files hold in memory.
    held: Arc<AtomicUsize>,
    /// Rows that were written and that nobody can see yet.
    hidden: Arc<AtomicU64>,
    /// Who reads it, where it is standard output.
    readers: Option<Arc<Readers>>,
    /// How many bytes it has handed over in this run.
    sent: u64,
    /// Whether the thread has been asked to sync or finish already.
    asked: bool,
}

impl Sink for FileWriter {
    fn write(&mut self, batch: &Batch) -> Result<sink::Written> {
        if !self.worker.has_room()? {
            return Ok(sink::Written::Busy);
        }
        if let Some(path) = &self.fixed {
            let path = Arc::clone(path);
            self.push([(path, &batch.columns)])?;
            return Ok(sink::Written::Taken(Vec::new()));
        }
        let routed = self.routes.deal(batch)?;
        self.push(routed.rows.iter().map(|(path, rows)| (Arc::clone(path), rows)))?;
        Ok(sink::Written::Taken(routed.faults))
    }

    fn prepare(&mut self, epoch: u64) -> Result<Prepared> {
        // Rows in place are visible with that, and those aside stay there until the end.
        Ok(Prepared::when(self.asked(Job::Sync)?, epoch))
    }

    fn finish(&mut self, _complete: bool) -> Result<Finished> {
        Ok(Finished::when(self.asked(Job::Finish)?))
    }

    fn sent(&self) -> Sent {
        Sent { bytes: self.sent, retries: 0 }
    }

    fn bytes(&self) -> usize {
        self.worker.open().bytes + self.held.load(Ordering::Relaxed)
    }

    fn unwritten(&self) -> u64 {
        let missed = self.readers.as_ref().map_or(0, |it| it.missed());
        self.worker.open().rows + self.hidden.load(Ordering::Acquire) + missed
    }

    fn is_deserted(&self) -> bool {
        self.readers.as_ref().is_some_and(|it| it.are_gone())
    }

    fn check(&mut self) -> Result<()> {
        self.worker.check()
    }

    fn abandon(&mut self) {
        match self.readers {
            // The thread may wait for a reader that never reads on.
            Some(_) => self.worker.close(),
            None => self.worker.stop(),
        }
    }
}

impl FileWriter {
    /// Begins the file, or the folder that its files go to, and the thread that writes them.
    pub(super) fn open(
        routes: Routes,
        kind: Kind,
        mode: Mode,
        sink: &str,
        context: SinkContext,
    ) -> Result<FileWriter> {
        let held = Arc::new(AtomicUsize::new(0));
        let budget = context.budget.min(WAITING_BYTES_MAX);
        let (hidden, mut readers) = (Arc::default(), None);
        let worker = match routes.fixed() {
            Some(STANDARD) => {
                let mut output = StandardOutput::new(context.waker.clone());
                readers = Some(output.readers());
                if let Kind::Text { frame, .. } = &kind {
                    let header = output.write(&frame.header, &[]);
                    header.map_err(|error| unwritable(STANDARD.as_ref(), &error))?;
                }
                let work = move |job| to_standard(&mut output, &job);
                Worker::start("weir-stdout-writer", context.waker, budget, work)?
            }
            fixed => {
                let shared = routes.folder();
                make_folder(&shared)?;
                let owner = Owner { sink: sink.to_owned(), claims: context.claims };
                let mut files = Files::new(kind.clone(), mode, &shared, Arc::clone(&held), owner)?;
                if let Some(path) = fixed {
                    files.begin(&path.into())?;
                }
                let seen = Seen::of(&kind, mode);
                let mut written = Written { files, seen, hidden: Arc::clone(&hidden) };
                let work = move |job, more| written.work(job, more);
                Worker::start_ahead("weir-file-writer", context.waker, budget, work)?
            }
        };
        let (fixed, encoder) = (routes.fixed().map(Arc::from), context.encoder);
        let (asked, sent) = (false, 0);
        Ok(FileWriter { routes, fixed, kind, encoder, worker, held, hidden, readers, sent, asked })
    }

    /// Has the thread do this once it is through with the rest. False: it is not yet.
    fn asked(&mut self, job: Job) -> Result<bool> {
        if !self.asked {
            self.asked = true;
            self.worker.push(job, Size::default());
        }
        let done = self.worker.is_idle()?;
        self.asked = !done;
        Ok(done)
    }

    fn push<'a>(
        &mut self,
        dealt: impl IntoIterator<Item = (Arc<str>, &'a RecordBatch)>,
    ) -> Result<()> {
        let (mut contents, mut size) = (Vec::new(), Size::default());
        for (path, rows) in dealt {
            if rows.num_rows() > 0 {
                let content = self.content(rows)?;
                size.bytes += content.bytes();
                self.sent += content.payload() as u64;
                size.rows += rows.num_rows() as u64;
                contents.push((path, content));
            }
        }
        if !contents.is_empty() {
            self.worker.push(Job::Write(contents, size.rows), size);
        }
        Ok(())
    }

    fn content(&mut self, rows: &RecordBatch) -> Result<Content> {
        match (&self.kind, &mut self.encoder) {
            (Kind::Text { frame, .. }, Some(encoder)) => {
                let (text, ends) = framed(encoder.as_mut(), frame, rows)?;
                Ok(Content::Text(text, ends))
            }
            (Kind::Parquet { schema }, _) => Ok(Content::Rows(like(schema, rows)?)),
            (Kind::Text { .. }, None) => {
                Err(Error::bug("a file of a format was opened without its encoder"))
            }
        }
    }
}

impl Drop for FileWriter {
    /// What was written aside and is not finished is gone when the sink is.
    fn drop(&mut self) {
        self.abandon();
    }
}

/// Payloads with what stands behind each in a file, and where each of them ends with that.
fn framed(
    encoder: &mut dyn Encoder,
    frame: &Frame,
    rows: &RecordBatch,
) -> Result<(Vec<u8>, Vec<usize>)> {
    let (mut payloads, mut ends) = (Vec::new(), Vec::with_capacity(rows.num_rows()));
    encoder.encode(rows, &mut payloads, &mut ends)?;
    if frame.terminator.is_empty() {
        return Ok((payloads, ends));
    }
    let mut text = Vec::with_capacity(payloads.len() + ends.len() * frame.terminator.len());
    let mut start = 0;
    for end in &mut ends {
        text.extend_from_slice(&payloads[start..*end]);
        text.extend_from_slice(&frame.terminator);
        start = std::mem::replace(end, text.len());
    }
    Ok((text, ends))
}

/// The rows under the schema of the file.
fn like(schema: &SchemaRef, rows: &RecordBatch) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    let columns = rows.columns().to_vec();
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?)
}
