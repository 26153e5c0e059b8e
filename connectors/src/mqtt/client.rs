//! All that this connector knows of an MQTT client library, so that the library can be replaced.
//!
//! A [`Link`] is one connection. It never reconnects by itself: whoever owns it opens another one. So nothing of an old
//! connection (packet ids, acknowledgements, topic aliases) can leak into a new one.

use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// What a connection is made with.
#[derive(Clone, Debug)]
pub(super) struct Connect {
    pub(super) host: String,
    pub(super) port: u16,
    /// Over TLS, with this configuration.
    pub(super) tls: Option<Arc<rustls::ClientConfig>>,
    pub(super) client_id: String,
    /// User name and password.
    pub(super) login: Option<(String, String)>,
    pub(super) keep_alive: Duration,
    /// For how long the broker keeps the session of a client that is away; none: a new session every time.
    pub(super) session: Option<Duration>,
    /// How many messages the broker may send ahead of their acknowledgement.
    pub(super) receive_maximum: u16,
    /// How many messages may be sent ahead of theirs.
    pub(super) send_maximum: u16,
}

/// What the broker said when it accepted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Accepted {
    /// It knows the session: subscriptions and unacknowledged messages are still there.
    pub(super) session_present: bool,
    /// How many messages may be sent ahead of their acknowledgement: the lesser of both sides' limits.
    pub(super) send_maximum: u16,
    /// The largest packet it takes.
    pub(super) max_packet: usize,
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
    fn subscribe(&self, filters: &[String], qos: u8) -> bool;

    /// Publishes; answered by [`Event::Sent`], and for QoS 1 by [`Event::Acknowledged`].
    fn publish(&self, topic: &str, payload: &Bytes, qos: u8, retain: bool) -> bool;

    /// Acknowledges a message; answered by [`Event::Told`].
    fn acknowledge(&self, id: u16) -> bool;

    /// Says good-bye behind everything that was ordered before; answered by [`Event::Closed`].
    fn disconnect(&self) -> bool;
}

/// Something that happened on a link.
#[derive(Debug)]
pub(super) enum Event {
    /// A message came.
    Message(Received),
    /// The answer to a subscription, filter by filter: the QoS granted or why it was refused.
    Subscribed(Vec<Result<u8, String>>),
    /// The next message was written to the network under this packet id (0 for QoS 0).
    Sent(u16),
    /// The broker has taken the message of this packet id, or says why it will not.
    Acknowledged {
        /// The packet id.
        id: u16,
        /// Why it was refused.
        refusal: Option<String>,
    },
    /// An acknowledgement went out: there is room for another.
    Told,
    /// Our good-bye went out.
    Closed,
}

/// A message from the broker.
#[derive(Clone, Debug)]
pub(super) struct Received {
    /// The packet id to acknowledge it by; 0 for QoS 0.
    pub(super) id: u16,
    /// It was delivered before and not acknowledged.
    pub(super) again: bool,
    /// The broker had it in store when we subscribed.
    pub(super) retained: bool,
    pub(super) topic: Bytes,
    pub(super) payload: Bytes,
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

/// Why a link could not be opened, or is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Nobody answers.
    Unreachable(String),
    /// The TLS handshake failed.
    Tls(String),
    /// User name or password are wrong, or there are none.
    Login(String),
    /// The broker does not like the client id.
    ClientId(String),
    /// The broker refuses for another reason.
    Refused(String),
    /// The other side does not speak MQTT 5, or not correctly.
    Protocol(String),
    /// Another client connected under the same client id.
    TakenOver,
    /// What we sent is larger than the broker takes.
    TooLarge(String),
    /// The connection broke.
    Lost(String),
}

impl Failure {
    /// Whether trying again cannot help.
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Failure::TakenOver | Failure::TooLarge(_))
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failure::TakenOver => {
                f.write_str("another client has connected with the same client id")
            }
            Failure::Unreachable(text)
            | Failure::Tls(text)
            | Failure::Login(text)
            | Failure::ClientId(text)
            | Failure::Refused(text)
            | Failure::Protocol(text)
            | Failure::TooLarge(text)
            | Failure::Lost(text) => f.write_str(text),
        }
    }
}
