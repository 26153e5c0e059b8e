//! The task that reads from the broker: subscribes, and polls the connection without ever waiting for anything else. What
//! comes goes to the inbox.
//!
//! It subscribes where the broker does not know the session, and always at the start, since the file may have changed.

use super::client::{Accepted, Connect, Event, Link, Stored, Subscription};
use super::inbox::Inbox;
use super::reconnect::{Ended, Keeper, Usage};
use super::router::{Routed, Router};
use crate::common::lock;
use engine::error::Error;
use engine::time::{Clock, Timestamp};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long reading the network waits for room, where more came than fits the budget.
const SLOW_READ: Duration = Duration::from_secs(1);

/// What the task works with.
pub(super) struct Receiver {
    pub(super) connect: Connect,
    pub(super) filters: Vec<String>,
    /// Whether the filters are shared with others.
    pub(super) shared: bool,
    pub(super) qos: u8,
    /// Which messages in store come with the first subscription of the run, and with those after it.
    pub(super) stored: (Stored, Stored),
    pub(super) payload_max: usize,
    pub(super) router: Router,
    pub(super) inbox: Arc<Mutex<Inbox>>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Usage for Receiver {
    fn connect(&self) -> Connect {
        let receive_maximum = lock(&self.inbox).receive_maximum(self.connect.receive_maximum);
        Connect { receive_maximum, ..self.connect.clone() }
    }

    async fn connected<L: Link>(
        &mut self,
        mut link: L,
        accepted: Accepted,
        keeper: &mut Keeper,
    ) -> Ended {
        if let Err(error) = self.check_has(&accepted, keeper.url()) {
            return Ended::Failed(error);
        }
        let remote = link.remote();
        let mut subscribed = accepted.session_present && !keeper.is_first();
        if subscribed {
            keeper.ready();
        } else {
            let (first, later) = self.stored;
            let stored = if keeper.is_first() { first } else { later };
            remote.subscribe(&self.filters, Subscription { qos: self.qos, stored });
        }
        lock(&self.inbox).connected(remote, accepted.session_present);
        if subscribed {
            lock(&self.inbox).live();
        }
        let mut events = Vec::new();
        loop {
            let full = lock(&self.inbox).wait_for_room();
            if let Some(room) = full {
                // Never for long: the broker has to hear from us, or it takes us for dead.
                drop(tokio::time::timeout(SLOW_READ, room.notified()).await);
            }
            let outcome = link.next(&mut events).await;
            match self.handle(&mut events, keeper.url()) {
                Ok(confirmed) if confirmed && !subscribed => {
                    subscribed = true;
                    keeper.ready();
                    lock(&self.inbox).live();
                }
                Ok(_) => {}
                Err(ended) => return ended,
            }
            if let Err(failure) = outcome {
                return Ended::Lost(failure);
            }
        }
    }

    fn disconnected(&mut self) {
        lock(&self.inbox).disconnected();
    }

    fn fail(&mut self, error: Error) {
        lock(&self.inbox).fail(error);
    }
}

impl Receiver {
    /// Hands messages to the inbox. `true`: the subscription was confirmed.
    fn handle(&mut self, events: &mut Vec<Event>, url: &str) -> Result<bool, Ended> {
        let now = self.clock.now();
        let (mut confirmed, mut told) = (false, false);
        let mut routed = Vec::with_capacity(events.len());
        let mut end = None;
        for event in events.drain(..) {
            match event {
                Event::Message(mut received) => {
                    received.limit(self.payload_max);
                    routed.push(self.router.route(received, now));
                }
                Event::Subscribed(answers) => match self.check_granted(&answers, url) {
                    Ok(()) => confirmed = true,
                    Err(error) => end = Some(Ended::Failed(error)),
                },
                Event::Closed => end = Some(Ended::Closed),
                Event::Told => told = true,
                Event::Released(id) => {
                    // What came before it counts before it.
                    self.receive(&mut routed, now);
                    lock(&self.inbox).released(id);
                }
                Event::Written | Event::Held(_) | Event::Acknowledged { .. } => {}
            }
        }
        if routed.is_empty() && told {
            lock(&self.inbox).tell();
        }
        self.receive(&mut routed, now);
        end.map_or(Ok(confirmed), Err)
    }

    fn receive(&self, routed: &mut Vec<Routed>, now: Timestamp) {
        if !routed.is_empty() {
            lock(&self.inbox).receive(std::mem::take(routed), now);
        }
    }

    /// Whether the broker has what is asked of it.
    fn check_has(&self, accepted: &Accepted, url: &str) -> Result<(), Error> {
        if self.shared && !accepted.shares {
            return Err(Error::refused(format!(
                "the broker at `{url}` has no shared subscriptions; leave `share` out"
            )));
        }
        Ok(())
    }

    fn check_granted(&self, answers: &[Result<u8, String>], url: &str) -> Result<(), Error> {
        for (filter, answer) in self.filters.iter().zip(answers) {
            match answer {
                Err(reason) => {
                    return Err(Error::refused(format!(
                        "the broker at `{url}` refuses the subscription to `{filter}`: {reason}; \
                         check `topic`, and what this user may read"
                    )));
                }
                Ok(granted) if *granted < self.qos => {
                    return Err(Error::refused(format!(
                        "the broker at `{url}` grants `{filter}` at QoS {granted} only; write `qos: {granted}`"
                    )));
                }
                Ok(_) => {}
            }
        }
        Ok(())
    }
}
