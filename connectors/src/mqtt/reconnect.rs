//! The loop around connections, for source and sink: connect, let it be used, and when it breaks say so once, wait, and
//! connect again.
//!
//! ```text
//!  connect ──► use ──► broken ──► wait (1s, 2s, … 64s, with jitter) ──► connect …
//!     │          └──► closed by us, or going on makes no sense: the end
//!     └ the very first one that fails is the end too: whoever opened the source or sink is told
//! ```
//!
//! Two clients of one name push each other out for ever. Where the broker says that this is why, the one that was pushed out
//! ends. Where it closes the connection without a word, it may as well be a broker in trouble; then who has worked before
//! goes on, less and less often, and who has not ends. So of two clients the newcomer gives way.

use super::client::{Accepted, Connect, Link};
use super::failure::{Failure, Server};
use super::task::{Retries, Stop, Task};
use crate::backoff::Backoff;
use engine::error::Error;
use engine::interrupt::Interrupt;
use engine::time::Clock;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

/// How long opening waits for the first connection: more than a connection may take.
const OPEN_MAX: Duration = Duration::from_secs(10);
/// How often is looked meanwhile whether the run is to stop.
const LOOK: Duration = Duration::from_millis(50);
/// A connection that lasted shorter than this did not end the trouble before it.
const STABLE_AFTER: Duration = Duration::from_secs(5);
/// After so many short connections in a row that the broker closed without a word, it is said what may be the reason, or
/// we stop, if none has lasted yet.
const SHORT_MAX: u32 = 3;
/// After so many short connections in a row in which the broker found fault with what we sent, it will do so for ever.
const FAULTS_MAX: u32 = 3;

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
    /// How many connections of this source or sink may be made at the same time.
    pub(super) gate: Arc<Semaphore>,
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
    gate: Arc<Semaphore>,
    /// What was said last about why the broker is lost.
    troubled: Option<Failure>,
    /// Whether a connection has lasted.
    proven: bool,
    /// Connections in a row that were accepted and closed soon, without a word.
    short: u32,
    /// Connections in which the broker found fault with what we sent.
    faults: u32,
}

impl Keep {
    /// Starts the task that keeps a connection, and waits until the first one works.
    pub(super) fn start<L: Link>(
        self,
        io: &Handle,
        usage: impl Usage + 'static,
    ) -> Result<Task, Error> {
        self.spawn::<L>(io, usage).wait()
    }

    /// Starts the task that keeps a connection.
    pub(super) fn spawn<L: Link>(self, io: &Handle, usage: impl Usage + 'static) -> Opening {
        let Keep { server, backoff, clock, name, interrupt, gate } = self;
        let (opened, outcome) = sync_channel(1);
        let task = Task::spawn(io, |stop, retries| {
            let keeper = Keeper {
                server,
                backoff,
                clock,
                stop,
                retries,
                name,
                opened: Some(opened),
                gate,
                troubled: None,
                proven: false,
                short: 0,
                faults: 0,
            };
            keeper.keep::<L>(usage)
        });
        Opening { task, outcome, interrupt }
    }
}

/// A connection that is being made for the first time.
pub(super) struct Opening {
    task: Task,
    outcome: Receiver<Result<(), Error>>,
    interrupt: Interrupt,
}

impl Opening {
    /// Waits until it works; an error says why it cannot.
    pub(super) fn wait(self) -> Result<Task, Error> {
        for _ in 0..OPEN_MAX.as_millis() / LOOK.as_millis() {
            match self.outcome.recv_timeout(LOOK) {
                Ok(opened) => return opened.map(|()| self.task),
                Err(RecvTimeoutError::Timeout) => self.interrupt.check()?,
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
            let (gate, connect) = (Arc::clone(&self.gate), usage.connect());
            let open = async {
                // Held until it is open; the gate is never closed.
                let _permit = gate.acquire().await;
                L::open(&connect).await
            };
            let ended = match self.stop.or(open).await {
                None => Ended::Closed,
                Some(Err(failure)) => Ended::Lost(failure),
                Some(Ok((link, accepted))) => usage.connected(link, accepted, &mut self).await,
            };
            let failure = match ended {
                Ended::Closed => return usage.disconnected(),
                Ended::Failed(error) => return self.fail(&mut usage, error),
                Ended::Lost(failure) if self.opened.is_some() || failure.is_final() => {
                    let error = failure.error(&self.server);
                    return self.fail(&mut usage, error);
                }
                Ended::Lost(failure) => failure,
            };
            usage.disconnected();
            self.count(&failure, self.clock.elapsed().saturating_sub(since));
            if self.faults >= FAULTS_MAX || (self.short >= SHORT_MAX && !self.proven) {
                let error = failure.error(&self.server);
                return self.fail(&mut usage, error);
            }
            self.say_lost(failure);
            if self.short == SHORT_MAX {
                self.say_pushed_out();
            }
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
        if self.troubled.take().is_some() {
            tracing::warn!(name = self.name, broker = self.url(), "The broker is back");
        }
    }

    /// Whether the first connection is still to be confirmed.
    pub(super) fn is_first(&self) -> bool {
        self.opened.is_some()
    }

    pub(super) fn url(&self) -> &str {
        self.server.address.text()
    }

    /// Says the first time that the broker refuses a message.
    pub(super) fn say_refused(&self, topic: &str, reason: &str) {
        tracing::warn!(
            name = self.name,
            broker = self.url(),
            topic,
            reason,
            "The broker refuses messages; their rows go to the sink's errors"
        );
    }

    /// Counts what may be a sign that it goes on like this for ever.
    fn count(&mut self, failure: &Failure, lasted: Duration) {
        if lasted >= STABLE_AFTER {
            self.backoff.reset();
            (self.short, self.faults, self.proven) = (0, 0, true);
        }
        match failure {
            Failure::Closed if lasted < STABLE_AFTER => self.short += 1,
            Failure::Fault(_) => self.faults += 1,
            // The next connection comes further: this message is done.
            Failure::Rejected => self.backoff.reset(),
            // A broker that is away, or says why, has nothing to do with that.
            _ => self.short = 0,
        }
    }

    fn say_lost(&mut self, failure: Failure) {
        // Another kind of trouble is worth a word of its own.
        let same = |it: &Failure| std::mem::discriminant(it) == std::mem::discriminant(&failure);
        if !self.troubled.as_ref().is_some_and(same) {
            tracing::warn!(name = self.name, broker = self.url(), reason = %failure,
                "Lost the broker; trying again until it is back");
            self.troubled = Some(failure);
        }
    }

    /// Says what may be the reason for short connections.
    fn say_pushed_out(&self) {
        tracing::warn!(
            name = self.name,
            broker = self.url(),
            client_id = self.server.client_id,
            "The broker accepts the connection and closes it again, without a word; another client under this client id may \
             be the reason, since every process needs a `client_id` of its own. Trying again, less and less often"
        );
    }

    fn fail(self, usage: &mut impl Usage, error: Error) {
        match self.opened {
            Some(opened) => drop(opened.send(Err(error))),
            None => usage.fail(error),
        }
    }
}
