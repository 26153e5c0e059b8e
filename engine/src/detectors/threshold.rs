//! `threshold`: readings beyond fixed limits, with hysteresis and a time that they have to stay there.
//!
//! ```text
//!                 ┌───────────────── is_anomaly ─────────────────┐
//!  above   - - - -X- - x - - - - - - - - - - - - - - - - - - - - - - -
//!                 ├ for ┤   x                          x
//!  clear   - - - - - - - - - - - x - - - - - - x - - - - - x - - - - -   over only when the value is back here
//! ```

use crate::detector::{
    Detector, DetectorCapture, DetectorDef, Finding, Findings, Inputs, Readings, Setting, constant,
    label, rest_param, short,
};
use crate::error::{Error, Result};
use crate::key::{KeyId, StateReader, StateWriter};
use crate::keyed::{Captured, Keyed};
use crate::time::{Micros, Timestamp};
use arrow::array::Array;
use dsl::diagnostic::{Code, Diagnostic};
use dsl::plan::Call;
use dsl::signature::{Example, Kind, Param, Returns, Signature, Takes, TypeClass};
use dsl::types::Type;
use dsl::value::format_duration;
use std::fmt::Write;
use std::sync::LazyLock;

/// The word.
#[derive(Debug)]
pub(super) struct Threshold;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: "threshold",
    kind: Kind::Detector,
    summary: "Finds readings above or below limits that are given, not learned.",
    details: "At least one of `above` and `below` has to be there; a reading exactly on a limit is inside. With `clear`, \
              an anomaly goes on until the value is back at `clear`, so that one that swings around its limit is one \
              incident. With `for`, an anomaly begins once all readings of its key, in the order in which they come, have \
              been beyond the limit for at least so long, told from the times of the rows, and goes on until the value is \
              back; when nothing comes, nothing is reported.\n\n\
              Limits may be columns. Where such a limit is null, the row has no limit of that kind. `upper` is `above`, \
              `lower` is `below`; `score` and `expected` are null. A reading that is null or NaN changes nothing.",
    params: vec![
        Param::positional("value", Takes::Expr(TypeClass::Numeric), "The number to watch."),
        limit("above", "A reading above this is an anomaly."),
        limit("below", "A reading below this is an anomaly."),
        limit(
            "clear",
            "An anomaly goes on until the value is back at this; without it, at the limit.",
        ),
        Param::option(
            "for",
            Takes::ConstantOrExpr(TypeClass::Is(Type::Duration)),
            "How long readings have to be beyond the limit before they are anomalies.",
        )
        .within("0s..36500d"),
        rest_param(),
    ],
    result: Returns::Nothing,
    examples: &[
        Example {
            title: "Too hot, until it has cooled down",
            source: r#"schema Reading {
  device_id:   string
  at:          timestamp
  temperature: float
}

source readings = memory(schema: Reading, time: at)

stream hot = readings
  | detect threshold(temperature, above: 85.0, clear: 80.0), by: device_id
  | where is_anomaly
  | select device_id, temperature, reason

sink out = hot | into memory()

test "82 degrees are too hot only behind 90" {
  feed readings [
    { device_id: "a", at: @2026-01-01T00:00:01Z, temperature: 82.0 },
    { device_id: "a", at: @2026-01-01T00:00:02Z, temperature: 90.0 },
    { device_id: "a", at: @2026-01-01T00:00:03Z, temperature: 82.0 },
    { device_id: "a", at: @2026-01-01T00:00:04Z, temperature: 79.5 },
    { device_id: "a", at: @2026-01-01T00:00:05Z, temperature: 82.0 },
  ]
  expect hot [
    { temperature: 90.0, reason: "temperature 90 is above 85" },
    { temperature: 82.0, reason: "temperature 82 is not back at 80 after it was above 85" },
  ]
}
"#,
            result: "",
        },
        Example {
            title: "A limit that each row brings, for half a minute",
            source: r#"schema Reading {
  pump:  string
  at:    timestamp
  bar:   float
  limit: float?
}

source readings = memory(schema: Reading, time: at)

stream low = readings
  | detect threshold(bar, below: limit, for: 30s), by: pump
  | where is_anomaly
  | select pump, at, bar

sink out = low | into memory()

