//! What goes out on a connection: orders are encoded where they are given, so that one buffer is all that passes from
//! there to the network.

use super::super::client::{Outgoing, Remote, Stored, Subscription};
use super::super::failure::Failure;
use crate::common::lock;
use bytes::{BufMut, Bytes, BytesMut};
use rumqttc::v5::mqttbytes::v5::{
    Filter, Packet, Publish, PublishProperties, RetainForwardRule, Subscribe,
};
use rumqttc::v5::mqttbytes::{self, QoS};
use std::collections::HashMap;
use std::sync::Mutex;
use tokio::sync::Notify;

/// So many bytes may wait in front of the network before no more messages are taken.
const FULL: usize = 1 << 20;
/// The packet id of subscriptions. Messages and subscriptions never share a connection, so any will do.
const SUBSCRIBE_ID: u16 = 1;

/// What waits to be written.
pub(super) struct Out {
    state: Mutex<State>,
    /// There is something to write.
    more: Notify,
}

#[derive(Default)]
struct State {
    bytes: BytesMut,
    taken: Taken,
    aliases: Aliases,
    /// What cannot be encoded ends the connection.
    broken: Option<mqttbytes::Error>,
}

/// What comes of bytes when they are written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    /// So many messages of QoS 0 are written then.
    pub(super) qos_0: usize,
    /// Our good-bye is out then.
    pub(super) closing: bool,
    /// There is room for messages again, and there was none.
    pub(super) was_full: bool,
}

/// Topics that the broker knows by a number.
#[derive(Default)]
struct Aliases {
    /// How many it takes.
    most: u16,
    numbers: HashMap<Bytes, u16>,
}

impl Out {
    /// `aliases`: how many topics the broker takes as numbers.
    pub(super) fn new(aliases: u16) -> Self {
        let aliases = Aliases { most: aliases, numbers: HashMap::new() };
        Self { state: Mutex::new(State { aliases, ..State::default() }), more: Notify::new() }
    }

    /// Moves what waits into `writing`, which is empty.
    pub(super) fn take(&self, writing: &mut BytesMut) -> Result<Taken, Failure> {
        let mut state = lock(&self.state);
        if let Some(error) = state.broken.take() {
            return Err(Failure::Lost(format!("a packet cannot be written: {error}")));
        }
        std::mem::swap(&mut state.bytes, writing);
        Ok(std::mem::take(&mut state.taken))
    }

    /// Waits until something was ordered.
    pub(super) async fn more(&self) {
        self.more.notified().await;
    }

    /// Asks the broker for a sign of life.
    pub(super) fn ping(&self) {
        self.put(&[0xc0, 0]);
    }

    /// At QoS 2: the broker has released this id, and is told that this is known.
    pub(super) fn complete(&self, id: u16) {
        self.put_short(0x70, id);
    }

    /// A packet that has nothing but an id.
    fn put_short(&self, first: u8, id: u16) {
        let [high, low] = id.to_be_bytes();
        self.put(&[first, 2, high, low]);
    }

    fn put(&self, packet: &[u8]) {
        self.order(|state| state.bytes.put_slice(packet));
    }

    fn order<T>(&self, encode: impl FnOnce(&mut State) -> T) -> T {
        let mut state = lock(&self.state);
        let was_empty = state.bytes.is_empty();
        let done = encode(&mut state);
        drop(state);
        if was_empty {
            self.more.notify_one();
        }
        done
    }
}

impl State {
    fn encode(&mut self, packet: &Packet) {
        if let Err(error) = packet.write(&mut self.bytes, None) {
            self.broken.get_or_insert(error);
        }
    }
}

impl Remote for Out {
    fn subscribe(&self, filters: &[String], how: Subscription) -> bool {
        let filters = filters.iter().map(|path| {
            let mut filter = Filter::new(path, quality(how.qos));
            filter.retain_forward_rule = match how.stored {
                Stored::IfNew => RetainForwardRule::OnNewSubscribe,
                Stored::Always => RetainForwardRule::OnEverySubscribe,
                Stored::Never => RetainForwardRule::Never,
            };
            filter
        });
        let mut subscribe = Subscribe::new_many(filters, None);
        subscribe.pkid = SUBSCRIBE_ID;
        self.order(|state| state.encode(&Packet::Subscribe(subscribe)));
        true
    }

    fn publish(&self, message: &Outgoing, qos: u8, id: u16, again: bool) -> bool {
        self.order(|state| {
            if state.bytes.len() >= FULL {
                state.taken.was_full = true;
                return false;
            }
            let (topic, alias) = state.aliases.of(&message.topic);
            let publish = Publish {
                dup: again,
                qos: quality(qos),
                retain: message.retain,
                topic,
                pkid: id,
                payload: message.payload.clone(),
                properties: properties(message, alias),
            };
            state.encode(&Packet::Publish(publish));
            state.taken.qos_0 += usize::from(qos == 0);
            true
        })
    }

    fn release(&self, id: u16) -> bool {
        self.put_short(0x62, id);
        true
    }

    fn acknowledge(&self, id: u16, exactly_once: bool) -> bool {
        self.put_short(if exactly_once { 0x50 } else { 0x40 }, id);
        true
    }

