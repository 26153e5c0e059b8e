//! From key columns to canonical bytes.
//!
//! ```text
//!  null        0
//!  bool        1 value          int        2 LE(8)        float      3 LE(8)       decimal  4 LE(16)
//!  text, json  5 len LE(4) …    bytes      6 len LE(4) …  timestamp  7 LE(8)       duration 8 LE(8)
//!  date        9 LE(4)          list      10 n  values    struct    11 n  fields   map     12 n  entries
//! ```
//!
//! Every value says itself where it ends, so the bytes of several columns stand one behind the other.

use crate::error::{Error, Result};
use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, ListArray, MapArray, StringArray,
    StructArray,
};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, DurationMicrosecondType, Float64Type, Int64Type,
    TimeUnit, TimestampMicrosecondType,
};

pub(super) const NULL: u8 = 0;
pub(super) const BOOL: u8 = 1;
pub(super) const INT: u8 = 2;
pub(super) const FLOAT: u8 = 3;
pub(super) const DECIMAL: u8 = 4;
pub(super) const TEXT: u8 = 5;
pub(super) const BYTES: u8 = 6;
pub(super) const TIMESTAMP: u8 = 7;
pub(super) const DURATION: u8 = 8;
pub(super) const DATE: u8 = 9;
pub(super) const LIST: u8 = 10;
pub(super) const STRUCT: u8 = 11;
pub(super) const MAP: u8 = 12;

/// The key bytes of the rows of a batch. Kept between batches, so that its memory is.
#[derive(Debug, Default)]
pub struct KeyBytes {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl KeyBytes {
    /// Encodes the rows of these columns in place of what was here; without columns all rows have the empty key.
    pub fn encode(&mut self, columns: &[&ArrayRef], rows: usize) -> Result<()> {
        self.bytes.clear();
        self.ends.clear();
        self.ends.reserve(rows);
        let plain = columns.iter().map(|it| plain(it)).collect::<Result<Vec<_>>>()?;
        let cells = plain.iter().map(Cells::of).collect::<Result<Vec<_>>>()?;
        match &cells[..] {
            [Cells::Text(texts, None)] => self.texts(texts),
            [Cells::Int(numbers, None)] => self.ints(numbers),
            cells => {
                for i in 0..rows {
                    for column in cells {
                        column.write(i, &mut self.bytes);
                    }
                    self.ends.push(self.bytes.len() as u32);
                }
            }
        }
        if u32::try_from(self.bytes.len()).is_err() {
            return Err(Error::bug("the keys of one batch take more than 4 GiB"));
        }
        Ok(())
    }

    fn texts(&mut self, texts: &StringArray) {
        let offsets = texts.value_offsets();
        let all = texts.value_data();
        let length = offsets.last().zip(offsets.first()).map_or(0, |(last, first)| last - first);
        self.bytes.reserve(length as usize + texts.len() * 5);
        for ends in offsets.windows(2) {
            write_sized(TEXT, &all[ends[0] as usize..ends[1] as usize], &mut self.bytes);
            self.ends.push(self.bytes.len() as u32);
        }
    }

    fn ints(&mut self, numbers: &[i64]) {
        self.bytes.resize(numbers.len() * 9, INT);
        for (slot, number) in self.bytes.chunks_exact_mut(9).zip(numbers) {
            slot[1..].copy_from_slice(&number.to_le_bytes());
        }
        self.ends.extend((1..=numbers.len() as u32).map(|i| i * 9));
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.ends.len()
    }

    /// The key of each row, in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let key = &self.bytes[start..end as usize];
            start = end as usize;
            key
        })
    }
}

/// The column in the form that values are read from here.
fn plain(column: &ArrayRef) -> Result<ArrayRef> {
    let to = match column.data_type() {
        DataType::Utf8View | DataType::LargeUtf8 => DataType::Utf8,
        DataType::BinaryView | DataType::LargeBinary => DataType::Binary,
        DataType::Timestamp(unit, zone) if *unit != TimeUnit::Microsecond => {
            DataType::Timestamp(TimeUnit::Microsecond, zone.clone())
        }
        _ => return Ok(column.clone()),
    };
    Ok(cast(column, &to)?)
}

