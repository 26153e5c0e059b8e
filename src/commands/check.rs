//! `weir check`: every diagnostic of every file.

use super::{answer, print, read, say};
use crate::cli::{CheckArgs, Deny};
use crate::exit::Exit;
use crate::registry::Registry;
use dsl::diagnostic::{Severity, render};

/// Checks every file, also behind one that has errors.
pub(super) fn check(args: &CheckArgs) -> Exit {
    let mut worst = Exit::Done;
    let (mut files, mut errors, mut warnings) = (0, 0, 0);
    for path in &args.files {
        let file = match read(path) {
            Ok(file) => file,
            Err(exit) => {
                worst = exit;
                continue;
            }
        };
        files += 1;
        let (_, found) = dsl::compile(&file, &Registry);
        let bad = found.iter().filter(|it| it.severity() == Severity::Error).count();
        errors += bad;
        warnings += found.len() - bad;
        if !args.json {
            print(&found, &file);
        } else if !answer(&render::json(&found, &file)) {
            return worst;
        }
    }
    if !args.json {
        say(&summary(files, errors, warnings));
    }
    let refused = errors > 0 || (warnings > 0 && args.deny == Some(Deny::Warnings));
    if worst == Exit::Done && refused { Exit::No } else { worst }
}

fn summary(files: usize, errors: usize, warnings: usize) -> String {
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    format!("{}: {}, {}", count(files, "file"), count(errors, "error"), count(warnings, "warning"))
}
