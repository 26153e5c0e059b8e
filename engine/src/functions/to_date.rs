//! `to_date`: text in the user's own forms as a date.

use crate::error::Result;
use crate::expr::Vector;
use crate::function::Runs::Own;
use crate::function::{
    Function, Refusal, Refused, Texts, a_date, applied, calendar, numbers, text, word,
};
use arrow::array::ArrayRef;
use arrow::datatypes::Date32Type;
use chrono::NaiveDate;
use dsl::signature::{Param, Place};
use dsl::types::Type;
use std::sync::Arc;

/// The words of this file.
pub(super) fn words() -> Vec<Function> {
    word("to_date", "A text as a date, in forms that you give.", a_date)
        .details("The first form that fits counts. A row is refused where none does. Forms are those of `to_char`.")
        .takes(text("text", "The text."))
        .takes(forms())
        .example("to_date(\"2026-01-31\")", "\"2026-01-31\"")
        .example("to_date(\"31.1.2026\", \"%Y/%m/%d\", \"%d.%m.%Y\")", "\"2026-01-31\"")
        .runs(Own(|call| Ok(applied(call, call.nodes()?, true, dates))))
}

fn forms() -> Param {
    let form = text("forms", "The forms, tried in their order; `%Y-%m-%d` by default.");
    Param { place: Place::Repeated, ..form.optional() }
}

fn dates(args: &[Vector], rows: usize, refused: &mut Refused) -> Result<ArrayRef> {
    let column = Texts::of(args, 0)?;
    let forms = (1..args.len()).map(|i| Texts::of(args, i)).collect::<Result<Vec<_>>>()?;
    let value = |i| {
        let Some(text) = column.get(i) else { return Ok(None) };
        if forms.iter().any(|it| it.get(i).is_none()) {
            return Ok(None);
        }
        let date = if forms.is_empty() {
            read(text, "%Y-%m-%d")
        } else {
            forms.iter().find_map(|it| read(text, it.get(i)?))
        };
        date.map(Some).ok_or_else(|| Refusal::value("the text is not a date in one of the forms"))
    };
    Ok(Arc::new(numbers::<Date32Type>(&Type::Date, rows, refused, value)))
}

fn read(text: &str, form: &str) -> Option<i32> {
    NaiveDate::parse_from_str(text.trim(), form).ok().map(calendar::days)
}
