//! Mistakes and what is said about them, as golden files write them: a line with a mistake ends in the message.
//!
//! ````text
//! stream hot = readings
//!   | wher temperature > 85.0   # error[E0203]: there is no step `wher`
//! ````
//!
//! Every diagnostic has to be written down and every one written down has to be found, each on its line. A block
//! `diagnostics` holds the whole rendering besides. The comments are taken away before the program is compiled.

use super::markdown::Section;
use dsl::catalog::Catalog;
use dsl::diagnostic::{Diagnostic, Severity, render};
use dsl::span::SourceFile;

/// What the file is called in renderings.
const NAME: &str = "file.pipe";

/// Checks the program of a section; an error shows what is said instead.
pub(crate) fn check(section: &Section, catalog: &dyn Catalog) -> Result<(), String> {
    let text: String = section.all("pipe").map(|it| it.text.as_str()).collect();
    let expected = expectations(&text);
    let file = SourceFile::new(NAME, bare(&text));
    let (plan, found) = dsl::compile(&file, catalog);
    let actual: Vec<(usize, String)> =
        found.iter().map(|it| (file.position(it.span.start).line, said(it))).collect();
    if actual != expected {
        return Err(format!("{}\n{}", section.path, annotated(&file, &actual)));
    }
    if let Some(silent) = found.iter().find(|it| it.help.is_none()) {
        return Err(format!("{}: no help line says what to type: {}", section.path, said(silent)));
    }
    let errors = found.iter().any(|it| it.severity() == Severity::Error);
    if plan.is_none() != errors {
        return Err(format!("{}: a plan is there if and only if no error is", section.path));
    }
    let rendered = render::text(&found, &file, false);
    for block in section.own.iter().filter(|it| it.kind() == "diagnostics") {
        if trimmed(&block.text) != trimmed(&rendered) {
            return Err(format!("{}\n{rendered}", section.path));
        }
    }
    Ok(())
}

/// The code and message on one line.
fn said(diagnostic: &Diagnostic) -> String {
    let severity = match diagnostic.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    format!("{severity}[{}]: {}", diagnostic.code, diagnostic.message)
}

/// Where the comments with expectations begin in a line.
fn comments(line: &str) -> Vec<usize> {
    let mut starts: Vec<usize> = Vec::new();
    for sign in ["# error[", "# warning["] {
        starts.extend(line.match_indices(sign).map(|(at, _)| at));
    }
    starts.sort_unstable();
    starts
}

/// Whether a program says what is found in it.
pub(crate) fn expects(text: &str) -> bool {
    text.lines().any(|it| !comments(it).is_empty())
}

/// The line and text of every expectation.
fn expectations(text: &str) -> Vec<(usize, String)> {
    let mut expected = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let starts = comments(line);
        for (n, start) in starts.iter().enumerate() {
            let end = starts.get(n + 1).copied().unwrap_or(line.len());
            expected.push((i + 1, line[start + 2..end].trim().to_owned()));
        }
    }
    expected
}

/// The program without its expectations.
pub(crate) fn bare(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let starts = comments(line);
        let code = starts.first().map_or(line, |code| line[..*code].trim_end());
        out.push_str(code);
        out.push('\n');
    }
    out
}

/// The program with what was found, to be copied if it is right.
fn annotated(file: &SourceFile, found: &[(usize, String)]) -> String {
    let mut out = String::new();
    for (i, line) in file.text().lines().enumerate() {
        out.push_str(line.trim_end());
        for (_, said) in found.iter().filter(|(at, _)| *at == i + 1) {
            out.extend(["   # ", said]);
        }
        out.push('\n');
    }
    // A place behind the last line.
    for (_, said) in found.iter().filter(|(at, _)| *at > file.text().lines().count()) {
        out.extend(["# ", said, "\n"]);
    }
    out
}

fn trimmed(text: &str) -> Vec<&str> {
    text.trim_end().lines().map(str::trim_end).collect()
}
