//! The open sink: deals rows out to folders, and hands them to the thread that writes them.

use super::file::Form;
use super::files::Files;
use super::options::Roll;
use super::partition::Partitions;
use super::run::{Counts, Run};
use super::upload::Uploads;
use crate::worker::{Size, Work, Worker};
use arrow::array::{Array, RecordBatch};
use engine::batch::Batch;
use engine::error::Result;
use engine::sink::{Finished, Prepared, Sent, Sink, SinkContext, Written};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// More does not have to wait for the disk, whatever the budget is.
const WAITING_BYTES_MAX: usize = 32 << 20;

/// What the writer thread does.
pub(super) enum Job {
    Write(Arc<str>, RecordBatch),
    /// Everything has to be seen by others.
    Settle,
    /// The run is over.
    Finish,
}

/// What the open sink is made of.
pub(super) struct Parts {
    pub(super) partitions: Partitions,
    pub(super) form: Form,
    pub(super) roll: Roll,
    pub(super) run: Run,
    pub(super) uploads: Option<Arc<Uploads>>,
    pub(super) counts: Counts,
    /// The sink's.
    pub(super) name: String,
}

/// The open sink.
pub(super) struct ParquetWriter {
    partitions: Partitions,
    worker: Worker<Job>,
    uploads: Option<Arc<Uploads>>,
    held: Arc<AtomicUsize>,
    counts: Counts,
    /// Whether the thread has been asked to settle or finish already.
    asked: bool,
}

struct Writing(Files);

impl Work<Job> for Writing {
    fn work(&mut self, job: Job, _more: bool) -> Result<()> {
        match job {
            Job::Write(partition, rows) => self.0.write(&partition, &rows),
            Job::Settle => self.0.end_all(),
            Job::Finish => {
                self.0.end_all()?;
                self.0.run.close();
                Ok(())
            }
        }
    }

    fn due(&self) -> Option<Duration> {
        self.0.due()
    }

    fn overdue(&mut self) -> Result<()> {
        self.0.end_old()
    }
}

impl ParquetWriter {
    /// Half of the budget is for open files, a quarter each for rows that wait and for bytes on their way.
    pub(super) fn open(parts: Parts, context: SinkContext) -> Result<ParquetWriter> {
        let Parts { partitions, form, roll, run, uploads, counts, name } = parts;
        let held = Arc::new(AtomicUsize::new(0));
        let files = Files {
            form,
            run,
            roll,
            clock: Arc::clone(&context.clock),
            budget: context.budget / 2,
            held: Arc::clone(&held),
            name,
            open: Vec::new(),
            said: false,
        };
        let budget = (context.budget / 4).min(WAITING_BYTES_MAX);
        let (waker, clock) = (context.waker, context.clock);
        let worker = Worker::start_timed("weir-parquet", waker, budget, clock, Writing(files))?;
        Ok(ParquetWriter { partitions, worker, uploads, held, counts, asked: false })
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
}

impl Sink for ParquetWriter {
    fn write(&mut self, batch: &Batch) -> Result<Written> {
        self.check()?;
        if !self.worker.has_room()? {
            return Ok(Written::Busy);
        }
        let dealt = self.partitions.deal(&batch.columns)?;
        for (partition, rows) in dealt.rows {
            if rows.num_rows() > 0 {
                // Counted here, from the queue to the file that is whole; the worker counts bytes only.
                self.counts.hide(rows.num_rows() as u64);
                let size = Size { bytes: bytes(&rows), rows: 0 };
                self.worker.push(Job::Write(partition, rows), size);
            }
        }
        Ok(Written::Taken(dealt.faults))
    }

    fn prepare(&mut self, epoch: u64) -> Result<Prepared> {
        self.check()?;
        Ok(Prepared::when(self.asked(Job::Settle)?, epoch))
    }

    fn finish(&mut self, _complete: bool) -> Result<Finished> {
        self.check()?;
        Ok(Finished::when(self.asked(Job::Finish)?))
    }

    fn bytes(&self) -> usize {
        let uploads = self.uploads.as_ref().map_or(0, |it| it.bytes());
        self.worker.open().bytes + self.held.load(Ordering::Relaxed) + uploads
    }

    fn sent(&self) -> Sent {
        let retries = self.uploads.as_ref().map_or(0, |it| it.retry.retries());
        Sent { bytes: self.counts.bytes(), retries }
    }

    fn unwritten(&self) -> u64 {
        self.counts.hidden()
    }

    fn check(&mut self) -> Result<()> {
        if let Some(uploads) = &self.uploads {
            uploads.check()?;
        }
        self.worker.check()
    }

    fn abandon(&mut self) {
        if let Some(uploads) = &self.uploads {
            // The thread may wait for a server that is away.
            uploads.stop();
        }
        self.worker.stop();
        if let Some(uploads) = &self.uploads {
            uploads.wait_for_end();
        }
    }
}

impl Drop for ParquetWriter {
    /// What was not finished never was.
    fn drop(&mut self) {
        self.abandon();
    }
}

/// What rows take in memory, as far as it is theirs.
pub(super) fn bytes(rows: &RecordBatch) -> usize {
    let column = |it: &Arc<dyn Array>| {
        it.to_data().get_slice_memory_size().unwrap_or_else(|_| it.get_array_memory_size())
    };
    rows.columns().iter().map(column).sum()
}
