//! Why there is no connection, in words; and what the numbers mean that brokers give as reasons.

use super::address::Address;
use engine::error::Error;

/// Why a link could not be opened, or is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Nobody answers.
    Unreachable(String),
    /// The files for TLS cannot be used; the text names option and file.
    Files(String),
    /// The TLS handshake failed; the text says what to do.
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
    /// The broker ends connections like this one, and says what to change.
    Unsupported(String),
    /// What we sent is larger than the broker takes.
    TooLarge(String),
    /// The broker finds fault with what we sent.
    Fault(String),
    /// The broker closed the connection and did not say why.
    Closed,
    /// The same, right behind the answer that it refuses a message. Mosquitto 2.0 does so at QoS 2.
    Rejected,
    /// The connection broke.
    Lost(String),
}

impl Failure {
    /// Whether trying again cannot help.
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Failure::TakenOver | Failure::TooLarge(_) | Failure::Unsupported(_))
    }

    /// What to tell a user, and what they can do.
    pub(super) fn error(&self, server: &Server) -> Error {
        let Server { address, client_id, has_login } = server;
        let url = address.text();
        match self {
            Failure::Unreachable(why) => Error::unavailable(format!(
                "no broker answers at `{url}` ({why}); is it running, and is `url` right?"
            )),
            Failure::Files(why) => Error::user(why.clone()),
            Failure::Tls(why) => Error::refused(format!("no secure connection to `{url}`: {why}")),
            Failure::Login(why) if *has_login => Error::refused(format!(
                "the broker at `{url}` refuses the login ({why}); check `username` and `password`"
            )),
            Failure::Login(why) => Error::refused(format!(
                "the broker at `{url}` wants a login ({why}); give `username` and `password`"
            )),
            Failure::ClientId(why) => Error::refused(format!(
                "the broker at `{url}` does not take the client id `{client_id}` ({why}); set `client_id`"
            )),
            Failure::TakenOver => Error::refused(format!(
                "another client connected to `{url}` under the client id `{client_id}`; \
                 every process needs a `client_id` of its own"
            )),
            Failure::Protocol(why) => Error::refused(format!(
                "what answers at `{url}` does not speak MQTT 5 ({why}); check `url`"
            )),
            Failure::Refused(why) => {
                Error::refused(format!("the broker at `{url}` refuses the connection: {why}"))
            }
            Failure::Unsupported(why) | Failure::TooLarge(why) => {
                Error::refused(format!("the broker at `{url}`: {why}"))
            }
            Failure::Fault(why) => {
                Error::refused(format!("the broker at `{url}` ends the connection: {why}"))
            }
            Failure::Closed => Error::refused(format!(
                "the broker at `{url}` accepts the connection and closes it again, without a word; another \
                 client under the client id `{client_id}` may be the reason: every process needs a `client_id` of its own"
            )),
            Failure::Rejected => Error::refused(format!("the broker at `{url}`: {self}")),
            Failure::Lost(why) => Error::unavailable(format!("lost the broker at `{url}`: {why}")),
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failure::TakenOver => {
                f.write_str("another client has connected with the same client id")
            }
            Failure::Closed => f.write_str("the broker closed the connection"),
            Failure::Rejected => {
                f.write_str("the broker closed the connection when it refused a message")
            }
            Failure::Unreachable(text)
            | Failure::Files(text)
            | Failure::Tls(text)
            | Failure::Login(text)
            | Failure::ClientId(text)
            | Failure::Refused(text)
            | Failure::Protocol(text)
            | Failure::Unsupported(text)
            | Failure::TooLarge(text)
            | Failure::Fault(text)
            | Failure::Lost(text) => f.write_str(text),
        }
    }
}

/// Where the broker is and who we are, for messages.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) address: Address,
    pub(super) client_id: String,
    pub(super) has_login: bool,
}

