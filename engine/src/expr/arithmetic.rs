//! `+ - * / %` and `-x`: which kernel takes which types, and the checked kernels of everything that counts in 64 bits.
//!
//! A checked kernel works out all rows at once, wrapping, and gathers in one flag whether anything overflowed. Only if
//! the flag is set are the rows looked for: in the common case a check costs a few instructions per row and no branch.

use super::compile::{Evaluate, Node};
use super::decimal::{DecimalOp, Decimals, NegateDecimal};
use super::text::{noun, shown};
use super::time::{DurationByFloat, DurationByInt, Ratio};
use super::vector::{Pair, Vector, all_same, made};
use super::view::{Faults, View};
use crate::error::{Error, Result};
use crate::reason::Reason;
use crate::types::data_type;
use arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, Int64Array, PrimitiveArray, new_null_array,
};
use arrow::buffer::NullBuffer;
use arrow::compute::unary;
use arrow::datatypes::{
    DataType, DurationMicrosecondType, Float64Type, Int64Type, TimestampMicrosecondType,
};
use dsl::ast::BinaryOp;
use dsl::calendar::TIMESTAMPS;
use dsl::types::Type;
use std::sync::Arc;

/// The node of an operator on numbers and times.
pub(super) fn arithmetic(
    op: BinaryOp,
    left: Node,
    right: Node,
    (a, b): (&Type, &Type),
    result: &Type,
) -> Result<Node> {
    use BinaryOp as Op;
    let data_type = data_type(result);
    Ok(match (op, a, b) {
        (_, Type::Null, _) | (_, _, Type::Null) => Node::new(Nothing { left, right, data_type }),
        (Op::Divide, Type::Duration, Type::Duration) => Node::new(Ratio { left, right }),
        (Op::Divide, Type::Duration, Type::Int) => Node::new(DurationByInt { left, right }),
        (Op::Divide | Op::Multiply, Type::Duration, Type::Float(_)) => Node::new(DurationByFloat {
            divide: op == Op::Divide,
            duration: left,
            float: right,
            flipped: false,
        }),
        (Op::Multiply, Type::Float(_), Type::Duration) => Node::new(DurationByFloat {
            divide: false,
            duration: right,
            float: left,
            flipped: true,
        }),
        (_, Type::Float(_), Type::Float(_)) => Node::new(Floats { op, left, right }),
        (Op::Add, Type::Decimal { .. }, Type::Decimal { .. }) => {
            Node::new(Decimals { op: DecimalOp::Add, left, right, data_type })
        }
        (Op::Subtract, Type::Decimal { .. }, Type::Decimal { .. }) => {
            Node::new(Decimals { op: DecimalOp::Subtract, left, right, data_type })
        }
        (Op::Multiply, Type::Decimal { .. }, Type::Decimal { .. }) => {
            Node::new(Decimals { op: DecimalOp::Multiply, left, right, data_type })
        }
        (Op::Remainder, Type::Decimal { .. }, Type::Decimal { .. }) => {
            Node::new(Decimals { op: DecimalOp::Remainder, left, right, data_type })
        }
        (Op::Add, a, b) if counted(a) && counted(b) => {
            Node::new(Whole { op: WholeOp::Add, left, right, data_type })
        }
        (Op::Subtract, a, b) if counted(a) && counted(b) => {
            Node::new(Whole { op: WholeOp::Subtract, left, right, data_type })
        }
        (Op::Multiply, a, b) if counted(a) && counted(b) => {
            Node::new(Whole { op: WholeOp::Multiply, left, right, data_type })
        }
        (Op::Remainder, Type::Int, Type::Int) => {
            Node::new(Whole { op: WholeOp::Remainder, left, right, data_type })
        }
        _ => {
            let message = format!("`{}` stands in the plan between `{a}` and `{b}`", op.symbol());
            return Err(Error::bug(message));
        }
    })
}

/// `div(a, b)`: the whole part of a quotient.
pub(crate) fn whole_quotient(left: Node, right: Node) -> Node {
    Node::new(Whole { op: WholeOp::Quotient, left, right, data_type: DataType::Int64 })
}

/// What is held as a number of 64 bits.
fn counted(ty: &Type) -> bool {
    matches!(ty, Type::Int | Type::Duration | Type::Timestamp)
}

/// The node of `-x`.
pub(super) fn negate(value: Node, ty: &Type) -> Result<Node> {
    Ok(match ty {
        Type::Float(_) => Node::new(NegateFloat(value)),
        Type::Decimal { .. } => Node::new(NegateDecimal(value)),
        Type::Int | Type::Duration => Node::new(NegateWhole { value, data_type: data_type(ty) }),
        Type::Null => value,
        other => return Err(Error::bug(format!("`-` stands in the plan before a `{other}`"))),
    })
}

