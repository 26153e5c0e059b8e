//! Every metric: its name, what it counts, and where its values come from. The one list that scrapes and the reference are
//! made of. Names are those of the field: units in the names, base units only, `_total` behind what only grows.

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
const SOURCE: &[&str] = &["source"];
const STREAM: &[&str] = &["stream"];
const SINK: &[&str] = &["sink"];

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
pub static FAMILIES: [Family; 34] = [
    family(
        "weir_source_rows",
        None,
        Counter,
        SOURCE,
        "Payloads read; an array counts one a row.",
        |it, put| {
            it.sources(|name, source| put(&[name], Value::Count(source.read)));
        },
    ),
    family(
        "weir_source_emitted_rows",
        None,
        Counter,
        SOURCE,
        "Rows handed on to the streams.",
        |it, put| {
            it.sources(|name, source| put(&[name], Value::Count(source.emitted)));
        },
    ),
    family(
        "weir_source_errors",
        None,
        Counter,
        &["source", "reason"],
        "Payloads and rows refused, by reason.",
        |it, put| {
            it.notes().sources.iter().for_each(|(name, notes)| reasons(name, &notes.reasons, put));
        },
    ),
    family(
        "weir_source_skipped_rows",
        None,
        Counter,
        SOURCE,
        "Payloads left out by policy.",
        |it, put| {
            it.sources(|name, source| put(&[name], Value::Count(source.skipped)));
        },
    ),
    family(
        "weir_source_dropped_rows",
        None,
        Counter,
        SOURCE,
        "Payloads lost beyond the budget, at QoS 0.",
        |it, put| {
            it.sources(|name, source| put(&[name], Value::Count(source.dropped)));
        },
    ),
    family("weir_source_read", BYTES, Counter, SOURCE, "Bytes of payloads read.", |it, put| {
        it.notes().sources.iter().for_each(|(name, notes)| put(&[name], Value::Count(notes.bytes)));
    }),
    family(
        "weir_source_watermark_timestamp",
        SECONDS,
        Gauge,
        SOURCE,
        "The watermark, in seconds since 1970; absent before the first row.",
        |it, put| {
            it.watermarks(|name, watermark| put(&[name], Value::Number(seconds(watermark))));
        },
    ),
    family(
        "weir_source_watermark_age",
        SECONDS,
        Gauge,
        SOURCE,
        "How far the watermark is behind the clock.",
        |it, put| {
            it.watermarks(|name, watermark| {
                put(&[name], Value::Number(seconds(it.now.saturating_sub(watermark))));
            });
        },
    ),
    family(
        "weir_source_queue",
        BYTES,
        Gauge,
        SOURCE,
        "Bytes of what was read that are on their way.",
        |it, put| {
            it.notes()
                .sources
                .iter()
                .for_each(|(name, notes)| put(&[name], Value::Number(notes.queued as f64)));
        },
    ),
    family(
        "weir_source_queue_limit",
        BYTES,
        Gauge,
        SOURCE,
        "From so many bytes on their way on, the source waits.",
        |it, put| {
            it.notes()
                .sources
                .iter()
                .for_each(|(name, notes)| put(&[name], Value::Number(notes.queue_limit as f64)));
        },
    ),
    family("weir_stream_in_rows", None, Counter, STREAM, "Rows that came in.", |it, put| {
        it.streams(|name, stream| put(&[name], count(stream.input)));
    }),
    family(
        "weir_stream_made_rows",
        None,
        Counter,
        STREAM,
        "Rows that steps made: results of windows.",
        |it, put| {
            it.streams(|name, stream| put(&[name], count(stream.made)));
        },
    ),
    family("weir_stream_out_rows", None, Counter, STREAM, "Rows that went out.", |it, put| {
        it.streams(|name, stream| put(&[name], count(stream.out)));
    }),
    family(
        "weir_stream_filtered_rows",
        None,
        Counter,
        STREAM,
        "Rows dropped by a condition.",
        |it, put| {
            it.streams(|name, stream| put(&[name], count(stream.filtered)));
        },
    ),
    family(
        "weir_stream_late_rows",
        None,
        Counter,
        STREAM,
        "Rows too late for all their windows.",
        |it, put| {
            it.streams(|name, stream| put(&[name], count(stream.late)));
        },
    ),
    family(
        "weir_stream_lateness",
        SECONDS,
        Histogram,
        STREAM,
        "How late the rows were that were too late.",
        |it, put| {
            it.notes()
                .streams
                .iter()
                .for_each(|(name, notes)| put(&[name], Value::Durations(&notes.lateness)));
        },
    ),
    family(
        "weir_stream_errors",
        None,
        Counter,
        &["stream", "reason"],
        "Rows that a step refused, by reason.",
        |it, put| {
            it.notes().streams.iter().for_each(|(name, notes)| reasons(name, &notes.reasons, put));
        },
    ),
    family(
        "weir_stream_duplicate_rows",
        None,
        Counter,
        STREAM,
        "Rows dropped since they were seen before.",
        |it, put| {
            it.streams(|name, stream| put(&[name], count(stream.duplicates)));
        },
    ),
    family(
        "weir_stream_absorbed_rows",
        None,
        Counter,
        STREAM,
        "Rows that went into a result.",
        |it, put| {
            it.streams(|name, stream| put(&[name], count(stream.absorbed)));
        },
    ),
    family(
        "weir_stream_held_rows",
        None,
        Gauge,
        STREAM,
        "Rows in windows that are open.",
        |it, put| {
            it.streams(|name, stream| put(&[name], Value::Number(stream.held as f64)));
        },
    ),
    family(
        "weir_step_state",
        BYTES,
        Gauge,
        &["stream", "step"],
        "About how much memory the state of a step takes, looked at once a second.",
        |it, put| {
            for (stream, notes) in &it.notes().streams {
                for (id, bytes) in &notes.state {
                    let step =
                        id.strip_prefix(stream).map_or(&**id, |it| it.trim_start_matches('.'));
                    put(&[stream, step], Value::Number(*bytes as f64));
                }
            }
        },
    ),
    family("weir_sink_in_rows", None, Counter, SINK, "Rows that came to the sink.", |it, put| {
        it.sinks(|name, sink| put(&[name], count(sink.stream.input)));
    }),
    family(
        "weir_sink_rows",
        None,
        Counter,
        SINK,
        "Rows written: others can see them.",
        |it, put| {
            it.sinks(|name, sink| put(&[name], count(sink.written)));
        },
    ),
    family(
        "weir_sink_unwritten_rows",
        None,
        Gauge,
        SINK,
        "Rows taken that nobody can see yet.",
        |it, put| {
            it.sinks(|name, sink| put(&[name], Value::Number(sink.unwritten as f64)));
        },
    ),
    family(
        "weir_sink_errors",
        None,
        Counter,
        &["sink", "reason"],
        "Rows that could not be written, by reason.",
        |it, put| {
            it.notes().sinks.iter().for_each(|(name, notes)| reasons(name, &notes.reasons, put));
        },
    ),
    family(
        "weir_sink_sent",
        BYTES,
        Counter,
        SINK,
        "Bytes of rows as their format writes them, before they are packed.",
        |it, put| {
            it.notes()
                .sinks
                .iter()
                .for_each(|(name, notes)| put(&[name], Value::Count(notes.bytes)));
        },
    ),
    family(
        "weir_sink_retries",
        None,
        Counter,
        SINK,
        "Requests and connections that failed and were tried again.",
        |it, put| {
            it.notes()
                .sinks
                .iter()
                .for_each(|(name, notes)| put(&[name], Value::Count(notes.retries)));
        },
    ),
    family("weir_sink_held", BYTES, Gauge, SINK, "Bytes that wait inside the sink.", |it, put| {
        it.notes()
            .sinks
            .iter()
            .for_each(|(name, notes)| put(&[name], Value::Number(notes.held as f64)));
    }),
    family(
        "weir_sink_latency",
        SECONDS,
        Histogram,
        SINK,
        "From when a source received what rows are made of to when they were written.",
        |it, put| {
            it.notes()
                .sinks
                .iter()
                .for_each(|(name, notes)| put(&[name], Value::Durations(&notes.latency)));
        },
    ),
    family(
        "weir_in_flight_rows",
        None,
        Gauge,
        &[],
        "Rows that have left one task and were not taken by the next one.",
        |it, put| {
            put(&[], Value::Number(it.progress.in_flight as f64));
        },
    ),
    family("weir_uptime", SECONDS, Gauge, &[], "How long the run has been going on.", |it, put| {
        put(&[], Value::Number(it.seconds));
    }),
    family(
        "weir_build_info",
        None,
        Gauge,
        &["version", "pipeline"],
        "Always 1; its labels say what runs.",
        |it, put| {
            put(&[env!("CARGO_PKG_VERSION"), it.pipeline], Value::Number(1.0));
        },
    ),
    family(
        "process_cpu",
        SECONDS,
        Counter,
        &[],
        "CPU time of the process, user and system.",
        |it, put| {
            if let Some(usage) = &it.usage {
                put(&[], Value::Number(usage.cpu_seconds));
            }
        },
    ),
    family(
        "process_resident_memory",
        BYTES,
        Gauge,
        &[],
        "Memory that the process holds.",
        |it, put| {
            if let Some(usage) = &it.usage {
                put(&[], Value::Number(usage.resident_bytes as f64));
            }
        },
    ),
];

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
