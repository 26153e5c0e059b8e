//! A byte stream in pieces of whole records.
//!
//! ```text
//!  buffer     │ header │ rest of the last one │ what is read … │
//!  pieces     │ header   ── records ──────────┘ cut            │
//!                                               └─ goes to the front of the next buffer
//! ```
//!
//! A piece is a part of the buffer it was read into, nothing is copied but the unfinished record at its end. Buffers
//! come back when their last piece is gone: memory that was touched before is several times cheaper than fresh one.

use super::follow::{Change, Tail};
use super::input::{self, Input};
use super::shape::{Compression, STANDARD};
use bytes::Bytes;
use engine::codec::Framing;
use engine::error::{Error, Result};
use engine::source::MakeFraming;
use std::io::{ErrorKind, Read};
use std::sync::{Arc, Mutex, PoisonError};

/// A longer record is an error: such a file is not what it seems to be.
pub(super) const RECORD_BYTES_MAX: usize = 64 << 20;

/// Less is not read at once, however small the pieces are.
const READ_BYTES_MIN: usize = 64 << 10;

/// So many buffers wait to be used again.
const POOLED_MAX: usize = 16;

/// Larger buffers are not kept.
const POOLED_BYTES_MAX: usize = 4 << 20;

/// What a file has next.
pub(super) enum Step<T> {
    /// This much, and where reading goes on behind it.
    Piece(T, String),
    /// Nothing now.
    Wait,
    /// Nothing any more.
    End,
}

/// A file, or standard input, in pieces.
pub(super) struct Framed {
    path: String,
    compression: Compression,
    input: Input,
    make: MakeFraming,
    framing: Option<Box<dyn Framing>>,
    pool: Pool,
    /// What every piece begins with; none while that is not known.
    header: Option<Bytes>,
    /// What was read last.
    buffer: Bytes,
    /// Where in the buffer the next record begins.
    at: usize,
    /// Whether the header stands in the buffer just before `at`.
    headed: bool,
    /// How much of the stream stands before the next record.
    offset: u64,
    at_end: bool,
    /// Whether what there is goes out at once, since more may take its time.
    eager: bool,
    tail: Option<Tail>,
}

impl Framed {
    /// Opens a file at `position`, the text of a piece before.
    pub(super) fn open(
        path: &str,
        compression: Compression,
        position: &str,
        make: &MakeFraming,
        pool: &Pool,
        follow: bool,
    ) -> Result<Framed> {
        let (mut offset, mut tail) = (Tail::offset(position)?, None);
        if follow {
            let opened = Tail::open(path, position)?;
            offset = opened.start();
            tail = Some(opened);
        }
        let input = input::open(path, compression, 0)?;
        let mut framed = Framed::new(path, input, make, pool);
        framed.compression = compression;
        framed.tail = tail;
        if offset > 0 {
            framed.find_header()?;
            framed.input = input::open(path, compression, offset)?;
            framed.restart(offset);
        }
        Ok(framed)
    }

    /// Standard input, or whatever brings bytes when it likes.
    pub(super) fn eager(input: Input, make: &MakeFraming, pool: &Pool) -> Framed {
        Framed { eager: true, ..Framed::new(STANDARD, input, make, pool) }
    }

    fn new(path: &str, input: Input, make: &MakeFraming, pool: &Pool) -> Framed {
        Framed {
            path: path.to_owned(),
            compression: Compression::None,
            input,
            make: Arc::clone(make),
            framing: make(),
            pool: pool.clone(),
            header: None,
            buffer: Bytes::new(),
            at: 0,
            headed: false,
            offset: 0,
            at_end: false,
            eager: false,
            tail: None,
        }
    }

