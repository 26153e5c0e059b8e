//! `to_timestamp` and its like: numbers since 1970, and text in the user's own forms, as a time.

use crate::error::{Error, Result};
use crate::expr::{Node, Vector};
use crate::function::Runs::Own;
use crate::function::{
    Call, Column, Function, Refusal, Refused, Texts, any, applied, numbers, text, word,
};
use crate::time::Timestamp;
use arrow::array::ArrayRef;
use arrow::datatypes::{Float64Type, Int64Type, TimestampMicrosecondType};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use dsl::signature::{Param, Place};
use dsl::types::{Type, Typed};
use std::sync::Arc;

/// The forms of text without an offset that are read where none is given.
const FORMS: [&str; 4] =
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];

/// Why a text is refused; the text itself is in the message already.
const NO_FORM: &str = "the text is not a time in one of the forms";

/// What a number counts: so many units are so many microseconds.
#[derive(Clone, Copy, Debug)]
struct Unit {
    units: i64,
    micros: i64,
}

const SECONDS: Unit = Unit { units: 1, micros: 1_000_000 };
const MILLIS: Unit = Unit { units: 1, micros: 1_000 };
const MICROS: Unit = Unit { units: 1, micros: 1 };
const NANOS: Unit = Unit { units: 1_000, micros: 1 };

const DETAILS: &str = "Text without a form is RFC 3339, or `2026-01-31 06:00:00`, or a date, in UTC where it has no \
                       offset. With forms, those of `to_char`, the first that fits counts. A row is refused where none does.";

/// The words of this file.
pub(super) fn words() -> Vec<Function> {
    let plain =
        word("to_timestamp", "A number of seconds since 1970, or a text, as a time.", yields)
            .details(DETAILS)
            .takes(value())
            .takes(forms())
            .example("to_timestamp(1769839200)", "\"2026-01-31T06:00:00Z\"")
            .example("to_timestamp(1769839200.25)", "\"2026-01-31T06:00:00.250Z\"")
            .example("to_timestamp(\"2026-01-31 06:00:00\")", "\"2026-01-31T06:00:00Z\"")
            .example(
                "to_timestamp(\"31.01.2026 07:00 +0100\", \"%d.%m.%Y %H:%M %z\")",
                "\"2026-01-31T06:00:00Z\"",
            )
            .runs(Own(|call| compile(call, SECONDS)));
    let seconds = word(
        "to_timestamp_seconds",
        "A number of seconds since 1970, or a text, as a time.",
        yields,
    )
    .details(DETAILS)
    .takes(value())
    .takes(forms())
    .example("to_timestamp_seconds(1769839200)", "\"2026-01-31T06:00:00Z\"")
    .runs(Own(|call| compile(call, SECONDS)));
    let millis = word(
        "to_timestamp_millis",
        "A number of milliseconds since 1970, or a text, as a time.",
        yields,
    )
    .details(DETAILS)
    .takes(value())
    .takes(forms())
    .example("to_timestamp_millis(1769839200250)", "\"2026-01-31T06:00:00.250Z\"")
    .runs(Own(|call| compile(call, MILLIS)));
    let micros = word(
        "to_timestamp_micros",
        "A number of microseconds since 1970, or a text, as a time.",
        yields,
    )
    .details(DETAILS)
    .takes(value())
    .takes(forms())
    .example("to_timestamp_micros(1769839200000001)", "\"2026-01-31T06:00:00.000001Z\"")
    .runs(Own(|call| compile(call, MICROS)));
    let nanos = word(
        "to_timestamp_nanos",
        "A number of nanoseconds since 1970, or a text, as a time.",
        yields,
    )
    .details(
        "Times have microseconds: what is finer is cut off. Text is read as in `to_timestamp`.",
    )
    .takes(value())
    .takes(forms())
    .example("to_timestamp_nanos(1769839200000001999)", "\"2026-01-31T06:00:00.000001Z\"")
    .runs(Own(|call| compile(call, NANOS)));
    [plain, seconds, millis, micros, nanos].concat()
}

fn value() -> Param {
    any("value", "An int, a float or a text.")
}

fn forms() -> Param {
    Param {
        place: Place::Repeated,
        ..text("forms", "The forms of the text, tried in their order.").optional()
    }
}

