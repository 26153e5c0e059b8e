//! The same over every broker that there is here: Mosquitto, `HiveMQ`, and the one embedded in the demo.

use super::rig::{
    Feed, PATIENCE, bool, drain, feed, int, messages, payload, record, refused, seconds, text,
    topic,
};
use crate::demo_broker::Broker;
use crate::support::certificates::{Authority, Valid};
use crate::support::peer::Peer;
use crate::support::server::{HiveMq, Mosquitto};
use dsl::plan::Arg;
use dsl::value::Value;
use engine::source::{Message, Polled, SplitEvent};
use engine::time::{Clock, SystemClock};
use rumqttc::v5::mqttbytes::v5::PublishProperties;
use std::collections::BTreeSet;
use tokio::runtime::Runtime;

const ROWS: i64 = 1000;

/// What every broker has to do for us.
fn works(url: &str, port: u16) {
    let peer = Peer::at(port);
    for qos in 0..=2 {
        there_and_back(url, &[("qos", int(qos))]);
    }
    there_and_back(url, &[("topic_alias", bool(true))]);
    properties(url, peer);
    beside_a_payload(url, peer);
    too_large(url, peer);
    retained(url, peer);
    shared(url, peer);
    taken_over(url, peer);
}

/// Rows go out and come back in order.
fn there_and_back(url: &str, more: &[(&str, Arg)]) {
    let reads = |name: &str| matches!(name, "qos" | "tls");
    let mut options = vec![("url", text(url)), ("topic", text("there/{key}"))];
    options.extend(more.iter().filter(|it| reads(it.0)).cloned());
    let mut source = feed(&options).unwrap();
    source.until(SplitEvent::CaughtUp);
    let mut options = vec![("url", text(url)), ("topic", topic(&["there/", "{key}"]))];
    options.extend(more.iter().cloned());
    let mut sink = drain(&options).unwrap();
    let rows: Vec<_> = (0..ROWS).map(|n| (Some(["a", "b", "c"][n as usize % 3]), n)).collect();
    assert!(sink.write(&rows).is_empty());
    sink.finish();
    let found = source.take(ROWS as usize);
    assert!(found.iter().map(payload).eq((0..ROWS).map(|n| n.to_string())), "{url} {more:?}");
    assert!(found.iter().zip(&rows).all(|(it, row)| Some(it.captures[0].as_str()) == row.0));
    source.source.close().unwrap();
}

/// What stands beside a payload arrives with it.
fn properties(url: &str, peer: Peer) {
    let listener = peer.listen("properties", "properties/#");
    let options = [
        ("url", text(url)),
        ("topic", topic(&["properties/", "{key}"])),
        ("expiry", seconds(600)),
        ("content_type", text("text/plain")),
    ];
    let mut sink = drain(&options).unwrap();
    sink.write(&[(Some("x"), 1)]);
    sink.finish();
    let told = listener.next();
    assert_eq!(told.content_type.as_deref(), Some("text/plain"));
    assert!(told.expiry.is_some_and(|it| (590..=600).contains(&it)), "{:?}", told.expiry);
}

/// And what others put beside a payload is read.
fn beside_a_payload(url: &str, peer: Peer) {
    let mut source = feed(&[("url", text(url)), ("topic", text("beside/{x}"))]).unwrap();
    let header = ("unit".to_owned(), "°C".to_owned());
    let properties = PublishProperties {
        user_properties: vec![header.clone()],
        message_expiry_interval: Some(600),
        content_type: Some("text/plain".to_owned()),
        ..PublishProperties::default()
    };
    peer.publish_with([("beside/a".to_owned(), b"1".to_vec())], 1, false, &properties);
    let payloads = source.payloads().unwrap();
    let received = payloads.received;
    source.source.acknowledge(&payloads.split, &payloads.position).unwrap();
    let found = messages(payloads).remove(0);
    // The embedded broker adds one of its own.
    assert!(found.headers.as_ref().unwrap().contains(&header), "{:?}", found.headers);
    let left = found.expires.unwrap() - received;
    assert!((590_000_000..=600_000_000).contains(&left), "{left} µs are left");
    source.source.close().unwrap();
}

