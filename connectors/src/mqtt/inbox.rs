//! Where the receive task leaves messages and the source picks them up.
//!
//! ```text
//!  receive task ── connected, events, disconnected ──► ┌ queue of split 0 ┐
//!                                                      │ queue of split 1 │ ── take ──► Source::poll
//!                                                      └ ledger           ┘ ◄─ acknowledge
//! ```
//!
//! It is bounded: the broker sends at most `receive_maximum` messages of QoS 1 ahead of their acknowledgement, and messages
//! of QoS 0 beyond the byte budget are dropped and counted. Some brokers do not keep to the first (Mosquitto 2.0 sends a
//! resumed session everything it has), and messages may be larger than those before; so when what waits does not fit the
//! budget all the same, the task reads the network slowly until there is room again.

use super::client::Remote;
use super::ledger::{Id, Ledger};
use super::router::Routed;
use engine::error::Error;
use engine::source::{Message, SplitEvent};
use engine::time::Timestamp;
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;
use tokio::sync::Notify;

/// Messages of a batch that were received further apart than this (µs) are handed out apart, since a batch has one time
/// of receipt.
const RECEIVED_APART_MAX: i64 = 50_000;

/// The shared state of a source and its task.
pub(super) struct Inbox {
    queues: Vec<Queue>,
    ledger: Ledger,
    /// The connection that acknowledgements go to; none while there is none.
    remote: Option<Arc<dyn Remote>>,
    /// Whether the subscriptions stand.
    live: bool,
    /// The place of the next item among all.
    next: u64,
    /// Payload bytes in the queues, and how many there may be before messages of QoS 0 are dropped.
    bytes: usize,
    budget: usize,
    /// The largest payload seen.
    largest: usize,
    losses: (u64, u64),
    failed: Option<Error>,
    /// Whether the connection is to be ended as soon as everything due is acknowledged.
    closing: bool,
    waiting: bool,
    waker: Waker,
    /// Tells the task that there is room again.
    room: Arc<Notify>,
}

/// What waits of one subscription.
#[derive(Default)]
struct Queue {
    items: VecDeque<(u64, Item)>,
    /// Whether it was said that nothing waits.
    caught_up: bool,
}

#[allow(clippy::large_enum_variant, reason = "nearly all are messages")]
enum Item {
    Message(Message, Timestamp),
    Event(SplitEvent),
}

/// What the source gets.
pub(super) enum Taken {
    /// Messages of one subscription, the place of the last one, and when the first was received.
    Messages(usize, Vec<Message>, u64, Timestamp),
    /// Something about a subscription.
    Event(usize, SplitEvent),
    /// Nothing.
    Nothing,
}

impl Inbox {
    pub(super) fn new(splits: usize, budget: usize, waker: Waker) -> Self {
        Self {
            queues: (0..splits).map(|_| Queue::default()).collect(),
            ledger: Ledger::default(),
            remote: None,
            live: false,
            next: 1,
            bytes: 0,
            budget,
            largest: 0,
            losses: (0, 0),
            failed: None,
            closing: false,
            waiting: false,
            waker,
            room: Arc::default(),
        }
    }

    // The task's side.

    /// How many messages the broker may send ahead, so that they fit the budget if they are as large as those so far.
    pub(super) fn receive_maximum(&self, most: u16) -> u16 {
        let fit = self.budget / self.largest.max(1);
        most.min(u16::try_from(fit).unwrap_or(u16::MAX)).max(1)
    }

    /// A connection is there.
    pub(super) fn connected(&mut self, remote: Arc<dyn Remote>, session_present: bool) {
        if !session_present {
            self.ledger.forget_session();
        }
        self.remote = Some(remote);
        if self.closing {
            self.tell();
        }
    }

    /// The subscriptions stand.
    pub(super) fn live(&mut self) {
        self.live = true;
        self.event(SplitEvent::Live);
    }

    /// The connection is gone.
    pub(super) fn disconnected(&mut self) {
        if self.remote.take().is_some() {
            self.ledger.lost();
        }
        if std::mem::take(&mut self.live) {
            self.event(SplitEvent::Disconnected);
        }
    }

    /// Nothing comes any more, and why.
    pub(super) fn fail(&mut self, error: Error) {
        self.disconnected();
        self.failed = Some(error);
        self.wake();
    }

    /// Messages came.
    pub(super) fn receive(&mut self, messages: Vec<Routed>, now: Timestamp) {
        for routed in messages {
            self.receive_one(routed, now);
        }
        self.tell();
        self.wake();
    }

