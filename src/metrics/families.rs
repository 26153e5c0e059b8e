//! Every metric: its name, what it counts, and where its values come from. The one list that scrapes and the reference are
//! made of. Names are those of the field: units in the names, base units only, `_total` behind what only grows.

mod process;
mod sinks;
mod sources;
mod streams;

use super::sample::Sample;
use engine::notes::{Durations, Reasons};
use engine::time::Micros;

/// A metric.
pub struct Family {
    /// Its name, without the unit and `_total`.
    pub name: &'static str,
    /// Bytes, seconds; none: a number of things.
    pub unit: Option<&'static str>,
    /// How it behaves.
    pub shape: Shape,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it says, in a sentence.
    pub help: &'static str,
    /// Its values.
    pub(super) values: fn(&Sample, &mut Put<'_>),
}

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by ranges.
    Histogram,
}

impl Shape {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Counter => "counter",
            Gauge => "gauge",
            Histogram => "histogram",
        }
    }
}

impl Family {
    /// The name under which it is read.
    pub fn shown_name(&self) -> String {
        let unit = self.unit.map(|it| format!("_{it}")).unwrap_or_default();
        let total = if self.shape == Counter { "_total" } else { "" };
        format!("{}{unit}{total}", self.name)
    }
}

/// Takes the values of a metric, each with the values of its labels.
pub(super) type Put<'a> = dyn FnMut(&[&str], Value<'_>) + 'a;

/// A value.
pub(super) enum Value<'a> {
    /// Of things that are counted.
    Count(u64),
    /// Any other.
    Number(f64),
    /// A histogram.
    Durations(&'a Durations),
}

use Shape::{Counter, Gauge, Histogram};

const BYTES: Option<&str> = Some("bytes");
const SECONDS: Option<&str> = Some("seconds");

const fn family(
    name: &'static str,
    unit: Option<&'static str>,
    shape: Shape,
    labels: &'static [&'static str],
    help: &'static str,
    values: fn(&Sample, &mut Put<'_>),
) -> Family {
    Family { name, unit, shape, labels, help, values }
}

/// Every metric, in the order of the reference.
pub fn families() -> impl Iterator<Item = &'static Family> {
    sources::ALL.iter().chain(&streams::ALL).chain(&sinks::ALL).chain(&process::ALL)
}

/// Counters of rows are signed while a row may be taken back; what is shown is not.
fn count(rows: i64) -> Value<'static> {
    Value::Count(rows.max(0).unsigned_abs())
}

fn reasons(name: &str, reasons: &Reasons, put: &mut Put<'_>) {
    for (reason, rows) in reasons.iter() {
        put(&[name, reason.as_str()], Value::Count(rows));
    }
}

fn seconds(micros: Micros) -> f64 {
    micros as f64 / 1e6
}
