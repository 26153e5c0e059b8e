//! All that this connector knows of an MQTT client library, so that the library can be replaced.
//!
//! A [`Link`] is one connection. It never reconnects by itself: whoever owns it opens another one. So nothing of an old
//! connection (acknowledgements, topic aliases) can leak into a new one. What does outlive a connection at QoS 1 and 2,
//! packet ids and how far each message has come, is kept by whoever owns the link.

use super::address::Address;
use super::failure::Failure;
use crate::tls;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// The largest packet there can be in MQTT 5. A broker drops in silence what is larger than it was told to send, so it is
/// told this; our own limit is checked on what arrives.
pub(super) const PACKET_MAX: u32 = 268_435_455;

/// What a connection is made with.
#[derive(Clone, Debug)]
pub(super) struct Connect {
    pub(super) address: Address,
    /// Over TLS, with these files; they are read for every connection anew.
    pub(super) tls: Option<tls::Files>,
    pub(super) client_id: String,
    /// User name and password.
    pub(super) login: Option<(String, String)>,
    pub(super) keep_alive: Duration,
    /// For how long the broker keeps the session of a client that is away; none: it ends with the connection.
    pub(super) session: Option<Duration>,
    /// Whether a session that the broker still has is to be forgotten.
    pub(super) clean_start: bool,
    /// How many messages the broker may send ahead of their acknowledgement.
    pub(super) receive_maximum: u16,
    /// How many messages may be sent ahead of theirs.
    pub(super) send_maximum: u16,
    /// Whether a topic is sent once and from then on as a number, as far as the broker takes such numbers.
    pub(super) topic_alias: bool,
}

/// What the broker said when it accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    /// It knows the session: subscriptions and unacknowledged messages are still there.
    pub(super) session_present: bool,
    /// How many messages may be sent ahead of their acknowledgement: the lesser of both sides' limits.
    pub(super) send_maximum: u16,
    /// The largest packet it takes.
    pub(super) max_packet: usize,
    /// The highest quality of service that it has.
    pub(super) qos: u8,
    /// Whether it keeps messages for those who come later.
    pub(super) retains: bool,
    /// Whether it has shared subscriptions.
    pub(super) shares: bool,
}

/// One connection to a broker.
pub(super) trait Link: Sized + Send + 'static {
    /// Connects. Gives up after a few seconds.
    fn open(connect: &Connect) -> impl Future<Output = Result<(Self, Accepted), Failure>> + Send;

    /// Gives orders to this link from anywhere.
    fn remote(&self) -> Arc<dyn Remote>;

    /// Waits until something happens and appends it, also when it fails. It has to be called all the time, and a call
    /// must not be given up half-way: this is what moves bytes in both directions. After a failure the link is gone.
    fn next(&mut self, events: &mut Vec<Event>)
    -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Orders to a link. They never block; `false`: the link is gone, or has no room for more orders now.
pub(super) trait Remote: Send + Sync {
    /// Subscribes; answered by [`Event::Subscribed`].
    fn subscribe(&self, filters: &[String], how: Subscription) -> bool;

    /// Publishes. At QoS 0 the `id` is 0 and [`Event::Written`] the answer; else `id` tells the message apart from all
    /// others that are on their way, and [`Event::Acknowledged`] is the answer. `again`: the broker may have it already.
    fn publish(&self, message: &Outgoing, qos: u8, id: u16, again: bool) -> bool;

    /// At QoS 2: the broker has the message of this id, and may forget the id. Answered by [`Event::Acknowledged`].
    fn release(&self, id: u16) -> bool;

    /// Takes over a message of QoS 1 or, if `exactly_once`, of QoS 2; answered by [`Event::Told`] where there was no room.
    fn acknowledge(&self, id: u16, exactly_once: bool) -> bool;

    /// Says good-bye behind everything that was ordered before, and that the session can be forgotten if `for_ever`;
    /// answered by [`Event::Closed`].
    fn disconnect(&self, for_ever: bool) -> bool;
}

/// How topics are subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Subscription {
    pub(super) qos: u8,
    pub(super) stored: Stored,
}

/// When the broker sends the messages that it has in store for a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    /// Where the session did not have the subscription before.
    IfNew,
    /// In any case.
    Always,
    /// Not at all.
    Never,
}

/// A message to the broker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outgoing {
    pub(super) topic: Bytes,
    pub(super) payload: Bytes,
    pub(super) retain: bool,
    /// For how many seconds it is worth anything.
    pub(super) expiry: Option<u32>,
    pub(super) content_type: Option<Arc<str>>,
    /// User properties.
    pub(super) headers: Vec<(String, String)>,
}

impl Outgoing {
    /// The bytes of its packet, at most.
    pub(super) fn packet(&self) -> usize {
        // A header of 5 bytes, the length of the topic, the packet id, the length of the properties, expiry and alias.
        const BESIDE: usize = 5 + 2 + 2 + 4 + 5 + 3;
        let headers = self.headers.iter().map(|(name, value)| 5 + name.len() + value.len());
        let content_type = self.content_type.as_ref().map_or(0, |it| 3 + it.len());
        BESIDE + self.topic.len() + self.payload.len() + content_type + headers.sum::<usize>()
    }
}

/// Something that happened on a link.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A message came.
    Message(Received),
    /// The answer to a subscription, filter by filter: the QoS granted or why it was refused.
    Subscribed(Vec<Result<u8, String>>),
    /// The next message of QoS 0 was written to the network.
    Written,
    /// At QoS 2: the broker has the message of this id; what is left is to release the id.
    Held(u16),
    /// The message of this id is done: the broker has taken it, or says why it will not.
    Acknowledged {
        /// The packet id.
        id: u16,
        /// Why it was refused.
        refusal: Option<String>,
    },
    /// The broker has released the id of a message of QoS 2 that was taken over: it will not send it again.
    Released(u16),
    /// There is room for more orders.
    Told,
    /// Our good-bye went out.
    Closed,
}

/// A message from the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Received {
    /// The packet id to acknowledge it by; 0 for QoS 0.
    pub(super) id: u16,
    /// Whether it is one of QoS 2.
    pub(super) exactly_once: bool,
    /// It was delivered before and not acknowledged.
    pub(super) again: bool,
    /// The broker had it in store when we subscribed.
    pub(super) retained: bool,
    pub(super) topic: Bytes,
    pub(super) payload: Bytes,
    /// For how many more seconds it is worth anything.
    pub(super) expiry: Option<u32>,
    /// Its user properties.
    pub(super) headers: Vec<(String, String)>,
    /// Why no row is made of it, if it is larger than allowed.
    pub(super) refused: Option<String>,
}

impl Received {
    /// Keeps the beginning of a payload that is larger than allowed, and says what became of the rest.
    pub(super) fn limit(&mut self, most: usize) {
        let bytes = self.payload.len();
        if bytes > most {
            // A copy, so that the rest does not stay in memory with it.
            self.payload = Bytes::copy_from_slice(&self.payload[..most]);
            self.refused = Some(format!(
                "the message has {bytes} bytes, more than `max_packet` allows; its first {most} are kept"
            ));
        }
    }
}
