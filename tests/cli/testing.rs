//! `weir test`.

use super::{MISTAKES, READINGS};
use crate::support::folder::Folder;
use crate::support::weir::run;

/// Two tests, of which the second expects too much.
fn failing() -> String {
    READINGS.replace("mean: 1.5", "mean: 2.5")
}

#[test]
fn tests_run_without_inputs_and_leave_nothing() {
    let folder = Folder::new();
    folder.write("a.pipe", READINGS);
    let done = run(&folder, &["test", "a.pipe"]);
    done.ends_with(0).says("2 passed, 0 failed");
    assert_eq!(done.out.lines().filter(|it| it.starts_with("ok")).count(), 2, "{}", done.out);
    assert_eq!(folder.names(), ["a.pipe"]);
}

#[test]
fn a_test_that_fails_says_where_and_what_was_found() {
    let folder = Folder::new();
    folder.write("a.pipe", failing());
    let done = run(&folder, &["test", "a.pipe"]);
    done.ends_with(1).says("1 passed, 1 failed");
    let line = failing().lines().position(|it| it.contains("expect minutes")).unwrap() + 1;
    assert!(done.out.contains(&format!("line {line}:")), "{}", done.out);
    assert!(done.out.contains("2.5") && done.out.contains("1.5"), "{}", done.out);
}

#[test]
fn a_filter_picks_by_name_and_machines_get_an_object_a_line() {
    let folder = Folder::new();
    folder.write("a.pipe", failing());
    let picked = run(&folder, &["test", "--filter", "hot", "a.pipe"]);
    picked.ends_with(0).says("1 passed, 0 failed");
    let done = run(&folder, &["test", "--json", "a.pipe"]);
    done.ends_with(1);
    let results = done.rows();
    assert_eq!(results.len(), 2);
    assert_eq!(results[0]["test"], "a hot reading raises an alert");
    assert_eq!((&results[0]["file"], &results[0]["passed"]), (&"a.pipe".into(), &true.into()));
    assert_eq!(results[0]["failures"].as_array().map(Vec::len), Some(0));
    assert_eq!(results[1]["passed"], false);
    assert!(
        results[1]["failures"][0]["line"].is_u64() && results[1]["failures"][0]["text"].is_string()
    );
}

#[test]
fn fixtures_stand_beside_the_file() {
    let folder = Folder::new();
    let text = READINGS.replace(
        "feed readings [\n    { device: \"a\", at: @2026-01-01T00:00:00Z, t: 1.0 },\n    { device: \"a\", at: @2026-01-01T00:00:01Z, t: 2.0 },\n  ]",
        "feed readings from \"fixtures/two.jsonl\"",
    );
    assert_ne!(text, READINGS);
    let rows = r#"{"device":"a","at":"2026-01-01T00:00:00Z","t":1.0}
{"device":"a","at":"2026-01-01T00:00:01Z","t":2.0}
"#;
    folder.write("deep/a.pipe", &text).write("deep/fixtures/two.jsonl", rows);
    run(&folder, &["test", "deep/a.pipe"]).ends_with(0).says("2 passed");
    folder.write("bare/a.pipe", &text);
    let done = run(&folder, &["test", "bare/a.pipe"]);
    done.ends_with(1);
    assert!(done.out.contains("bare/fixtures/two.jsonl"), "{}", done.out);
}

#[test]
fn files_with_mistakes_and_files_that_are_not_there() {
    let folder = Folder::new();
    folder.write("bad.pipe", MISTAKES).write("a.pipe", READINGS);
    run(&folder, &["test", "bad.pipe", "a.pipe"])
        .ends_with(1)
        .says("error[E0203]")
        .says("2 passed, 0 failed");
    run(&folder, &["test", "none.pipe", "a.pipe"]).ends_with(2).says("`none.pipe`");
}
