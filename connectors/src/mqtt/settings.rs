//! The options that source and sink have in common: where the broker is and how to get in.
//!
//! Each option is read by one function that says what is wrong with a value. The checker runs those whose values stand in
//! the file; when a run starts they run again over all of them.

use super::address::{Address, Scheme};
use super::client::Connect;
use super::failure::Server;
use crate::backoff::{Waits, waits};
use crate::tls::{self, Files};
use dsl::diagnostic::{Code, Diagnostic};
use dsl::plan::{ArgError, Args};
use dsl::signature::{Constant, Param, Takes};
use engine::error::{Error, Result};
use std::time::Duration;

/// The parameters of the connection, for both words.
pub(super) fn connection_params() -> Vec<Param> {
    let text = |name, doc| Param::option(name, Takes::Constant(Constant::String), doc);
    vec![
        text(
            "url",
            "Where the broker is: `mqtt://host:1883`, over TLS `mqtts://host:8883`, over WebSocket `ws://host/mqtt` and \
             `wss://host/mqtt`; port and path may be left out.",
        )
        .required(),
        text(
            "client_id",
            "The name of this client at the broker, which keeps its session under it. Two processes with one name \
             push each other out. Made from the names of the pipeline and the source or sink unless given.",
        ),
        text("username", "The user, where the broker asks for one."),
        text("password", "The user's password; take it from `env(\"…\")` or `secret(\"…\")`.").secret(),
        tls::param(),
        Param::option(
            "keep_alive",
            Takes::Constant(Constant::Duration),
            "How often the broker hears from us at the least, or as often as it wants itself. A dead connection is noticed after \
             at most twice that.",
        )
        // Below 5s a busy broker looks like a dead one; the protocol has 16 bits of seconds.
        .within("5s..65535s")
        .default("60s"),
        Param::option(
            "retry",
            Takes::Constant(Constant::DurationRange),
            "How long to wait before connecting again: from the first to the second, doubling, with jitter.",
        )
        .within("1ms..1d")
        .default("1s..64s"),
    ]
}

/// The quality of service, for both words.
pub(super) fn qos_param(doc: &'static str) -> Param {
    Param::option("qos", Takes::Constant(Constant::Int), doc).within("0..2").default("1")
}

/// Everything that a connection needs.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) server: Server,
    /// With the limits of a client that neither receives nor sends: source and sink put in their own.
    pub(super) connect: Connect,
    /// The first and the longest wait before another connection.
    pub(super) waits: Waits,
    pub(super) qos: u8,
}

impl Settings {
    /// Reads the options. `role` is `source` or `sink`: it keeps the sessions of a source and a sink of one name apart.
    pub(super) fn read(args: &Args, pipeline: &str, role: &str, name: &str) -> Result<Self> {
        let wrong = |option: &str| {
            let option = option.to_owned();
            move |why: String| Error::user(format!("`{option}`: {why}"))
        };
        let url_text = args.text("url")?;
        let address = Address::parse(url_text).map_err(wrong("url"))?;
        let scheme = address.scheme;
        let client_id = match args.opt_text("client_id")? {
            Some(id) => client_id(id).map_err(wrong("client_id"))?.to_owned(),
            None => format!("weir-{pipeline}-{role}-{name}"),
        };
        let login = match (args.opt_text("username")?, args.opt_text("password")?) {
            (Some(user), password) => {
                Some((user.to_owned(), password.unwrap_or_default().to_owned()))
            }
            (None, Some(_)) => {
                return Err(wrong("password")("it needs a `username` too".to_owned()));
            }
            (None, None) => None,
        };
        let keep_alive = Duration::from_micros(args.duration("keep_alive")?.unsigned_abs());
        let waits = waits(args.value("retry")?).map_err(wrong("retry"))?;
        let qos = qos(args.int("qos")?, scheme.is_websocket()).map_err(wrong("qos"))?;
        let tls = files(args, Some(scheme))?.map_err(wrong("tls"))?;
        Ok(Self {
            server: Server {
                address: address.clone(),
                client_id: client_id.clone(),
                has_login: login.is_some(),
            },
            waits,
            connect: Connect {
                address,
                tls,
                client_id,
                login,
                keep_alive,
                session: None,
                clean_start: true,
                receive_maximum: 1,
                send_maximum: 1,
                topic_alias: false,
            },
            qos,
        })
    }
}

/// Says what is wrong with the values that stand in the file.
pub(super) fn check(args: &Args, report: &mut Vec<Diagnostic>) {
    let address = |it: &str| Address::parse(it).map(drop);
    check_text(args, "url", "\"mqtt://localhost:1883\"", address, report);
    check_text(args, "client_id", "\"plant-1\"", |it| client_id(it).map(drop), report);
    // A value that is worked out when the run starts is no value yet, and is checked then.
    let url = args.opt_text("url").ok().flatten();
    let scheme = url.and_then(|it| Address::parse(it).ok()).map(|it| it.scheme);
    if let Ok(Some(number @ 0..=2)) = args.opt_int("qos") {
        let websocket = scheme.is_some_and(Scheme::is_websocket);
        found(args, "qos", "1", qos(number, websocket).map(drop), report);
    }
    if let Ok(files) = files(args, scheme) {
        let example = "{ ca: \"ca.pem\", cert: \"client.pem\", key: \"client.key\" }";
        found(args, "tls", example, files.map(drop), report);
    }
}

/// Checks a text that stands in the file.
pub(super) fn check_text(
    args: &Args,
    option: &str,
    example: &str,
    read: impl Fn(&str) -> Result<(), String>,
    report: &mut Vec<Diagnostic>,
) {
    if let Ok(Some(text)) = args.opt_text(option) {
        found(args, option, example, read(text), report);
    }
}

/// Reports what was found about an option, and what would do.
fn found(
    args: &Args,
    option: &str,
    example: &str,
    outcome: Result<(), String>,
    report: &mut Vec<Diagnostic>,
) {
    if let (Err(why), Some(span)) = (outcome, args.span(option)) {
        let diagnostic = Diagnostic::new(Code::BadOption, span, format!("`{option}`: {why}"));
        report.push(diagnostic.help(format!("write `{option}: {example}`, for example")));
    }
}

fn client_id(text: &str) -> Result<&str, String> {
    if text.is_empty() || text.len() > super::topic::TOPIC_MAX || text.contains('\0') {
        return Err("expected a text of 1 to 65535 bytes".to_owned());
    }
    Ok(text)
}

fn qos(number: i64, websocket: bool) -> Result<u8, String> {
    match number {
        2 if websocket => Err(
            "2 is not in this version over WebSocket, whose library forgets with a connection what was on its way; \
             1 delivers every message at least once"
                .to_owned(),
        ),
        0..=2 => Ok(number as u8),
        _ => Err(format!("expected 0, 1 or 2, found {number}")),
    }
}

/// The files for TLS; none where the broker is spoken to without.
fn files(args: &Args, scheme: Option<Scheme>) -> Result<Result<Option<Files>, String>, ArgError> {
    let secure = scheme.is_none_or(Scheme::is_secure);
    if args.get("tls").is_some() && !secure {
        return Ok(Err("`url` speaks no TLS; write `mqtts://` or `wss://` there".to_owned()));
    }
    Ok(Files::of(args)?.map(|it| secure.then_some(it)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_kept() {
        assert_eq!((qos(2, false), qos(0, true)), (Ok(2), Ok(0)));
        assert!(qos(2, true).unwrap_err().contains("over WebSocket"));
        assert!(qos(3, false).unwrap_err().contains("0, 1 or 2"));
    }
}
