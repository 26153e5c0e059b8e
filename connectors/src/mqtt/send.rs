//! The task that writes to the broker: polls the connection without ever waiting for anything else. What goes out is
//! decided by the outbox alone.

use super::client::{Accepted, Connect, Link};
use super::failure::Failure;
use super::outbox::{Outbox, Refused};
use super::reconnect::{Ended, Keeper, Usage};
use crate::common::lock;
use engine::error::Error;
use std::sync::{Arc, Mutex};

/// What the task works with.
pub(super) struct Sender {
    pub(super) connect: Connect,
    pub(super) outbox: Arc<Mutex<Outbox>>,
    pub(super) qos: u8,
    /// Whether messages may ask to be retained.
    pub(super) retains: bool,
}

impl Usage for Sender {
    fn connect(&self) -> Connect {
        self.connect.clone()
    }

    async fn connected<L: Link>(
        &mut self,
        mut link: L,
        accepted: Accepted,
        keeper: &mut Keeper,
    ) -> Ended {
        if let Err(error) = self.check(&accepted, keeper.url()) {
            return Ended::Failed(error);
        }
        // A session of this run, if there is one: what was on its way is known to both sides.
        self.connect.clean_start = self.connect.session.is_none();
        lock(&self.outbox).connected(link.remote(), &accepted);
        keeper.ready();
        let mut events = Vec::new();
        let mut rejected = false;
        loop {
            let outcome = link.next(&mut events).await;
            let handled = lock(&self.outbox).handle(&mut events);
            match handled {
                Ok(handled) if handled.closed => return Ended::Closed,
                Ok(handled) => {
                    rejected = handled.rejected.unwrap_or(rejected);
                    if let Some(Refused { topic, reason }) = handled.refused {
                        keeper.say_refused(&topic, &reason);
                    }
                }
                Err(Refused { topic, reason }) => {
                    return Ended::Failed(Error::refused(format!(
                        "the broker at `{}` refuses a message on `{topic}`: {reason}; check `topic` and what this user \
                         may write, or read the sink's `.errors` to go on without such rows",
                        keeper.url()
                    )));
                }
            }
            match outcome {
                Ok(()) => {}
                Err(Failure::Closed) if rejected => return Ended::Lost(Failure::Rejected),
                Err(failure) => return Ended::Lost(failure),
            }
        }
    }

    fn disconnected(&mut self) {
        lock(&self.outbox).disconnected();
    }

    fn fail(&mut self, error: Error) {
        lock(&self.outbox).fail(error);
    }
}

impl Sender {
    /// Whether the broker has what is asked of it.
    fn check(&self, accepted: &Accepted, url: &str) -> Result<(), Error> {
        if accepted.qos < self.qos {
            return Err(Error::refused(format!(
                "the broker at `{url}` takes messages up to QoS {}; write `qos: {}`",
                accepted.qos, accepted.qos
            )));
        }
        if self.retains && !accepted.retains {
            return Err(Error::refused(format!(
                "the broker at `{url}` retains no messages; leave `retain` out"
            )));
        }
        Ok(())
    }
}
