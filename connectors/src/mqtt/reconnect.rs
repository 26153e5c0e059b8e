//! The loop around connections, for source and sink: connect, let it be used, and when it breaks say so once, wait, and
//! connect again.
//!
//! ```text
//!  connect ──► use ──► broken ──► wait (1s, 2s, … 64s, with jitter) ──► connect …
//!     │          └──► closed by us, or going on makes no sense: the end
//!     └ the very first one that fails is the end too: whoever opened the source or sink is told
//! ```

use super::client::{Accepted, Connect, Failure, Link};
use super::settings::Server;
use super::task::{Retries, Stop, Task};
use crate::backoff::Backoff;
use engine::error::Error;
use engine::interrupt::Interrupt;
use engine::time::Clock;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;
use tokio::runtime::Handle;

/// How long opening waits for the first connection: more than a connection may take.
const OPEN_MAX: Duration = Duration::from_secs(10);
/// How often is looked meanwhile whether the run is to stop.
const LOOK: Duration = Duration::from_millis(50);
/// A connection that lasted shorter than this did not end the trouble before it.
const STABLE_AFTER: Duration = Duration::from_secs(5);
/// After so many short connections in a row that the broker closed, we say what it may be.
const SHORT_MAX: u32 = 3;

/// What is done with connections.
pub(super) trait Usage: Send {
    /// What the next connection is made with.
    fn connect(&self) -> Connect;

    /// Uses a connection until it ends. [`Keeper::ready`] is to be called as soon as it works.
    fn connected<L: Link>(
        &mut self,
        link: L,
        accepted: Accepted,
        keeper: &mut Keeper,
    ) -> impl Future<Output = Ended> + Send;

    /// The connection is gone.
    fn disconnected(&mut self);

    /// There will be none any more, and why.
    fn fail(&mut self, error: Error);
}

/// How a connection ended.
pub(super) enum Ended {
    /// We said good-bye.
    Closed,
    /// It broke.
    Lost(Failure),
    /// Going on makes no sense.
    Failed(Error),
}

/// How a connection is kept.
pub(super) struct Keep {
    pub(super) server: Server,
    pub(super) backoff: Backoff,
    pub(super) clock: Arc<dyn Clock>,
    /// The source's or sink's name, for log lines.
    pub(super) name: String,
    /// Ends the wait for the first connection.
    pub(super) interrupt: Interrupt,
}

/// What the loop keeps from one connection to the next.
pub(super) struct Keeper {
    server: Server,
    backoff: Backoff,
    clock: Arc<dyn Clock>,
    stop: Stop,
    retries: Retries,
    /// The source's or sink's name, for log lines.
    name: String,
    /// Who waits for the outcome of the first try.
    opened: Option<SyncSender<Result<(), Error>>>,
    /// Whether it was said that the broker is lost.
    troubled: bool,
    /// Connections in a row that were accepted and broke soon.
    short: u32,
}

impl Keep {
    /// Starts the task that keeps a connection, and waits until the first one works.
    pub(super) fn start<L: Link>(
        self,
        io: &Handle,
        usage: impl Usage + 'static,
    ) -> Result<Task, Error> {
        let Keep { server, backoff, clock, name, interrupt } = self;
        let (opened, outcome) = sync_channel(1);
        let task = Task::spawn(io, |stop, retries| {
            let opened = Some(opened);
            let (troubled, short) = (false, 0);
            Keeper { server, backoff, clock, stop, retries, name, opened, troubled, short }
                .keep::<L>(usage)
        });
        for _ in 0..OPEN_MAX.as_millis() / LOOK.as_millis() {
            match outcome.recv_timeout(LOOK) {
                Ok(opened) => return opened.map(|()| task),
                Err(RecvTimeoutError::Timeout) => interrupt.check()?,
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        Err(Error::unavailable("the broker did not answer in time; check `url`"))
    }
}

impl Keeper {
    /// Keeps a connection to the broker until it is told to stop or cannot go on.
    async fn keep<L: Link>(mut self, mut usage: impl Usage) {
        loop {
            let since = self.clock.elapsed();
            let ended = match self.stop.or(L::open(&usage.connect())).await {
                None => Ended::Closed,
                Some(Err(failure)) => Ended::Lost(failure),
                Some(Ok((link, accepted))) => usage.connected(link, accepted, &mut self).await,
            };
            let failure = match ended {
                Ended::Closed => return usage.disconnected(),
                Ended::Failed(error) => return self.fail(&mut usage, error),
                Ended::Lost(failure) if self.opened.is_some() || failure.is_final() => {
                    let error = self.server.error(&failure);
                    return self.fail(&mut usage, error);
                }
                Ended::Lost(failure) => failure,
            };
            usage.disconnected();
            self.say_lost(&failure, self.clock.elapsed().saturating_sub(since));
            if self.stop.comes_within(self.backoff.wait()).await {
                return;
            }
            self.retries.add();
        }
    }

    /// The connection works: says so where somebody waits for it, or was told of trouble.
    pub(super) fn ready(&mut self) {
        if let Some(opened) = self.opened.take() {
            // Nobody waits any more when the opening was given up; then this task is ended too.
            drop(opened.send(Ok(())));
        }
        if std::mem::take(&mut self.troubled) {
            tracing::info!(name = self.name, broker = %self.server.url, "The broker is back");
        }
    }

    /// Whether the first connection is still to be confirmed.
    pub(super) fn is_first(&self) -> bool {
        self.opened.is_some()
    }

    pub(super) fn url(&self) -> &str {
        &self.server.url
    }

    fn say_lost(&mut self, failure: &Failure, lasted: Duration) {
        if lasted >= STABLE_AFTER {
            self.backoff.reset();
            self.short = 0;
        } else if matches!(failure, Failure::Lost(_)) {
            self.short += 1;
        }
        if self.short == SHORT_MAX {
            tracing::warn!(name = self.name, broker = %self.server.url, client_id = self.server.client_id,
                "The broker accepts the connection and closes it soon, again and again; does another client use the same client id?");
        }
        if !self.troubled {
            self.troubled = true;
            tracing::warn!(name = self.name, broker = %self.server.url, reason = %failure,
                "Lost the broker; trying again until it is back");
        }
    }

    fn fail(self, usage: &mut impl Usage, error: Error) {
        match self.opened {
            Some(opened) => drop(opened.send(Err(error))),
            None => usage.fail(error),
        }
    }
}
