//! The server: which endpoint is written to, what a request is, and what its answers mean.
//!
//! ```text
//!  GET /ping ─► X-Influxdb-Version ─► endpoint ─► POST nothing to it ─► may we, and is there such a database?
//!
//!  204, or 200 with nothing    written
//!  400, 422                    some points are not taken
//!  413                         too much at once
//!  anything else, or nothing   may work later
//! ```
//!
//! The endpoint of version 3 is written to by its specification
//! (<https://docs.influxdata.com/influxdb3/core/api/write-lp/>): there is no package of that server to test with.

mod failure;

pub(super) use failure::Trouble;

use super::line::{Dialect, Precision};
use super::settings::{ServerPlace, Target, Tls};
use super::verdict::Verdict;
use crate::crypto::ensure_crypto;
use bytes::Bytes;
use engine::error::{Error, Result};
use failure::{Refusal, chain, retry_after};
use reqwest::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, SERVER,
};
use reqwest::{Certificate, Client, ClientBuilder, Identity, Response, StatusCode, Url, redirect};
use std::time::Duration;

/// How long a connection may take.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// How long the server may take for each of the two questions at the beginning.
const OPEN_MAX: Duration = Duration::from_secs(10);
/// How long the server may take for points.
const WRITE_MAX: Duration = Duration::from_secs(30);
/// How much of an answer is read, in bytes.
const ANSWER_MAX: usize = 1 << 20;
/// The header in which servers tell their version.
const VERSION: &str = "x-influxdb-version";
/// The first version 1 that has the endpoint of version 2, too.
const HAS_SECOND: (u8, u8) = (1, 8);

/// A server that can be written to.
#[derive(Debug)]
pub(super) struct Server {
    client: Client,
    write: Url,
    endpoint: Endpoint,
    /// Whether it said that it is QuestDB.
    questdb: bool,
    /// For messages.
    pub(super) shown: String,
}

/// Where points are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// `/write?db=`: version 1, and others for its clients.
    First,
    /// `/api/v2/write?org=&bucket=`: version 2, 3, and others.
    Second,
    /// `/api/v3/write_lp?db=`: version 3.
    Third,
}

/// What became of a request.
#[derive(Debug)]
pub(super) enum Answer {
    Written,
    /// Some of its points are not taken. Others may be written or not.
    Refused(Verdict),
    /// It was larger than the server takes.
    TooLarge(String),
}

impl Server {
    /// Finds out how to write to it, and whether that can work.
    pub(super) async fn open(
        place: &ServerPlace,
        version: Option<u8>,
        precision: Precision,
    ) -> Result<Self> {
        let client = client(place)?;
        let found = match version {
            Some(version) => Found::Version(version, 0),
            None => ask(&client, place).await?,
        };
        let endpoint = endpoint(&place.target, found, &place.shown)?;
        let write = address(&place.base, &place.target, endpoint, precision);
        let client = authorized(place, endpoint == Endpoint::Third)?;
        let shown = place.shown.clone();
        let mut server = Server { client, write, endpoint, questdb: false, shown };
        server.probe(place).await?;
        Ok(server)
    }

    /// How texts are escaped for it.
    pub(super) fn dialect(&self) -> Dialect {
        if self.questdb || self.endpoint == Endpoint::Third {
            Dialect::Escaped
        } else {
            Dialect::Common
        }
    }

