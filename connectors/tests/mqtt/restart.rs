//! Brokers and pipelines that go away and come back.

use super::rig::{drain, feed, int, messages, payload, text, topic};
use crate::support::peer::Peer;
use crate::support::server::{HiveMq, Mosquitto};
use engine::source::{Polled, SplitEvent};
use std::collections::BTreeMap;

const MESSAGES: usize = 100_000;
const WINDOW: usize = 4096;

fn numbers(range: std::ops::Range<usize>) -> impl Iterator<Item = (String, Vec<u8>)> {
    range.map(|i| (format!("devices/{}", i % 100), i.to_string().into_bytes()))
}

/// The order is not asserted here: this Mosquitto lets new messages overtake those that wait for room in the window.
#[test]
fn a_broker_restart_in_the_middle_loses_no_message() {
    let mut server = Mosquitto::start("restart", &["persistent"]);
    let port = server.port();
    let options = [("url", text(&server.url())), ("topic", text("devices/{device}"))];
    let mut source = feed(&options).unwrap();
    let reader = std::thread::spawn(move || {
        let mut seen: BTreeMap<usize, usize> = BTreeMap::new();
        let mut interruptions = 0;
        while seen.len() < MESSAGES {
            let payloads = match source.poll().unwrap() {
                Polled::Payloads(payloads) => payloads,
                Polled::Split(_, SplitEvent::Disconnected) => {
                    interruptions += 1;
                    continue;
                }
                _ => continue,
            };
            source.source.acknowledge(&payloads.split, &payloads.position).unwrap();
            for message in messages(payloads) {
                let number: usize = payload(&message).parse().unwrap();
                *seen.entry(number).or_default() += 1;
            }
        }
        source.source.close().unwrap();
        (seen, interruptions)
    });
    let peer = Peer::at(port);
    peer.publish(numbers(0..MESSAGES / 2), 1, false);
    server.stop();
    server.start_again();
    peer.publish(numbers(MESSAGES / 2..MESSAGES), 1, false);
    let (seen, interruptions) = reader.join().unwrap();
    assert!(seen.keys().copied().eq(0..MESSAGES));
    assert_eq!(interruptions, 1);
    // Twice come at most those whose acknowledgement was on its way when the connection broke. What waited inside is known
    // when it comes again. This broker keeps to the window, but for sessions that it resumes, and that one did not break.
    let twice: usize = seen.values().map(|times| times - 1).sum();
    let most = seen.values().max();
    assert!(twice <= WINDOW, "{twice} too many came, one of them {most:?} times");
}

/// Over `HiveMQ`, which keeps on disk what it has acknowledged: so in the end nothing may be missing.
#[test]
fn a_broker_that_is_killed_in_the_middle_costs_no_row_and_no_order() {
    const ROWS: i64 = 20_000;
    const KEYS: [&str; 3] = ["a", "b", "c"];
    let key = |n: i64| KEYS[n as usize % KEYS.len()];
    let mut server = HiveMq::start("killed");
    let url = text(&server.url());
    let mut source = feed(&[("url", url.clone()), ("topic", text("out/{key}"))]).unwrap();
    source.until(SplitEvent::CaughtUp);
    let options = [("url", url), ("topic", topic(&["out/", "{key}"]))];
    let mut sink = drain(&options).unwrap();
    let writer = std::thread::spawn(move || {
        for start in (0..ROWS).step_by(100) {
            let rows: Vec<_> = (start..start + 100).map(|n| (Some(key(n)), n)).collect();
            assert!(sink.write(&rows).is_empty());
        }
        sink.prepare().unwrap();
        sink.finish();
        sink.sink.sent().retries
    });
    let mut ends: BTreeMap<String, i64> = BTreeMap::new();
    let (mut count, mut killed) = (0, false);
    while count < ROWS {
        let payloads = source.payloads().unwrap();
        source.source.acknowledge(&payloads.split, &payloads.position).unwrap();
        for message in messages(payloads) {
            let number: i64 = payload(&message).parse().unwrap();
            let first = KEYS.iter().position(|it| *it == message.captures[0]).unwrap() as i64;
            let end = ends.entry(message.captures[0].clone()).or_insert(first - 3);
            // One that came before may come again; one that is new is the next of its key.
            assert!(number <= *end || number == *end + 3, "{number} came behind {end}");
            count += i64::from(number > *end);
            *end = number.max(*end);
        }
        if !killed && count > ROWS / 4 {
            killed = true;
            server.kill();
            server.start_again();
        }
    }
    assert!(writer.join().unwrap() > 0, "the connection broke in the middle");
}

#[test]
fn rows_that_the_engine_holds_are_not_doubled_by_a_reconnect() {
    let mut server = Mosquitto::start("redelivery", &["persistent"]);
    let options = [("url", text(&server.url())), ("topic", text("devices/{device}"))];
    let mut source = feed(&options).unwrap();
    let peer = Peer::at(server.port());
    peer.publish(numbers(0..1000), 1, false);
    let mut found = Vec::new();
    let mut position = None;
    while found.len() < 1000 {
        let payloads = source.payloads().unwrap();
        position = Some((payloads.split.clone(), payloads.position.clone()));
        found.extend(messages(payloads));
    }
    server.stop();
    source.until(SplitEvent::Disconnected);
    // In the engine only now, while nobody is there to be told.
    let (split, position) = position.unwrap();
    source.source.acknowledge(&split, &position).unwrap();
    server.start_again();
    source.until(SplitEvent::Live);
    peer.publish(numbers(1000..1001), 1, false);
    let behind = source.take(1);
    assert_eq!(behind.iter().map(payload).collect::<Vec<_>>(), ["1000"]);
    // And the broker was told in the end: nothing is left for the next run.
    source.source.close().unwrap();
    drop(source);
    let mut source = feed(&options).unwrap();
    assert!(source.until(SplitEvent::CaughtUp).is_empty());
}

#[test]
fn the_session_outlives_the_pipeline() {
    let server = Mosquitto::start("session", &[]);
    let options = [("url", text(&server.url())), ("topic", text("devices/{device}"))];
    let peer = Peer::at(server.port());
    let mut source = feed(&options).unwrap();
    peer.publish(numbers(0..10), 1, false);
    // Five of them get into the engine.
    let mut inside = 0;
    while inside < 5 {
        let Polled::Payloads(payloads) = source.poll_within(1).unwrap() else { continue };
        source.source.acknowledge(&payloads.split, &payloads.position).unwrap();
        inside += messages(payloads).len();
    }
    source.source.close().unwrap();
    drop(source);
    peer.publish(numbers(10..20), 1, false);
    let mut source = feed(&options).unwrap();
    let found = source.take(20 - inside);
    let found: Vec<usize> = found.iter().map(|it| payload(it).parse().unwrap()).collect();
    assert_eq!(found, (inside..20).collect::<Vec<_>>());
}

#[test]
fn a_broker_that_forgot_the_session_is_subscribed_to_again() {
    let mut server = Mosquitto::start("forgetful", &[]);
    let options = [
        ("url", text(&server.url())),
        ("topic", text("devices/{device}")),
        ("receive_maximum", int(100)),
    ];
    let mut source = feed(&options).unwrap();
    source.until(SplitEvent::CaughtUp);
    server.kill();
    source.until(SplitEvent::Disconnected);
    server.start_again();
    source.until(SplitEvent::Live);
    Peer::at(server.port()).publish(numbers(0..1), 1, false);
    assert_eq!(payload(&source.take(1)[0]), "0");
}
