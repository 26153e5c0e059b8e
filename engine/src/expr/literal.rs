//! Constants of the language as Arrow arrays.

use super::parse;
use crate::error::{Error, Result};
use crate::time::format_timestamp;
use crate::types::{data_type, field, fields};
use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DurationMicrosecondArray,
    Float64Array, Int64Array, ListArray, MapArray, StringArray, StructArray,
    TimestampMicrosecondArray, new_null_array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::DataType;
use dsl::calendar::format_date;
use dsl::types::{Column, Type, Typed};
use dsl::value::{Value, format_duration};
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// A constant of this type as an array of length 1.
pub(super) fn literal(ty: &Type, value: &Value) -> Result<ArrayRef> {
    array(ty, &[value])
}

/// Constants as an array.
fn array(ty: &Type, values: &[&Value]) -> Result<ArrayRef> {
    Ok(match ty {
        Type::Bool => Arc::new(BooleanArray::from(each(ty, values, bool_of)?)),
        Type::Int => Arc::new(Int64Array::from(each(ty, values, int_of)?)),
        Type::Float(_) => Arc::new(Float64Array::from(each(ty, values, float_of)?)),
        Type::Decimal { precision, scale } => {
            let units = each(ty, values, |it| decimal_of(it, *precision, *scale))?;
            let array = Decimal128Array::from(units);
            Arc::new(array.with_precision_and_scale(*precision, *scale)?)
        }
        Type::String => Arc::new(StringArray::from(each(ty, values, text_of)?)),
        Type::Json => {
            Arc::new(StringArray::from(each(ty, values, |it| Some(json_of(it).to_string()))?))
        }
        Type::Bytes => Arc::new(BinaryArray::from(each(ty, values, bytes_of)?)),
        Type::Timestamp => {
            let times = TimestampMicrosecondArray::from(each(ty, values, timestamp_of)?);
            Arc::new(times.with_timezone("UTC"))
        }
        Type::Duration => Arc::new(DurationMicrosecondArray::from(each(ty, values, duration_of)?)),
        Type::Date => Arc::new(Date32Array::from(each(ty, values, date_of)?)),
        Type::List(element) => list(ty, element, values)?,
        Type::Struct(columns) => structs(ty, columns, values)?,
        Type::Map(..) => map(ty, values)?,
        Type::Null | Type::Unknown => new_null_array(&DataType::Null, values.len()),
    })
}

/// Every value by `of`, nulls aside.
fn each<'a, T>(
    ty: &Type,
    values: &[&'a Value],
    of: impl Fn(&'a Value) -> Option<T>,
) -> Result<Vec<Option<T>>> {
    let one = |value: &'a Value| match value {
        Value::Null => Ok(None),
        other => of(other).map(Some).ok_or_else(|| misfit(ty, other)),
    };
    values.iter().map(|it| one(it)).collect()
}

fn misfit(ty: &Type, value: &Value) -> Error {
    Error::bug(format!("{} stands in the plan as a `{ty}`", value.kind()))
}

fn bool_of(value: &Value) -> Option<bool> {
    if let Value::Bool(it) = value { Some(*it) } else { None }
}

fn int_of(value: &Value) -> Option<i64> {
    match value {
        Value::Int(it) => Some(*it),
        Value::Size(it) => i64::try_from(*it).ok(),
        _ => None,
    }
}

fn float_of(value: &Value) -> Option<f64> {
    match value {
        Value::Float(it) => Some(*it),
        Value::Int(it) => Some(*it as f64),
        _ => None,
    }
}

fn decimal_of(value: &Value, precision: u8, scale: i8) -> Option<i128> {
    match value {
        Value::Int(it) => parse::decimal(&it.to_string(), precision, scale),
        Value::Float(it) => parse::decimal(&format!("{it:?}"), precision, scale),
        Value::String(it) => parse::decimal(it, precision, scale),
        _ => None,
    }
}

fn text_of(value: &Value) -> Option<&str> {
    if let Value::String(it) = value { Some(it) } else { None }
}

fn bytes_of(value: &Value) -> Option<&[u8]> {
    text_of(value).map(str::as_bytes)
}