fn yields(args: &[Typed]) -> Result<Typed, String> {
    let value = args.first().ok_or("a value is missing")?;
    match value.ty {
        Type::String | Type::Null | Type::Unknown => {}
        Type::Int | Type::Float(_) if args.len() == 1 => {}
        Type::Int | Type::Float(_) => return Err("forms are for text, this is a number".to_owned()),
        _ => return Err(format!("it takes a number or a text, not {}", value.ty)),
    }
    Ok(Typed { ty: Type::Timestamp, nullable: args.iter().any(|it| it.nullable) })
}

fn compile(call: &Call<'_>, unit: Unit) -> Result<Node> {
    Ok(match call.type_of(0) {
        Type::Int => {
            applied(call, call.nodes()?, true, move |args: &[Vector], rows, refused: &mut _| {
                let column = Column::<Int64Type>::of(args, 0)?;
                let value = |i| column.get(i).map(|it| unit.of_int(it)).transpose();
                Ok(times(rows, refused, value))
            })
        }
        Type::Float(_) => {
            applied(call, call.nodes()?, true, move |args: &[Vector], rows, refused: &mut _| {
                let column = Column::<Float64Type>::of(args, 0)?;
                let value = |i| column.get(i).map(|it| unit.of_float(it)).transpose();
                Ok(times(rows, refused, value))
            })
        }
        Type::String | Type::Null => {
            let mut args = call.nodes()?;
            args[0] = call.node_as(0, &Type::String)?;
            applied(call, args, true, of_text)
        }
        other => {
            return Err(Error::bug(format!("`{}` stands in the plan on a `{other}`", call.name)));
        }
    })
}

fn times(
    rows: usize,
    refused: &mut Refused,
    value: impl FnMut(usize) -> Result<Option<Timestamp>, Refusal>,
) -> ArrayRef {
    Arc::new(numbers::<TimestampMicrosecondType>(&Type::Timestamp, rows, refused, value))
}

impl Unit {
    fn of_int(self, value: i64) -> Result<Timestamp, Refusal> {
        value.div_euclid(self.units).checked_mul(self.micros).ok_or_else(misfit)
    }

    fn of_float(self, value: f64) -> Result<Timestamp, Refusal> {
        let micros = (value * self.micros as f64 / self.units as f64).round();
        // 2^63 is the least float above every int.
        let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&micros);
        if fits { Ok(micros as i64) } else { Err(misfit()) }
    }
}

fn misfit() -> Refusal {
    Refusal::overflow("it does not fit a timestamp")
}

fn of_text(args: &[Vector], rows: usize, refused: &mut Refused) -> Result<ArrayRef> {
    let column = Texts::of(args, 0)?;
    let forms = (1..args.len()).map(|i| Texts::of(args, i)).collect::<Result<Vec<_>>>()?;
    Ok(times(rows, refused, |i| {
        let Some(text) = column.get(i) else { return Ok(None) };
        if forms.iter().any(|it| it.get(i).is_none()) {
            return Ok(None);
        }
        let text = text.trim();
        let time = if forms.is_empty() {
            plain(text)
        } else {
            forms.iter().find_map(|it| read(text, it.get(i)?))
        };
        time.map(Some).ok_or_else(|| Refusal::value(NO_FORM))
    }))
}

/// Text where no form is given.
fn plain(text: &str) -> Option<Timestamp> {
    let exact = DateTime::parse_from_rfc3339(text).ok().map(|it| it.timestamp_micros());
    exact.or_else(|| FORMS.iter().chain(&["%Y-%m-%d"]).find_map(|form| read(text, form)))
}

/// Text in a form: with an offset, without one (then in UTC), or a date alone.
fn read(text: &str, form: &str) -> Option<Timestamp> {
    if let Ok(time) = DateTime::parse_from_str(text, form) {
        return Some(time.timestamp_micros());
    }
    let naive = NaiveDateTime::parse_from_str(text, form).ok().or_else(|| {
        NaiveDate::parse_from_str(text, form).ok().map(|it| it.and_time(NaiveTime::MIN))
    });
    naive.map(|it| it.and_utc().timestamp_micros())
}
