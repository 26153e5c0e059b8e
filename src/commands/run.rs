//! `weir run`: a pipeline until its inputs end or it is told to stop.

use super::{compile, pipeline_name, say};
use crate::cli::{LogFormat, RunArgs};
use crate::environment::ProcessEnvironment;
use crate::exit::Exit;
use crate::report::Report;
use crate::{machine, run, summary};
use dsl::constant::{self, Fault};
use dsl::plan::Plan;
use engine::runtime::Settings;
use std::collections::BTreeMap;
use std::io::IsTerminal;

/// Runs the file.
pub(super) fn run(args: &RunArgs) -> Exit {
    let plan = match compile(&args.file).and_then(|plan| close(&plan, &args.set)) {
        Ok(plan) => plan,
        Err(exit) => return exit,
    };
    if args.threads == Some(0) {
        say("weir: `--threads` takes a number from 1 on");
        return Exit::Usage;
    }
    log(args.log_format);
    let threads = args.threads.unwrap_or_else(machine::cores);
    let settings = Settings::new(pipeline_name(&args.file), threads);
    let live = !args.quiet && std::io::stderr().is_terminal();
    let finished = run::io().and_then(|io| {
        let world = run::world(&io);
        let finished = run::run(&plan, &settings, &world, live.then_some(progress as run::Line));
        io.shutdown_timeout(std::time::Duration::from_secs(1));
        finished
    });
    let finished = match finished {
        Ok(finished) => finished,
        Err(error) => {
            say(&format!("weir: {error}"));
            return Exit::Failed;
        }
    };
    if let Some(error) = &finished.report.error {
        say(&format!("weir: {error}"));
    }
    if !args.quiet {
        say(finished.table().trim_end());
    }
    if let Some(path) = &args.report {
        if let Err(error) = finished.report.write(path) {
            say(&format!("weir: cannot write the report to `{}`: {error}", path.display()));
            return Exit::Failed;
        }
    }
    finished.exit()
}

/// Gives params, `env(…)` and `secret(…)` their values.
fn close(plan: &Plan, set: &[String]) -> Result<Plan, Exit> {
    let mut values = BTreeMap::new();
    for given in set {
        let Some((name, value)) = given.split_once('=') else {
            say(&format!("weir: `--set {given}` has no `=`; write `--set name=value`"));
            return Err(Exit::Usage);
        };
        if values.insert(name.to_owned(), value.to_owned()).is_some() {
            say(&format!("weir: `--set {name}=…` is given twice"));
            return Err(Exit::Usage);
        }
    }
    constant::close(plan, &values, &ProcessEnvironment).map_err(|errors| {
        errors.iter().for_each(|it| say(&format!("weir: {it}")));
        let usage = errors.iter().any(|it| it.fault == Fault::Usage);
        if usage { Exit::Usage } else { Exit::Failed }
    })
}

/// Log lines go to standard error; what is logged, `WEIR_LOG` says (`info`, `connectors=debug`).
pub(super) fn log(format: LogFormat) {
    use dsl::constant::Environment;
    let filter = ProcessEnvironment.env("WEIR_LOG").unwrap_or_else(|| "warn".to_owned());
    let filter = tracing_subscriber::EnvFilter::new(filter);
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second subscriber in one process is refused; then the first goes on.
    match format {
        LogFormat::Text => drop(log.with_ansi(super::colour()).try_init()),
        LogFormat::Json => drop(log.json().try_init()),
    }
}

/// One line about a run that goes on.
pub(super) fn progress(report: &Report) -> String {
    let read: u64 = report.sources.values().map(|it| it.count.read).sum();
    let written: i64 = report.sinks.values().map(|it| it.written).sum();
    let rejected: u64 = report.sources.values().map(|it| it.count.errors).sum();
    let late: i64 = report.streams.values().map(|it| it.late).sum();
    let watermark = report.sources.values().filter_map(|it| it.watermark.as_deref()).min();
    let rate = if report.seconds > 0.0 { read as f64 / report.seconds } else { 0.0 };
    format!(
        "{:>7.1} s  read {} ({:.0}/s)  rejected {}  late {}  written {}  watermark {}",
        report.seconds,
        summary::grouped(read as i64),
        rate,
        summary::grouped(rejected as i64),
        summary::grouped(late),
        summary::grouped(written),
        watermark.unwrap_or("-"),
    )
}
