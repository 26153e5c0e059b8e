//! The options of `generate`, read and checked.

use dsl::plan::{Arg, Args};
use dsl::value::Value;
use engine::error::{Error, Result};
use engine::time::{Micros, Timestamp};

/// 2026-01-01T00:00:00Z: where times begin with `rate: max`.
const FIXED_START: Timestamp = 1_767_225_600_000_000;

const SECOND: Micros = 1_000_000;

/// The options.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) devices: usize,
    pub(super) seed: u64,
    /// How many rows there are; none: no end.
    pub(super) rows: Option<u64>,
    pub(super) pace: Pace,
    /// Whether rows come as JSON payloads.
    pub(super) payload: bool,
    pub(super) spike: f64,
    pub(super) drop_out: f64,
    pub(super) skew: f64,
    pub(super) late: f64,
    pub(super) bad: f64,
}

/// How rows follow each other in time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// So many rows …
    rows: f64,
    /// … in so many microseconds.
    per: f64,
    /// Whether the clock holds them back.
    pub(super) paced: bool,
}

impl Pace {
    /// How long after the first row this one is due.
    pub(super) fn offset(&self, row: u64) -> Micros {
        (row as f64 * self.per / self.rows) as Micros
    }

    /// How many rows are due when this much time has passed since the first one was.
    pub(super) fn due(&self, passed: Micros) -> u64 {
        let behind_the_first = (passed as f64 * self.rows / self.per) as u64;
        if passed < 0 { 0 } else { behind_the_first.saturating_add(1) }
    }

    /// The time of the first row of a run that begins now.
    pub(super) fn start(&self, now: Timestamp) -> Timestamp {
        if self.paced { now } else { FIXED_START }
    }
}

/// The value of an option that is not known before the run is taken as it comes.
pub(super) struct Problem {
    /// Which option.
    pub(super) option: &'static str,
    pub(super) message: String,
    pub(super) help: &'static str,
}

/// What is wrong with the options that are known.
pub(super) fn problems(args: &Args) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut problem = |option, message: String, help| {
        problems.push(Problem { option, message, help });
    };
    if known_rate(args).is_some_and(|(rows, per)| !(rows > 0.0 && rows.is_finite() && per > 0.0)) {
        let message = "`rate` is not more than none".to_owned();
        problem("rate", message, "write so many a second: `rate: 1000`, or `rate: max`");
    }
    let bad = args.opt_float("bad").ok().flatten().unwrap_or(0.0);
    if bad > 0.0 && args.get("payload").is_none() {
        let message = "`bad` breaks payloads, and there are none".to_owned();
        problem("bad", message, "add `payload: json`, or leave `bad` out");
    }
    problems
}

/// The rate, where it is known and not `max`: so many rows in so many microseconds.
fn known_rate(args: &Args) -> Option<(f64, f64)> {
    Some(match args.get("rate")? {
        Arg::Value(Value::Rate { amount, per }) => (*amount, *per as f64),
        Arg::Value(Value::Int(rows)) => (*rows as f64, SECOND as f64),
        Arg::Value(Value::Float(rows)) => (*rows, SECOND as f64),
        _ => return None,
    })
}

impl Settings {
    pub(super) fn of(args: &Args) -> Result<Settings> {
        if let Some(problem) = problems(args).into_iter().next() {
            let Problem { message, help, .. } = problem;
            return Err(Error::user(format!("{message}; {help}")));
        }
        let devices = args.int("devices")?;
        let pace = match known_rate(args) {
            Some((rows, per)) => Pace { rows, per, paced: true },
            // At any speed: each device measures once a second.
            None => Pace { rows: devices as f64, per: SECOND as f64, paced: false },
        };
        Ok(Settings {
            devices: devices as usize,
            seed: args.int("seed")? as u64,
            rows: args.opt_int("rows")?.map(|it| it as u64),
            pace,
            payload: args.opt_choice("payload")?.is_some(),
            spike: args.float("spike")?,
            drop_out: args.float("drop_out")?,
            skew: args.float("skew")?,
            late: args.float("late")?,
            bad: args.float("bad")?,
        })
    }

    /// Whether anything can happen to a row.
    pub(super) fn has_events(&self) -> bool {
        self.spike > 0.0 || self.drop_out > 0.0 || self.late > 0.0 || self.bad > 0.0
    }
}
