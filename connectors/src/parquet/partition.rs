//! Which folder each row of a batch goes to.
//!
//! Keys are compared as bytes, all rows of a batch at once; a folder's name is made the first time that its key is seen
//! and known from then on.

use super::escape::partition;
use super::layout::{By, Key, Layout};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::{cast, take_record_batch};
use arrow::datatypes::{DataType, Date32Type, Int64Type, SchemaRef, TimestampMicrosecondType};
use arrow::row::{RowConverter, Rows, SortField};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use dsl::types::Column;
use engine::error::Result;
use engine::reason::{Fault, Reason};
use engine::types::data_type;
use hashbrown::HashMap;
use std::sync::Arc;

/// Most file systems take no longer names.
const NAME_BYTES_MAX: usize = 240;
/// Longer keys no object store takes; the name of the file stands behind it.
const PATH_BYTES_MAX: usize = 700;
/// So many folders are known by their key; more are forgotten and named again.
const KNOWN_MAX: usize = 16_384;

const DAY: i64 = 86_400_000_000;
const HOUR: i64 = 3_600_000_000;

/// Deals rows out to folders.
pub(super) struct Partitions {
    keys: Vec<Key>,
    kept: Vec<usize>,
    /// The schema of the files.
    schema: SchemaRef,
    converter: Option<RowConverter>,
    known: HashMap<Box<[u8]>, Folder>,
}

/// A folder below the root, without `/` at its ends; or why there is none.
type Folder = Result<Arc<str>, Refused>;

/// Why rows have no folder.
#[derive(Clone, Debug)]
struct Refused {
    column: String,
    detail: Arc<str>,
}

/// Rows by the folder that they go to, in the order in which the folders first appear.
pub(super) struct Dealt {
    pub(super) rows: Vec<(Arc<str>, RecordBatch)>,
    /// Rows that have no folder.
    pub(super) faults: Vec<Fault>,
}

impl Partitions {
    /// `schema` is that of the files: the columns of `layout.kept`.
    pub(super) fn new(layout: &Layout, columns: &[Column], schema: SchemaRef) -> Result<Self> {
        let field = |key: &Key| {
            SortField::new(match key.by {
                By::Value => data_type(&columns[key.column].typed.ty),
                By::Day => DataType::Date32,
                By::Hour | By::DayAndHour => DataType::Int64,
            })
        };
        let converter = match layout.keys.as_slice() {
            [] => None,
            keys => Some(RowConverter::new(keys.iter().map(field).collect())?),
        };
        let (keys, kept) = (layout.keys.clone(), layout.kept.clone());
        Ok(Partitions { keys, kept, schema, converter, known: HashMap::new() })
    }

    /// Deals a batch out.
    pub(super) fn deal(&mut self, rows: &RecordBatch) -> Result<Dealt> {
        let kept = self.file_columns(rows)?;
        let Some(converter) = &self.converter else {
            return Ok(Dealt { rows: vec![(Arc::from(""), kept)], faults: Vec::new() });
        };
        let values: Vec<ArrayRef> =
            self.keys.iter().map(|it| value(it, rows)).collect::<Result<_>>()?;
        let keys = converter.convert_columns(&values)?;
        let mut dealt = Dealt { rows: Vec::new(), faults: Vec::new() };
        for places in groups(&keys) {
            let first = places[0] as usize;
            match self.folder(keys.row(first).data(), &values, first)? {
                Ok(folder) => {
                    let whole = places.len() == kept.num_rows();
                    let picked = if whole {
                        kept.clone()
                    } else {
                        take_record_batch(&kept, &UInt32Array::from(places))?
                    };
                    dealt.rows.push((folder, picked));
                }
                Err(refused) => dealt.faults.extend(places.into_iter().map(|row| Fault {
                    row,
                    reason: Reason::Sink,
                    detail: refused.detail.to_string(),
                    column: Some(refused.column.clone()),
                })),
            }
        }
        dealt.faults.sort_by_key(|it| it.row);
        Ok(dealt)
    }

