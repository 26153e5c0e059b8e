//! `abs` and `signum`: of what counts in 64 bits the least number has no opposite, so it is refused.

use crate::error::{Error, Result};
use crate::expr::{Node, Vector};
use crate::function::Runs::Own;
use crate::function::{
    Call, Column, Function, Refusal, Refused, applied, first, number, numbers, word,
};
use arrow::array::ArrayRef;
use arrow::datatypes::{
    ArrowPrimitiveType, Decimal128Type, DurationMicrosecondType, Float64Type, Int64Type,
};
use dsl::signature::{Param, Takes, TypeClass};
use dsl::types::{Type, Typed};
use std::sync::Arc;

/// The words of this file.
pub(super) fn words() -> Vec<Function> {
    let x = "The number or duration.";
    let x = Param::positional("x", Takes::Expr(TypeClass::NumericOrDuration), x);
    let abs = word("abs", "A number or duration without its sign.", first)
        .takes(x)
        .example("abs(-3)", "3")
        .example("abs(-2.5)", "2.5")
        .example("abs(-90s)", "\"1m30s\"")
        .runs(Own(abs));
    let signum = word("signum", "-1, 0 or 1 by the sign of a number.", sign_of)
        .details("It has the type of its argument, and is an int for a decimal. NaN stays NaN.")
        .takes(number("x", "The number."))
        .example("signum(-3)", "-1")
        .example("signum(2.5)", "1.0")
        .runs(Own(signum));
    [abs, signum].concat()
}

fn sign_of(args: &[Typed]) -> Result<Typed, String> {
    let typed = first(args)?;
    let ty = if matches!(typed.ty, Type::Decimal { .. }) { Type::Int } else { typed.ty };
    Ok(Typed { ty, nullable: typed.nullable })
}

fn abs(call: &Call<'_>) -> Result<Node> {
    let args = call.nodes()?;
    let ty = call.ty.clone();
    Ok(match call.ty {
        Type::Int => applied(call, args, true, move |args: &[Vector], rows, refused: &mut _| {
            each::<Int64Type, Int64Type>(&ty, args, rows, refused, without_sign)
        }),
        Type::Duration => {
            applied(call, args, true, move |args: &[Vector], rows, refused: &mut _| {
                each::<DurationMicrosecondType, DurationMicrosecondType>(
                    &ty,
                    args,
                    rows,
                    refused,
                    without_sign,
                )
            })
        }
        Type::Float(_) => {
            applied(call, args, false, move |args: &[Vector], rows, refused: &mut _| {
                each::<Float64Type, Float64Type>(&ty, args, rows, refused, |it| Ok(it.abs()))
            })
        }
        Type::Decimal { .. } => {
            applied(call, args, false, move |args: &[Vector], rows, refused: &mut _| {
                each::<Decimal128Type, Decimal128Type>(&ty, args, rows, refused, |it| Ok(it.abs()))
            })
        }
        _ => nothing(call, args)?,
    })
}

fn without_sign(value: i64) -> Result<i64, Refusal> {
    value.checked_abs().ok_or_else(|| Refusal::overflow("the least value has no opposite"))
}

fn signum(call: &Call<'_>) -> Result<Node> {
    let args = call.nodes()?;
    let ty = call.ty.clone();
    Ok(match call.type_of(0) {
        Type::Int => applied(call, args, false, move |args: &[Vector], rows, refused: &mut _| {
            each::<Int64Type, Int64Type>(&ty, args, rows, refused, |it| Ok(it.signum()))
        }),
        Type::Float(_) => {
            applied(call, args, false, move |args: &[Vector], rows, refused: &mut _| {
                each::<Float64Type, Float64Type>(&ty, args, rows, refused, |it| Ok(sign(it)))
            })
        }
        Type::Decimal { .. } => {
            applied(call, args, false, move |args: &[Vector], rows, refused: &mut _| {
                let sign = |it: i128| Ok(it.signum() as i64);
                each::<Decimal128Type, Int64Type>(&ty, args, rows, refused, sign)
            })
        }
        _ => nothing(call, args)?,
    })
}

/// Unlike the sign bit: 0 of both zeros.
fn sign(value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { value.signum() }
}

/// The literal null stays what it is.
fn nothing(call: &Call<'_>, mut args: Vec<Node>) -> Result<Node> {
    match (call.ty, args.pop()) {
        (Type::Null, Some(arg)) => Ok(arg),
        (ty, _) => Err(Error::bug(format!("`{}` stands in the plan on a `{ty}`", call.name))),
    }
}

fn each<A: ArrowPrimitiveType, B: ArrowPrimitiveType>(
    ty: &Type,
    args: &[Vector],
    rows: usize,
    refused: &mut Refused,
    value: impl Fn(A::Native) -> Result<B::Native, Refusal>,
) -> Result<ArrayRef> {
    let column = Column::<A>::of(args, 0)?;
    Ok(Arc::new(numbers::<B>(ty, rows, refused, |i| column.get(i).map(&value).transpose())))
}
