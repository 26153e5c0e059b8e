//! Parquet: files of columns, which are read a row group at a time and need no decoder.
//!
//! ```text
//!  footer ──► types       the columns of a file in the language's types
//!         ──► binding     which of its columns fills which column of the source, or why not
//!  row group ──► reader ──► conform     as the schema wants it, and which rows it refuses
//! ```

mod bind;
mod conform;
mod reader;
mod refuse;
mod types;

pub(super) use bind::Wanted;
pub(super) use reader::Reader;

use super::paths;
use dsl::types::Column;
use engine::error::{Error, Result};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use std::fs::File;

/// The columns that a file has, told from its footer.
pub(super) fn columns(path: &str) -> Result<Vec<Column>> {
    let file = paths::open(path)?;
    types::columns(path, footer(path, &file)?.schema())
}

fn footer(path: &str, file: &File) -> Result<ArrowReaderMetadata> {
    ArrowReaderMetadata::load(file, ArrowReaderOptions::new()).map_err(|error| failed(path, &error))
}

/// Why a file cannot be read as Parquet.
fn failed(path: &str, error: &parquet::errors::ParquetError) -> Error {
    let error = error.to_string();
    let error = error.trim_start_matches("Parquet error: ");
    Error::user(format!(
        "`{path}` cannot be read as Parquet ({error}); was it written to its end, and is it what its ending says?"
    ))
}