test "only the third reading is too low for long enough" {
  feed readings [
    { pump: "p", at: @2026-01-01T00:00:00Z, bar: 1.0, limit: 2.0 },
    { pump: "p", at: @2026-01-01T00:00:20Z, bar: 1.1, limit: 2.0 },
    { pump: "p", at: @2026-01-01T00:00:40Z, bar: 1.2, limit: 2.0 },
    { pump: "p", at: @2026-01-01T00:01:00Z, bar: 1.3 },
  ]
  expect low [
    { pump: "p", at: @2026-01-01T00:00:40Z, bar: 1.2 },
  ]
}
"#,
            result: "",
        },
    ],
});

fn limit(name: &'static str, doc: &'static str) -> Param {
    Param::option(name, Takes::ConstantOrExpr(TypeClass::Numeric), doc)
}

impl DetectorDef for Threshold {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn check(&self, call: &Call, report: &mut Vec<Diagnostic>) {
        if call.args.get("above").is_none() && call.args.get("below").is_none() {
            let message = "`threshold` needs a limit: `above`, `below` or both";
            report.push(
                Diagnostic::new(Code::MissingArgument, call.span, message)
                    .help("write the limit: `threshold(temperature, above: 85.0)`"),
            );
        }
        if let Some((option, message)) = mistake(call) {
            let span = call.args.span(option).unwrap_or(call.span);
            let help = "limits are like `above: 85.0, clear: 80.0` or `below: 2.0, clear: 2.5`";
            report.push(Diagnostic::new(Code::OptionsClash, span, message).help(help));
        }
    }

    fn build(&self, call: &Call, inputs: &mut Inputs<'_>) -> Result<Box<dyn Detector>> {
        if let Some((_, message)) = mistake(call) {
            return Err(Error::user(format!("in `threshold`, {message}")));
        }
        let value = call.args.expr("value")?;
        Ok(Box::new(Running {
            value: inputs.number(value)?,
            label: label(value),
            above: inputs.number_setting(call, "above")?,
            below: inputs.number_setting(call, "below")?,
            clear: inputs.number_setting(call, "clear")?,
            duration: inputs.duration_setting(call, "for")?,
            state: Keyed::new(1, State::default()),
        }))
    }
}

/// What is wrong with the constants that are known, and the option that it is about.
fn mistake(call: &Call) -> Option<(&'static str, String)> {
    let (above, below, clear) =
        (constant(call, "above"), constant(call, "below"), constant(call, "clear"));
    if let (Some(above), Some(below)) = (above, below)
        && above < below
    {
        let message = format!("every value is above {} or below {}", short(above), short(below));
        return Some(("below", message));
    }
    match (above, below, clear) {
        (Some(above), _, Some(clear)) if clear > above => {
            let message = format!("`clear` is {}, beyond `above` {}", short(clear), short(above));
            Some(("clear", message))
        }
        (_, Some(below), Some(clear)) if clear < below => {
            let message = format!("`clear` is {}, beyond `below` {}", short(clear), short(below));
            Some(("clear", message))
        }
        _ => None,
    }
}

/// The detector with its state.
struct Running {
    value: usize,
    label: String,
    above: Setting<f64>,
    below: Setting<f64>,
    clear: Setting<f64>,
    duration: Setting<Micros>,
    state: Keyed<State>,
}

/// What is known about a key.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// Beyond which limit its last reading was, or not yet back from.
    side: Option<Side>,
    /// Whether that has lasted long enough.
    raised: bool,
    /// The time of the first reading there.
    since: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Above,
    Below,
}

/// The limits of one row.
#[derive(Clone, Copy, Debug)]
struct Limits {
    above: Option<f64>,
    below: Option<f64>,
    clear: Option<f64>,
    duration: Micros,
}

impl Limits {
    /// Beyond which limit a value is.
    fn beyond(&self, value: f64) -> Option<Side> {
        if self.above.is_some_and(|it| value > it) {
            Some(Side::Above)
        } else if self.below.is_some_and(|it| value < it) {
            Some(Side::Below)
        } else {
            None
        }
    }

    /// Whether a value that was beyond a limit is not back yet.
    fn not_back(&self, side: Side, value: f64) -> bool {
        match side {
            Side::Above => self.above.is_some() && self.clear.is_some_and(|it| value > it),
            Side::Below => self.below.is_some() && self.clear.is_some_and(|it| value < it),
        }
    }
}

