//! `weir query`: asks what a pipeline wrote.

use super::say;
use crate::cli::QueryArgs;
use crate::exit::Exit;
use crate::query::{self, Form};

/// Answers the question on standard output.
pub(super) fn query(args: &QueryArgs) -> Exit {
    let form = match (args.json, args.csv) {
        (true, _) => Form::Json,
        (_, true) => Form::Csv,
        _ => Form::Table,
    };
    match query::ask(&args.sql, form, &mut std::io::stdout()) {
        Ok(said) => {
            said.iter().for_each(|it| say(&format!("weir: {it}")));
            Exit::Done
        }
        Err(problem) => {
            say(&format!("weir: {problem}"));
            problem.exit
        }
    }
}
