//! Reads a Parquet file row group by row group.

use super::bind::{Fill, Wanted};
use super::conform::Conform;
use super::refuse::Refusals;
use super::{failed, footer};
use crate::file::feed::Rows;
use crate::file::paths;
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions, StructArray,
    make_array, new_null_array,
};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use engine::error::{Error, Result};
use engine::reason::Fault;
use engine::types::schema;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use std::fs::File;
use std::sync::Arc;

/// So many rows at once, unless they are very large.
const ROWS_MAX: usize = 8_192;

/// A file that is being read.
pub(in crate::file) struct Reader {
    path: String,
    file: File,
    metadata: ArrowReaderMetadata,
    mask: ProjectionMask,
    wanted: Arc<Wanted>,
    fills: Vec<(Fill, Conform)>,
    /// The columns of the file that are read.
    read: SchemaRef,
    /// Made when the first row is refused.
    refusals: Option<Refusals>,
    /// The schema of the rows.
    schema: SchemaRef,
    /// The row group that is read, and how many of its rows were handed out.
    group: usize,
    row: usize,
    batches: Option<ParquetRecordBatchReader>,
}

impl Reader {
    /// Opens a file at a position: `group/row`.
    pub(in crate::file) fn open(path: &str, position: &str, wanted: Arc<Wanted>) -> Result<Reader> {
        let file = paths::open(path)?;
        let metadata = plain(path, &footer(path, &file)?)?;
        let bound = wanted.bind(path, metadata.schema())?;
        let mut roots: Vec<usize> = bound
            .iter()
            .filter_map(|it| if let Fill::From { root, .. } = it { Some(*root) } else { None })
            .collect();
        roots.sort_unstable();
        roots.dedup();
        let read = metadata.schema().project(&roots)?;
        let mask = ProjectionMask::roots(metadata.parquet_schema(), roots.iter().copied());
        let mut fills = Vec::with_capacity(bound.len());
        for (fill, field) in bound.into_iter().zip(&wanted.fields) {
            // From here on a root is a place among the columns that are read.
            let how = match fill {
                Fill::From { root, path } => {
                    Fill::From { root: roots.partition_point(|&it| it < root), path }
                }
                other => other,
            };
            fills.push((how, Conform::new(field)?));
        }
        let (group, row) = place(path, position, &metadata)?;
        Ok(Reader {
            path: path.to_owned(),
            read: Arc::new(read),
            refusals: None,
            schema: schema(&wanted.columns),
            batches: None,
            file,
            metadata,
            mask,
            wanted,
            fills,
            group,
            row,
        })
    }

    /// The next rows, at most of about `limit` bytes, and the position behind them.
    pub(in crate::file) fn next(&mut self, limit: usize) -> Result<Option<(Rows, String)>> {
        while self.group < self.metadata.metadata().num_row_groups() {
            let mut batches = match self.batches.take() {
                Some(batches) => batches,
                None => self.begin(limit)?,
            };
            let Some(batch) = batches.next().transpose().map_err(|error| self.broken(&error))?
            else {
                (self.group, self.row) = (self.group + 1, 0);
                continue;
            };
            self.batches = Some(batches);
            self.row += batch.num_rows();
            let rows = self.conform(&batch)?;
            return Ok(Some((rows, format!("{}/{}", self.group, self.row))));
        }
        Ok(None)
    }

    /// Begins a row group.
    fn begin(&self, limit: usize) -> Result<ParquetRecordBatchReader> {
        let file = self.file.try_clone().map_err(|error| paths::unreadable(&self.path, &error))?;
        let group = self.metadata.metadata().row_group(self.group);
        let row_bytes = group.total_byte_size().max(1) / group.num_rows().max(1);
        let rows = limit / usize::try_from(row_bytes.max(1)).unwrap_or(usize::MAX);
        ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
            .with_row_groups(vec![self.group])
            .with_projection(self.mask.clone())
            .with_batch_size(rows.clamp(1, ROWS_MAX))
            .with_offset(self.row)
            .build()
            .map_err(|error| failed(&self.path, &error))
    }

    /// The rows as they are wanted, and those that are refused.
    fn conform(&mut self, batch: &RecordBatch) -> Result<Rows> {
        let (rows, mut faults) = self.columns(batch)?;
        if faults.is_empty() {
            return Ok(Rows { rows: self.rows(rows, batch.num_rows())?, rejected: Vec::new() });
        }
        faults.sort_by_key(|it| it.row);
        faults.dedup_by_key(|it| it.row);
        let mut keep = vec![true; batch.num_rows()];
        for fault in &faults {
            keep[fault.row as usize] = false;
        }
        let kept = filter_record_batch(batch, &BooleanArray::from(keep))?;
        let mut refusals = match self.refusals.take() {
            Some(refusals) => refusals,
            None => Refusals::new(&self.read)?,
        };
        let rejected = refusals.describe(batch.columns(), faults)?;
        self.refusals = Some(refusals);
        let (rows, left) = self.columns(&kept)?;
        if let Some(fault) = left.first() {
            let detail = &fault.detail;
            return Err(Error::bug(format!("a row was kept that is refused: {detail}")));
        }
        Ok(Rows { rows: self.rows(rows, kept.num_rows())?, rejected })
    }

