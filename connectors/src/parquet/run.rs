//! Where one run of the sink puts its files: a folder or an object store, under one roof.

use super::local::{LocalFile, LocalRoot};
use super::store::StoreRoot;
use super::upload::RemoteFile;
use engine::error::{Error, Result};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;

/// One run of the sink.
pub(super) struct Run {
    root: Root,
    counts: Counts,
}

/// What is known outside of the thread that writes.
#[derive(Clone)]
pub(super) struct Counts(Arc<Counted>);

struct Counted {
    /// Rows that were taken and that nobody can see yet.
    hidden: AtomicU64,
    /// Bytes that were written.
    bytes: AtomicU64,
    /// Called when all rows can be seen.
    waker: Waker,
}

impl Counts {
    pub(super) fn new(waker: Waker) -> Counts {
        let (hidden, bytes) = (AtomicU64::new(0), AtomicU64::new(0));
        Counts(Arc::new(Counted { hidden, bytes, waker }))
    }

    /// Rows that are taken.
    pub(super) fn hide(&self, rows: u64) {
        self.0.hidden.fetch_add(rows, Ordering::AcqRel);
    }

    /// Rows that others can see now.
    pub(super) fn show(&self, rows: u64) {
        if self.0.hidden.fetch_sub(rows, Ordering::AcqRel) == rows {
            self.0.waker.wake_by_ref();
        }
    }

    pub(super) fn hidden(&self) -> u64 {
        self.0.hidden.load(Ordering::Acquire)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }
}

pub(super) enum Root {
    Local(LocalRoot),
    Store(StoreRoot),
}

/// What the bytes of a file are written to.
pub(super) struct Target {
    counts: Counts,
    end: End,
}

enum End {
    Local(LocalFile),
    Remote(RemoteFile),
}

impl Run {
    pub(super) fn new(root: Root, counts: Counts) -> Run {
        Run { root, counts }
    }

    /// Begins a file that will stand in this folder below the root.
    pub(super) fn begin(&self, partition: &str) -> Result<Target> {
        let end = match &self.root {
            Root::Local(root) => End::Local(root.begin()?),
            Root::Store(root) => End::Remote(root.begin(partition)),
        };
        Ok(Target { counts: self.counts.clone(), end })
    }

    /// Lets others see a file that is whole: at once on a disk, soon in an object store.
    pub(super) fn publish(&self, target: Target, partition: &str, rows: u64) -> Result<()> {
        match (&self.root, target.end) {
            (Root::Local(root), End::Local(file)) => {
                root.publish(file, partition)?;
                self.counts.show(rows);
                Ok(())
            }
            (Root::Store(root), End::Remote(file)) => root.publish(file, rows),
            _ => Err(Error::bug("a file of one place was published at another")),
        }
    }

    /// Waits until everything that was published can be seen.
    pub(super) fn settle(&self) -> Result<()> {
        match &self.root {
            Root::Local(_) => Ok(()),
            Root::Store(root) => root.settle(),
        }
    }

    /// The run has ended in an orderly way: nothing is left to sweep.
    pub(super) fn close(&self) {
        if let Root::Store(root) = &self.root {
            root.close();
        }
    }

    /// Why bytes could not be written.
    pub(super) fn error(&self, error: &io::Error) -> Error {
        match &self.root {
            Root::Local(root) => root.error(error),
            Root::Store(root) => root.error(error),
        }
    }
}

impl Target {
    /// Bytes that wait in memory because they are too few to be sent.
    pub(super) fn unsent(&self) -> usize {
        match &self.end {
            End::Local(_) => 0,
            End::Remote(file) => file.unsent(),
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = match &mut self.end {
            End::Local(file) => file.write(bytes)?,
            End::Remote(file) => file.write(bytes)?,
        };
        self.counts.0.bytes.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.end {
            End::Local(file) => file.flush(),
            End::Remote(file) => file.flush(),
        }
    }
}
