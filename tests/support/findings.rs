//! What the checker finds in a program, what its plan is, and how it is formatted.

use super::markdown::{Block, Section};
use super::update;
use dsl::diagnostic::{Diagnostic, Severity, has_errors, render};
use dsl::plan::Plan;
use dsl::span::SourceFile;
use std::collections::BTreeMap;
use std::path::Path;
use weir::registry::Registry;

/// The program of a section: its blocks put together, and the findings it expects by line.
pub(crate) struct Program {
    pub(crate) file: SourceFile,
    expected: BTreeMap<usize, Vec<String>>,
}

impl Program {
    pub(crate) fn of(section: &Section) -> Program {
        let text: String = section.all("pipe").map(|it| it.text.as_str()).collect();
        let mut expected: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        let mut bare = String::with_capacity(text.len());
        for (number, line) in text.split_inclusive('\n').enumerate() {
            let at = ["# error[", "# warning["].iter().filter_map(|it| line.find(it)).min();
            let Some(at) = at else {
                bare.push_str(line);
                continue;
            };
            for finding in line[at..].trim_end().split("# ").filter(|it| !it.is_empty()) {
                expected.entry(number + 1).or_default().push(finding.trim_end().to_owned());
            }
            bare.push_str(&line[..at]);
            bare.extend(line[at..].chars().map(|it| if it == '\n' { '\n' } else { ' ' }));
        }
        // What was blanked at the ends of lines is not shown.
        let bare: String = bare.split('\n').map(|it| it.trim_end().to_owned() + "\n").collect();
        let bare = bare.strip_suffix('\n').unwrap_or(&bare).to_owned();
        Program { file: SourceFile::new("file.pipe", bare), expected }
    }

    /// The checked plan, if there are no errors.
    pub(crate) fn compile(&self) -> (Option<Plan>, Vec<Diagnostic>) {
        let (plan, found) = dsl::compile(&self.file, &Registry);
        (plan.filter(|_| !has_errors(&found)), found)
    }
}

/// Checks the findings, the plan and the layout.
pub(crate) fn check(path: &Path, section: &Section) -> Vec<String> {
    if section.all("pipe").next().is_none() {
        return Vec::new();
    }
    let program = Program::of(section);
    let (plan, found) = program.compile();
    let mut wrong = unexpected(&program, &found);
    for block in section.own.iter().filter(|it| it.kind() == "diagnostics") {
        wrong.extend(update::same(path, block, &rendered(&program, &found, block)));
    }
    for block in section.own.iter().filter(|it| it.kind() == "plan") {
        let plan = plan.as_ref().map(|it| engine::explain::explain(it, &Registry));
        let text = match plan {
            Some(Ok(plan)) => engine::explain::text(&plan),
            Some(Err(error)) => error.to_string(),
            None => "the program has errors".to_owned(),
        };
        wrong.extend(update::same(path, block, &text));
    }
    for block in section.own.iter().filter(|it| it.kind() == "formatted") {
        let text = dsl::format::format(&program.file).unwrap_or_else(|it| format!("{it:#?}"));
        wrong.extend(update::same(path, block, &text));
    }
    wrong.extend(format_keeps(&program));
    wrong
}

/// Every finding has to be expected, and every expectation has to be found.
fn unexpected(program: &Program, found: &[Diagnostic]) -> Vec<String> {
    let mut left = program.expected.clone();
    let mut wrong = Vec::new();
    for finding in found {
        let line = program.file.position(finding.span.start).line;
        let word = if finding.code.severity() == Severity::Error { "error" } else { "warning" };
        let shown = format!("{word}[{}]: {}", finding.code, finding.message);
        let here = left.entry(line).or_default();
        let fits = |it: &String| shown == *it || *it == format!("{word}[{}]", finding.code);
        match here.iter().position(fits) {
            Some(place) => drop(here.remove(place)),
            None => wrong.push(format!("line {line}: found and not expected: {shown}")),
        }
    }
    for (line, rest) in left {
        wrong.extend(rest.iter().map(|it| format!("line {line}: expected and not found: {it}")));
    }
    wrong
}

fn rendered(program: &Program, found: &[Diagnostic], block: &Block) -> String {
    let codes = &block.info[1..];
    let wanted = |it: &&Diagnostic| codes.is_empty() || codes.contains(&it.code.to_string());
    let found: Vec<Diagnostic> = found.iter().filter(wanted).cloned().collect();
    let text = render::text(&found, &program.file, false);
    text.lines().map(|it| it.trim_end().to_owned() + "\n").collect()
}

/// A program that parses is formatted once and for all, and means the same.
fn format_keeps(program: &Program) -> Option<String> {
    let once = dsl::format::format(&program.file).ok()?;
    let again = SourceFile::new("file.pipe", once.clone());
    match dsl::format::format(&again) {
        Ok(twice) if twice == once => None,
        Ok(twice) => Some(format!("formatting twice changes more:\n{once}\n---\n{twice}")),
        Err(found) => Some(format!("formatting breaks the program: {found:?}\n{once}")),
    }
}
