//! Lines on their way: gathered until there are enough of them, then packed; and which row each of them came from.

use bytes::Bytes;
use engine::batch::Batch;
use engine::error::{Error, Result};
use engine::reason::{Fault, Reason};
use engine::sink::Refused;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::io::{Read, Write};
use std::ops::Range;
use std::time::Duration;

/// The most bytes of a request before it is packed. The limits of servers are 10 MB and more.
const BYTES_MAX: usize = 4 << 20;

/// Lines that are being gathered.
#[derive(Debug)]
pub(super) struct Filling {
    text: Vec<u8>,
    /// Where each line ends.
    ends: Vec<u32>,
    pieces: Vec<Piece>,
    /// When the first line came, as the clock's `elapsed` says.
    since: Duration,
}

/// Lines of one batch.
#[derive(Debug)]
struct Piece {
    batch: Batch,
    /// The row of each line.
    rows: Vec<u32>,
}

/// Lines that make up a request.
#[derive(Debug)]
pub(super) struct Chunk {
    /// What is sent.
    body: Bytes,
    gzip: bool,
    ends: Vec<u32>,
    pieces: Vec<Piece>,
    pub(super) since: Duration,
    /// What it holds in memory.
    pub(super) bytes: usize,
}

impl Filling {
    /// Nothing yet.
    pub(super) fn new(since: Duration) -> Self {
        Self { text: Vec::new(), ends: Vec::new(), pieces: Vec::new(), since }
    }

    /// What comes now is from this batch.
    pub(super) fn begin(&mut self, batch: &Batch) {
        self.pieces.push(Piece { batch: batch.clone(), rows: Vec::new() });
    }

    /// Adds a line of the batch that was begun last.
    pub(super) fn add(&mut self, row: u32, line: &[u8]) {
        self.text.extend_from_slice(line);
        self.ends.push(self.text.len() as u32);
        if let Some(piece) = self.pieces.last_mut() {
            piece.rows.push(row);
        }
    }

    /// Whether there is room for a line of so many bytes, where a request has at most so many `points`. The first line has
    /// room whatever its size.
    pub(super) fn has_room(&self, line: usize, points: usize) -> bool {
        self.ends.is_empty() || (self.ends.len() < points && self.text.len() + line <= BYTES_MAX)
    }

    pub(super) fn lines(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn since(&self) -> Duration {
        self.since
    }

    /// What it holds in memory.
    pub(super) fn bytes(&self) -> usize {
        self.text.len() + self.ends.len() * 8 + self.pieces.iter().map(Piece::bytes).sum::<usize>()
    }

    /// Gets it ready to be sent.
    pub(super) fn seal(mut self, gzip: bool) -> Result<Chunk> {
        self.pieces.retain(|it| !it.rows.is_empty());
        let beside = self.bytes() - self.text.len();
        let body = pack(self.text, gzip)?;
        let bytes = beside + body.len();
        Ok(Chunk { body, gzip, ends: self.ends, pieces: self.pieces, since: self.since, bytes })
    }
}

impl Piece {
    /// The share of the batch's bytes that its rows have.
    fn bytes(&self) -> usize {
        self.batch.bytes() * self.rows.len() / self.batch.rows().max(1)
    }
}

impl Chunk {
    pub(super) fn lines(&self) -> usize {
        self.ends.len()
    }

    /// All of it, as it is sent.
    pub(super) fn body(&self) -> Bytes {
        self.body.clone()
    }

    /// All of it, as text.
    pub(super) fn text(&self) -> Result<Vec<u8>> {
        if !self.gzip {
            return Ok(self.body.to_vec());
        }
        let mut text = Vec::new();
        GzDecoder::new(self.body.as_ref())
            .read_to_end(&mut text)
            .map_err(|error| Error::bug("what was packed cannot be unpacked").because(error))?;
        Ok(text)
    }

    /// Some of its lines as they are sent. `text` is all of it.
    pub(super) fn part(&self, text: &[u8], lines: &[usize]) -> Result<Bytes> {
        let mut part = Vec::new();
        for &line in lines {
            part.extend_from_slice(&text[self.span(line)]);
        }
        pack(part, self.gzip)
    }

    /// Where a line stands in the text.
    fn span(&self, line: usize) -> Range<usize> {
        let start = line.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        start..self.ends[line] as usize
    }

    /// These lines, in order, cannot be written: the rows they were made of.
    pub(super) fn refuse(&self, lines: &[usize], detail: &str) -> Vec<Refused> {
        let mut refused = Vec::new();
        let mut lines = lines.iter().copied().peekable();
        let mut first = 0;
        for piece in &self.pieces {
            let behind = first + piece.rows.len();
            let mut faults = Vec::new();
            while let Some(line) = lines.next_if(|it| *it < behind) {
                faults.push(Fault {
                    row: piece.rows[line - first],
                    reason: Reason::Sink,
                    detail: detail.to_owned(),
                    column: None,
                });
            }
            if !faults.is_empty() {
                refused.push(Refused { rows: piece.batch.clone(), faults });
            }
            first = behind;
        }
        refused
    }
}

fn pack(text: Vec<u8>, gzip: bool) -> Result<Bytes> {
    if !gzip {
        return Ok(text.into());
    }
    // Lines repeat their keys: the fastest level leaves a tenth already.
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 6), Compression::fast());
    let packed = encoder.write_all(&text).and_then(|()| encoder.finish());
    let packed = packed.map_err(|error| Error::bug("memory cannot be written").because(error))?;
    Ok(packed.into())
}
