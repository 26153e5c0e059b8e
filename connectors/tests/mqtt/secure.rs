//! TLS: what is accepted, what is refused and how that is said, and certificates that change while it runs.

use super::rig::{Feed, drain, feed, payload, record, text, timed, topic};
use crate::support::certificates::{Authority, Pair, Valid};
use crate::support::peer::Peer;
use crate::support::server::Mosquitto;
use crate::support::terminator::Terminator;
use dsl::plan::Arg;
use engine::error::{ErrorKind, Result};
use engine::source::SplitEvent;
use std::time::Duration;

/// Longer than a user should wait for an answer, even on a busy machine.
const SECONDS: Duration = Duration::from_secs(9);

/// A Mosquitto that speaks TLS with this certificate, and wants one of its clients if `mutual`.
fn broker(name: &str, authority: &Authority, server: &Pair, mutual: bool) -> Mosquitto {
    let mut words = vec![
        format!("cafile={}", authority.ca()),
        format!("certfile={}", server.cert),
        format!("keyfile={}", server.key),
    ];
    if mutual {
        words.push("require_certificate=true".to_owned());
    }
    Mosquitto::start(name, &words.iter().map(String::as_str).collect::<Vec<_>>())
}

fn url(port: u16) -> String {
    format!("mqtts://localhost:{port}")
}

fn tls(ca: &str, own: Option<&Pair>) -> Arg {
    match own {
        None => record(&[("ca", ca)]),
        Some(own) => record(&[("ca", ca), ("cert", &own.cert), ("key", &own.key)]),
    }
}

fn open(port: u16, tls: &Arg) -> Result<Feed> {
    feed(&[("url", text(&url(port))), ("topic", text("a/{key}")), ("tls", tls.clone())])
}

/// Why it is refused, which takes no longer than it may.
fn refusal(port: u16, tls: &Arg) -> String {
    let (outcome, took) = timed(|| open(port, tls));
    assert!(took < SECONDS, "{took:?}");
    let error = outcome.err().expect("it does not open");
    assert_eq!(error.kind, ErrorKind::Refused, "{error}");
    error.to_string()
}

/// Sends rows through it and sees them come back.
fn there_and_back(port: u16, tls: &Arg) {
    let mut source = open(port, tls).unwrap();
    let options =
        [("url", text(&url(port))), ("topic", topic(&["a/", "{key}"])), ("tls", tls.clone())];
    let mut sink = drain(&options).unwrap();
    let rows: Vec<_> = (0..3000).map(|n| (Some("k"), n)).collect();
    assert!(sink.write(&rows).is_empty());
    sink.finish();
    let found = source.take(3000);
    assert!(found.iter().map(payload).eq((0..3000).map(|n| n.to_string())));
    // Otherwise the next one of this name is given what the broker was not told about.
    source.source.close().unwrap();
}

#[test]
fn a_client_certificate_opens_and_what_is_wrong_with_one_is_said() {
    let authority = Authority::new();
    let server = authority.server("localhost", Valid::Now);
    let broker = broker("mutual", &authority, &server, true);
    let ca = authority.ca();
    let ours = authority.client("weir", Valid::Now);
    there_and_back(broker.port(), &tls(&ca, Some(&ours)));

    let message = refusal(broker.port(), &tls(&ca, None));
    assert!(message.contains("it wants a certificate of ours; give `tls: { cert:"), "{message}");

    let strangers = Authority::new();
    let theirs = strangers.client("weir", Valid::Now);
    let message = refusal(broker.port(), &tls(&ca, Some(&theirs)));
    let expected = format!("it does not take our certificate `{}` (`tls.cert`)", theirs.cert);
    assert!(message.contains(&expected), "{message}");
    assert!(message.contains("an unknown authority"), "{message}");

    let old = authority.client("old", Valid::UntilLastYear);
    let message = refusal(broker.port(), &tls(&ca, Some(&old)));
    assert!(message.contains("our certificate"), "{message}");
    assert!(message.contains("has expired; renew it"), "{message}");

    let swapped = Pair { cert: ours.cert.clone(), key: old.key.clone() };
    let error = open(broker.port(), &tls(&ca, Some(&swapped))).err().unwrap();
    assert_eq!(error.kind, ErrorKind::User);
    assert!(error.message.contains("is not the key of the certificate"), "{error}");
}

