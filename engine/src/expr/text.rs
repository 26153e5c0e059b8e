//! The text of a value, as templates, `as string` and messages write it.
//!
//! Floats are written with as many digits as bring them back exactly, times in RFC 3339 (UTC, 0, 3 or 6 digits behind the
//! second), durations as the language reads them (`1m30s`), decimals with all digits of their scale.

use super::vector::Vector;
use crate::time::format_timestamp;
use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array,
    DurationMicrosecondArray, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Decimal128Type, DecimalType};
use chrono::{Datelike, Days, NaiveDate};
use dsl::value::format_duration;
use std::fmt::{self, Write};

/// Longer texts are cut in messages.
const LONGEST_QUOTE: usize = 80;

/// A column whose values can be written.
pub(crate) enum Texts<'a> {
    Bool(&'a BooleanArray),
    Int(&'a Int64Array),
    Float(&'a Float64Array),
    Decimal(&'a Decimal128Array),
    String(&'a StringArray),
    Bytes(&'a BinaryArray),
    Timestamp(&'a TimestampMicrosecondArray),
    Duration(&'a DurationMicrosecondArray),
    Date(&'a Date32Array),
    /// Values that have no text of their own, such as lists: as arrow shows them.
    Other(&'a ArrayRef),
}

impl<'a> Texts<'a> {
    pub(crate) fn of(array: &'a ArrayRef) -> Self {
        match array.data_type() {
            DataType::Boolean => Self::Bool(array.as_boolean()),
            DataType::Int64 => Self::Int(array.as_primitive()),
            DataType::Float64 => Self::Float(array.as_primitive()),
            DataType::Decimal128(..) => Self::Decimal(array.as_primitive()),
            DataType::Utf8 => Self::String(array.as_string()),
            DataType::Binary => Self::Bytes(array.as_binary()),
            DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, _) => {
                Self::Timestamp(array.as_primitive())
            }
            DataType::Duration(arrow::datatypes::TimeUnit::Microsecond) => {
                Self::Duration(array.as_primitive())
            }
            DataType::Date32 => Self::Date(array.as_primitive()),
            _ => Self::Other(array),
        }
    }

    /// Writes value `i`, which is not null; numbers with `decimals` digits behind the point where that is given.
    pub(crate) fn write(
        &self,
        i: usize,
        decimals: Option<u8>,
        out: &mut impl Write,
    ) -> fmt::Result {
        match self {
            Self::Bool(array) => write!(out, "{}", array.value(i)),
            Self::Int(array) => write_int(array.value(i), decimals, out),
            Self::Float(array) => write_float(array.value(i), decimals, out),
            Self::Decimal(array) => write_decimal(array.value(i), array.scale(), decimals, out),
            Self::String(array) => out.write_str(array.value(i)),
            Self::Bytes(array) => out.write_str(&String::from_utf8_lossy(array.value(i))),
            Self::Timestamp(array) => out.write_str(&format_timestamp(array.value(i))),
            Self::Duration(array) => out.write_str(&format_duration(array.value(i))),
            Self::Date(array) => write_date(array.value(i), out),
            Self::Other(array) => {
                let shown = arrow::util::display::array_value_to_string(array, i);
                out.write_str(&shown.unwrap_or_else(|_| "…".to_owned()))
            }
        }
    }
}

fn write_int(value: i64, decimals: Option<u8>, out: &mut impl Write) -> fmt::Result {
    write!(out, "{value}")?;
    match decimals {
        None | Some(0) => Ok(()),
        Some(digits) => write!(out, ".{:0width$}", 0, width = usize::from(digits)),
    }
}

fn write_float(value: f64, decimals: Option<u8>, out: &mut impl Write) -> fmt::Result {
    match decimals {
        None => write!(out, "{value:?}"),
        Some(digits) => write!(out, "{value:.*}", usize::from(digits)),
    }
}

/// Rounds half away from zero where fewer digits are asked for than there are.
fn write_decimal(
    units: i128,
    scale: i8,
    decimals: Option<u8>,
    out: &mut impl Write,
) -> fmt::Result {
    let scale_digits = u32::from(scale.max(0).unsigned_abs());
    let wanted = decimals.map_or(scale_digits, u32::from);
    let mut magnitude = units.unsigned_abs();
    if wanted < scale_digits {
        let cut = 10_u128.pow(scale_digits - wanted);
        magnitude = magnitude / cut + u128::from(magnitude % cut >= cut / 2);
    }
    let kept = wanted.min(scale_digits);
    let one = 10_u128.pow(kept);
    let sign = if units < 0 && magnitude > 0 { "-" } else { "" };
    write!(out, "{sign}{}", magnitude / one)?;
    if wanted == 0 {
        return Ok(());
    }
    out.write_char('.')?;
    if kept > 0 {
        write!(out, "{:0width$}", magnitude % one, width = kept as usize)?;
    }
    (kept..wanted).try_for_each(|_| out.write_char('0'))
}

fn write_date(days: i32, out: &mut impl Write) -> fmt::Result {
    let epoch = NaiveDate::default();
    let by = Days::new(u64::from(days.unsigned_abs()));
    let date = if days < 0 { epoch.checked_sub_days(by) } else { epoch.checked_add_days(by) };
    match date {
        Some(date) => {
            write!(out, "{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
        }
        None => write!(out, "{days}d"),
    }
}

/// The value that a vector has for row `i`, as a message shows it: text in quotes, long ones cut.
pub(crate) fn shown(vector: &Vector, i: usize) -> String {
    let (array, i) = (vector.array(), vector.place(i));
    if array.is_null(i) {
        return "null".to_owned();
    }
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _written: fmt::Result = Texts::of(array).write(i, None, &mut text);
    if text.chars().count() > LONGEST_QUOTE {
        text = text.chars().take(LONGEST_QUOTE).chain(['…']).collect();
    }
    match array.data_type() {
        DataType::Utf8 => format!("{text:?}"),
        _ => text,
    }
}

/// How a message calls a value of this type: `an int`, `a decimal(10, 2)`.
pub(crate) fn noun(data_type: &DataType) -> String {
    match data_type {
        DataType::Boolean => "a bool".to_owned(),
        DataType::Int64 => "an int".to_owned(),
        DataType::Float64 => "a float".to_owned(),
        DataType::Decimal128(precision, scale) => format!("a decimal({precision}, {scale})"),
        DataType::Utf8 => "text".to_owned(),
        DataType::Binary => "bytes".to_owned(),
        DataType::Timestamp(..) => "a timestamp".to_owned(),
        DataType::Duration(_) => "a duration".to_owned(),
        DataType::Date32 => "a date".to_owned(),
        DataType::List(_) => "a list".to_owned(),
        DataType::Struct(_) => "a struct".to_owned(),
        DataType::Map(..) => "a map".to_owned(),
        _ => "null".to_owned(),
    }
}

/// Whether so many units are a decimal of this precision.
pub(super) fn fits_precision(units: i128, precision: u8) -> bool {
    Decimal128Type::is_valid_decimal_precision(units, precision)
}
