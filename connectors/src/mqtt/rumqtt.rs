//! The link over `rumqttc`. Its event loop would reconnect by itself; here every connection has one of its own, which
//! keeps what it remembers of a broken connection (packet ids, queued acknowledgements, aliases) out of the next one.
//!
//! What is set and why:
//!
//! - `manual_acks`: a message is acknowledged when its row is in the engine, not when it was read from the network.
//! - `max_packet_size` is the protocol's largest. The library has one value for what it takes and what it tells the
//!   broker, and a broker drops in silence what is larger than it was told. Our own limit is checked on what arrives.
//! - No topic aliases: the library hands out such messages before it has looked up their topic.
//! - Acknowledgements and messages to send never share a link: the library holds all of them back while as many
//!   messages as allowed wait for their acknowledgement.

use super::client::{Accepted, Connect, Event, Failure, Link, Received, Remote};
use bytes::Bytes;
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, ConnectReturnCode, DisconnectReasonCode, Filter, Packet, PubAckReason, Publish,
    RetainForwardRule, SubscribeReasonCode,
};
use rumqttc::v5::mqttbytes::{Error as WireError, QoS};
use rumqttc::v5::{
    AsyncClient, ConnectionError, Event as LibraryEvent, EventLoop, MqttOptions, StateError,
};
use rumqttc::{NetworkOptions, Outgoing, TlsConfiguration, Transport};
use std::sync::Arc;
use std::time::Duration;

/// The largest packet there can be in MQTT 5, and what a broker takes that names no limit of its own.
const PACKET_MAX: u32 = 268_435_455;
/// How long a broker may take to accept, in seconds.
const CONNECT_SECONDS: u64 = 5;
/// How long a broker may take to close a connection that we are done with.
const GOODBYE_MAX: Duration = Duration::from_secs(1);
/// Orders beside messages and acknowledgements: to subscribe, to disconnect.
const ORDERS_MORE: usize = 16;

/// A connection.
pub(super) struct RumqttLink {
    client: AsyncClient,
    events: EventLoop,
}

impl Link for RumqttLink {
    async fn open(connect: &Connect) -> Result<(Self, Accepted), Failure> {
        // Enough for all that may be on their way, where the broker keeps to the limits.
        let capacity =
            usize::from(connect.receive_maximum) + usize::from(connect.send_maximum) + ORDERS_MORE;
        let (client, mut events) = AsyncClient::new(options(connect), capacity);
        loop {
            match events.poll().await {
                Ok(LibraryEvent::Incoming(Packet::ConnAck(answer))) => {
                    let accepted = accepted(connect, &answer);
                    if events.options.keep_alive().is_zero() {
                        // The broker wants no keep-alive, and the library would ping without a pause.
                        events.options.set_keep_alive(connect.keep_alive);
                    }
                    return Ok((Self { client, events }, accepted));
                }
                Ok(_) => {}
                Err(error) => return Err(refused(error)),
            }
        }
    }

    fn remote(&self) -> Arc<dyn Remote> {
        Arc::new(RumqttRemote(self.client.clone()))
    }

    async fn next(&mut self, events: &mut Vec<Event>) -> Result<(), Failure> {
        let outcome = self.events.poll().await;
        let outcome = outcome.map(|first| events.extend(event(first))).map_err(lost);
        // What came by the same read, also in front of what broke the connection.
        events.extend(self.events.state.events.drain(..).filter_map(event));
        if matches!(events.last(), Some(Event::Closed)) {
            self.read_to_the_end().await;
        }
        outcome
    }
}

impl RumqttLink {
    /// Waits a little until the broker has closed the connection too. To close a socket in which something waits to be
    /// read resets the connection, and then the broker may not see our last acknowledgements.
    async fn read_to_the_end(&mut self) {
        let end = async { while self.events.poll().await.is_ok() {} };
        if tokio::time::timeout(GOODBYE_MAX, end).await.is_err() {
            tracing::debug!("The broker did not close the connection in time");
        }
    }
}

fn options(connect: &Connect) -> MqttOptions {
    let mut options = MqttOptions::new(&connect.client_id, &connect.host, connect.port);
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    let session = connect.session.map_or(0, |it| u32::try_from(it.as_secs()).unwrap_or(u32::MAX));
    options
        .set_network_options(network)
        .set_connection_timeout(CONNECT_SECONDS)
        .set_keep_alive(connect.keep_alive)
        .set_clean_start(connect.session.is_none())
        .set_manual_acks(true)
        .set_session_expiry_interval(Some(session))
        .set_receive_maximum(Some(connect.receive_maximum))
        .set_max_packet_size(Some(PACKET_MAX))
        .set_outgoing_inflight_upper_limit(connect.send_maximum);
    if let Some((username, password)) = &connect.login {
        options.set_credentials(username, password);
    }
    if let Some(tls) = &connect.tls {
        options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(tls.clone())));
    }
    options
}

fn accepted(connect: &Connect, answer: &ConnAck) -> Accepted {
    let properties = answer.properties.as_ref();
    let send_maximum = properties.and_then(|it| it.receive_max).unwrap_or(u16::MAX);
    let max_packet = properties.and_then(|it| it.max_packet_size).unwrap_or(PACKET_MAX);
    Accepted {
        session_present: answer.session_present,
        send_maximum: send_maximum.min(connect.send_maximum),
        max_packet: max_packet as usize,
    }
}

