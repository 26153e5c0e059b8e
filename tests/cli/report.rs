//! Runs that fail: exit code 3, a message that names the place, and a report all the same.

use super::{LINES, MISTAKES, READINGS};
use crate::support::folder::Folder;
use crate::support::report::{check, number};
use crate::support::weir::{run, weir};

/// The names of the file of readings.
const NAMES: (&[&str], &[&str], &[&str]) =
    (&["readings"], &["hot", "minutes"], &["alerts", "averages", "rejected"]);

/// Runs a variant of the readings that cannot work; returns the folder.
fn broken(text: &str, said: &[&str]) -> Folder {
    assert_ne!(text, READINGS);
    let folder = Folder::new();
    folder
        .write("a.pipe", text)
        .write("in.jsonl", LINES)
        .write("file", "")
        .write("folder.jsonl/x", "");
    let done = run(&folder, &["run", "a.pipe", "--report", "report.json"]);
    done.ends_with(3);
    for it in said {
        done.says(it);
    }
    let report = folder.json("report.json");
    assert_eq!(report["status"], "failed");
    check(&report, NAMES.0, NAMES.1, NAMES.2);
    folder
}

#[test]
fn an_input_that_is_not_there() {
    let text = READINGS.replace("in.jsonl", "missing.jsonl");
    let folder = broken(&text, &["`readings`", "missing.jsonl", "working directory"]);
    assert_eq!(folder.names(), ["a.pipe", "file", "folder.jsonl", "in.jsonl", "report.json"]);
    broken(&READINGS.replace("in.jsonl", "x/*.jsonl"), &["`readings`", "x/*.jsonl"]);
}

#[test]
fn a_folder_that_cannot_be_written() {
    // Whoever may write everywhere still cannot make a folder out of a file.
    let text = READINGS.replace("alerts.jsonl", "file/alerts.jsonl");
    broken(&text, &["`alerts`", "`path`", "`file`"]);
    broken(&READINGS.replace("alerts.jsonl", "folder.jsonl"), &["`alerts`", "`path`"]);
}

#[test]
fn a_variable_that_is_not_set() {
    let text = READINGS.replace("\"in.jsonl\"", "env(\"NOT_SET_ANYWHERE\"), format: json");
    broken(&text, &["`NOT_SET_ANYWHERE`"]);
}

#[test]
fn a_packed_file_that_breaks_off_fails_the_run_and_leaves_no_half_output() {
    let folder = Folder::new();
    let mut bytes = zstd::encode_all(LINES.repeat(2000).as_bytes(), 1).unwrap();
    bytes.truncate(bytes.len() / 2);
    folder.write("in.jsonl.zst", bytes);
    folder.write("a.pipe", READINGS.replace("in.jsonl", "in.jsonl.zst"));
    let done = run(&folder, &["run", "a.pipe", "--report", "report.json"]);
    done.ends_with(3).says("in.jsonl.zst");
    assert_eq!(folder.names(), ["a.pipe", "in.jsonl.zst", "report.json"]);
    let report = folder.json("report.json");
    check(&report, NAMES.0, NAMES.1, NAMES.2);
    for name in NAMES.2 {
        assert_eq!(number(&report["sinks"][name], "written"), 0, "a file that is not there");
    }
}

#[test]
fn a_broker_that_is_not_there_is_said_within_seconds() {
    let folder = Folder::new();
    let text = r#"schema R { a: int }
source r = mqtt(url: "mqtt://127.0.0.1:1", topic: "t", format: json, schema: R)
sink o = r | into file(path: "o.jsonl", append: true)
"#;
    folder.write("a.pipe", text);
    let done = run(&folder, &["run", "a.pipe", "--report", "report.json"]);
    done.ends_with(3).says("`r`").says("127.0.0.1:1").says("url");
    check(&folder.json("report.json"), &["r"], &[], &["o"]);
}

#[test]
fn a_file_with_mistakes_is_not_run() {
    let folder = Folder::new();
    folder.write("a.pipe", MISTAKES).write("in.jsonl", LINES);
    run(&folder, &["run", "a.pipe", "--report", "report.json"]).ends_with(1).says("error[E0203]");
    assert_eq!(folder.names(), ["a.pipe", "in.jsonl"], "there was no run to report");
}

#[test]
fn the_report_replaces_an_older_one_as_a_whole() {
    let folder = Folder::new();
    folder.write("a.pipe", READINGS).write("in.jsonl", LINES).write("out/report.json", "older");
    run(&folder, &["run", "a.pipe", "--report", "out/report.json"]).ends_with(0);
    let report = folder.json("out/report.json");
    check(&report, NAMES.0, NAMES.1, NAMES.2);
    assert_eq!(number(&report["sinks"]["alerts"], "written"), 3);
    assert_eq!(number(&report["streams"]["hot"], "filtered"), 1);
    let left: Vec<_> = std::fs::read_dir(folder.path().join("out")).unwrap().collect();
    assert_eq!(left.len(), 1);
}

#[test]
fn logs_are_lines_of_json_if_that_is_wanted() {
    let folder = Folder::new();
    folder.write("a.pipe", READINGS).write("in.jsonl", LINES);
    let words = ["run", "a.pipe", "--quiet", "--log-format", "json"];
    let done = weir(&folder, &words).env("WEIR_LOG", "trace").run();
    done.ends_with(0);
    for line in done.err.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}
