//! A thousand devices, each with a connection of its own.

use super::rig::{drain, feed, int, payload, text, topic};
use crate::demo_broker::Broker;
use crate::support::peer::Peer;
use crate::support::server::{HiveMq, Mosquitto};
use std::collections::BTreeMap;
use tokio::runtime::Runtime;

const DEVICES: usize = 1000;
const ROUNDS: i64 = 20;

/// Every device sends its messages; all of them arrive, those of each device in order.
fn all_of_them_send(url: &str) {
    let mut source = feed(&[("url", text(url)), ("topic", text("devices/{device}"))]).unwrap();
    let options = [
        ("url", text(url)),
        ("topic", topic(&["devices/", "{key}"])),
        ("connections", int(DEVICES as i64)),
        ("client_id", text("device")),
    ];
    let mut sink = drain(&options).unwrap();
    let names: Vec<String> = (0..DEVICES).map(|it| it.to_string()).collect();
    let writer = std::thread::spawn(move || {
        for round in 0..ROUNDS {
            let rows: Vec<_> = names.iter().map(|it| (Some(it.as_str()), round)).collect();
            assert!(sink.write(&rows).is_empty());
        }
        sink.prepare().unwrap();
        sink
    });
    let found = source.take(DEVICES * ROUNDS as usize);
    let mut sink = writer.join().unwrap();
    let mut next: BTreeMap<&str, i64> = BTreeMap::new();
    for message in &found {
        let number: i64 = payload(message).parse().unwrap();
        let expected = next.entry(&message.captures[0]).or_default();
        assert_eq!(number, *expected, "device {}", message.captures[0]);
        *expected += 1;
    }
    assert_eq!(next.len(), DEVICES);
    sink.finish();
}

#[test]
fn each_device_has_a_connection_of_its_own_at_mosquitto() {
    let server = Mosquitto::start("fleet", &["sys_interval=1"]);
    let options = [
        ("url", text(&server.url())),
        ("topic", topic(&["{key}"])),
        ("connections", int(DEVICES as i64)),
    ];
    let mut sink = drain(&options).unwrap();
    let listener = Peer::at(server.port()).listen("witness", "$SYS/broker/clients/connected");
    // The fleet and the witness.
    while listener.next().payload.parse::<usize>().unwrap() != DEVICES + 1 {}
    sink.finish();
    while listener.next().payload.parse::<usize>().unwrap() != 1 {}
    all_of_them_send(&server.url());
}

#[test]
fn hivemq_takes_as_many() {
    let server = HiveMq::start("fleet");
    all_of_them_send(&server.url());
}

#[test]
fn the_embedded_broker_takes_as_many() {
    let runtime = Runtime::new().unwrap();
    let broker = runtime.block_on(Broker::start()).unwrap();
    all_of_them_send(broker.url());
    runtime.block_on(broker.stop());
}
