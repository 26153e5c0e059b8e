//! Text into values and values into text.

#![expect(clippy::unnecessary_wraps, reason = "every conversion has the form of one that can fail")]

use super::number::{decimals, digits};
use super::{Kernel, try_each};
use crate::error::Result;
use crate::expr::parse;
use crate::expr::text::Texts;
use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, DurationMicrosecondArray,
    Float64Array, Int64Array, StringBuilder, TimestampMicrosecondArray,
};
use arrow::datatypes::DataType;
use dsl::types::Type;
use std::sync::Arc;

/// A guess at the bytes that a value takes.
const VALUE_BYTES: usize = 12;

type Bad<'a> = &'a mut Vec<usize>;

pub(super) fn from_text(to: &Type) -> Option<Kernel> {
    Some(match to {
        Type::Bool => to_bool,
        Type::Int => to_int,
        Type::Float(_) => to_float,
        Type::Decimal { .. } => to_decimal,
        Type::Timestamp => to_timestamp,
        Type::Duration => to_duration,
        Type::Date => to_date,
        _ => return None,
    })
}

fn to_bool(array: &ArrayRef, _to: &DataType, bad: Bad<'_>) -> Result<ArrayRef> {
    let texts = array.as_string::<i32>();
    let mut bools = Vec::with_capacity(texts.len());
    for (i, text) in texts.iter().enumerate() {
        let value = text.and_then(parse::boolean);
        if text.is_some() && value.is_none() {
            bad.push(i);
        }
        bools.push(value);
    }
    Ok(Arc::new(BooleanArray::from(bools)))
}

fn to_int(array: &ArrayRef, _to: &DataType, bad: Bad<'_>) -> Result<ArrayRef> {
    let ints: Int64Array = try_each(array.as_string::<i32>(), bad, parse::int);
    Ok(Arc::new(ints))
}

fn to_float(array: &ArrayRef, _to: &DataType, bad: Bad<'_>) -> Result<ArrayRef> {
    let floats: Float64Array = try_each(array.as_string::<i32>(), bad, parse::float);
    Ok(Arc::new(floats))
}

fn to_decimal(array: &ArrayRef, to: &DataType, bad: Bad<'_>) -> Result<ArrayRef> {
    let (precision, scale) = digits(to);
    let texts = array.as_string::<i32>();
    decimals(to, try_each(texts, bad, |it| parse::decimal(it, precision, scale)))
}

fn to_timestamp(array: &ArrayRef, to: &DataType, bad: Bad<'_>) -> Result<ArrayRef> {
    let texts = array.as_string::<i32>();
    let times: TimestampMicrosecondArray = try_each(texts, bad, parse::timestamp);
    Ok(Arc::new(times.with_data_type(to.clone())))
}

fn to_duration(array: &ArrayRef, _to: &DataType, bad: Bad<'_>) -> Result<ArrayRef> {
    let texts = array.as_string::<i32>();
    let durations: DurationMicrosecondArray = try_each(texts, bad, parse::duration);
    Ok(Arc::new(durations))
}

fn to_date(array: &ArrayRef, _to: &DataType, bad: Bad<'_>) -> Result<ArrayRef> {
    let dates: Date32Array = try_each(array.as_string::<i32>(), bad, parse::date);
    Ok(Arc::new(dates))
}

pub(super) fn to_text(array: &ArrayRef, _to: &DataType, _bad: Bad<'_>) -> Result<ArrayRef> {
    let texts = Texts::of(array);
    let mut builder = StringBuilder::with_capacity(array.len(), array.len() * VALUE_BYTES);
    for i in 0..array.len() {
        if array.is_null(i) {
            builder.append_null();
            continue;
        }
        // Writing to a builder cannot fail.
        let _written = texts.write(i, None, &mut builder);
        builder.append_value("");
    }
    Ok(Arc::new(builder.finish()))
}

pub(super) fn to_bytes(array: &ArrayRef, _to: &DataType, _bad: Bad<'_>) -> Result<ArrayRef> {
    let (offsets, values, nulls) = array.as_string::<i32>().clone().into_parts();
    Ok(Arc::new(BinaryArray::new(offsets, values, nulls)))
}

pub(super) fn from_utf8(array: &ArrayRef, _to: &DataType, bad: Bad<'_>) -> Result<ArrayRef> {
    let bytes = array.as_binary::<i32>();
    let mut builder = StringBuilder::with_capacity(bytes.len(), bytes.value_data().len());
    for (i, value) in bytes.iter().enumerate() {
        let text = value.and_then(|it| std::str::from_utf8(it).ok());
        if value.is_some() && text.is_none() {
            bad.push(i);
        }
        builder.append_option(text);
    }
    Ok(Arc::new(builder.finish()))
}
