//! `/` between whole numbers and decimals: the quotient is a float, and a divisor of zero refuses the row. Between floats
//! IEEE 754 says what comes out, and no row is refused.

use super::arithmetic::null_for;
use super::compile::{Evaluate, Node};
use super::text::shown;
use super::vector::{Pair, Vector, made};
use super::view::{Faults, View};
use crate::error::Result;
use crate::reason::Reason;
use arrow::array::Float64Array;
use arrow::datatypes::{DataType, Float64Type};
use std::sync::Arc;

/// The quotient of numbers that were exact, as floats: it is refused where the divisor is zero.
pub(super) fn exact_quotient(left: Node, right: Node) -> Node {
    Node::new(ExactQuotient { left, right })
}

/// `a / b` of whole numbers and decimals, as floats.
#[derive(Debug)]
struct ExactQuotient {
    left: Node,
    right: Node,
}

impl Evaluate for ExactQuotient {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let left = self.left.evaluate(view, faults)?;
        let right = self.right.evaluate(view, faults)?;
        let Some(mut pair) = Pair::of::<Float64Type, Float64Type>(&left, &right) else {
            return Ok(null_for(&left, &right, &DataType::Float64));
        };
        let mut by_zero = false;
        let values = pair.map(|a, b| {
            by_zero |= b == 0.0;
            a / b
        });
        if by_zero {
            let zero = |_, b| b == 0.0;
            let detail = |i| format!("{} / 0 divides by zero", shown(&left, i));
            faults.add(view, pair.same, pair.bad_places(zero), Reason::Division, detail);
            pair.nulls = Some(pair.nulls_without(zero));
        }
        Ok(made(Arc::new(Float64Array::new(values.into(), pair.nulls)), pair.same))
    }

    fn can_fail(&self) -> bool {
        true
    }
}
