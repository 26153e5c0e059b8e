//! A column while it is filled. Plain vectors that become Arrow buffers as they are, so that a value costs one push and
//! a row that turns out to be faulty is taken back by cutting the vectors.

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DurationMicrosecondArray,
    Float64Array, Int64Array, ListArray, MapArray, StringArray, StructArray,
    TimestampMicrosecondArray,
};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::DataType;
use dsl::types::Type;
use engine::error::{Error, Result};
use engine::types::data_type;
use std::sync::Arc;

/// A column of any type.
#[derive(Debug)]
pub(crate) struct Builder {
    data_type: DataType,
    /// The values, with something in the place of each null.
    pub(crate) store: Store,
    /// Where the nulls are, in order: columns without nulls pay nothing for them.
    nulls: Vec<u32>,
}

/// The values of a column.
#[derive(Debug)]
pub(crate) enum Store {
    Bool(Vec<bool>),
    /// `int`, `timestamp`, `duration`
    Int(Vec<i64>),
    Float(Vec<f64>),
    Date(Vec<i32>),
    Decimal(Vec<i128>),
    /// `string`, `json`, `bytes`
    Bytes(Bytes),
    List(Lists),
    Struct(usize, Vec<Builder>),
    Map(Bytes, Lists),
}

/// Byte strings one after another, and where each ends.
#[derive(Debug)]
pub(crate) struct Bytes {
    bytes: Vec<u8>,
    offsets: Vec<i32>,
}

/// Elements one after another, and where the elements of each list end.
#[derive(Debug)]
pub(crate) struct Lists {
    pub(crate) inner: Box<Builder>,
    offsets: Vec<i32>,
}

impl Bytes {
    fn new() -> Self {
        Self { bytes: Vec::new(), offsets: vec![0] }
    }

    /// Adds one; the vectors are checked against the limit of 32-bit offsets when the column is made.
    #[inline]
    pub(crate) fn push(&mut self, value: &[u8]) {
        self.bytes.extend_from_slice(value);
        self.offsets.push(self.bytes.len() as i32);
    }

    fn truncate(&mut self, len: usize) {
        if len + 1 < self.offsets.len() {
            self.offsets.truncate(len + 1);
            self.bytes.truncate(self.offsets[len] as usize);
        }
    }

    fn take(&mut self) -> Result<(OffsetBuffer<i32>, Buffer)> {
        let bytes = renewed(&mut self.bytes);
        let offsets = offsets(&mut self.offsets, bytes.len())?;
        Ok((offsets, Buffer::from_vec(bytes)))
    }
}

impl Lists {
    fn new(inner: Builder) -> Self {
        Self { inner: Box::new(inner), offsets: vec![0] }
    }

    /// Ends a list behind the elements that were pushed.
    pub(crate) fn close(&mut self) {
        self.offsets.push(self.inner.len() as i32);
    }

    /// How many elements belong to lists that are closed.
    pub(crate) fn closed(&self) -> usize {
        self.offsets.last().map_or(0, |it| *it as usize)
    }

    fn truncate(&mut self, len: usize) {
        self.offsets.truncate(len + 1);
        let elements = self.closed();
        self.inner.truncate(elements);
    }

    fn take(&mut self) -> Result<(OffsetBuffer<i32>, ArrayRef)> {
        let len = self.inner.len();
        Ok((offsets(&mut self.offsets, len)?, self.inner.finish()?))
    }
}

impl Builder {
    pub(crate) fn new(ty: &Type) -> Self {
        let store = match ty {
            Type::Bool => Store::Bool(Vec::new()),
            Type::Int | Type::Timestamp | Type::Duration => Store::Int(Vec::new()),
            Type::Float(_) => Store::Float(Vec::new()),
            Type::Date => Store::Date(Vec::new()),
            Type::Decimal { .. } => Store::Decimal(Vec::new()),
            Type::List(element) => Store::List(Lists::new(Builder::new(&element.ty))),
            Type::Struct(columns) => {
                Store::Struct(0, columns.iter().map(|it| Builder::new(&it.typed.ty)).collect())
            }
            Type::Map(_, value) => Store::Map(Bytes::new(), Lists::new(Builder::new(&value.ty))),
            // A null is text that is never there; no column of a schema has that type.
            Type::String | Type::Json | Type::Bytes | Type::Null | Type::Unknown => {
                Store::Bytes(Bytes::new())
            }
        };
        Self { data_type: data_type(ty), store, nulls: Vec::new() }
    }

