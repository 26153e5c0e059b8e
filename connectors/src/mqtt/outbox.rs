//! What the sink has taken and the broker has not acknowledged, in order.
//!
//! ```text
//!   front                                           back
//!   │ sent, has a packet id │ handed to the link │ waits │
//!   └────────── in flight: at most `window` ─────┘
//! ```
//!
//! A new connection sends everything again that is still here, from the front on. So the order of the rows is the order
//! in which each of them arrives for the first time, over any number of connections.

use super::client::{Event, Remote};
use bytes::Bytes;
use engine::error::Error;
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

/// The shared state of a sink and its task.
#[expect(clippy::struct_excessive_bools, reason = "each says another thing about one connection")]
pub(super) struct Outbox {
    queue: VecDeque<Message>,
    /// The number of the message in front.
    first: u64,
    /// How many are done and stand behind one that is not.
    done: usize,
    /// How many messages in front were handed to the link, and how many of them have a packet id.
    handed: usize,
    sent: usize,
    /// Message numbers by packet id.
    numbers: Vec<u64>,
    /// How many may be handed over ahead of their acknowledgement.
    window: usize,
    /// The largest packet that the broker takes.
    packet_max: usize,
    remote: Option<Arc<dyn Remote>>,
    qos: u8,
    retain: bool,
    bytes: usize,
    budget: usize,
    failed: Option<Error>,
    closing: bool,
    /// Whether somebody waits for room, or for everything to be gone.
    waiting: bool,
    /// Whether somebody wants to know when everything is gone, and does nothing else meanwhile.
    watched: bool,
    waker: Waker,
}

/// One message.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) topic: String,
    pub(super) payload: Bytes,
    done: bool,
}

impl Message {
    pub(super) fn new(topic: String, payload: Bytes) -> Self {
        Self { topic, payload, done: false }
    }

    fn bytes(&self) -> usize {
        self.topic.len() + self.payload.len() + size_of::<Self>()
    }
}

impl Outbox {
    pub(super) fn new(qos: u8, retain: bool, budget: usize, waker: Waker) -> Self {
        Self {
            queue: VecDeque::new(),
            first: 0,
            done: 0,
            handed: 0,
            sent: 0,
            numbers: Vec::new(),
            window: 0,
            packet_max: usize::MAX,
            remote: None,
            qos,
            retain,
            bytes: 0,
            budget,
            failed: None,
            closing: false,
            waiting: false,
            watched: false,
            waker,
        }
    }

    // The sink's side.

    /// Whether there is room; if not, the waker will be called.
    pub(super) fn has_room(&mut self) -> Result<bool, Error> {
        self.check()?;
        self.waiting = self.bytes >= self.budget && !self.queue.is_empty();
        Ok(!self.waiting)
    }

    /// Whether everything was acknowledged; if not, the waker will be called.
    pub(super) fn is_empty(&mut self) -> Result<bool, Error> {
        self.check()?;
        self.waiting = !self.queue.is_empty();
        Ok(!self.waiting)
    }

    fn check(&mut self) -> Result<(), Error> {
        self.failed.take().map_or(Ok(()), Err)
    }

    /// Takes messages, and sends as many as may be sent.
    pub(super) fn add(&mut self, messages: Vec<Message>) {
        self.bytes += messages.iter().map(Message::bytes).sum::<usize>();
        self.queue.extend(messages);
        self.hand_over();
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many messages are not delivered as far as is known: acknowledged, or written to the network at QoS 0. The waker
    /// is called when there are none any more.
    pub(super) fn waiting(&mut self) -> u64 {
        self.watched = !self.queue.is_empty();
        (self.queue.len() - self.done) as u64
    }

    /// The largest packet that the broker takes.
    pub(super) fn packet_max(&self) -> usize {
        self.packet_max
    }

    /// Says good-bye, now or as soon as there is a connection.
    pub(super) fn close(&mut self) {
        self.closing = true;
        if let Some(remote) = &self.remote {
            remote.disconnect();
        }
    }

    // The task's side.

    /// A connection is there: everything that is not acknowledged goes out (again).
    pub(super) fn connected(&mut self, remote: Arc<dyn Remote>, window: u16, packet_max: usize) {
        self.window = usize::from(window);
        self.packet_max = packet_max;
        self.numbers = vec![u64::MAX; self.window + 1];
        self.remote = Some(remote);
        self.hand_over();
        if self.closing {
            self.close();
        }
    }

    /// The connection is gone.
    pub(super) fn disconnected(&mut self) {
        self.remote = None;
        self.handed = 0;
        self.sent = 0;
        // Acknowledged behind one that was not: it need not go out again.
        self.queue.retain(|it| !it.done);
        self.done = 0;
        self.bytes = self.queue.iter().map(Message::bytes).sum();
        self.wake();
    }

    /// Sending makes no sense any more.
    pub(super) fn fail(&mut self, error: Error) {
        self.disconnected();
        self.failed = Some(error);
        self.waiting = true;
        self.wake();
    }

    /// Something happened on the connection. An error tells which message the broker refused, and why.
    pub(super) fn handle(&mut self, events: &mut Vec<Event>) -> Result<Handled, Refused> {
        let mut handled = Handled::GoOn;
        for event in events.drain(..) {
            match event {
                Event::Sent(id) => self.note_sent(id),
                Event::Acknowledged { id, refusal } => {
                    if let Some(message) = self.by_id(id) {
                        if let Some(reason) = refusal {
                            return Err(Refused { topic: message.topic.clone(), reason });
                        }
                        let first_time = !std::mem::replace(&mut message.done, true);
                        self.done += usize::from(first_time);
                    }
                }
                Event::Closed => handled = Handled::Closed,
                Event::Message(_) | Event::Subscribed(_) | Event::Told => {}
            }
        }
        self.forget_done();
        self.hand_over();
        Ok(handled)
    }

    fn note_sent(&mut self, id: u16) {
        let number = self.first + self.sent as u64;
        self.sent += 1;
        if let Some(slot) = self.numbers.get_mut(usize::from(id)).filter(|_| id != 0) {
            *slot = number;
        } else if let Some(message) = self.queue.get_mut(self.sent - 1) {
            // QoS 0: written to the network is all there is to know.
            message.done = true;
            self.done += 1;
        }
    }

    fn by_id(&mut self, id: u16) -> Option<&mut Message> {
        let number = self.numbers.get(usize::from(id)).filter(|_| id != 0)?;
        let place = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.queue.get_mut(place).filter(|_| place < self.sent)
    }

    fn forget_done(&mut self) {
        while let Some(message) = self.queue.pop_front_if(|it| it.done) {
            self.bytes -= message.bytes();
            self.done -= 1;
            self.first += 1;
            self.handed -= 1;
            self.sent -= 1;
        }
        if self.queue.is_empty() || self.bytes < self.budget / 2 {
            self.wake();
        }
        if self.queue.is_empty() && std::mem::take(&mut self.watched) {
            self.waker.wake_by_ref();
        }
    }

    fn hand_over(&mut self) {
        let Some(remote) = &self.remote else { return };
        while self.handed < self.window
            && let Some(message) = self.queue.get(self.handed)
            && remote.publish(&message.topic, &message.payload, self.qos, self.retain)
        {
            self.handed += 1;
        }
    }

    fn wake(&mut self) {
        if std::mem::take(&mut self.waiting) {
            self.waker.wake_by_ref();
        }
    }
}

/// What to do after events were handled.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Handled {
    /// Wait for more.
    GoOn,
    /// The connection was closed as we wished.
    Closed,
}

