//! A proxy in front of an HTTP server that gets in the way of requests: answers in the server's place, or lets an answer
//! get lost.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The server answers it.
    Passes,
    /// The server is not asked: it answers with this status.
    Answered(u16),
    /// The server does what is asked, and nobody hears of it.
    AnswerLost,
}

/// Starts one, which runs until the process ends; its address. `decide` sees the method and the path with its query.
pub fn proxy(server: &str, decide: impl Fn(&str, &str) -> Fate + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = server.strip_prefix("http://").unwrap().to_owned();
    let decide = Arc::new(decide);
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let (server, decide) = (server.clone(), Arc::clone(&decide));
            // A connection that breaks is part of the game.
            std::thread::spawn(move || drop(serve(client, &server, &*decide)));
        }
    });
    format!("http://{address}")
}

/// One request; the connection ends with it.
fn serve(
    mut client: TcpStream,
    server: &str,
    decide: &(dyn Fn(&str, &str) -> Fate + Send + Sync),
) -> std::io::Result<()> {
    let Some(request) = read(&mut client)? else { return Ok(()) };
    let line = String::from_utf8_lossy(request.split(|it| *it == b'\r').next().unwrap_or_default());
    let mut words = line.split(' ');
    let fate = decide(words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if let Fate::Answered(status) = fate {
        let body = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";
        let answer = format!(
            "HTTP/1.1 {status} Trouble\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        return client.write_all(answer.as_bytes());
    }
    let mut upstream = TcpStream::connect(server)?;
    upstream.write_all(&request)?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer)?;
    match fate {
        Fate::AnswerLost => Ok(()),
        _ => client.write_all(&answer),
    }
}

/// A request with its body, which asks the server to close the connection behind it.
fn read(client: &mut TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
            break end;
        }
        let count = client.read(&mut buffer)?;
        if count == 0 {
            return Ok(None);
        }
        bytes.extend_from_slice(&buffer[..count]);
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let header = |name: &str| {
        text.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let length: usize = header("content-length").map_or(0, |it| it.parse().unwrap());
    while bytes.len() < head + 4 + length {
        let count = client.read(&mut buffer)?;
        if count == 0 {
            return Ok(None);
        }
        bytes.extend_from_slice(&buffer[..count]);
    }
    let mut request = bytes[..head].to_vec();
    request.extend_from_slice(b"\r\nConnection: close");
    request.extend_from_slice(&bytes[head..]);
    Ok(Some(request))
}
