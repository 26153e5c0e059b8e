//! What goes wrong between us and a server, and what users can do about it.

use super::super::settings::{Login, ServerPlace, Target};
use super::super::verdict::one_line;
use crate::tls;
use engine::error::Error;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, LOCATION, RETRY_AFTER};
use std::time::Duration;

/// The longest that a server can ask us to wait.
const AFTER_MAX: Duration = Duration::from_mins(10);

/// A request that may work later.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Trouble {
    /// What happened, for people.
    pub(in super::super) why: String,
    /// The server does not want to be asked earlier.
    pub(in super::super) after: Option<Duration>,
}

impl Trouble {
    /// There was no answer.
    pub(super) fn silent(error: &reqwest::Error) -> Self {
        Self { why: why(error), after: None }
    }

    /// The answer was none that counts.
    pub(super) fn said(status: StatusCode, words: &str, after: Option<Duration>) -> Self {
        let why = match (status, words) {
            (StatusCode::OK, _) => {
                "it answers 200 with a text, as no server of line protocol does; is there another one in between?"
                    .to_owned()
            }
            (status, "") => format!("it answers {status}"),
            (status, words) => format!("it answers {}: {words}", status.as_u16()),
        };
        Self { why, after }
    }
}

/// Why a server cannot be written to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    words: String,
    /// Where it wants us to go instead.
    location: Option<String>,
}

impl Refusal {
    /// What an answer to a request without points means; none: points may work.
    pub(super) fn of(status: StatusCode, words: String, headers: &HeaderMap) -> Option<Self> {
        let is_final = status.is_redirection()
            || status == StatusCode::BAD_REQUEST && !is_about_nothing(&words)
            || matches!(
                status,
                StatusCode::UNAUTHORIZED
                    | StatusCode::FORBIDDEN
                    | StatusCode::NOT_FOUND
                    | StatusCode::METHOD_NOT_ALLOWED
            );
        let location = headers.get(LOCATION).and_then(|it| it.to_str().ok()).map(one_line);
        is_final.then_some(Self { status, words, location })
    }

    /// What to tell a user, and what they can do.
    pub(super) fn error(self, place: &ServerPlace) -> Error {
        let shown = &place.shown;
        let code = self.status.as_u16();
        let said = if self.words.is_empty() { String::new() } else { format!(": {}", self.words) };
        Error::refused(match self.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => match &place.login {
                Login::Nobody => format!(
                    "the server at `{shown}` wants a login ({code}{said}); give `token`, or `username` and `password`"
                ),
                Login::Token(_) => format!(
                    "the server at `{shown}` refuses the token ({code}{said}); check `token`, and that it may write to {}",
                    place.target
                ),
                Login::Password { .. } => format!(
                    "the server at `{shown}` refuses the login ({code}{said}); check `username` and `password`, and that they may write to {}",
                    place.target
                ),
            },
            StatusCode::NOT_FOUND if self.is_about_target() => {
                let create = match &place.target {
                    Target::Database(name) => format!("CREATE DATABASE \"{name}\""),
                    Target::Bucket { org, bucket } => {
                        format!("influx bucket create --org \"{org}\" --name \"{bucket}\"")
                    }
                };
                format!("there is no {} at `{shown}`; create it: `{create}`", place.target)
            }
            StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                format!(
                    "what answers at `{shown}` takes no points there ({code}{said}); check `url`, and whether `database`, \
                 or `org` and `bucket`, belong to this version"
                )
            }
            _ => format!(
                "the server at `{shown}` is somewhere else{}; give that address as `url`",
                self.location.map(|it| format!(": `{it}`")).unwrap_or_default()
            ),
        })
    }

    fn is_about_target(&self) -> bool {
        let words = self.words.to_lowercase();
        ["database", "bucket", "organization"].iter().any(|it| words.contains(it))
            && words.contains("not found")
    }
}

/// Whether a server only minds that there are no points.
fn is_about_nothing(words: &str) -> bool {
    let words = words.to_lowercase();
    ["requires points", "no points", "empty", "no lines", "no data"]
        .iter()
        .any(|it| words.contains(it))
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Target::Database(name) => write!(f, "database `{name}`"),
            Target::Bucket { org, bucket } => {
                write!(f, "bucket `{bucket}` of organization `{org}`")
            }
        }
    }
}

/// Nobody answers at the beginning.
pub(super) fn unreachable(shown: &str, error: &reqwest::Error) -> Error {
    Error::unavailable(format!(
        "no server answers at `{shown}` ({}); is it running, and is `url` right?",
        why(error)
    ))
}

/// Why there is no answer.
fn why(error: &reqwest::Error) -> String {
    if error.is_timeout() && !error.is_connect() {
        return "it does not answer in time".to_owned();
    }
    if let Some(cause) = tls::cause(error) {
        let host = error.url().and_then(|it| it.host_str()).unwrap_or_default();
        return tls::Files::default().explain(cause, host);
    }
    let cause = chain(error);
    // As the library says it, depending on how much of the answer was there.
    if ["invalid HTTP", "received unexpected message"].iter().any(|it| cause.starts_with(it)) {
        return "its answer is no HTTP".to_owned();
    }
    cause
}

/// The last cause of an error, which is the one that says something; the ones before it repeat the address.
pub(super) fn chain(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    one_line(&cause.to_string())
}

/// How long the server wants to be left alone: seconds, or a time of day (as HTTP writes it) by its own clock.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if let Ok(seconds) = text.parse::<u64>() {
        Duration::from_secs(seconds)
    } else {
        let read = |text: &str| chrono::DateTime::parse_from_rfc2822(text).ok();
        let at = read(text)?;
        let now = headers.get(reqwest::header::DATE).and_then(|it| read(it.to_str().ok()?))?;
        (at - now).to_std().unwrap_or(Duration::ZERO)
    };
    Some(wait.min(AFTER_MAX))
}