    fn receive_one(&mut self, routed: Routed, now: Timestamp) {
        let Routed { id: number, exactly_once, again, topic, message, payload } = routed;
        let id = Id { number, exactly_once };
        if number != 0
            && (self.ledger.is_held(id) || again && self.ledger.redelivered(id, &topic, &payload))
        {
            return;
        }
        if number != 0 && !again {
            self.ledger.forget();
        }
        self.largest = self.largest.max(payload.len());
        let Some((split, message)) = message else {
            self.losses.0 += 1;
            if number != 0 {
                self.ledger.arrived_in_vain(id);
            }
            return;
        };
        if number == 0 && self.bytes > 0 && self.bytes + payload.len() > self.budget {
            self.losses.1 += 1;
            return;
        }
        self.bytes += payload.len();
        let sequence = self.push(split, Item::Message(message, now));
        if number != 0 {
            self.ledger.arrived(sequence, split, id, topic, payload);
        }
    }

    /// The broker has released an id of QoS 2.
    pub(super) fn released(&mut self, id: u16) {
        self.ledger.released(id);
    }

    fn event(&mut self, event: SplitEvent) {
        for split in 0..self.queues.len() {
            self.push(split, Item::Event(event));
        }
        self.wake();
    }

    fn push(&mut self, split: usize, item: Item) -> u64 {
        let sequence = self.next;
        self.next += 1;
        let queue = &mut self.queues[split];
        queue.items.push_back((sequence, item));
        queue.caught_up = false;
        sequence
    }

    fn wake(&mut self) {
        if std::mem::take(&mut self.waiting) {
            self.waker.wake_by_ref();
        }
    }

    /// What to wait for before the network is read on; none: there is room.
    pub(super) fn wait_for_room(&self) -> Option<Arc<Notify>> {
        (self.is_full() && !self.closing).then(|| Arc::clone(&self.room))
    }

    fn is_full(&self) -> bool {
        self.bytes > self.budget
    }

    // The source's side.

    /// What came first; of messages, as many as stand behind it in its queue and fit `limit` bytes.
    pub(super) fn take(&mut self, limit: usize) -> Result<Taken, Error> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let first = |queue: &Queue| queue.items.front().map(|(sequence, _)| *sequence);
        let oldest = (0..self.queues.len()).filter(|&i| first(&self.queues[i]).is_some());
        let Some(split) = oldest.min_by_key(|&i| first(&self.queues[i])) else {
            return Ok(self.nothing());
        };
        let items = &mut self.queues[split].items;
        if let Some((_, Item::Event(event))) = items.front() {
            let event = *event;
            items.pop_front();
            return Ok(Taken::Event(split, event));
        }
        let (mut messages, mut last, mut received, mut bytes) = (Vec::new(), 0, None, 0);
        while let Some((sequence, Item::Message(message, at))) = items.front() {
            let first = *received.get_or_insert(*at);
            let full = bytes + message.payload.len() > limit || at - first > RECEIVED_APART_MAX;
            if full && !messages.is_empty() {
                break;
            }
            last = *sequence;
            bytes += message.payload.len();
            if let Some((_, Item::Message(message, _))) = items.pop_front() {
                messages.push(message);
            }
        }
        let was_full = self.is_full();
        self.bytes -= bytes;
        if was_full && !self.is_full() {
            self.room.notify_one();
        }
        Ok(Taken::Messages(split, messages, last, received.unwrap_or_default()))
    }

    /// Says once of every connected subscription that it has caught up, then nothing.
    fn nothing(&mut self) -> Taken {
        if self.live
            && let Some(split) = self.queues.iter().position(|it| !it.caught_up)
        {
            self.queues[split].caught_up = true;
            return Taken::Event(split, SplitEvent::CaughtUp);
        }
        self.waiting = true;
        Taken::Nothing
    }

    /// Rows of a subscription up to this place are inside.
    pub(super) fn acknowledge(&mut self, split: usize, sequence: u64) {
        self.ledger.acknowledge(split, sequence);
        self.tell();
    }

    /// Acknowledges what is due, as far as the connection has room; the rest is tried again when it has told some.
    pub(super) fn tell(&mut self) {
        if let Some(remote) = &self.remote {
            self.ledger.release(|id| remote.acknowledge(id.number, id.exactly_once));
            if self.closing && !self.ledger.is_due() {
                self.closing = !remote.disconnect(false);
            }
        }
    }

    /// Says good-bye once everything due is acknowledged.
    pub(super) fn close(&mut self) {
        self.closing = true;
        self.tell();
    }

    /// Messages left out by policy and dropped beyond the budget, since the last call.
    pub(super) fn losses(&mut self) -> (u64, u64) {
        std::mem::take(&mut self.losses)
    }
}
