//! `+ - * / %` of constants: exact where the engine is exact, refused where it would refuse a row.

use super::decimal::{fits, from_units, units};
use crate::ast::BinaryOp;
use crate::calendar::TIMESTAMPS;
use crate::types::Type;
use crate::value::Value;

type Calculated = Result<Value, String>;

/// `-x`
pub(super) fn negated(value: &Value, ty: &Type) -> Calculated {
    if let (Type::Decimal { scale, .. }, Some(units)) = (ty, decimal_units(value, ty)) {
        return Ok(from_units(-units, *scale));
    }
    let too_large = || format!("-({value}) is too large");
    Ok(match value {
        Value::Int(it) => Value::Int(it.checked_neg().ok_or_else(too_large)?),
        Value::Duration(it) => Value::Duration(it.checked_neg().ok_or_else(too_large)?),
        Value::Float(it) => Value::Float(-it),
        _ => Value::Null,
    })
}

/// An operator between two values that are not null; the types are those of both sides and of the result.
#[expect(clippy::match_same_arms, reason = "a line for each pair of types")]
pub(super) fn binary_values(
    op: BinaryOp,
    left: &Value,
    right: &Value,
    (a, b, result): (&Type, &Type, &Type),
) -> Calculated {
    use BinaryOp as Op;
    if let Type::Decimal { precision, scale } = result {
        return decimals(op, (left, a), (right, b), (*precision, *scale));
    }
    let fault = || too_large(op, left, right);
    #[expect(clippy::cast_precision_loss, reason = "durations are multiplied as the nearest float")]
    Ok(match (op, left, right) {
        (Op::Divide, Value::Int(amount), Value::Duration(per)) => rate(*amount as f64, *per)?,
        (Op::Divide, Value::Float(amount), Value::Duration(per)) => rate(*amount, *per)?,
        (Op::Divide, Value::Size(amount), Value::Duration(per)) => rate(*amount as f64, *per)?,
        (Op::Multiply, Value::Int(bytes), Value::Size(one)) => {
            let bytes =
                u64::try_from(*bytes).map_err(|_| format!("a size cannot be negative: {bytes}"))?;
            Value::Size(bytes.checked_mul(*one).ok_or_else(fault)?)
        }
        (Op::Divide, Value::Float(a), Value::Int(b)) if *b != 0 => Value::Float(a / *b as f64),
        (Op::Divide, Value::Float(a), _) if decimal_units(right, b).is_some_and(|it| it != 0) => {
            let Type::Decimal { scale, .. } = b else { return Err(fault()) };
            let units = decimal_units(right, b).unwrap_or_default() as f64;
            Value::Float(a / (units / 10f64.powi(i32::from(*scale))))
        }
        (_, Value::Int(a), Value::Int(b)) => Value::Int(ints(op, *a, *b).ok_or_else(fault)?),
        (_, Value::Float(a), Value::Float(b)) => Value::Float(floats(op, *a, *b)),
        (Op::Divide, Value::Duration(a), Value::Duration(b)) => Value::Float(*a as f64 / *b as f64),
        (Op::Add, Value::Duration(a), Value::Duration(b)) => {
            Value::Duration(a.checked_add(*b).ok_or_else(fault)?)
        }
        (Op::Subtract, Value::Duration(a), Value::Duration(b)) => {
            Value::Duration(a.checked_sub(*b).ok_or_else(fault)?)
        }
        (Op::Multiply, Value::Duration(a), Value::Int(b))
        | (Op::Multiply, Value::Int(b), Value::Duration(a)) => {
            Value::Duration(a.checked_mul(*b).ok_or_else(fault)?)
        }
        (Op::Divide, Value::Duration(a), Value::Int(b)) => {
            Value::Duration(rounded_quotient(*a, *b).ok_or_else(fault)?)
        }
        (Op::Multiply, Value::Duration(a), Value::Float(b))
        | (Op::Multiply, Value::Float(b), Value::Duration(a)) => {
            Value::Duration(whole(*a as f64 * b).ok_or_else(fault)?)
        }
        (Op::Divide, Value::Duration(a), Value::Float(b)) if *b != 0.0 => {
            Value::Duration(whole(*a as f64 / b).ok_or_else(fault)?)
        }
        (Op::Add, Value::Timestamp(a), Value::Duration(b))
        | (Op::Add, Value::Duration(b), Value::Timestamp(a)) => Value::Timestamp(
            a.checked_add(*b).filter(|it| TIMESTAMPS.contains(it)).ok_or_else(fault)?,
        ),
        (Op::Subtract, Value::Timestamp(a), Value::Duration(b)) => Value::Timestamp(
            a.checked_sub(*b).filter(|it| TIMESTAMPS.contains(it)).ok_or_else(fault)?,
        ),
        (Op::Subtract, Value::Timestamp(a), Value::Timestamp(b)) => {
            Value::Duration(a.checked_sub(*b).ok_or_else(fault)?)
        }
        _ => return Err(fault()),
    })
}

