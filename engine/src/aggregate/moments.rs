//! Variance and standard deviation: the sums of values and of their squares, as pairs.
//!
//! Values are taken as their distance from the first one of the slot, so that a small variation of large values is not
//! lost, and equal values have no variance at all. The distance is moved when slots are merged.

use super::pair::Pair;
use super::total::NotFinite;
use super::{Finished, Fold, Rows, Slot};
use crate::error::Result;
use crate::key::{StateReader, StateWriter};
use arrow::array::Float64Array;
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type};
use std::sync::Arc;

/// What is given out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spread {
    /// The sample variance.
    Variance,
    /// Its root.
    Deviation,
}

/// Variances of numbers.
#[derive(Clone, Debug)]
pub(crate) struct Moments {
    /// What is given out.
    pub(crate) give: Spread,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moment {
    count: u64,
    /// The first value.
    base: f64,
    /// Of the distances from it.
    sum: Pair,
    squares: Pair,
    seen: NotFinite,
}

impl Moment {
    fn add(&mut self, value: f64) {
        if !value.is_finite() {
            self.count += 1;
            self.seen.note(value);
            return;
        }
        if self.count == 0 {
            self.base = value;
        }
        self.count += 1;
        let distance = Pair::difference(value, self.base);
        self.sum.add_pair(distance);
        self.squares.add_pair(distance.times(distance));
    }

    fn merge(&mut self, other: &Moment) {
        if self.count == 0 {
            *self = *other;
            return;
        }
        let n = Pair::of(other.count as f64);
        let moved = Pair::difference(other.base, self.base);
        let shift = moved.times(n);
        let mut squares = other.squares;
        squares.add_pair(moved.times(other.sum).times(Pair::of(2.0)));
        squares.add_pair(moved.times(shift));
        self.sum.add_pair(other.sum);
        self.sum.add_pair(shift);
        self.squares.add_pair(squares);
        self.count += other.count;
        self.seen.merge(other.seen);
    }

    fn variance(&self) -> Option<f64> {
        if self.count < 2 {
            return None;
        }
        if !self.seen.is_none() {
            return Some(f64::NAN);
        }
        let n = self.count as f64;
        let rest = self.squares.less(self.sum.times(self.sum).over(n));
        // Rounding can take what is nearly nothing below it.
        Some(rest.over(n - 1.0).value().max(0.0))
    }
}

impl Fold for Moments {
    type State = Moment;

    fn update(&self, states: &mut [Moment], slots: &[Slot], rows: &Rows<'_>) -> Result<()> {
        match rows.args[0].data_type() {
            DataType::Int64 => rows
                .numbers::<Int64Type>(0)
                .each(states, slots, |state, value| state.add(value as f64)),
            DataType::Decimal128(_, scale) => {
                let unit = 10_f64.powi((*scale).into());
                rows.numbers::<Decimal128Type>(0)
                    .each(states, slots, |state, value| state.add(value as f64 / unit));
            }
            // The literal `null` has no value at all.
            DataType::Null => {}
            _ => rows.numbers::<Float64Type>(0).each(states, slots, Moment::add),
        }
        Ok(())
    }

    fn merge(&self, into: &mut Moment, from: &Moment) {
        if from.count > 0 {
            into.merge(from);
        }
    }

    fn finish<'a>(&self, states: impl Iterator<Item = &'a Moment>) -> Result<Finished> {
        let give = |state: &Moment| match self.give {
            Spread::Variance => state.variance(),
            Spread::Deviation => state.variance().map(f64::sqrt),
        };
        Ok(Finished::sound(Arc::new(states.map(give).collect::<Float64Array>())))
    }

    fn encode(&self, state: &Moment, out: &mut StateWriter) {
        out.u64(state.count);
        out.f64(state.base);
        state.sum.encode(out);
        state.squares.encode(out);
        state.seen.encode(out);
    }

    fn decode(&self, from: &mut StateReader<'_>) -> Result<Moment> {
        Ok(Moment {
            count: from.u64()?,
            base: from.f64()?,
            sum: Pair::decode(from)?,
            squares: Pair::decode(from)?,
            seen: NotFinite::decode(from)?,
        })
    }
}
