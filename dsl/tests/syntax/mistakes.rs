//! The mistakes that people make, and what is said about them: golden files, here with the small vocabulary of the tests.

use crate::support::catalog::Words;
use crate::support::{diagnostics, markdown};
use dsl::diagnostic::{Code, Diagnostic, Fix};
use dsl::span::SourceFile;
use std::collections::BTreeSet;

/// The files that need no more than the small vocabulary; the golden tests of the whole project run all of them.
const FILES: [&str; 9] = [
    "e01_syntax.md",
    "e02_names.md",
    "e03_expressions.md",
    "e04_arguments.md",
    "e05_steps.md",
    "e06_connectors.md",
    "e07_tests.md",
    "e08_versions.md",
    "w09_warnings.md",
];

fn files() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/diagnostics");
    let read = |name: &str| {
        (name.to_owned(), std::fs::read_to_string(format!("{folder}/{name}")).unwrap())
    };
    FILES.into_iter().map(read).collect()
}

#[test]
fn every_mistake_is_answered_on_its_line() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for (name, text) in files() {
        for section in markdown::sections(&name, &text).unwrap() {
            count += 1;
            if let Err(why) = diagnostics::check(&section, &Words) {
                wrong.push(format!("{name}: {why}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count}\n\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(count >= 60, "only {count} mistakes are shown");
}

/// A code that no golden shows is one whose message nobody has read.
#[test]
fn every_code_is_shown() {
    // What only the rules of single words say is tested with these words.
    let of_words = [
        Code::RecordNeeded,
        Code::OptionsClash,
        Code::SourceRefuses,
        Code::SinkRefuses,
        Code::SinkAdvice,
    ];
    let texts: String = files().into_iter().map(|(_, text)| text).collect();
    let missing: BTreeSet<String> = Code::ALL
        .iter()
        .filter(|it| !of_words.contains(it))
        .map(ToString::to_string)
        .filter(|it| !texts.contains(&format!("[{it}]")))
        .collect();
    assert!(missing.is_empty(), "no golden shows {missing:?}");
}

/// An edit that is offered mends what it is offered for, and does no other harm.
#[test]
fn fixes_mend_what_they_are_offered_for() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for (name, text) in files() {
        for section in markdown::sections(&name, &text).unwrap() {
            let text: String = section.all("pipe").map(|it| it.text.as_str()).collect();
            let file = SourceFile::new("file.pipe", diagnostics::bare(&text));
            let (_, found) = dsl::compile(&file, &Words);
            for diagnostic in found.iter().filter(|it| !it.fixes.is_empty()) {
                count += 1;
                let mended = mended(file.text(), &diagnostic.fixes);
                let (_, after) =
                    dsl::compile(&SourceFile::new("file.pipe", mended.clone()), &Words);
                let same = |it: &&Diagnostic| {
                    it.message == diagnostic.message && it.span.start == diagnostic.span.start
                };
                if after.len() > found.len() || after.iter().any(|it| same(&it)) {
                    let path = &section.path;
                    wrong.push(format!("{path}: {}\n{mended}\n{after:#?}", diagnostic.message));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count}\n\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(count > 50, "only {count} fixes are offered");
}

fn mended(text: &str, fixes: &[Fix]) -> String {
    let mut fixes = fixes.to_vec();
    fixes.sort_by_key(|it| std::cmp::Reverse(it.span));
    let mut text = text.to_owned();
    for fix in fixes {
        text.replace_range(fix.span.start..fix.span.end, &fix.text);
    }
    text
}
