//! Files on their way into an object store: each has a task, which sends its parts one after the other.
//!
//! ```text
//!  writer thread ── part (8 MiB) ──► task of the file ──► create ─ put part … ─ complete
//!      │  waits while too much is on its way        └ one small part and no more: a single put
//!      └─ settle: waits until every file that was published is there
//! ```
//!
//! A try whose answer got lost may have worked. A part that is sent again replaces itself; a put or a complete that finds
//! the work done, under a name that only this run gives, was done by the try before.

use super::errors::{Place, failure, is_gone};
use super::run::Counts;
use super::store::create;
use crate::common::lock;
use crate::retry::{Ended, Failure, Retry};
use bytes::Bytes;
use engine::error::{Error, Result};
use object_store::aws::AmazonS3;
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// All parts of a file but the last have this size. Stores want 5 MiB at least, some want all of them equal.
const PART_BYTES: usize = 8 << 20;
/// How long an upload that is given up may take to be taken away.
const ABORT_MAX: Duration = Duration::from_secs(4);

/// How long the end of a run waits until what earlier runs left is taken away.
const SWEEP_MAX: Duration = Duration::from_secs(10);

/// All uploads of a sink.
pub(super) struct Uploads {
    pub(super) store: Arc<AmazonS3>,
    pub(super) place: Place,
    pub(super) retry: Retry,
    pub(super) io: Handle,
    /// So many bytes may be on their way.
    pub(super) limit: usize,
    pub(super) counts: Counts,
    /// Called when somebody should look again.
    pub(super) waker: Waker,
    pub(super) state: Mutex<State>,
    pub(super) changed: Condvar,
    /// A file that this run holds locked while it lives.
    pub(super) lock: PathBuf,
}

#[derive(Default)]
pub(super) struct State {
    /// Bytes that were handed over and are not there yet.
    bytes: usize,
    /// Files that have a task.
    files: usize,
    /// Uploads that could not be taken away.
    left: usize,
    /// Whether what earlier runs left has been looked at.
    pub(super) swept: bool,
    error: Option<Error>,
    stopped: bool,
}

/// What a task is told.
enum Piece {
    Part(Bytes),
    /// The file ends with this, and holds so many rows.
    Last(Bytes, u64),
}

/// A file that is being written. Dropped without being published, it never was.
pub(super) struct RemoteFile {
    uploads: Arc<Uploads>,
    pieces: UnboundedSender<Piece>,
    buffer: Vec<u8>,
}

impl Uploads {
    /// Begins a file; `named` gives its name, another one each time.
    pub(super) fn begin(
        self: &Arc<Self>,
        named: impl Fn() -> Result<Path> + Send + Sync + 'static,
    ) -> RemoteFile {
        let (pieces, told) = unbounded_channel();
        lock(&self.state).files += 1;
        let uploads = Arc::clone(self);
        self.io.spawn(async move {
            let ended = Upload::new(&uploads, named).run(told).await;
            uploads.ended(ended);
        });
        RemoteFile { uploads: Arc::clone(self), pieces, buffer: Vec::new() }
    }

    /// Bytes that are on their way.
    pub(super) fn bytes(&self) -> usize {
        lock(&self.state).bytes
    }

    /// Waits until every file has ended.
    pub(super) fn settle(&self) -> Result<()> {
        let mut state = self.sound()?;
        while state.files > 0 {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state = sound(state)?;
        }
        Ok(())
    }

    /// The run has ended in an orderly way: what earlier runs left is swept first, also where this one was short.
    pub(super) fn close(&self) {
        let state = lock(&self.state);
        drop(self.changed.wait_timeout_while(state, SWEEP_MAX, |it| !it.swept && !it.stopped));
        self.forget();
    }

    /// Takes the lock's file away, unless the next start has something to take away for this run.
    fn forget(&self) {
        let state = lock(&self.state);
        if state.files == 0 && state.left == 0 {
            // If it stays, the next start finds nothing to do for it.
            drop(std::fs::remove_file(&self.lock));
        }
    }

    /// What broke since it was asked last.
    pub(super) fn check(&self) -> Result<()> {
        self.sound().map(drop)
    }

