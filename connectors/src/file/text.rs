//! Files for programs that read them by themselves: what a file holds, told from its ending, and text in pieces of whole
//! records, unpacked. The same code as that of the source `file`, so both see the same records.

use super::framed::{Framed, Pool, Step};
use super::shape::{Content, Shape};
use dsl::plan::Args;
use engine::codec::Format;
use engine::error::Result;
use engine::source::PayloadData;
use std::sync::Arc;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Records of the format of this name, plain or packed.
    Text(&'static str),
    /// Columns.
    Parquet,
}

/// What the ending of a path says: `.jsonl` `.ndjson` `.json` `.csv`, each also with `.gz` or `.zst`, or `.parquet`.
pub fn holds(path: &str) -> Option<Holds> {
    Shape::of(path).content.map(|it| match it {
        Content::Format(name) => Holds::Text(name),
        Content::Parquet => Holds::Parquet,
    })
}

/// A text file that is read from its beginning to its end.
pub struct TextFile(Framed);

impl TextFile {
    /// Opens it; how its records are cut, the format says with these options.
    pub fn open(path: &str, format: &'static dyn Format, options: &Args) -> Result<Self> {
        let options = options.clone();
        let framing: engine::source::MakeFraming = Arc::new(move || format.framing(&options));
        let compression = Shape::of(path).compression;
        Framed::open(path, compression, "", &framing, &Pool::default(), false).map(Self)
    }

    /// The next whole records, about `limit` bytes of them, for a decoder of the format; none at the end.
    pub fn next(&mut self, limit: usize) -> Result<Option<PayloadData>> {
        Ok(match self.0.next(limit)? {
            Step::Piece(bytes, _) => Some(PayloadData::Stream(bytes)),
            Step::Wait | Step::End => None,
        })
    }
}
