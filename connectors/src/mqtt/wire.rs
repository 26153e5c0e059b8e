//! The link over TCP and TLS: the packets are those of `rumqttc`, the loop around them is ours.
//!
//! ```text
//!  Remote ── encoded at once ──► │ out │ ── taken when what was taken before is written ──► socket
//!                                                                                           │
//!  events ◄── packet by packet ◄── │ incoming │ ◄── as much as there is ────────────────────┘
//! ```
//!
//! The loop of the library is not used, since it
//!
//! - cannot read the short form of DISCONNECT, in which most brokers say why they close a connection;
//! - forgets, with the connection, which messages of QoS 2 have come how far;
//! - hands out a message with a topic alias before it has looked up the topic;
//! - holds back acknowledgements while messages wait for theirs;
//! - writes each packet by itself, and a call of the kernel costs more than everything else about a message.

mod dial;
mod frames;
mod out;

use super::client::{Accepted, Connect, Event, Link, Remote};
use super::failure::Failure;
use crate::tls::{self, Files};
use bytes::{Buf, BytesMut};
use out::{Out, Taken};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Sleep, sleep};

/// How long a broker may take to accept.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// How long a broker may take to close a connection that we are done with.
const GOODBYE_MAX: Duration = Duration::from_secs(1);
/// How long is listened for a last word where writing has failed.
const LAST_WORD_MAX: Duration = Duration::from_millis(200);
/// How much is read at once, at first and at most: thousands of connections that say little need little.
const READ_LEAST: usize = 4 << 10;
const READ_MOST: usize = 256 << 10;

type Reader = Box<dyn AsyncRead + Send + Sync + Unpin>;
type Writer = Box<dyn AsyncWrite + Send + Sync + Unpin>;

/// A connection.
pub(super) struct WireLink {
    reader: Reader,
    writer: Writer,
    incoming: BytesMut,
    /// How much room the next read gets.
    chunk: usize,
    out: Arc<Out>,
    /// What is being written.
    writing: BytesMut,
    /// What comes of it when it is written.
    taken: Taken,
    flushed: bool,
    keep_alive: Duration,
    /// When the broker hears from us at the latest.
    due: Pin<Box<Sleep>>,
    /// Whether it was asked to answer, and has said nothing since.
    asked: bool,
    /// To explain what TLS has to say after the handshake.
    tls: Files,
    host: String,
}

impl Link for WireLink {
    async fn open(connect: &Connect) -> Result<(Self, Accepted), Failure> {
        let opened = tokio::time::timeout(CONNECT_MAX, dial::dial(connect)).await;
        let late = || format!("no answer within {} seconds", CONNECT_MAX.as_secs());
        opened.unwrap_or_else(|_| Err(Failure::Unreachable(late())))
    }

    fn remote(&self) -> Arc<dyn Remote> {
        Arc::clone(&self.out) as Arc<dyn Remote>
    }

    async fn next(&mut self, events: &mut Vec<Event>) -> Result<(), Failure> {
        let before = events.len();
        self.decode(events)?;
        while events.len() == before {
            self.step(events).await?;
        }
        Ok(())
    }
}

impl WireLink {
    /// Reads or writes once, whichever is possible first.
    async fn step(&mut self, events: &mut Vec<Event>) -> Result<(), Failure> {
        if self.flushed {
            self.taken = self.out.take(&mut self.writing)?;
            self.flushed = self.writing.is_empty();
        }
        let room = self.make_room();
        tokio::select! {
            read = self.reader.read_buf(&mut self.incoming) => return self.has_read(read, room, events),
            wrote = write(&mut self.writer, &mut self.writing), if !self.flushed => match wrote {
                Ok(flushed) => self.flushed = flushed,
                Err(error) => return Err(self.last_word(error, events).await),
            },
            () = self.out.more(), if self.flushed => return Ok(()),
            () = &mut self.due => return self.ping(),
        }
        if self.flushed {
            let Taken { qos_0, closing, was_full } = std::mem::take(&mut self.taken);
            events.extend((0..qos_0).map(|_| Event::Written));
            events.extend(was_full.then_some(Event::Told));
            if closing {
                self.close().await;
                events.push(Event::Closed);
            }
        }
        Ok(())
    }

