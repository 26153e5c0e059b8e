//! `weir run`: a pipeline until its inputs end or it is told to stop.

use super::{compile, pipeline_name, say};
use crate::cli::RunArgs;
use crate::environment::ProcessEnvironment;
use crate::exit::Exit;
use crate::metrics::Server;
use crate::registry::Registry;
use crate::report::Report;
use crate::run::{self, Finished, Shown, View};
use crate::{live, logs, machine, secrets, summary};
use dsl::constant::{self, Fault};
use dsl::plan::Plan;
use engine::runtime::Settings;
use std::collections::BTreeMap;
use std::io::IsTerminal;

/// Runs the file.
pub(super) fn run(args: &RunArgs) -> Exit {
    let plan = match usable(args).and_then(|()| compile(&args.file)) {
        Ok(plan) => plan,
        Err(exit) => return exit,
    };
    let logs = logs::begin(args.log_format);
    let finished = close(&plan, &args.set).and_then(|plan| start(&plan, args));
    drop(logs);
    let (report, exit) = match finished {
        Ok(finished) => {
            if let Some(error) = &finished.report.error {
                say(&format!("weir: {error}"));
            }
            if !args.quiet {
                say(finished.table().trim_end());
            }
            let exit = finished.exit();
            (finished.report, exit)
        }
        Err(Broken::Usage(errors)) => {
            say(&said(&errors));
            return Exit::Usage;
        }
        Err(Broken::Said(exit)) => return exit,
        Err(Broken::Failed(errors)) => {
            say(&said(&errors));
            (Report::not_begun(&plan, errors.join("; ")), Exit::Failed)
        }
    };
    let Some(path) = &args.report else { return exit };
    match report.write(path) {
        Ok(()) => exit,
        Err(error) => {
            say(&format!("weir: cannot write the report to `{}`: {error}", path.display()));
            Exit::Failed
        }
    }
}

/// Why there was no run.
enum Broken {
    /// It was asked for wrongly.
    Usage(Vec<String>),
    /// Something that it needs is not there.
    Failed(Vec<String>),
    /// The user has been told.
    Said(Exit),
}

/// A line an error.
fn said(errors: &[String]) -> String {
    errors.iter().map(|it| format!("weir: {it}")).collect::<Vec<_>>().join("\n")
}

/// Looks for what is wrong with the options before anything is done.
fn usable(args: &RunArgs) -> Result<(), Exit> {
    if args.threads == Some(0) {
        say("weir: `--threads` takes a number from 1 on");
        return Err(Exit::Usage);
    }
    let Some(path) = &args.report else { return Ok(()) };
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let why = match folder {
        _ if path.is_dir() => "it is a folder; name a file in it".to_owned(),
        Some(folder) if !folder.is_dir() => format!("there is no folder `{}`", folder.display()),
        _ => return Ok(()),
    };
    say(&format!("weir: cannot write the report to `{}`: {why}", path.display()));
    Err(Exit::Usage)
}

/// Runs the closed plan to its end.
fn start(plan: &Plan, args: &RunArgs) -> Result<Finished, Broken> {
    let threads = args.threads.unwrap_or_else(machine::cores);
    let settings = Settings::new(pipeline_name(&args.file), threads);
    let metrics = metrics(args.metrics.as_deref(), args.quiet).map_err(Broken::Said)?;
    let plain =
        if std::io::stderr().is_terminal() { Shown::Lines(progress) } else { Shown::Nothing };
    let shown = shown(args.quiet, plain);
    let finished = run::io().and_then(|io| {
        let world = run::world(&io);
        let finished = run::run(plan, &settings, &world, View { shown, metrics, duration: None });
        io.shutdown_timeout(std::time::Duration::from_secs(1));
        finished
    });
    finished.map_err(|error| Broken::Failed(vec![error.to_string()]))
}

/// How it is shown how far a run has come, where `plain` is for those who cannot be shown a view.
pub(super) fn shown(quiet: bool, plain: Shown) -> Shown {
    match quiet {
        true => Shown::Nothing,
        false if live::is_possible(&ProcessEnvironment) => Shown::Live,
        false => plain,
    }
}

/// Takes the place where metrics can be asked for, and says where that is.
pub(super) fn metrics(place: Option<&str>, quiet: bool) -> Result<Option<Server>, Exit> {
    match place.map(Server::bind).transpose() {
        Ok(server) => {
            if let Some(server) = server.as_ref().filter(|_| !quiet) {
                say(&format!("weir: metrics are at {}", server.url()));
            }
            Ok(server)
        }
        Err((exit, why)) => {
            say(&format!("weir: {why}"));
            Err(exit)
        }
    }
}

/// Gives params, `env(…)` and `secret(…)` their values.
fn close(plan: &Plan, set: &[String]) -> Result<Plan, Broken> {
    let usage = |why: String| Broken::Usage(vec![why]);
    let mut values = BTreeMap::new();
    for given in set {
        let Some((name, value)) = given.split_once('=') else {
            return Err(usage(format!("`--set {given}` has no `=`; write `--set name=value`")));
        };
        if values.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(usage(format!("`--set {name}=…` is given twice")));
        }
    }
    let plan = constant::close(plan, &values, &ProcessEnvironment).map_err(|errors| {
        let usage = errors.iter().any(|it| it.fault == Fault::Usage);
        let mut texts: Vec<String> = Vec::new();
        for error in errors {
            let text = error.to_string();
            // A param that is read in several places lacks its value only once.
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        if usage { Broken::Usage(texts) } else { Broken::Failed(texts) }
    })?;
    secrets::note_all(&plan, &Registry);
    Ok(plan)
}

/// One line about a run that goes on.
pub(super) fn progress(report: &Report) -> String {
    let read: u64 = report.sources.values().map(|it| it.count.read).sum();
    let written: i64 = report.sinks.values().map(|it| it.written).sum();
    let unwritten: i64 = report.sinks.values().map(|it| it.unwritten).sum();
    let waiting = match unwritten {
        0 => String::new(),
        rows => format!(" (and {} taken)", summary::grouped(rows)),
    };
    let rejected: u64 = report.sources.values().map(|it| it.count.errors).sum();
    let late: i64 = report.streams.values().map(|it| it.late).sum();
    let watermark = report.sources.values().filter_map(|it| it.watermark.as_deref()).min();
    let rate = if report.seconds > 0.0 { read as f64 / report.seconds } else { 0.0 };
    format!(
        "{:>7.1} s  read {} ({:.0}/s)  rejected {}  late {}  written {}{waiting}  watermark {}",
        report.seconds,
        summary::grouped(read as i64),
        rate,
        summary::grouped(rejected as i64),
        summary::grouped(late),
        summary::grouped(written),
        watermark.unwrap_or("-"),
    )
}