/// A payload that is larger than allowed is handed on as one that is refused, and the connection stays.
fn too_large(url: &str, peer: Peer) {
    let size = Arg::Value(Value::Size(1000));
    let options = [("url", text(url)), ("topic", text("large")), ("max_packet", size)];
    let mut source = feed(&options).unwrap();
    source.until(SplitEvent::Live);
    peer.publish([("large".to_owned(), vec![b'x'; 2000]), ("large".to_owned(), vec![])], 1, false);
    let mut found = Vec::new();
    while found.len() < 2 {
        match source.poll().unwrap() {
            Polled::Payloads(payloads) => {
                source.source.acknowledge(&payloads.split, &payloads.position).unwrap();
                found.extend(messages(payloads));
            }
            Polled::Split(_, event) => assert_eq!(event, SplitEvent::CaughtUp, "{url}"),
            other => panic!("{other:?}"),
        }
    }
    let why = found[0].refused.as_deref().unwrap();
    assert!(why.contains("2000 bytes, more than `max_packet` allows"), "{why}");
    assert_eq!((found[1].payload.len(), &found[1].refused), (0, &None));
    source.source.close().unwrap();
}

/// Messages in store: left out, read once a run, or as the subscription begins.
fn retained(url: &str, peer: Peer) {
    let stored =
        [("stored/a".to_owned(), b"old".to_vec()), ("stored/b".to_owned(), b"old".to_vec())];
    peer.publish(stored, 1, true);
    let open = |policy: &str| {
        let policy_is = Arg::Choice(policy.to_owned());
        feed(&[
            ("url", text(url)),
            ("topic", text("stored/{x}")),
            ("retained", policy_is),
            ("client_id", text(policy)),
        ])
        .unwrap()
    };
    let close = |mut source: Feed| source.source.close().unwrap();
    for (policy, runs) in [("skip", [0, 0]), ("snapshot", [2, 2]), ("process", [2, 0])] {
        for (run, expected) in runs.into_iter().enumerate() {
            let mut source = open(policy);
            let mark = format!("{policy}-{run}");
            peer.publish([("stored/mark".to_owned(), mark.clone().into_bytes())], 1, false);
            let (mut old, mut marked) = (0, false);
            // Not every broker sends what it has in store before what comes afterwards.
            while old < expected || !marked {
                for message in source.take(1) {
                    old += usize::from(payload(&message) == "old");
                    marked |= payload(&message) == mark;
                }
            }
            assert_eq!(old, expected, "{policy}, run {run}");
            close(source);
        }
    }
}

/// What a member of a group holds when it dies comes to it again; the others go on, and nothing is lost.
fn shared(url: &str, peer: Peer) {
    let open = |id: &str| {
        feed(&[
            ("url", text(url)),
            ("topic", text("work/{x}")),
            ("share", text("group")),
            ("client_id", text(id)),
        ])
        .unwrap()
    };
    let send = |range: std::ops::Range<u32>| {
        let told = range.map(|i| ("work/x".to_owned(), i.to_string().into_bytes()));
        peer.publish(told, 1, false);
    };
    let number = |it: Message| payload(&it).parse::<u32>().unwrap();
    // Alone at first, since not every broker deals out evenly.
    let mut dying = open("dying");
    send(0..100);
    // It has some, has told the broker of none, and is gone without a word.
    dying.payloads().unwrap();
    let mut living = open("living");
    drop(dying);
    let mut seen: BTreeSet<u32> = BTreeSet::new();
    send(100..200);
    let mut again = open("dying");
    send(200..201);
    // Both read on until everything was seen; what one of them waits for may come to the other.
    let clock = SystemClock::new();
    while seen.len() < 201 {
        seen.extend([&mut living, &mut again].into_iter().flat_map(Feed::try_take).map(number));
        assert!(clock.elapsed() < PATIENCE, "{} of 201 came", seen.len());
        std::thread::yield_now();
    }
    assert!(seen.into_iter().eq(0..=200));
}

