//! `weir explain`.

use super::{ADVICE, MISTAKES, READINGS};
use crate::support::folder::Folder;
use crate::support::weir::run;

#[test]
fn a_file_is_explained_without_being_run() {
    let folder = Folder::new();
    folder.write("a.pipe", READINGS);
    let done = run(&folder, &["explain", "a.pipe"]);
    done.ends_with(0);
    for part in [
        "source readings: file, json",
        "minutes.window.0",
        "by device",
        "at least once",
        "readings.errors: read by rejected",
    ] {
        assert!(done.out.contains(part), "{part} is missing:\n{}", done.out);
    }
    assert_eq!(folder.names(), ["a.pipe"], "neither the input is needed nor an output made");
    let again = run(&folder, &["explain", "a.pipe"]);
    assert_eq!(done.out, again.out, "the text is stable");
}

#[test]
fn as_json_and_as_a_graph() {
    let folder = Folder::new();
    folder.write("a.pipe", READINGS);
    let json = run(&folder, &["explain", "--json", "a.pipe"]);
    json.ends_with(0);
    let value: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(value["sources"][0]["name"], "readings");
    assert_eq!(value["streams"][0]["steps"][0]["id"], "minutes.window.0");
    let dot = run(&folder, &["explain", "--dot", "a.pipe"]);
    dot.ends_with(0);
    assert!(dot.out.starts_with("digraph ") && dot.out.trim_end().ends_with('}'), "{}", dot.out);
    assert_eq!(dot.out.matches('{').count(), dot.out.matches('}').count());
    assert!(dot.out.contains("->"));
    run(&folder, &["explain", "--dot", "--json", "a.pipe"]).ends_with(2);
}

#[test]
fn mistakes_are_shown_and_warnings_do_not_matter() {
    let folder = Folder::new();
    folder.write("bad.pipe", MISTAKES).write("advice.pipe", ADVICE);
    let bad = run(&folder, &["explain", "bad.pipe"]);
    bad.ends_with(1).says("error[E0203]").says("error[E0201]");
    assert_eq!(bad.out, "");
    run(&folder, &["explain", "advice.pipe"]).ends_with(0).says("warning[W0904]");
    run(&folder, &["explain", "none.pipe"]).ends_with(2).says("`none.pipe`");
}

#[test]
fn a_time_of_receipt_is_called_that() {
    let folder = Folder::new();
    let text = "source lines = file(path: \"in.log\", format: raw)
sink out = lines | into file(path: \"out.jsonl\")
";
    folder.write("a.pipe", text);
    let done = run(&folder, &["explain", "a.pipe"]);
    done.ends_with(0);
    assert!(done.out.contains("largest time of receipt of each split less 0s"), "{}", done.out);
}
