//! Runs the golden files (`tests/golden/README.md` says what stands in them), the tests inside the shipped pipelines, and
//! the examples of every word.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

// The path is said because a folder `golden` stands beside this file.
#[path = "support"]
mod support {
    pub(crate) mod cases;
    pub(crate) mod diagnostics;
    pub(crate) mod examples;
    pub(crate) mod findings;
    pub(crate) mod input;
    pub(crate) mod markdown;
    pub(crate) mod rows;
    pub(crate) mod update;
    pub(crate) mod verdicts;
}

use libtest_mimic::{Arguments, Failed, Trial};
use std::path::{Path, PathBuf};
use support::markdown::{Section, sections};
use support::{cases, examples, findings, rows, update, verdicts};

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut trials = Vec::new();
    let mut files = Vec::new();
    find(&root.join("tests/golden"), &mut files);
    files.sort();
    for file in files {
        trials.extend(golden(root, &file));
    }
    trials.extend(examples::trials(root));
    let conclusion = libtest_mimic::run(&arguments, trials);
    update::write();
    conclusion.exit();
}

/// Every Markdown file below a folder, the explanation aside.
fn find(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find(&path, into);
        } else if path.extension().is_some_and(|it| it == "md") && !path.ends_with("README.md") {
            into.push(path);
        }
    }
}

/// A trial a section.
fn golden(root: &Path, path: &Path) -> Vec<Trial> {
    let name = path.strip_prefix(root).unwrap().display().to_string();
    let text = std::fs::read_to_string(path).unwrap();
    match sections(&name, &text) {
        Ok(sections) => sections
            .into_iter()
            .map(|section| {
                let path = path.to_path_buf();
                Trial::test(format!("{name}: {}", section.path), move || run(&path, &section))
            })
            .collect(),
        Err(why) => vec![Trial::test(name, move || Err(Failed::from(why)))],
    }
}

/// Checks every expectation of a section.
fn run(path: &Path, section: &Section) -> Result<(), Failed> {
    let mut wrong = Vec::new();
    wrong.extend(cases::check(section));
    wrong.extend(findings::check(path, section));
    wrong.extend(rows::check(path, section));
    wrong.extend(verdicts::check(path, section));
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n\n"))) }
}
