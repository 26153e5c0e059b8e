//! Tests: what is on its way, over connections that break, at every quality of service.

use super::super::client::Subscription;
use super::*;
use crate::common::lock;
use bytes::Bytes;
use std::sync::Mutex;
use std::task::Waker;

/// Notes what is ordered, and takes everything.
#[derive(Default)]
struct Wire(Mutex<Vec<String>>);

impl Wire {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.0))
    }

    fn note(&self, what: String) -> bool {
        lock(&self.0).push(what);
        true
    }
}

impl Remote for Wire {
    fn subscribe(&self, _: &[String], _: Subscription) -> bool {
        true
    }
    fn publish(&self, message: &Outgoing, _: u8, id: u16, again: bool) -> bool {
        let topic = std::str::from_utf8(&message.topic).unwrap();
        self.note(format!("{topic}{id}{}", if again { " again" } else { "" }))
    }
    fn release(&self, id: u16) -> bool {
        self.note(format!("release {id}"))
    }
    fn acknowledge(&self, _: u16, _: bool) -> bool {
        true
    }
    fn disconnect(&self, _: bool) -> bool {
        true
    }
}

fn accepted(send_maximum: u16, session_present: bool) -> Accepted {
    Accepted {
        session_present,
        send_maximum,
        max_packet: usize::MAX,
        qos: 2,
        retains: true,
        shares: true,
    }
}

/// An outbox with a message a letter.
fn outbox(qos: u8, names: &str) -> Outbox {
    let pool = Arc::new(Pool::new(1 << 20, false, Waker::noop().clone()));
    let mut outbox = Outbox::new(qos, 9, pool);
    let message = |it: char| {
        let topic = Bytes::from(it.to_string());
        (Outgoing { topic, payload: "x".into(), ..Outgoing::default() }, None)
    };
    outbox.add(names.chars().map(message));
    outbox
}

/// A new connection, and what it is ordered at once.
fn connect(outbox: &mut Outbox, window: u16, known: bool) -> Arc<Wire> {
    let wire = Arc::new(Wire::default());
    outbox.connected(wire.clone(), &accepted(window, known));
    wire
}

fn acknowledged(id: u16) -> Event {
    Event::Acknowledged { id, refusal: None }
}

fn handle(outbox: &mut Outbox, events: impl IntoIterator<Item = Event>) -> Handled {
    outbox.handle(&mut events.into_iter().collect()).unwrap()
}

#[test]
fn at_most_a_window_is_in_flight() {
    let mut outbox = outbox(1, "abcd");
    let wire = connect(&mut outbox, 2, false);
    assert_eq!(wire.take(), ["a1", "b2"]);
    handle(&mut outbox, [acknowledged(2)]);
    assert_eq!(wire.take(), [""; 0], "the window moves on when its front is done");
    handle(&mut outbox, [acknowledged(1)]);
    assert_eq!(wire.take(), ["c3", "d4"]);
    assert!(!outbox.pool.is_empty().unwrap());
}

#[test]
fn ids_begin_anew_when_all_were_given() {
    let mut outbox = outbox(1, "abcdefghij");
    let wire = connect(&mut outbox, 100, false);
    assert_eq!(wire.take().last().unwrap(), "i9");
    handle(&mut outbox, [acknowledged(1)]);
    assert_eq!(wire.take(), ["j1"]);
    handle(&mut outbox, (1..=9).map(acknowledged));
    assert!(outbox.pool.is_empty().unwrap());
    assert_eq!(outbox.pool.bytes(), 0);
}

#[test]
fn what_was_not_acknowledged_goes_out_again_in_order() {
    let mut outbox = outbox(1, "abcd");
    connect(&mut outbox, 9, false);
    handle(&mut outbox, [acknowledged(1), acknowledged(3)]);
    outbox.disconnected();
    let wire = connect(&mut outbox, 9, false);
    assert_eq!(wire.take(), ["b2", "d4"]);
    handle(&mut outbox, [acknowledged(2), acknowledged(4)]);
    assert!(outbox.pool.is_empty().unwrap());
    assert_eq!(outbox.pool.bytes(), 0);
}

#[test]
fn an_acknowledgement_of_what_is_not_on_its_way_means_nothing() {
    let mut outbox = outbox(1, "ab");
    handle(&mut outbox, [acknowledged(1)]);
    connect(&mut outbox, 1, false);
    handle(&mut outbox, [acknowledged(0), acknowledged(2), acknowledged(7)]);
    assert_eq!(outbox.pool.unwritten(), 2);
}

#[test]
fn a_message_of_qos_0_is_done_when_it_is_written() {
    let mut outbox = outbox(0, "ab");
    let wire = connect(&mut outbox, 9, false);
    assert_eq!(wire.take(), ["a0", "b0"]);
    handle(&mut outbox, [Event::Written]);
    assert_eq!(outbox.pool.unwritten(), 1);
    handle(&mut outbox, [Event::Written]);
    assert!(outbox.pool.is_empty().unwrap());
}

#[test]
fn at_qos_2_each_goes_on_where_it_was_as_long_as_the_session_is_known() {
    let mut outbox = outbox(2, "abcd");
    let wire = connect(&mut outbox, 9, false);
    wire.take();
    handle(&mut outbox, [Event::Held(1), Event::Held(2), acknowledged(1)]);
    assert_eq!(wire.take(), ["release 1", "release 2"]);
    outbox.disconnected();
    let wire = connect(&mut outbox, 9, true);
    assert_eq!(wire.take(), ["release 2", "c3 again", "d4 again"]);
    outbox.disconnected();
    // A broker that has forgotten gets everything anew.
    let wire = connect(&mut outbox, 9, false);
    assert_eq!(wire.take(), ["b2", "c3", "d4"]);
    handle(&mut outbox, [2, 3, 4].map(Event::Held));
    handle(&mut outbox, [2, 3, 4].map(acknowledged));
    assert!(outbox.pool.is_empty().unwrap());
}

#[test]
fn a_refusal_names_its_topic() {
    let mut outbox = outbox(1, "a");
    connect(&mut outbox, 9, false);
    let refusal = Event::Acknowledged { id: 1, refusal: Some("not authorized".into()) };
    let refused = outbox.handle(&mut vec![refusal]).unwrap_err();
    assert_eq!((&*refused.topic, &*refused.reason), ("a", "not authorized"));
}