fn timestamp_of(value: &Value) -> Option<i64> {
    match value {
        Value::Timestamp(it) => Some(*it),
        Value::Date(days) => i64::from(*days).checked_mul(super::time::DAY),
        _ => None,
    }
}

fn duration_of(value: &Value) -> Option<i64> {
    if let Value::Duration(it) = value { Some(*it) } else { None }
}

fn date_of(value: &Value) -> Option<i32> {
    if let Value::Date(it) = value { Some(*it) } else { None }
}

fn list(ty: &Type, element: &Typed, values: &[&Value]) -> Result<ArrayRef> {
    let lists = each(ty, values, |it| if let Value::List(it) = it { Some(it) } else { None })?;
    let inner: Vec<&Value> = lists.iter().flatten().flat_map(|it| it.iter()).collect();
    let lengths = lists.iter().map(|it| it.map_or(0, Vec::len));
    Ok(Arc::new(ListArray::try_new(
        Arc::new(field("item", element)),
        OffsetBuffer::from_lengths(lengths),
        array(&element.ty, &inner)?,
        Some(lists.iter().map(Option::is_some).collect()),
    )?))
}

/// The entries of a record.
type Entries = Vec<(String, Value)>;

fn records<'a>(ty: &Type, values: &[&'a Value]) -> Result<Vec<Option<&'a Entries>>> {
    each(ty, values, |it| if let Value::Record(it) = it { Some(it) } else { None })
}

fn structs(ty: &Type, columns: &[Column], values: &[&Value]) -> Result<ArrayRef> {
    let records = records(ty, values)?;
    let column = |column: &Column| {
        let value = |record: &Vec<(String, Value)>| {
            record.iter().position(|(name, _)| *name == column.name)
        };
        let inner: Vec<&Value> = records
            .iter()
            .map(|record| {
                let place = record.and_then(value);
                record.zip(place).map_or(&Value::Null, |(record, place)| &record[place].1)
            })
            .collect();
        array(&column.typed.ty, &inner)
    };
    let inner = columns.iter().map(column).collect::<Result<Vec<_>>>()?;
    let nulls: NullBuffer = records.iter().map(Option::is_some).collect();
    let fields = fields(columns);
    Ok(Arc::new(if fields.is_empty() {
        StructArray::new_empty_fields(values.len(), Some(nulls))
    } else {
        StructArray::try_new(fields, inner, Some(nulls))?
    }))
}

fn map(ty: &Type, values: &[&Value]) -> Result<ArrayRef> {
    let (Type::Map(_, element), DataType::Map(entries, sorted)) = (ty, data_type(ty)) else {
        return Err(Error::bug("a map has the type of a map"));
    };
    let records = records(ty, values)?;
    let all = || records.iter().flatten().flat_map(|it| it.iter());
    let keys: ArrayRef = Arc::new(StringArray::from_iter_values(all().map(|(key, _)| key)));
    let inner: Vec<&Value> = all().map(|(_, value)| value).collect();
    let DataType::Struct(fields) = entries.data_type().clone() else {
        return Err(Error::bug("the entries of a map are structs"));
    };
    let pairs = StructArray::try_new(fields, vec![keys, array(&element.ty, &inner)?], None)?;
    let offsets = OffsetBuffer::from_lengths(records.iter().map(|it| it.map_or(0, Vec::len)));
    let nulls: NullBuffer = records.iter().map(Option::is_some).collect();
    Ok(Arc::new(MapArray::try_new(entries, offsets, pairs, Some(nulls), sorted)?))
}

/// A constant as JSON; a range has none.
pub fn json_of(value: &Value) -> Json {
    match value {
        Value::Null | Value::Range(..) => Json::Null,
        Value::Bool(it) => json!(it),
        Value::Int(it) => json!(it),
        Value::Float(it) => json!(it),
        Value::String(it) => json!(it),
        Value::Timestamp(it) => json!(format_timestamp(*it)),
        Value::Date(it) => json!(format_date(*it)),
        Value::Duration(it) => json!(format_duration(*it)),
        Value::Size(it) => json!(it),
        Value::Rate { amount, .. } => json!(amount),
        Value::List(values) => values.iter().map(json_of).collect(),
        Value::Record(entries) => {
            Json::Object(entries.iter().map(|(key, it)| (key.clone(), json_of(it))).collect())
        }
    }
}