    fn disconnect(&self, for_ever: bool) -> bool {
        // With the reason "normal" and one property: the session expires in 0 seconds.
        let forget: &[u8] = &[0xe0, 7, 0, 5, 0x11, 0, 0, 0, 0];
        self.order(|state| {
            state.bytes.put_slice(if for_ever { forget } else { &[0xe0, 0] });
            state.taken.closing = true;
        });
        true
    }
}

impl Aliases {
    /// The topic as it is sent, and its number: a known topic is empty, a new one that gets a number is sent with it.
    fn of(&mut self, topic: &Bytes) -> (Bytes, Option<u16>) {
        if self.most == 0 {
            return (topic.clone(), None);
        }
        if let Some(number) = self.numbers.get(topic) {
            return (Bytes::new(), Some(*number));
        }
        let next = self.numbers.len() as u16 + 1;
        if next > self.most {
            return (topic.clone(), None);
        }
        // A copy: the topic is a piece of those of many messages.
        self.numbers.insert(Bytes::copy_from_slice(topic), next);
        (topic.clone(), Some(next))
    }
}

fn quality(qos: u8) -> QoS {
    mqttbytes::qos(qos).unwrap_or(QoS::AtLeastOnce)
}

fn properties(message: &Outgoing, alias: Option<u16>) -> Option<PublishProperties> {
    let Outgoing { expiry, content_type, headers, .. } = message;
    let bare = expiry.is_none() && content_type.is_none() && headers.is_empty() && alias.is_none();
    (!bare).then(|| PublishProperties {
        message_expiry_interval: *expiry,
        topic_alias: alias,
        user_properties: headers.clone(),
        content_type: content_type.as_ref().map(ToString::to_string),
        ..PublishProperties::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(topic: &'static str) -> Outgoing {
        Outgoing { topic: topic.into(), payload: "x".into(), ..Outgoing::default() }
    }

    fn taken(out: &Out) -> (Vec<u8>, Taken) {
        let mut bytes = BytesMut::new();
        let taken = out.take(&mut bytes).unwrap();
        (bytes.to_vec(), taken)
    }

    /// The packets of what waits.
    fn packets(out: &Out) -> Vec<Publish> {
        let mut bytes = BytesMut::new();
        out.take(&mut bytes).unwrap();
        let mut found = Vec::new();
        while !bytes.is_empty() {
            let Ok(Packet::Publish(publish)) = Packet::read(&mut bytes, None) else { panic!() };
            found.push(publish);
        }
        found
    }

    #[test]
    fn topics_are_sent_once_and_by_number_from_then_on_as_far_as_there_are_numbers() {
        let out = Out::new(2);
        for topic in ["a", "b", "c", "a", "b", "c"] {
            assert!(out.publish(&message(topic), 1, 1, false));
        }
        let alias = |it: &Publish| it.properties.as_ref().and_then(|it| it.topic_alias);
        let found: Vec<_> = packets(&out).iter().map(|it| (it.topic.clone(), alias(it))).collect();
        let expected: Vec<(Bytes, Option<u16>)> = vec![
            ("a".into(), Some(1)),
            ("b".into(), Some(2)),
            ("c".into(), None),
            ("".into(), Some(1)),
            ("".into(), Some(2)),
            ("c".into(), None),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_a_message_has_is_sent_with_it() {
        let out = Out::new(0);
        let message = Outgoing {
            retain: true,
            expiry: Some(60),
            content_type: Some("text/plain".into()),
            headers: vec![("unit".to_owned(), "°C".to_owned())],
            ..message("a")
        };
        assert!(out.publish(&message, 2, 7, true));
        let found = packets(&out).remove(0);
        assert_eq!(
            (found.dup, found.retain, found.qos, found.pkid),
            (true, true, QoS::ExactlyOnce, 7)
        );
        assert!(found.size() <= message.packet(), "{} > {}", found.size(), message.packet());
        let properties = found.properties.unwrap();
        assert_eq!(properties.message_expiry_interval, Some(60));
        assert_eq!(properties.content_type.as_deref(), Some("text/plain"));
        assert_eq!(properties.user_properties, message.headers);
    }

    #[test]
    fn a_full_buffer_takes_no_more_until_it_is_taken() {
        let out = Out::new(0);
        let large = Outgoing { payload: vec![0; FULL].into(), ..message("a") };
        assert!(out.publish(&large, 0, 0, false));
        assert!(!out.publish(&large, 0, 0, false));
        let (bytes, found) = taken(&out);
        assert!(bytes.len() > FULL);
        assert_eq!(found, Taken { qos_0: 1, closing: false, was_full: true });
        assert!(out.publish(&large, 0, 0, false));
    }

    #[test]
    fn short_packets_are_those_of_the_specification() {
        let out = Out::new(0);
        out.ping();
        out.acknowledge(0x0102, false);
        out.acknowledge(3, true);
        out.release(4);
        out.complete(5);
        out.disconnect(false);
        let (bytes, found) = taken(&out);
        let expected: [&[u8]; 6] = [
            &[0xc0, 0],
            &[0x40, 2, 1, 2],
            &[0x50, 2, 0, 3],
            &[0x62, 2, 0, 4],
            &[0x70, 2, 0, 5],
            &[0xe0, 0],
        ];
        assert_eq!(bytes, expected.concat());
        assert!(found.closing);
    }
}
