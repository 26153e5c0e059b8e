//! Checked arithmetic of decimals: exact in 128 bits, refused where the result has more digits than its type.

use super::arithmetic::null_for;
use super::compile::{Evaluate, Node};
use super::text::{fits_precision, noun, shown};
use super::vector::{Pair, Vector, made};
use super::view::{Faults, View};
use crate::error::Result;
use crate::reason::Reason;
use arrow::array::{AsArray, Decimal128Array};
use arrow::compute::unary;
use arrow::datatypes::{DataType, Decimal128Type};
use std::sync::Arc;

/// The same number in units of another scale, exactly; none where it has more digits than there is room for.
pub(super) fn rescaled(units: i128, from: i8, precision: u8, to: i8) -> Option<i128> {
    let power = |by: i8| 10_i128.checked_pow(u32::try_from(by).ok()?);
    let units = if to >= from {
        if units == 0 { 0 } else { units.checked_mul(power(to.checked_sub(from)?)?)? }
    } else {
        let divisor = power(from.checked_sub(to)?)?;
        (units % divisor == 0).then_some(units / divisor)?
    };
    fits_precision(units, precision).then_some(units)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DecimalOp {
    Add,
    Subtract,
    Multiply,
    Remainder,
}

/// An operator between decimals. Both sides have one scale, but for `*`, whose result has the digits of both.
#[derive(Debug)]
pub(super) struct Decimals {
    pub(super) op: DecimalOp,
    pub(super) left: Node,
    pub(super) right: Node,
    pub(super) data_type: DataType,
}

impl Evaluate for Decimals {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let left = self.left.evaluate(view, faults)?;
        let right = self.right.evaluate(view, faults)?;
        let Some(mut pair) = Pair::of::<Decimal128Type, Decimal128Type>(&left, &right) else {
            return Ok(null_for(&left, &right, &self.data_type));
        };
        let DataType::Decimal128(precision, _) = self.data_type else {
            return Ok(null_for(&left, &right, &self.data_type));
        };
        let mut failed = false;
        let values = pair.map(|a, b| {
            let value = self.op.checked(a, b, precision);
            failed |= value.is_none();
            value.unwrap_or(0)
        });
        if failed {
            let zero = |b| self.op == DecimalOp::Remainder && b == 0;
            let by_zero = pair.bad_places(|_, b| zero(b));
            faults.add(view, pair.same, by_zero, Reason::Division, |i| {
                format!("{} % 0 divides by zero", shown(&left, i))
            });
            let bad = |a, b| self.op.checked(a, b, precision).is_none();
            let overflown = pair.bad_places(|a, b| !zero(b) && bad(a, b));
            faults.add(view, pair.same, overflown, Reason::Overflow, |i| {
                let (a, b) = (shown(&left, i), shown(&right, i));
                format!("{a} {} {b} does not fit {}", self.op.symbol(), noun(&self.data_type))
            });
            pair.nulls = Some(pair.nulls_without(bad));
        }
        let array = Decimal128Array::new(values.into(), pair.nulls);
        Ok(made(Arc::new(array.with_data_type(self.data_type.clone())), pair.same))
    }

    fn can_fail(&self) -> bool {
        true
    }
}

impl DecimalOp {
    fn symbol(self) -> &'static str {
        match self {
            DecimalOp::Add => "+",
            DecimalOp::Subtract => "-",
            DecimalOp::Multiply => "*",
            DecimalOp::Remainder => "%",
        }
    }

    fn checked(self, a: i128, b: i128, precision: u8) -> Option<i128> {
        let value = match self {
            DecimalOp::Add => a.checked_add(b)?,
            DecimalOp::Subtract => a.checked_sub(b)?,
            DecimalOp::Multiply => a.checked_mul(b)?,
            DecimalOp::Remainder => a.checked_rem(b)?,
        };
        fits_precision(value, precision).then_some(value)
    }
}

/// `-x` of a decimal: it has as many digits as `x`.
#[derive(Debug)]
pub(super) struct NegateDecimal(pub(super) Node);

impl Evaluate for NegateDecimal {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let value = self.0.evaluate(view, faults)?;
        let decimals = value.array().as_primitive::<Decimal128Type>();
        let negated: Decimal128Array = unary(decimals, i128::wrapping_neg);
        let negated = negated.with_data_type(value.array().data_type().clone());
        Ok(value.like(Arc::new(negated)))
    }

    fn can_fail(&self) -> bool {
        self.0.can_fail()
    }
}
