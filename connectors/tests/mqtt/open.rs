//! What cannot work is said within seconds, and names the option to change.

use super::rig::{Feed, drain, feed, refused, text, timed, topic};
use crate::support::peer::Peer;
use crate::support::server::Mosquitto;
use dsl::plan::Arg;
use engine::error::{ErrorKind, Result};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

/// Longer than a user should wait for an answer, even on a busy machine.
const SECONDS: Duration = Duration::from_secs(9);

fn open(url: &str, more: &[(&'static str, Arg)]) -> Result<Feed> {
    let mut options = vec![("url", text(url)), ("topic", text("a/{x}"))];
    options.extend_from_slice(more);
    feed(&options)
}

#[test]
fn the_right_password_opens_and_a_wrong_one_is_refused_by_name() {
    let server = Mosquitto::start("password", &["password"]);
    let login = |user, password| [("username", text(user)), ("password", text(password))];

    let mut source = open(&server.url(), &login("alice", "alice-secret")).unwrap();
    let peer = Peer { login: Some(("alice", "alice-secret")), ..Peer::at(server.port()) };
    peer.publish([("a/1".to_owned(), b"in".to_vec())], 1, false);
    assert_eq!(source.take(1)[0].captures, ["1"]);

    let (message, took) = timed(|| refused(open(&server.url(), &login("alice", "wrong"))));
    assert!(message.contains("check `username` and `password`"), "{message}");
    assert!(took < SECONDS, "{took:?}");
    let message = refused(open(&server.url(), &[]));
    assert!(message.contains("give `username` and `password`"), "{message}");

    let mut options = vec![("url", text(&server.url())), ("topic", topic(&["a/b"]))];
    options.extend(login("alice", "wrong"));
    let error = drain(&options).err().unwrap();
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(error.message.contains("check `username` and `password`"), "{error}");
}

#[test]
fn an_unreachable_broker_is_said_within_seconds() {
    // A port that was free a moment ago.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for url in [format!("mqtt://{free}"), "mqtt://no-such-host.invalid".to_owned()] {
        let (outcome, took) = timed(|| open(&url, &[]));
        let error = outcome.err().unwrap();
        assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
        assert!(error.message.contains(&format!("no broker answers at `{url}`")), "{error}");
        assert!(error.message.contains("is `url` right?"), "{error}");
        assert!(took < SECONDS, "{took:?}");
    }
}

#[test]
fn a_silent_or_foreign_server_is_said_within_seconds() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("mqtt://{}", silent.local_addr().unwrap());
    let (message, took) = timed(|| refused(open(&url, &[])));
    assert!(message.contains("no answer within 5 seconds"), "{message}");
    assert!(took < SECONDS, "{took:?}");

    let foreign = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("mqtt://{}", foreign.local_addr().unwrap());
    let answer = std::thread::spawn(move || {
        let (mut client, _) = foreign.accept().unwrap();
        assert!(client.read(&mut [0; 1024]).unwrap() > 0, "a connect");
        client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let message = refused(open(&url, &[]));
    assert!(message.contains("does not speak MQTT 5"), "{message}");
    answer.join().unwrap();
}

#[test]
fn options_that_were_worked_out_at_the_start_are_checked_there() {
    for (option, value, part) in [
        ("url", text("http://localhost"), "expected a broker's address"),
        ("topic", text("a/#/b"), "last level"),
        ("share", text("a/b"), "name of a group"),
        ("qos", super::rig::int(3), "0, 1 or 2"),
        ("client_id", text(""), "1 to 65535 bytes"),
        ("password", text("x"), "`username`"),
    ] {
        let message = refused(open("mqtt://127.0.0.1:1", &[(option, value)]));
        assert!(message.contains(&format!("`{option}`: ")), "{message}");
        assert!(message.contains(part), "{message}");
    }
}
