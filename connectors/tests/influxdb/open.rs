//! What is said when the sink cannot be opened.

use super::rig::{numbered, open, record, refused, text};
use crate::support::databases::Database;
use crate::support::http::{Reply, Server, status};
use dsl::plan::Arg;

fn at(url: &str) -> Vec<(&'static str, Arg)> {
    vec![("url", text(url)), ("database", text("test"))]
}

#[test]
fn nobody_answers() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let message = refused(&at(&format!("http://127.0.0.1:{free}")));
    assert!(message.contains("no server answers at `http://127.0.0.1:"), "{message}");
    assert!(message.contains("refused") && message.contains("is it running"), "{message}");
    let message = refused(&at("http://no-such-host.invalid:8086"));
    assert!(
        message.contains("no server answers at `http://no-such-host.invalid:8086`"),
        "{message}"
    );
}

#[test]
fn a_database_that_is_not_there() {
    let server = Database::influxdb("missing", &[]);
    let message = refused(&[("url", text(&server.url())), ("database", text("plant"))]);
    let expected = format!(
        "there is no database `plant` at `{}`; create it: `CREATE DATABASE \"plant\"`",
        server.url()
    );
    assert_eq!(message, expected);
}

#[test]
fn a_bucket_in_a_version_that_has_none() {
    let server = Database::influxdb("bucket", &[]);
    let message =
        refused(&[("url", text(&server.url())), ("org", text("plant")), ("bucket", text("iot"))]);
    assert!(message.contains("is InfluxDB 1.6, which has databases, not buckets"), "{message}");
    // The version is believed, and then there is nothing where it should be.
    let message = refused(&[
        ("url", text(&server.url())),
        ("version", super::rig::int(2)),
        ("org", text("plant")),
        ("bucket", text("iot")),
    ]);
    assert!(message.contains("takes no points there (404: 404 page not found)"), "{message}");
}

#[test]
fn logins_are_checked_and_never_shown() {
    let server = Database::influxdb("login", &["password"]);
    let options = at(&server.url());
    let message = refused(&options);
    assert!(message.contains("wants a login") && message.contains("`username`"), "{message}");
    let with = |pairs: &[(&'static str, &str)]| {
        let mut options = options.clone();
        options.extend(pairs.iter().map(|(name, it)| (*name, text(it))));
        options
    };
    let wrong = with(&[("username", "alice"), ("password", "s3cret")]);
    let message = refused(&wrong);
    assert!(message.contains("refuses the login") && message.contains("`password`"), "{message}");
    assert!(!message.contains("s3cret"), "{message}");
    let token = with(&[("token", "s3cret")]);
    let message = refused(&token);
    assert!(message.contains("refuses the token") && !message.contains("s3cret"), "{message}");
    let mut sink = open(&with(&[("username", "alice"), ("password", "alice-secret")])).unwrap();
    sink.write(&numbered(0..10));
    assert_eq!(sink.finish(), []);
}

#[test]
fn a_server_is_known_by_its_certificate() {
    let server = Database::influxdb("tls", &["tls"]);
    let url = format!("https://localhost:{}", server.port());
    let message = refused(&at(&url));
    assert!(message.contains("no server answers at `https://localhost:"), "{message}");
    assert!(message.to_lowercase().contains("certificate"), "{message}");
    let with = |ca: &str| {
        let mut options = at(&url);
        options.push(("tls", record(&[("ca", text(ca))])));
        options
    };
    let message = refused(&with("/no/such/file.pem"));
    assert!(message.contains("`ca`: `/no/such/file.pem` cannot be read"), "{message}");
    let message = refused(&with(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")));
    assert!(message.contains("`ca`: there is no certificate in"), "{message}");
    let mut sink = open(&with(server.authority())).unwrap();
    sink.write(&numbered(0..10));
    assert_eq!(sink.finish(), []);
    // And it does not speak without.
    let message = refused(&at(&server.url()));
    let part = "takes no points there (400: Client sent an HTTP request to an HTTPS server";
    assert!(message.contains(part), "{message}");
}

#[test]
fn a_server_that_is_somewhere_else_or_something_else() {
    let elsewhere = Server::start(|_, _| {
        Reply::Says(301, "Location: https://influx.example/write\r\n", String::new())
    });
    let message = refused(&at(&elsewhere.url()));
    assert!(message.contains("somewhere else: `https://influx.example/write`"), "{message}");
    // A server of version 2 says this to a request without points.
    let second = Server::start(|_, _| {
        let body = "{\"code\":\"invalid\",\"message\":\"writing requires points\"}";
        Reply::Says(400, "", body.to_owned())
    });
    open(&at(&second.url())).unwrap();
    let other = Server::start(|_, _| status(405));
    let message = refused(&at(&other.url()));
    assert!(message.contains("takes no points there (405"), "{message}");
}

#[test]
fn every_version_is_told_who_asks_in_its_own_way() {
    for (version, target, line, login) in [
        ("1.8.10", "database", "POST /write?db=iot&precision=ns", "Token t0ken"),
        ("v2.7.4", "bucket", "POST /api/v2/write?org=plant&bucket=iot&precision=ns", "Token t0ken"),
        ("3.0.1", "bucket", "POST /api/v2/write?org=plant&bucket=iot&precision=ns", "Token t0ken"),
        (
            "3.0.1",
            "database",
            "POST /api/v3/write_lp?db=iot&precision=nanosecond&accept_partial=false&no_sync=false",
            "Bearer t0ken",
        ),
    ] {
        let header: &'static str = format!("X-Influxdb-Version: {version}\r\n").leak();
        let server = Server::start(move |_, _| Reply::Says(204, header, String::new()));
        let mut options = vec![("url", text(&server.url())), ("token", text("t0ken"))];
        match target {
            "database" => options.push(("database", text("iot"))),
            _ => options.extend([("org", text("plant")), ("bucket", text("iot"))]),
        }
        let mut sink = open(&options).unwrap();
        sink.write(&numbered(0..2));
        assert_eq!(sink.finish(), []);
        let requests = server.requests();
        assert_eq!(requests[0].line, "GET /ping");
        for request in &requests[1..] {
            assert_eq!(request.line, line);
            assert_eq!(request.headers["authorization"], login);
        }
        assert_eq!(requests.len(), 3, "{version}: it asks, tries, and writes");
        assert_eq!(requests[1].body, "");
        assert_eq!(requests[2].headers["content-encoding"], "gzip");
    }
}
