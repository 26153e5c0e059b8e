//! Metrics of the run as a whole and of its process.

use super::Shape::{Counter, Gauge};
use super::{BYTES, Family, SECONDS, Value, family};

pub(super) static ALL: [Family; 5] = [
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
