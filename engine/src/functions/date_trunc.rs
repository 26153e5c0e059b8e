//! `date_trunc`: the start of the hour, day, month … that a time lies in.

use crate::error::Result;
use crate::expr::{Node, Vector};
use crate::function::Runs::Own;
use crate::function::calendar::{
    self, DAY, Named, Zone, check_name, local, offset, start_of_day, zone,
};
use crate::function::{
    Call, Column, Function, Refusal, Refused, Texts, applied, known_text, numbers, text, time, word,
};
use crate::time::Timestamp;
use arrow::array::ArrayRef;
use arrow::datatypes::{Date32Type, TimestampMicrosecondType};
use chrono::{Datelike, Days, NaiveDate};
use chrono_tz::Tz;
use dsl::types::{Type, Typed};
use std::sync::Arc;

/// The words of this file.
pub(super) fn words() -> Vec<Function> {
    word("date_trunc", "The start of the hour, day or month that a time lies in.", same_time)
        .details(
            "Units: `microsecond`, `millisecond`, `second`, `minute`, `hour`, `day`, `week` (from Monday), `month`, \
             `quarter`, `year`. A timestamp stays a timestamp, a date a date. `date_bin` cuts time into pieces of any \
             length.",
        )
        .takes(text("unit", "The unit."))
        .takes(time("t", "The time."))
        .takes(zone())
        .example("date_trunc(\"hour\", @2026-01-31T06:42:10Z)", "\"2026-01-31T06:00:00Z\"")
        .example("date_trunc(\"day\", @2026-01-31T06:42:10Z, \"Europe/Berlin\")", "\"2026-01-30T23:00:00Z\"")
        .example("date_trunc(\"month\", @2026-01-31)", "\"2026-01-01\"")
        .checks(|known| {
            check_name(UNITS, known_text(known, 0))?;
            Zone::check(known_text(known, 2))
        })
        .runs(Own(compile))
}

/// A timestamp of a timestamp, a date of a date.
fn same_time(args: &[Typed]) -> Result<Typed, String> {
    let ty = args.get(1).map(|it| it.ty.clone()).ok_or("a time is missing")?;
    let ty = if ty == Type::Date { ty } else { Type::Timestamp };
    Ok(Typed { ty, nullable: args.iter().any(|it| it.nullable) })
}

#[derive(Clone, Copy, Debug)]
enum Unit {
    /// A part of a day, in microseconds.
    Clock(i64),
    /// Whole days.
    Calendar(fn(NaiveDate) -> Option<NaiveDate>),
}

const UNITS: &[(&str, Unit)] = &[
    ("microsecond", Unit::Clock(1)),
    ("millisecond", Unit::Clock(1_000)),
    ("second", Unit::Clock(1_000_000)),
    ("minute", Unit::Clock(60_000_000)),
    ("hour", Unit::Clock(3_600_000_000)),
    ("day", Unit::Calendar(Some)),
    ("week", Unit::Calendar(monday)),
    ("month", Unit::Calendar(|date| date.with_day(1))),
    ("quarter", Unit::Calendar(|date| first_of(date, date.month0() / 3 * 3 + 1))),
    ("year", Unit::Calendar(|date| first_of(date, 1))),
];

fn monday(date: NaiveDate) -> Option<NaiveDate> {
    date.checked_sub_days(Days::new(date.weekday().num_days_from_monday().into()))
}

fn first_of(date: NaiveDate, month: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(date.year(), month, 1)
}

fn compile(call: &Call<'_>) -> Result<Node> {
    let (unit, zone) = (Named::of(call, UNITS)?, Zone::of(call, 2)?);
    let mut args = call.nodes()?;
    args[1] = call.node_as(1, call.ty)?;
    let is_date = *call.ty == Type::Date;
    Ok(applied(call, args, true, move |args: &[Vector], rows, refused: &mut _| {
        if is_date {
            dates(unit, args, rows, refused)
        } else {
            times(unit, zone, args, rows, refused)
        }
    }))
}

fn dates(
    unit: Named<Unit>,
    args: &[Vector],
    rows: usize,
    refused: &mut Refused,
) -> Result<ArrayRef> {
    let (names, dates) = (Texts::of(args, 0)?, Column::<Date32Type>::of(args, 1)?);
    let value = |i| match (unit.get(UNITS, &names, i)?, dates.get(i)) {
        (Some(Unit::Clock(_)), Some(days)) => Ok(Some(days)),
        (Some(Unit::Calendar(start)), Some(days)) => {
            start(calendar::date(days)?).map(|it| Some(calendar::days(it))).ok_or_else(beyond)
        }
        _ => Ok(None),
    };
    Ok(Arc::new(numbers::<Date32Type>(&Type::Date, rows, refused, value)))
}

fn times(
    unit: Named<Unit>,
    zone: Zone,
    args: &[Vector],
    rows: usize,
    refused: &mut Refused,
) -> Result<ArrayRef> {
    let (names, zones) = (Texts::of(args, 0)?, zone.texts(args)?);
    let times = Column::<TimestampMicrosecondType>::of(args, 1)?;
    let value = |i| {
        let unit = unit.get(UNITS, &names, i)?;
        let zone = zone.get(zones.as_ref(), i)?;
        match (unit, times.get(i), zone) {
            (Some(unit), Some(time), Some(zone)) => unit.start(time, zone).map(Some),
            _ => Ok(None),
        }
    };
    Ok(Arc::new(numbers::<TimestampMicrosecondType>(&Type::Timestamp, rows, refused, value)))
}

impl Unit {
    fn start(self, time: Timestamp, zone: Tz) -> Result<Timestamp, Refusal> {
        match self {
            Unit::Clock(size) => {
                // No zone is off by a part of a minute that matters to smaller units, nor is UTC.
                let ahead = if zone == Tz::UTC { 0 } else { offset(&local(time, zone)?) };
                let since = time.checked_add(ahead).ok_or_else(beyond)?.rem_euclid(size);
                time.checked_sub(since).ok_or_else(beyond)
            }
            Unit::Calendar(start) => {
                let date = start(local(time, zone)?.date_naive()).ok_or_else(beyond)?;
                if zone == Tz::UTC {
                    return i64::from(calendar::days(date)).checked_mul(DAY).ok_or_else(beyond);
                }
                start_of_day(date, zone)
            }
        }
    }
}

fn beyond() -> Refusal {
    Refusal::value("the time is beyond the calendar")
}