    /// How many values there are.
    pub(crate) fn len(&self) -> usize {
        match &self.store {
            Store::Bool(values) => values.len(),
            Store::Int(values) => values.len(),
            Store::Float(values) => values.len(),
            Store::Date(values) => values.len(),
            Store::Decimal(values) => values.len(),
            Store::Bytes(bytes) => bytes.offsets.len() - 1,
            Store::List(lists) | Store::Map(_, lists) => lists.offsets.len() - 1,
            Store::Struct(len, _) => *len,
        }
    }

    /// Adds a null.
    pub(crate) fn push_null(&mut self) {
        self.nulls.push(self.len() as u32);
        self.push_nothing();
    }

    /// Adds what stands in the place of a null, or of a value that nobody reads.
    pub(crate) fn push_nothing(&mut self) {
        match &mut self.store {
            Store::Bool(values) => values.push(false),
            Store::Int(values) => values.push(0),
            Store::Float(values) => values.push(0.0),
            Store::Date(values) => values.push(0),
            Store::Decimal(values) => values.push(0),
            Store::Bytes(bytes) => bytes.push(&[]),
            Store::List(lists) | Store::Map(_, lists) => lists.close(),
            Store::Struct(len, children) => {
                *len += 1;
                children.iter_mut().for_each(Builder::push_nothing);
            }
        }
    }

    /// Takes back everything behind the first `len` values.
    pub(crate) fn truncate(&mut self, len: usize) {
        while self.nulls.last().is_some_and(|it| *it as usize >= len) {
            self.nulls.pop();
        }
        match &mut self.store {
            Store::Bool(values) => values.truncate(len),
            Store::Int(values) => values.truncate(len),
            Store::Float(values) => values.truncate(len),
            Store::Date(values) => values.truncate(len),
            Store::Decimal(values) => values.truncate(len),
            Store::Bytes(bytes) => bytes.truncate(len),
            Store::List(lists) => lists.truncate(len),
            Store::Map(keys, lists) => {
                lists.truncate(len);
                keys.truncate(lists.closed());
            }
            Store::Struct(count, children) => {
                *count = len.min(*count);
                for child in children {
                    child.truncate(len);
                }
            }
        }
    }

    /// The column; the builder is empty afterwards and has room for as much again.
    pub(crate) fn finish(&mut self) -> Result<ArrayRef> {
        let nulls = self.take_nulls();
        Ok(match &mut self.store {
            Store::Bool(values) => {
                let values = BooleanBuffer::collect_bool(values.len(), {
                    let values = renewed(values);
                    move |i| values[i]
                });
                Arc::new(BooleanArray::new(values, nulls))
            }
            Store::Int(values) => counted(&self.data_type, renewed(values).into(), nulls)?,
            Store::Float(values) => Arc::new(Float64Array::try_new(renewed(values).into(), nulls)?),
            Store::Date(values) => Arc::new(Date32Array::try_new(renewed(values).into(), nulls)?),
            Store::Decimal(values) => {
                let array = Decimal128Array::try_new(renewed(values).into(), nulls)?;
                Arc::new(array.with_data_type(self.data_type.clone()))
            }
            Store::Bytes(bytes) => {
                let (offsets, values) = bytes.take()?;
                if self.data_type == DataType::Binary {
                    Arc::new(BinaryArray::try_new(offsets, values, nulls)?)
                } else {
                    Arc::new(StringArray::try_new(offsets, values, nulls)?)
                }
            }
            Store::List(lists) => {
                let DataType::List(field) = &self.data_type else { return Err(misfit()) };
                let (offsets, values) = lists.take()?;
                Arc::new(ListArray::try_new(field.clone(), offsets, values, nulls)?)
            }
            Store::Struct(len, children) => {
                let DataType::Struct(fields) = &self.data_type else { return Err(misfit()) };
                let len = std::mem::take(len);
                if fields.is_empty() {
                    return Ok(Arc::new(StructArray::new_empty_fields(len, nulls)));
                }
                let columns = children.iter_mut().map(Builder::finish).collect::<Result<_>>()?;
                Arc::new(StructArray::try_new(fields.clone(), columns, nulls)?)
            }
            Store::Map(keys, lists) => {
                let DataType::Map(entries, sorted) = &self.data_type else { return Err(misfit()) };
                let DataType::Struct(fields) = entries.data_type() else { return Err(misfit()) };
                let (ends, text) = keys.take()?;
                let keys: ArrayRef = Arc::new(StringArray::try_new(ends, text, None)?);
                let (offsets, values) = lists.take()?;
                let pairs = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
                Arc::new(MapArray::try_new(entries.clone(), offsets, pairs, nulls, *sorted)?)
            }
        })
    }

