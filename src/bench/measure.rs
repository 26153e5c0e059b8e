//! Runs a workload in a process of its own and reads its report.

use serde::Deserialize;
use std::path::Path;
use std::process::{Command, Stdio};

/// What one run cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Seconds from start to end of the process, its start-up included.
    pub wall: f64,
    /// CPU seconds, user and system, of all threads.
    pub cpu: f64,
    /// The most memory it held, in bytes.
    pub peak: u64,
    /// How many results it gave.
    pub results: i64,
}

/// The part of the report that is read back.
#[derive(Deserialize)]
struct Report {
    seconds: f64,
    sinks: std::collections::BTreeMap<String, SinkLine>,
    ledger: LedgerLine,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct SinkLine {
    written: i64,
}

#[derive(Deserialize)]
struct LedgerLine {
    balanced: bool,
}

#[derive(Deserialize)]
struct Usage {
    cpu_seconds: f64,
    peak_bytes: u64,
}

/// Runs `pipe` over `input` with this many threads; the files it needs are written to `folder`.
pub fn run(
    name: &str,
    pipe: &str,
    input: &Path,
    threads: usize,
    folder: &Path,
) -> Result<Cost, String> {
    let file = folder.join(format!("{name}.pipe"));
    let report = folder.join(format!("{name}.report.json"));
    std::fs::write(&file, pipe)
        .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    let program =
        std::env::current_exe().map_err(|error| format!("cannot find myself: {error}"))?;
    let status = Command::new(program)
        .arg("run")
        .arg(&file)
        .arg("--set")
        .arg(format!("input={}", input.display()))
        .args(["--threads", &threads.to_string(), "--quiet", "--report"])
        .arg(&report)
        .stdin(Stdio::null())
        .status()
        .map_err(|error| format!("cannot start {name}: {error}"))?;
    if !status.success() {
        return Err(format!("{name} ended with {status}"));
    }
    let text = std::fs::read_to_string(&report)
        .map_err(|error| format!("cannot read {}: {error}", report.display()))?;
    let report: Report =
        serde_json::from_str(&text).map_err(|error| format!("{name}: odd report: {error}"))?;
    if !report.ledger.balanced {
        return Err(format!("{name}: the ledger does not balance"));
    }
    let usage = report.usage.ok_or("this system does not tell CPU time and memory")?;
    Ok(Cost {
        wall: report.seconds,
        cpu: usage.cpu_seconds,
        peak: usage.peak_bytes,
        results: report.sinks.values().map(|it| it.written).sum(),
    })
}

/// The median of some figures; the lower one of two.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[(figures.len() - 1) / 2]
}
