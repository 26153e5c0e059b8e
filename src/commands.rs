//! The commands of the binary: one file each, and what they share.

mod bench;
mod check;
mod demo;
mod docs;
mod explain;
mod fmt;
mod query;
mod run;
mod test;

use crate::cli::{Cli, Command};
use crate::exit::Exit;
use crate::registry::Registry;
use dsl::diagnostic::{Diagnostic, has_errors, render};
use dsl::plan::Plan;
use dsl::span::SourceFile;
use std::io::{IsTerminal, Write};
use std::path::Path;

/// Runs the command that was typed.
pub fn run(cli: Cli) -> Exit {
    match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Check(args) => check::check(&args),
        Command::Test(args) => test::test(&args),
        Command::Fmt(args) => fmt::fmt(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Demo(args) => demo::demo(&args),
        Command::Docs(args) => docs::docs(&args),
        Command::Query(args) => query::query(&args),
        Command::Bench(args) => bench::bench(&args),
    }
}

/// Writes to standard error, without secrets. A reader that went away is no reason to stop working.
pub(crate) fn say(text: &str) {
    let text = crate::words::shown(text);
    let mut err = std::io::stderr().lock();
    drop(err.write_all(text.as_bytes()).and_then(|()| err.write_all(b"\n")));
}

/// Writes what was asked for to standard output. `false`: nobody reads it any more.
pub(crate) fn answer(text: &str) -> bool {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_ok()
}

/// Whether standard error shows colour: only on a terminal, and unless `NO_COLOR` is set.
pub(crate) fn colour() -> bool {
    use dsl::constant::Environment;
    std::io::stderr().is_terminal()
        && crate::environment::ProcessEnvironment.env("NO_COLOR").is_none_or(|it| it.is_empty())
}

/// Reads a file, or says why not.
pub(crate) fn read(path: &Path) -> Result<SourceFile, Exit> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(SourceFile::new(path.display().to_string(), text)),
        Err(error) => {
            let why = match error.kind() {
                std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
                std::io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
                std::io::ErrorKind::IsADirectory => "it is a folder; name a .pipe file".to_owned(),
                _ => error.to_string(),
            };
            say(&format!("weir: cannot read `{}`: {why}", path.display()));
            Err(Exit::Usage)
        }
    }
}

/// Reads and checks a file; prints what was found. `Err` when it cannot run.
pub(crate) fn compile(path: &Path) -> Result<Plan, Exit> {
    let file = read(path)?;
    let (plan, found) = dsl::compile(&file, &Registry);
    print(&found, &file);
    match plan {
        Some(plan) if !has_errors(&found) => Ok(plan),
        _ => Err(Exit::No),
    }
}

/// Prints diagnostics as text to standard error.
pub(crate) fn print(found: &[Diagnostic], file: &SourceFile) {
    if !found.is_empty() {
        say(render::text(found, file, colour()).trim_end());
    }
}

/// The name of a pipeline: its file's stem.
pub(crate) fn pipeline_name(path: &Path) -> String {
    path.file_stem().map_or_else(|| "pipeline".to_owned(), |it| it.to_string_lossy().into_owned())
}
