//! The task that writes to the broker: connects, and polls the connection without ever waiting for anything else. What
//! goes out is decided by the outbox alone.

use super::backoff::Backoff;
use super::client::{Connect, Failure, Link};
use super::lock;
use super::outbox::{Handled, Outbox};
use super::settings::Server;
use super::task::Stop;
use engine::error::Error;
use engine::time::Clock;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A connection that lasted shorter than this did not end the trouble before it.
const STABLE_AFTER: Duration = Duration::from_secs(5);

/// What the task works with.
pub(super) struct Sender {
    pub(super) server: Server,
    pub(super) connect: Connect,
    pub(super) backoff: Backoff,
    pub(super) outbox: Arc<Mutex<Outbox>>,
    pub(super) clock: Arc<dyn Clock>,
    /// The sink's name, for log lines.
    pub(super) name: String,
}

/// How a connection ended.
enum Ended {
    /// We said good-bye.
    Closed,
    /// It broke.
    Lost(Failure),
    /// Going on makes no sense.
    Failed(Error),
}

impl Sender {
    /// Runs until it is told to stop or cannot go on. The outcome of the first try goes to `opened`.
    pub(super) async fn run<L: Link>(
        mut self,
        mut stop: Stop,
        opened: SyncSender<Result<(), Error>>,
    ) {
        let mut opened = Some(opened);
        let mut troubled = false;
        loop {
            let since = self.clock.elapsed();
            let lost = match self.connection::<L>(&mut stop, &mut opened, &mut troubled).await {
                Ended::Closed => return lock(&self.outbox).disconnected(),
                Ended::Failed(error) => return self.fail(error, opened),
                Ended::Lost(failure) if opened.is_some() || failure.is_final() => {
                    let error = self.server.error(&failure);
                    return self.fail(error, opened);
                }
                Ended::Lost(failure) => failure,
            };
            lock(&self.outbox).disconnected();
            if self.clock.elapsed().saturating_sub(since) >= STABLE_AFTER {
                self.backoff.reset();
            }
            if !troubled {
                troubled = true;
                tracing::warn!(sink = self.name, broker = %self.server.url, reason = %lost,
                    "Lost the broker; trying again until it is back");
            }
            if stop.comes_within(self.backoff.wait()).await {
                return;
            }
        }
    }

    /// One connection, from its beginning to its end.
    async fn connection<L: Link>(
        &mut self,
        stop: &mut Stop,
        opened: &mut Option<SyncSender<Result<(), Error>>>,
        troubled: &mut bool,
    ) -> Ended {
        let (mut link, accepted) = match stop.or(L::open(&self.connect)).await {
            Some(Ok(open)) => open,
            Some(Err(failure)) => return Ended::Lost(failure),
            None => return Ended::Closed,
        };
        let remote = link.remote();
        lock(&self.outbox).connected(
            Arc::clone(&remote),
            accepted.send_maximum,
            accepted.max_packet,
        );
        if let Some(opened) = opened.take() {
            // Nobody waits any more when the sink gave up on us; then it also stops us.
            drop(opened.send(Ok(())));
        }
        if std::mem::take(troubled) {
            tracing::info!(sink = self.name, broker = %self.server.url, "The broker is back");
        }
        // Whoever says it from now on finds the connection and ends it in an orderly way.
        if stop.is_said() {
            remote.disconnect();
        }
        let mut events = Vec::new();
        loop {
            if let Err(failure) = link.next(&mut events).await {
                return Ended::Lost(failure);
            }
            let handled = lock(&self.outbox).handle(&mut events);
            match handled {
                Ok(Handled::GoOn) => {}
                Ok(Handled::Closed) => return Ended::Closed,
                Err(refused) => {
                    return Ended::Failed(Error::refused(format!(
                        "the broker at `{}` refuses a message on `{}`: {}; check `topic`, and what this user may write",
                        self.server.url, refused.topic, refused.reason
                    )));
                }
            }
        }
    }

    fn fail(&self, error: Error, opened: Option<SyncSender<Result<(), Error>>>) {
        match opened {
            Some(opened) => drop(opened.send(Err(error))),
            None => lock(&self.outbox).fail(error),
        }
    }
}
