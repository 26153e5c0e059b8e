//! JSON values into scalars. A JSON text becomes what that text would; a JSON null is no value at all.

#![expect(clippy::unnecessary_wraps, reason = "every conversion has the form of one that can fail")]

use super::number::{decimals, digits};
use super::{Kernel, try_each};
use crate::error::Result;
use crate::expr::parse;
use crate::expr::time::whole;
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, DurationMicrosecondArray, Float64Array,
    Int64Array, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::DataType;
use dsl::calendar::TIMESTAMPS;
use dsl::types::Type;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::sync::Arc;

/// Microseconds of a millisecond.
const MILLISECOND: i64 = 1_000;

type Bad<'a> = &'a mut Vec<usize>;

pub(super) fn from_json(to: &Type) -> Kernel {
    match to {
        Type::Bool => to_bool,
        Type::Int => to_int,
        Type::Float(_) => to_float,
        Type::Decimal { .. } => to_decimal,
        Type::Timestamp => to_timestamp,
        Type::Duration => to_duration,
        Type::Date => to_date,
        _ => to_text,
    }
}

/// Text that has to be JSON, kept as it is.
pub(super) fn check(array: &ArrayRef, _to: &DataType, bad: Bad<'_>) -> Result<ArrayRef> {
    let texts = array.as_string::<i32>();
    let mut kept = Vec::with_capacity(texts.len());
    for (i, text) in texts.iter().enumerate() {
        let sound = text.filter(|it| serde_json::from_str::<IgnoredAny>(it).is_ok());
        if text.is_some() && sound.is_none() {
            bad.push(i);
        }
        kept.push(sound);
    }
    Ok(Arc::new(StringArray::from(kept)))
}

fn value(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

fn to_text(array: &ArrayRef, _to: &DataType, _bad: Bad<'_>) -> Result<ArrayRef> {
    let text = |text: &str| match value(text) {
        Some(Value::String(inner)) => inner,
        _ => text.to_owned(),
    };
    let texts = array.as_string::<i32>().iter().map(|it| it.map(text));
    Ok(Arc::new(texts.collect::<StringArray>()))
}

fn to_bool(array: &ArrayRef, _to: &DataType, bad: Bad<'_>) -> Result<ArrayRef> {
    let texts = array.as_string::<i32>();
    let mut bools = Vec::with_capacity(texts.len());
    for (i, text) in texts.iter().enumerate() {
        let found = match text.and_then(value) {
            Some(Value::Bool(it)) => Some(it),
            Some(Value::String(it)) => parse::boolean(&it),
            _ => None,
        };
        if text.is_some() && found.is_none() {
            bad.push(i);
        }
        bools.push(found);
    }
    Ok(Arc::new(BooleanArray::from(bools)))
}

fn int(value: &Value) -> Option<i64> {
    match value {
        Value::Number(it) => it.as_i64().or_else(|| it.as_f64().and_then(whole)),
        Value::String(it) => parse::int(it),
        _ => None,
    }
}

fn to_int(array: &ArrayRef, _to: &DataType, bad: Bad<'_>) -> Result<ArrayRef> {
    let texts = array.as_string::<i32>();
    let ints: Int64Array = try_each(texts, bad, |it| int(&value(it)?));
    Ok(Arc::new(ints))
}

fn to_float(array: &ArrayRef, _to: &DataType, bad: Bad<'_>) -> Result<ArrayRef> {
    let float = |it: &str| match value(it)? {
        Value::Number(it) => it.as_f64(),
        Value::String(it) => parse::float(&it),
        _ => None,
    };
    let floats: Float64Array = try_each(array.as_string::<i32>(), bad, float);
    Ok(Arc::new(floats))
}

fn to_decimal(array: &ArrayRef, to: &DataType, bad: Bad<'_>) -> Result<ArrayRef> {
    let (precision, scale) = digits(to);
    let decimal = |it: &str| match value(it)? {
        Value::Number(it) => parse::decimal(&it.to_string(), precision, scale),
        Value::String(it) => parse::decimal(&it, precision, scale),
        _ => None,
    };
    decimals(to, try_each(array.as_string::<i32>(), bad, decimal))
}

/// Text in RFC 3339, or milliseconds since 1970.
fn to_timestamp(array: &ArrayRef, to: &DataType, bad: Bad<'_>) -> Result<ArrayRef> {
    let time = |it: &str| match value(it)? {
        Value::String(it) => parse::timestamp(&it),
        other => int(&other)?.checked_mul(MILLISECOND).filter(|it| TIMESTAMPS.contains(it)),
    };
    let times: TimestampMicrosecondArray = try_each(array.as_string::<i32>(), bad, time);
    Ok(Arc::new(times.with_data_type(to.clone())))
}

fn to_duration(array: &ArrayRef, _to: &DataType, bad: Bad<'_>) -> Result<ArrayRef> {
    let duration = |it: &str| value(it)?.as_str().and_then(parse::duration);
    let durations: DurationMicrosecondArray = try_each(array.as_string::<i32>(), bad, duration);
    Ok(Arc::new(durations))
}

fn to_date(array: &ArrayRef, _to: &DataType, bad: Bad<'_>) -> Result<ArrayRef> {
    let date = |it: &str| value(it)?.as_str().and_then(parse::date);
    let dates: Date32Array = try_each(array.as_string::<i32>(), bad, date);
    Ok(Arc::new(dates))
}
