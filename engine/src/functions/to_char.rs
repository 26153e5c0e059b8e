//! `to_char`: a time as text in a form of the user's own.

use crate::error::Result;
use crate::expr::{Node, Vector};
use crate::function::Runs::Own;
use crate::function::calendar::{Zone, local, zone};
use crate::function::{
    Call, Column, Function, Refusal, Refused, Texts, a_text, applied, known_text, misused, text,
    texts, time, word,
};
use arrow::array::ArrayRef;
use arrow::datatypes::TimestampMicrosecondType;
use chrono::format::{Item, StrftimeItems};
use dsl::types::Type;
use std::fmt::Write;
use std::sync::Arc;

/// The words of this file.
pub(super) fn words() -> Vec<Function> {
    word("to_char", "A time as text, in a form that you give.", a_text)
        .also(&["date_format"])
        .details(
            "The form is that of strftime: `%Y` year, `%m` month, `%d` day, `%H` hour, `%M` minute, `%S` second, `%3f` \
             milliseconds, `%j` day of the year, `%a` `%A` day of the week, `%b` `%B` month in English, `%G-W%V` ISO week, \
             `%z` offset, `%%` a percent sign. (`t as string` is RFC 3339.)",
        )
        .takes(time("t", "The time."))
        .takes(text("form", "The form."))
        .takes(zone())
        .example("to_char(@2026-01-31T06:05:00Z, \"%d.%m.%Y %H:%M\")", "\"31.01.2026 06:05\"")
        .example("to_char(@2026-01-31T06:05:00Z, \"%H:%M %z\", \"Asia/Tokyo\")", "\"15:05 +0900\"")
        .checks(|known| {
            known_text(known, 1).map_or(Ok(()), |form| parsed(form).map(|_| ()))?;
            Zone::check(known_text(known, 2))
        })
        .runs(Own(compile))
}

fn compile(call: &Call<'_>) -> Result<Node> {
    let zone = Zone::of(call, 2)?;
    let form = call.constant_text(1).map(parsed).transpose().map_err(|why| misused(call, &why))?;
    let mut args = call.nodes()?;
    args[0] = call.node_as(0, &Type::Timestamp)?;
    Ok(applied(call, args, true, move |args: &[Vector], rows, refused: &mut _| {
        written(form.as_deref(), zone, args, rows, refused)
    }))
}

fn parsed(form: &str) -> Result<Vec<Item<'static>>, String> {
    StrftimeItems::new(form).parse_to_owned().map_err(|_| format!("`{form}` is no form of a time"))
}

fn written(
    form: Option<&[Item<'static>]>,
    zone: Zone,
    args: &[Vector],
    rows: usize,
    refused: &mut Refused,
) -> Result<ArrayRef> {
    let times = Column::<TimestampMicrosecondType>::of(args, 0)?;
    let (forms, zones) = (Texts::of(args, 1)?, zone.texts(args)?);
    Ok(Arc::new(texts(rows, refused, |i, out| {
        let zone = zone.get(zones.as_ref(), i)?;
        let (Some(time), Some(text), Some(zone)) = (times.get(i), forms.get(i), zone) else {
            return Ok(false);
        };
        let time = local(time, zone)?;
        let own = if form.is_none() { parsed(text).map_err(Refusal::value)? } else { Vec::new() };
        let form = form.unwrap_or(&own);
        let done = write!(out, "{}", time.format_with_items(form.iter()));
        done.map(|()| true).map_err(|_| Refusal::value("the time cannot be written in this form"))
    })))
}
