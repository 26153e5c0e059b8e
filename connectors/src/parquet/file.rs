//! One file that is being written: rows become row groups, sorted if that is asked for.
//!
//! ```text
//!  rows ─► [pending rows, where they are to be sorted] ─► columns in progress ─► row group ─► target
//!          └────────────── memory ───────────────────────────────────────────┘
//! ```
//!
//! Smallest and largest values stand beside every page and row group, so that readers skip what they do not look for;
//! where rows are sorted, these ranges are narrow, and the footer says by what.

use super::layout::Layout;
use super::run::{Run, Target};
use super::writer::bytes;
use crate::file::parquet_error;
use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::{SortColumn, concat_batches, lexsort_to_indices, take_record_batch};
use arrow::datatypes::SchemaRef;
use dsl::plan::Args;
use engine::error::{Error, Result};
use parquet::arrow::{ArrowSchemaConverter, ArrowWriter};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use std::sync::Arc;
use std::time::Duration;

/// A row group is ended at so many rows, if not before.
const GROUP_ROWS_MAX: usize = 1 << 20;
/// What a Bloom filter has room for at first; it shrinks to what it needs.
const BLOOM_VALUES: u64 = 100_000;

/// How every file of a sink is written.
#[derive(Clone)]
pub(super) struct Form {
    pub(super) schema: SchemaRef,
    properties: WriterProperties,
    /// The places of the columns that rows are sorted by.
    sort: Vec<usize>,
}

/// A file that is being written.
pub(super) struct OpenFile {
    /// Its folder below the root.
    pub(super) partition: Arc<str>,
    /// When its first row came, as the clock's `elapsed` shows it.
    pub(super) since: Duration,
    pub(super) rows: u64,
    writer: ArrowWriter<Target>,
    /// Rows that wait to be sorted.
    pending: Vec<RecordBatch>,
    pending_rows: usize,
    pending_bytes: usize,
}

impl Form {
    pub(super) fn new(args: &Args, layout: &Layout, schema: SchemaRef) -> Result<Form> {
        let compression = match args.choice("compression")? {
            "none" => Compression::UNCOMPRESSED,
            "snappy" => Compression::SNAPPY,
            // Level 3 is where more effort hardly saves space; it is within what the level can be.
            _ => Compression::ZSTD(ZstdLevel::try_new(3).unwrap_or_default()),
        };
        let leaves = ArrowSchemaConverter::new().convert(&schema);
        let leaves = leaves
            .map_err(|error| Error::user(format!("Parquet cannot hold these rows: {error}")))?;
        let leaf = |place: &usize| {
            let root =
                (0..leaves.num_columns()).find(|it| leaves.get_column_root_idx(*it) == *place);
            let column_idx = i32::try_from(root.unwrap_or_default()).unwrap_or_default();
            SortingColumn { column_idx, descending: false, nulls_first: true }
        };
        let sorting = (!layout.sort.is_empty()).then(|| layout.sort.iter().map(leaf).collect());
        let mut properties = WriterProperties::builder()
            .set_compression(compression)
            .set_created_by("weir".to_owned())
            .set_max_row_group_row_count(Some(GROUP_ROWS_MAX))
            .set_sorting_columns(sorting);
        for place in &layout.bloom {
            let column = ColumnPath::from(schema.field(*place).name().as_str());
            properties = properties.set_column_bloom_filter_ndv(column, BLOOM_VALUES);
        }
        Ok(Form { schema, properties: properties.build(), sort: layout.sort.clone() })
    }
}

impl OpenFile {
    pub(super) fn open(
        form: &Form,
        run: &Run,
        partition: &Arc<str>,
        since: Duration,
    ) -> Result<OpenFile> {
        let target = run.begin(partition)?;
        let properties = Some(form.properties.clone());
        let writer = ArrowWriter::try_new(target, Arc::clone(&form.schema), properties);
        let writer = writer.map_err(|error| failed(run, error))?;
        Ok(OpenFile {
            partition: Arc::clone(partition),
            since,
            rows: 0,
            writer,
            pending: Vec::new(),
            pending_rows: 0,
            pending_bytes: 0,
        })
    }

    /// `size` is how large the file may become.
    pub(super) fn write(
        &mut self,
        form: &Form,
        run: &Run,
        rows: &RecordBatch,
        size: u64,
    ) -> Result<()> {
        self.rows += rows.num_rows() as u64;
        if form.sort.is_empty() {
            return self.writer.write(rows).map_err(|error| failed(run, error));
        }
        self.pending_rows += rows.num_rows();
        self.pending_bytes += bytes(rows);
        self.pending.push(rows.clone());
        if self.pending_rows >= GROUP_ROWS_MAX || self.pending_bytes as u64 >= size {
            self.end_group(form, run)?;
        }
        Ok(())
    }

    /// Bytes in memory. Rows that wait to be sorted count twice: they are copied when they are.
    pub(super) fn memory(&self) -> usize {
        self.in_group() + self.writer.inner().unsent()
    }

    /// Bytes in memory that ending the row group sets free.
    pub(super) fn in_group(&self) -> usize {
        self.writer.memory_size() + 2 * self.pending_bytes
    }

    /// About how large the file would be if it ended now, but for rows that wait to be sorted: nobody knows yet how small
    /// they will be.
    pub(super) fn size(&self) -> u64 {
        (self.writer.bytes_written() + self.writer.in_progress_size()) as u64
    }

    /// Ends the row group.
    pub(super) fn end_group(&mut self, form: &Form, run: &Run) -> Result<()> {
        if !self.pending.is_empty() {
            let rows = sorted(form, &std::mem::take(&mut self.pending))?;
            (self.pending_rows, self.pending_bytes) = (0, 0);
            self.writer.write(&rows).map_err(|error| failed(run, error))?;
        }
        self.writer.flush().map_err(|error| failed(run, error))
    }

    /// Ends the file and lets others see it.
    pub(super) fn publish(mut self, form: &Form, run: &Run) -> Result<()> {
        self.end_group(form, run)?;
        let target = self.writer.into_inner().map_err(|error| failed(run, error))?;
        run.publish(target, &self.partition, self.rows)
    }
}

fn sorted(form: &Form, rows: &[RecordBatch]) -> Result<RecordBatch> {
    let rows = concat_batches(&form.schema, rows)?;
    let by = form
        .sort
        .iter()
        .map(|it| SortColumn { values: Arc::clone(rows.column(*it)), options: None });
    let places: UInt32Array = lexsort_to_indices(&by.collect::<Vec<_>>(), None)?;
    Ok(take_record_batch(&rows, &places)?)
}

/// Why rows could not be written.
fn failed(run: &Run, error: ParquetError) -> Error {
    match parquet_error(error) {
        Ok(error) => run.error(&error),
        Err(reason) => {
            Error::refused(format!("`path`: rows cannot be written as Parquet: {reason}"))
        }
    }
}
