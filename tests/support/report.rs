//! The closing report, held against the contract: every name, every field, and sums that add up.

use serde_json::Value;

/// The fields of a source.
const SOURCE: [&str; 6] = ["read", "emitted", "errors", "skipped", "dropped", "watermark"];

/// The fields of a stream.
const STREAM: [&str; 9] =
    ["in", "made", "out", "filtered", "late", "errors", "duplicates", "absorbed", "held"];

/// What a sink has besides.
const SINK: [&str; 3] = ["written", "failed", "unwritten"];

/// Checks a report against the names of a file; nothing may be missing or too much, and everything adds up.
#[track_caller]
pub(crate) fn check(report: &Value, sources: &[&str], streams: &[&str], sinks: &[&str]) {
    let mut top = vec!["version", "status", "seconds", "sources", "streams", "sinks", "ledger"];
    if report["status"] == "failed" {
        top.push("error");
        assert!(report["error"].as_str().is_some_and(|it| !it.is_empty()));
    }
    if report.get("usage").is_some() {
        top.push("usage");
    }
    assert_eq!(keys(report), sorted(&top));
    assert_eq!(report["version"], 1);
    assert!(report["seconds"].as_f64().unwrap() >= 0.0);
    assert_eq!(keys(&report["ledger"]), ["balanced", "residue"]);
    assert_eq!(report["ledger"]["balanced"], true, "{report:#}");
    assert_eq!(report["ledger"]["residue"], 0);
    assert_eq!(keys(&report["sources"]), sorted(sources));
    assert_eq!(keys(&report["streams"]), sorted(streams));
    assert_eq!(keys(&report["sinks"]), sorted(sinks));
    for (name, it) in report["sources"].as_object().unwrap() {
        assert_eq!(keys(it), sorted(&SOURCE), "{name}");
        let sum = total(it, &["emitted", "errors", "skipped", "dropped"]);
        assert_eq!(number(it, "read"), sum, "{name}: {it}");
    }
    for (name, it) in report["streams"].as_object().unwrap() {
        assert_eq!(keys(it), sorted(&STREAM), "{name}");
        balanced(name, it);
    }
    for (name, it) in report["sinks"].as_object().unwrap() {
        assert_eq!(keys(it), sorted(&[&STREAM[..], &SINK].concat()), "{name}");
        balanced(name, it);
        assert_eq!(number(it, "out"), total(it, &SINK), "{name}: {it}");
    }
}

/// A figure: `number(&report["sources"]["telemetry"], "read")`.
#[track_caller]
pub(crate) fn number(line: &Value, field: &str) -> i64 {
    line[field].as_i64().unwrap_or_else(|| panic!("there is no `{field}` in {line}"))
}

fn total(line: &Value, fields: &[&str]) -> i64 {
    fields.iter().map(|it| number(line, it)).sum()
}

fn balanced(name: &str, line: &Value) {
    let left = total(line, &["in", "made"]);
    assert_eq!(left, total(line, &STREAM[2..]), "{name}: {line}");
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

fn sorted<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let mut names = names.to_vec();
    names.sort_unstable();
    names
}
