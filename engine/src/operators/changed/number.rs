//! Numbers as `changed` compares them: near or not, whatever type they are of.

use crate::error::{Error, Result};
use crate::key::{StateReader, StateWriter};
use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Float64Array, Int64Array};
use dsl::types::{Type, Typed};

/// The tolerance in the unit that numbers of a type are compared in.
pub(super) fn margin(typed: &Typed, tolerance: Option<f64>) -> f64 {
    let tolerance = tolerance.unwrap_or(0.0);
    match typed.ty {
        Type::Decimal { scale, .. } => tolerance * 10_f64.powi(i32::from(scale)),
        _ => tolerance,
    }
}

/// A number as it is compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Null,
    Nan,
    Float(f64),
    /// An int, or a decimal in units of its last digit.
    Whole(i128),
}

impl Number {
    /// Whether another number is not further away than `margin`.
    pub(super) fn is_near(self, other: Number, margin: f64) -> bool {
        match (self, other) {
            (Number::Float(a), Number::Float(b)) => {
                a.total_cmp(&b).is_eq() || (a - b).abs() <= margin
            }
            (Number::Whole(a), Number::Whole(b)) => a.abs_diff(b) as f64 <= margin,
            (a, b) => a == b,
        }
    }

    /// Writes it into saved state.
    pub(super) fn write(self, out: &mut StateWriter) {
        match self {
            Number::Null => out.u8(0),
            Number::Nan => out.u8(1),
            Number::Float(value) => {
                out.u8(2);
                out.f64(value);
            }
            Number::Whole(value) => {
                out.u8(3);
                out.i128(value);
            }
        }
    }

    /// Reads it from saved state.
    pub(super) fn read(from: &mut StateReader<'_>) -> Result<Number> {
        Ok(match from.u8()? {
            0 => Number::Null,
            1 => Number::Nan,
            2 => Number::Float(from.f64()?),
            _ => Number::Whole(from.i128()?),
        })
    }
}

/// A column of numbers.
pub(super) enum Numbers<'a> {
    Float(&'a Float64Array),
    Int(&'a Int64Array),
    Decimal(&'a Decimal128Array),
}

impl<'a> Numbers<'a> {
    /// The numbers of a column.
    pub(super) fn of(column: &'a ArrayRef) -> Result<Numbers<'a>> {
        let float = column.as_primitive_opt().map(Numbers::Float);
        let int = || column.as_primitive_opt().map(Numbers::Int);
        let decimal = || column.as_primitive_opt().map(Numbers::Decimal);
        float.or_else(int).or_else(decimal).ok_or_else(|| {
            Error::bug(format!("`changed` compares a column of {} as numbers", column.data_type()))
        })
    }

    /// The number of a row.
    #[inline]
    pub(super) fn get(&self, row: usize) -> Number {
        match self {
            Numbers::Float(column) if column.is_valid(row) => match column.value(row) {
                value if value.is_nan() => Number::Nan,
                value => Number::Float(value),
            },
            Numbers::Int(column) if column.is_valid(row) => Number::Whole(column.value(row).into()),
            Numbers::Decimal(column) if column.is_valid(row) => Number::Whole(column.value(row)),
            _ => Number::Null,
        }
    }
}
