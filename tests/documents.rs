//! What the documents show is what the binary does.

use crate::support::folder::Folder;
use crate::support::weir::run;
use dsl::diagnostic::{has_errors, render};
use dsl::span::SourceFile;
use std::path::Path;
use weir::registry::Registry;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The blocks of a document between fences of this kind.
fn blocks(document: &str, kind: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut inside: Option<String> = None;
    for line in document.lines() {
        match &mut inside {
            None if line == format!("```{kind}") => inside = Some(String::new()),
            None => {}
            Some(_) if line == "```" => blocks.extend(inside.take()),
            Some(text) => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    blocks
}

#[test]
fn the_pipeline_of_the_readme_gives_what_is_shown_there() {
    let (readme, file) = (read("README.md"), "pipelines/rooms.pipe");
    let input = read("pipelines/fixtures/rooms.jsonl");
    assert_eq!(blocks(&readme, "pipe")[0], read(file));
    let folder = Folder::new();
    folder.write(file, read(file)).write("pipelines/fixtures/rooms.jsonl", &input);
    let done = run(&folder, &["run", file]);
    done.ends_with(0);
    // How long it took differs.
    let said = |text: &str| text[..text.find("\nfinished after").unwrap()].to_owned();
    let shown = blocks(&readme, "console")[0].replacen("$ cargo run --release -- run", "", 1);
    assert_eq!(said(&format!(" {file}\n{}{}", done.out, done.err)), said(&shown));
    let written = |name: &str| folder.read(&format!("weir-demo/rooms/{name}.jsonl"));
    let shown = blocks(&readme, "json");
    assert_eq!(shown, [input, written("minutes"), written("late"), written("rejected")]);
}

#[test]
fn the_question_of_the_readme_has_the_answer_that_is_shown_there() {
    let (readme, file) = (read("README.md"), "pipelines/rooms.pipe");
    let folder = Folder::new();
    let input = read("pipelines/fixtures/rooms.jsonl");
    folder.write(file, read(file)).write("pipelines/fixtures/rooms.jsonl", input);
    run(&folder, &["run", file]).ends_with(0);
    let shown = blocks(&readme, "console");
    let asked = shown.iter().find(|it| it.starts_with("$ weir query")).unwrap();
    let (question, answer) = asked.split_once('\n').unwrap();
    let question = question.trim_start_matches("$ weir query ").trim_matches('"');
    let done = run(&folder, &["query", question]);
    done.ends_with(0);
    assert_eq!(done.out, answer);
}

#[test]
fn pipelines_in_the_documents_are_right_and_in_the_one_layout() {
    let mut count = 0;
    for path in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        for text in blocks(&read(path), "pipe") {
            let file = SourceFile::new(path, &*text);
            let (_, found) = dsl::compile(&file, &Registry);
            assert!(!has_errors(&found), "{}", render::text(&found, &file, false));
            assert_eq!(dsl::format::format(&file).unwrap(), text, "{path}");
            count += 1;
        }
    }
    assert!(count >= 2, "the documents show no pipelines any more");
}

#[test]
fn every_word_and_command_stands_in_the_readme() {
    use dsl::catalog::Catalog;
    use dsl::signature::Kind;
    let readme = read("README.md");
    let words = Registry.signatures().into_iter().filter(|it| it.kind != Kind::Function);
    for word in words {
        let name = word.name;
        let shown = [format!("`{name}`"), format!("`{name}("), format!(" {name}`")];
        assert!(shown.iter().any(|it| readme.contains(it)), "{} `{name}`", word.kind.noun());
    }
    for command in ["run", "check", "test", "fmt", "explain", "demo", "docs", "query", "bench"] {
        assert!(readme.contains(&format!("| `weir {command}")), "{command}");
    }
}
