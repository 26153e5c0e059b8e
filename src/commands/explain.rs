//! `weir explain`: how a file will run.

use super::{answer, compile, say};
use crate::cli::ExplainArgs;
use crate::exit::Exit;
use crate::registry::Registry;

/// Explains the file as text, as JSON or as a graph.
pub(super) fn explain(args: &ExplainArgs) -> Exit {
    let plan = match compile(&args.file) {
        Ok(plan) => plan,
        Err(exit) => return exit,
    };
    let text = if args.dot {
        engine::explain::dot(&plan)
    } else {
        engine::explain::explain(&plan, &Registry).map(|it| {
            if args.json {
                serde_json::to_string_pretty(&it).unwrap_or_default() + "\n"
            } else {
                engine::explain::text(&it)
            }
        })
    };
    match text {
        Ok(text) => {
            answer(&text);
            Exit::Done
        }
        Err(error) => {
            say(&format!("weir: {error}"));
            Exit::No
        }
    }
}
