//! `round`, `trunc`, `ceil`, `floor`: to whole numbers, or to digits before or behind the point.
//!
//! A number keeps its type; a decimal gets a digit more where rounding may need one (9.95 becomes 10.00).

use crate::error::{Error, Result};
use crate::expr::{Node, Vector};
use crate::function::Runs::Own;
use crate::function::{
    Call, Column, Function, Refusal, Refused, applied, first, int, number, numbers, word,
};
use arrow::array::ArrayRef;
use arrow::datatypes::{Decimal128Type, DecimalType, Float64Type, Int64Type};
use dsl::types::{Type, Typed};
use std::sync::Arc;

/// The words of this file.
pub(super) fn words() -> Vec<Function> {
    let digits = || {
        int("digits", "Digits to keep behind the point; before it, where negative.").default("0")
    };
    let round = word("round", "A number rounded, halves away from 0.", wider)
        .details("Floats are binary: `round(1.005, 2)` is 1.0, because 1.005 is a little less than it says.")
        .takes(number("x", "The number."))
        .takes(digits())
        .example("round(2.5)", "3.0")
        .example("round(21.4567, 2)", "21.46")
        .example("round(1234, -2)", "1200")
        .runs(Own(|call| compile(call, Mode::Nearest)));
    let trunc = word("trunc", "A number cut off, towards 0.", first)
        .takes(number("x", "The number."))
        .takes(digits())
        .example("trunc(-2.7)", "-2.0")
        .example("trunc(21.4567, 2)", "21.45")
        .runs(Own(|call| compile(call, Mode::ToZero)));
    let ceil = word("ceil", "The least whole number that is not below a number.", wider)
        .details("A float stays a float; `ceil(x) as int` is an int.")
        .takes(number("x", "The number."))
        .example("ceil(2.1)", "3.0")
        .example("ceil(-2.1)", "-2.0")
        .runs(Own(|call| compile(call, Mode::Up)));
    let floor = word("floor", "The greatest whole number that is not above a number.", wider)
        .details("A float stays a float; `floor(x) as int` is an int.")
        .takes(number("x", "The number."))
        .example("floor(2.9)", "2.0")
        .example("floor(-2.1)", "-3.0")
        .runs(Own(|call| compile(call, Mode::Down)));
    [round, trunc, ceil, floor].concat()
}

