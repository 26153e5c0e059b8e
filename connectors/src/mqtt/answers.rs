//! What a broker says when it accepts a connection, and when it does not.

use super::client::{Accepted, Connect, PACKET_MAX};
use super::failure::Failure;
use super::reasons::with_own;
use rumqttc::v5::mqttbytes::v5::{ConnAck, ConnAckProperties, ConnectReturnCode};
use std::time::Duration;

/// What it says that only the connection itself has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct More {
    /// How often it wants to hear from us.
    pub(super) keep_alive: Duration,
    /// How many topics it takes as numbers.
    pub(super) aliases: u16,
}

/// Reads what it says when it accepts. What it does not say has the defaults of MQTT 5.
pub(super) fn accepted(connect: &Connect, answer: &ConnAck) -> (Accepted, More) {
    let properties = answer.properties.as_ref();
    let send_maximum = properties.and_then(|it| it.receive_max).unwrap_or(u16::MAX);
    let max_packet = properties.and_then(|it| it.max_packet_size).unwrap_or(PACKET_MAX);
    let flag = |it: Option<u8>| it != Some(0);
    let keep_alive = properties.and_then(|it| it.server_keep_alive);
    let keep_alive = match keep_alive.map(|it| Duration::from_secs(it.into())) {
        // It wants no signs of life; we want to know all the same whether it is there.
        None | Some(Duration::ZERO) => connect.keep_alive,
        Some(theirs) => theirs,
    };
    let accepted = Accepted {
        session_present: answer.session_present,
        send_maximum: send_maximum.min(connect.send_maximum),
        max_packet: max_packet as usize,
        qos: properties.and_then(|it| it.max_qos).unwrap_or(2),
        retains: flag(properties.and_then(|it| it.retain_available)),
        shares: flag(properties.and_then(|it| it.shared_subscription_available)),
    };
    let aliases = properties.and_then(|it| it.topic_alias_max).unwrap_or(0);
    (accepted, More { keep_alive, aliases })
}

/// Why it does not accept: the code, and what it says beside that.
pub(super) fn refusal(code: ConnectReturnCode, properties: Option<&ConnAckProperties>) -> Failure {
    let mut text = with_own(&code, properties.and_then(|it| it.reason_string.as_deref()));
    if let Some(instead) = properties.and_then(|it| it.server_reference.as_deref()) {
        text = format!("{text}; it names `{instead}`");
    }
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
