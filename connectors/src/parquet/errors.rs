//! What an object store's answers mean: whether another try may work, and what a user can do.

use crate::retry::Failure;
use crate::tls;
use engine::error::Error;
use object_store::client::{HttpError, HttpErrorKind};
use std::error::Error as _;

/// Which store and which place in it, for messages. It holds no secret.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// `s3://bucket/prefix`
    pub(super) shown: String,
    pub(super) bucket: String,
    /// The server, where it is not the one of the cloud.
    pub(super) endpoint: Option<String>,
    /// Whether keys were given.
    pub(super) has_keys: bool,
}

/// An answer that is an error, as HTTP has it.
struct Answer {
    status: u16,
    /// `NoSuchBucket`
    code: String,
    message: String,
}

/// What to make of an error.
pub(super) fn failure(error: &object_store::Error, place: &Place) -> Failure {
    match answer(error) {
        Some(answer) => of_answer(&answer, place),
        None => Failure::Passing { why: unreachable(error, place), after: None },
    }
}

/// Whether the server says that there is no such thing: an upload that was completed or taken away.
pub(super) fn is_gone(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::NotFound { .. })
        && answer(error).is_none_or(|it| it.code != "NoSuchBucket")
}

/// Whether the server says that it cannot do what was asked for.
pub(super) fn is_unsupported(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::NotImplemented { .. })
        || answer(error).is_some_and(|it| it.status == 501 || it.code == "NotImplemented")
}

fn of_answer(answer: &Answer, place: &Place) -> Failure {
    let Answer { status, code, message } = answer;
    let said = match (code.as_str(), message.as_str()) {
        ("", "") => format!("status {status}"),
        (code, "") => format!("status {status}, {code}"),
        (code, message) => format!("status {status}, {code}: {message}"),
    };
    let server = place.endpoint.as_deref().unwrap_or("the server");
    let passing = || Failure::Passing { why: format!("{server} answers with {said}"), after: None };
    let (shown, bucket) = (&place.shown, &place.bucket);
    let refused =
        |text: String| Failure::Final(Error::refused(format!("`path`: `{shown}`: {text}")));
    match (status, code.as_str()) {
        (_, "NoSuchBucket") => refused(format!("there is no bucket `{bucket}`; make it, or correct `path`")),
        (_, "InvalidAccessKeyId" | "XAdminUserNotFound") => {
            refused("the server does not know the key; check `access_key` (or AWS_ACCESS_KEY_ID)".to_owned())
        }
        (_, "SignatureDoesNotMatch") => refused(
            "the secret does not belong to the key; check `secret_key` (or AWS_SECRET_ACCESS_KEY) and `region`".to_owned(),
        ),
        (_, "RequestTimeTooSkewed") => {
            refused("the clocks of this machine and of the server differ too much; set this one".to_owned())
        }
        (_, "ExpiredToken") => refused("the session token has expired; give a new one".to_owned()),
        (301 | 307, _) | (_, "AuthorizationHeaderMalformed" | "PermanentRedirect") => {
            refused(format!("the bucket is in another region or at another server; set `region` or `endpoint` ({said})"))
        }
        (401 | 403, _) if !place.has_keys => refused(format!(
            "access is denied, and no keys are given; set `access_key` and `secret_key`, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY ({said})"
        )),
        (401 | 403, _) => refused(format!(
            "access is denied; the key needs the right to list and to write in `{bucket}` ({said})"
        )),
        (404, _) => refused(format!("the server knows no such place; check `path` and `endpoint` ({said})")),
        (501, _) => refused(format!("the server refuses: {said}")),
        (408 | 425 | 429 | 500.., _) => passing(),
        _ if matches!(code.as_str(), "SlowDown" | "InternalError" | "RequestTimeout") => passing(),
        _ => refused(format!("the server refuses: {said}")),
    }
}