/// The type of the number, a decimal with one more digit.
fn wider(args: &[Typed]) -> Result<Typed, String> {
    let typed = first(args)?;
    Ok(match typed.ty {
        Type::Decimal { precision, scale } => {
            let ty = Type::Decimal { precision: (precision + 1).min(38), scale };
            Typed { ty, nullable: typed.nullable }
        }
        _ => typed,
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Nearest,
    ToZero,
    Up,
    Down,
}

fn compile(call: &Call<'_>, mode: Mode) -> Result<Node> {
    let args = call.nodes()?;
    let ty = call.ty.clone();
    Ok(match call.ty {
        Type::Float(_) => {
            applied(call, args, false, move |args: &[Vector], rows, refused: &mut _| {
                floats(mode, args, rows, refused)
            })
        }
        Type::Int => applied(call, args, true, move |args: &[Vector], rows, refused: &mut _| {
            ints(mode, args, rows, refused)
        }),
        Type::Decimal { precision, scale } => {
            let (precision, scale) = (*precision, *scale);
            applied(call, args, true, move |args: &[Vector], rows, refused: &mut _| {
                decimals(mode, (precision, scale), &ty, args, rows, refused)
            })
        }
        Type::Null => {
            applied(call, args, false, |args: &[Vector], _, _: &mut _| Ok(args[0].array().clone()))
        }
        other => {
            return Err(Error::bug(format!("`{}` stands in the plan on a `{other}`", call.name)));
        }
    })
}

/// How many digits to keep, by row; none, where a word takes no such argument.
fn digits(args: &[Vector]) -> Result<impl Fn(usize) -> Option<i64>> {
    let column = if args.len() > 1 { Some(Column::<Int64Type>::of(args, 1)?) } else { None };
    Ok(move |i| column.as_ref().map_or(Some(0), |it| it.get(i)))
}

fn floats(mode: Mode, args: &[Vector], rows: usize, refused: &mut Refused) -> Result<ArrayRef> {
    let (x, digits) = (Column::<Float64Type>::of(args, 0)?, digits(args)?);
    let value = |i| Ok(x.get(i).zip(digits(i)).map(|(x, digits)| mode.float(x, digits)));
    Ok(Arc::new(numbers::<Float64Type>(&Type::FLOAT, rows, refused, value)))
}

fn ints(mode: Mode, args: &[Vector], rows: usize, refused: &mut Refused) -> Result<ArrayRef> {
    let (x, digits) = (Column::<Int64Type>::of(args, 0)?, digits(args)?);
    let value = |i| {
        let Some((x, digits)) = x.get(i).zip(digits(i)) else { return Ok(None) };
        let rounded =
            mode.units(x.into(), digits.saturating_neg()).and_then(|it| it.try_into().ok());
        rounded.map(Some).ok_or_else(|| Refusal::overflow("it does not fit an int"))
    };
    Ok(Arc::new(numbers::<Int64Type>(&Type::Int, rows, refused, value)))
}

fn decimals(
    mode: Mode,
    (precision, scale): (u8, i8),
    ty: &Type,
    args: &[Vector],
    rows: usize,
    refused: &mut Refused,
) -> Result<ArrayRef> {
    let (x, digits) = (Column::<Decimal128Type>::of(args, 0)?, digits(args)?);
    let value = |i| {
        let Some((x, digits)) = x.get(i).zip(digits(i)) else { return Ok(None) };
        mode.units(x, i64::from(scale).saturating_sub(digits))
            .filter(|it| Decimal128Type::is_valid_decimal_precision(*it, precision))
            .map(Some)
            .ok_or_else(|| Refusal::overflow(format!("it does not fit a {ty}")))
    };
    Ok(Arc::new(numbers::<Decimal128Type>(ty, rows, refused, value)))
}

impl Mode {
    fn float(self, x: f64, digits: i64) -> f64 {
        if digits == 0 {
            return self.whole(x);
        }
        // Beyond this a float has no digits on either side.
        let digits = digits.clamp(-330, 330) as i32;
        let scale = 10_f64.powi(digits.abs());
        if digits > 0 {
            let scaled = x * scale;
            // From here on a float has no digits behind the point: there is nothing to round.
            let has_more = scaled.abs() < 9_007_199_254_740_992.0;
            return if has_more { self.whole(scaled) / scale } else { x };
        }
        let rounded = self.whole(x / scale) * scale;
        if rounded.is_nan() && x.is_finite() { 0.0 } else { rounded }
    }

    fn whole(self, x: f64) -> f64 {
        match self {
            Mode::Nearest => x.round(),
            Mode::ToZero => x.trunc(),
            Mode::Up => x.ceil(),
            Mode::Down => x.floor(),
        }
    }

    /// Units without their last `drop` digits; none where they do not fit.
    fn units(self, units: i128, drop: i64) -> Option<i128> {
        if drop <= 0 {
            return Some(units);
        }
        let Some(step) = u32::try_from(drop).ok().and_then(|it| 10_i128.checked_pow(it)) else {
            // More digits are dropped than there are; a step up or down from 0 would not fit.
            return match self {
                Mode::Nearest | Mode::ToZero => Some(0),
                Mode::Up => (units <= 0).then_some(0),
                Mode::Down => (units >= 0).then_some(0),
            };
        };
        let cut = units / step * step;
        let rest = units - cut;
        let away = match self {
            Mode::Nearest => {
                rest.unsigned_abs() >= step.unsigned_abs() - rest.unsigned_abs() && rest != 0
            }
            Mode::ToZero => false,
            Mode::Up => rest > 0,
            Mode::Down => rest < 0,
        };
        if away { cut.checked_add(step * units.signum()) } else { Some(cut) }
    }
}
