//! A file read at once, in the pieces that a source would cut it into: what tests feed.

use super::framed::{Framed, Pool, Step};
use super::shape::Shape;
use bytes::Bytes;
use engine::error::{Error, Result};
use engine::source::MakeFraming;

/// How large a piece is, about.
const PIECE_BYTES: usize = 64 << 10;

/// A file in pieces of whole records, each with the header of the file in front, if it has one; unpacked if its ending
/// says that it is packed.
pub fn pieces(path: &str, make: &MakeFraming) -> Result<Vec<Bytes>> {
    let shape = Shape::of(path);
    if shape.is_parquet() {
        return Err(Error::user(format!(
            "`{path}` holds columns, not records: feed its rows as JSON lines, `from \"….jsonl\"`"
        )));
    }
    let mut file = Framed::open(path, shape.compression, "", make, &Pool::default(), false)?;
    let mut pieces = Vec::new();
    while let Step::Piece(piece, _) = file.next(PIECE_BYTES)? {
        pieces.push(piece);
    }
    Ok(pieces)
}