    /// The next piece, of about `limit` bytes.
    pub(super) fn next(&mut self, limit: usize) -> Result<Step<Bytes>> {
        // Whether the last read brought something.
        let mut came = true;
        loop {
            let rest = self.buffer.len() - self.at;
            if self.take_header() && (rest >= limit || self.at_end || self.eager || !came) {
                let length = self.cut(limit)?;
                if length > 0 {
                    let piece = self.piece(length);
                    return Ok(Step::Piece(piece, self.position()));
                }
            }
            if self.at_end {
                match self.tail.as_mut().map(Tail::reopen).transpose()? {
                    Some(input) => self.begin_again(input),
                    None => return Ok(Step::End),
                }
            } else if !came {
                if !self.follow()? {
                    return Ok(Step::Wait);
                }
                came = true;
            } else if rest > RECORD_BYTES_MAX.max(limit) {
                return Err(self.too_long());
            } else {
                came = self.fill(limit)? || self.at_end;
            }
        }
    }

    /// How many bytes from `at` on are whole records, `limit` or as few more as there are in one record. However much of
    /// the input was read by now, the same record is too long.
    fn cut(&mut self, limit: usize) -> Result<usize> {
        let rest = &self.buffer[self.at..];
        let most = rest.len().min(RECORD_BYTES_MAX.max(limit));
        let mut window = limit.clamp(1, most.max(1)).min(most);
        while !rest.is_empty() {
            let mut cut = |last| match &mut self.framing {
                Some(framing) => framing.cut(&rest[..window], last).min(window),
                None => 0,
            };
            let length = cut(false);
            if length > 0 {
                return Ok(length);
            }
            if window == rest.len() {
                // Whatever stands at the end of a file is a record, even if the framing does not see one.
                let length = if self.at_end { cut(true) } else { return Ok(0) };
                return Ok(if length > 0 { length } else { rest.len() });
            }
            if window == most {
                return Err(self.too_long());
            }
            window = window.saturating_mul(2).min(most);
        }
        Ok(0)
    }

    /// A piece of the next `length` bytes, with the header before it.
    fn piece(&mut self, length: usize) -> Bytes {
        let header = self.header.as_deref().unwrap_or_default();
        let end = self.at + length;
        let piece = if header.is_empty() {
            self.buffer.slice(self.at..end)
        } else if self.headed {
            self.buffer.slice(self.at - header.len()..end)
        } else {
            [header, &self.buffer[self.at..end]].concat().into()
        };
        self.at = end;
        self.headed = false;
        self.offset += length as u64;
        if end == self.buffer.len() {
            // Lets go of it, so that it comes back as soon as its pieces are gone.
            self.buffer = Bytes::new();
            self.at = 0;
        }
        piece
    }

    /// Finds the header where it is not known yet. False: more has to be read for it.
    fn take_header(&mut self) -> bool {
        if self.header.is_some() {
            return true;
        }
        if self.offset == 0 && self.at == 0 {
            const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
            if self.buffer.starts_with(BYTE_ORDER_MARK) {
                self.at = BYTE_ORDER_MARK.len();
                self.offset = self.at as u64;
            } else if BYTE_ORDER_MARK.starts_with(&self.buffer) && !self.at_end {
                return false;
            }
        }
        let found = match &mut self.framing {
            Some(framing) => framing.header(&self.buffer[self.at..], self.at_end),
            None => Some(0),
        };
        let Some(length) = found.map(|it| it.min(self.buffer.len() - self.at)) else {
            return false;
        };
        self.header = Some(Bytes::copy_from_slice(&self.buffer[self.at..self.at + length]));
        self.at += length;
        self.headed = true;
        self.offset += length as u64;
        true
    }

    /// Reads only as far as the header goes.
    fn find_header(&mut self) -> Result<()> {
        while !self.take_header() {
            if self.at_end {
                self.header = Some(Bytes::new());
            } else if self.buffer.len() >= RECORD_BYTES_MAX {
                return Err(self.too_long());
            } else {
                self.fill(READ_BYTES_MIN)?;
            }
        }
        Ok(())
    }

