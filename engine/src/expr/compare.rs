//! Comparisons, `in` a range and `in` a list, in three-valued logic.
//!
//! Floats have kernels of their own: those of the library put floats in a total order, in which NaN equals NaN and
//! -0 is less than 0. Here a comparison with NaN is false (`!=` is true), and NaN is outside of every range.

use super::compile::{Evaluate, Node};
use super::vector::{Operand, Pair, Vector, all_same, made};
use super::view::{Faults, View};
use crate::error::{Error, Result};
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, new_null_array};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::kernels::cmp;
use arrow::compute::{and_kleene, or_kleene};
use arrow::datatypes::{DataType, Float64Type};
use dsl::ast::BinaryOp;
use hashbrown::HashSet;
use std::sync::Arc;

/// `a < b`
#[derive(Debug)]
pub(super) struct Compare {
    pub(super) op: BinaryOp,
    pub(super) left: Node,
    pub(super) right: Node,
}

impl Evaluate for Compare {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let left = self.left.evaluate(view, faults)?;
        let right = self.right.evaluate(view, faults)?;
        compare(self.op, &left, &right)
    }

    fn can_fail(&self) -> bool {
        self.left.can_fail() || self.right.can_fail()
    }
}

/// `a in low..high`
#[derive(Debug)]
pub(super) struct InRange {
    pub(super) value: Node,
    pub(super) low: Option<Node>,
    pub(super) high: Option<Node>,
}

impl Evaluate for InRange {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let value = self.value.evaluate(view, faults)?;
        let mut within = None;
        for (end, op) in [(&self.low, BinaryOp::GreaterEqual), (&self.high, BinaryOp::LessEqual)] {
            let Some(end) = end else { continue };
            let end = end.evaluate(view, faults)?;
            let found = compare(op, &value, &end)?;
            within = Some(match within {
                None => found,
                Some(other) => kleene(and_kleene, other, found)?,
            });
        }
        within.ok_or_else(|| Error::bug("a range in the plan has no ends"))
    }

    fn can_fail(&self) -> bool {
        let fails = |it: &Option<Node>| it.as_ref().is_some_and(Node::can_fail);
        self.value.can_fail() || fails(&self.low) || fails(&self.high)
    }
}

/// `a in [b, c]`: null where nothing matches and the value or one of the list is null.
#[derive(Debug)]
pub(super) struct InList {
    pub(super) value: Node,
    pub(super) list: Vec<Node>,
}

impl Evaluate for InList {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let value = self.value.evaluate(view, faults)?;
        let mut found = None;
        for element in &self.list {
            let element = element.evaluate(view, faults)?;
            let equal = compare(BinaryOp::Equal, &value, &element)?;
            found = Some(match found {
                None => equal,
                Some(other) => kleene(or_kleene, other, equal)?,
            });
        }
        Ok(found.unwrap_or_else(|| Vector::Same(Arc::new(BooleanArray::from(vec![false])))))
    }

    fn can_fail(&self) -> bool {
        self.value.can_fail() || self.list.iter().any(Node::can_fail)
    }
}

/// `a in […]` where the list is long and holds texts only: one look-up a row.
#[derive(Debug)]
pub(super) struct InTexts {
    pub(super) value: Node,
    pub(super) texts: HashSet<String>,
    pub(super) has_null: bool,
}

impl Evaluate for InTexts {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let value = self.value.evaluate(view, faults)?;
        let texts = value.array().as_string::<i32>();
        let found = BooleanBuffer::collect_bool(texts.len(), |i| {
            texts.is_valid(i) && self.texts.contains(texts.value(i))
        });
        let nulls = if self.has_null {
            Some(NullBuffer::new(found.clone()))
        } else {
            texts.nulls().cloned()
        };
        Ok(value.like(Arc::new(BooleanArray::new(found, nulls))))
    }

    fn can_fail(&self) -> bool {
        self.value.can_fail()
    }
}

/// A comparison of two vectors of one type.
pub(super) fn compare(op: BinaryOp, left: &Vector, right: &Vector) -> Result<Vector> {
    let same = all_same([left, right]);
    let array: ArrayRef = match left.array().data_type() {
        DataType::Float64 => compare_floats(op, left, right),
        DataType::Null => {
            let rows = if left.is_same() { right.array().len() } else { left.array().len() };
            new_null_array(&DataType::Boolean, rows)
        }
        _ => Arc::new(match op {
            BinaryOp::Equal => cmp::eq(left, right)?,
            BinaryOp::NotEqual => cmp::neq(left, right)?,
            BinaryOp::Less => cmp::lt(left, right)?,
            BinaryOp::LessEqual => cmp::lt_eq(left, right)?,
            BinaryOp::Greater => cmp::gt(left, right)?,
            BinaryOp::GreaterEqual => cmp::gt_eq(left, right)?,
            other => return Err(Error::bug(format!("`{}` compares nothing", other.symbol()))),
        }),
    };
    Ok(made(array, same))
}

fn compare_floats(op: BinaryOp, left: &Vector, right: &Vector) -> ArrayRef {
    let Some(pair) = Pair::of::<Float64Type, Float64Type>(left, right) else {
        let rows = if left.is_same() { right.array().len() } else { left.array().len() };
        return new_null_array(&DataType::Boolean, rows);
    };
    #[expect(clippy::float_cmp, reason = "equality of floats is what was asked for")]
    let found = match op {
        BinaryOp::Equal => ask(&pair, |a, b| a == b),
        BinaryOp::NotEqual => ask(&pair, |a, b| a != b),
        BinaryOp::Less => ask(&pair, |a, b| a < b),
        BinaryOp::LessEqual => ask(&pair, |a, b| a <= b),
        BinaryOp::Greater => ask(&pair, |a, b| a > b),
        _ => ask(&pair, |a, b| a >= b),
    };
    Arc::new(BooleanArray::new(found, pair.nulls))
}

#[inline]
fn ask(pair: &Pair<'_, f64, f64>, f: impl Fn(f64, f64) -> bool) -> BooleanBuffer {
    match (pair.left, pair.right) {
        (Operand::Each(a), Operand::Each(b)) => {
            BooleanBuffer::collect_bool(pair.rows, |i| f(a[i], b[i]))
        }
        (Operand::Each(a), Operand::Same(b)) => {
            BooleanBuffer::collect_bool(pair.rows, |i| f(a[i], b))
        }
        (Operand::Same(a), Operand::Each(b)) => {
            BooleanBuffer::collect_bool(pair.rows, |i| f(a, b[i]))
        }
        (Operand::Same(a), Operand::Same(b)) => BooleanBuffer::collect_bool(1, |_| f(a, b)),
    }
}

/// `and` or `or` of two vectors.
pub(super) fn kleene<E>(
    kernel: fn(&BooleanArray, &BooleanArray) -> Result<BooleanArray, E>,
    left: Vector,
    right: Vector,
) -> Result<Vector>
where
    Error: From<E>,
{
    let same = all_same([&left, &right]);
    let rows = if left.is_same() { right.array().len() } else { left.array().len() };
    let (left, right) = (left.into_array(rows)?, right.into_array(rows)?);
    Ok(made(Arc::new(kernel(left.as_boolean(), right.as_boolean())?), same))
}
