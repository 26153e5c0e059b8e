//! Tests: what is acknowledged, in which order, and what is known when it comes again.

use super::*;

/// Of QoS 1.
fn once(number: u16) -> Id {
    Id { number, exactly_once: false }
}

/// What is due, taken.
fn due(ledger: &mut Ledger) -> Vec<u16> {
    let mut ids = Vec::new();
    ledger.release(|id| {
        ids.push(id.number);
        true
    });
    ids
}

fn arrive(ledger: &mut Ledger, sequence: u64, split: usize, id: u16) {
    let payload = Bytes::from(sequence.to_string());
    ledger.arrived(sequence, split, once(id), Arc::from("t"), payload);
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
    assert!(ledger.redelivered(once(11), "t", b"1"));
    assert!(ledger.redelivered(once(12), "t", b"2"));
    assert_eq!(due(&mut ledger), [11]);
    ledger.acknowledge(0, 2);
    assert_eq!(due(&mut ledger), [12]);
}

#[test]
fn another_message_under_the_same_id_is_another_message() {
    let mut ledger = Ledger::default();
    arrive(&mut ledger, 1, 0, 11);
    ledger.lost();
    assert!(!ledger.redelivered(once(11), "t", b"other"));
    assert!(!ledger.redelivered(once(11), "u", b"1"));
    ledger.forget();
    assert!(!ledger.redelivered(once(11), "t", b"1"));
}

#[test]
fn a_message_of_qos_2_is_known_until_its_id_is_released() {
    let mut ledger = Ledger::default();
    let id = Id { number: 11, exactly_once: true };
    let arrive = |ledger: &mut Ledger, sequence| {
        ledger.arrived(sequence, 0, id, Arc::from("t"), Bytes::from_static(b"x"));
    };
    arrive(&mut ledger, 1);
    assert!(!ledger.is_held(id), "nothing was said about it yet");
    ledger.acknowledge(0, 1);
    assert_eq!(due(&mut ledger), [11]);
    // What was said got lost: it comes again, and the same is said.
    ledger.lost();
    assert!(ledger.is_held(id));
    assert_eq!(due(&mut ledger), [11]);
    ledger.forget();
    assert!(ledger.is_held(id), "other messages do not end it");
    due(&mut ledger);
    ledger.released(11);
    assert!(!ledger.is_held(id));
    arrive(&mut ledger, 2);
    ledger.acknowledge(0, 2);
    due(&mut ledger);
    ledger.forget_session();
    assert!(!ledger.is_held(id), "in a new session the id means another message");
}
