//! The task behind a source or sink: told to stop, waited for, and never left behind.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long a good-bye to the broker may take.
const GOODBYE_MAX: Duration = Duration::from_secs(5);

/// A running task. Dropping it ends it at once, without a good-bye.
pub(super) struct Task {
    handle: JoinHandle<()>,
    stop: watch::Sender<bool>,
    ended: Receiver<()>,
    retries: Retries,
}

/// How often a connection had to be made again.
#[derive(Clone, Debug, Default)]
pub(super) struct Retries(Arc<AtomicU64>);

impl Retries {
    /// Counts one.
    pub(super) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// How a task learns that it should stop.
pub(super) struct Stop(watch::Receiver<bool>);

impl Task {
    /// Starts it.
    pub(super) fn spawn<F>(io: &Handle, body: impl FnOnce(Stop, Retries) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (stop, said) = watch::channel(false);
        let (end, ended) = sync_channel::<()>(0);
        let retries = Retries::default();
        let body = body(Stop(said), retries.clone());
        let handle = io.spawn(async move {
            // Dropped with the task, whichever way that ends.
            let _end = end;
            body.await;
        });
        Self { handle, stop, ended, retries }
    }

    /// Tells it not to connect any more. A connection that is there ends by a good-bye.
    pub(super) fn tell_to_stop(&self) {
        self.stop.send_replace(true);
    }

    /// The same, and waits a little for the end.
    pub(super) fn stop(&self) {
        self.tell_to_stop();
        if let Err(RecvTimeoutError::Timeout) = self.ended.recv_timeout(GOODBYE_MAX) {
            self.handle.abort();
        }
    }
}

impl Task {
    /// How often it had to connect again.
    pub(super) fn retries(&self) -> u64 {
        self.retries.0.load(Ordering::Relaxed)
    }

    /// Ends it at once, without a good-bye.
    pub(super) fn abort(&self) {
        self.handle.abort();
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.abort();
    }
}

impl Stop {
    /// What `work` yields, or none if it was told to stop first.
    pub(super) async fn or<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            // An error means that whoever could say it is gone.
            _said = self.0.wait_for(|it| *it) => None,
        }
    }

    /// Waits this long; `true` when it was told to stop meanwhile.
    pub(super) async fn comes_within(&mut self, time: Duration) -> bool {
        self.or(tokio::time::sleep(time)).await.is_none()
    }
}
