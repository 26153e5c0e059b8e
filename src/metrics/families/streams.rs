//! Metrics of streams and their steps.

use super::Shape::{Counter, Gauge, Histogram};
use super::{BYTES, Family, SECONDS, Value, count, family, reasons};

const STREAM: &[&str] = &["stream"];

pub(super) static ALL: [Family; 11] = [
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
];
