//! `make_date`: a date from its numbers.

use crate::error::Result;
use crate::expr::Vector;
use crate::function::Runs::Own;
use crate::function::{
    Column, Function, Refusal, Refused, a_date, applied, calendar, int, numbers, word,
};
use arrow::array::ArrayRef;
use arrow::datatypes::{Date32Type, Int64Type};
use chrono::NaiveDate;
use dsl::types::Type;
use std::sync::Arc;

/// The words of this file.
pub(super) fn words() -> Vec<Function> {
    word("make_date", "A date from its year, month and day.", a_date)
        .details("A row is refused where there is no such day.")
        .takes(int("year", "The year."))
        .takes(int("month", "The month, 1 to 12."))
        .takes(int("day", "The day of the month, from 1."))
        .example("make_date(2026, 1, 31)", "\"2026-01-31\"")
        .runs(Own(|call| Ok(applied(call, call.nodes()?, true, dates))))
}

fn dates(args: &[Vector], rows: usize, refused: &mut Refused) -> Result<ArrayRef> {
    let part = |i| Column::<Int64Type>::of(args, i);
    let (years, months, of_days) = (part(0)?, part(1)?, part(2)?);
    let value = |i| match (years.get(i), months.get(i), of_days.get(i)) {
        (Some(year), Some(month), Some(day)) => date(year, month, day)
            .map(|it| Some(calendar::days(it)))
            .ok_or_else(|| Refusal::value("there is no such day")),
        _ => Ok(None),
    };
    Ok(Arc::new(numbers::<Date32Type>(&Type::Date, rows, refused, value)))
}

fn date(year: i64, month: i64, day: i64) -> Option<NaiveDate> {
    let (year, month) = (i32::try_from(year).ok()?, u32::try_from(month).ok()?);
    NaiveDate::from_ymd_opt(year, month, u32::try_from(day).ok()?)
}
