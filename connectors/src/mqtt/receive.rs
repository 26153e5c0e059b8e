//! The task that reads from the broker: connects, subscribes, and polls the connection without ever waiting for anything
//! else. What comes goes to the inbox.
//!
//! ```text
//!  open ──► subscribe ──► events … ──► lost ──► wait (1s, 2s, … 64s) ──► open …
//!             only where the broker does not know the session; always at the start, since the file may have changed
//! ```

use super::backoff::Backoff;
use super::client::{Connect, Event, Failure, Link, Received};
use super::inbox::Inbox;
use super::lock;
use super::router::{Routed, Router};
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
pub(super) struct Receiver {
    pub(super) server: Server,
    pub(super) connect: Connect,
    pub(super) filters: Vec<String>,
    pub(super) qos: u8,
    pub(super) payload_max: usize,
    pub(super) router: Router,
    pub(super) backoff: Backoff,
    pub(super) inbox: Arc<Mutex<Inbox>>,
    pub(super) clock: Arc<dyn Clock>,
    /// The source's name, for log lines.
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

impl Receiver {
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
            let ended = self.connection::<L>(&mut stop, &mut opened, &mut troubled).await;
            let lost = match ended {
                Ended::Closed => return lock(&self.inbox).disconnected(),
                Ended::Failed(error) => return self.fail(error, opened),
                Ended::Lost(failure) if opened.is_some() || failure.is_final() => {
                    let error = self.server.error(&failure);
                    return self.fail(error, opened);
                }
                Ended::Lost(failure) => failure,
            };
            lock(&self.inbox).disconnected();
            if self.clock.elapsed().saturating_sub(since) >= STABLE_AFTER {
                self.backoff.reset();
            }
            if !troubled {
                troubled = true;
                tracing::warn!(source = self.name, broker = %self.server.url, reason = %lost,
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
        let receive_maximum = lock(&self.inbox).receive_maximum(self.connect.receive_maximum);
        let connect = Connect { receive_maximum, ..self.connect.clone() };
        let (mut link, accepted) = match stop.or(L::open(&connect)).await {
            Some(Ok(open)) => open,
            Some(Err(failure)) => return Ended::Lost(failure),
            None => return Ended::Closed,
        };
        let remote = link.remote();
        let mut waits = opened.is_some() || !accepted.session_present;
        if waits {
            remote.subscribe(&self.filters, self.qos);
        }
        lock(&self.inbox).connected(Arc::clone(&remote), accepted.session_present);
        // Whoever says it from now on finds the connection and ends it in an orderly way.
        if stop.is_said() {
            remote.disconnect();
        }
        let mut events = Vec::new();
        loop {
            if !waits {
                self.ready(opened, troubled);
            }
            if let Err(failure) = link.next(&mut events).await {
                return Ended::Lost(failure);
            }
            match self.handle(&mut events) {
                Ok(subscribed) => waits &= !subscribed,
                Err(ended) => return ended,
            }
        }
    }

    /// Subscribed (again): says so where somebody waits for it or was told of trouble.
    fn ready(&self, opened: &mut Option<SyncSender<Result<(), Error>>>, troubled: &mut bool) {
        if let Some(opened) = opened.take() {
            // Nobody waits any more when the source gave up on us; then it also stops us.
            drop(opened.send(Ok(())));
        }
        if std::mem::take(troubled) {
            tracing::info!(source = self.name, broker = %self.server.url, "The broker is back");
        }
    }

    /// Hands messages to the inbox. `true`: the subscription was confirmed.
    fn handle(&mut self, events: &mut Vec<Event>) -> Result<bool, Ended> {
        let mut subscribed = false;
        let mut routed: Vec<Routed> = Vec::with_capacity(events.len());
        let mut end = None;
        for event in events.drain(..) {
            match event {
                Event::Message(received) if received.payload.len() > self.payload_max => {
                    end = Some(Ended::Failed(self.too_large(&received)));
                    break;
                }
                Event::Message(received) => routed.push(self.router.route(received)),
                Event::Subscribed(answers) => match self.check_granted(&answers) {
                    Ok(()) => subscribed = true,
                    Err(error) => end = Some(Ended::Failed(error)),
                },
                Event::Closed => end = Some(Ended::Closed),
                Event::Sent(_) | Event::Acknowledged { .. } => {}
            }
        }
        if !routed.is_empty() {
            lock(&self.inbox).receive(routed.into_iter(), self.clock.now());
        }
        end.map_or(Ok(subscribed), Err)
    }

    fn check_granted(&self, answers: &[Result<u8, String>]) -> Result<(), Error> {
        for (filter, answer) in self.filters.iter().zip(answers) {
            match answer {
                Err(reason) => {
                    return Err(Error::refused(format!(
                        "the broker at `{}` refuses the subscription to `{filter}`: {reason}; \
                         check `topic`, and what this user may read",
                        self.server.url
                    )));
                }
                Ok(granted) if *granted < self.qos => {
                    return Err(Error::refused(format!(
                        "the broker at `{}` grants `{filter}` at QoS {granted} only; write `qos: {granted}`",
                        self.server.url
                    )));
                }
                Ok(_) => {}
            }
        }
        Ok(())
    }

    /// It is not acknowledged, so that the broker has it still when the option was raised.
    fn too_large(&self, received: &Received) -> Error {
        Error::user(format!(
            "a message on `{}` has {} bytes, more than `max_packet` allows ({}); raise `max_packet`",
            String::from_utf8_lossy(&received.topic),
            received.payload.len(),
            self.payload_max
        ))
    }

    fn fail(&self, error: Error, opened: Option<SyncSender<Result<(), Error>>>) {
        match opened {
            Some(opened) => drop(opened.send(Err(error))),
            None => lock(&self.inbox).fail(error),
        }
    }
}
