//! Metrics of sinks.

use super::Shape::{Counter, Gauge, Histogram};
use super::{BYTES, Family, SECONDS, Value, count, family, reasons};

const SINK: &[&str] = &["sink"];

pub(super) static ALL: [Family; 8] = [
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
];