fn event(event: LibraryEvent) -> Option<Event> {
    match event {
        LibraryEvent::Incoming(Packet::Publish(publish)) => Some(Event::Message(received(publish))),
        LibraryEvent::Incoming(Packet::SubAck(answer)) => {
            Some(Event::Subscribed(answer.return_codes.into_iter().map(granted).collect()))
        }
        LibraryEvent::Incoming(Packet::PubAck(answer)) => {
            let refusal = match answer.reason {
                // Nobody listens: the message is delivered all the same.
                PubAckReason::Success | PubAckReason::NoMatchingSubscribers => None,
                reason => Some(words(&reason)),
            };
            Some(Event::Acknowledged { id: answer.pkid, refusal })
        }
        LibraryEvent::Outgoing(Outgoing::Publish(id)) => Some(Event::Sent(id)),
        LibraryEvent::Outgoing(Outgoing::PubAck(_)) => Some(Event::Told),
        LibraryEvent::Outgoing(Outgoing::Disconnect) => Some(Event::Closed),
        _ => None,
    }
}

fn received(publish: Publish) -> Received {
    Received {
        id: publish.pkid,
        again: publish.dup,
        retained: publish.retain,
        topic: publish.topic,
        payload: publish.payload,
        headers: publish.properties.map_or_else(Vec::new, |it| it.user_properties),
        refused: None,
    }
}

fn granted(code: SubscribeReasonCode) -> Result<u8, String> {
    match code {
        SubscribeReasonCode::Success(qos) => Ok(qos as u8),
        refusal => Err(words(&refusal)),
    }
}

fn quality(qos: u8) -> QoS {
    if qos == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce }
}

struct RumqttRemote(AsyncClient);

impl Remote for RumqttRemote {
    fn subscribe(&self, filters: &[String], qos: u8) -> bool {
        let filters = filters.iter().map(|path| {
            let mut filter = Filter::new(path, quality(qos));
            // A subscription that the session has already is renewed without its retained messages.
            filter.retain_forward_rule = RetainForwardRule::OnNewSubscribe;
            filter
        });
        self.0.try_subscribe_many(filters).is_ok()
    }

    fn publish(&self, topic: &str, payload: &Bytes, qos: u8, retain: bool) -> bool {
        self.0.try_publish(topic, quality(qos), retain, payload.clone()).is_ok()
    }

    fn acknowledge(&self, id: u16) -> bool {
        let message = Publish { pkid: id, qos: QoS::AtLeastOnce, ..Publish::default() };
        self.0.try_ack(&message).is_ok()
    }

    fn disconnect(&self) -> bool {
        self.0.try_disconnect().is_ok()
    }
}

/// Why no connection came about.
fn refused(error: ConnectionError) -> Failure {
    match error {
        ConnectionError::ConnectionRefused(code) => refusal(code),
        ConnectionError::Io(error) => Failure::Unreachable(error.to_string()),
        ConnectionError::Timeout(_) => {
            Failure::Unreachable(format!("no answer within {CONNECT_SECONDS} seconds"))
        }
        ConnectionError::Tls(error) => Failure::Tls(error.to_string()),
        ConnectionError::MqttState(StateError::ConnectionAborted) => {
            Failure::Refused("it closed the connection without a word".to_owned())
        }
        ConnectionError::MqttState(StateError::Deserialization(WireError::Io(error))) => {
            match error.kind() {
                // What came before the end of the stream is no packet.
                std::io::ErrorKind::Other => {
                    Failure::Protocol("its answer is no packet".to_owned())
                }
                _ => Failure::Unreachable(error.to_string()),
            }
        }
        other => Failure::Protocol(other.to_string()),
    }
}

fn refusal(code: ConnectReturnCode) -> Failure {
    let text = words(&code);
    match code {
        ConnectReturnCode::BadUserNamePassword
        | ConnectReturnCode::NotAuthorized
        | ConnectReturnCode::BadAuthenticationMethod => Failure::Login(text),
        ConnectReturnCode::BadClientId | ConnectReturnCode::ClientIdentifierNotValid => {
            Failure::ClientId(text)
        }
        ConnectReturnCode::RefusedProtocolVersion
        | ConnectReturnCode::UnsupportedProtocolVersion => Failure::Protocol(text),
        _ => Failure::Refused(text),
    }
}

/// Why a connection is gone.
fn lost(error: ConnectionError) -> Failure {
    let ConnectionError::MqttState(state) = error else {
        return Failure::Lost(error.to_string());
    };
    match state {
        StateError::ServerDisconnect {
            reason_code: DisconnectReasonCode::SessionTakenOver,
            ..
        } => Failure::TakenOver,
        StateError::ServerDisconnect { reason_code, .. } => {
            Failure::Lost(format!("the broker ended the connection: {}", words(&reason_code)))
        }
        StateError::OutgoingPacketTooLarge { pkt_size, max }
        | StateError::Deserialization(WireError::OutgoingPacketTooLarge { pkt_size, max }) => {
            Failure::TooLarge(format!("a message of {pkt_size} bytes; the broker takes {max}"))
        }
        // The library cannot read the short form in which most brokers say why they close a connection.
        StateError::ConnectionAborted => {
            Failure::Lost("the broker closed the connection".to_owned())
        }
        StateError::AwaitPingResp => {
            Failure::Lost("the broker did not answer within `keep_alive`".to_owned())
        }
        other => Failure::Lost(other.to_string()),
    }
}

/// `NotAuthorized` as `not authorized`.
fn words(code: &impl std::fmt::Debug) -> String {
    let mut text = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push(' ');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}
