//! Links in documents point to files that are there.

use super::tree::{File, files, none, root};
use std::path::Path;

#[test]
fn links_point_to_files_that_exist() {
    let documents = files().iter().filter(|it| it.has_extension("md"));
    let found: Vec<String> = documents.flat_map(broken).collect();
    none(&found, "links to nowhere");
}

/// The links of a document to files that are not there.
fn broken(document: &File) -> Vec<String> {
    let folder = root().join(document.folder());
    let there = |target: &str| folder.join(target).exists();
    let targets = targets(&document.text).into_iter();
    let gone = targets.filter(|(_, target)| !there(target));
    gone.map(|(line, target)| format!("{}:{line}: {target}", document.path)).collect()
}

/// The files that a text links to, `[text](file#place)`, with their lines; code is left out.
fn targets(text: &str) -> Vec<(usize, String)> {
    let mut targets = Vec::new();
    let mut fence = "";
    for (i, line) in text.lines().enumerate() {
        let ticks = line.trim_start().len() - line.trim_start().trim_start_matches('`').len();
        if ticks >= 3 {
            let this = &line.trim_start()[..ticks];
            if fence.is_empty() {
                fence = this;
            } else if ticks >= fence.len() {
                fence = "";
            }
            continue;
        }
        if !fence.is_empty() {
            continue;
        }
        // Every other piece between backticks is code.
        for prose in line.split('`').step_by(2) {
            for rest in prose.split("](").skip(1) {
                let target = rest.split([')', '#', ' ']).next().unwrap_or_default();
                if !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:") {
                    targets.push((i + 1, target.to_owned()));
                }
            }
        }
    }
    targets
}

#[test]
fn links_are_found_in_prose_only() {
    let text =
        "[a](b.md#c) `[x](y)`\n```\n[no](no.md)\n```\n[e](https://e.org) [f](f/g.md)\n[h](#i)";
    assert_eq!(targets(text), [(1, "b.md".to_owned()), (5, "f/g.md".to_owned())]);
    assert!(Path::new(root()).join("Cargo.toml").exists());
}
