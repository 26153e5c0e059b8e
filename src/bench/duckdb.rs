//! The peer: `DuckDB`, through its Python package (`pip install duckdb`), over the same file.

use super::measure::Cost;
use serde::Deserialize;
use std::path::Path;
use std::process::{Command, Stdio};

const SCRIPT: &str = include_str!("duckdb.py");

#[derive(Deserialize)]
struct Answer {
    wall: f64,
    cpu: f64,
    peak: u64,
    results: i64,
}

/// Asks `sql` of `input`.
pub fn run(sql: &str, input: &Path, threads: usize) -> Result<Cost, String> {
    let output = Command::new("python3")
        .args(["-c", SCRIPT, &sql.replace("{input}", &input.display().to_string())])
        .arg(threads.to_string())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot start python3: {error}"))?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        let last = why.trim().lines().next_back().unwrap_or("no reason given").to_owned();
        return Err(format!("DuckDB did not answer: {last}; `pip install duckdb` installs it"));
    }
    let answer: Answer = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("DuckDB answered oddly: {error}"))?;
    Ok(Cost { wall: answer.wall, cpu: answer.cpu, peak: answer.peak, results: answer.results })
}