/// A message that the broker will not take.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) topic: String,
    pub(super) reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Notes what is published, and takes everything.
    #[derive(Default)]
    struct Wire(Mutex<Vec<String>>);

    impl Wire {
        fn take(&self) -> Vec<String> {
            std::mem::take(&mut *self.0.lock().unwrap())
        }
    }

    impl Remote for Wire {
        fn subscribe(&self, _: &[String], _: u8) -> bool {
            true
        }
        fn publish(&self, topic: &str, _: &Bytes, _: u8, _: bool) -> bool {
            self.0.lock().unwrap().push(topic.to_owned());
            true
        }
        fn acknowledge(&self, _: u16) -> bool {
            true
        }
        fn disconnect(&self) -> bool {
            true
        }
    }

    fn outbox(qos: u8, names: &str) -> Outbox {
        let mut outbox = Outbox::new(qos, false, 1 << 20, Waker::noop().clone());
        let message = |it: char| Message::new(it.to_string(), Bytes::from_static(b"x"));
        outbox.add(names.chars().map(message).collect());
        outbox
    }

    fn acknowledged(id: u16) -> Event {
        Event::Acknowledged { id, refusal: None }
    }

    #[test]
    fn at_most_a_window_is_in_flight() {
        let wire = Arc::new(Wire::default());
        let mut outbox = outbox(1, "abcd");
        outbox.connected(wire.clone(), 2, usize::MAX);
        assert_eq!(wire.take(), ["a", "b"]);
        outbox.handle(&mut vec![Event::Sent(1), Event::Sent(2), acknowledged(1)]).unwrap();
        assert_eq!(wire.take(), ["c"]);
        assert!(!outbox.is_empty().unwrap());
    }

    #[test]
    fn what_was_not_acknowledged_goes_out_again_in_order() {
        let mut outbox = outbox(1, "abcd");
        outbox.connected(Arc::new(Wire::default()), 9, usize::MAX);
        let sent = [Event::Sent(1), Event::Sent(2), Event::Sent(3)];
        outbox
            .handle(&mut sent.into_iter().chain([acknowledged(1), acknowledged(3)]).collect())
            .unwrap();
        outbox.disconnected();
        let wire = Arc::new(Wire::default());
        outbox.connected(wire.clone(), 9, usize::MAX);
        assert_eq!(wire.take(), ["b", "d"]);
        let all = [Event::Sent(1), Event::Sent(2), acknowledged(1), acknowledged(2)];
        outbox.handle(&mut all.into_iter().collect()).unwrap();
        assert!(outbox.is_empty().unwrap());
        assert_eq!(outbox.bytes(), 0);
    }

    #[test]
    fn an_acknowledgement_of_an_older_connection_means_nothing() {
        let mut outbox = outbox(1, "ab");
        outbox.connected(Arc::new(Wire::default()), 9, usize::MAX);
        outbox.handle(&mut vec![Event::Sent(7)]).unwrap();
        outbox.disconnected();
        outbox.connected(Arc::new(Wire::default()), 9, usize::MAX);
        outbox.handle(&mut vec![acknowledged(7)]).unwrap();
        assert!(!outbox.is_empty().unwrap());
    }

    #[test]
    fn a_message_of_qos_0_is_done_when_it_is_written() {
        let mut outbox = outbox(0, "a");
        outbox.connected(Arc::new(Wire::default()), 9, usize::MAX);
        outbox.handle(&mut vec![Event::Sent(0)]).unwrap();
        assert!(outbox.is_empty().unwrap());
    }

    #[test]
    fn a_refusal_names_its_topic() {
        let mut outbox = outbox(1, "a");
        outbox.connected(Arc::new(Wire::default()), 9, usize::MAX);
        let refusal = Event::Acknowledged { id: 1, refusal: Some("not authorized".into()) };
        let refused = outbox.handle(&mut vec![Event::Sent(1), refusal]).unwrap_err();
        assert_eq!(refused.topic, "a");
    }
}
