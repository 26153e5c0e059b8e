//! `weir demo`: see it work.

use super::{run::progress, say};
use crate::cli::DemoArgs;
use crate::demo::{self, Choices};
use crate::exit::Exit;
use crate::machine;
use crate::run::{Shown, View};
use dsl::ast::ExprKind;
use dsl::value::Value;
use std::time::Duration;

/// Runs the demo and says where its files are.
pub(super) fn demo(args: &DemoArgs) -> Exit {
    let duration = match args.duration.as_deref().map(duration).transpose() {
        Ok(duration) => duration,
        Err(why) => {
            say(&format!("weir: {why}"));
            return Exit::Usage;
        }
    };
    if args.devices == 0 || args.rate == 0 {
        say("weir: a fleet has at least one device and sends at least one message a second");
        return Exit::Usage;
    }
    let logs = crate::logs::begin(crate::cli::LogFormat::Text);
    let choices = Choices { devices: args.devices, rate: args.rate, threads: machine::cores() };
    let shown = super::run::shown(args.quiet, Shown::Lines(progress));
    let metrics = match super::run::metrics(args.metrics.as_deref(), args.quiet) {
        Ok(metrics) => metrics,
        Err(exit) => return exit,
    };
    let finished = demo::run(&choices, View { shown, metrics, duration });
    drop(logs);
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
    say(finished.table().trim_end());
    say(&format!(
        "weir: readings, averages, alerts and rejected messages are in ./{}/",
        demo::FOLDER
    ));
    if finished.report.sinks.get(demo::READINGS).is_some_and(|it| it.written > 0) {
        say(&format!(
            "weir: which devices were the hottest? ask the readings:\n\n  {} query \"{}\"\n",
            program(),
            demo::QUESTION
        ));
    }
    finished.exit()
}

/// How this program was called, in a form that can be pasted into a shell: `weir`, or where it stands.
fn program() -> String {
    let called = std::env::args().next().filter(|it| !it.is_empty());
    let called = called.unwrap_or_else(|| "weir".to_owned());
    let plain =
        |it: char| it.is_alphanumeric() || "/:._-+@".contains(it) || (cfg!(windows) && it == '\\');
    if called.chars().all(plain) { called } else { format!("'{}'", called.replace('\'', r"'\''")) }
}

/// `30s`, as the language writes it.
fn duration(text: &str) -> Result<Duration, String> {
    let parsed = dsl::parse::expression(text).ok().map(|it| it.kind);
    match parsed {
        Some(ExprKind::Literal(literal)) => match literal.value {
            Value::Duration(micros) if micros > 0 => {
                Ok(Duration::from_micros(micros.unsigned_abs()))
            }
            _ => Err(format!("`--for {text}` is no duration; write `--for 30s`")),
        },
        _ => Err(format!("`--for {text}` is no duration; write `--for 30s`")),
    }
}
