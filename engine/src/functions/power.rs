//! `power`: whole numbers stay whole and never wrap, floats follow IEEE.

use crate::error::Result;
use crate::expr::{Node, Vector};
use crate::function::Runs::Own;
use crate::function::{Call, Column, Function, Refusal, Refused, applied, number, numbers, word};
use arrow::array::ArrayRef;
use arrow::datatypes::{Float64Type, Int64Type};
use dsl::types::{Type, Typed};
use std::sync::Arc;

/// The words of this file.
pub(super) fn words() -> Vec<Function> {
    word("power", "A number raised to the power of another.", yields)
        .also(&["pow"])
        .details(
            "An int of two ints, otherwise a float. A row is refused where an int does not fit or its exponent is \
             negative: `power(2.0, -1)` is 0.5.",
        )
        .takes(number("base", "What is multiplied by itself."))
        .takes(number("exponent", "How many times."))
        .example("power(2, 10)", "1024")
        .example("power(2.0, -1)", "0.5")
        .runs(Own(compile))
}

fn yields(args: &[Typed]) -> Result<Typed, String> {
    let nullable = args.iter().any(|it| it.nullable);
    let mut ty = Type::Int;
    for arg in args {
        match &arg.ty {
            Type::Int | Type::Null | Type::Unknown => {}
            Type::Float(_) => ty = Type::FLOAT,
            other => {
                return Err(format!("it takes ints and floats, not {other}; write `x as float`"));
            }
        }
    }
    Ok(Typed { ty, nullable })
}

fn compile(call: &Call<'_>) -> Result<Node> {
    let whole = *call.ty == Type::Int;
    let ty = if whole { Type::Int } else { Type::FLOAT };
    let args = vec![call.node_as(0, &ty)?, call.node_as(1, &ty)?];
    Ok(applied(call, args, whole, if whole { ints } else { floats }))
}

fn floats(args: &[Vector], rows: usize, refused: &mut Refused) -> Result<ArrayRef> {
    let (base, exponent) =
        (Column::<Float64Type>::of(args, 0)?, Column::<Float64Type>::of(args, 1)?);
    let value =
        |i| Ok(base.get(i).zip(exponent.get(i)).map(|(base, exponent)| base.powf(exponent)));
    Ok(Arc::new(numbers::<Float64Type>(&Type::FLOAT, rows, refused, value)))
}

fn ints(args: &[Vector], rows: usize, refused: &mut Refused) -> Result<ArrayRef> {
    let (base, exponent) = (Column::<Int64Type>::of(args, 0)?, Column::<Int64Type>::of(args, 1)?);
    let value = |i| base.get(i).zip(exponent.get(i)).map(|(a, b)| whole(a, b)).transpose();
    Ok(Arc::new(numbers::<Int64Type>(&Type::Int, rows, refused, value)))
}

fn whole(base: i64, exponent: i64) -> Result<i64, Refusal> {
    if exponent < 0 {
        return Err(Refusal::value("the exponent of an int is negative; make the base a float"));
    }
    match (base, exponent) {
        // However large the exponent.
        (0 | 1, 1..) => Some(base),
        (-1, _) => Some(if exponent % 2 == 0 { 1 } else { -1 }),
        _ => u32::try_from(exponent).ok().and_then(|it| base.checked_pow(it)),
    }
    .ok_or_else(|| Refusal::overflow("it does not fit an int"))
}
