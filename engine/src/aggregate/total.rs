//! Sums and means: of whole numbers in 128 bits, of decimals in 192, of floats in pairs. Each is rounded or checked once,
//! when it is given out.

use super::number::{decimal_array, fits};
use super::pair::Pair;
use super::wide::Wide;
use super::{Aggregate, Finished, Fold, Rows, Slot, Which, edge};
use crate::error::{Error, Result};
use crate::key::{StateReader, StateWriter};
use crate::reason::{Fault, Reason};
use arrow::array::{ArrayRef, DurationMicrosecondArray, Float64Array, Int64Array};
use arrow::datatypes::{DataType, Decimal128Type, DurationMicrosecondType, Float64Type, Int64Type};
use dsl::types::Type;
use std::sync::Arc;

/// What is given out of a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Give {
    /// The sum.
    Sum,
    /// The sum, divided by how many there are.
    Mean,
}

/// How sums or means of `ty` are worked out; what comes out is of type `result`.
pub(crate) fn total(give: Give, ty: &Type, result: &Type) -> Result<Box<dyn Aggregate>> {
    Ok(match ty {
        Type::Int | Type::Duration => Box::new(Wholes { give, result: result.clone() }),
        Type::Float(_) => Box::new(Floats { give }),
        Type::Decimal { scale, .. } => {
            Box::new(Decimals { give, scale: *scale, result: result.clone() })
        }
        // The literal `null`: there is never a value.
        Type::Null => edge(Which::First, &Type::Null.nullable()),
        other => return Err(Error::bug(format!("{other} cannot be summed up"))),
    })
}

fn overflow(row: usize, give: Give, value: &str, result: &Type) -> Fault {
    let what = if give == Give::Sum { "sum" } else { "mean" };
    let detail = format!("the {what} {value} does not fit {result}");
    Fault { row: row as u32, reason: Reason::Overflow, detail, column: None }
}

/// Sums of int or duration.
#[derive(Clone, Debug)]
struct Wholes {
    give: Give,
    result: Type,
}

#[derive(Clone, Copy, Debug, Default)]
struct Whole {
    sum: i128,
    count: u64,
}

impl Wholes {
    /// The whole number that is given out, if it fits.
    fn whole(&self, state: &Whole) -> Result<i64, i128> {
        let value = match self.give {
            Give::Sum => state.sum,
            Give::Mean => rounded(state.sum, state.count),
        };
        i64::try_from(value).map_err(|_| value)
    }
}

impl Fold for Wholes {
    type State = Whole;

    fn update(&self, states: &mut [Whole], slots: &[Slot], rows: &Rows<'_>) -> Result<()> {
        let add = |state: &mut Whole, value: i64| {
            state.sum += i128::from(value);
            state.count += 1;
        };
        match rows.args[0].data_type() {
            DataType::Duration(_) => {
                rows.numbers::<DurationMicrosecondType>(0).each(states, slots, add);
            }
            _ => rows.numbers::<Int64Type>(0).each(states, slots, add),
        }
        Ok(())
    }

    fn merge(&self, into: &mut Whole, from: &Whole) {
        into.sum += from.sum;
        into.count += from.count;
    }

    fn finish<'a>(&self, states: impl Iterator<Item = &'a Whole>) -> Result<Finished> {
        if let Type::Float(_) = self.result {
            let mean = |it: &Whole| {
                (it.count > 0).then(|| Pair::of_whole(it.sum).over(it.count as f64).value())
            };
            return Ok(Finished::sound(Arc::new(states.map(mean).collect::<Float64Array>())));
        }
        let mut faults = Vec::new();
        let mut give = |(row, state): (usize, &Whole)| {
            let value = (state.count > 0).then(|| self.whole(state))?;
            let refuse = |it: i128| {
                faults.push(overflow(row, self.give, &it.to_string(), &self.result));
            };
            value.map_err(refuse).ok()
        };
        let wholes: Int64Array = states.enumerate().map(&mut give).collect();
        let values: ArrayRef = match self.result {
            Type::Duration => {
                let (_, values, nulls) = wholes.into_parts();
                Arc::new(DurationMicrosecondArray::new(values, nulls))
            }
            _ => Arc::new(wholes),
        };
        Ok(Finished { values, faults })
    }

    fn encode(&self, state: &Whole, out: &mut StateWriter) {
        out.i128(state.sum);
        out.u64(state.count);
    }

    fn decode(&self, from: &mut StateReader<'_>) -> Result<Whole> {
        Ok(Whole { sum: from.i128()?, count: from.u64()? })
    }
}

/// The quotient, rounded half away from zero.
fn rounded(sum: i128, count: u64) -> i128 {
    let count = i128::from(count);
    let (quotient, rest) = (sum / count, (sum % count).abs());
    quotient + if rest >= count - rest { sum.signum() } else { 0 }
}

/// Sums of decimals.
#[derive(Clone, Debug)]
struct Decimals {
    give: Give,
    /// Digits behind the point of what is summed up.
    scale: i8,
    result: Type,
}

