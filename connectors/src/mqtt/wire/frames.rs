//! From bytes to events, packet by packet. Packets are read by `rumqttc`, but for two: DISCONNECT, whose short form it does
//! not know, and the first answer, which may be anything.

use super::super::client::{Event, Received};
use super::super::failure::{Failure, Goodbye};
use super::super::reasons::{puback, pubrec, suback};
use super::out::Out;
use bytes::{Buf, BytesMut};
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{Packet, PubCompReason, Publish};

/// The types of packets, as they stand in the upper half of the first byte.
const DISCONNECT: u8 = 14;

/// The next event; the inner none is a packet that means nothing to us, the outer one that no packet is here in full.
#[expect(clippy::option_option, reason = "the two mean different things, as said above")]
pub(super) fn next(bytes: &mut BytesMut, out: &Out) -> Result<Option<Option<Event>>, Failure> {
    let Some(length) = length(bytes)? else { return Ok(None) };
    if bytes.len() < length {
        bytes.reserve(length - bytes.len());
        return Ok(None);
    }
    if bytes[0] >> 4 == DISCONNECT {
        return Err(goodbye(&bytes[..length]).failure());
    }
    let packet = Packet::read(bytes, None)
        .map_err(|error| Failure::Lost(format!("it sends what is no MQTT 5 packet ({error})")))?;
    Ok(Some(match packet {
        Packet::Publish(publish) => Some(Event::Message(received(publish))),
        Packet::PubAck(answer) => {
            Some(Event::Acknowledged { id: answer.pkid, refusal: puback(&answer) })
        }
        Packet::PubRec(answer) => Some(match pubrec(&answer) {
            None => Event::Held(answer.pkid),
            refusal => Event::Acknowledged { id: answer.pkid, refusal },
        }),
        // A broker that does not know the id any more has taken the message before.
        Packet::PubComp(answer) => match answer.reason {
            PubCompReason::Success | PubCompReason::PacketIdentifierNotFound => {
                Some(Event::Acknowledged { id: answer.pkid, refusal: None })
            }
        },
        Packet::PubRel(answer) => {
            out.complete(answer.pkid);
            Some(Event::Released(answer.pkid))
        }
        Packet::SubAck(answer) => {
            Some(Event::Subscribed(answer.return_codes.into_iter().map(suback).collect()))
        }
        _ => None,
    }))
}

/// How many bytes the packet has that begins here, once enough of it is here to tell.
pub(super) fn length(bytes: &[u8]) -> Result<Option<usize>, Failure> {
    let mut rest = 0;
    for place in 0..4 {
        let Some(byte) = bytes.get(1 + place) else { return Ok(None) };
        rest |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok(Some(2 + place + rest));
        }
    }
    Err(Failure::Lost("it sends a packet of impossible length".to_owned()))
}

fn received(publish: Publish) -> Received {
    let (expiry, headers) = publish
        .properties
        .map_or((None, Vec::new()), |it| (it.message_expiry_interval, it.user_properties));
    Received {
        id: publish.pkid,
        exactly_once: publish.qos == QoS::ExactlyOnce,
        again: publish.dup,
        retained: publish.retain,
        topic: publish.topic,
        payload: publish.payload,
        expiry,
        headers,
        refused: None,
    }
}

/// Reads a DISCONNECT: nothing, a reason, or a reason and properties (MQTT 5, 3.14.2).
fn goodbye(packet: &[u8]) -> Goodbye {
    const REASON_STRING: u8 = 0x1f;
    const SERVER_REFERENCE: u8 = 0x1c;
    const USER_PROPERTY: u8 = 0x26;
    let mut found = Goodbye::default();
    // Behind type and length, which is one byte or more.
    let header = 1 + packet[1..].iter().take_while(|it| **it & 0x80 != 0).count() + 1;
    let mut rest = packet.get(header..).unwrap_or_default();
    if !rest.has_remaining() {
        return found;
    }
    found.code = rest.get_u8();
    // The length of the properties; more than this packet may hold does not matter.
    while rest.has_remaining() && rest.get_u8() & 0x80 != 0 {}
    while rest.has_remaining() {
        match rest.get_u8() {
            REASON_STRING => found.words = text(&mut rest),
            SERVER_REFERENCE => found.instead = text(&mut rest),
            USER_PROPERTY => drop((text(&mut rest), text(&mut rest))),
            _ => break,
        }
    }
    found
}

fn text(rest: &mut &[u8]) -> Option<String> {
    if rest.remaining() < 2 {
        *rest = &[];
        return None;
    }
    let length = usize::from(rest.get_u16()).min(rest.remaining());
    let (text, behind) = rest.split_at(length);
    *rest = behind;
    Some(String::from_utf8_lossy(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::option_option, reason = "a packet that is no event is one of three answers")]
    fn read(bytes: &[u8]) -> Result<Option<Option<Event>>, Failure> {
        next(&mut BytesMut::from(bytes), &Out::new(0))
    }

    #[test]
    fn every_form_of_a_goodbye_is_understood() {
        let failure = |bytes| read(bytes).unwrap_err();
        assert_eq!(failure(&[0xe0, 1, 0x8e]), Failure::TakenOver);
        assert_eq!(failure(&[0xe0, 2, 0x8e, 0]), Failure::TakenOver);
        assert!(failure(&[0xe0, 0]).to_string().contains("a normal disconnection"));
        let words = failure(&[0xe0, 6, 0x97, 4, 0x1f, 0, 1, b'x']);
        assert!(words.to_string().contains("a quota is exceeded (x)"), "{words}");
        // Cut off inside: what was understood counts.
        assert!(failure(&[0xe0, 4, 0x97, 9, 0x1f, 0]).to_string().contains("a quota"));
    }

    #[test]
    fn a_packet_is_read_once_all_of_it_is_here() {
        let whole = [0x40, 2, 0, 7];
        for cut in 0..whole.len() {
            assert_eq!(read(&whole[..cut]), Ok(None));
        }
        let done = Event::Acknowledged { id: 7, refusal: None };
        assert_eq!(read(&whole), Ok(Some(Some(done))));
        assert_eq!(read(&[0xd0, 0]), Ok(Some(None)));
        assert!(read(&[0x30, 0xff, 0xff, 0xff, 0xff]).is_err());
        assert!(read(&[0x00, 2, 0, 0]).is_err());
    }

    #[test]
    fn a_released_id_is_answered() {
        let out = Out::new(0);
        let event = next(&mut BytesMut::from(&[0x62, 2, 0, 9][..]), &out);
        assert_eq!(event, Ok(Some(Some(Event::Released(9)))));
        let mut bytes = BytesMut::new();
        out.take(&mut bytes).unwrap();
        assert_eq!(bytes, &[0x70, 2, 0, 9][..]);
    }
}
