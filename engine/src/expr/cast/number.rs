//! Numbers, bools and times into each other.

#![expect(clippy::unnecessary_wraps, reason = "every conversion has the form of one that can fail")]

use super::{Kernel, try_each};
use crate::error::Result;
use crate::expr::decimal::rescaled;
use crate::expr::parse;
use crate::expr::time::{DAY, whole};
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array,
    TimestampMicrosecondArray,
};
use arrow::buffer::BooleanBuffer;
use arrow::compute::unary;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType,
};
use dsl::calendar::TIMESTAMPS;
use dsl::types::Type;
use std::sync::Arc;

/// Microseconds of a millisecond.
const MILLISECOND: i64 = 1_000;

pub(super) fn kernel(from: &Type, to: &Type) -> Option<Kernel> {
    Some(match (from, to) {
        (Type::Bool, Type::Int) => bool_to_int,
        (Type::Bool, Type::Float(_)) => bool_to_float,
        (Type::Int, Type::Bool) => int_to_bool,
        (Type::Int, Type::Float(_)) => int_to_float,
        (Type::Int, Type::Decimal { .. }) => int_to_decimal,
        (Type::Int, Type::Timestamp) => int_to_timestamp,
        (Type::Float(_), Type::Int) => float_to_int,
        (Type::Float(_), Type::Decimal { .. }) => float_to_decimal,
        (Type::Decimal { .. }, Type::Int) => decimal_to_int,
        (Type::Decimal { .. }, Type::Float(_)) => decimal_to_float,
        (Type::Decimal { .. }, Type::Decimal { .. }) => decimal_to_decimal,
        (Type::Timestamp, Type::Int) => timestamp_to_int,
        (Type::Timestamp, Type::Date) => timestamp_to_date,
        (Type::Date, Type::Timestamp) => date_to_timestamp,
        _ => return None,
    })
}

type Bad<'a> = &'a mut Vec<usize>;

fn bool_to_int(array: &ArrayRef, _to: &DataType, _bad: Bad<'_>) -> Result<ArrayRef> {
    let bools = array.as_boolean();
    let values = (0..bools.len()).map(|i| i64::from(bools.value(i))).collect();
    Ok(Arc::new(Int64Array::new(values, bools.nulls().cloned())))
}

fn bool_to_float(array: &ArrayRef, _to: &DataType, _bad: Bad<'_>) -> Result<ArrayRef> {
    let bools = array.as_boolean();
    let values = (0..bools.len()).map(|i| f64::from(u8::from(bools.value(i)))).collect();
    Ok(Arc::new(Float64Array::new(values, bools.nulls().cloned())))
}

fn int_to_bool(array: &ArrayRef, _to: &DataType, _bad: Bad<'_>) -> Result<ArrayRef> {
    let ints = array.as_primitive::<Int64Type>();
    let values = BooleanBuffer::collect_bool(ints.len(), |i| ints.value(i) != 0);
    Ok(Arc::new(BooleanArray::new(values, ints.nulls().cloned())))
}

fn int_to_float(array: &ArrayRef, _to: &DataType, _bad: Bad<'_>) -> Result<ArrayRef> {
    let floats: Float64Array = unary(array.as_primitive::<Int64Type>(), |it| it as f64);
    Ok(Arc::new(floats))
}

fn int_to_decimal(array: &ArrayRef, to: &DataType, bad: Bad<'_>) -> Result<ArrayRef> {
    let ints = array.as_primitive::<Int64Type>();
    let (precision, scale) = digits(to);
    decimals(to, try_each(ints, bad, |it| rescaled(it.into(), 0, precision, scale)))
}

fn int_to_timestamp(array: &ArrayRef, to: &DataType, bad: Bad<'_>) -> Result<ArrayRef> {
    let ints = array.as_primitive::<Int64Type>();
    let times: TimestampMicrosecondArray =
        try_each(ints, bad, |it| it.checked_mul(MILLISECOND).filter(|it| TIMESTAMPS.contains(it)));
    Ok(Arc::new(times.with_data_type(to.clone())))
}

fn float_to_int(array: &ArrayRef, _to: &DataType, bad: Bad<'_>) -> Result<ArrayRef> {
    let ints: Int64Array = try_each(array.as_primitive::<Float64Type>(), bad, whole);
    Ok(Arc::new(ints))
}

/// The shortest decimal that brings the float back, rounded to the scale.
fn float_to_decimal(array: &ArrayRef, to: &DataType, bad: Bad<'_>) -> Result<ArrayRef> {
    let (precision, scale) = digits(to);
    let floats = array.as_primitive::<Float64Type>();
    decimals(to, try_each(floats, bad, |it| parse::rounded_decimal(it, precision, scale)))
}

fn decimal_to_int(array: &ArrayRef, _to: &DataType, bad: Bad<'_>) -> Result<ArrayRef> {
    let source = array.as_primitive::<Decimal128Type>();
    let (_, scale) = digits(array.data_type());
    let ints: Int64Array = try_each(source, bad, |it| {
        rescaled(it, scale, 38, 0).and_then(|it| i64::try_from(it).ok())
    });
    Ok(Arc::new(ints))
}

fn decimal_to_float(array: &ArrayRef, _to: &DataType, bad: Bad<'_>) -> Result<ArrayRef> {
    let source = array.as_primitive::<Decimal128Type>();
    // By way of its text, which is read to the nearest float; a quotient would be rounded twice.
    let floats: Float64Array =
        try_each(source, bad, |it| parse::float(&format!("{it}e{}", -i32::from(source.scale()))));
    Ok(Arc::new(floats))
}

fn decimal_to_decimal(array: &ArrayRef, to: &DataType, bad: Bad<'_>) -> Result<ArrayRef> {
    let source = array.as_primitive::<Decimal128Type>();
    let (_, from_scale) = digits(array.data_type());
    let (precision, scale) = digits(to);
    decimals(to, try_each(source, bad, |it| rescaled(it, from_scale, precision, scale)))
}

fn timestamp_to_int(array: &ArrayRef, _to: &DataType, _bad: Bad<'_>) -> Result<ArrayRef> {
    let times = array.as_primitive::<TimestampMicrosecondType>();
    let ints: Int64Array = unary(times, |it: i64| it.div_euclid(MILLISECOND));
    Ok(Arc::new(ints))
}

fn timestamp_to_date(array: &ArrayRef, _to: &DataType, _bad: Bad<'_>) -> Result<ArrayRef> {
    let times = array.as_primitive::<TimestampMicrosecondType>();
    // The days of 2^63 microseconds fit 32 bits.
    let days: Date32Array = unary(times, |it: i64| it.div_euclid(DAY) as i32);
    Ok(Arc::new(days))
}

fn date_to_timestamp(array: &ArrayRef, to: &DataType, bad: Bad<'_>) -> Result<ArrayRef> {
    let dates = array.as_primitive::<Date32Type>();
    let times: TimestampMicrosecondArray = try_each(dates, bad, |it| {
        i64::from(it).checked_mul(DAY).filter(|it| TIMESTAMPS.contains(it))
    });
    Ok(Arc::new(times.with_data_type(to.clone())))
}

/// Precision and scale of a decimal type.
pub(super) fn digits(data_type: &DataType) -> (u8, i8) {
    match data_type {
        DataType::Decimal128(precision, scale) => (*precision, *scale),
        _ => (38, 0),
    }
}

pub(super) fn decimals(to: &DataType, units: Decimal128Array) -> Result<ArrayRef> {
    Ok(Arc::new(units.with_data_type(to.clone())))
}