/// A column whose type is known, for reading value by value.
enum Cells<'a> {
    Null,
    Bool(&'a BooleanArray),
    Int(&'a [i64], Option<&'a NullBuffer>),
    Float(&'a [f64], Option<&'a NullBuffer>),
    Decimal(&'a [i128], Option<&'a NullBuffer>),
    Text(&'a StringArray, Option<&'a NullBuffer>),
    Bytes(&'a BinaryArray),
    Timestamp(&'a [i64], Option<&'a NullBuffer>),
    Duration(&'a [i64], Option<&'a NullBuffer>),
    Date(&'a [i32], Option<&'a NullBuffer>),
    List(&'a ListArray, Box<Cells<'a>>),
    Struct(&'a StructArray, Vec<Cells<'a>>),
    Map(&'a MapArray, Box<Cells<'a>>),
}

impl<'a> Cells<'a> {
    fn of(array: &'a ArrayRef) -> Result<Cells<'a>> {
        let nulls = array.nulls().filter(|it| it.null_count() > 0);
        Ok(match array.data_type() {
            DataType::Null => Cells::Null,
            DataType::Boolean => Cells::Bool(array.as_boolean()),
            DataType::Int64 => Cells::Int(array.as_primitive::<Int64Type>().values(), nulls),
            DataType::Float64 => Cells::Float(array.as_primitive::<Float64Type>().values(), nulls),
            DataType::Decimal128(..) => {
                Cells::Decimal(array.as_primitive::<Decimal128Type>().values(), nulls)
            }
            DataType::Utf8 => Cells::Text(array.as_string(), nulls),
            DataType::Binary => Cells::Bytes(array.as_binary()),
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                Cells::Timestamp(array.as_primitive::<TimestampMicrosecondType>().values(), nulls)
            }
            DataType::Duration(TimeUnit::Microsecond) => {
                Cells::Duration(array.as_primitive::<DurationMicrosecondType>().values(), nulls)
            }
            DataType::Date32 => Cells::Date(array.as_primitive::<Date32Type>().values(), nulls),
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                Cells::List(list, Box::new(Cells::of(list.values())?))
            }
            DataType::Struct(_) => {
                let inner = array.as_struct();
                let fields = inner.columns().iter().map(Cells::of).collect::<Result<_>>()?;
                Cells::Struct(inner, fields)
            }
            DataType::Map(..) => {
                let map = array.as_map();
                let [keys, values] = map.entries().columns() else {
                    return Err(Error::bug("the entries of a map are pairs"));
                };
                let pair = vec![Cells::of(keys)?, Cells::of(values)?];
                Cells::Map(map, Box::new(Cells::Struct(map.entries(), pair)))
            }
            other => return Err(Error::bug(format!("a column of {other} is no key"))),
        })
    }

    /// Appends the value of row `i`.
    #[inline]
    fn write(&self, i: usize, out: &mut Vec<u8>) {
        match self {
            Cells::Null => out.push(NULL),
            Cells::Bool(array) => {
                if array.is_null(i) {
                    out.push(NULL);
                } else {
                    out.extend_from_slice(&[BOOL, u8::from(array.value(i))]);
                }
            }
            Cells::Int(values, nulls) => fixed(INT, values[i].to_le_bytes(), *nulls, i, out),
            Cells::Float(values, nulls) => {
                fixed(FLOAT, canonical(values[i]).to_le_bytes(), *nulls, i, out);
            }
            Cells::Decimal(values, nulls) => {
                fixed(DECIMAL, values[i].to_le_bytes(), *nulls, i, out);
            }
            Cells::Timestamp(values, nulls) => {
                fixed(TIMESTAMP, values[i].to_le_bytes(), *nulls, i, out);
            }
            Cells::Duration(values, nulls) => {
                fixed(DURATION, values[i].to_le_bytes(), *nulls, i, out);
            }
            Cells::Date(values, nulls) => fixed(DATE, values[i].to_le_bytes(), *nulls, i, out),
            Cells::Text(array, nulls) => {
                if nulls.is_some_and(|it| it.is_null(i)) {
                    out.push(NULL);
                } else {
                    write_sized(TEXT, array.value(i).as_bytes(), out);
                }
            }
            Cells::Bytes(array) => {
                if array.is_null(i) {
                    out.push(NULL);
                } else {
                    write_sized(BYTES, array.value(i), out);
                }
            }
            nested => nested.write_nested(i, out),
        }
    }

    fn write_nested(&self, i: usize, out: &mut Vec<u8>) {
        let mut several = |tag: u8, ends: (i32, i32), values: &Cells<'_>| {
            out.push(tag);
            out.extend_from_slice(&((ends.1 - ends.0) as u32).to_le_bytes());
            (ends.0..ends.1).for_each(|at| values.write(at as usize, out));
        };
        match self {
            Cells::List(list, _) if list.is_null(i) => out.push(NULL),
            Cells::Map(map, _) if map.is_null(i) => out.push(NULL),
            Cells::Struct(inner, _) if inner.is_null(i) => out.push(NULL),
            Cells::List(list, values) => {
                let offsets = list.value_offsets();
                several(LIST, (offsets[i], offsets[i + 1]), values);
            }
            Cells::Map(map, entries) => {
                let offsets = map.value_offsets();
                several(MAP, (offsets[i], offsets[i + 1]), entries);
            }
            Cells::Struct(_, fields) => {
                out.push(STRUCT);
                out.extend_from_slice(&(fields.len() as u32).to_le_bytes());
                for field in fields {
                    field.write(i, out);
                }
            }
            // Every other kind was written by the caller.
            _ => {}
        }
    }
}

#[inline]
fn fixed<const N: usize>(
    tag: u8,
    value: [u8; N],
    nulls: Option<&NullBuffer>,
    i: usize,
    out: &mut Vec<u8>,
) {
    if nulls.is_some_and(|it| it.is_null(i)) {
        out.push(NULL);
    } else {
        out.push(tag);
        out.extend_from_slice(&value);
    }
}

#[inline]
fn write_sized(tag: u8, value: &[u8], out: &mut Vec<u8>) {
    let length = (value.len() as u32).to_le_bytes();
    out.extend_from_slice(&[tag, length[0], length[1], length[2], length[3]]);
    out.extend_from_slice(value);
}

/// One NaN, and no -0: floats that are the same key have the same bits.
#[inline]
fn canonical(value: f64) -> u64 {
    let value = if value == 0.0 { 0.0 } else { value };
    let value = if value.is_nan() { f64::NAN } else { value };
    value.to_bits()
}
