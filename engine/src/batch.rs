//! Rows on their way: columns, and beside them each row's time, stamp and metadata.
//!
//! ```text
//!  columns   device_id  temperature  …      what the file names
//!  times     event time, µs                 stays with the row whatever `select` keeps
//!  stamps    the watermark of its split     decides alone what is late: not how rows were batched
//!            just before it was read
//!  meta      topic, received, …             while steps are stateless
//!  order     what a merge sorts by          lets a merge behind an exchange put rows back in order,
//!                                           for any number of tasks in front of it
//! ```

mod order;

pub use order::Order;

use crate::error::{Error, Result};
use crate::time::Timestamp;
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions, UInt32Array,
    new_null_array,
};
use arrow::buffer::ScalarBuffer;
use arrow::compute::{concat, concat_batches, filter_record_batch, take};
use arrow::datatypes::{ArrowNativeType, DataType, SchemaRef};
use dsl::plan::MetaField;

/// Rows of one stream, in order. Cloning is cheap: columns are shared.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The columns.
    pub columns: RecordBatch,
    /// Each row's event time.
    pub times: ScalarBuffer<Timestamp>,
    /// Each row's stamp.
    pub stamps: Stamps,
    /// Each row's metadata; none behind steps that make rows.
    pub meta: Option<Meta>,
    /// What a merge behind parallel tasks sorts these rows by; none: they stay together, in the order of the tasks.
    pub order: Option<Order>,
}

/// The values at these places.
fn pick<T: ArrowNativeType>(values: &ScalarBuffer<T>, places: &UInt32Array) -> ScalarBuffer<T> {
    places.values().iter().map(|&i| values[i as usize]).collect()
}

/// Each row's stamp: the watermark of its own split just before it was read.
///
/// A decoder works on pieces of a split in parallel and knows only what it saw itself; `floor` adds the watermark
/// before the piece when the pieces are put in order again, without touching the rows.
#[derive(Clone, Debug)]
pub struct Stamps {
    /// No stamp is below this.
    pub floor: Timestamp,
    /// What each row adds: its stamp is the greater of this and `floor`. None: every row's stamp is `floor`.
    pub each: Option<ScalarBuffer<Timestamp>>,
    /// Whether no row's stamp is above its time: then nothing here can be late, for any window.
    pub timely: bool,
}

impl Stamps {
    /// Every row has this stamp: rows that a step makes carry the watermark it handed on before.
    pub fn same(stamp: Timestamp) -> Self {
        Self { floor: stamp, each: None, timely: false }
    }

    /// The stamps of batches put together.
    fn concat(batches: &[Batch]) -> Stamps {
        let timely = batches.iter().all(|it| it.stamps.timely);
        let floor = batches.first().map_or(i64::MIN, |it| it.stamps.floor);
        if batches.iter().all(|it| it.stamps.each.is_none() && it.stamps.floor == floor) {
            return Stamps { floor, each: None, timely };
        }
        let of = |it: &Batch| (0..it.rows()).map(|i| it.stamps.get(i)).collect::<Vec<_>>();
        let each = batches.iter().flat_map(of).collect();
        Stamps { floor: i64::MIN, each: Some(each), timely }
    }

    /// The stamp of row `i`.
    #[inline]
    pub fn get(&self, i: usize) -> Timestamp {
        self.each.as_ref().map_or(self.floor, |each| each[i].max(self.floor))
    }
}

/// What is known about the messages that rows came by.
#[derive(Clone, Debug, Default)]
pub struct Meta {
    /// When received: timestamps.
    pub received: MetaColumn,
    /// Topic or file: text.
    pub topic: MetaColumn,
    /// The message's key: bytes.
    pub key: MetaColumn,
    /// Partition: int.
    pub partition: MetaColumn,
    /// Offset in it: int.
    pub offset: MetaColumn,
    /// Headers: map of text to text.
    pub headers: MetaColumn,
    /// When the message is worth nothing any more: timestamps.
    pub expires: MetaColumn,
    /// The split: text.
    pub split: MetaColumn,
}

/// One field of the metadata of a batch.
#[derive(Clone, Debug, Default)]
pub enum MetaColumn {
    /// The transport has none.
    #[default]
    Null,
    /// The same for every row: an array of length 1.
    Same(ArrayRef),
    /// One a row.
    Each(ArrayRef),
}

impl MetaColumn {
    /// The array: of one value or of one a row.
    fn array(&self) -> Option<&ArrayRef> {
        match self {
            MetaColumn::Null => None,
            MetaColumn::Same(array) | MetaColumn::Each(array) => Some(array),
        }
    }

