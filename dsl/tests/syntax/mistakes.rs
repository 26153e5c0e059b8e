//! The mistakes that people make, and what is said about them: golden files, here with the small vocabulary of the tests.

use crate::support::catalog::Words;
use crate::support::{diagnostics, markdown};
use dsl::diagnostic::Code;
use std::collections::BTreeSet;

fn files() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/diagnostics");
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().path())
        .map(|it| {
            let name = it.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(it).unwrap())
        })
        .collect();
    files.sort();
    files
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
