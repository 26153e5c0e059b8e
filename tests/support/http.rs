//! Asks a server on this machine, over HTTP as simple as it gets.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The status and the body of an answer; none if nobody answers.
pub(crate) fn ask(method: &str, url: &str) -> Option<(u16, String, String)> {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "{method} /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, head.to_lowercase(), body.to_owned()))
}

/// The body of an answer that is one.
pub(crate) fn get(url: &str) -> Option<String> {
    ask("GET", url).filter(|it| it.0 == 200).map(|it| it.2)
}
