//! `file`: rows from and to files, or standard input and output.
//!
//! ```text
//!  path ──► shape: format and compression, told from the ending
//!
//!  source   list of files ─► splits ─► reader thread ─► feed (bounded) ─► poll
//!                                       │ stream: bytes ─► unpacked ─► pieces of whole records
//!                                       │ parquet: row groups ─► columns, checked against the schema
//!
//!  sink     write ─► routes by `{column}` ─► jobs (bounded) ─► writer thread ─► place
//!                                                               │ text: bytes ─► packed
//!                                                               │ parquet: row groups
//!  place    a hidden folder beside the file, renamed at the end │ the file itself │ standard output
//! ```
//!
//! Reading and writing wait for disks, so they have threads of their own; the runtime is never held up by them.

mod aside;
mod feed;
mod files;
mod follow;
mod framed;
mod input;
mod meet;
mod output;
mod parquet;
mod paths;
mod place;
mod routes;
mod shape;
mod sink;
mod source;
mod splits;
#[cfg(test)]
mod tests;
mod text;
mod whole;
mod writer;

pub(crate) use output::parquet_error;
pub use paths::expand;
pub(crate) use place::{make_folder, sync_folder, unwritable};
pub use sink::FileSink;
pub use source::FileSource;
pub use text::{Holds, TextFile, holds};
pub use whole::pieces;