    /// How many bytes the next read may bring. Payloads keep what they were read into in memory, so that is filled up
    /// before there is another.
    fn make_room(&mut self) -> usize {
        if self.incoming.capacity() - self.incoming.len() < READ_LEAST / 4 {
            self.incoming.reserve(self.chunk);
        }
        self.incoming.capacity() - self.incoming.len()
    }

    fn has_read(
        &mut self,
        read: io::Result<usize>,
        room: usize,
        events: &mut Vec<Event>,
    ) -> Result<(), Failure> {
        match read {
            Ok(0) => Err(Failure::Closed),
            Ok(bytes) => {
                self.asked = false;
                if bytes >= room {
                    self.chunk = (self.chunk * 2).min(READ_MOST);
                }
                self.decode(events)
            }
            Err(error) => Err(self.lost(&error)),
        }
    }

    /// Makes events of all packets that are here in full.
    fn decode(&mut self, events: &mut Vec<Event>) -> Result<(), Failure> {
        while let Some(event) = frames::next(&mut self.incoming, &self.out)? {
            events.extend(event);
        }
        Ok(())
    }

    /// The time is up within which a broker has to hear from us, and we from it.
    fn ping(&mut self) -> Result<(), Failure> {
        if self.asked {
            let why = "the broker did not answer within `keep_alive`";
            return Err(Failure::Lost(why.to_owned()));
        }
        self.asked = true;
        self.out.ping();
        self.due.set(sleep(self.keep_alive));
        Ok(())
    }

    /// Writing has failed; why may be the last that the broker has sent.
    async fn last_word(&mut self, error: io::Error, events: &mut Vec<Event>) -> Failure {
        let listen = async {
            loop {
                let read = self.reader.read_buf(&mut self.incoming).await;
                if !matches!(read, Ok(bytes) if bytes > 0) {
                    return None;
                }
                if let Err(failure) = self.decode(events) {
                    return Some(failure);
                }
            }
        };
        let heard = tokio::time::timeout(LAST_WORD_MAX, listen).await.ok().flatten();
        heard.unwrap_or_else(|| self.lost(&error))
    }

    /// Why reading or writing fails. With TLS 1.3 a broker refuses our certificate only when the handshake is over.
    fn lost(&self, error: &io::Error) -> Failure {
        match tls::cause(error) {
            Some(tls) => Failure::Tls(self.tls.explain(tls, &self.host)),
            None if error.kind() == io::ErrorKind::ConnectionReset => Failure::Closed,
            None => Failure::Lost(error.to_string()),
        }
    }

    /// Says that nothing follows, and waits a little until the broker has closed the connection too. To close a socket
    /// in which something waits to be read resets the connection, and then the broker may not see our last words.
    async fn close(&mut self) {
        let end = async {
            let mut ended = self.writer.shutdown().await.is_err();
            while !ended {
                self.incoming.clear();
                ended = !matches!(self.reader.read_buf(&mut self.incoming).await, Ok(bytes) if bytes > 0);
            }
        };
        if tokio::time::timeout(GOODBYE_MAX, end).await.is_err() {
            tracing::debug!("The broker did not close the connection in time");
        }
    }
}

/// Writes some of it; true when nothing is left, here or below.
async fn write(writer: &mut Writer, bytes: &mut BytesMut) -> io::Result<bool> {
    if bytes.has_remaining() {
        if writer.write_buf(bytes).await? == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        if bytes.has_remaining() {
            return Ok(false);
        }
    }
    writer.flush().await?;
    Ok(true)
}
