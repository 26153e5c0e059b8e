//! The least and the greatest value.

use super::number::{decimal_array, each_narrow, is_narrow, narrow_array};
use super::{Aggregate, Finished, Fold, Rows, Slot, Which, edge};
use crate::error::{Error, Result};
use crate::key::{StateReader, StateWriter};
use arrow::array::{Array, AsArray, BinaryArray, StringArray};
use arrow::datatypes::{DataType, Decimal128Type};
use dsl::types::Type;
use std::sync::Arc;

/// Which end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The least.
    Min,
    /// The greatest.
    Max,
}

/// How the least or greatest of `ty` is found. Floats are ordered with -0 before 0, NaN counts only if all are NaN.
pub(crate) fn extreme(side: Side, ty: &Type) -> Result<Box<dyn Aggregate>> {
    Ok(match ty {
        it if is_narrow(it) => Box::new(Narrow { side, ty: ty.clone() }),
        Type::Decimal { .. } => Box::new(Decimals { side, ty: ty.clone() }),
        Type::String | Type::Json | Type::Bytes => Box::new(Texts { side, ty: ty.clone() }),
        // The literal `null`: there is never a value.
        Type::Null => edge(Which::First, &Type::Null.nullable()),
        other => return Err(Error::bug(format!("values of {other} have no order"))),
    })
}

impl Side {
    /// Keeps the value that lies further on this side.
    #[inline]
    fn keep<T: Copy + Ord>(self, state: &mut Option<T>, value: T) {
        *state = Some(match (*state, self) {
            (None, _) => value,
            (Some(before), Side::Min) => before.min(value),
            (Some(before), Side::Max) => before.max(value),
        });
    }

    /// A float as a number that is ordered like it; NaN lies where every other value wins over it.
    #[inline]
    fn key(self, value: f64) -> i64 {
        if value.is_nan() {
            return self.nan();
        }
        flip(value.to_bits() as i64)
    }

    fn float(self, key: i64) -> f64 {
        if key == self.nan() { f64::NAN } else { f64::from_bits(flip(key) as u64) }
    }

    fn nan(self) -> i64 {
        match self {
            Side::Min => i64::MAX,
            Side::Max => i64::MIN,
        }
    }
}

/// Bits of floats are ordered like whole numbers, negative ones the other way round. Its own inverse.
#[inline]
fn flip(bits: i64) -> i64 {
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

/// Of values of 64 bits.
#[derive(Clone, Debug)]
struct Narrow {
    side: Side,
    ty: Type,
}

impl Fold for Narrow {
    type State = Option<i64>;

    fn update(&self, states: &mut [Option<i64>], slots: &[Slot], rows: &Rows<'_>) -> Result<()> {
        // The side is decided once, not for every row.
        match self.side {
            Side::Min => each_narrow(
                rows,
                0,
                states,
                slots,
                |it| Side::Min.key(it),
                |state, it| Side::Min.keep(state, it),
            ),
            Side::Max => each_narrow(
                rows,
                0,
                states,
                slots,
                |it| Side::Max.key(it),
                |state, it| Side::Max.keep(state, it),
            ),
        }
    }

    fn merge(&self, into: &mut Option<i64>, from: &Option<i64>) {
        if let Some(value) = from {
            self.side.keep(into, *value);
        }
    }

    fn finish<'a>(&self, states: impl Iterator<Item = &'a Option<i64>>) -> Result<Finished> {
        let values = narrow_array(&self.ty, states.copied(), |key| self.side.float(key))?;
        Ok(Finished::sound(values))
    }

    fn encode(&self, state: &Option<i64>, out: &mut StateWriter) {
        out.bool(state.is_some());
        out.i64(state.unwrap_or_default());
    }

    fn decode(&self, from: &mut StateReader<'_>) -> Result<Option<i64>> {
        let (present, value) = (from.bool()?, from.i64()?);
        Ok(present.then_some(value))
    }
}

/// Of decimals.
#[derive(Clone, Debug)]
struct Decimals {
    side: Side,
    ty: Type,
}

impl Fold for Decimals {
    type State = Option<i128>;

    fn update(&self, states: &mut [Option<i128>], slots: &[Slot], rows: &Rows<'_>) -> Result<()> {
        let side = self.side;
        let keep = |state: &mut Option<i128>, value| side.keep(state, value);
        rows.numbers::<Decimal128Type>(0).each(states, slots, keep);
        Ok(())
    }

    fn merge(&self, into: &mut Option<i128>, from: &Option<i128>) {
        if let Some(value) = from {
            self.side.keep(into, *value);
        }
    }

    fn finish<'a>(&self, states: impl Iterator<Item = &'a Option<i128>>) -> Result<Finished> {
        Ok(Finished::sound(decimal_array(&self.ty, states.copied())?))
    }

    fn encode(&self, state: &Option<i128>, out: &mut StateWriter) {
        out.bool(state.is_some());
        out.i128(state.unwrap_or_default());
    }

    fn decode(&self, from: &mut StateReader<'_>) -> Result<Option<i128>> {
        let (present, value) = (from.bool()?, from.i128()?);
        Ok(present.then_some(value))
    }
}

/// Of texts and bytes, by their bytes: for texts that is the order of their characters.
#[derive(Clone, Debug)]
struct Texts {
    side: Side,
    ty: Type,
}

type Text = Option<Box<[u8]>>;

impl Texts {
    fn keep(&self, state: &mut Text, value: &[u8]) {
        let wins = match (&state, self.side) {
            (None, _) => true,
            (Some(before), Side::Min) => value < &**before,
            (Some(before), Side::Max) => value > &**before,
        };
        if wins {
            *state = Some(value.into());
        }
    }
}

impl Fold for Texts {
    type State = Text;

    fn update(&self, states: &mut [Text], slots: &[Slot], rows: &Rows<'_>) -> Result<()> {
        let arg = &rows.args[0];
        for (i, slot) in slots.iter().enumerate() {
            let row = rows.from + i;
            if arg.is_valid(row) {
                let value = match arg.data_type() {
                    DataType::Binary => arg.as_binary::<i32>().value(row),
                    _ => arg.as_string::<i32>().value(row).as_bytes(),
                };
                self.keep(&mut states[*slot as usize], value);
            }
        }
        Ok(())
    }

    fn merge(&self, into: &mut Text, from: &Text) {
        if let Some(value) = from {
            self.keep(into, value);
        }
    }

    fn finish<'a>(&self, states: impl Iterator<Item = &'a Text>) -> Result<Finished> {
        Ok(Finished::sound(if self.ty == Type::Bytes {
            Arc::new(states.map(Option::as_deref).collect::<BinaryArray>())
        } else {
            let text = |it: &'a Text| it.as_deref().map(String::from_utf8_lossy);
            Arc::new(states.map(text).collect::<StringArray>())
        }))
    }

    fn encode(&self, state: &Text, out: &mut StateWriter) {
        out.bool(state.is_some());
        out.bytes(state.as_deref().unwrap_or_default());
    }

    fn decode(&self, from: &mut StateReader<'_>) -> Result<Text> {
        let (present, value) = (from.bool()?, from.bytes()?);
        Ok(present.then(|| value.into()))
    }
}