    /// Gives everything up that has not ended; whoever waits is told.
    pub(super) fn stop(&self) {
        lock(&self.state).stopped = true;
        self.retry.stop();
        self.changed.notify_all();
    }

    /// Waits a little until what was given up is taken away.
    pub(super) fn wait_for_end(&self) {
        let state = lock(&self.state);
        drop(self.changed.wait_timeout_while(state, ABORT_MAX, |it| it.files > 0));
        self.forget();
    }

    fn sound(&self) -> Result<MutexGuard<'_, State>> {
        sound(lock(&self.state))
    }

    /// Waits for room and takes it.
    fn take_room(&self, bytes: usize) -> Result<()> {
        let mut state = self.sound()?;
        while state.bytes > 0 && state.bytes + bytes > self.limit {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state = sound(state)?;
        }
        state.bytes += bytes;
        Ok(())
    }

    fn give_room(&self, bytes: usize) {
        lock(&self.state).bytes -= bytes;
        self.changed.notify_all();
        self.waker.wake_by_ref();
    }

    fn ended(&self, ended: Result<(), Ended>) {
        let mut state = lock(&self.state);
        state.files -= 1;
        if let Err(Ended::Failed(error)) = ended {
            state.error.get_or_insert(error);
        }
        drop(state);
        self.changed.notify_all();
        self.waker.wake_by_ref();
    }
}

fn sound(mut state: MutexGuard<'_, State>) -> Result<MutexGuard<'_, State>> {
    if let Some(error) = state.error.take() {
        return Err(error);
    }
    if state.stopped {
        return Err(Error::unavailable("the sink was stopped before everything was written"));
    }
    Ok(state)
}

impl RemoteFile {
    /// Bytes that are too few to be sent.
    pub(super) fn unsent(&self) -> usize {
        self.buffer.capacity()
    }

    /// The file is whole: lets others see it, soon.
    pub(super) fn publish(mut self, rows: u64) -> Result<()> {
        let last = Bytes::from(std::mem::take(&mut self.buffer));
        self.uploads.take_room(last.len())?;
        self.send(Piece::Last(last, rows))
    }

    fn send(&self, piece: Piece) -> Result<()> {
        let gone = |_| match self.uploads.check() {
            Err(error) => error,
            Ok(()) => Error::bug("the upload of a file ended before the file"),
        };
        self.pieces.send(piece).map_err(gone)
    }

    fn send_part(&mut self) -> Result<()> {
        let part = Bytes::from(std::mem::take(&mut self.buffer));
        self.uploads.take_room(part.len())?;
        self.send(Piece::Part(part))
    }
}

impl Write for RemoteFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() == PART_BYTES {
            self.send_part().map_err(io::Error::other)?;
        }
        let count = bytes.len().min(PART_BYTES - self.buffer.len());
        if self.buffer.len() + count > self.buffer.capacity() {
            let wanted =
                (2 * self.buffer.capacity()).max(self.buffer.len() + count).min(PART_BYTES);
            self.buffer.reserve_exact(wanted - self.buffer.len());
        }
        self.buffer.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The task of one file.
struct Upload<'a, N> {
    uploads: &'a Uploads,
    named: N,
    /// The upload, where the file has several parts.
    begun: Option<(Path, String)>,
    parts: Vec<PartId>,
    size: u64,
}

impl<'a, N: Fn() -> Result<Path>> Upload<'a, N> {
    fn new(uploads: &'a Uploads, named: N) -> Self {
        Self { uploads, named, begun: None, parts: Vec::new(), size: 0 }
    }

    async fn run(mut self, mut told: UnboundedReceiver<Piece>) -> Result<(), Ended> {
        let ended = self.pieces(&mut told).await;
        // Nobody waits for room on behalf of what will not be sent.
        told.close();
        while let Some(Piece::Part(bytes) | Piece::Last(bytes, _)) = told.recv().await {
            self.uploads.give_room(bytes.len());
        }
        if let Some((path, id)) = self.begun.take() {
            let abort = self.uploads.store.abort_multipart(&path, &id);
            if !matches!(tokio::time::timeout(ABORT_MAX, abort).await, Ok(Ok(()))) {
                lock(&self.uploads.state).left += 1;
            }
        }
        ended
    }

