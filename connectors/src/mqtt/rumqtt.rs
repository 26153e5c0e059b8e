//! The link over WebSocket: that of `rumqttc`, which brings WebSocket along. Its event loop would reconnect by itself; here
//! every connection has one of its own, which keeps what it remembers of a broken connection out of the next one.
//!
//! What is set and why:
//!
//! - `manual_acks`: a message is acknowledged when its row is in the engine, not when it was read from the network.
//! - `max_packet_size` is the protocol's largest. The library has one value for what it takes and what it tells the
//!   broker, and a broker drops in silence what is larger than it was told. Our own limit is checked on what arrives.
//! - No topic aliases, for reading: the library hands out such messages before it has looked up their topic. None for
//!   writing either, so that they mean the same everywhere they are allowed.
//! - Acknowledgements and messages to send never share a link: the library holds all of them back while as many
//!   messages as allowed wait for their acknowledgement.
//! - The packet ids are the library's. They are translated to those that whoever publishes has given.
//!
//! What it cannot do: QoS 2 over a reconnect, and say why a broker closed a connection if that was said in short form.

use super::answers::{accepted, refusal};
use super::client::{
    Accepted, Connect, Event, Link, Outgoing, PACKET_MAX, Received, Remote, Stored, Subscription,
};
use super::failure::{Failure, Goodbye};
use super::reasons::{puback, suback};
use crate::common::lock;
use crate::tls::{self, Files};
use rumqttc::v5::mqttbytes::v5::{Filter, Packet, Publish, PublishProperties, RetainForwardRule};
use rumqttc::v5::mqttbytes::{Error as WireError, QoS};
use rumqttc::v5::{
    AsyncClient, ConnectionError, Event as LibraryEvent, EventLoop, MqttOptions, StateError,
};
use rumqttc::{NetworkOptions, Outgoing as Sent, TlsConfiguration, Transport};
use std::collections::{HashMap, VecDeque};
use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

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
    ids: Arc<Mutex<Ids>>,
    tls: Files,
    host: String,
}

/// From the library's packet ids to those of whoever publishes.
#[derive(Default)]
struct Ids {
    /// Of messages that have none of the library's yet, in their order.
    ordered: VecDeque<u16>,
    sent: HashMap<u16, u16>,
}

impl Link for RumqttLink {
    async fn open(connect: &Connect) -> Result<(Self, Accepted), Failure> {
        // Enough for all that may be on their way, where the broker keeps to the limits.
        let capacity =
            usize::from(connect.receive_maximum) + usize::from(connect.send_maximum) + ORDERS_MORE;
        let tls = connect.tls.clone().unwrap_or_default();
        let host = connect.address.host.clone();
        let (client, mut events) = AsyncClient::new(options(connect).await?, capacity);
        loop {
            match events.poll().await {
                Ok(LibraryEvent::Incoming(Packet::ConnAck(answer))) => {
                    let (accepted, more) = accepted(connect, &answer);
                    if events.options.keep_alive().is_zero() {
                        // The broker wants no keep-alive, and the library would ping without a pause.
                        events.options.set_keep_alive(more.keep_alive);
                    }
                    let ids = Arc::default();
                    return Ok((Self { client, events, ids, tls, host }, accepted));
                }
                Ok(_) => {}
                Err(error) => return Err(refused(error, &tls, &host)),
            }
        }
    }

    fn remote(&self) -> Arc<dyn Remote> {
        Arc::new(RumqttRemote { client: self.client.clone(), ids: Arc::clone(&self.ids) })
    }

    async fn next(&mut self, events: &mut Vec<Event>) -> Result<(), Failure> {
        let outcome = self.events.poll().await;
        let outcome = outcome.map(|first| events.extend(self.event(first)));
        // What came by the same read, also in front of what broke the connection.
        let more: Vec<_> = self.events.state.events.drain(..).collect();
        events.extend(more.into_iter().filter_map(|it| self.event(it)));
        if matches!(events.last(), Some(Event::Closed)) {
            self.read_to_the_end().await;
        }
        outcome.map_err(|error| lost(error, &self.tls, &self.host))
    }
}

impl RumqttLink {
    fn event(&self, event: LibraryEvent) -> Option<Event> {
        match event {
            LibraryEvent::Incoming(Packet::Publish(it)) => Some(Event::Message(received(it))),
            LibraryEvent::Incoming(Packet::SubAck(answer)) => {
                Some(Event::Subscribed(answer.return_codes.into_iter().map(suback).collect()))
            }
            LibraryEvent::Incoming(Packet::PubAck(answer)) => {
                let id = lock(&self.ids).sent.remove(&answer.pkid)?;
                Some(Event::Acknowledged { id, refusal: puback(&answer) })
            }
            LibraryEvent::Outgoing(Sent::Publish(0)) => Some(Event::Written),
            LibraryEvent::Outgoing(Sent::Publish(theirs)) => {
                let mut ids = lock(&self.ids);
                let ours = ids.ordered.pop_front()?;
                ids.sent.insert(theirs, ours);
                None
            }
            LibraryEvent::Outgoing(Sent::PubAck(_)) => Some(Event::Told),
            LibraryEvent::Outgoing(Sent::Disconnect) => Some(Event::Closed),
            _ => None,
        }
    }

    /// Waits a little until the broker has closed the connection too. To close a socket in which something waits to be
    /// read resets the connection, and then the broker may not see our last acknowledgements.
    async fn read_to_the_end(&mut self) {
        let end = async { while self.events.poll().await.is_ok() {} };
        if tokio::time::timeout(GOODBYE_MAX, end).await.is_err() {
            tracing::debug!("The broker did not close the connection in time");
        }
    }
}

