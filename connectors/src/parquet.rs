//! `parquet`: rows as a growing folder of Parquet files, on a disk or in an object store.
//!
//! ```text
//!  write ─► partitions: which folder each row goes to ─► jobs (bounded) ─► writer thread
//!
//!  writer thread   files: one open a folder, at most 64, rolled by size, rows and time
//!                    └ open file: sort buffer ─► row group ─► bytes ─► target
//!
//!  target, local   .weir/JOB/RUN/SEQ.tmp ─ fsync ─► rename ─► day=…/JOB-RUN-SEQ.parquet ─ fsync of the folder
//!  target, store   parts of 8 MiB ─► a task a file ─► complete     (a small file: one put)
//! ```
//!
//! A file is whole when it gets its name, so whoever reads the folder sees whole files only, at any time. JOB is the
//! pipeline and the sink, RUN is a number that each run takes for itself when it starts, SEQ counts the files of the run:
//! so no two files ever have one name, however many processes write into one folder.
//!
//! A run that was killed leaves what it had not finished where nobody looks: hidden files below `.weir`, or uploads that
//! were never completed. The next start takes them away. Whether their run is dead it tells from a file that the run held
//! locked.

mod check;
mod errors;
mod escape;
mod file;
mod files;
mod layout;
mod local;
mod options;
mod partition;
mod run;
mod sink;
mod store;
mod sweep;
#[cfg(test)]
mod tests;
mod upload;
mod writer;

pub use sink::ParquetSink;
