//! Answers whoever asks for metrics, over HTTP, beside the run and never in its way.

use super::Exposition;
use crate::exit::Exit;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

/// What is sent, said as the form's specification has it.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// So many are answered at a time; others wait.
const CONNECTIONS_MAX: usize = 32;

/// Whoever takes longer to ask is hung up on.
const ASKED_WITHIN: Duration = Duration::from_secs(10);

/// After trouble with the network, so long is waited before the next one is answered.
const TROUBLE: Duration = Duration::from_millis(200);

/// A place where metrics can be asked for; nobody is answered yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Takes the place `HOST:PORT`; port 0 is any that is free. An error comes with how the command ends.
    pub fn bind(place: &str) -> Result<Self, (Exit, String)> {
        let example = "write an address and a port, `--metrics 127.0.0.1:9464`";
        let addresses = place.to_socket_addrs().map_err(|error| {
            let why = match error.kind() {
                ErrorKind::InvalidInput => String::new(),
                _ => format!(" ({error})"),
            };
            (Exit::Usage, format!("`--metrics {place}` is no place to listen at{why}; {example}"))
        })?;
        let addresses: Vec<SocketAddr> = addresses.collect();
        let listener = TcpListener::bind(&*addresses).and_then(|it| {
            it.set_nonblocking(true)?;
            let address = it.local_addr()?;
            Ok(Self { listener: it, address })
        });
        listener.map_err(|error| {
            let why = match error.kind() {
                ErrorKind::AddrInUse => {
                    "something listens there already, perhaps another run; choose another port".to_owned()
                }
                ErrorKind::AddrNotAvailable => {
                    "this machine has no such address; `127.0.0.1` is for this machine, `0.0.0.0` for all that reach it"
                        .to_owned()
                }
                ErrorKind::PermissionDenied => {
                    "ports below 1024 are for the system; choose a higher one".to_owned()
                }
                _ => error.to_string(),
            };
            (Exit::Failed, format!("cannot serve metrics at `{place}`: {why}"))
        })
    }

    /// Where they are.
    pub fn url(&self) -> String {
        format!("http://{}/metrics", self.address)
    }

    /// Answers from now on, until the threads for I/O end.
    pub fn serve(self, io: &Handle, exposition: Exposition) {
        let inside = io.enter();
        // Fails only where no more sockets can be watched; then nobody is answered, and the run goes on.
        let listener = match tokio::net::TcpListener::from_std(self.listener) {
            Ok(listener) => listener,
            Err(error) => {
                tracing::warn!(%error, "Metrics cannot be served");
                return;
            }
        };
        drop(inside);
        io.spawn(accept(listener, Arc::new(exposition)));
    }
}

async fn accept(listener: tokio::net::TcpListener, exposition: Arc<Exposition>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    // It is never closed.
    while let Ok(permit) = Arc::clone(&room).acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(TROUBLE).await;
            continue;
        };
        let exposition = Arc::clone(&exposition);
        tokio::spawn(async move {
            let answer = |request| {
                let response = answer(&request, &exposition);
                async move { Ok::<_, Infallible>(response) }
            };
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(ASKED_WITHIN)
                .serve_connection(TokioIo::new(stream), service_fn(answer));
            // Whoever went away has no need of an answer.
            drop(connection.await);
            drop(permit);
        });
    }
}

fn answer(request: &Request<Incoming>, exposition: &Exposition) -> Response<String> {
    let readable = request.method() == Method::GET || request.method() == Method::HEAD;
    let (status, kind, body) = match request.uri().path() {
        _ if !readable => (StatusCode::METHOD_NOT_ALLOWED, "text/plain", "only read\n".to_owned()),
        "/metrics" => (StatusCode::OK, OPEN_METRICS, exposition.text()),
        "/" => (StatusCode::OK, "text/plain", "metrics are at /metrics\n".to_owned()),
        _ => (StatusCode::NOT_FOUND, "text/plain", "metrics are at /metrics\n".to_owned()),
    };
    let mut response = Response::builder().status(status).header(CONTENT_TYPE, kind);
    if !readable {
        response = response.header(ALLOW, "GET, HEAD");
    }
    response.body(body).unwrap_or_default()
}
