//! `weir test`: the tests inside files, in virtual time.

use super::{answer, compile, say};
use crate::cli::TestArgs;
use crate::exit::Exit;
use crate::testing::{Setup, TestResult, run_test};
use dsl::plan::{Plan, TestPlan};
use serde_json::json;
use std::path::Path;

/// So many names of tests are said where none was asked for.
const NAMES_SHOWN: usize = 10;

/// Runs the tests of every file. That there was none to run is a no: whoever asks wants to know that something holds.
pub(super) fn test(args: &TestArgs) -> Exit {
    let mut run = Run::default();
    for path in &args.files {
        match compile(path) {
            Ok(plan) => run.file(path, &plan, args),
            Err(exit) => run.ends(exit),
        }
    }
    if run.passed + run.failed == 0 && run.exit == Exit::Done {
        run.ends(Exit::No);
        if let Some(text) = &args.filter {
            say(&none_of(text, &run.other));
        }
    }
    if !args.json {
        say(&format!("{} passed, {} failed", run.passed, run.failed));
    }
    run.exit
}

/// What has come of the files so far.
struct Run {
    passed: usize,
    failed: usize,
    /// The names of the tests that were not asked for.
    other: Vec<String>,
    exit: Exit,
}

impl Default for Run {
    fn default() -> Self {
        Self { passed: 0, failed: 0, other: Vec::new(), exit: Exit::Done }
    }
}

impl Run {
    fn file(&mut self, path: &Path, plan: &Plan, args: &TestArgs) {
        if plan.tests.is_empty() {
            let path = path.display();
            say(&format!(
                "`{path}` has no tests: write `test \"what has to hold\" {{ feed … expect … }}` at its end"
            ));
        }
        for test in &plan.tests {
            if args.filter.as_ref().is_some_and(|text| !test.name.contains(text)) {
                self.other.push(test.name.clone());
                continue;
            }
            let folder = path.parent().unwrap_or(Path::new("."));
            let result = run_test(plan, test, folder, Setup::default()).unwrap_or_else(|error| {
                TestResult { failures: vec![(test.span, error.to_string())] }
            });
            if result.passed() {
                self.passed += 1;
            } else {
                self.failed += 1;
                self.ends(Exit::No);
            }
            answer(&shown(path, plan, test, &result, args.json));
        }
    }

    /// The worst of all files counts.
    fn ends(&mut self, exit: Exit) {
        if exit.code() > self.exit.code() {
            self.exit = exit;
        }
    }
}

/// That no test has this in its name, and which there are.
fn none_of(text: &str, names: &[String]) -> String {
    let mut lines = vec![format!("no test has `{text}` in its name")];
    if !names.is_empty() {
        lines[0].push_str("; there are:");
    }
    lines.extend(names.iter().take(NAMES_SHOWN).map(|it| format!("  {it}")));
    if names.len() > NAMES_SHOWN {
        lines.push(format!("  and {} more", names.len() - NAMES_SHOWN));
    }
    lines.join("\n")
}

fn shown(path: &Path, plan: &Plan, test: &TestPlan, result: &TestResult, as_json: bool) -> String {
    if as_json {
        let failures: Vec<_> = result
            .failures
            .iter()
            .map(|(span, text)| json!({"line": plan.file.position(span.start).line, "text": text}))
            .collect();
        let line = json!({
            "file": path.display().to_string(),
            "test": test.name,
            "passed": result.passed(),
            "failures": failures,
        });
        return format!("{line}\n");
    }
    let verdict = if result.passed() { "ok  " } else { "FAIL" };
    let mut lines = vec![format!("{verdict}  {}: {}\n", path.display(), test.name)];
    for (span, what) in &result.failures {
        let line = plan.file.position(span.start).line;
        lines.push(format!("      line {line}: {}\n", what.replace('\n', "\n        ")));
    }
    lines.concat()
}
