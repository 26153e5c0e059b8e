//! What the source makes of messages.

use super::rig::{feed, int, messages, payload, source_args, text};
use crate::support::peer::Peer;
use crate::support::server::Mosquitto;
use dsl::catalog::SourceRule;
use dsl::plan::Arg;
use dsl::types::{Column, Type};
use engine::source::{Message, Polled, SplitEvent};
use rumqttc::v5::mqttbytes::v5::PublishProperties;

fn tell(topic: &str, payload: &str) -> (String, Vec<u8>) {
    (topic.to_owned(), payload.as_bytes().to_vec())
}

fn list(topics: &[&str]) -> Arg {
    Arg::List(topics.iter().map(|it| text(it)).collect())
}

#[test]
fn captures_become_columns() {
    let payload = [Column::new("payload", Type::Bytes.required())];
    let mut report = Vec::new();
    let args = source_args(&[
        ("url", text("mqtt://localhost")),
        ("topic", text("line/{line:int}/{machine}/{payload}")),
    ]);
    let rule = connectors::mqtt::MqttSource;
    let columns = rule.columns(&args, None, Some(&payload), &mut report).unwrap();
    let names: Vec<_> = columns.iter().map(|it| (it.name.as_str(), &it.typed.ty)).collect();
    assert_eq!(
        names,
        [("payload", &Type::Bytes), ("line", &Type::Int), ("machine", &Type::String)]
    );
    assert!(report.is_empty(), "{report:?}");

    let args = source_args(&[("url", text("localhost")), ("topic", text("{payload:int}/#/x"))]);
    rule.columns(&args, None, Some(&payload), &mut report);
    assert_eq!(report.len(), 2, "{report:?}");
    let args = source_args(&[("url", text("mqtt://a")), ("topic", text("{payload:int}"))]);
    report.clear();
    rule.columns(&args, None, Some(&payload), &mut report);
    assert_eq!(report[0].message, "`payload` is captured as `int` and declared as `bytes`");
}

#[test]
fn every_topic_is_a_split_and_messages_carry_topic_captures_and_headers() {
    let server = Mosquitto::start("captures", &[]);
    let topics = list(&["devices/{device}/t", "rooms/{device}/#"]);
    let mut source = feed(&[("url", text(&server.url())), ("topic", topics)]).unwrap();
    for split in ["devices/{device}/t", "rooms/{device}/#"] {
        let Polled::Split(name, SplitEvent::Live) = source.poll().unwrap() else {
            panic!("the connection comes first")
        };
        assert_eq!(&*name, split);
    }
    source.until(SplitEvent::CaughtUp);
    let headers = [("unit".to_owned(), "°C".to_owned())];
    let told = [tell("devices/a7/t", "1"), tell("rooms/hall/x/y", "2"), tell("else", "3")];
    let properties = PublishProperties {
        user_properties: headers.to_vec(),
        message_expiry_interval: Some(600),
        ..PublishProperties::default()
    };
    Peer::at(server.port()).publish_with(told, 1, false, &properties);
    let first = source.payloads().unwrap();
    let second = source.payloads().unwrap();
    assert_eq!((&*first.split, &*second.split), ("devices/{device}/t", "rooms/{device}/#"));
    let received = first.received;
    assert!(received > 1_700_000_000_000_000);
    let found: Vec<Message> = [first, second].into_iter().flat_map(messages).collect();
    assert_eq!(payload(&found[0]), "1");
    assert_eq!(found[0].topic.as_deref(), Some("devices/a7/t"));
    assert_eq!(found[0].captures, ["a7"]);
    assert_eq!(found[0].headers.as_deref(), Some(&headers[..]));
    let left = found[0].expires.unwrap() - received;
    assert!((595_000_000..=600_000_000).contains(&left), "{left} µs are left");
    assert_eq!(found[1].captures, ["hall"]);
    assert_eq!(source.until(SplitEvent::CaughtUp).len(), 0);
}

#[test]
fn retained_messages_are_left_out_and_counted_or_read() {
    let server = Mosquitto::start("retained", &[]);
    let peer = Peer::at(server.port());
    peer.publish([tell("a/1", "old"), tell("a/2", "old")], 1, true);
    let url = text(&server.url());
    let open = |retained: &str, id: &str| {
        let retained = Arg::Choice(retained.to_owned());
        let topic = text("a/{x}");
        feed(&[
            ("url", url.clone()),
            ("topic", topic),
            ("retained", retained),
            ("client_id", text(id)),
        ])
        .unwrap()
    };
    let mut skipping = open("skip", "skipping");
    let mut processing = open("process", "processing");
    // Retained or not, what is published from now on is a message like any other.
    peer.publish([tell("a/1", "new")], 1, true);
    assert_eq!(payload(&skipping.take(1)[0]), "new");
    assert_eq!(skipping.source.losses(), (2, 0));
    let found = processing.take(3);
    assert_eq!(found.iter().map(payload).collect::<Vec<_>>(), ["old", "old", "new"]);
    assert_eq!(processing.source.losses(), (0, 0));
}

#[test]
fn members_of_a_group_share_the_messages() {
    let server = Mosquitto::start("share", &[]);
    let open = |id: &str| {
        feed(&[
            ("url", text(&server.url())),
            ("topic", text("a/{x}")),
            ("share", text("group")),
            ("client_id", text(id)),
        ])
        .unwrap()
    };
    let (mut first, mut second) = (open("first"), open("second"));
    let told = (0..100).map(|i| tell("a/x", &i.to_string()));
    Peer::at(server.port()).publish(told, 1, false);
    let (mut one, two) = (first.take(50), second.take(50));
    one.extend(two);
    let mut numbers: Vec<u32> = one.iter().map(|it| payload(it).parse().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..100).collect::<Vec<_>>());
}

#[test]
fn qos_0_works_too() {
    let server = Mosquitto::start("qos-0", &[]);
    let options = [("url", text(&server.url())), ("topic", text("#")), ("qos", int(0))];
    let mut source = feed(&options).unwrap();
    Peer::at(server.port()).publish((0..1000).map(|i| tell("a", &i.to_string())), 0, false);
    let found = source.take(1000);
    assert_eq!(payload(&found[999]), "999");
}
