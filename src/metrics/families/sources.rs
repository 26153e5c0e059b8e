//! Metrics of sources.

use super::Shape::{Counter, Gauge};
use super::{BYTES, Family, SECONDS, Value, family, reasons, seconds};

const SOURCE: &[&str] = &["source"];

pub(super) static ALL: [Family; 10] = [
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
];
