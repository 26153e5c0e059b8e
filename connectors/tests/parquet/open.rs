//! What cannot work is said when the sink is opened, within seconds, with what to do and without secrets.

use super::rig::{Bucket, lake, text};
use crate::support::proxy::{Fate, proxy};
use crate::support::server::ObjectStore;
use engine::error::ErrorKind;
use engine::time::{Clock, SystemClock};
use std::net::TcpListener;
use std::time::Duration;

/// The message, if opening failed within seconds.
#[track_caller]
fn refused(endpoint: &str, given: &[(&'static str, dsl::plan::Arg)]) -> (ErrorKind, String) {
    let clock = SystemClock::new();
    let error = lake(endpoint, given).map(drop).unwrap_err();
    assert!(clock.elapsed() < Duration::from_secs(15), "it took {:?}", clock.elapsed());
    let message = error.to_string();
    assert!(!message.contains("testtest") && !message.contains("hunter2"), "{message}");
    assert!(!message.contains("Signature="), "{message}");
    (error.kind, message)
}

#[test]
fn buckets_and_keys_that_the_server_does_not_know_are_named() {
    let server = ObjectStore::start("open");
    Bucket::make(&server);
    for (option, value, part) in [
        ("path", "s3://elsewhere/lake", "there is no bucket `elsewhere`; make it"),
        ("access_key", "nobody", "the server does not know the key; check `access_key`"),
        ("secret_key", "hunter2", "the secret does not belong to the key; check `secret_key`"),
    ] {
        let (kind, message) = refused(&server.url, &[(option, text(value))]);
        assert_eq!(kind, ErrorKind::Refused);
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = format!("http://127.0.0.1:{port}");
    let (kind, message) = refused(&endpoint, &[]);
    assert_eq!(kind, ErrorKind::Unavailable);
    assert!(message.contains(&endpoint) && message.contains("check `endpoint`"), "{message}");
    assert!(message.contains("refused"), "{message}");
}

#[test]
fn a_server_that_never_answers_is_named() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let (kind, message) = refused(&endpoint, &[]);
    assert_eq!(kind, ErrorKind::Unavailable);
    assert!(message.contains("does not answer in time"), "{message}");
}

#[test]
fn a_server_that_is_overloaded_for_long_is_named() {
    let server = ObjectStore::start("overloaded");
    let url = proxy(&server.url, |_, _| Fate::Answered(503));
    let (kind, message) = refused(&url, &[]);
    assert_eq!(kind, ErrorKind::Unavailable);
    assert!(message.contains("answers with status 503, SlowDown"), "{message}");
}
