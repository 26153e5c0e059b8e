//! A server of a test's own making: every request is kept, and the test says what is answered. And a small client.

use flate2::read::GzDecoder;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// How long a test waits for something that should happen at once.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request, unpacked.
#[derive(Clone, Debug)]
pub struct Request {
    /// `POST /write?db=a`
    pub line: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

/// What is answered.
pub enum Reply {
    /// Status, further headers (each with its line end), body.
    Says(u16, &'static str, String),
    /// Nothing: the connection is cut after the request was read.
    Nothing,
}

/// Nothing but a status.
pub fn status(status: u16) -> Reply {
    Reply::Says(status, "", String::new())
}

/// A running server. It ends with the process.
pub struct Server {
    pub port: u16,
    kept: Arc<Kept>,
}

#[derive(Default)]
struct Kept {
    requests: Mutex<Vec<Request>>,
    more: Condvar,
}

impl Server {
    /// `answer` is told the request and how many there were before it.
    pub fn start(answer: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let kept = Arc::new(Kept::default());
        let (to, answer) = (Arc::clone(&kept), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (to, answer) = (Arc::clone(&to), Arc::clone(&answer));
                // A client that goes away in the middle is none of this server's business.
                std::thread::spawn(move || stream.and_then(|it| serve(it, &to, &*answer)));
            }
        });
        Self { port, kept }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.kept.requests.lock().unwrap().clone()
    }

    /// The requests with points so far.
    pub fn written(&self) -> Vec<Request> {
        self.requests().into_iter().filter(|it| !it.body.is_empty()).collect()
    }

    /// Waits until there were so many requests with points.
    pub fn wait_for(&self, count: usize) -> Vec<Request> {
        let enough =
            |it: &mut Vec<Request>| it.iter().filter(|it| !it.body.is_empty()).count() < count;
        let requests = self.kept.requests.lock().unwrap();
        let (requests, late) =
            self.kept.more.wait_timeout_while(requests, PATIENCE, enough).unwrap();
        assert!(!late.timed_out(), "{} requests in time", requests.len());
        drop(requests);
        self.written()
    }
}

fn serve(
    mut stream: TcpStream,
    kept: &Kept,
    answer: &dyn Fn(&Request, usize) -> Reply,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some(request) = read(&mut reader)? {
        let before = {
            let mut requests = kept.requests.lock().unwrap();
            requests.push(request.clone());
            kept.more.notify_all();
            requests.len() - 1
        };
        match answer(&request, before) {
            Reply::Nothing => return Ok(()),
            Reply::Says(status, headers, body) => {
                let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n", body.len());
                // A 204 has no length.
                let head = if status == 204 { "HTTP/1.1 204 X\r\n".to_owned() } else { head };
                stream.write_all(format!("{head}{headers}\r\n{body}").as_bytes())?;
            }
        }
    }
    Ok(())
}

fn read(reader: &mut impl BufRead) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").map_or(0, |it| it.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut text = String::new();
    if headers.get("content-encoding").is_some_and(|it| it == "gzip") {
        GzDecoder::new(&body[..]).read_to_string(&mut text)?;
    } else {
        text = String::from_utf8(body).unwrap();
    }
    let line = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    Ok(Some(Request { line, headers, body: text }))
}

/// The body of an answer to `GET`; the query is made of names and values.
pub fn get(port: u16, path: &str, query: &[(&str, &str)]) -> String {
    let mut url = reqwest::Url::parse(&format!("http://127.0.0.1:{port}{path}")).unwrap();
    url.query_pairs_mut().extend_pairs(query);
    let target = format!("{}?{}", url.path(), url.query().unwrap());
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut reader = BufReader::new(stream);
    let (mut length, mut chunked) = (None, false);
    let mut line = String::new();
    while reader.read_line(&mut line).unwrap() > 2 {
        let header = line.trim_end().to_lowercase();
        if let Some(value) = header.strip_prefix("content-length: ") {
            length = Some(value.parse().unwrap());
        }
        chunked |= header == "transfer-encoding: chunked";
        line.clear();
    }
    let mut body = Vec::new();
    if !chunked {
        reader.take(length.unwrap_or(u64::MAX)).read_to_end(&mut body).unwrap();
        return String::from_utf8(body).unwrap();
    }
    loop {
        line.clear();
        reader.read_line(&mut line).unwrap();
        let size = u64::from_str_radix(line.trim_end(), 16).unwrap();
        if size == 0 {
            return String::from_utf8(body).unwrap();
        }
        reader.by_ref().take(size).read_to_end(&mut body).unwrap();
        reader.read_line(&mut line).unwrap();
    }
}
