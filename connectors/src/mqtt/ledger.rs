//! Which messages wait for their acknowledgement, and which of them are known when the broker sends them again.
//!
//! ```text
//!  arrived ──► live ──acknowledge──► ids to send, in the order of arrival, never past one that is not done
//!                │ lost
//!                ▼
//!              stale ──redelivered──► live again: the row is inside (or in the queue) already
//!                │
//!                └─ forgotten when the session is gone or the broker goes on to new messages
//! ```
//!
//! A message that we have not acknowledged keeps its packet id at the broker. So when one comes again after a reconnect,
//! with the same id, topic and payload, it is the one we hold: it is acknowledged when its row is inside, and no second
//! row is made of it. Only messages whose acknowledgement got lost on its way come twice.

use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

#[derive(Debug)]
struct Entry {
    sequence: u64,
    split: usize,
    id: u16,
    done: bool,
    topic: Arc<str>,
    payload: Bytes,
}

/// The messages of QoS 1 that are not acknowledged.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    live: VecDeque<Entry>,
    stale: BTreeMap<u16, Entry>,
}

impl Ledger {
    /// A message arrived. `sequence` is its place among all messages.
    pub(super) fn arrived(
        &mut self,
        sequence: u64,
        split: usize,
        id: u16,
        topic: Arc<str>,
        payload: Bytes,
    ) {
        self.live.push_back(Entry { sequence, split, id, done: false, topic, payload });
    }

    /// A message arrived that no row is made of: it is acknowledged in its turn.
    pub(super) fn arrived_in_vain(&mut self, id: u16) {
        let (topic, payload) = (Arc::from(""), Bytes::new());
        self.live.push_back(Entry { sequence: 0, split: 0, id, done: true, topic, payload });
    }

    /// A message came again. `true`: we have it already.
    pub(super) fn redelivered(&mut self, id: u16, topic: &str, payload: &[u8]) -> bool {
        let known =
            self.stale.get(&id).is_some_and(|it| &*it.topic == topic && it.payload == payload);
        if known && let Some(entry) = self.stale.remove(&id) {
            self.live.push_back(entry);
        }
        known
    }

    /// Rows of a split up to `sequence` are inside.
    pub(super) fn acknowledge(&mut self, split: usize, sequence: u64) {
        for entry in self.live.iter_mut().chain(self.stale.values_mut()) {
            entry.done |= entry.split == split && entry.sequence <= sequence;
        }
    }

    /// Hands out the packet ids that can be acknowledged now, in order, until `send` takes no more.
    pub(super) fn release(&mut self, mut send: impl FnMut(u16) -> bool) {
        while self.live.pop_front_if(|it| it.done && send(it.id)).is_some() {}
    }

    /// Whether something can be acknowledged.
    pub(super) fn is_due(&self) -> bool {
        self.live.front().is_some_and(|it| it.done)
    }

    /// The connection is gone, and with it the right to acknowledge.
    pub(super) fn lost(&mut self) {
        self.stale.extend(self.live.drain(..).map(|it| (it.id, it)));
    }

    /// Nothing comes again: the broker does not know the session any more, or has begun to send new messages.
    pub(super) fn forget(&mut self) {
        self.stale.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is due, taken.
    fn due(ledger: &mut Ledger) -> Vec<u16> {
        let mut ids = Vec::new();
        ledger.release(|id| {
            ids.push(id);
            true
        });
        ids
    }

    fn arrive(ledger: &mut Ledger, sequence: u64, split: usize, id: u16) {
        let payload = Bytes::from(sequence.to_string());
        ledger.arrived(sequence, split, id, Arc::from("t"), payload);
    }

    #[test]
    fn acknowledgements_keep_the_order_of_arrival_over_splits() {
        let mut ledger = Ledger::default();
        arrive(&mut ledger, 1, 0, 11);
        arrive(&mut ledger, 2, 1, 12);
        arrive(&mut ledger, 3, 0, 13);
        ledger.acknowledge(1, 2);
        assert_eq!(due(&mut ledger), [] as [u16; 0]);
        ledger.acknowledge(0, 3);
        assert_eq!(due(&mut ledger), [11, 12, 13]);
    }

    #[test]
    fn what_the_connection_has_no_room_for_stays_due() {
        let mut ledger = Ledger::default();
        for id in 1..=3 {
            arrive(&mut ledger, u64::from(id), 0, id);
        }
        ledger.acknowledge(0, 3);
        let mut room = 2;
        ledger.release(|_| {
            room -= 1;
            room >= 0
        });
        assert!(ledger.is_due());
        assert_eq!(due(&mut ledger), [3]);
    }

    #[test]
    fn nothing_of_an_old_connection_is_acknowledged_on_a_new_one() {
        let mut ledger = Ledger::default();
        arrive(&mut ledger, 1, 0, 11);
        ledger.lost();
        ledger.acknowledge(0, 1);
        assert_eq!(due(&mut ledger), [] as [u16; 0]);
    }

    #[test]
    fn a_message_that_comes_again_is_recognized_and_acknowledged_when_it_is_inside() {
        let mut ledger = Ledger::default();
        arrive(&mut ledger, 1, 0, 11);
        arrive(&mut ledger, 2, 0, 12);
        ledger.lost();
        ledger.acknowledge(0, 1);
        assert!(ledger.redelivered(11, "t", b"1"));
        assert!(ledger.redelivered(12, "t", b"2"));
        assert_eq!(due(&mut ledger), [11]);
        ledger.acknowledge(0, 2);
        assert_eq!(due(&mut ledger), [12]);
    }

    #[test]
    fn another_message_under_the_same_id_is_another_message() {
        let mut ledger = Ledger::default();
        arrive(&mut ledger, 1, 0, 11);
        ledger.lost();
        assert!(!ledger.redelivered(11, "t", b"other"));
        assert!(!ledger.redelivered(11, "u", b"1"));
        ledger.forget();
        assert!(!ledger.redelivered(11, "t", b"1"));
    }
}