#[derive(Clone, Copy, Debug, Default)]
struct Decimal {
    sum: Wide,
    count: u64,
}

impl Decimals {
    /// The units that are given out, if they fit.
    fn units(&self, state: &Decimal) -> Option<i128> {
        let Type::Decimal { precision, scale } = self.result else { return None };
        let units = match self.give {
            Give::Sum => state.sum.narrow()?,
            Give::Mean => {
                // More digits behind the point than were summed up: a quotient has them.
                let more = u32::try_from(scale - self.scale).ok()?;
                state.sum.times_over(10_u64.checked_pow(more)?, state.count)?
            }
        };
        fits(units, precision).then_some(units)
    }
}

impl Fold for Decimals {
    type State = Decimal;

    fn update(&self, states: &mut [Decimal], slots: &[Slot], rows: &Rows<'_>) -> Result<()> {
        rows.numbers::<Decimal128Type>(0).each(states, slots, |state, value| {
            state.sum.add(value);
            state.count += 1;
        });
        Ok(())
    }

    fn merge(&self, into: &mut Decimal, from: &Decimal) {
        into.sum.add_wide(from.sum);
        into.count += from.count;
    }

    fn finish<'a>(&self, states: impl Iterator<Item = &'a Decimal>) -> Result<Finished> {
        let mut faults = Vec::new();
        let give = |(row, state): (usize, &Decimal)| {
            if state.count == 0 {
                return None;
            }
            let units = self.units(state);
            if units.is_none() {
                faults.push(overflow(row, self.give, "of the decimals", &self.result));
            }
            units
        };
        let values = decimal_array(&self.result, states.enumerate().map(give))?;
        Ok(Finished { values, faults })
    }

    fn encode(&self, state: &Decimal, out: &mut StateWriter) {
        state.sum.encode(out);
        out.u64(state.count);
    }

    fn decode(&self, from: &mut StateReader<'_>) -> Result<Decimal> {
        Ok(Decimal { sum: Wide::decode(from)?, count: from.u64()? })
    }
}

/// Sums of floats.
#[derive(Clone, Debug)]
struct Floats {
    give: Give,
}

/// Values that are not finite are not added: what they make of the sum does not depend on their order.
#[derive(Clone, Copy, Debug, Default)]
struct Float {
    sum: Pair,
    count: u64,
    seen: NotFinite,
}

/// Which values that are not finite there were.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct NotFinite(u8);

impl NotFinite {
    const NAN: u8 = 1;
    const ABOVE: u8 = 2;
    const BELOW: u8 = 4;

    /// Notes a value that is not finite.
    #[cold]
    pub(super) fn note(&mut self, value: f64) {
        self.0 |= if value.is_nan() {
            Self::NAN
        } else if value > 0.0 {
            Self::ABOVE
        } else {
            Self::BELOW
        };
    }

    pub(super) fn merge(&mut self, other: NotFinite) {
        self.0 |= other.0;
    }

    /// What they make of a sum.
    pub(super) fn of_sum(self, finite: f64) -> f64 {
        match self.0 {
            0 => finite,
            Self::ABOVE => f64::INFINITY,
            Self::BELOW => f64::NEG_INFINITY,
            _ => f64::NAN,
        }
    }

    pub(super) fn is_none(self) -> bool {
        self.0 == 0
    }

    pub(super) fn encode(self, out: &mut StateWriter) {
        out.u8(self.0);
    }

    pub(super) fn decode(from: &mut StateReader<'_>) -> Result<NotFinite> {
        Ok(NotFinite(from.u8()?))
    }
}

impl Fold for Floats {
    type State = Float;

    fn update(&self, states: &mut [Float], slots: &[Slot], rows: &Rows<'_>) -> Result<()> {
        rows.numbers::<Float64Type>(0).each(states, slots, |state, value| {
            state.count += 1;
            if value.is_finite() {
                state.sum.add(value);
            } else {
                state.seen.note(value);
            }
        });
        Ok(())
    }

    fn merge(&self, into: &mut Float, from: &Float) {
        into.sum.add_pair(from.sum);
        into.count += from.count;
        into.seen.merge(from.seen);
    }

    fn finish<'a>(&self, states: impl Iterator<Item = &'a Float>) -> Result<Finished> {
        let give = |state: &Float| {
            let finite = match self.give {
                Give::Sum => state.sum.value(),
                Give::Mean => state.sum.over(state.count as f64).value(),
            };
            (state.count > 0).then(|| state.seen.of_sum(finite))
        };
        Ok(Finished::sound(Arc::new(states.map(give).collect::<Float64Array>())))
    }

    fn encode(&self, state: &Float, out: &mut StateWriter) {
        state.sum.encode(out);
        out.u64(state.count);
        state.seen.encode(out);
    }

    fn decode(&self, from: &mut StateReader<'_>) -> Result<Float> {
        let (sum, count) = (Pair::decode(from)?, from.u64()?);
        Ok(Float { sum, count, seen: NotFinite::decode(from)? })
    }
}