    /// Reads on behind the rest of the buffer, so that there are `limit` bytes or twice the rest. What comes when it likes
    /// is handed on as soon as a line has ended; until then there is no record in it, and looking for one in all of a long
    /// line after every read would take ever longer. False: nothing came.
    fn fill(&mut self, limit: usize) -> Result<bool> {
        let header = self.header.clone().unwrap_or_default();
        let rest = self.buffer.slice(self.at..);
        let grown = (rest.len() * 2).min(RECORD_BYTES_MAX.max(limit) + READ_BYTES_MIN);
        let wanted = limit.max(READ_BYTES_MIN).max(grown) + header.len();
        let mut buffer = self.pool.take(wanted);
        let kept = header.len() + rest.len();
        buffer.bytes[..header.len()].copy_from_slice(&header);
        buffer.bytes[header.len()..kept].copy_from_slice(&rest);
        let mut filled = kept;
        while filled < wanted {
            match self.input.read(&mut buffer.bytes[filled..wanted]) {
                Ok(0) => {
                    self.at_end = self.tail.is_none();
                    break;
                }
                Ok(read) => {
                    let came = &buffer.bytes[filled..filled + read];
                    filled += read;
                    if self.eager && memchr::memchr(b'\n', came).is_some() {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(input::failed(&self.path, &error)),
            }
        }
        // A rest that did not grow stays where it is.
        if filled > kept {
            self.buffer = Bytes::from_owner(buffer).slice(..filled);
            self.at = header.len();
            self.headed = true;
        }
        Ok(filled > kept)
    }

    /// Nothing more came from a file that is followed: is it still the same one? False: it is, and has nothing new.
    fn follow(&mut self) -> Result<bool> {
        let Some(tail) = &mut self.tail else {
            return Ok(true);
        };
        let read = self.offset + (self.buffer.len() - self.at) as u64;
        match tail.check(read)? {
            Change::None => Ok(false),
            Change::Truncated => {
                let input = input::open(&self.path, self.compression, 0)?;
                self.begin_again(input);
                Ok(true)
            }
            Change::Replaced => {
                // What the old one holds behind its last line end is all there will ever be of it.
                self.at_end = true;
                Ok(true)
            }
        }
    }

    /// Another file begins under the same name.
    fn begin_again(&mut self, input: Input) {
        self.input = input;
        self.framing = (self.make)();
        self.header = None;
        self.restart(0);
    }

    fn restart(&mut self, offset: u64) {
        self.buffer = Bytes::new();
        self.at = 0;
        self.headed = false;
        self.offset = offset;
        self.at_end = false;
    }

    fn position(&self) -> String {
        match &self.tail {
            Some(tail) => tail.position(self.offset),
            None => self.offset.to_string(),
        }
    }

    fn too_long(&self) -> Error {
        let (path, offset) = (&self.path, self.offset);
        let size = RECORD_BYTES_MAX >> 20;
        Error::user(format!(
            "`{path}`: the record at byte {offset} is longer than {size} MiB; is it a file of the format it is read as?"
        ))
    }

    /// Whether it has been read as far as it goes for now.
    pub(super) fn is_eager(&self) -> bool {
        self.eager
    }
}

/// Buffers to be used again.
#[derive(Clone, Default)]
pub(super) struct Pool(Arc<Mutex<Vec<Vec<u8>>>>);

/// A buffer that goes back to its pool.
struct Pooled {
    bytes: Vec<u8>,
    pool: Pool,
}

impl Pool {
    /// A buffer of at least this length; what it holds is left over from before.
    fn take(&self, length: usize) -> Pooled {
        let found = {
            let mut free = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            free.iter().rposition(|it| it.len() >= length).map(|i| free.swap_remove(i))
        };
        let bytes = found.unwrap_or_else(|| vec![0; length.next_multiple_of(READ_BYTES_MIN)]);
        Pooled { bytes, pool: self.clone() }
    }
}

impl AsRef<[u8]> for Pooled {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        if bytes.len() <= POOLED_BYTES_MAX {
            let mut free = self.pool.0.lock().unwrap_or_else(PoisonError::into_inner);
            if free.len() < POOLED_MAX {
                free.push(bytes);
            }
        }
    }
}
