//! Memory stays bounded, and what does not fit is said.

use super::rig::{PATIENCE, feed, feed_within, int, messages, text};
use crate::support::peer::Peer;
use crate::support::server::Mosquitto;
use engine::source::{Polled, SplitEvent};
use engine::time::{Clock, SystemClock};
use std::io::{Read, Write};
use std::net::TcpListener;

fn numbers(count: usize, size: usize) -> impl Iterator<Item = (String, Vec<u8>)> {
    (0..count).map(move |i| ("a".to_owned(), format!("{i:size$}").into_bytes()))
}

#[test]
fn the_broker_waits_for_acknowledgements_at_qos_1() {
    let server = Mosquitto::start("window", &[]);
    let options =
        [("url", text(&server.url())), ("topic", text("a")), ("receive_maximum", int(10))];
    let mut source = feed(&options).unwrap();
    source.until(SplitEvent::CaughtUp);
    Peer::at(server.port()).publish(numbers(30, 0), 1, false);
    let mut seen = 0;
    let mut last = None;
    while seen < 10 {
        let payloads = source.payloads().unwrap();
        last = Some((payloads.split.clone(), payloads.position.clone()));
        seen += messages(payloads).len();
    }
    assert_eq!(seen, 10);
    // Nothing more comes: a message to another subscription of the same connection would be behind it.
    assert!(matches!(source.poll().unwrap(), Polled::Split(_, SplitEvent::CaughtUp)));
    assert!(matches!(source.source.poll(1 << 20).unwrap(), Polled::Pending));
    let (split, position) = last.unwrap();
    source.source.acknowledge(&split, &position).unwrap();
    assert_eq!(source.take(20).len(), 20);
}

#[test]
fn messages_larger_than_expected_are_read_slowly_when_they_do_not_fit() {
    let server = Mosquitto::start("flood", &[]);
    let options = [("url", text(&server.url())), ("topic", text("a"))];
    let mut source = feed_within(&options, 100_000).unwrap();
    source.until(SplitEvent::CaughtUp);
    Peer::at(server.port()).publish(numbers(1000, 10_000), 1, false);
    // Of 10 MB only what fits and the rest of the last read is here, though nothing holds the broker back.
    let Polled::Payloads(payloads) = source.poll_within(usize::MAX).unwrap() else {
        panic!("something waits")
    };
    source.source.acknowledge(&payloads.split, &payloads.position).unwrap();
    let waited = messages(payloads).len();
    assert!(waited < 100, "{waited}");
    assert_eq!(waited + source.take(1000 - waited).len(), 1000);
}

#[test]
fn at_qos_0_messages_beyond_the_budget_are_dropped_and_counted() {
    let server = Mosquitto::start("budget", &[]);
    let options = [("url", text(&server.url())), ("topic", text("#")), ("qos", int(0))];
    let mut source = feed_within(&options, 10_000).unwrap();
    let peer = Peer::at(server.port());
    let listener = peer.listen("witness", "end");
    let end = ("end".to_owned(), Vec::new());
    peer.publish(numbers(1000, 100).chain([end]), 0, false);
    listener.next();
    // Nobody polls until something was dropped: what is here already is more than fits.
    let (clock, mut early) = (SystemClock::new(), 0);
    while early == 0 {
        early = source.source.losses().1;
        assert!(clock.elapsed() < PATIENCE, "nothing is dropped");
        std::thread::yield_now();
    }
    let mut kept = 0;
    // The end has no payload, so it fits whatever else was dropped.
    'all: loop {
        for message in messages(source.payloads().unwrap()) {
            if message.topic.as_deref() == Some("end") {
                break 'all;
            }
            kept += 1;
        }
    }
    let (skipped, dropped) = source.source.losses();
    assert_eq!((skipped, kept + early + dropped), (0, 1000));
    assert!(kept >= 100, "{kept} fit the budget");
}

#[test]
fn a_payload_larger_than_allowed_is_refused_with_its_beginning_and_the_next_one_is_read() {
    let server = Mosquitto::start("large", &[]);
    let size = dsl::plan::Arg::Value(dsl::value::Value::Size(1000));
    let options = [("url", text(&server.url())), ("topic", text("a")), ("max_packet", size)];
    let mut source = feed(&options).unwrap();
    let large = ("a".to_owned(), vec![b'x'; 2000]);
    let fits = ("a".to_owned(), vec![b'y'; 1000]);
    Peer::at(server.port()).publish([large, fits], 1, false);
    let mut found = Vec::new();
    while found.len() < 2 {
        let payloads = source.payloads().unwrap();
        let (split, position) = (payloads.split.clone(), payloads.position.clone());
        found.extend(messages(payloads));
        source.source.acknowledge(&split, &position).unwrap();
    }
    assert_eq!(found[0].payload, vec![b'x'; 1000]);
    assert_eq!(
        found[0].refused.as_deref(),
        Some("the message has 2000 bytes, more than `max_packet` allows; its first 1000 are kept")
    );
    assert_eq!((found[1].payload.len(), &found[1].refused), (1000, &None));
}

#[test]
fn who_is_pushed_out_by_another_client_of_its_name_says_so_and_ends() {
    // A broker of a few bytes: the real ones say it in a form that the client library cannot read.
    let broker = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("mqtt://{}", broker.local_addr().unwrap());
    let broker = std::thread::spawn(move || {
        let (mut client, _) = broker.accept().unwrap();
        let mut buffer = [0; 1024];
        assert!(client.read(&mut buffer).unwrap() > 0, "a connect");
        client.write_all(&[0x20, 3, 0, 0, 0]).unwrap();
        assert!(client.read(&mut buffer).unwrap() > 0, "a subscribe");
        client.write_all(&[0x90, 4, buffer[2], buffer[3], 0, 1]).unwrap();
        client.write_all(&[0xe0, 2, 0x8e, 0]).unwrap();
    });
    let options = [("url", text(&url)), ("topic", text("a")), ("client_id", text("one"))];
    let error = feed(&options).unwrap().error();
    assert!(error.message.contains("under the client id `one`"), "{error}");
    assert!(error.message.contains("every process needs a `client_id` of its own"), "{error}");
    broker.join().unwrap();
}
