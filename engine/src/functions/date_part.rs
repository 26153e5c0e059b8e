//! `date_part`: a number of the calendar or clock out of a time.

use crate::error::Result;
use crate::expr::{Node, Vector};
use crate::function::Runs::Own;
use crate::function::calendar::{Named, Zone, check_name, local, zone};
use crate::function::{
    Call, Column, Function, Refused, Texts, an_int, applied, known_text, numbers, text, time, word,
};
use arrow::array::ArrayRef;
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use chrono::{DateTime, Datelike, Timelike};
use chrono_tz::Tz;
use dsl::types::Type;
use std::sync::Arc;

/// The words of this file.
pub(super) fn words() -> Vec<Function> {
    word("date_part", "A number of the calendar or the clock out of a time.", an_int)
        .details(
            "Parts: `year`, `quarter`, `month`, `week` (of ISO 8601), `day`, `hour`, `minute`, `second`, `millisecond` \
             and `microsecond` (of the minute, seconds included), `dow` (day of the week, 0 is Sunday), `isodow` (1 is \
             Monday, 7 is Sunday), `doy` (day of the year, from 1), `epoch` (whole seconds since 1970).",
        )
        .takes(text("part", "Which part."))
        .takes(time("t", "The time."))
        .takes(zone())
        .example("date_part(\"hour\", @2026-01-31T06:30:00Z)", "6")
        .example("date_part(\"hour\", @2026-07-31T06:30:00Z, \"Europe/Berlin\")", "8")
        .example("date_part(\"isodow\", @2026-02-01)", "7")
        .checks(|known| {
            check_name(PARTS, known_text(known, 0))?;
            Zone::check(known_text(known, 2))
        })
        .runs(Own(compile))
}

#[derive(Clone, Copy, Debug)]
enum Part {
    Year,
    Quarter,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
    Millisecond,
    Microsecond,
    WeekdayFromSunday,
    WeekdayOfIso,
    DayOfYear,
    Epoch,
}

const PARTS: &[(&str, Part)] = &[
    ("year", Part::Year),
    ("quarter", Part::Quarter),
    ("month", Part::Month),
    ("week", Part::Week),
    ("day", Part::Day),
    ("hour", Part::Hour),
    ("minute", Part::Minute),
    ("second", Part::Second),
    ("millisecond", Part::Millisecond),
    ("microsecond", Part::Microsecond),
    ("dow", Part::WeekdayFromSunday),
    ("isodow", Part::WeekdayOfIso),
    ("doy", Part::DayOfYear),
    ("epoch", Part::Epoch),
];

fn compile(call: &Call<'_>) -> Result<Node> {
    let (part, zone) = (Named::of(call, PARTS)?, Zone::of(call, 2)?);
    let mut args = call.nodes()?;
    args[1] = call.node_as(1, &Type::Timestamp)?;
    Ok(applied(call, args, true, move |args: &[Vector], rows, refused: &mut _| {
        parts(part, zone, args, rows, refused)
    }))
}

fn parts(
    part: Named<Part>,
    zone: Zone,
    args: &[Vector],
    rows: usize,
    refused: &mut Refused,
) -> Result<ArrayRef> {
    let (names, zones) = (Texts::of(args, 0)?, zone.texts(args)?);
    let times = Column::<TimestampMicrosecondType>::of(args, 1)?;
    let value = |i| {
        let part = part.get(PARTS, &names, i)?;
        let zone = zone.get(zones.as_ref(), i)?;
        let (Some(part), Some(time), Some(zone)) = (part, times.get(i), zone) else {
            return Ok(None);
        };
        Ok(Some(part.of(&local(time, zone)?)))
    };
    Ok(Arc::new(numbers::<Int64Type>(&Type::Int, rows, refused, value)))
}

impl Part {
    fn of(self, time: &DateTime<Tz>) -> i64 {
        let second = || i64::from(time.second());
        // A leap second counts more than a second of nanoseconds; it does not come out of a timestamp.
        let nanos = || i64::from(time.nanosecond());
        match self {
            Part::Year => time.year().into(),
            Part::Quarter => time.quarter().into(),
            Part::Month => time.month().into(),
            Part::Week => time.iso_week().week().into(),
            Part::Day => time.day().into(),
            Part::Hour => time.hour().into(),
            Part::Minute => time.minute().into(),
            Part::Second => second(),
            Part::Millisecond => second() * 1_000 + nanos() / 1_000_000,
            Part::Microsecond => second() * 1_000_000 + nanos() / 1_000,
            Part::WeekdayFromSunday => time.weekday().num_days_from_sunday().into(),
            Part::WeekdayOfIso => time.weekday().number_from_monday().into(),
            Part::DayOfYear => time.ordinal().into(),
            Part::Epoch => time.timestamp(),
        }
    }
}
