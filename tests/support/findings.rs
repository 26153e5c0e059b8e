//! What the checker finds in a program, what its plan is, and how it is formatted.

use super::diagnostics;
use super::markdown::Section;
use super::update;
use dsl::diagnostic::{Diagnostic, has_errors};
use dsl::plan::Plan;
use dsl::span::SourceFile;
use std::path::Path;
use weir::registry::Registry;

/// The program of a section: its blocks put together, without what they say is found in them.
pub(crate) fn program(section: &Section) -> SourceFile {
    let text: String = section.all("pipe").map(|it| it.text.as_str()).collect();
    SourceFile::new("file.pipe", diagnostics::bare(&text))
}

/// The checked plan, if there are no errors.
pub(crate) fn compile(file: &SourceFile) -> (Option<Plan>, Vec<Diagnostic>) {
    let (plan, found) = dsl::compile(file, &Registry);
    (plan.filter(|_| !has_errors(&found)), found)
}

/// Checks the findings, the plan and the layout.
pub(crate) fn check(path: &Path, section: &Section) -> Vec<String> {
    if section.all("pipe").next().is_none() {
        return Vec::new();
    }
    let file = program(section);
    let mut wrong: Vec<String> = diagnostics::check(section, &Registry).err().into_iter().collect();
    for block in section.own.iter().filter(|it| it.kind() == "plan") {
        let plan = compile(&file).0.map(|it| engine::explain::explain(&it, &Registry));
        let text = match plan {
            Some(Ok(plan)) => engine::explain::text(&plan),
            Some(Err(error)) => error.to_string(),
            None => "the program has errors".to_owned(),
        };
        wrong.extend(update::same(path, block, &text));
    }
    for block in section.own.iter().filter(|it| it.kind() == "formatted") {
        let text = dsl::format::format(&file).unwrap_or_else(|it| format!("{it:#?}"));
        wrong.extend(update::same(path, block, &text));
    }
    wrong.extend(format_keeps(&file));
    wrong
}

/// A program that parses is formatted once and for all.
fn format_keeps(file: &SourceFile) -> Option<String> {
    let once = dsl::format::format(file).ok()?;
    let again = SourceFile::new("file.pipe", once.clone());
    match dsl::format::format(&again) {
        Ok(twice) if twice == once => None,
        Ok(twice) => Some(format!("formatting twice changes more:\n{once}\n---\n{twice}")),
        Err(found) => Some(format!("formatting breaks the program: {found:?}\n{once}")),
    }
}