/// An operator of which one side is the literal null.
#[derive(Debug)]
struct Nothing {
    left: Node,
    right: Node,
    data_type: DataType,
}

impl Evaluate for Nothing {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        self.left.evaluate(view, faults)?;
        self.right.evaluate(view, faults)?;
        Ok(Vector::Same(new_null_array(&self.data_type, 1)))
    }

    fn can_fail(&self) -> bool {
        self.left.can_fail() || self.right.can_fail()
    }
}

/// Arithmetic of floats: as IEEE says, it cannot fail.
#[derive(Debug)]
struct Floats {
    op: BinaryOp,
    left: Node,
    right: Node,
}

impl Evaluate for Floats {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let left = self.left.evaluate(view, faults)?;
        let right = self.right.evaluate(view, faults)?;
        let same = all_same([&left, &right]);
        let Some(pair) = Pair::of::<Float64Type, Float64Type>(&left, &right) else {
            return Ok(null_for(&left, &right, &DataType::Float64));
        };
        let values = match self.op {
            BinaryOp::Add => pair.map(|a, b| a + b),
            BinaryOp::Subtract => pair.map(|a, b| a - b),
            BinaryOp::Multiply => pair.map(|a, b| a * b),
            BinaryOp::Divide => pair.map(|a, b| a / b),
            _ => pair.map(|a, b| a % b),
        };
        Ok(made(Arc::new(Float64Array::new(values.into(), pair.nulls)), same))
    }

    fn can_fail(&self) -> bool {
        self.left.can_fail() || self.right.can_fail()
    }
}

/// What an operator yields where one side is null for all rows.
pub(super) fn null_for(left: &Vector, right: &Vector, data_type: &DataType) -> Vector {
    let same = all_same([left, right]);
    let rows = if left.is_same() { right.array().len() } else { left.array().len() };
    made(new_null_array(data_type, rows), same)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WholeOp {
    Add,
    Subtract,
    Multiply,
    Remainder,
    Quotient,
}

/// Checked arithmetic of ints, durations and timestamps.
#[derive(Debug)]
struct Whole {
    op: WholeOp,
    left: Node,
    right: Node,
    data_type: DataType,
}

impl Evaluate for Whole {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let left = self.left.evaluate(view, faults)?;
        let right = self.right.evaluate(view, faults)?;
        let (a, b) = (as_ints(&left)?, as_ints(&right)?);
        let Some(mut pair) = Pair::of::<Int64Type, Int64Type>(&a, &b) else {
            return Ok(null_for(&left, &right, &self.data_type));
        };
        let (values, mut failed) = self.op.apply(&pair);
        // A timestamp is less than 64 bits can count.
        let is_time = matches!(self.data_type, DataType::Timestamp(..));
        failed |= is_time && values.iter().any(|it| !TIMESTAMPS.contains(it));
        if failed {
            let checked = |a, b| {
                let value = self.op.checked(a, b);
                value.is_none_or(|it| is_time && !TIMESTAMPS.contains(&it))
            };
            let divides = matches!(self.op, WholeOp::Remainder | WholeOp::Quotient);
            let detail = |i| {
                let (a, b) = (shown(&left, i), shown(&right, i));
                match self.op {
                    _ if divides && pair.right.at(i) == 0 => self.op.divided_by_zero(&a),
                    WholeOp::Quotient => format!("div({a}, {b}) does not fit an int"),
                    op => format!("{a} {} {b} does not fit {}", op.symbol(), noun(&self.data_type)),
                }
            };
            let zero = pair.bad_places(|a, b| divides && b == 0 && checked(a, b));
            faults.add(view, pair.same, zero, Reason::Division, detail);
            let overflown = pair.bad_places(|a, b| !(divides && b == 0) && checked(a, b));
            faults.add(view, pair.same, overflown, Reason::Overflow, detail);
            pair.nulls = Some(pair.nulls_without(checked));
        }
        Ok(made(counted_array(&self.data_type, values, pair.nulls)?, pair.same))
    }

    fn can_fail(&self) -> bool {
        true
    }
}