    fn take_nulls(&mut self) -> Option<NullBuffer> {
        if self.nulls.is_empty() {
            return None;
        }
        let len = self.len();
        let mut bits = vec![u64::MAX; len.div_ceil(64)];
        for null in self.nulls.drain(..) {
            bits[null as usize / 64] &= !(1 << (null % 64));
        }
        // Bits are counted from the lowest of the lowest byte: words are written as such machines store them.
        let bytes: Vec<u8> = bits.iter().flat_map(|it| it.to_le_bytes()).collect();
        Some(NullBuffer::new(BooleanBuffer::new(Buffer::from_vec(bytes), 0, len)))
    }
}

/// Takes the values and leaves room for as many.
fn renewed<T>(values: &mut Vec<T>) -> Vec<T> {
    let room = Vec::with_capacity(values.len());
    std::mem::replace(values, room)
}

fn offsets(ends: &mut Vec<i32>, len: usize) -> Result<OffsetBuffer<i32>> {
    if i32::try_from(len).is_err() {
        return Err(Error::user(
            "one piece of input holds more than 2 GiB of text or list elements in one column",
        ));
    }
    let taken = renewed(ends);
    ends.push(0);
    Ok(OffsetBuffer::new(ScalarBuffer::from(taken)))
}

fn counted(
    data_type: &DataType,
    values: ScalarBuffer<i64>,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef> {
    Ok(match data_type {
        DataType::Timestamp(..) => {
            let array = TimestampMicrosecondArray::try_new(values, nulls)?;
            Arc::new(array.with_data_type(data_type.clone()))
        }
        DataType::Duration(_) => Arc::new(DurationMicrosecondArray::try_new(values, nulls)?),
        _ => Arc::new(Int64Array::try_new(values, nulls)?),
    })
}

fn misfit() -> Error {
    Error::bug("a column is built as another type than it has")
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Array, AsArray};

    #[test]
    fn rows_are_taken_back_with_all_their_parts() {
        let element = Type::String.nullable();
        let mut builder = Builder::new(&Type::List(Box::new(element)));
        for row in 0..3 {
            let Store::List(lists) = &mut builder.store else { panic!("it is a list") };
            for _ in 0..row {
                let Store::Bytes(texts) = &mut lists.inner.store else { panic!("of text") };
                texts.push(b"ab");
            }
            lists.inner.push_null();
            lists.close();
        }
        builder.push_null();
        builder.truncate(2);
        assert_eq!(builder.len(), 2);
        let array = builder.finish().unwrap();
        assert_eq!(array.null_count(), 0);
        assert_eq!(array.as_list::<i32>().value(1).len(), 2);
        assert_eq!(array.as_list::<i32>().values().len(), 3);
        assert_eq!(builder.len(), 0);
    }
}