#[test]
fn what_is_wrong_with_the_brokers_certificate_is_said() {
    let authority = Authority::new();
    let server = authority.server("localhost", Valid::Now);
    let good = broker("server-good", &authority, &server, false);
    there_and_back(good.port(), &tls(&authority.ca(), None));

    let other = Authority::new();
    let message = refusal(good.port(), &tls(&other.ca(), None));
    assert!(message.contains("was signed by no authority of"), "{message}");
    assert!(message.contains(&other.ca()), "{message}");
    let by_system = feed(&[("url", text(&url(good.port()))), ("topic", text("a"))]);
    let message = by_system.err().unwrap().to_string();
    assert!(message.contains("no authority that this system trusts"), "{message}");
    assert!(message.contains("tls: { ca: \"…\" }"), "{message}");

    let elsewhere = Authority::new();
    let pair = elsewhere.server("broker.plant.example", Valid::Now);
    let named = broker("server-named", &elsewhere, &pair, false);
    let message = refusal(named.port(), &tls(&elsewhere.ca(), None));
    assert!(message.contains("its certificate is not one for `localhost`"), "{message}");
    assert!(message.contains("`broker.plant.example`"), "{message}");

    let late = Authority::new();
    let pair = late.server("localhost", Valid::UntilLastYear);
    let expired = broker("server-expired", &late, &pair, false);
    let message = refusal(expired.port(), &tls(&late.ca(), None));
    assert!(message.contains("its certificate expired on 2020-01-01"), "{message}");
}

#[test]
fn both_versions_of_tls_are_spoken() {
    let authority = Authority::new();
    let Pair { cert, key } = authority.server("localhost", Valid::Now);
    let broker = Mosquitto::start("versions", &[]);
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let terminator = Terminator::start(broker.port(), &cert, &key, version);
        there_and_back(terminator.port(), &tls(&authority.ca(), None));
    }
}

#[test]
fn the_wrong_port_is_said() {
    let authority = Authority::new();
    let server = authority.server("localhost", Valid::Now);
    let secure = broker("port-secure", &authority, &server, false);
    let plain = format!("mqtt://localhost:{}", secure.port());
    let message = feed(&[("url", text(&plain)), ("topic", text("a"))]).err().unwrap().to_string();
    // Some versions of OpenSSL say a word before they hang up.
    let said = ["it speaks TLS; write `mqtts://`", "it closed the connection without a word"];
    assert!(said.iter().any(|it| message.contains(it)), "{message}");

    let plain = Mosquitto::start("port-plain", &[]);
    let message = refusal(plain.port(), &tls(&authority.ca(), None));
    assert!(message.contains("is it the port for TLS?"), "{message}");
}

#[test]
fn certificates_that_are_renewed_on_disk_are_used_from_the_next_connection_on() {
    let mut authority = Authority::new();
    let server = authority.server("localhost", Valid::Now);
    let ours = authority.client("weir", Valid::Now);
    let tls = tls(&authority.ca(), Some(&ours));
    let mut broker = broker("rotation", &authority, &server, true);
    let mut source = open(broker.port(), &tls).unwrap();
    source.until(SplitEvent::CaughtUp);

    // A new authority, a new certificate for each side; the broker comes back with them.
    authority.renew();
    authority.server("localhost", Valid::Now);
    authority.client("weir", Valid::Now);
    broker.stop();
    source.until(SplitEvent::Disconnected);
    broker.start_again();
    source.until(SplitEvent::Live);
    there_and_back(broker.port(), &tls);
}

#[test]
fn a_file_that_is_missing_is_said_before_anybody_is_spoken_to() {
    let peer = Peer::at(1);
    let (outcome, took) = timed(|| open(peer.port, &record(&[("ca", "no/such/ca.pem")])));
    let error = outcome.err().unwrap();
    assert!(took < SECONDS, "{took:?}");
    assert_eq!(error.kind, ErrorKind::User);
    assert!(error.message.contains("`tls.ca`: cannot read `no/such/ca.pem`"), "{error}");
    let plain = feed(&[
        ("url", text("mqtt://localhost:1")),
        ("topic", text("a")),
        ("tls", record(&[("ca", "ca.pem")])),
    ]);
    let error = plain.err().unwrap();
    assert!(error.message.contains("`tls`: `url` speaks no TLS"), "{error}");
}
