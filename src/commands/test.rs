//! `weir test`: the tests inside files, in virtual time.

use super::{answer, compile, say};
use crate::cli::TestArgs;
use crate::exit::Exit;
use crate::testing::{Setup, TestResult, run_test};
use dsl::plan::{Plan, TestPlan};
use serde_json::json;
use std::path::Path;

/// Runs the tests of every file.
pub(super) fn test(args: &TestArgs) -> Exit {
    let mut worst = Exit::Done;
    let (mut passed, mut failed) = (0, 0);
    for path in &args.files {
        let plan = match compile(path) {
            Ok(plan) => plan,
            Err(exit) => {
                worst = if exit.code() > worst.code() { exit } else { worst };
                continue;
            }
        };
        let wanted =
            |it: &&TestPlan| args.filter.as_ref().is_none_or(|text| it.name.contains(text));
        for test in plan.tests.iter().filter(wanted) {
            let folder = path.parent().unwrap_or(Path::new("."));
            let result = run_test(&plan, test, folder, Setup::default()).unwrap_or_else(|error| {
                TestResult { failures: vec![(test.span, error.to_string())] }
            });
            if result.passed() {
                passed += 1;
            } else {
                failed += 1;
                worst = if worst == Exit::Done { Exit::No } else { worst };
            }
            answer(&shown(path, &plan, test, &result, args.json));
        }
    }
    if !args.json {
        say(&format!("{passed} passed, {failed} failed"));
    }
    worst
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
