//! How many messages a second go through Mosquitto and `HiveMQ`, beside the client library alone in the same run.
//!
//! ```text
//!  cargo bench --workspace --bench mqtt                       100,000 messages of 160 bytes, each measured three times
//!  cargo bench --workspace --bench mqtt -- 500000 mosquitto   more of them, one broker only
//! ```
//!
//! To read, messages are published before the clock starts and wait in a session; to write, nobody is subscribed. So only
//! the broker and what is measured work. Processor time is that of this process alone; the broker's is its own matter, but
//! both share the machine. The library has no figure of its own for QoS 2: what it forgets with a connection makes it no
//! measure for that.

#![allow(missing_docs, unreachable_pub, dead_code, clippy::unwrap_used, reason = "a bench")]

#[path = "../tests/support/peer.rs"]
mod peer;
#[path = "../tests/mqtt/rig.rs"]
mod rig;
#[path = "../tests/support/server.rs"]
mod server;

use arrow::array::RecordBatch;
use engine::codec::{Encoder, Frame};
use engine::time::{Clock, SystemClock};
use rumqttc::NetworkOptions;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{AsyncClient, Event, MqttOptions};
use std::time::Duration;

const PAYLOAD: usize = 160;
const REPEAT: usize = 3;
const DEVICES: usize = 1000;
const WINDOW_IN: u16 = 4096;
const WINDOW_OUT: usize = 1024;
const BATCH: usize = 1000;

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let messages = words.iter().find_map(|it| it.parse().ok()).unwrap_or(100_000);
    let wanted = |name: &str| {
        let named = |it: &str| words.iter().any(|word| word == it);
        named(name) || !["mosquitto", "hivemq"].into_iter().any(named)
    };
    say(&format!("{messages} messages of {PAYLOAD} bytes, {DEVICES} topics, median of {REPEAT}"));
    if wanted("mosquitto") {
        let server = server::Mosquitto::start("bench", &[]);
        compare("Mosquitto", &server.url(), server.port(), messages);
    }
    if wanted("hivemq") {
        let server = server::HiveMq::start("bench");
        compare("HiveMQ", &server.url(), server.port(), messages);
    }
}

/// All figures of a broker.
fn compare(broker: &str, url: &str, port: u16, messages: usize) {
    say(broker);
    report("write, library, QoS 1", || write_plain(port, messages));
    for qos in 0..=2 {
        report(&format!("write, sink, QoS {qos}"), || write_ours(url, qos, messages));
    }
    report("read, library, QoS 1", || read_plain(port, messages));
    for qos in 1..=2 {
        report(&format!("read, source, QoS {qos}"), || read_ours(url, port, qos, messages));
    }
}

#[expect(clippy::print_stdout, reason = "a bench prints its figures")]
fn say(line: &str) {
    println!("{line}");
}

/// What a measurement found.
struct Measured {
    messages: usize,
    wall: Duration,
    cpu: Duration,
}

fn report(name: &str, mut measure: impl FnMut() -> Measured) {
    let mut found: Vec<Measured> = (0..REPEAT).map(|_| measure()).collect();
    found.sort_by_key(|it| it.wall);
    let median = &found[REPEAT / 2];
    let count = median.messages as f64;
    say(&format!(
        "  {name:22} {:>9.0} messages/s   {:>6.2} µs of processor a message",
        count / median.wall.as_secs_f64(),
        median.cpu.as_secs_f64() * 1e6 / count,
    ));
}

fn measured(messages: usize, work: impl FnOnce()) -> Measured {
    let clock = SystemClock::new();
    let before = cpu();
    work();
    Measured { messages, wall: clock.elapsed(), cpu: cpu().saturating_sub(before) }
}

/// Processor time of this process, in the kernel and outside.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // Behind the name, which may contain anything, stand the fields from the third on.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11..13].iter().map(|it| it.parse::<u64>().unwrap()).sum();
    // The kernel counts in hundredths of a second for user space, on every architecture.
    Duration::from_millis(ticks * 10)
}

fn payload() -> Vec<u8> {
    vec![b'x'; PAYLOAD]
}

fn options(port: u16, id: &str) -> MqttOptions {
    let mut options = MqttOptions::new(id, "127.0.0.1", port);
    // As the connector does; without it a broker may wait for what the kernel holds back.
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    options
        .set_network_options(network)
        .set_clean_start(false)
        .set_session_expiry_interval(Some(3600))
        .set_receive_maximum(Some(WINDOW_IN))
        .set_max_packet_size(Some(1 << 20));
    options
}

