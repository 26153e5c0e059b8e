//! Values of any fixed width as whole numbers, and back: so that one fold serves all of them.

use super::{Rows, Slot};
use crate::error::{Error, Result};
use crate::types::data_type;
use arrow::array::{
    ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array,
};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, DurationMicrosecondType, Float64Type, Int64Type, TimestampMicrosecondType,
};
use dsl::types::Type;
use std::sync::Arc;

/// Whether values of a type have 64 bits or less.
pub(super) fn is_narrow(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Bool | Type::Int | Type::Float(_) | Type::Timestamp | Type::Duration | Type::Date
    )
}

/// `f` of the state and the value of each row whose value is not null; what a float is, `float` says.
#[inline]
pub(super) fn each_narrow<S>(
    rows: &Rows<'_>,
    arg: usize,
    states: &mut [S],
    slots: &[Slot],
    float: impl Fn(f64) -> i64,
    mut f: impl FnMut(&mut S, i64),
) -> Result<()> {
    match rows.args[arg].data_type() {
        DataType::Int64 => rows.numbers::<Int64Type>(arg).each(states, slots, f),
        DataType::Float64 => {
            rows.numbers::<Float64Type>(arg).each(states, slots, |state, it| f(state, float(it)));
        }
        DataType::Timestamp(..) => {
            rows.numbers::<TimestampMicrosecondType>(arg).each(states, slots, f);
        }
        DataType::Duration(_) => {
            rows.numbers::<DurationMicrosecondType>(arg).each(states, slots, f);
        }
        DataType::Date32 => {
            rows.numbers::<Date32Type>(arg).each(states, slots, |state, it| f(state, it.into()));
        }
        DataType::Boolean => {
            let values = rows.args[arg].as_boolean();
            for (i, slot) in slots.iter().enumerate() {
                let row = rows.from + i;
                if rows.nulls(arg).is_none_or(|it| it.is_valid(row)) {
                    f(&mut states[*slot as usize], values.value(row).into());
                }
            }
        }
        other => return Err(Error::bug(format!("{other} is no number of 64 bits"))),
    }
    Ok(())
}

/// The column of a type that these numbers stand for.
pub(super) fn narrow_array(
    ty: &Type,
    values: impl Iterator<Item = Option<i64>>,
    float: impl Fn(i64) -> f64,
) -> Result<ArrayRef> {
    Ok(match ty {
        Type::Int => Arc::new(values.collect::<Int64Array>()),
        Type::Float(_) => Arc::new(values.map(|it| it.map(&float)).collect::<Float64Array>()),
        Type::Bool => Arc::new(values.map(|it| it.map(|it| it != 0)).collect::<BooleanArray>()),
        Type::Date => Arc::new(values.map(|it| it.map(|it| it as i32)).collect::<Date32Array>()),
        // The same numbers under another name: nothing is computed.
        Type::Timestamp | Type::Duration => {
            cast(&(Arc::new(values.collect::<Int64Array>()) as ArrayRef), &data_type(ty))?
        }
        other => return Err(Error::bug(format!("{other} is no number of 64 bits"))),
    })
}

/// The column of a decimal type that these units stand for.
pub(super) fn decimal_array(
    ty: &Type,
    values: impl Iterator<Item = Option<i128>>,
) -> Result<ArrayRef> {
    let Type::Decimal { precision, scale } = ty else {
        return Err(Error::bug(format!("{ty} is no decimal")));
    };
    let units = values.collect::<Decimal128Array>();
    Ok(Arc::new(units.with_precision_and_scale(*precision, *scale)?))
}

/// Whether units have no more digits than there is room for.
pub(super) fn fits(units: i128, precision: u8) -> bool {
    10_u128.checked_pow(precision.into()).is_none_or(|limit| units.unsigned_abs() < limit)
}
