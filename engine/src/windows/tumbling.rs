//! `tumbling`: windows side by side.

use super::calendar::{Calendar, DAY};
use super::{Aligned, Fixed, WindowDef, Windows, positive};
use crate::error::{Error, Result};
use chrono_tz::Tz;
use dsl::diagnostic::{Code, Diagnostic};
use dsl::plan::Args;
use dsl::signature::{Constant, Example, Kind, Param, Returns, Signature, Takes};
use dsl::span::Span;
use std::sync::LazyLock;

/// The word.
#[derive(Debug)]
pub(super) struct Tumbling;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: "tumbling",
    kind: Kind::Window,
    summary: "Windows of one length, side by side: a row is in exactly one.",
    details: "Windows are half open, `[start, end)`, and aligned to 1970-01-01T00:00:00Z, whole weeks to a Monday. With \
              `zone` they are aligned to local midnight, so that a day can have 23 or 25 hours; the size is then a \
              number of whole days or divides a day.",
    params: vec![
        Param::positional(
            "size",
            Takes::Constant(Constant::Duration),
            "How long each window is, `1m` for example.",
        )
        .within("1us..36500d"),
        Param::option(
            "offset",
            Takes::Constant(Constant::Duration),
            "Moves all windows by this much: `tumbling(1d, offset: 6h)` are days from six to six.",
        )
        .within("-36500d..36500d")
        .default("0s"),
        Param::option(
            "zone",
            Takes::Constant(Constant::String),
            "The time zone whose midnight windows are aligned to, `\"Europe/Berlin\"` for example.",
        ),
    ],
    result: Returns::Nothing,
    examples: &[Example {
        title: "The average of each minute",
        source: r#"schema Reading {
  device: string
  at:     timestamp
  t:      float
}

source readings = memory(schema: Reading, time: at)

stream minutes = readings
  | window tumbling(1m), by: device
  | aggregate mean = avg(t)

sink out = minutes | into memory()

test "a minute is half open" {
  feed readings [
    { device: "a", at: @2026-01-01T00:00:00Z, t: 1.0 },
    { device: "a", at: @2026-01-01T00:00:59Z, t: 2.0 },
    { device: "a", at: @2026-01-01T00:01:00Z, t: 5.0 },
  ]
  expect minutes [
    { device: "a", mean: 1.5 },
    { device: "a", mean: 5.0 },
  ]
}
"#,
        result: "",
    }],
});

impl WindowDef for Tumbling {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn check(&self, args: &Args, span: Span, report: &mut Vec<Diagnostic>) {
        let size = args.duration("size").ok();
        let Ok(Some(zone)) = args.opt_text("zone") else { return };
        let at = args.span("zone").unwrap_or(span);
        match (zone.parse::<Tz>(), size) {
            (Err(_), _) => report.push(
                Diagnostic::new(Code::BadOption, at, format!("there is no time zone `{zone}`"))
                    .help(
                        "zones are named by a place, as in `\"Europe/Berlin\"`, or are `\"UTC\"`",
                    ),
            ),
            (Ok(zone), Some(size)) if Calendar::new(zone, size, 0).is_none() => {
                let at = args.span("size").unwrap_or(span);
                report.push(
                    Diagnostic::new(Code::OptionsClash, at, uneven(size)).help(
                        "write whole days (`1d`, `7d`) or a part that divides a day (`1h`, `15m`), or leave out `zone`",
                    ),
                );
            }
            _ => {}
        }
    }

    fn windows(&self, args: &Args) -> Result<Windows> {
        let size = positive(args, "size")?;
        let offset = args.opt_duration("offset")?.unwrap_or(0);
        let Some(zone) = args.opt_text("zone")? else {
            return Ok(Windows::Aligned(Aligned::Fixed(Fixed::new(size, size, offset))));
        };
        let zone: Tz = zone
            .parse()
            .map_err(|_| Error::user(format!("there is no time zone `{zone}` for the window")))?;
        // More than a day of offset is the same as its rest: windows that long begin at every midnight anyway.
        let offset = if size >= DAY { offset.rem_euclid(size) } else { offset.rem_euclid(DAY) };
        let calendar =
            Calendar::new(zone, size, offset).ok_or_else(|| Error::user(uneven(size)))?;
        Ok(Windows::Aligned(Aligned::Calendar(calendar)))
    }
}

fn uneven(size: i64) -> String {
    let shown = dsl::value::format_duration(size);
    format!("windows of {shown} cannot be aligned to local midnight")
}