/// Why there was no answer.
fn unreachable(error: &object_store::Error, place: &Place) -> String {
    let mut cause: &(dyn std::error::Error + 'static) = error;
    let mut kind = None;
    while let Some(inner) = cause.source() {
        kind = kind.or_else(|| inner.downcast_ref::<HttpError>().map(HttpError::kind));
        cause = inner;
    }
    let server = place.endpoint.as_deref().unwrap_or("the object store");
    let host = server.split('/').next_back().unwrap_or(server);
    let cause = match tls::cause(error) {
        Some(handshake) => tls::Files::default().explain(handshake, host),
        None => cause.to_string(),
    };
    match kind {
        Some(HttpErrorKind::Timeout) => {
            format!("{server} does not answer in time; check `endpoint` and the network")
        }
        _ if place.has_keys => {
            format!("{server} cannot be reached ({cause}); check `endpoint` and the network")
        }
        _ => format!(
            "{server} cannot be reached ({cause}), and no keys are given; \
             set `access_key` and `secret_key`, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        ),
    }
}

/// The answer behind an error, if there was one. The library keeps status and body to itself but for its text, which
/// ends with both.
fn answer(error: &object_store::Error) -> Option<Answer> {
    use object_store::Error as Found;
    let text = error.source().map(ToString::to_string).unwrap_or_default();
    let told = text.split_once("status code: ").map(|(_, rest)| rest);
    let told = told.and_then(|it| it.get(..3)?.parse().ok());
    let status = told.or(match error {
        Found::NotFound { .. } => Some(404),
        Found::PermissionDenied { .. } => Some(403),
        Found::Unauthenticated { .. } => Some(401),
        Found::AlreadyExists { .. } => Some(409),
        Found::Precondition { .. } => Some(412),
        // Some errors come with a status that says that all is well.
        _ => text.contains("error response: ").then_some(500),
    })?;
    Some(Answer { status, code: tag(&text, "Code"), message: tag(&text, "Message") })
}

/// The text of the first element of this name, without what XML escapes.
pub(super) fn tag(body: &str, name: &str) -> String {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let text = body.split_once(&open).and_then(|(_, rest)| rest.split_once(&close));
    let text = text.map(|(text, _)| text).unwrap_or_default().trim();
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&apos;", "'").replace("&#34;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(has_keys: bool) -> Place {
        Place {
            shown: "s3://plant/lake".to_owned(),
            bucket: "plant".to_owned(),
            endpoint: Some("http://127.0.0.1:9000".to_owned()),
            has_keys,
        }
    }

    fn told(status: u16, code: &str, has_keys: bool) -> (bool, String) {
        let answer = Answer { status, code: code.to_owned(), message: String::new() };
        match of_answer(&answer, &place(has_keys)) {
            Failure::Passing { why, .. } => (true, why),
            Failure::Final(error) => (false, error.message),
        }
    }

    #[test]
    fn answers_say_whether_to_try_again_and_what_to_do() {
        for (status, code, passing, part) in [
            (503, "SlowDown", true, "http://127.0.0.1:9000 answers with status 503, SlowDown"),
            (500, "", true, "status 500"),
            (429, "", true, "status 429"),
            (404, "NoSuchBucket", false, "there is no bucket `plant`"),
            (403, "InvalidAccessKeyId", false, "check `access_key`"),
            (403, "SignatureDoesNotMatch", false, "check `secret_key`"),
            (403, "AccessDenied", false, "the right to list and to write in `plant`"),
            (403, "RequestTimeTooSkewed", false, "clocks"),
            (301, "PermanentRedirect", false, "set `region`"),
            (400, "InvalidArgument", false, "the server refuses: status 400, InvalidArgument"),
        ] {
            let (again, text) = told(status, code, true);
            assert_eq!(again, passing, "{text}");
            assert!(text.contains(part), "{text}");
        }
        assert!(told(403, "AccessDenied", false).1.contains("no keys are given"));
    }

    #[test]
    fn texts_of_answers_are_read() {
        let body = "<?xml?><Error><Code>A</Code><Message>a &lt; b &amp;amp; c</Message></Error>";
        assert_eq!(
            (tag(body, "Code").as_str(), tag(body, "Message").as_str()),
            ("A", "a < b &amp; c")
        );
        assert_eq!(tag("not xml", "Code"), "");
    }
}