    /// Writes nothing: only what cannot work at all fails.
    async fn probe(&mut self, place: &ServerPlace) -> Result<()> {
        let request = self.client.post(self.write.clone()).timeout(OPEN_MAX);
        // QuestDB does not take a request that does not say how long it is.
        let request = request.header(CONTENT_LENGTH, HeaderValue::from_static("0"));
        let response =
            request.send().await.map_err(|error| failure::unreachable(&self.shown, &error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let words = Verdict::of(&body(response).await).words;
        let name = headers.get(SERVER).and_then(|it| it.to_str().ok()).unwrap_or_default();
        self.questdb = name.to_lowercase().starts_with("questdb");
        match Refusal::of(status, words, &headers) {
            // No points are no points to some, and a server that is busy is one.
            None => Ok(()),
            Some(refusal) => Err(refusal.error(place)),
        }
    }

    /// Sends points.
    pub(super) async fn post(&self, body: Bytes, gzip: bool) -> Result<Answer, Trouble> {
        let mut request = self.client.post(self.write.clone()).timeout(WRITE_MAX).body(body);
        if gzip {
            request = request.header(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let response = request.send().await.map_err(|error| Trouble::silent(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let said = self::body(response).await;
        match status {
            StatusCode::NO_CONTENT => Ok(Answer::Written),
            StatusCode::OK if said.is_empty() => Ok(Answer::Written),
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
                Ok(Answer::Refused(Verdict::of(&said)))
            }
            StatusCode::PAYLOAD_TOO_LARGE => Ok(Answer::TooLarge(Verdict::of(&said).words)),
            status => {
                let words = Verdict::of(&said).words;
                Err(Trouble::said(status, &words, retry_after(&headers)))
            }
        }
    }
}

/// What a server says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Version(u8, u8),
    /// It answers and does not say.
    Unknown,
}

/// Asks for the version.
async fn ask(client: &Client, place: &ServerPlace) -> Result<Found> {
    let url = under(&place.base, "ping");
    let mut request = client.get(url).timeout(OPEN_MAX);
    // Versions that want to be told who asks take either form.
    if let Some(header) = place.login.header(true)? {
        request = request.header(AUTHORIZATION, header);
    }
    let response =
        request.send().await.map_err(|error| failure::unreachable(&place.shown, &error))?;
    let told = response.headers().get(VERSION).and_then(|it| it.to_str().ok());
    Ok(told.and_then(version).unwrap_or(Found::Unknown))
}

/// `1.6.7~rc0`, `v2.7.4`, `3.0.1`
fn version(text: &str) -> Option<Found> {
    let text = text.trim_start_matches(['v', 'V']);
    let mut numbers = text.split(['.', '-', '~', '+']).map(str::parse::<u8>);
    let first = numbers.next()?.ok()?;
    Some(Found::Version(first, numbers.next().and_then(Result::ok).unwrap_or(0)))
}

/// Where to write: what is written into decides, and of two that could be meant the server's own.
fn endpoint(target: &Target, found: Found, shown: &str) -> Result<Endpoint> {
    match (target, found) {
        (Target::Database(_), Found::Version(3.., _)) => Ok(Endpoint::Third),
        // Version 2 serves the endpoint of version 1 to those who name a database.
        (Target::Database(_), _) => Ok(Endpoint::First),
        (Target::Bucket { .. }, Found::Version(1, second)) if (1, second) < HAS_SECOND => {
            Err(Error::user(format!(
                "the server at `{shown}` is InfluxDB 1.{second}, which has databases, not buckets; \
                 give `database: \"…\"` in place of `org` and `bucket`"
            )))
        }
        (Target::Bucket { .. }, _) => Ok(Endpoint::Second),
    }
}

/// Where points are sent to, and in which unit their times are.
fn address(base: &Url, target: &Target, endpoint: Endpoint, precision: Precision) -> Url {
    let unit = match (endpoint, precision) {
        (Endpoint::Third, Precision::Nanoseconds) => "nanosecond",
        (Endpoint::Third, Precision::Microseconds) => "microsecond",
        (Endpoint::Third, Precision::Milliseconds) => "millisecond",
        (Endpoint::Third, Precision::Seconds) => "second",
        (Endpoint::First, Precision::Microseconds) => "u",
        (_, Precision::Nanoseconds) => "ns",
        (_, Precision::Microseconds) => "us",
        (_, Precision::Milliseconds) => "ms",
        (_, Precision::Seconds) => "s",
    };
    let path = match endpoint {
        Endpoint::First => "write",
        Endpoint::Second => "api/v2/write",
        Endpoint::Third => "api/v3/write_lp",
    };
    let mut url = under(base, path);
    {
        let mut query = url.query_pairs_mut();
        match target {
            Target::Database(database) => query.append_pair("db", database),
            Target::Bucket { org, bucket } => {
                query.append_pair("org", org).append_pair("bucket", bucket)
            }
        };
        query.append_pair("precision", unit);
        if endpoint == Endpoint::Third {
            // All points or none, and only when they are safe.
            query.append_pair("accept_partial", "false").append_pair("no_sync", "false");
        }
    }
    url
}

/// A path below the one that was given.
fn under(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}

fn client(place: &ServerPlace) -> Result<Client> {
    built(place, builder(place)?)
}

/// A client that says who we are in every request.
fn authorized(place: &ServerPlace, bearer: bool) -> Result<Client> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    if let Some(header) = place.login.header(bearer)? {
        headers.insert(AUTHORIZATION, header);
    }
    built(place, builder(place)?.default_headers(headers))
}

fn built(place: &ServerPlace, builder: ClientBuilder) -> Result<Client> {
    builder.build().map_err(|error| {
        Error::user(format!("no connection to `{}` can be made: {}", place.shown, chain(&error)))
    })
}

fn builder(place: &ServerPlace) -> Result<ClientBuilder> {
    ensure_crypto();
    let builder = Client::builder()
        .user_agent(concat!("weir/", env!("CARGO_PKG_VERSION")))
        // A redirected POST may become a GET, whose answer would look like success.
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_MAX)
        .tcp_nodelay(true);
    if place.base.scheme() == "http" {
        // The authorities of the system are not even looked for: there may be none.
        return Ok(builder.tls_certs_only([]));
    }
    let Tls { ca, cert } = &place.tls;
    let builder = match ca {
        None => builder,
        Some(path) => {
            let found = Certificate::from_pem_bundle(&read("ca", path)?);
            let found = found.map_err(|error| unusable("ca", path, &error))?;
            if found.is_empty() {
                return Err(Error::user(format!("`ca`: there is no certificate in `{path}`")));
            }
            builder.tls_certs_only(found)
        }
    };
    let Some((cert, key)) = cert else { return Ok(builder) };
    let mut pem = read("key", key)?;
    pem.push(b'\n');
    pem.extend(read("cert", cert)?);
    let identity = Identity::from_pem(&pem).map_err(|error| unusable("cert", cert, &error))?;
    Ok(builder.identity(identity))
}

fn read(option: &str, path: &str) -> Result<Vec<u8>> {
    std::fs::read(path)
        .map_err(|error| Error::user(format!("`{option}`: `{path}` cannot be read: {error}")))
}

fn unusable(option: &str, path: &str, error: &reqwest::Error) -> Error {
    let why = chain(error);
    Error::user(format!("`{option}`: `{path}` is no PEM file that can be used: {why}"))
}

/// What was answered, or the beginning of it.
async fn body(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < ANSWER_MAX {
        match response.chunk().await {
            Ok(Some(piece)) => body.extend_from_slice(&piece),
            // What is missing are words; the status was read.
            Ok(None) | Err(_) => break,
        }
    }
    body.truncate(ANSWER_MAX);
    body
}

#[cfg(test)]
mod tests;
