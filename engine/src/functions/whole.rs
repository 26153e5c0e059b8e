//! `factorial`, `gcd`, `lcm`: whole numbers that are refused where they grow too large, never wrapped.

use crate::error::Result;
use crate::expr::Node;
use crate::expr::Vector;
use crate::function::Runs::Own;
use crate::function::{
    Call, Column, Function, Refusal, Refused, an_int, applied, int, numbers, word,
};
use arrow::array::ArrayRef;
use arrow::datatypes::Int64Type;
use dsl::types::Type;
use std::sync::Arc;

/// The words of this file.
pub(super) fn words() -> Vec<Function> {
    let factorial = word("factorial", "The product of all whole numbers up to this one.", an_int)
        .details("A row is refused where the number is negative or above 20, whose factorial is the last that fits.")
        .takes(int("n", "The number, 0 to 20."))
        .example("factorial(5)", "120")
        .example("factorial(0)", "1")
        .runs(Own(|call| Ok(applied(call, call.nodes()?, true, factorials))));
    let gcd = word("gcd", "The greatest common divisor of two whole numbers.", an_int)
        .details("0 where both are 0.")
        .takes(int("a", "A number."))
        .takes(int("b", "Another number."))
        .example("gcd(48, -18)", "6")
        .runs(Own(|call| of_two(call, |a, b| Some(divisor(a, b).into()))));
    let lcm = word("lcm", "The least common multiple of two whole numbers.", an_int)
        .details("0 where one of them is 0; a row is refused where it does not fit an int.")
        .takes(int("a", "A number."))
        .takes(int("b", "Another number."))
        .example("lcm(4, 6)", "12")
        .runs(Own(|call| of_two(call, multiple)));
    [factorial, gcd, lcm].concat()
}

fn too_large() -> Refusal {
    Refusal::overflow("it does not fit an int")
}

fn factorials(args: &[Vector], rows: usize, refused: &mut Refused) -> Result<ArrayRef> {
    let column = Column::<Int64Type>::of(args, 0)?;
    let factorial = |n: i64| match n {
        ..0 => Err(Refusal::value("a negative number has no factorial")),
        // So that no row counts up to a number that it is refused for.
        0..=20 => Ok((1..=n).product()),
        _ => Err(too_large()),
    };
    let value = |i| column.get(i).map(factorial).transpose();
    Ok(Arc::new(numbers::<Int64Type>(&Type::Int, rows, refused, value)))
}

fn of_two(call: &Call<'_>, value: fn(u64, u64) -> Option<u128>) -> Result<Node> {
    Ok(applied(call, call.nodes()?, true, move |args: &[Vector], rows, refused: &mut Refused| {
        let (a, b) = (Column::<Int64Type>::of(args, 0)?, Column::<Int64Type>::of(args, 1)?);
        Ok(Arc::new(numbers::<Int64Type>(&Type::Int, rows, refused, |i| {
            let Some((a, b)) = a.get(i).zip(b.get(i)) else { return Ok(None) };
            let value = value(a.unsigned_abs(), b.unsigned_abs());
            value.and_then(|it| i64::try_from(it).ok()).map(Some).ok_or_else(too_large)
        })) as ArrayRef)
    }))
}

fn divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn multiple(a: u64, b: u64) -> Option<u128> {
    if a == 0 || b == 0 {
        return Some(0);
    }
    u128::from(a / divisor(a, b)).checked_mul(b.into())
}