    /// A value a row.
    pub(crate) fn spread(&self, ty: &DataType, rows: usize) -> Result<ArrayRef> {
        Ok(match self {
            MetaColumn::Null => new_null_array(ty, rows),
            MetaColumn::Each(array) => array.clone(),
            MetaColumn::Same(array) => take(array, &UInt32Array::from_value(0, rows), None)?,
        })
    }
}

impl Meta {
    /// The fields that are kept here, in the order of the reference. The time is the batch's own.
    pub const FIELDS: [MetaField; 8] = [
        MetaField::Received,
        MetaField::Topic,
        MetaField::Key,
        MetaField::Partition,
        MetaField::Offset,
        MetaField::Headers,
        MetaField::Expires,
        MetaField::Split,
    ];

    /// One field; none for the time, which is the batch's own.
    pub fn get(&self, field: MetaField) -> Option<&MetaColumn> {
        Some(match field {
            MetaField::Time => return None,
            MetaField::Received => &self.received,
            MetaField::Topic => &self.topic,
            MetaField::Key => &self.key,
            MetaField::Partition => &self.partition,
            MetaField::Offset => &self.offset,
            MetaField::Headers => &self.headers,
            MetaField::Expires => &self.expires,
            MetaField::Split => &self.split,
        })
    }

    /// The same metadata with every column changed by `change`.
    fn map(&self, change: impl Fn(&ArrayRef) -> Result<ArrayRef>) -> Result<Meta> {
        let column = |column: &MetaColumn| -> Result<MetaColumn> {
            Ok(match column {
                MetaColumn::Each(array) => MetaColumn::Each(change(array)?),
                other => other.clone(),
            })
        };
        Ok(Meta {
            received: column(&self.received)?,
            topic: column(&self.topic)?,
            key: column(&self.key)?,
            partition: column(&self.partition)?,
            offset: column(&self.offset)?,
            headers: column(&self.headers)?,
            expires: column(&self.expires)?,
            split: column(&self.split)?,
        })
    }

    /// The metadata of batches put together; none where one has none.
    fn concat(batches: &[Batch]) -> Result<Option<Meta>> {
        let Some(metas) = batches.iter().map(|it| it.meta.as_ref()).collect::<Option<Vec<_>>>()
        else {
            return Ok(None);
        };
        let column = |pick: fn(&Meta) -> &MetaColumn| -> Result<MetaColumn> {
            let columns: Vec<_> = metas.iter().map(|it| pick(it)).collect();
            let typed = columns.iter().find_map(|it| it.array()).map(|it| it.data_type().clone());
            let Some(ty) = typed else { return Ok(MetaColumn::Null) };
            let spread =
                columns.iter().zip(batches).map(|(it, batch)| it.spread(&ty, batch.rows()));
            let arrays = spread.collect::<Result<Vec<_>>>()?;
            let arrays: Vec<&dyn Array> = arrays.iter().map(|it| &**it).collect();
            Ok(MetaColumn::Each(concat(&arrays)?))
        };
        Ok(Some(Meta {
            received: column(|it| &it.received)?,
            topic: column(|it| &it.topic)?,
            key: column(|it| &it.key)?,
            partition: column(|it| &it.partition)?,
            offset: column(|it| &it.offset)?,
            headers: column(|it| &it.headers)?,
            expires: column(|it| &it.expires)?,
            split: column(|it| &it.split)?,
        }))
    }

    /// Bytes held.
    fn bytes(&self) -> usize {
        Self::FIELDS
            .iter()
            .filter_map(|field| self.get(*field))
            .map(|column| match column {
                MetaColumn::Each(array) => array_bytes(array),
                _ => 0,
            })
            .sum()
    }
}

impl Batch {
    /// How many rows.
    pub fn rows(&self) -> usize {
        self.times.len()
    }

    /// Bytes that the rows take, and what there is once a batch, for the byte budget; a slice counts for its own rows.
    pub fn bytes(&self) -> usize {
        let beside = 8 + if self.stamps.each.is_some() { 8 } else { 0 };
        BATCH_BYTES
            + self.columns.columns().iter().map(array_bytes).sum::<usize>()
            + self.rows() * beside
            + self.meta.as_ref().map_or(0, Meta::bytes)
    }

    /// The same rows with other columns.
    #[must_use]
    pub fn with_columns(&self, columns: RecordBatch) -> Batch {
        debug_assert_eq!(columns.num_rows(), self.rows(), "columns and times differ in length");
        Batch { columns, ..self.clone() }
    }

