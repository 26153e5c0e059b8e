//! Why a broker ends a connection, and what is done then.

use super::rig::{drain, feed, feed_by, payload, text, topic};
use crate::demo_broker::Broker;
use crate::support::peer::Peer;
use crate::support::script::Script;
use crate::support::server::{HiveMq, Mosquitto};
use engine::source::SplitEvent;
use engine::time::{Clock, ManualClock, SystemClock};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, PingReq, PingResp, Publish};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Another client connects under our name. What the error says, and how often the other one was pushed out.
fn taken_over(url: &str, port: u16) -> (String, u32) {
    let peer = Peer::at(port);
    let options = [("url", text(url)), ("topic", text("a/{x}")), ("client_id", text("one"))];
    let mut source = feed(&options).unwrap();
    source.until(SplitEvent::CaughtUp);
    let other = peer.listen("one", "back");
    let error = source.error().message;
    assert!(error.contains("under the client id `one`"), "{error}");
    assert!(error.contains("every process needs a `client_id` of its own"), "{error}");

    let options = [("url", text(url)), ("topic", topic(&["b"])), ("client_id", text("two"))];
    let mut sink = drain(&options).unwrap();
    let _third = peer.listen("two", "nothing");
    // Told by the first thing that it is asked for.
    let error = loop {
        if let Err(error) = sink.sink.prepare(1) {
            break error;
        }
        std::thread::yield_now();
    };
    assert!(error.message.contains("under the client id `two`"), "{error}");

    // Nobody pushes the other one out any more.
    peer.publish([("back".to_owned(), b"still here".to_vec())], 1, false);
    assert_eq!(other.next().payload, "still here");
    (error.message, other.broken())
}

#[test]
fn who_is_pushed_out_by_another_client_of_its_name_says_so_and_does_not_push_back() {
    let runtime = Runtime::new().unwrap();
    let broker = runtime.block_on(Broker::start()).unwrap();
    let port = broker.url().rsplit(':').next().unwrap().parse().unwrap();
    let (error, broken) = taken_over(broker.url(), port);
    assert!(error.contains("another client connected to"), "{error}");
    assert_eq!(broken, 0);
    runtime.block_on(broker.stop());
}

#[test]
fn hivemq_says_it_too() {
    let server = HiveMq::start("takeover");
    let (error, broken) = taken_over(&server.url(), server.port());
    assert!(error.contains("another client connected to"), "{error}");
    assert_eq!(broken, 0);
}

#[test]
fn where_the_broker_does_not_say_why_it_is_told_from_how_often_it_happens() {
    // This version closes the connection without a word.
    let server = Mosquitto::start("takeover", &[]);
    let (error, broken) = taken_over(&server.url(), server.port());
    assert!(error.contains("closes it again, without a word"), "{error}");
    assert!(broken <= 3, "{broken} times");
}

#[test]
fn a_run_that_has_worked_outlives_a_broker_that_closes_the_connection_again_and_again() {
    let script = Script::new();
    let options = [("url", text(&script.url())), ("topic", text("a"))];
    let (worked, has_worked) = channel();
    let broker = std::thread::spawn(move || {
        let mut client = script.accept(false);
        client.grant(QoS::AtLeastOnce);
        has_worked.recv().unwrap();
        drop(client);
        for _ in 0..5 {
            script.accept(true);
        }
        let mut client = script.accept(true);
        let message = Publish::new("a", QoS::AtLeastOnce, "still here", None);
        client.write(&Packet::Publish(Publish { pkid: 1, ..message }));
        assert!(matches!(client.read(), Packet::PubAck(_)));
    });
    let clock = Arc::new(ManualClock::new(0));
    let mut source = feed_by(&options, 64 << 20, Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
    source.until(SplitEvent::Live);
    clock.wait(Duration::from_secs(6));
    worked.send(()).unwrap();
    assert_eq!(payload(&source.take(1)[0]), "still here");
    broker.join().unwrap();
}

/// What a broker says with its DISCONNECT, and what becomes of it.
fn ended_by(code: u8) -> (Script, super::rig::Feed) {
    let script = Script::new();
    let options = [("url", text(&script.url())), ("topic", text("a"))];
    let broker = std::thread::spawn(move || {
        let mut client = script.accept(false);
        client.grant(QoS::AtLeastOnce);
        client.write_bytes(&[0xe0, 1, code]);
        script
    });
    let source = feed(&options).unwrap();
    (broker.join().unwrap(), source)
}

#[test]
fn what_would_happen_again_ends_the_run_with_what_to_change() {
    for (code, part) in [
        (0x8e, "another client connected"),
        (0x9d, "it has moved for good; change `url`"),
        (0x9e, "it has no shared subscriptions; leave `share` out"),
    ] {
        let (_script, mut source) = ended_by(code);
        let error = source.error();
        assert!(error.message.contains(part), "{error}");
    }
}

#[test]
fn what_passes_is_waited_for() {
    for code in [0x00, 0x89, 0x8b, 0x98] {
        let (script, mut source) = ended_by(code);
        source.until(SplitEvent::Disconnected);
        let mut client = script.accept(false);
        client.grant(QoS::AtLeastOnce);
        source.until(SplitEvent::Live);
    }
}

#[test]
fn a_broker_that_finds_fault_again_and_again_ends_the_run() {
    let script = Script::new();
    let options = [("url", text(&script.url())), ("topic", text("a"))];
    let broker = std::thread::spawn(move || {
        for _ in 0..3 {
            let mut client = script.accept(false);
            client.grant(QoS::AtLeastOnce);
            client.write_bytes(&[0xe0, 2, 0x82, 0]);
        }
    });
    let error = feed(&options).unwrap().error();
    assert!(error.message.contains("ends the connection: a protocol error"), "{error}");
    broker.join().unwrap();
}

#[test]
fn a_real_broker_hears_from_us_as_often_as_it_wants() {
    let server = Mosquitto::start("keep-alive", &["max_keepalive=10", "log_type=all"]);
    let options = [("url", text(&server.url())), ("topic", text("a")), ("client_id", text("us"))];
    let mut source = feed(&options).unwrap();
    let clock = SystemClock::new();
    // The option says 60 seconds.
    while !std::fs::read_to_string(server.fact("MOSQUITTO_LOG"))
        .unwrap()
        .contains("PINGREQ from us")
    {
        assert!(clock.elapsed() < Duration::from_secs(20), "no sign of life");
        std::thread::park_timeout(Duration::from_millis(50));
    }
    source.source.close().unwrap();
}

#[test]
fn the_broker_says_how_often_it_wants_to_hear_from_us() {
    let script = Script::new();
    let options = [("url", text(&script.url())), ("topic", text("a"))];
    let broker = std::thread::spawn(move || {
        let mut client = script.accept_with(false, &[0x13, 0, 1]);
        client.grant(QoS::AtLeastOnce);
        for _ in 0..2 {
            assert_eq!(client.read(), Packet::PingReq(PingReq));
            client.write(&Packet::PingResp(PingResp));
        }
        // And this one is not answered.
        assert_eq!(client.read(), Packet::PingReq(PingReq));
        let mut client = script.accept(false);
        client.grant(QoS::AtLeastOnce);
    });
    // The option says 60 seconds, which would be longer than the script waits.
    let mut source = feed(&options).unwrap();
    source.until(SplitEvent::Disconnected);
    source.until(SplitEvent::Live);
    broker.join().unwrap();
}