fn write_plain(port: u16, messages: usize) -> Measured {
    let (client, mut events) = AsyncClient::new(options(port, "plain-writer"), WINDOW_OUT * 2);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    measured(messages, || {
        runtime.block_on(async {
            let (mut sent, mut open, mut done) = (0, 0, 0);
            while done < messages {
                while open < WINDOW_OUT && sent < messages {
                    let topic = format!("devices/{}/t", sent % DEVICES);
                    client.try_publish(topic, QoS::AtLeastOnce, false, payload()).unwrap();
                    sent += 1;
                    open += 1;
                }
                if let Event::Incoming(Packet::PubAck(_)) = events.poll().await.unwrap() {
                    open -= 1;
                    done += 1;
                }
            }
        });
    })
}

fn write_ours(url: &str, qos: i64, messages: usize) -> Measured {
    let topic = rig::topic(&["devices/", "{key}", "/t"]);
    let options = [("url", rig::text(url)), ("topic", topic), ("qos", rig::int(qos))];
    let mut sink = rig::drain_as(&options, 64 << 20, Box::new(Payloads)).unwrap();
    let devices: Vec<String> = (0..DEVICES).map(|it| it.to_string()).collect();
    let rows: Vec<_> = (0..BATCH).map(|i| (Some(devices[i % DEVICES].as_str()), 0)).collect();
    let found = measured(messages, || {
        for _ in 0..messages / BATCH {
            assert!(sink.write(&rows).is_empty());
        }
        sink.prepare().unwrap();
    });
    sink.finish();
    found
}

/// Writes a payload of the measured size for every row.
struct Payloads;

impl Encoder for Payloads {
    fn encode(
        &mut self,
        rows: &RecordBatch,
        out: &mut Vec<u8>,
        ends: &mut Vec<usize>,
    ) -> engine::error::Result<()> {
        for _ in 0..rows.num_rows() {
            out.resize(out.len() + PAYLOAD, b'x');
            ends.push(out.len());
        }
        Ok(())
    }

    fn frame(&self) -> Frame {
        Frame::default()
    }
}

fn publish(port: u16, qos: u8, messages: usize) {
    let told = (0..messages).map(|i| (format!("devices/{}/t", i % DEVICES), payload()));
    peer::Peer::at(port).publish(told, qos, false);
}

fn read_plain(port: u16, messages: usize) -> Measured {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let open = || AsyncClient::new(options(port, "plain-reader"), 100);
    runtime.block_on(async {
        let (client, mut events) = open();
        client.try_subscribe("devices/+/t", QoS::AtLeastOnce).unwrap();
        while !matches!(events.poll().await.unwrap(), Event::Incoming(Packet::SubAck(_))) {}
    });
    publish(port, 1, messages);
    measured(messages, || {
        runtime.block_on(async {
            let (client, mut events) = open();
            let mut done = 0;
            while done < messages {
                if let Event::Incoming(Packet::Publish(_)) = events.poll().await.unwrap() {
                    done += 1;
                }
            }
            client.try_unsubscribe("devices/+/t").unwrap();
            while !matches!(events.poll().await.unwrap(), Event::Incoming(Packet::UnsubAck(_))) {}
        });
    })
}

fn read_ours(url: &str, port: u16, qos: u8, messages: usize) -> Measured {
    let options = [
        ("url", rig::text(url)),
        ("topic", rig::text("devices/{device}/t")),
        ("qos", rig::int(qos.into())),
        ("client_id", rig::text(&format!("reader-{qos}"))),
        ("session_expiry", rig::seconds(600)),
    ];
    let mut source = rig::feed(&options).unwrap();
    source.source.close().unwrap();
    publish(port, qos, messages);
    let found = measured(messages, || {
        let mut source = rig::feed(&options).unwrap();
        assert_eq!(source.take(messages).len(), messages);
        source.source.close().unwrap();
    });
    forget(port, &format!("reader-{qos}"));
    found
}

/// Ends a session, so that it does not fill up with what is written afterwards.
fn forget(port: u16, id: &str) {
    let mut options = options(port, id);
    options.set_clean_start(true).set_session_expiry_interval(Some(0));
    let (client, mut events) = AsyncClient::new(options, 1);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        while !matches!(events.poll().await.unwrap(), Event::Incoming(Packet::ConnAck(_))) {}
        client.try_disconnect().unwrap();
        while events.poll().await.is_ok() {}
    });
}
