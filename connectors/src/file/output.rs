//! Files that are being written: text in one of three packings, or Parquet.

use super::place::{Place, ends_with, is_empty, unwritable};
use super::shape::Compression;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use engine::codec::Frame;
use engine::error::{Error, Result};
use flate2::write::GzEncoder;
use parquet::arrow::ArrowWriter;
use parquet::basic::ZstdLevel;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a column of a row group takes however few its values are, which the library does not count: above all the table
/// in which it looks for equal values.
const COLUMN_BYTES: usize = 48 << 10;

/// What is written into files of a sink.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// Records of a format.
    Text { compression: Compression, frame: Frame },
    /// Columns.
    Parquet { schema: SchemaRef },
}

/// What is written at once.
#[derive(Debug)]
pub(super) enum Content {
    /// Framed records, and where each of them ends.
    Text(Vec<u8>, Vec<usize>),
    /// Columns.
    Rows(RecordBatch),
}

impl Content {
    /// How many bytes of rows it holds, as they are handed over.
    pub(super) fn payload(&self) -> usize {
        match self {
            Content::Text(text, _) => text.len(),
            Content::Rows(rows) => rows.get_array_memory_size(),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        match self {
            Content::Text(text, ends) => text.len() + size_of_val(ends.as_slice()),
            Content::Rows(rows) => rows.get_array_memory_size(),
        }
    }
}

/// A file that is open for writing.
pub(super) enum Output {
    Text(Box<Packed>),
    /// Its writer, and how many columns it has, those inside of others too.
    Parquet(Box<ArrowWriter<OnDemand>>, usize),
}

impl Output {
    /// Opens a file. A new text begins with the header of its format.
    pub(super) fn open(kind: &Kind, place: &mut Place) -> Result<Output> {
        let file = place.open()?;
        match kind {
            Kind::Text { compression, frame } => {
                let empty = is_empty(place.shown(), &file)?;
                let torn = *compression == Compression::None
                    && !empty
                    && !ends_with(place.shown(), &file, &frame.terminator)?;
                let mut packed = Packed::new(*compression, file)
                    .map_err(|error| unwritable(place.shown(), &error))?;
                let first = match (empty, torn) {
                    (true, _) => &frame.header,
                    (false, true) => &frame.terminator,
                    (false, false) => return Ok(Output::Text(Box::new(packed))),
                };
                packed.write(first).map_err(|error| unwritable(place.shown(), &error))?;
                Ok(Output::Text(Box::new(packed)))
            }
            Kind::Parquet { schema } => {
                // Level 3 is where more effort hardly saves space; it is within what the level can be.
                let level = ZstdLevel::try_new(3).unwrap_or_default();
                let properties = WriterProperties::builder()
                    .set_compression(parquet::basic::Compression::ZSTD(level))
                    .set_created_by("weir".to_owned())
                    .build();
                let file = OnDemand { path: place.written().to_owned(), file: Some(file) };
                let writer = ArrowWriter::try_new(file, Arc::clone(schema), Some(properties));
                let writer = Box::new(writer.map_err(|it| failed(place.shown(), it))?);
                Ok(Output::Parquet(writer, schema.flattened_fields().len()))
            }
        }
    }

    pub(super) fn write(&mut self, path: &Path, content: &Content) -> Result<()> {
        match (self, content) {
            (Output::Text(packed), Content::Text(text, _)) => {
                packed.write(text).map_err(|error| unwritable(path, &error))
            }
            (Output::Parquet(writer, _), Content::Rows(rows)) => {
                writer.write(rows).map_err(|error| failed(path, error))
            }
            _ => Err(Error::bug("a file of one kind was given rows of another")),
        }
    }

    /// Hands over what was written, as far as a reader can make sense of it. Of a Parquet file nothing can be read before
    /// it is whole.
    pub(super) fn drain(&mut self, path: &Path) -> Result<()> {
        match self {
            Output::Text(packed) => packed.drain().map_err(|error| unwritable(path, &error)),
            Output::Parquet(..) => Ok(()),
        }
    }

    /// Lets go of the handle of a Parquet file until something is written again.
    pub(super) fn rest(&mut self) {
        if let Output::Parquet(writer, _) = self {
            writer.inner_mut().file = None;
        }
    }

    /// Bytes that wait in memory for the end of a row group.
    pub(super) fn held(&self) -> usize {
        match self {
            Output::Parquet(writer, columns) if writer.in_progress_rows() > 0 => {
                writer.memory_size() + *columns * COLUMN_BYTES
            }
            Output::Text(_) | Output::Parquet(..) => 0,
        }
    }

    /// Ends the row group.
    pub(super) fn flush(&mut self, path: &Path) -> Result<()> {
        match self {
            Output::Text(_) => Ok(()),
            Output::Parquet(writer, _) => writer.flush().map_err(|error| failed(path, error)),
        }
    }

    /// Ends what was written, and closes the file.
    pub(super) fn close(self, path: &Path) -> Result<()> {
        match self {
            Output::Text(packed) => packed.close().map_err(|error| unwritable(path, &error)),
            Output::Parquet(writer, _) => {
                writer.into_inner().map(drop).map_err(|error| failed(path, error))
            }
        }
    }
}

/// A file that is open only while something is written to it, so that there may be more of them than handles.
pub(super) struct OnDemand {
    path: PathBuf,
    file: Option<File>,
}

impl Write for OnDemand {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut file = match self.file.take() {
            Some(file) => file,
            None => OpenOptions::new().append(true).open(&self.path)?,
        };
        let written = file.write(bytes);
        self.file = Some(file);
        written
    }

    /// The handle holds nothing back.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Bytes on their way into a file.
pub(super) enum Packed {
    Plain(File),
    Gzip(GzEncoder<File>),
    Zstd(zstd::stream::write::Encoder<'static, File>),
}

impl Packed {
    fn new(compression: Compression, file: File) -> io::Result<Packed> {
        Ok(match compression {
            Compression::None => Packed::Plain(file),
            Compression::Gzip => Packed::Gzip(GzEncoder::new(file, flate2::Compression::default())),
            Compression::Zstd => Packed::Zstd(zstd::stream::write::Encoder::new(file, 3)?),
        })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Packed::Plain(file) => file.write_all(bytes),
            Packed::Gzip(encoder) => encoder.write_all(bytes),
            Packed::Zstd(encoder) => encoder.write_all(bytes),
        }
    }

    fn drain(&mut self) -> io::Result<()> {
        match self {
            Packed::Plain(_) => Ok(()),
            Packed::Gzip(encoder) => encoder.flush(),
            Packed::Zstd(encoder) => encoder.flush(),
        }
    }

    fn close(self) -> io::Result<()> {
        match self {
            Packed::Plain(_) => Ok(()),
            Packed::Gzip(encoder) => encoder.finish().map(drop),
            Packed::Zstd(encoder) => encoder.finish().map(drop),
        }
    }
}

/// Why Parquet cannot be written.
fn failed(path: &Path, error: ParquetError) -> Error {
    match parquet_error(error) {
        Ok(error) => unwritable(path, &error),
        Err(reason) => {
            let shown = path.display();
            Error::refused(format!("`path`: `{shown}` cannot be written as Parquet: {reason}"))
        }
    }
}

/// What stands behind an error of the Parquet writer: that bytes could not be written, or else what it says.
pub(crate) fn parquet_error(error: ParquetError) -> Result<io::Error, String> {
    match error {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(error) => Ok(*error),
            Err(cause) => Err(cause.to_string()),
        },
        other => Err(other.to_string()),
    }
}