    /// The rows where `keep` is true (null is not).
    pub fn filter(&self, keep: &BooleanArray) -> Result<Batch> {
        let values = match keep.nulls() {
            None => keep.values().clone(),
            Some(nulls) => keep.values() & nulls.inner(),
        };
        let count = values.count_set_bits();
        if count == self.rows() {
            return Ok(self.clone());
        }
        let mut kept = Vec::with_capacity(count);
        kept.extend(values.set_indices().map(|i| i as u32));
        let columns = filter_record_batch(&self.columns, &BooleanArray::new(values, None))?;
        Ok(Batch { columns, ..self.beside(&UInt32Array::from(kept))? })
    }

    /// The rows at these places, in this order.
    pub fn take(&self, places: &UInt32Array) -> Result<Batch> {
        let taken = self.columns.columns().iter().map(|it| Ok(take(it, places, None)?));
        let columns = record(self.columns.schema(), taken.collect::<Result<_>>()?, places.len())?;
        Ok(Batch { columns, ..self.beside(places)? })
    }

    /// `length` rows from `offset` on, without copying.
    #[must_use]
    pub fn slice(&self, offset: usize, length: usize) -> Batch {
        let meta = self.meta.as_ref().and_then(|meta| {
            // Slicing an array cannot fail: the closure never returns an error.
            meta.map(|array| Ok(array.slice(offset, length))).ok()
        });
        Batch {
            columns: self.columns.slice(offset, length),
            times: self.times.slice(offset, length),
            stamps: Stamps {
                each: self.stamps.each.as_ref().map(|each| each.slice(offset, length)),
                ..self.stamps
            },
            meta,
            order: self.order.as_ref().map(|order| order.slice(offset, length)),
        }
    }

    /// These batches, which have the same columns, as one. What a merge sorts by is kept where all have the same kind.
    pub fn concat(batches: &[Batch]) -> Result<Batch> {
        let [first, ..] = batches else { return Err(Error::bug("no batch is no batch")) };
        if batches.len() == 1 {
            return Ok(first.clone());
        }
        let schema = first.columns.schema();
        let columns = concat_batches(&schema, batches.iter().map(|it| &it.columns))?;
        Ok(Batch {
            columns,
            times: batches.iter().flat_map(|it| it.times.iter().copied()).collect(),
            stamps: Stamps::concat(batches),
            meta: Meta::concat(batches)?,
            order: Order::concat(batches),
        })
    }

    /// All but the columns, for the rows at these places; the columns are those of `self` still.
    fn beside(&self, places: &UInt32Array) -> Result<Batch> {
        Ok(Batch {
            columns: self.columns.clone(),
            times: pick(&self.times, places),
            stamps: Stamps {
                each: self.stamps.each.as_ref().map(|it| pick(it, places)),
                ..self.stamps
            },
            meta: match &self.meta {
                Some(meta) => Some(meta.map(|array| Ok(take(array, places, None)?))?),
                None => None,
            },
            order: self.order.as_ref().map(|order| order.pick(places)),
        })
    }
}

/// Columns as a batch of so many rows: where nobody reads a column, there may be none.
pub(crate) fn record(
    schema: SchemaRef,
    columns: Vec<ArrayRef>,
    rows: usize,
) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(schema, columns, &options)?)
}

/// What a batch takes besides its rows: itself, where it stands in a queue, and the allocations around its columns. A
/// source that brings row by row fills the memory with these rather than with rows.
const BATCH_BYTES: usize = 512;

/// The same of an array: what describes it and its buffers, and that buffers are a multiple of 64 bytes.
const ARRAY_BYTES: usize = 256;

/// Bytes that an array takes.
fn array_bytes(array: &ArrayRef) -> usize {
    let rows = array.len();
    let between = |offsets: &[i32]| (offsets[rows] - offsets[0]) as usize + rows * 4;
    let values = match array.data_type() {
        DataType::Utf8 => between(array.as_string::<i32>().value_offsets()),
        DataType::Binary => between(array.as_binary::<i32>().value_offsets()),
        DataType::Struct(_) => array.as_struct().columns().iter().map(array_bytes).sum(),
        ty => match ty.primitive_width() {
            Some(width) => width * rows,
            None => array.get_array_memory_size(),
        },
    };
    ARRAY_BYTES + values + if array.nulls().is_some() { rows.div_ceil(8) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Int64Array;
    use std::sync::Arc;

    #[test]
    fn rows_one_by_one_take_more_than_the_same_rows_together() {
        let ints: ArrayRef = Arc::new(Int64Array::from_iter_values(0..100));
        let bytes = |rows: usize| BATCH_BYTES + array_bytes(&ints.slice(0, rows));
        // A hundred batches hold a hundred descriptions of their columns.
        assert!(100 * bytes(1) > 30 * bytes(100));
    }
}
