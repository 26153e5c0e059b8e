//! The bytes of a file, unpacked, from any place on.

use super::paths;
use super::shape::Compression;
use engine::error::{Error, Result};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// Bytes that are read one after the other.
pub(super) type Input = Box<dyn Read + Send>;

/// Opens a file at `offset`, counted in unpacked bytes. What is compressed is unpacked up to there.
pub(super) fn open(path: &str, compression: Compression, offset: u64) -> Result<Input> {
    let mut file = paths::open(path)?;
    let mut input: Input = match compression {
        Compression::None => {
            check_length(path, &file, offset)?;
            let moved = file.seek(SeekFrom::Start(offset));
            // A pipe has no places: it begins where it begins.
            moved
                .or_else(|error| if offset == 0 { Ok(0) } else { Err(error) })
                .map_err(|error| paths::unreadable(path, &error))?;
            return Ok(Box::new(file));
        }
        Compression::Gzip => Box::new(MultiGzDecoder::new(file)),
        Compression::Zstd => {
            let unpacked = zstd::stream::read::Decoder::new(file);
            Box::new(unpacked.map_err(|error| failed(path, &error))?)
        }
    };
    let skipped = io::copy(&mut input.by_ref().take(offset), &mut io::sink())
        .map_err(|error| failed(path, &error))?;
    if skipped < offset { Err(shorter(path, skipped, offset)) } else { Ok(input) }
}

fn check_length(path: &str, file: &File, offset: u64) -> Result<()> {
    let length = file.metadata().map_err(|error| paths::unreadable(path, &error))?.len();
    if length < offset { Err(shorter(path, length, offset)) } else { Ok(()) }
}

fn shorter(path: &str, length: u64, offset: u64) -> Error {
    Error::user(format!(
        "`{path}` has {length} bytes, and {offset} of it were read before: it is another file now; \
         give it another name, or begin without the old state"
    ))
}

/// Why bytes could not be read on.
pub(super) fn failed(path: &str, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::user(format!(
            "`{path}` ends in the middle of its compressed data: it was not written to its end"
        )),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::Other => {
            Error::user(format!(
                "`{path}` cannot be unpacked: {error}; is it what its ending says?"
            ))
        }
        _ => paths::unreadable(path, error),
    }
}
