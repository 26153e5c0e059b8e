//! Small texts and the tree each becomes, or the code of the mistake in it.

use crate::support::sexpr;
use dsl::parse;
use dsl::span::SourceFile;

/// `expr: text`, then `  => tree`; `⏎` is a line end.
#[test]
fn every_case_parses_as_written() {
    let mut wrong = Vec::new();
    let mut count = 0;
    let mut source = None;
    for line in include_str!("../data/cases.txt").lines() {
        if let Some(want) = line.strip_prefix("  => ") {
            let (kind, text) = source.take().expect("a case before its tree");
            let got = parsed(kind, text);
            count += 1;
            if got != want {
                wrong.push(format!("{kind}: {text}\n  => {got}"));
            }
        } else if !line.starts_with('#') && !line.is_empty() {
            source = line.split_once(": ");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(count > 150, "only {count} cases were read");
}

fn parsed(kind: &str, text: &str) -> String {
    let text = text.replace('⏎', "\n");
    let (tree, found) = if kind == "expr" {
        match parse::expression(&text) {
            Ok(expr) => (sexpr::expr(&expr), Vec::new()),
            Err(found) => (String::new(), found),
        }
    } else {
        let text = if kind == "step" { format!("stream s = t {text}") } else { text };
        let (file, found) = parse::parse(&SourceFile::new("case", text));
        (sexpr::file(&file), found)
    };
    match found.first() {
        Some(first) => format!("error {}", first.code),
        None => tree.replace('\n', " "),
    }
}