impl State {
    /// The next reading; afterwards `raised` says whether it is an anomaly.
    #[inline]
    fn step(&mut self, time: Timestamp, value: f64, limits: &Limits) {
        let beyond = limits.beyond(value);
        let held = self.side.filter(|&it| {
            beyond == Some(it) || beyond.is_none() && self.raised && limits.not_back(it, value)
        });
        if held.is_none() {
            *self = State { side: beyond, raised: false, since: time };
        }
        let lasted = time.saturating_sub(self.since) >= limits.duration;
        self.raised = self.side.is_some() && (self.raised || lasted);
    }
}

/// Says why a reading is an anomaly.
fn explain(
    label: &str,
    time: Timestamp,
    value: f64,
    state: State,
    limits: &Limits,
    out: &mut String,
) {
    let (side, limit) = match state.side {
        Some(Side::Below) => ("below", limits.below),
        _ => ("above", limits.above),
    };
    let limit = short(limit.unwrap_or(f64::NAN));
    let value_text = short(value);
    // Writing to a text cannot fail.
    let _written = match limits.clear {
        Some(clear) if limits.beyond(value).is_none() => {
            let clear = short(clear);
            write!(out, "{label} {value_text} is not back at {clear} after it was {side} {limit}")
        }
        _ => write!(out, "{label} {value_text} is {side} {limit}"),
    };
    let lasted = time.saturating_sub(state.since);
    if limits.duration > 0 && lasted > 0 {
        let _written = write!(out, ", for {} by now", format_duration(lasted));
    }
}

impl Detector for Running {
    fn run(&mut self, readings: &Readings<'_>, findings: &mut Findings<'_>) -> Result<()> {
        let values = readings.numbers(self.value)?;
        let above = readings.number_settings(self.above)?;
        let below = readings.number_settings(self.below)?;
        let clear = readings.number_settings(self.clear)?;
        let durations = readings.duration_settings(self.duration)?;
        for row in readings.rows.clone() {
            let value = values.value(row);
            if values.is_null(row) || value.is_nan() {
                findings.no_reading();
                continue;
            }
            let (key, time) = (readings.keys[row], readings.times[row]);
            let limits = Limits {
                above: above.at(row),
                below: below.at(row),
                clear: clear.at(row),
                duration: durations.at(row).unwrap_or(0),
            };
            let state = self.state.at_mut(key);
            state.step(time, value, &limits);
            let finding = Finding {
                is_anomaly: state.raised,
                lower: limits.below,
                upper: limits.above,
                ..Finding::default()
            };
            let state = *state;
            findings.found(key, time, finding, |out| {
                explain(&self.label, time, value, state, &limits, out);
            });
        }
        Ok(())
    }

    fn grow(&mut self, keys: usize) {
        self.state.grow(keys);
    }

    fn forget(&mut self, key: KeyId) {
        self.state.reset(key);
    }

    fn compact(&mut self, new_ids: &[KeyId]) {
        self.state.compact(new_ids);
    }

    fn bytes(&self) -> usize {
        self.state.bytes()
    }

    fn capture(&mut self) -> Box<dyn DetectorCapture> {
        Box::new(ThresholdCapture(self.state.capture()))
    }

    fn load(&mut self, keys: &[KeyId], from: &mut StateReader<'_>) -> Result<()> {
        for &key in keys {
            let side = match from.u8()? {
                1 => Some(Side::Above),
                2 => Some(Side::Below),
                _ => None,
            };
            let (raised, since) = (from.bool()?, from.i64()?);
            *self.state.at_mut(key) = State { side, raised, since };
        }
        Ok(())
    }
}

/// The state as it was when it was captured.
struct ThresholdCapture(Captured<State>);

impl DetectorCapture for ThresholdCapture {
    fn write(&self, keys: &[KeyId], out: &mut StateWriter) {
        for &key in keys {
            let state = self.0.at(key);
            out.u8(match state.side {
                None => 0,
                Some(Side::Above) => 1,
                Some(Side::Below) => 2,
            });
            out.bool(state.raised);
            out.i64(state.since);
        }
    }
}

#[cfg(test)]
mod tests;
