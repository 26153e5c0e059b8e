//! The commands, typed as users type them: exit codes, what goes to which stream, what is left behind.

mod check;
mod docs;
mod explain;
mod files;
mod fmt;
mod influxdb;
mod live;
mod logs;
mod metrics;
mod params;
mod query;
mod report;
mod secrets;
mod shell;
mod signals;
mod sinks;
mod testing;
mod usage;

/// Readings of devices, from a file: averages by the minute, hot ones, and what could not be read.
const READINGS: &str = r#"param limit: float = 30.0

schema Reading {
  device: string
  at:     timestamp
  t:      float?
}

source readings = file(path: "in.jsonl", schema: Reading, time: at)

stream minutes = readings
  | window tumbling(1m), by: device
  | aggregate n = count(), mean = avg(t)

stream hot = readings | where t > limit

sink averages = minutes | into file(path: "averages.jsonl")

sink alerts = hot | into file(path: "alerts.jsonl")

sink rejected = readings.errors | into file(path: "rejected.jsonl")

test "a hot reading raises an alert" {
  feed readings [
    { device: "a", at: @2026-01-01T00:00:00Z, t: 31.0 },
    { device: "a", at: @2026-01-01T00:00:01Z, t: 29.0 },
  ]
  expect alerts [
    { device: "a", t: 31.0 },
  ]
}

test "a minute has an average" {
  feed readings [
    { device: "a", at: @2026-01-01T00:00:00Z, t: 1.0 },
    { device: "a", at: @2026-01-01T00:00:01Z, t: 2.0 },
  ]
  expect minutes [
    { device: "a", n: 2, mean: 1.5 },
  ]
}
"#;

/// What they read: five payloads, one broken, one late for its window.
const LINES: &str = r#"{"device":"a","at":"2026-01-01T00:00:00Z","t":20.0}
{"device":"a","at":"2026-01-01T00:00:10Z","t":40.0}
broken
{"device":"b","at":"2026-01-01T00:01:10Z","t":31.0}
{"device":"b","at":"2026-01-01T00:00:10Z","t":31.0}
"#;

/// A file with two mistakes, on its lines 6 and 7.
const MISTAKES: &str = r#"schema Reading {
  device: string
}

source readings = file(path: "in.jsonl", schema: Reading)
stream one = readings | wher device == "a"
stream two = readings | where devise == "a"
"#;

/// A file with nothing but a warning: a file that begins anew with every run and rows without an end.
const ADVICE: &str = r#"schema Reading {
  device: string
}

source readings = file(path: "in.jsonl", schema: Reading, follow: true)

sink out = readings | into file(path: "out.jsonl")
"#;
