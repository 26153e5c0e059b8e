//! The layout: nothing but the layout changes, and it changes once.

use crate::support::sexpr;
use dsl::format::format;
use dsl::parse;
use dsl::span::SourceFile;

/// Formats, and checks what has to hold for every file.
pub(super) fn formatted(name: &str, text: &str) -> String {
    let file = SourceFile::new(name, text);
    let once = format(&file).unwrap_or_else(|found| panic!("{name} does not parse: {found:#?}"));
    let again = SourceFile::new(name, once.clone());
    let twice = format(&again).unwrap_or_else(|found| panic!("{name}: {found:#?}\n{once}"));
    assert_eq!(once, twice, "{name}: formatting twice changes more");
    assert_eq!(tree(&file), tree(&again), "{name}: formatting changes the meaning\n{once}");
    assert_eq!(comments(&file), comments(&again), "{name}: comments are lost");
    once
}

fn tree(file: &SourceFile) -> String {
    sexpr::file(&parse::parse(file).0)
}

fn comments(file: &SourceFile) -> Vec<String> {
    let comments = parse::comments(file.text());
    comments.iter().map(|it| file.at(it.span).trim_end().to_owned()).collect()
}

#[test]
fn the_example_is_formatted() {
    let text = include_str!("../data/example.pipe");
    assert_eq!(formatted("example", text), text);
}

/// A text, a line of dashes, the same text formatted; cases are parted by lines of equal signs.
#[test]
fn layouts() {
    let cases = include_str!("../data/layouts.txt");
    let mut wrong = Vec::new();
    for case in cases.split("==========\n") {
        let (text, want) = case.split_once("----------\n").expect("a case has two halves");
        let got = formatted("layout", text);
        if got != want {
            wrong.push(format!("{text}----------\n{got}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("==========\n"));
}

#[test]
fn the_pipelines_are_formatted_from_any_layout() {
    for (name, text) in pipelines() {
        let once = formatted(&name, &text);
        assert_eq!(once, text, "{name} is not formatted");
        // However the author broke the lines, tokens and comments come through.
        let squeezed: String = text
            .lines()
            .map(|line| line.trim_start().to_owned() + if line.contains('#') { "\n" } else { " " })
            .collect();
        if !text.contains("\"\"\"") {
            let again = formatted(&name, &squeezed);
            let words = |it: &str| it.split([' ', '\n', ',']).collect::<String>();
            assert_eq!(words(&once), words(&again));
        }
    }
}

/// The pipelines beside this file.
pub(super) fn pipelines() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pipes");
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|it| {
            (it.file_name().into_string().unwrap(), std::fs::read_to_string(it.path()).unwrap())
        })
        .collect();
    files.sort();
    assert!(files.len() > 30);
    files
}