/// What a broker says with a DISCONNECT.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Goodbye {
    /// The reason code (MQTT 5, 3.14.2.1).
    pub(super) code: u8,
    /// Its own words.
    pub(super) words: Option<String>,
    /// Another broker to use.
    pub(super) instead: Option<String>,
}

impl Goodbye {
    /// What that means for us.
    pub(super) fn failure(self) -> Failure {
        let Goodbye { code, words, instead } = self;
        let elsewhere = instead.map(|it| format!("; it names `{it}`")).unwrap_or_default();
        let own = words.filter(|it| !it.is_empty()).map(|it| format!(" ({it})"));
        let text = format!("{}{}", meaning(code), own.unwrap_or_default());
        let ended = format!("the broker ended the connection: {text}");
        match code {
            0x8e => Failure::TakenOver,
            0x95 => Failure::TooLarge(format!("{text}; send smaller messages")),
            0x9a => Failure::Unsupported(format!("{text}; write `retain: false`")),
            0x9b => Failure::Unsupported(format!("{text}; lower `qos`")),
            0x9c => Failure::Lost(format!("{ended}{elsewhere}")),
            0x9d => Failure::Unsupported(format!("{text}{elsewhere}; change `url`")),
            0x9e => Failure::Unsupported(format!("{text}; leave `share` out")),
            0xa2 => Failure::Unsupported(format!("{text}; name each topic")),
            0x81 | 0x82 | 0x8f | 0x90 | 0x93 | 0x94 | 0x99 => Failure::Fault(text),
            _ => Failure::Lost(ended),
        }
    }
}

/// What a reason code of a DISCONNECT means.
fn meaning(code: u8) -> String {
    let text = match code {
        0x00 | 0x04 => "a normal disconnection",
        0x80 => "an unspecified error",
        0x81 => "it cannot read a packet",
        0x82 => "a protocol error",
        0x83 => "an error of its own",
        0x87 => "not authorized",
        0x89 => "it is busy",
        0x8b => "it is shutting down",
        0x8d => "it heard nothing for longer than `keep_alive`",
        0x8e => "another client has connected with the same client id",
        0x8f => "it does not take the topic filter",
        0x90 => "it does not take the topic",
        0x93 => "more messages wait than it allows",
        0x94 => "a topic alias that it does not know",
        0x95 => "a packet is too large for it",
        0x96 => "messages come too fast for it",
        0x97 => "a quota is exceeded",
        0x98 => "an administrator did it",
        0x99 => "a payload is not in the format that was declared",
        0x9a => "it keeps no retained messages",
        0x9b => "it does not have this quality of service",
        0x9c => "another broker is to be used for now",
        0x9d => "it has moved for good",
        0x9e => "it has no shared subscriptions",
        0x9f => "connections come too fast for it",
        0xa0 => "the connection has lasted as long as it may",
        0xa1 => "it has no subscription identifiers",
        0xa2 => "it has no wildcards",
        _ => return format!("reason code 0x{code:02x}"),
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_say_what_to_do_or_that_it_is_tried_again() {
        let failure = |code| Goodbye { code, ..Goodbye::default() }.failure();
        assert_eq!(failure(0x8e), Failure::TakenOver);
        assert!(matches!(failure(0x8b), Failure::Lost(why) if why.contains("shutting down")));
        assert!(matches!(failure(0x9e), Failure::Unsupported(why) if why.contains("`share`")));
        assert!(matches!(failure(0x82), Failure::Fault(why) if why == "a protocol error"));
        assert!(matches!(failure(0xff), Failure::Lost(why) if why.contains("0xff")));
        let words = Some("over quota".to_owned());
        let quota = Goodbye { code: 0x97, words, instead: None }.failure();
        assert!(quota.to_string().contains("a quota is exceeded (over quota)"), "{quota}");
        let moved = Goodbye { code: 0x9d, words: None, instead: Some("b:1883".to_owned()) };
        let moved = moved.failure();
        assert!(moved.is_final() && moved.to_string().contains("`b:1883`"), "{moved}");
    }
}
