//! Durations times and over numbers. The result is the nearest whole number of microseconds, halves away from zero.

use super::arithmetic::{as_ints, counted_array, null_for};
use super::compile::{Evaluate, Node};
use super::text::shown;
use super::vector::{Pair, Vector, made};
use super::view::{Faults, View};
use crate::error::Result;
use crate::reason::Reason;
use arrow::array::Float64Array;
use arrow::datatypes::{DataType, DurationMicrosecondType, Float64Type, Int64Type, TimeUnit};
use std::sync::Arc;

pub(super) use dsl::calendar::DAY;

const DURATION: DataType = DataType::Duration(TimeUnit::Microsecond);

/// `a / b` of durations: a float.
#[derive(Debug)]
pub(super) struct Ratio {
    pub(super) left: Node,
    pub(super) right: Node,
}

impl Evaluate for Ratio {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        type Micros = DurationMicrosecondType;
        let left = self.left.evaluate(view, faults)?;
        let right = self.right.evaluate(view, faults)?;
        let Some(pair) = Pair::of::<Micros, Micros>(&left, &right) else {
            return Ok(null_for(&left, &right, &DataType::Float64));
        };
        let values = pair.map(|a, b| a as f64 / b as f64);
        Ok(made(Arc::new(Float64Array::new(values.into(), pair.nulls)), pair.same))
    }

    fn can_fail(&self) -> bool {
        self.left.can_fail() || self.right.can_fail()
    }
}

/// `duration / int`
#[derive(Debug)]
pub(super) struct DurationByInt {
    pub(super) left: Node,
    pub(super) right: Node,
}

impl Evaluate for DurationByInt {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let left = self.left.evaluate(view, faults)?;
        let right = self.right.evaluate(view, faults)?;
        let ints = as_ints(&left)?;
        let Some(mut pair) = Pair::of::<Int64Type, Int64Type>(&ints, &right) else {
            return Ok(null_for(&left, &right, &DURATION));
        };
        let mut failed = false;
        let values = pair.map(|a, b| {
            let value = rounded_quotient(a, b);
            failed |= value.is_none();
            value.unwrap_or(0)
        });
        if failed {
            let zero = pair.bad_places(|_, b| b == 0);
            faults.add(view, pair.same, zero, Reason::Division, |i| {
                format!("{} / 0 divides by zero", shown(&left, i))
            });
            let overflown = pair.bad_places(|a, b| b != 0 && rounded_quotient(a, b).is_none());
            faults.add(view, pair.same, overflown, Reason::Overflow, |i| {
                format!("{} / {} does not fit a duration", shown(&left, i), shown(&right, i))
            });
            pair.nulls = Some(pair.nulls_without(|a, b| rounded_quotient(a, b).is_none()));
        }
        Ok(made(counted_array(&DURATION, values, pair.nulls)?, pair.same))
    }

    fn can_fail(&self) -> bool {
        true
    }
}

fn rounded_quotient(a: i64, b: i64) -> Option<i64> {
    let quotient = a.checked_div(b)?;
    let rest = a.wrapping_rem(b).unsigned_abs();
    let up = rest >= b.unsigned_abs() - rest && rest > 0;
    let away = if (a < 0) == (b < 0) { 1 } else { -1 };
    quotient.checked_add(if up { away } else { 0 })
}

/// `duration * float`, `float * duration`, `duration / float`
#[derive(Debug)]
pub(super) struct DurationByFloat {
    pub(super) divide: bool,
    pub(super) duration: Node,
    pub(super) float: Node,
    /// The float stands on the left.
    pub(super) flipped: bool,
}

impl Evaluate for DurationByFloat {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let (duration, float);
        if self.flipped {
            float = self.float.evaluate(view, faults)?;
            duration = self.duration.evaluate(view, faults)?;
        } else {
            duration = self.duration.evaluate(view, faults)?;
            float = self.float.evaluate(view, faults)?;
        }
        let ints = as_ints(&duration)?;
        let Some(mut pair) = Pair::of::<Int64Type, Float64Type>(&ints, &float) else {
            return Ok(null_for(&duration, &float, &DURATION));
        };
        let mut failed = false;
        let values = pair.map(|a, b| {
            let value = self.apply(a, b);
            failed |= value.is_none();
            value.unwrap_or(0)
        });
        if failed {
            let by_zero = |b: f64| self.divide && b == 0.0;
            let zero = pair.bad_places(|_, b| by_zero(b));
            faults.add(view, pair.same, zero, Reason::Division, |i| {
                format!("{} / 0.0 divides by zero", shown(&duration, i))
            });
            let overflown = pair.bad_places(|a, b| !by_zero(b) && self.apply(a, b).is_none());
            faults.add(view, pair.same, overflown, Reason::Overflow, |i| {
                let (a, b) = (shown(&duration, i), shown(&float, i));
                match (self.flipped, self.divide) {
                    (true, _) => format!("{b} * {a} does not fit a duration"),
                    (false, true) => format!("{a} / {b} does not fit a duration"),
                    (false, false) => format!("{a} * {b} does not fit a duration"),
                }
            });
            pair.nulls = Some(pair.nulls_without(|a, b| self.apply(a, b).is_none()));
        }
        Ok(made(counted_array(&DURATION, values, pair.nulls)?, pair.same))
    }

    fn can_fail(&self) -> bool {
        true
    }
}

impl DurationByFloat {
    fn apply(&self, micros: i64, float: f64) -> Option<i64> {
        if self.divide && float == 0.0 {
            return None;
        }
        let micros = micros as f64;
        whole(if self.divide { micros / float } else { micros * float }.round())
    }
}

/// A float without a fraction as an int; none where it is not one.
pub(super) fn whole(value: f64) -> Option<i64> {
    // 2^63 is the least float above every int; -2^63 is an int.
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    (value.fract() == 0.0 && (-BEYOND..BEYOND).contains(&value)).then_some(value as i64)
}
