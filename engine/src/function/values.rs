//! Values by row, for kernels that take one row after another.

use super::{Refusal, Refused};
use crate::error::{Error, Result};
use crate::expr::Vector;
use crate::types::data_type;
use arrow::array::{
    Array, ArrowPrimitiveType, AsArray, BooleanArray, BooleanBuilder, PrimitiveArray,
    PrimitiveBuilder, StringArray, StringBuilder,
};
use arrow::datatypes::ArrowNativeType;
use dsl::calendar::TIMESTAMPS;
use dsl::types::Type;

/// Numbers or times: one a row, or one for all rows.
pub(crate) struct Column<'a, T: ArrowPrimitiveType> {
    array: &'a PrimitiveArray<T>,
    same: bool,
}

impl<'a, T: ArrowPrimitiveType> Column<'a, T> {
    /// The values of an argument.
    pub(crate) fn of(args: &'a [Vector], i: usize) -> Result<Self> {
        let vector = arg(args, i)?;
        let array = vector.array().as_primitive_opt().ok_or_else(|| misfit(vector))?;
        Ok(Self { array, same: vector.is_same() })
    }

    /// The value of a row; none where it is null.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> Option<T::Native> {
        let row = if self.same { 0 } else { row };
        self.array.is_valid(row).then(|| self.array.value(row))
    }
}

/// Texts: one a row, or one for all rows.
pub(crate) struct Texts<'a> {
    array: &'a StringArray,
    same: bool,
}

impl<'a> Texts<'a> {
    /// The values of an argument.
    pub(crate) fn of(args: &'a [Vector], i: usize) -> Result<Self> {
        let vector = arg(args, i)?;
        let array = vector.array().as_string_opt().ok_or_else(|| misfit(vector))?;
        Ok(Self { array, same: vector.is_same() })
    }

    /// The value of a row; none where it is null.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> Option<&'a str> {
        let row = if self.same { 0 } else { row };
        self.array.is_valid(row).then(|| self.array.value(row))
    }

    /// The one value for all rows, if it is one.
    pub(crate) fn same(&self) -> Option<&'a str> {
        if self.same { self.get(0) } else { None }
    }
}

fn arg(args: &[Vector], i: usize) -> Result<&Vector> {
    args.get(i).ok_or_else(|| Error::bug(format!("a function looks for its argument {i}")))
}

fn misfit(vector: &Vector) -> Error {
    Error::bug(format!(
        "a function was compiled for other values than {}",
        vector.array().data_type()
    ))
}

/// Numbers or times of the type `ty`, row by row; `None` is null.
pub(crate) fn numbers<T: ArrowPrimitiveType>(
    ty: &Type,
    rows: usize,
    refused: &mut Refused,
    mut value: impl FnMut(usize) -> Result<Option<T::Native>, Refusal>,
) -> PrimitiveArray<T> {
    let mut builder = PrimitiveBuilder::<T>::with_capacity(rows).with_data_type(data_type(ty));
    let is_time = *ty == Type::Timestamp;
    let beyond = |it: T::Native| it.to_i64().is_none_or(|it| !TIMESTAMPS.contains(&it));
    for row in 0..rows {
        let value = match value(row) {
            Ok(Some(it)) if is_time && beyond(it) => {
                Err(Refusal::overflow("it does not fit a timestamp"))
            }
            other => other,
        };
        builder.append_option(sound(row, value, refused));
    }
    builder.finish()
}

/// Answers, row by row; `None` is null.
pub(crate) fn answers(
    rows: usize,
    refused: &mut Refused,
    mut value: impl FnMut(usize) -> Result<Option<bool>, Refusal>,
) -> BooleanArray {
    let mut builder = BooleanBuilder::with_capacity(rows);
    for row in 0..rows {
        builder.append_option(sound(row, value(row), refused));
    }
    builder.finish()
}

/// Texts, row by row; what `write` returns false for is null, and so is what it refuses.
pub(crate) fn texts(
    rows: usize,
    refused: &mut Refused,
    mut write: impl FnMut(usize, &mut String) -> Result<bool, Refusal>,
) -> StringArray {
    let mut builder = StringBuilder::with_capacity(rows, rows);
    let mut buffer = String::new();
    for row in 0..rows {
        buffer.clear();
        let written = write(row, &mut buffer).map(|written| written.then_some(()));
        match sound(row, written, refused) {
            Some(()) => builder.append_value(&buffer),
            None => builder.append_null(),
        }
    }
    builder.finish()
}

fn sound<T>(row: usize, value: Result<Option<T>, Refusal>, refused: &mut Refused) -> Option<T> {
    match value {
        Ok(value) => value,
        Err(refusal) => {
            refused.add(row, refusal);
            None
        }
    }
}
