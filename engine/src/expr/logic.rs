//! `and`, `or`, `not` and `is null`.

use super::compare::kleene;
use super::compile::{Evaluate, Node};
use super::vector::Vector;
use super::view::{Faults, View};
use crate::error::Result;
use arrow::array::{Array, AsArray, BooleanArray};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{and_kleene, is_null, not, or_kleene};
use std::sync::Arc;

/// `a and b`, `a or b`: the right side is asked only about rows that the left one leaves open.
#[derive(Debug)]
pub(super) struct Logical {
    /// What decides without the other side: `false` for `and`, `true` for `or`.
    pub(super) decides: bool,
    pub(super) left: Node,
    pub(super) right: Node,
}

impl Evaluate for Logical {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let left = self.left.evaluate(view, faults)?;
        if !self.right.can_fail() {
            let right = self.right.evaluate(view, faults)?;
            return self.both(left, right);
        }
        let decided = left.array().as_boolean();
        let is_open = |i: usize| decided.is_null(i) || decided.value(i) != self.decides;
        if left.is_same() {
            if !is_open(0) {
                return Ok(left);
            }
            let right = self.right.evaluate(view, faults)?;
            return self.both(left, right);
        }
        let open: Vec<u32> = (0..view.rows()).filter(|&i| is_open(i)).map(|i| i as u32).collect();
        if open.is_empty() {
            return Ok(left);
        }
        if open.len() == view.rows() {
            let right = self.right.evaluate(view, faults)?;
            return self.both(left, right);
        }
        let right = self.right.evaluate(&view.pick(&open), faults)?.into_array(open.len())?;
        let right = self.spread(right.as_boolean(), &open, view.rows());
        self.both(left, Vector::Each(Arc::new(right)))
    }

    fn can_fail(&self) -> bool {
        self.left.can_fail() || self.right.can_fail()
    }
}

impl Logical {
    fn both(&self, left: Vector, right: Vector) -> Result<Vector> {
        kleene(if self.decides { or_kleene } else { and_kleene }, left, right)
    }

    /// The answers for the open rows at their places; what decides at the others.
    fn spread(&self, answers: &BooleanArray, open: &[u32], rows: usize) -> BooleanArray {
        let mut values = vec![self.decides; rows];
        let mut valid = vec![true; rows];
        for (i, &row) in open.iter().enumerate() {
            values[row as usize] = answers.value(i);
            valid[row as usize] = answers.is_valid(i);
        }
        BooleanArray::new(BooleanBuffer::from(values), Some(valid.into()))
    }
}

/// `not a`
#[derive(Debug)]
pub(super) struct Not(pub(super) Node);

impl Evaluate for Not {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let value = self.0.evaluate(view, faults)?;
        Ok(value.like(Arc::new(not(value.array().as_boolean())?)))
    }

    fn can_fail(&self) -> bool {
        self.0.can_fail()
    }
}

/// `a is null`
#[derive(Debug)]
pub(super) struct IsNull(pub(super) Node);

impl Evaluate for IsNull {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let value = self.0.evaluate(view, faults)?;
        let found = match value.array().logical_nulls() {
            // Columns of the type null have no null buffer of their own.
            Some(nulls) => BooleanArray::new(!nulls.inner(), None),
            None => is_null(value.array())?,
        };
        Ok(value.like(Arc::new(found)))
    }

    fn can_fail(&self) -> bool {
        self.0.can_fail()
    }
}
