//! Which messages wait for their acknowledgement, and which of them are known when the broker sends them again.
//!
//! ```text
//!  arrived ──► live ──acknowledge──► ids to send, in the order of arrival, never past one that is not done
//!                │ lost
//!                ▼
//!              stale ──redelivered──► live again: the row is inside (or in the queue) already
//!                │
//!                └─ forgotten when the session is gone or the broker goes on to new messages
//!
//!  QoS 2: acknowledged ──► held, until the broker releases the id: what comes under it is the same message
//! ```
//!
//! A message that we have not acknowledged keeps its packet id at the broker. So when one comes again after a reconnect,
//! with the same id, topic and payload, it is the one we hold: it is acknowledged when its row is inside, and no second
//! row is made of it. Only messages whose acknowledgement got lost on its way come twice.

use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

#[derive(Debug)]
struct Entry {
    sequence: u64,
    split: usize,
    id: Id,
    done: bool,
    topic: Arc<str>,
    payload: Bytes,
}

/// How a message is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id {
    /// Its packet id.
    pub(super) number: u16,
    /// Whether it is one of QoS 2.
    pub(super) exactly_once: bool,
}

/// The messages of QoS 1 and 2 that are not acknowledged, and the ids of QoS 2 that are not released.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    live: VecDeque<Entry>,
    stale: BTreeMap<u16, Entry>,
    held: BTreeSet<u16>,
}

impl Ledger {
    /// A message arrived. `sequence` is its place among all messages.
    pub(super) fn arrived(
        &mut self,
        sequence: u64,
        split: usize,
        id: Id,
        topic: Arc<str>,
        payload: Bytes,
    ) {
        self.live.push_back(Entry { sequence, split, id, done: false, topic, payload });
    }

    /// A message arrived that no row is made of: it is acknowledged in its turn.
    pub(super) fn arrived_in_vain(&mut self, id: Id) {
        let (topic, payload) = (Arc::from(""), Bytes::new());
        self.live.push_back(Entry { sequence: 0, split: 0, id, done: true, topic, payload });
    }

    /// Whether a message is one that was taken over and whose id is not released: then it is acknowledged in its turn.
    pub(super) fn is_held(&mut self, id: Id) -> bool {
        let held = id.exactly_once && self.held.contains(&id.number);
        if held {
            self.arrived_in_vain(id);
        }
        held
    }

    /// A message came again. `true`: we have it already.
    pub(super) fn redelivered(&mut self, id: Id, topic: &str, payload: &[u8]) -> bool {
        let known = self
            .stale
            .get(&id.number)
            .is_some_and(|it| &*it.topic == topic && it.payload == payload);
        if known && let Some(entry) = self.stale.remove(&id.number) {
            self.live.push_back(Entry { id, ..entry });
        }
        known
    }

    /// The broker has released an id of QoS 2.
    pub(super) fn released(&mut self, number: u16) {
        self.held.remove(&number);
    }

    /// Rows of a split up to `sequence` are inside.
    pub(super) fn acknowledge(&mut self, split: usize, sequence: u64) {
        for entry in self.live.iter_mut().chain(self.stale.values_mut()) {
            entry.done |= entry.split == split && entry.sequence <= sequence;
        }
    }

    /// Hands out the packet ids that can be acknowledged now, in order, until `send` takes no more.
    pub(super) fn release(&mut self, mut send: impl FnMut(Id) -> bool) {
        while let Some(Entry { id, .. }) = self.live.pop_front_if(|it| it.done && send(it.id)) {
            if id.exactly_once {
                self.held.insert(id.number);
            }
        }
    }

    /// Whether something can be acknowledged.
    pub(super) fn is_due(&self) -> bool {
        self.live.front().is_some_and(|it| it.done)
    }

    /// The connection is gone, and with it the right to acknowledge.
    pub(super) fn lost(&mut self) {
        self.stale.extend(self.live.drain(..).map(|it| (it.id.number, it)));
    }

    /// Nothing comes again: the broker has begun to send new messages.
    pub(super) fn forget(&mut self) {
        self.stale.clear();
    }

    /// The broker does not know the session any more: nothing comes again, and ids mean other messages.
    pub(super) fn forget_session(&mut self) {
        self.stale.clear();
        self.held.clear();
    }
}

#[cfg(test)]
mod tests;
