//! The options that source and sink have in common: where the broker is and how to get in.
//!
//! Each option is read by one function that says what is wrong with a value. The checker runs those whose values stand in
//! the file; when a run starts they run again over all of them.

use super::client::{Connect, Failure};
use crate::backoff::{Backoff, waits};
use dsl::diagnostic::{Code, Diagnostic};
use dsl::plan::Args;
use dsl::signature::{Constant, Param, Takes};
use engine::error::{Error, Result};
use std::time::Duration;

/// The parameters of the connection, for both words.
pub(super) fn connection_params() -> Vec<Param> {
    let text = |name, doc| Param::option(name, Takes::Constant(Constant::String), doc);
    vec![
        text("url", "Where the broker is: `mqtt://host:1883`; the port may be left out.").required(),
        text(
            "client_id",
            "The name of this client at the broker, which keeps its session under it. Two processes with one name \
             push each other out. Made from the names of the pipeline and the source or sink unless given.",
        ),
        text("username", "The user, where the broker asks for one."),
        text("password", "The user's password; take it from `env(\"…\")` or `secret(\"…\")`."),
        Param::option(
            "keep_alive",
            Takes::Constant(Constant::Duration),
            "How often a silent connection is tried, from 5s on; a dead one is noticed after at most twice that.",
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

/// Where the broker is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    /// As it is typed.
    pub(super) url: String,
    pub(super) host: String,
    pub(super) port: u16,
    /// For messages.
    pub(super) client_id: String,
    has_login: bool,
}

/// Everything that a connection needs.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) server: Server,
    /// With the limits of a client that neither receives nor sends: source and sink put in their own.
    pub(super) connect: Connect,
    pub(super) backoff: Backoff,
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
        let (host, port) = url(url_text).map_err(wrong("url"))?;
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
        let qos = qos(args.int("qos")?).map_err(wrong("qos"))?;
        Ok(Self {
            server: Server {
                url: url_text.to_owned(),
                host: host.clone(),
                port,
                client_id: client_id.clone(),
                has_login: login.is_some(),
            },
            backoff: Backoff::new(waits, &client_id),
            connect: Connect {
                host,
                port,
                tls: None,
                client_id,
                login,
                keep_alive,
                session: None,
                receive_maximum: 1,
                send_maximum: 1,
            },
            qos,
        })
    }
}

/// Says what is wrong with the values that stand in the file.
pub(super) fn check(args: &Args, report: &mut Vec<Diagnostic>) {
    check_text(args, "url", "\"mqtt://localhost:1883\"", |it| url(it).map(drop), report);
    check_text(args, "client_id", "\"plant-1\"", |it| client_id(it).map(drop), report);
    // A value that is worked out when the run starts is no value yet, and is checked then.
    if let Ok(Some(number)) = args.opt_int("qos") {
        found(args, "qos", "1", qos(number).map(drop), report);
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

/// Host and port.
fn url(text: &str) -> Result<(String, u16), String> {
    let wanted = "expected a broker's address like `mqtt://localhost:1883`";
    let url =
        url::Url::parse(text).map_err(|error| format!("{wanted}, found `{text}` ({error})"))?;
    match url.scheme() {
        "mqtt" => {}
        "mqtts" | "ws" | "wss" => {
            return Err(format!("`{}:` is not in this version; {wanted}", url.scheme()));
        }
        other => return Err(format!("{wanted}, found `{other}:`")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "user and password have options of their own: `username`, `password`".to_owned()
        );
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(format!("{wanted}; nothing may stand behind the port, found `{text}`"));
    }
    let host = url.host_str().filter(|it| !it.is_empty());
    let host = host.ok_or_else(|| format!("{wanted}, found `{text}`"))?;
    Ok((host.to_owned(), url.port().unwrap_or(1883)))
}

fn client_id(text: &str) -> Result<&str, String> {
    if text.is_empty() || text.len() > super::topic::TOPIC_MAX || text.contains('\0') {
        return Err("expected a text of 1 to 65535 bytes".to_owned());
    }
    Ok(text)
}

fn qos(number: i64) -> Result<u8, String> {
    match number {
        0 | 1 => Ok(number as u8),
        2 => Err("2 is not in this version; 1 delivers every message at least once".to_owned()),
        _ => Err(format!("expected 0 or 1, found {number}")),
    }
}

impl Server {
    /// What to tell a user, and what they can do.
    pub(super) fn error(&self, failure: &Failure) -> Error {
        let Self { url, client_id, .. } = self;
        match failure {
            Failure::Unreachable(why) => Error::unavailable(format!(
                "no broker answers at `{url}` ({why}); is it running, and is `url` right?"
            )),
            Failure::Tls(why) => Error::refused(format!("no secure connection to `{url}`: {why}")),
            Failure::Login(why) if self.has_login => Error::refused(format!(
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
            Failure::TooLarge(why) => Error::refused(format!("the broker at `{url}`: {why}")),
            Failure::Lost(why) => Error::unavailable(format!("lost the broker at `{url}`: {why}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_and_mistakes_explained() {
        assert_eq!(url("mqtt://localhost"), Ok(("localhost".to_owned(), 1883)));
        assert_eq!(url("mqtt://10.0.0.7:2883/"), Ok(("10.0.0.7".to_owned(), 2883)));
        assert_eq!(url("mqtt://[::1]:1"), Ok(("[::1]".to_owned(), 1)));
        for (text, part) in [
            ("localhost", "expected a broker's address"),
            ("localhost:1883", "found `localhost:`"),
            ("http://localhost", "found `http:`"),
            ("mqtts://localhost", "not in this version"),
            ("mqtt://me:pw@localhost", "`username`, `password`"),
            ("mqtt://localhost/devices", "nothing may stand behind the port"),
            ("mqtt://", "expected a broker's address"),
        ] {
            let message = url(text).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn limits_are_kept() {
        assert!(qos(2).unwrap_err().contains("not in this version"));
    }
}
