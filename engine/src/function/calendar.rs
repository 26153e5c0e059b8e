//! Times on a calendar: the local time of a zone and back, and the names of units.

use super::{Call, Refusal, Texts, misused, text};
use crate::error::Result;
use crate::time::Timestamp;
use chrono::{DateTime, Days, LocalResult, NaiveDate, Offset, TimeZone};
use chrono_tz::Tz;
use dsl::signature::Param;

pub(crate) use dsl::calendar::DAY;

/// How far the clock can jump at a change of zone, with room to spare, in quarters of an hour.
const LONGEST_GAP_QUARTERS: i64 = 4 * 26;

/// The parameter that names a zone.
pub(crate) fn zone() -> Param {
    text("zone", "On whose calendar and clock: `Europe/Berlin`.").default("\"UTC\"")
}

/// Where local time is asked for: known before the first row, or by row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Zone {
    /// The same for all rows.
    Same(Tz),
    /// Named by this argument.
    Named(usize),
}

impl Zone {
    /// The zone that an argument names.
    pub(crate) fn of(call: &Call<'_>, i: usize) -> Result<Self> {
        match call.constant_text(i) {
            None => Ok(Zone::Named(i)),
            Some(name) => zone_named(name).map(Zone::Same).map_err(|why| misused(call, &why)),
        }
    }

    /// The zone of a row; none where it is null.
    pub(crate) fn get(self, texts: Option<&Texts<'_>>, row: usize) -> Result<Option<Tz>, Refusal> {
        match self {
            Zone::Same(zone) => Ok(Some(zone)),
            Zone::Named(_) => match texts.and_then(|it| it.get(row)) {
                None => Ok(None),
                Some(name) => zone_named(name).map(Some).map_err(Refusal::value),
            },
        }
    }

    /// Whether a constant names one.
    pub(crate) fn check(name: Option<&str>) -> Result<(), String> {
        name.map_or(Ok(()), |name| zone_named(name).map(|_| ()))
    }

    /// The texts that name it, where it is named by row.
    pub(crate) fn texts(self, args: &[crate::expr::Vector]) -> Result<Option<Texts<'_>>> {
        match self {
            Zone::Same(_) => Ok(None),
            Zone::Named(i) => Texts::of(args, i).map(Some),
        }
    }
}

fn zone_named(name: &str) -> Result<Tz, String> {
    name.parse().map_err(|_| {
        format!("there is no time zone `{name}`; zones are named like `Europe/Berlin`")
    })
}

/// A time on the calendar of a zone.
pub(crate) fn local(time: Timestamp, zone: Tz) -> Result<DateTime<Tz>, Refusal> {
    DateTime::from_timestamp_micros(time)
        .map(|it| it.with_timezone(&zone))
        .ok_or_else(|| Refusal::value("the time is beyond the calendar"))
}

/// How far the clock of its zone is ahead of UTC, in microseconds.
pub(crate) fn offset(time: &DateTime<Tz>) -> i64 {
    i64::from(time.offset().fix().local_minus_utc()) * 1_000_000
}

/// The time at which a local day begins: its first moment where midnight is skipped, the earlier one where it comes twice.
pub(crate) fn start_of_day(date: NaiveDate, zone: Tz) -> Result<Timestamp, Refusal> {
    let midnight = date.and_time(chrono::NaiveTime::MIN);
    for quarter in 0..LONGEST_GAP_QUARTERS {
        let moment = midnight + chrono::TimeDelta::minutes(quarter * 15);
        match zone.from_local_datetime(&moment) {
            LocalResult::Single(it) | LocalResult::Ambiguous(it, _) => {
                return Ok(it.timestamp_micros());
            }
            LocalResult::None => {}
        }
    }
    Err(Refusal::value("the time is beyond the calendar"))
}

/// Days since 1970.
pub(crate) fn days(date: NaiveDate) -> i32 {
    // The calendar of the library is far shorter than what fits.
    date.signed_duration_since(NaiveDate::default()).num_days() as i32
}

/// A date from days since 1970.
pub(crate) fn date(days: i32) -> Result<NaiveDate, Refusal> {
    let epoch = NaiveDate::default();
    let by = Days::new(u64::from(days.unsigned_abs()));
    let date = if days < 0 { epoch.checked_sub_days(by) } else { epoch.checked_add_days(by) };
    date.ok_or_else(|| Refusal::value("the date is beyond the calendar"))
}

/// A name out of a list: known before the first row, or by row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Named<T> {
    /// The same for all rows.
    Same(T),
    /// Named by the first argument.
    First,
}

impl<T: Copy> Named<T> {
    /// What the first argument names.
    pub(crate) fn of(call: &Call<'_>, list: &[(&'static str, T)]) -> Result<Self> {
        match call.constant_text(0) {
            None => Ok(Named::First),
            Some(name) => find(list, name).map(Named::Same).map_err(|why| misused(call, &why)),
        }
    }

    /// What it is for a row; none where it is null.
    pub(crate) fn get(
        self,
        list: &[(&'static str, T)],
        names: &Texts<'_>,
        row: usize,
    ) -> Result<Option<T>, Refusal> {
        match (self, names.get(row)) {
            (_, None) => Ok(None),
            (Named::Same(it), _) => Ok(Some(it)),
            (Named::First, Some(name)) => find(list, name).map(Some).map_err(Refusal::value),
        }
    }
}

/// Whether a constant is in a list of names.
pub(crate) fn check_name<T: Copy>(
    list: &[(&'static str, T)],
    name: Option<&str>,
) -> Result<(), String> {
    name.map_or(Ok(()), |name| find(list, name).map(|_| ()))
}

fn find<T: Copy>(list: &[(&'static str, T)], name: &str) -> Result<T, String> {
    list.iter().find(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, it)| *it).ok_or_else(|| {
        let names: Vec<String> = list.iter().map(|(it, _)| format!("`{it}`")).collect();
        format!("`{name}` is none of {}", names.join(", "))
    })
}
