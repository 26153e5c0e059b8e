//! From canonical bytes back to key columns.

use super::encode::{
    BOOL, BYTES, DATE, DECIMAL, DURATION, FLOAT, INT, LIST, MAP, NULL, STRUCT, TEXT, TIMESTAMP,
};
use crate::error::{Error, ErrorKind, Result};
use crate::types::{data_type, field, fields};
use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DurationMicrosecondArray,
    Float64Array, Int64Array, ListArray, MapArray, NullArray, StringArray, StructArray,
    TimestampMicrosecondArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::DataType;
use dsl::types::{Type, Typed};
use std::sync::Arc;

/// The key columns of these keys.
pub(super) fn columns(types: &[Typed], keys: &[&[u8]]) -> Result<Vec<ArrayRef>> {
    let mut rest = keys.to_vec();
    let column = |typed: &Typed| {
        let values = rest.iter_mut().map(next).collect::<Result<Vec<_>>>()?;
        array(&typed.ty, &values)
    };
    types.iter().map(column).collect()
}

/// Cuts the next value off.
fn next<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8]> {
    let whole = *bytes;
    let tag = take(bytes, 1)?[0];
    match tag {
        NULL => {}
        BOOL => drop(take(bytes, 1)?),
        DATE => drop(take(bytes, 4)?),
        INT | FLOAT | TIMESTAMP | DURATION => drop(take(bytes, 8)?),
        DECIMAL => drop(take(bytes, 16)?),
        TEXT | BYTES => {
            let length = count(bytes)?;
            take(bytes, length)?;
        }
        LIST | STRUCT | MAP => {
            for _ in 0..count(bytes)? {
                next(bytes)?;
            }
        }
        _ => return Err(broken()),
    }
    Ok(&whole[..whole.len() - bytes.len()])
}

/// The values inside a list, struct or map, cut apart.
fn inner<'a>(value: &'a [u8]) -> Result<Vec<&'a [u8]>> {
    let mut rest: &'a [u8] = value.get(1..).ok_or_else(broken)?;
    (0..count(&mut rest)?).map(|_| next(&mut rest)).collect()
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Result<&'a [u8]> {
    let (head, rest) = bytes.split_at_checked(length).ok_or_else(broken)?;
    *bytes = rest;
    Ok(head)
}

fn count(bytes: &mut &[u8]) -> Result<usize> {
    Ok(u32::from_le_bytes(exact(take(bytes, 4)?)?) as usize)
}

fn exact<const N: usize>(bytes: &[u8]) -> Result<[u8; N]> {
    bytes.try_into().map_err(|_| broken())
}

fn broken() -> Error {
    Error::new(ErrorKind::Refused, "a saved key cannot be read: its bytes are damaged")
}

fn present(value: &[u8]) -> bool {
    value.first().is_some_and(|tag| *tag != NULL)
}

/// What stands behind the tag; none for null.
fn fixed<const N: usize>(values: &[&[u8]]) -> Result<Vec<Option<[u8; N]>>> {
    values.iter().map(|it| present(it).then(|| exact(&it[1..])).transpose()).collect()
}

/// What stands behind tag and length; none for null.
fn sized<'a>(values: &[&'a [u8]]) -> Result<Vec<Option<&'a [u8]>>> {
    let value = |it: &&'a [u8]| {
        let it: &'a [u8] = it;
        present(it).then(|| it.get(5..).ok_or_else(broken)).transpose()
    };
    values.iter().map(value).collect()
}

