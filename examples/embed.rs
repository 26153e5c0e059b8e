//! A pipeline inside a program: rows go in from Rust and come back as Arrow columns.
//!
//! ```text
//!  memory::input ──► source readings ──► stream minutes ──► sink averages ──► memory::output
//! ```
//!
//! `cargo run --example embed` prints the average of each device and minute.

use arrow::array::AsArray;
use arrow::datatypes::Float64Type;
use connectors::memory;
use dsl::constant;
use dsl::diagnostic::render;
use dsl::span::SourceFile;
use engine::runtime::{self, Ended, Settings};
use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use weir::environment::ProcessEnvironment;
use weir::registry::Registry;

const FILE: &str = r"
schema Reading {
  device: string
  at:     timestamp
  value:  float
}
source readings = memory(schema: Reading, time: at)
sink averages = readings
  | window tumbling(1m), by: device
  | aggregate average = avg(value)
  | into memory()
";

fn main() -> Result<(), Box<dyn Error>> {
    // Check: the file becomes a plan, or a list of what is wrong with it.
    let file = SourceFile::new("embedded.pipe", FILE);
    let (plan, found) = dsl::compile(&file, &Registry);
    let plan = plan.ok_or_else(|| render::text(&found, &file, false))?;
    // Close: params, `env` and `secret` get their values.
    let plan = constant::close(&plan, &BTreeMap::new(), &ProcessEnvironment)
        .map_err(|errors| errors[0].to_string())?;

    // Feed: `memory` knows a source and a sink by the names of the pipeline and their own.
    let readings = memory::input("embedded", "readings");
    readings.push("split 0", [r#"{"device": "a", "at": "2026-01-01T00:00:01Z", "value": 20.0}"#]);
    readings.push("split 0", [r#"{"device": "a", "at": "2026-01-01T00:00:59Z", "value": 23.0}"#]);
    readings.push("split 0", [r#"{"device": "a", "at": "2026-01-01T00:01:00Z", "value": 30.0}"#]);
    readings.end();

    // Run: on two threads, to the end of the input.
    let io = weir::run::io()?;
    let settings = Settings::new("embedded", 2);
    let outcome = runtime::prepare(&plan, &settings, &weir::run::world(&io), None)?.start()?.wait();
    if let Ended::Failed(error) = outcome.ended {
        return Err(error.into());
    }

    // Read: the columns are those that leave the last step, here `device`, `window`, `average`.
    let mut out = std::io::stdout().lock();
    for batch in memory::output("embedded", "averages").rows() {
        let devices = batch.column(0).as_string::<i32>();
        let averages = batch.column(2).as_primitive::<Float64Type>();
        for row in 0..batch.num_rows() {
            writeln!(out, "{} {}", devices.value(row), averages.value(row))?;
        }
    }
    Ok(())
}