/// Another client of our name.
fn taken_over(url: &str, peer: Peer) {
    let options = [("url", text(url)), ("topic", text("a/{x}")), ("client_id", text("us"))];
    let mut source = feed(&options).unwrap();
    let _other = peer.listen("us", "nothing");
    let error = source.error();
    assert!(error.message.contains("every process needs a `client_id` of its own"), "{error}");
}

#[test]
fn mosquitto() {
    let server = Mosquitto::start("all", &["max_topic_alias=2"]);
    works(&server.url(), server.port());
}

#[test]
fn the_embedded_broker() {
    let runtime = Runtime::new().unwrap();
    let broker = runtime.block_on(Broker::start()).unwrap();
    let port = broker.url().rsplit(':').next().unwrap().parse().unwrap();
    works(broker.url(), port);
    runtime.block_on(broker.stop());
}

/// It wants a certificate of its clients, and says no in its own words.
#[test]
fn hivemq_over_mutual_tls() {
    let server = HiveMq::start("mutual");
    let url = format!("mqtts://localhost:{}", server.fact("HIVEMQ_TLS_PORT"));
    let ca = server.fact("TLS_CA");
    let ours = [("cert", server.fact("TLS_CERT")), ("key", server.fact("TLS_KEY"))];
    let with_own = |ca| record(&[("ca", ca), ours[0], ours[1]]);
    for qos in 0..=2 {
        there_and_back(&url, &[("qos", int(qos)), ("tls", with_own(ca))]);
    }
    let open = |tls: Arg| refused(feed(&[("url", text(&url)), ("topic", text("a")), ("tls", tls)]));
    let message = open(record(&[("ca", ca)]));
    assert!(message.contains("it wants a certificate of ours; give `tls: { cert:"), "{message}");
    let strangers = Authority::new();
    let message = open(with_own(&strangers.ca()));
    assert!(message.contains("was signed by no authority of"), "{message}");
    let theirs = strangers.client("weir", Valid::Now);
    let message = open(record(&[("ca", ca), ("cert", &theirs.cert), ("key", &theirs.key)]));
    assert!(message.contains("it does not take our certificate"), "{message}");
}

#[test]
fn hivemq_also_over_websocket() {
    let server = HiveMq::start("all");
    works(&server.url(), server.port());

    let (ws, wss) = (server.fact("HIVEMQ_WS_PORT"), server.fact("HIVEMQ_WSS_PORT"));
    let plain = format!("ws://127.0.0.1:{ws}");
    let secure = format!("wss://localhost:{wss}/mqtt");
    let tls = record(&[("ca", server.fact("TLS_CA"))]);
    for qos in 0..=1 {
        there_and_back(&plain, &[("qos", int(qos))]);
        there_and_back(&secure, &[("qos", int(qos)), ("tls", tls.clone())]);
    }
    let open = |url: &str, more: &[(&'static str, Arg)]| {
        let mut options = vec![("url", text(url)), ("topic", text("a"))];
        options.extend_from_slice(more);
        refused(feed(&options))
    };
    let message = open(&plain, &[("qos", int(2))]);
    assert!(message.contains("not in this version over WebSocket"), "{message}");
    let message = open(&secure, &[]);
    assert!(message.contains("no authority that this system trusts"), "{message}");
    let message = open(&format!("ws://127.0.0.1:{ws}/elsewhere"), &[]);
    assert!(message.contains("WebSocket"), "{message}");
    let message = open(&format!("ws://127.0.0.1:{}", server.port()), &[]);
    assert!(message.contains(&format!("127.0.0.1:{}", server.port())), "{message}");
}