    /// The columns that stand in the files.
    fn file_columns(&self, rows: &RecordBatch) -> Result<RecordBatch> {
        let columns = self.kept.iter().map(|it| Arc::clone(rows.column(*it))).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?)
    }

    /// The folder of a key, of which `row` is one.
    fn folder(&mut self, key: &[u8], values: &[ArrayRef], row: usize) -> Result<Folder> {
        if let Some(known) = self.known.get(key) {
            return Ok(known.clone());
        }
        if self.known.len() >= KNOWN_MAX {
            self.known.clear();
        }
        let folder = self.named(values, row)?;
        self.known.insert(key.into(), folder.clone());
        Ok(folder)
    }

    fn named(&self, values: &[ArrayRef], row: usize) -> Result<Folder> {
        let mut path = String::new();
        for (key, values) in self.keys.iter().zip(values) {
            let refused =
                |detail: String| Refused { column: key.name.clone(), detail: detail.into() };
            let text = match text(key.by, values, row)? {
                Ok(text) => text,
                Err(detail) => return Ok(Err(refused(detail))),
            };
            let name = partition(&key.name, text.as_deref());
            if name.len() > NAME_BYTES_MAX {
                let start: String = name.chars().take(40).collect();
                let detail =
                    format!("the folder's name `{start}…` is longer than {NAME_BYTES_MAX} bytes");
                return Ok(Err(refused(detail)));
            }
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(&name);
            if path.len() > PATH_BYTES_MAX {
                return Ok(Err(refused(format!(
                    "its folders are longer than {PATH_BYTES_MAX} bytes together"
                ))));
            }
        }
        Ok(Ok(path.into()))
    }
}

/// The places of equal keys, in the order in which the keys first appear.
fn groups(keys: &Rows) -> Vec<Vec<u32>> {
    let mut groups: Vec<Vec<u32>> = Vec::new();
    let mut known: HashMap<&[u8], usize> = HashMap::new();
    let mut last: Option<(&[u8], usize)> = None;
    for (row, key) in keys.iter().enumerate() {
        let key = key.data();
        let group = match last {
            // Rows of one key often stand together.
            Some((before, group)) if before == key => group,
            _ => *known.entry(key).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            }),
        };
        last = Some((key, group));
        groups[group].push(row as u32);
    }
    groups
}

/// What of a column makes the folder, as numbers where it is a time.
fn value(key: &Key, rows: &RecordBatch) -> Result<ArrayRef> {
    let column = rows.column(key.column);
    let pieces = |length: i64| -> ArrayRef {
        let times = column.as_primitive::<TimestampMicrosecondType>();
        Arc::new(times.unary::<_, Int64Type>(|it| it.div_euclid(length)))
    };
    Ok(match key.by {
        By::Value => Arc::clone(column),
        By::Day if column.data_type() == &DataType::Date32 => Arc::clone(column),
        // Days of 64-bit microseconds are far below 2^31.
        By::Day => cast(&cast(&pieces(DAY), &DataType::Int32)?, &DataType::Date32)?,
        By::Hour | By::DayAndHour => pieces(HOUR),
    })
}

/// What stands behind the `=`; none: null. An inner error says why the row has no folder.
fn text(by: By, values: &ArrayRef, row: usize) -> Result<Result<Option<String>, String>> {
    if values.is_null(row) {
        return Ok(Ok(None));
    }
    let date = |days: i64| {
        let date = i32::try_from(days).ok().and_then(chrono::NaiveDate::from_epoch_days);
        date.map(|it| it.format("%Y-%m-%d").to_string())
            .ok_or_else(|| "its day is outside of the calendar".to_owned())
    };
    Ok(match by {
        By::Value => {
            let options = FormatOptions::new();
            let shown = ArrayFormatter::try_new(values.as_ref(), &options)?;
            shown.value(row).try_to_string().map(Some).map_err(|error| error.to_string())
        }
        By::Day => date(i64::from(values.as_primitive::<Date32Type>().value(row))).map(Some),
        By::Hour => {
            let hours = values.as_primitive::<Int64Type>().value(row);
            Ok(Some(format!("{:02}", hours.rem_euclid(24))))
        }
        By::DayAndHour => {
            let hours = values.as_primitive::<Int64Type>().value(row);
            let hour = hours.rem_euclid(24);
            date(hours.div_euclid(24)).map(|it| Some(format!("{it}T{hour:02}")))
        }
    })
}