    /// Sends what comes until the file is there, or nobody writes it any more.
    async fn pieces(&mut self, told: &mut UnboundedReceiver<Piece>) -> Result<(), Ended> {
        while let Some(piece) = told.recv().await {
            let (Piece::Part(bytes) | Piece::Last(bytes, _)) = &piece;
            let length = bytes.len();
            let sent = match &piece {
                Piece::Last(bytes, _) if self.parts.is_empty() => self.put(bytes).await,
                Piece::Part(bytes) => self.part(bytes).await,
                Piece::Last(bytes, _) => self.last(bytes).await,
            };
            self.uploads.give_room(length);
            sent?;
            if let Piece::Last(_, rows) = piece {
                self.uploads.counts.show(rows);
                return Ok(());
            }
        }
        Ok(())
    }

    fn name(&self) -> Result<Path, Ended> {
        (self.named)().map_err(Ended::Failed)
    }

    fn failure(&self, error: &object_store::Error) -> Failure {
        failure(error, &self.uploads.place)
    }

    /// A file that is small enough for one request.
    async fn put(&mut self, bytes: &Bytes) -> Result<(), Ended> {
        let Uploads { store, retry, .. } = self.uploads;
        loop {
            let path = self.name()?;
            let (this, path) = (&*self, &path);
            let put = retry.run(|tries| async move {
                match create(store, path, bytes).await {
                    Ok(true) => Ok(true),
                    // The answer to the try before may have got lost.
                    Ok(false) => Ok(tries > 0),
                    Err(error) => Err(this.failure(&error)),
                }
            });
            if put.await? {
                return Ok(());
            }
        }
    }

    async fn part(&mut self, bytes: &Bytes) -> Result<(), Ended> {
        if self.begun.is_none() {
            self.begun = Some(self.begin().await?);
        }
        let Some((path, id)) = &self.begun else {
            return Err(Ended::Failed(Error::bug("a part was sent before its upload was begun")));
        };
        let Uploads { store, retry, .. } = self.uploads;
        let number = self.parts.len();
        let this = &*self;
        let part = retry.run(|_| async move {
            let sent = store.put_part(path, id, number, PutPayload::from(bytes.clone())).await;
            sent.map_err(|error| this.failure(&error))
        });
        let part = part.await?;
        self.parts.push(part);
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// Begins an upload under a name that nothing has.
    async fn begin(&self) -> Result<(Path, String), Ended> {
        let path = loop {
            let path = self.name()?;
            if self.size_of(&path).await?.is_none() {
                break path;
            }
        };
        let Uploads { store, retry, state, .. } = self.uploads;
        let free = &path;
        let id = retry.run(|tries| async move {
            if tries > 0 {
                // The try before may have begun one that nobody knows.
                lock(state).left += 1;
            }
            store.create_multipart(free).await.map_err(|error| self.failure(&error))
        });
        let id = id.await.inspect_err(|_| lock(state).left += 1)?;
        Ok((path, id))
    }

    /// How large an object is; none: there is none.
    async fn size_of(&self, path: &Path) -> Result<Option<u64>, Ended> {
        let Uploads { store, retry, .. } = self.uploads;
        let found = retry.run(|_| async move {
            match store.head(path).await {
                Ok(found) => Ok(Some(found.size)),
                Err(error) if is_gone(&error) => Ok(None),
                Err(error) => Err(self.failure(&error)),
            }
        });
        found.await
    }

    async fn last(&mut self, bytes: &Bytes) -> Result<(), Ended> {
        self.part(bytes).await?;
        let Some((path, id)) = &self.begun else { return Ok(()) };
        let Uploads { store, retry, .. } = self.uploads;
        let this = &*self;
        let completed = retry.run(|tries| async move {
            match store.complete_multipart(path, id, this.parts.clone()).await {
                Ok(_) => Ok(None),
                // The upload is gone: the answer to the try before may have got lost.
                Err(error) if tries > 0 && is_gone(&error) => Ok(Some(error)),
                Err(error) => Err(this.failure(&error)),
            }
        });
        if let Some(error) = completed.await?
            && self.size_of(path).await? != Some(self.size)
        {
            let text = format!("`path`: an upload to `{path}` went away before it was completed");
            return Err(Ended::Failed(Error::refused(text).because(error)));
        }
        self.begun = None;
        Ok(())
    }
}