fn too_large(op: BinaryOp, left: &Value, right: &Value) -> String {
    let zero = matches!(right, Value::Int(0)) || matches!(right, Value::Float(it) if *it == 0.0);
    let divides = matches!(op, BinaryOp::Divide | BinaryOp::Remainder);
    let symbol = op.symbol();
    if divides && zero {
        format!("`{left} {symbol} {right}` divides by zero")
    } else {
        format!("the result of `{left} {symbol} {right}` is too large")
    }
}

fn rate(amount: f64, per: i64) -> Calculated {
    if per <= 0 {
        return Err("a rate is per a time that is longer than `0s`".to_owned());
    }
    Ok(Value::Rate { amount, per })
}

fn ints(op: BinaryOp, a: i64, b: i64) -> Option<i64> {
    match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Subtract => a.checked_sub(b),
        BinaryOp::Multiply => a.checked_mul(b),
        BinaryOp::Remainder => (b != 0).then(|| a.wrapping_rem(b)),
        _ => None,
    }
}

fn floats(op: BinaryOp, a: f64, b: f64) -> f64 {
    match op {
        BinaryOp::Add => a + b,
        BinaryOp::Subtract => a - b,
        BinaryOp::Multiply => a * b,
        BinaryOp::Divide => a / b,
        _ => a % b,
    }
}

/// The nearest whole number, halves away from zero.
fn rounded_quotient(a: i64, b: i64) -> Option<i64> {
    let quotient = a.checked_div(b)?;
    let rest = a.wrapping_rem(b).unsigned_abs();
    let up = rest > 0 && rest >= b.unsigned_abs() - rest;
    let away = if (a < 0) == (b < 0) { 1 } else { -1 };
    quotient.checked_add(if up { away } else { 0 })
}

/// The nearest whole number of a float, if it is an int.
pub(super) fn whole(value: f64) -> Option<i64> {
    // 2^63 is the least float above every int; -2^63 is an int.
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    let rounded = value.round();
    (-BEYOND..BEYOND).contains(&rounded).then_some(rounded as i64)
}

fn decimal_units(value: &Value, ty: &Type) -> Option<i128> {
    match ty {
        Type::Decimal { scale, .. } => units(value, *scale),
        _ => None,
    }
}

fn decimals(
    op: BinaryOp,
    (left, a): (&Value, &Type),
    (right, b): (&Value, &Type),
    (precision, scale): (u8, i8),
) -> Calculated {
    let result = match (decimal_units(left, a), decimal_units(right, b)) {
        (Some(a), Some(b)) => match op {
            BinaryOp::Add => a.checked_add(b),
            BinaryOp::Subtract => a.checked_sub(b),
            BinaryOp::Multiply => a.checked_mul(b),
            BinaryOp::Remainder => a.checked_rem(b),
            _ => None,
        },
        _ => None,
    };
    match result.filter(|it| fits(*it, precision)) {
        Some(units) => Ok(from_units(units, scale)),
        None => Err(too_large(op, left, right)),
    }
}
