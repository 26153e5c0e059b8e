//! `weir bench`: named workloads, measured.

use super::{answer, say};
use crate::bench::measure::{self, Cost, median};
use crate::bench::workload::{self, Workload};
use crate::bench::{dataset, duckdb};
use crate::cli::{BenchArgs, Peer};
use crate::exit::Exit;
use std::path::Path;

/// Where inputs and reports are kept between runs.
const FOLDER: &str = "weir-bench";

/// Measures every workload that was named.
pub(super) fn bench(args: &BenchArgs) -> Exit {
    if args.list {
        for workload in &workload::ALL {
            answer(&format!("{:<10} {}\n", workload.name, workload.summary));
        }
        return Exit::Done;
    }
    let mut workloads = Vec::new();
    for name in &args.names {
        let Some(found) = workload::find(name) else {
            say(&format!("weir: there is no workload `{name}`; `weir bench --list` names them"));
            return Exit::Usage;
        };
        workloads.push(found);
    }
    if workloads.is_empty() || args.repeat == 0 || args.rows == 0 {
        say("weir: name at least one workload (`weir bench --list`), one row and one repeat");
        return Exit::Usage;
    }
    let folder = Path::new(FOLDER);
    let input = match dataset::prepare(folder, args.rows) {
        Ok(input) => input,
        Err(error) => {
            say(&format!("weir: cannot prepare the input in `{FOLDER}`: {error}"));
            return Exit::Failed;
        }
    };
    for workload in workloads {
        if let Err(why) = one(workload, args, &input, folder) {
            say(&format!("weir: {}: {why}", workload.name));
            return Exit::Failed;
        }
    }
    Exit::Done
}

/// Measures one workload, in turns with its peer, and prints the medians.
fn one(workload: &Workload, args: &BenchArgs, input: &Path, folder: &Path) -> Result<(), String> {
    let threads = args.threads.unwrap_or_else(crate::machine::cores);
    let (mut ours, mut theirs): (Vec<Cost>, Vec<Cost>) = (Vec::new(), Vec::new());
    for _ in 0..args.repeat {
        ours.push(measure::run(workload.name, workload.pipe, input, threads, folder)?);
        if args.against == Some(Peer::Duckdb) {
            theirs.push(duckdb::run(workload.sql, input, threads)?);
        }
    }
    let results = ours[0].results;
    if let Some(other) = ours.iter().chain(&theirs).find(|it| it.results != results) {
        return Err(format!("{results} results and {} results: not equal", other.results));
    }
    let ours = Figures::of(&ours, args.rows);
    let theirs = (!theirs.is_empty()).then(|| Figures::of(&theirs, args.rows));
    print(workload, &ours, theirs.as_ref(), results, args.json);
    Ok(())
}

/// Medians over the repeats.
struct Figures {
    rows_per_second: f64,
    cpu_ns_per_row: f64,
    peak_mb: f64,
}

impl Figures {
    fn of(costs: &[Cost], rows: u64) -> Self {
        let rows = rows as f64;
        Self {
            rows_per_second: rows / median(costs.iter().map(|it| it.wall).collect()),
            cpu_ns_per_row: median(costs.iter().map(|it| it.cpu).collect()) * 1e9 / rows,
            peak_mb: median(costs.iter().map(|it| it.peak as f64 / 1e6).collect()),
        }
    }

    fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "rows_per_second": self.rows_per_second,
            "cpu_ns_per_row": self.cpu_ns_per_row,
            "peak_mb": self.peak_mb,
        })
    }

    fn line(&self, name: &str) -> String {
        format!(
            "{name:<10} {:>6.2} M rows/s  {:>6.0} ns CPU/row  {:>6.0} MB peak\n",
            self.rows_per_second / 1e6,
            self.cpu_ns_per_row,
            self.peak_mb
        )
    }
}

fn print(workload: &Workload, ours: &Figures, theirs: Option<&Figures>, results: i64, json: bool) {
    let ratio = theirs.map(|it| ours.rows_per_second / it.rows_per_second);
    if json {
        let line = serde_json::json!({
            "workload": workload.name,
            "results": results,
            "profile": if cfg!(debug_assertions) { "dev" } else { "release" },
            "weir": ours.json(),
            "duckdb": theirs.map(Figures::json),
            "ratio": ratio,
        });
        answer(&format!("{line}\n"));
        return;
    }
    answer(&ours.line(workload.name));
    if let (Some(theirs), Some(ratio)) = (theirs, ratio) {
        answer(&theirs.line("  duckdb"));
        answer(&format!("{:<10} {ratio:>6.2} times DuckDB's rate\n", "  ratio"));
    }
}