impl WholeOp {
    fn symbol(self) -> &'static str {
        match self {
            WholeOp::Add => "+",
            WholeOp::Subtract => "-",
            WholeOp::Multiply => "*",
            WholeOp::Remainder => "%",
            WholeOp::Quotient => "div",
        }
    }

    fn divided_by_zero(self, left: &str) -> String {
        match self {
            WholeOp::Quotient => format!("div({left}, 0) divides by zero"),
            _ => format!("{left} % 0 divides by zero"),
        }
    }

    fn checked(self, a: i64, b: i64) -> Option<i64> {
        match self {
            WholeOp::Add => a.checked_add(b),
            WholeOp::Subtract => a.checked_sub(b),
            WholeOp::Multiply => a.checked_mul(b),
            WholeOp::Remainder => (b != 0).then(|| a.wrapping_rem(b)),
            WholeOp::Quotient => a.checked_div(b),
        }
    }

    /// All results, wrapping, and whether one of them is wrong; slots of nulls may say so, too.
    fn apply(self, pair: &Pair<'_, i64, i64>) -> (Vec<i64>, bool) {
        match self {
            WholeOp::Add => {
                // Both signs differ from that of the sum: gathered in the sign bit, which needs no branch.
                let mut signs = 0;
                let values = pair.map(|a, b| {
                    let sum = a.wrapping_add(b);
                    signs |= (a ^ sum) & (b ^ sum);
                    sum
                });
                (values, signs < 0)
            }
            WholeOp::Subtract => {
                let mut signs = 0;
                let values = pair.map(|a, b| {
                    let difference = a.wrapping_sub(b);
                    signs |= (a ^ b) & (a ^ difference);
                    difference
                });
                (values, signs < 0)
            }
            _ => {
                let mut failed = false;
                let values = pair.map(|a, b| {
                    let value = self.checked(a, b);
                    failed |= value.is_none();
                    value.unwrap_or(0)
                });
                (values, failed)
            }
        }
    }
}

impl<A: Copy, B: Copy> Pair<'_, A, B> {
    /// Where neither side is null and this holds.
    pub(super) fn bad_places(&self, bad: impl Fn(A, B) -> bool) -> Vec<usize> {
        let is_bad = |i: &usize| {
            let (a, b) = self.at(*i);
            self.is_valid(*i) && bad(a, b)
        };
        (0..self.rows).filter(is_bad).collect()
    }

    /// The nulls, and null where this holds.
    pub(super) fn nulls_without(&self, bad: impl Fn(A, B) -> bool) -> NullBuffer {
        let sound = |i| {
            let (a, b) = self.at(i);
            self.is_valid(i) && !bad(a, b)
        };
        (0..self.rows).map(sound).collect()
    }
}

/// Ints, durations and timestamps as the numbers that they are.
pub(super) fn as_ints(vector: &Vector) -> Result<Vector> {
    let array = vector.array();
    let ints: Int64Array = match array.data_type() {
        DataType::Int64 => return Ok(vector.clone()),
        DataType::Timestamp(..) => {
            array.as_primitive::<TimestampMicrosecondType>().reinterpret_cast()
        }
        DataType::Duration(_) => array.as_primitive::<DurationMicrosecondType>().reinterpret_cast(),
        other => return Err(Error::bug(format!("{other} is not counted in 64 bits"))),
    };
    Ok(vector.like(Arc::new(ints)))
}

/// Numbers of 64 bits as ints, durations or timestamps.
pub(super) fn counted_array(
    data_type: &DataType,
    values: Vec<i64>,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef> {
    let ints = Int64Array::new(values.into(), nulls);
    Ok(match data_type {
        DataType::Int64 => Arc::new(ints),
        DataType::Timestamp(..) => {
            let times: PrimitiveArray<TimestampMicrosecondType> = ints.reinterpret_cast();
            Arc::new(times.with_data_type(data_type.clone()))
        }
        DataType::Duration(_) => Arc::new(ints.reinterpret_cast::<DurationMicrosecondType>()),
        other => return Err(Error::bug(format!("{other} is not counted in 64 bits"))),
    })
}

/// `-x` of a float.
#[derive(Debug)]
struct NegateFloat(Node);

impl Evaluate for NegateFloat {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let value = self.0.evaluate(view, faults)?;
        let floats = value.array().as_primitive::<Float64Type>();
        let negated: Float64Array = unary(floats, |it: f64| -it);
        Ok(value.like(Arc::new(negated)))
    }

    fn can_fail(&self) -> bool {
        self.0.can_fail()
    }
}

/// `-x` of an int or duration: the least one has no negative.
#[derive(Debug)]
struct NegateWhole {
    value: Node,
    data_type: DataType,
}

impl Evaluate for NegateWhole {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let value = self.value.evaluate(view, faults)?;
        let zero = Vector::Same(Arc::new(Int64Array::from(vec![0])));
        let ints = as_ints(&value)?;
        let Some(mut pair) = Pair::of::<Int64Type, Int64Type>(&zero, &ints) else {
            return Ok(value);
        };
        let same = value.is_same();
        let (values, failed) = WholeOp::Subtract.apply(&pair);
        if failed {
            let least = |_, it| it == i64::MIN;
            let detail =
                |i| format!("-({}) does not fit {}", shown(&value, i), noun(&self.data_type));
            faults.add(view, same, pair.bad_places(least), Reason::Overflow, detail);
            pair.nulls = Some(pair.nulls_without(least));
        }
        Ok(made(counted_array(&self.data_type, values, pair.nulls)?, same))
    }

    fn can_fail(&self) -> bool {
        true
    }
}