fn array(ty: &Type, values: &[&[u8]]) -> Result<ArrayRef> {
    let longs = || -> Result<Vec<Option<i64>>> {
        Ok(fixed(values)?.into_iter().map(|it| it.map(i64::from_le_bytes)).collect())
    };
    Ok(match ty {
        Type::Bool => {
            let bools = fixed::<1>(values)?.into_iter().map(|it| it.map(|[it]| it != 0));
            Arc::new(bools.collect::<BooleanArray>())
        }
        Type::Int => Arc::new(Int64Array::from(longs()?)),
        Type::Float(_) => {
            let floats = fixed(values)?.into_iter().map(|it| it.map(f64::from_le_bytes));
            Arc::new(floats.collect::<Float64Array>())
        }
        Type::Decimal { precision, scale } => {
            let units = fixed(values)?.into_iter().map(|it| it.map(i128::from_le_bytes));
            let units: Decimal128Array = units.collect();
            Arc::new(units.with_precision_and_scale(*precision, *scale)?)
        }
        Type::String | Type::Json => {
            let text = |it: Option<&[u8]>| -> Result<Option<String>> {
                let text = it.map(|it| String::from_utf8(it.to_vec()).map_err(|_| broken()));
                text.transpose()
            };
            let texts = sized(values)?.into_iter().map(text).collect::<Result<Vec<_>>>()?;
            Arc::new(StringArray::from_iter(texts))
        }
        Type::Bytes => Arc::new(sized(values)?.into_iter().collect::<BinaryArray>()),
        Type::Timestamp => Arc::new(TimestampMicrosecondArray::from(longs()?).with_timezone("UTC")),
        Type::Duration => Arc::new(DurationMicrosecondArray::from(longs()?)),
        Type::Date => {
            let days = fixed(values)?.into_iter().map(|it| it.map(i32::from_le_bytes));
            Arc::new(days.collect::<Date32Array>())
        }
        Type::Null | Type::Unknown => Arc::new(NullArray::new(values.len())),
        nested => self::nested(nested, values)?,
    })
}

fn nested(ty: &Type, values: &[&[u8]]) -> Result<ArrayRef> {
    let parts = values.iter().map(|it| if present(it) { inner(it) } else { Ok(Vec::new()) });
    let parts = parts.collect::<Result<Vec<_>>>()?;
    let nulls: NullBuffer = values.iter().map(|it| present(it)).collect();
    let offsets = || OffsetBuffer::from_lengths(parts.iter().map(Vec::len));
    let all = || parts.iter().flatten().copied();
    Ok(match (ty, data_type(ty)) {
        (Type::List(element), _) => {
            let inner = array(&element.ty, &all().collect::<Vec<_>>())?;
            let field = Arc::new(field("item", element));
            Arc::new(ListArray::try_new(field, offsets(), inner, Some(nulls))?)
        }
        (Type::Struct(columns), _) if columns.is_empty() => {
            Arc::new(StructArray::new_empty_fields(values.len(), Some(nulls)))
        }
        (Type::Struct(columns), _) => {
            let column = |(place, column): (usize, &dsl::types::Column)| {
                let values: Vec<&[u8]> =
                    parts.iter().map(|it| it.get(place).copied().unwrap_or(&[NULL])).collect();
                array(&column.typed.ty, &values)
            };
            let inner = columns.iter().enumerate().map(column).collect::<Result<Vec<_>>>()?;
            Arc::new(StructArray::try_new(fields(columns), inner, Some(nulls))?)
        }
        (Type::Map(key, value), DataType::Map(entries, sorted)) => {
            let DataType::Struct(pair) = entries.data_type().clone() else {
                return Err(Error::bug("the entries of a map are structs"));
            };
            let pairs = all().map(inner).collect::<Result<Vec<_>>>()?;
            let side = |at: usize| -> Result<Vec<&[u8]>> {
                pairs.iter().map(|it| it.get(at).copied().ok_or_else(broken)).collect()
            };
            let sides = vec![array(&key.ty, &side(0)?)?, array(&value.ty, &side(1)?)?];
            let pairs = StructArray::try_new(pair, sides, None)?;
            Arc::new(MapArray::try_new(entries, offsets(), pairs, Some(nulls), sorted)?)
        }
        (other, _) => return Err(Error::bug(format!("a column of {other} is no key"))),
    })
}

/// A column of values, each as the bytes that it would have as a key by itself; none is null.
pub(crate) fn decoded(typed: &Typed, values: &[Option<&[u8]>]) -> Result<ArrayRef> {
    let values: Vec<&[u8]> = values.iter().map(|it| it.unwrap_or(&[NULL])).collect();
    array(&typed.ty, &values)
}
