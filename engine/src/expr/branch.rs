//! `??` and `if`: each value is worked out for the rows that need it.

use super::compile::{Evaluate, Node};
use super::vector::Vector;
use super::view::{Faults, View};
use crate::error::Result;
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::compute::kernels::zip::zip;
use arrow::compute::{interleave, is_not_null, prep_null_mask_filter};
use std::sync::Arc;

/// `a ?? b`
#[derive(Debug)]
pub(super) struct Coalesce {
    pub(super) left: Node,
    pub(super) right: Node,
}

impl Evaluate for Coalesce {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let left = self.left.evaluate(view, faults)?;
        if left.array().logical_null_count() == 0 {
            return Ok(left);
        }
        if left.is_same() {
            return self.right.evaluate(view, faults);
        }
        let given = is_not_null(left.array())?;
        if !self.right.can_fail() {
            let right = self.right.evaluate(view, faults)?;
            return Ok(Vector::Each(zip(&given, &left, &right)?));
        }
        let missing: Vec<u32> =
            (0..view.rows()).filter(|&i| !given.value(i)).map(|i| i as u32).collect();
        let right = self.right.evaluate(&view.pick(&missing), faults)?;
        let present: Vec<u32> =
            (0..view.rows()).filter(|&i| given.value(i)).map(|i| i as u32).collect();
        let mut parts = Parts::new(view.rows());
        parts.whole(left, &present);
        parts.add(right, &missing);
        parts.joined()
    }

    fn can_fail(&self) -> bool {
        self.left.can_fail() || self.right.can_fail()
    }
}

/// `if(c1, v1, c2, v2, …, otherwise)`
#[derive(Debug)]
pub(super) struct If {
    pub(super) branches: Vec<(Node, Node)>,
    pub(super) otherwise: Node,
}

impl Evaluate for If {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        if self.can_fail() { self.by_need(view, faults) } else { self.at_once(view, faults) }
    }

    fn can_fail(&self) -> bool {
        self.otherwise.can_fail() || self.branches.iter().any(|(c, v)| c.can_fail() || v.can_fail())
    }
}

impl If {
    /// Nothing can fail: everything over all rows, then chosen from the last branch to the first.
    fn at_once(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let mut chosen = self.otherwise.evaluate(view, faults)?;
        for (condition, value) in self.branches.iter().rev() {
            let condition = condition.evaluate(view, faults)?;
            let value = value.evaluate(view, faults)?;
            if condition.is_same() {
                if is_true(condition.array().as_boolean(), 0) {
                    chosen = value;
                }
                continue;
            }
            let answers = condition.array().as_boolean();
            chosen = Vector::Each(match answers.nulls() {
                Some(_) => zip(&prep_null_mask_filter(answers), &value, &chosen)?,
                None => zip(answers, &value, &chosen)?,
            });
        }
        Ok(chosen)
    }

    /// Each condition over the rows that no earlier one took, each value over the rows that its condition took.
    fn by_need(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let mut open: Vec<u32> = (0..view.rows() as u32).collect();
        let mut parts = Parts::new(view.rows());
        for (condition, value) in &self.branches {
            if open.is_empty() {
                break;
            }
            let condition = needed(condition, view, &open, faults)?;
            let answers: &BooleanArray = condition.array().as_boolean();
            let (taken, left): (Vec<_>, Vec<_>) =
                open.iter().enumerate().partition(|(i, _)| is_true(answers, condition.place(*i)));
            let rows = |it: Vec<(usize, &u32)>| it.into_iter().map(|(_, row)| *row).collect();
            let (taken, left): (Vec<u32>, Vec<u32>) = (rows(taken), rows(left));
            if !taken.is_empty() {
                parts.add(needed(value, view, &taken, faults)?, &taken);
            }
            open = left;
        }
        if !open.is_empty() || view.rows() == 0 {
            parts.add(needed(&self.otherwise, view, &open, faults)?, &open);
        }
        parts.joined()
    }
}

fn is_true(answers: &BooleanArray, i: usize) -> bool {
    answers.is_valid(i) && answers.value(i)
}

/// A node over some rows of a view, without gathering them where they are all.
fn needed(node: &Node, view: &View<'_>, rows: &[u32], faults: &mut Faults) -> Result<Vector> {
    if rows.len() == view.rows() {
        node.evaluate(view, faults)
    } else {
        node.evaluate(&view.pick(rows), faults)
    }
}

/// Values that were worked out for some rows each, to be put together.
struct Parts {
    values: Vec<Vector>,
    /// For each row, in which part it stands and where.
    places: Vec<(usize, usize)>,
    covered: usize,
}

impl Parts {
    fn new(rows: usize) -> Self {
        Self { values: Vec::new(), places: vec![(0, 0); rows], covered: 0 }
    }

    /// Values for these rows, in their order.
    fn add(&mut self, part: Vector, rows: &[u32]) {
        for (i, &row) in rows.iter().enumerate() {
            self.places[row as usize] = (self.values.len(), part.place(i));
        }
        self.covered = self.covered.max(rows.len());
        self.values.push(part);
    }

    /// Values for all rows, of which these are used.
    fn whole(&mut self, part: Vector, rows: &[u32]) {
        for &row in rows {
            self.places[row as usize] = (self.values.len(), part.place(row as usize));
        }
        self.values.push(part);
    }

    fn joined(mut self) -> Result<Vector> {
        if self.values.len() == 1 && self.covered == self.places.len() {
            return Ok(self.values.remove(0));
        }
        let arrays: Vec<&dyn Array> = self.values.iter().map(|it| it.array().as_ref()).collect();
        let joined: ArrayRef = interleave(&arrays, &self.places)?;
        Ok(Vector::Each(Arc::clone(&joined)))
    }
}