    /// Every column of the source, and the rows that are refused.
    fn columns(&self, batch: &RecordBatch) -> Result<(Vec<ArrayRef>, Vec<Fault>)> {
        let (mut columns, mut faults) = (Vec::with_capacity(self.fills.len()), Vec::new());
        for ((fill, conform), field) in self.fills.iter().zip(self.schema.fields()) {
            let named = |it: Fault| Fault { column: Some(field.name().clone()), ..it };
            columns.push(match fill {
                Fill::From { root, path } => {
                    let (column, bad) = conform.apply(&descend(batch.column(*root), path)?)?;
                    faults.extend(bad.into_iter().map(named));
                    column
                }
                Fill::Missing => conform.absent(batch.num_rows())?,
                Fill::Unread => unread(field, batch.num_rows())?,
            });
        }
        Ok((columns, faults))
    }

    fn rows(&self, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
        debug_assert_eq!(columns.len(), self.wanted.columns.len());
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?)
    }

    fn broken(&self, error: &arrow::error::ArrowError) -> Error {
        let path = &self.path;
        Error::user(format!("`{path}` cannot be read as Parquet any further ({error})"))
    }
}

/// Lets texts come as plain columns, whatever whoever wrote the file had them as.
fn plain(path: &str, metadata: &ArrowReaderMetadata) -> Result<ArrowReaderMetadata> {
    let field = |field: &Field| match field.data_type() {
        DataType::LargeUtf8 | DataType::Utf8View => field.clone().with_data_type(DataType::Utf8),
        DataType::LargeBinary | DataType::BinaryView => {
            field.clone().with_data_type(DataType::Binary)
        }
        DataType::Dictionary(_, values) if **values == DataType::Utf8 => {
            field.clone().with_data_type(DataType::Utf8)
        }
        _ => field.clone(),
    };
    let fields: Vec<Field> = metadata.schema().fields().iter().map(|it| field(it)).collect();
    let schema = Arc::new(Schema::new(fields));
    let options = ArrowReaderOptions::new().with_schema(schema);
    ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options)
        .map_err(|error| failed(path, &error))
}

/// The row group and row of a position.
fn place(path: &str, position: &str, metadata: &ArrowReaderMetadata) -> Result<(usize, usize)> {
    if position.is_empty() {
        return Ok((0, 0));
    }
    let parsed = position
        .split_once('/')
        .and_then(|(group, row)| Some((group.parse::<usize>().ok()?, row.parse::<usize>().ok()?)));
    let (group, row) = parsed
        .ok_or_else(|| Error::bug(format!("`{position}` is no position in a Parquet file")))?;
    if group > metadata.metadata().num_row_groups() {
        return Err(Error::user(format!(
            "`{path}` has fewer row groups than were read before: it is another file now"
        )));
    }
    Ok((group, row))
}

/// A field of structs; null where one of them is.
fn descend(column: &ArrayRef, path: &[String]) -> Result<ArrayRef> {
    let mut column = Arc::clone(column);
    for name in path {
        let found = column.as_struct_opt().and_then(|it| it.column_by_name(name).cloned());
        let child =
            found.ok_or_else(|| Error::bug(format!("the field `{name}` was bound and is gone")))?;
        column = match column.nulls() {
            None => child,
            Some(nulls) => {
                let absent = BooleanArray::new(!nulls.inner(), None);
                arrow::compute::nullif(&child, &absent)?
            }
        };
    }
    Ok(column)
}

/// A column that nobody reads: null, or zeros where no null may stand.
fn unread(field: &Field, rows: usize) -> Result<ArrayRef> {
    let nulls = new_null_array(field.data_type(), rows);
    if field.is_nullable() {
        return Ok(nulls);
    }
    if let DataType::Struct(fields) = field.data_type() {
        let children = fields.iter().map(|it| unread(it, rows)).collect::<Result<_>>()?;
        let made = StructArray::try_new_with_length(fields.clone(), children, None, rows)?;
        return Ok(Arc::new(made));
    }
    Ok(make_array(nulls.to_data().into_builder().nulls(None).build()?))
}
