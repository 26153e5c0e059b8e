//! Realistic pipelines, checked: what this vocabulary does not have is unknown, and nothing else is wrong.

use crate::support::catalog::Words;
use dsl::diagnostic::{Code, Severity, render};
use dsl::span::SourceFile;

#[test]
fn the_pipelines_are_right_but_for_words_that_do_not_exist() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pipes");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    files.sort();
    let mut wrong = String::new();
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let file = SourceFile::new(name, std::fs::read_to_string(&path).unwrap());
        let (_, found) = dsl::compile(&file, &Words);
        let other: Vec<_> = found
            .into_iter()
            .filter(|it| it.severity() == Severity::Error && !is_unknown_word(it.code))
            .collect();
        wrong.push_str(&render::text(&other, &file, false));
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn is_unknown_word(code: Code) -> bool {
    matches!(
        code,
        Code::UnknownStep
            | Code::UnknownFunction
            | Code::UnknownConnector
            | Code::UnknownFormat
            | Code::UnknownWindow
            | Code::UnknownDetector
            | Code::UnknownOption
            | Code::UnknownChoice
            | Code::NotInThisVersion
    )
}
