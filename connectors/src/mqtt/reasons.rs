//! What brokers answer to messages and subscriptions, in words.

use rumqttc::v5::mqttbytes::v5::{PubAck, PubAckReason, PubRec, PubRecReason, SubscribeReasonCode};

/// Why a message of QoS 1 was refused; none: it was taken.
pub(super) fn puback(answer: &PubAck) -> Option<String> {
    match answer.reason {
        // Nobody listens: the message is delivered all the same.
        PubAckReason::Success | PubAckReason::NoMatchingSubscribers => None,
        reason => {
            let own = answer.properties.as_ref().and_then(|it| it.reason_string.as_deref());
            Some(with_own(&reason, own))
        }
    }
}

/// The same for a message of QoS 2.
pub(super) fn pubrec(answer: &PubRec) -> Option<String> {
    match answer.reason {
        PubRecReason::Success | PubRecReason::NoMatchingSubscribers => None,
        reason => {
            let own = answer.properties.as_ref().and_then(|it| it.reason_string.as_deref());
            Some(with_own(&reason, own))
        }
    }
}

/// The QoS that was granted to a subscription, or why it was refused.
pub(super) fn suback(code: SubscribeReasonCode) -> Result<u8, String> {
    match code {
        SubscribeReasonCode::Success(qos) => Ok(qos as u8),
        refusal => Err(words(&refusal)),
    }
}

/// The reason, and what the broker says about it in its own words.
pub(super) fn with_own(reason: &impl std::fmt::Debug, own: Option<&str>) -> String {
    match own.filter(|it| !it.is_empty()) {
        Some(own) => format!("{} ({own})", words(reason)),
        None => words(reason),
    }
}

/// `NotAuthorized` as `not authorized`.
pub(super) fn words(code: &impl std::fmt::Debug) -> String {
    let mut text = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push(' ');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}
