//! How files begin and are called, and what none of them may hold.

use super::tree::{File, files, lines_with, none, rust};

/// Text is looked at in all files but these: this one names what it looks for, and the others are not ours.
fn ours() -> impl Iterator<Item = &'static File> {
    let others = ["tests/tidy/marks.rs", "Cargo.lock", "LICENSE"];
    files().iter().filter(move |it| !others.contains(&it.path.as_str()))
}

#[test]
fn every_file_says_what_it_is() {
    let bare = rust().filter(|it| {
        let first = it.text.lines().next().unwrap_or_default();
        first.strip_prefix("//!").is_none_or(|said| said.trim().len() < 10)
    });
    let bare: Vec<String> = bare.map(|it| it.path.clone()).collect();
    none(&bare, "a Rust file begins with `//!` and a sentence on what it is and why");
}

#[test]
fn modules_are_named_by_their_file() {
    let found: Vec<String> =
        rust().filter(|it| it.stem() == "mod").map(|it| it.path.clone()).collect();
    none(&found, "a module is `name.rs`, its parts stand in `name/`");
}

#[test]
fn nothing_is_left_unfinished() {
    let wanted = [
        "todo!(",
        "TODO",
        "FIXME",
        "XXX:",
        "unimplemented!(",
        "#[ignore",
        "#[should_panic",
        "dbg!(",
    ];
    let wanted = wanted.map(str::to_owned);
    let found: Vec<String> = ours().flat_map(|it| lines_with(it, &wanted)).collect();
    none(&found, "finish it, or say in the documents what is missing");
}

#[test]
fn nothing_belongs_to_one_machine() {
    let wanted = ["/home/", "/Users/", "/root/", "/work/", "../shared", "C:\\"];
    let wanted = wanted.map(str::to_owned);
    let found: Vec<String> = ours().flat_map(|it| lines_with(it, &wanted)).collect();
    none(&found, "a path that exists on one machine only");
}

#[test]
fn waits_are_for_conditions() {
    let wanted = ["thread::sleep("].map(str::to_owned);
    let others = ours().filter(|it| it.has_extension("rs") && it.path != "engine/src/time.rs");
    let found: Vec<String> = others.flat_map(|it| lines_with(it, &wanted)).collect();
    none(&found, "wait for a condition with a deadline, not for time to pass");
}
