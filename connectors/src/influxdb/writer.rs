//! The open sink: rows to lines, lines to requests.

use super::outbox::Outbox;
use super::render::Renderer;
use engine::batch::Batch;
use engine::error::{Error, Result};
use engine::sink::{Finished, Prepared, Refused, Sent, Sink, Written};
use std::sync::Arc;
use tokio::task::JoinHandle;

pub(super) struct Writer {
    pub(super) renderer: Renderer,
    pub(super) outbox: Arc<Outbox>,
    /// The most points of a request.
    pub(super) points: usize,
    pub(super) gzip: bool,
    /// Bytes of lines so far.
    pub(super) sent: u64,
    pub(super) sender: JoinHandle<()>,
}

impl Sink for Writer {
    fn write(&mut self, batch: &Batch) -> Result<Written> {
        let Some(mut filling) = self.outbox.take()? else {
            return Ok(Written::Busy);
        };
        let mut sealed = Vec::new();
        let (mut rows, mut bytes) = (0, 0);
        filling.begin(batch);
        let faults = self.renderer.render(batch, |row, line| {
            if !filling.has_room(line.len(), self.points) {
                let full = std::mem::replace(&mut filling, self.outbox.empty());
                sealed.push(full.seal(self.gzip)?);
                filling.begin(batch);
            }
            filling.add(row, line);
            rows += 1;
            bytes += line.len() as u64;
            Ok(())
        })?;
        if !filling.has_room(0, self.points) {
            let full = std::mem::replace(&mut filling, self.outbox.empty());
            sealed.push(full.seal(self.gzip)?);
        }
        self.outbox.put(sealed, filling, rows);
        self.sent += bytes;
        Ok(Written::Taken(faults))
    }

    fn prepare(&mut self, epoch: u64) -> Result<Prepared> {
        // What the server took is visible.
        Ok(Prepared::when(self.is_flushed()?, epoch))
    }

    fn finish(&mut self, _complete: bool) -> Result<Finished> {
        let done = self.is_flushed()?;
        if done {
            self.outbox.close();
        }
        Ok(Finished::when(done))
    }

    fn bytes(&self) -> usize {
        self.outbox.bytes()
    }

    fn sent(&self) -> Sent {
        Sent { bytes: self.sent, retries: self.outbox.retries() }
    }

    fn refused(&mut self) -> Vec<Refused> {
        self.outbox.refused()
    }

    fn unwritten(&self) -> u64 {
        self.outbox.unwritten()
    }

    fn abandon(&mut self) {
        self.sender.abort();
    }
}

impl Writer {
    fn is_flushed(&self) -> Result<bool> {
        let done = self.outbox.is_flushed()?;
        if !done && self.sender.is_finished() {
            // It ends by itself when it says why, or when there is nothing left to do.
            return Err(Error::bug("the task that sends points is gone"));
        }
        Ok(done)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.sender.abort();
    }
}
