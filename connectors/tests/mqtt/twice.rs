//! QoS 2: each message arrives once, wherever the connection breaks.

use super::rig::{drain, feed, int, messages, payload, text, topic};
use crate::support::script::{Client, Script};
use crate::support::server::Mosquitto;
use bytes::Bytes;
use engine::source::SplitEvent;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, PubComp, PubRec, PubRel, Publish};
use std::collections::BTreeMap;
use std::thread::JoinHandle;

const ROWS: i64 = 20_000;

/// Writes one row to a broker that does what is said. It ends when the row is delivered.
fn write_to(script: impl FnOnce(Script) + Send + 'static) {
    let broker = Script::new();
    let options = [("url", text(&broker.url())), ("topic", topic(&["t"])), ("qos", int(2))];
    let broker: JoinHandle<()> = std::thread::spawn(move || script(broker));
    let mut sink = drain(&options).unwrap();
    sink.write(&[(None, 7)]);
    sink.prepare().unwrap();
    broker.join().unwrap();
}

fn publish(client: &mut Client) -> Publish {
    let Packet::Publish(publish) = client.read() else { panic!("a message comes") };
    assert_eq!((&publish.payload[..], publish.qos), (&b"7"[..], QoS::ExactlyOnce));
    publish
}

fn release(client: &mut Client) -> u16 {
    let Packet::PubRel(release) = client.read() else { panic!("a release comes") };
    release.pkid
}

fn receive(client: &mut Client, id: u16) {
    client.write(&Packet::PubRec(PubRec::new(id, None)));
}

fn complete(client: &mut Client, id: u16) {
    client.write(&Packet::PubComp(PubComp::new(id, None)));
}

#[test]
fn a_message_that_may_have_got_lost_is_sent_again_as_the_same() {
    write_to(|broker| {
        let first = publish(&mut broker.accept(false));
        assert!(!first.dup);
        let mut client = broker.accept(true);
        let second = publish(&mut client);
        assert_eq!((second.dup, second.pkid), (true, first.pkid));
        receive(&mut client, first.pkid);
        assert_eq!(release(&mut client), first.pkid);
        complete(&mut client, first.pkid);
    });
}

#[test]
fn a_message_that_the_broker_has_is_not_sent_again() {
    write_to(|broker| {
        let mut client = broker.accept(false);
        let id = publish(&mut client).pkid;
        receive(&mut client, id);
        assert_eq!(release(&mut client), id);
        drop(client);
        let mut client = broker.accept(true);
        assert_eq!(release(&mut client), id);
        // It may have forgotten the id already, and says so.
        client.write_bytes(&[0x70, 3, 0, id as u8, 0x92]);
    });
}

#[test]
fn a_broker_that_has_forgotten_the_session_gets_it_anew() {
    write_to(|broker| {
        let mut client = broker.accept(false);
        let id = publish(&mut client).pkid;
        receive(&mut client, id);
        release(&mut client);
        drop(client);
        let mut client = broker.accept(false);
        let again = publish(&mut client);
        assert!(!again.dup);
        receive(&mut client, again.pkid);
        release(&mut client);
        complete(&mut client, again.pkid);
    });
}

fn message(id: u16, dup: bool) -> Packet {
    Packet::Publish(Publish {
        dup,
        qos: QoS::ExactlyOnce,
        topic: Bytes::from_static(b"t"),
        pkid: id,
        payload: Bytes::from(id.to_string()),
        ..Publish::default()
    })
}

fn received(client: &mut Client) -> u16 {
    let Packet::PubRec(received) = client.read() else { panic!("a receipt comes") };
    received.pkid
}

fn completed(client: &mut Client) -> u16 {
    let Packet::PubComp(complete) = client.read() else { panic!("the end comes") };
    complete.pkid
}

#[test]
fn a_message_that_comes_again_makes_no_second_row() {
    let script = Script::new();
    let options = [("url", text(&script.url())), ("topic", text("t")), ("qos", int(2))];
    let broker = std::thread::spawn(move || {
        let mut client = script.accept(false);
        client.grant(QoS::ExactlyOnce);
        client.write(&message(5, false));
        assert_eq!(received(&mut client), 5);
        drop(client);
        // The receipt got lost.
        let mut client = script.accept(true);
        client.write(&message(5, true));
        assert_eq!(received(&mut client), 5);
        client.write(&Packet::PubRel(PubRel::new(5, None)));
        assert_eq!(completed(&mut client), 5);
        drop(client);
        // The end got lost.
        let mut client = script.accept(true);
        client.write(&Packet::PubRel(PubRel::new(5, None)));
        assert_eq!(completed(&mut client), 5);
        // The id is free again: another message.
        client.write(&message(5, false));
        assert_eq!(received(&mut client), 5);
        client.write(&message(6, false));
        assert_eq!(received(&mut client), 6);
    });
    let mut source = feed(&options).unwrap();
    let found = source.take(3);
    assert_eq!(found.iter().map(payload).collect::<Vec<_>>(), ["5", "5", "6"]);
    broker.join().unwrap();
}

#[test]
fn over_a_restart_of_a_real_broker_each_row_arrives_once_and_in_order() {
    let mut server = Mosquitto::start("twice", &["persistent"]);
    let url = text(&server.url());
    let options = [("url", url.clone()), ("topic", text("out")), ("qos", int(2))];
    let mut source = feed(&options).unwrap();
    source.until(SplitEvent::CaughtUp);
    let writer = std::thread::spawn(move || {
        let options = [("url", url), ("topic", topic(&["out"])), ("qos", int(2))];
        let mut sink = drain(&options).unwrap();
        for start in (0..ROWS).step_by(100) {
            let rows: Vec<_> = (start..start + 100).map(|n| (None, n)).collect();
            assert!(sink.write(&rows).is_empty());
        }
        sink.prepare().unwrap();
        sink.finish();
        sink.sink.sent().retries
    });
    let mut numbers: Vec<i64> = Vec::new();
    let mut restarted = false;
    while numbers.len() < ROWS as usize {
        let payloads = source.payloads().unwrap();
        source.source.acknowledge(&payloads.split, &payloads.position).unwrap();
        numbers.extend(messages(payloads).iter().map(|it| payload(it).parse::<i64>().unwrap()));
        if !restarted && numbers.len() > ROWS as usize / 4 {
            restarted = true;
            server.stop();
            server.start_again();
        }
    }
    assert!(writer.join().unwrap() > 0, "the connection broke in the middle");
    let mut times: BTreeMap<i64, usize> = BTreeMap::new();
    numbers.iter().for_each(|it| *times.entry(*it).or_default() += 1);
    let lost: Vec<i64> = (0..ROWS).filter(|it| !times.contains_key(it)).collect();
    let twice: Vec<_> = times.iter().filter(|it| *it.1 > 1).map(|it| *it.0).collect();
    assert!(lost.is_empty() && twice.is_empty(), "lost {lost:?}, twice {twice:?}");
}
