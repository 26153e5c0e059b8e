//! What the tests inside a program come to, as `weir test` would say it.

use super::findings;
use super::markdown::Section;
use super::update;
use std::fmt::Write as _;
use std::path::Path;
use weir::testing::{Setup, run_test};

/// Checks the verdicts of a section, in several ways that must not make a difference.
pub(crate) fn check(path: &Path, section: &Section) -> Vec<String> {
    let mut wrong = Vec::new();
    for block in section.own.iter().filter(|it| it.kind() == "verdicts") {
        for (tasks, batch_rows) in [(2, 8192), (1, 1), (4, 3)] {
            let setup = Setup { tasks, batch_rows, ..Setup::default() };
            let found = verdicts(path, section, setup).unwrap_or_else(|why| why);
            if let Some(it) = update::same(path, block, &found) {
                wrong.push(format!("{setup:?}: {it}"));
                break;
            }
        }
    }
    wrong
}

fn verdicts(path: &Path, section: &Section, setup: Setup) -> Result<String, String> {
    let (plan, found) = findings::compile(&findings::program(section));
    let plan = plan.ok_or_else(|| format!("the program does not check: {found:#?}"))?;
    let folder = path.parent().ok_or("a golden file stands in a folder")?;
    let mut text = String::new();
    for test in &plan.tests {
        let result = run_test(&plan, test, folder, setup).map_err(|it| it.to_string())?;
        let verdict = if result.passed() { "ok  " } else { "FAIL" };
        writeln!(text, "{verdict}  {}", test.name).map_err(|it| it.to_string())?;
        for (span, what) in &result.failures {
            let line = plan.file.at(*span).lines().next().unwrap_or_default();
            let what = what.replace(&folder.display().to_string(), "FOLDER");
            writeln!(text, "  {line}\n    {}", what.replace('\n', "\n    "))
                .map_err(|it| it.to_string())?;
        }
    }
    Ok(text)
}