async fn options(connect: &Connect) -> Result<MqttOptions, Failure> {
    let address = &connect.address;
    let mut options = MqttOptions::new(&connect.client_id, address.whole(), address.port);
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    let session = connect.session.map_or(0, |it| u32::try_from(it.as_secs()).unwrap_or(u32::MAX));
    options
        .set_network_options(network)
        .set_connection_timeout(CONNECT_SECONDS)
        .set_keep_alive(connect.keep_alive)
        .set_clean_start(connect.clean_start)
        .set_manual_acks(true)
        .set_session_expiry_interval(Some(session))
        .set_receive_maximum(Some(connect.receive_maximum))
        .set_max_packet_size(Some(PACKET_MAX))
        .set_outgoing_inflight_upper_limit(connect.send_maximum)
        .set_transport(match &connect.tls {
            None => Transport::Ws,
            Some(files) => Transport::Wss(TlsConfiguration::Rustls(
                tls::load(files).await.map_err(Failure::Files)?,
            )),
        });
    if let Some((username, password)) = &connect.login {
        options.set_credentials(username, password);
    }
    Ok(options)
}

fn received(publish: Publish) -> Received {
    let (expiry, headers) = publish
        .properties
        .map_or((None, Vec::new()), |it| (it.message_expiry_interval, it.user_properties));
    Received {
        id: publish.pkid,
        exactly_once: false,
        again: publish.dup,
        retained: publish.retain,
        topic: publish.topic,
        payload: publish.payload,
        expiry,
        headers,
        refused: None,
    }
}

fn quality(qos: u8) -> QoS {
    if qos == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce }
}

struct RumqttRemote {
    client: AsyncClient,
    ids: Arc<Mutex<Ids>>,
}

impl Remote for RumqttRemote {
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
        self.client.try_subscribe_many(filters).is_ok()
    }

    fn publish(&self, message: &Outgoing, qos: u8, id: u16, _again: bool) -> bool {
        let Ok(topic) = std::str::from_utf8(&message.topic) else { return false };
        let properties = PublishProperties {
            message_expiry_interval: message.expiry,
            user_properties: message.headers.clone(),
            content_type: message.content_type.as_ref().map(ToString::to_string),
            ..PublishProperties::default()
        };
        let (qos, payload) = (quality(qos), message.payload.clone());
        // Noted first: the task that sends it may be faster than this one.
        let mut ids = lock(&self.ids);
        let taken = self
            .client
            .try_publish_with_properties(topic, qos, message.retain, payload, properties)
            .is_ok();
        if taken && id != 0 {
            ids.ordered.push_back(id);
        }
        taken
    }

    fn release(&self, _id: u16) -> bool {
        false
    }

    fn acknowledge(&self, id: u16, _exactly_once: bool) -> bool {
        let message = Publish { pkid: id, qos: QoS::AtLeastOnce, ..Publish::default() };
        self.client.try_ack(&message).is_ok()
    }

    fn disconnect(&self, _for_ever: bool) -> bool {
        self.client.try_disconnect().is_ok()
    }
}

/// What TLS has to say, if the trouble is there.
fn explained(error: &ConnectionError, files: &Files, host: &str) -> Option<Failure> {
    let found = match error {
        ConnectionError::MqttState(
            StateError::Io(error) | StateError::Deserialization(WireError::Io(error)),
        ) => tls::cause(error),
        other => tls::cause(other),
    };
    found.map(|it| Failure::Tls(files.explain(it, host)))
}

/// Why no connection came about.
fn refused(error: ConnectionError, files: &Files, host: &str) -> Failure {
    if let Some(failure) = explained(&error, files, host) {
        return failure;
    }
    match error {
        ConnectionError::ConnectionRefused(code) => refusal(code, None),
        ConnectionError::Io(error) => Failure::Unreachable(error.to_string()),
        ConnectionError::Timeout(_) => {
            // Some answer nothing at all where the path is another one.
            Failure::Unreachable(format!(
                "no answer over WebSocket within {CONNECT_SECONDS} seconds; is the path right?"
            ))
        }
        ConnectionError::Websocket(error) => {
            match error.source().and_then(|it| it.downcast_ref()) {
                Some(io) => Failure::Unreachable(std::io::Error::to_string(io)),
                None => Failure::Protocol(format!("WebSocket: {error}")),
            }
        }
        ConnectionError::ResponseValidation(_) => {
            Failure::Protocol("it takes WebSocket, and not for MQTT; is the path right?".to_owned())
        }
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

/// Why a connection is gone.
fn lost(error: ConnectionError, files: &Files, host: &str) -> Failure {
    if let Some(failure) = explained(&error, files, host) {
        return failure;
    }
    let ConnectionError::MqttState(state) = error else {
        return Failure::Lost(error.to_string());
    };
    match state {
        StateError::ServerDisconnect { reason_code, reason_string } => {
            Goodbye { code: reason_code as u8, words: reason_string, instead: None }.failure()
        }
        StateError::OutgoingPacketTooLarge { pkt_size, max }
        | StateError::Deserialization(WireError::OutgoingPacketTooLarge { pkt_size, max }) => {
            Failure::TooLarge(format!("a message of {pkt_size} bytes; the broker takes {max}"))
        }
        // The library cannot read the short form in which most brokers say why they close a connection.
        StateError::ConnectionAborted => Failure::Closed,
        StateError::AwaitPingResp => {
            Failure::Lost("the broker did not answer within `keep_alive`".to_owned())
        }
        other => Failure::Lost(other.to_string()),
    }
}
