//! The task that writes to the broker: polls the connection without ever waiting for anything else. What goes out is
//! decided by the outbox alone.

use super::client::{Accepted, Connect, Link};
use super::outbox::{Handled, Outbox};
use super::reconnect::{Ended, Keeper, Usage};
use crate::common::lock;
use engine::error::Error;
use std::sync::{Arc, Mutex};

/// What the task works with.
pub(super) struct Sender {
    pub(super) connect: Connect,
    pub(super) outbox: Arc<Mutex<Outbox>>,
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
        lock(&self.outbox).connected(link.remote(), accepted.send_maximum, accepted.max_packet);
        keeper.ready();
        let mut events = Vec::new();
        loop {
            let outcome = link.next(&mut events).await;
            let handled = lock(&self.outbox).handle(&mut events);
            match handled {
                Ok(Handled::GoOn) => {}
                Ok(Handled::Closed) => return Ended::Closed,
                Err(refused) => {
                    return Ended::Failed(Error::refused(format!(
                        "the broker at `{}` refuses a message on `{}`: {}; check `topic`, and what this user may write",
                        keeper.url(),
                        refused.topic,
                        refused.reason
                    )));
                }
            }
            if let Err(failure) = outcome {
                return Ended::Lost(failure);
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
