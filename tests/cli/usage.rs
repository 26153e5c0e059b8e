//! What was typed wrongly ends with 2 before anything is done.

use super::READINGS;
use crate::support::folder::Folder;
use crate::support::weir::run;

#[test]
fn help_and_version_are_answers() {
    let folder = Folder::new();
    let help = run(&folder, &["--help"]);
    help.ends_with(0);
    let version = run(&folder, &["--version"]);
    version.ends_with(0);
    assert_eq!(version.out.trim(), concat!("weir ", env!("CARGO_PKG_VERSION")));
    for command in ["run", "check", "test", "fmt", "explain", "demo", "docs", "query", "bench"] {
        assert!(help.out.contains(&format!("  {command} ")), "{command} is not in\n{}", help.out);
        let own = run(&folder, &[command, "--help"]);
        own.ends_with(0);
        assert_eq!(own.err, "");
    }
}

#[test]
fn wrong_usage_ends_with_2() {
    let folder = Folder::new();
    folder.write("a.pipe", READINGS);
    let lines: [&[&str]; 22] = [
        &[],
        &["nonsense"],
        &["run"],
        &["check"],
        &["fmt"],
        &["test"],
        &["explain"],
        &["run", "none.pipe"],
        &["run", "a.pipe", "b.pipe"],
        &["run", "a.pipe", "--nonsense"],
        &["run", "a.pipe", "--threads", "0"],
        &["run", "a.pipe", "--threads", "many"],
        &["run", "a.pipe", "--log-format", "xml"],
        &["run", "a.pipe", "--report", "no/such/folder/report.json"],
        &["demo", "--for", "banana"],
        &["demo", "--devices", "0"],
        &["query"],
        &["query", "select 1", "select 2"],
        &["query", "select 1", "--json", "--csv"],
        &["bench"],
        &["bench", "nonsense"],
        &["bench", "filter", "--rows", "0"],
    ];
    for words in lines {
        let done = run(&folder, words);
        done.ends_with(2);
        assert_eq!(done.out, "", "{words:?}");
        assert!(!done.err.is_empty(), "{words:?}");
    }
    assert_eq!(folder.names(), ["a.pipe"], "nothing was begun");
}

#[test]
fn workloads_are_listed_and_a_small_one_is_measured() {
    let folder = Folder::new();
    let list = run(&folder, &["bench", "--list"]);
    list.ends_with(0);
    for name in ["filter", "tumbling", "sliding"] {
        assert!(list.out.lines().any(|it| it.starts_with(name)), "{}", list.out);
    }
    let words = [
        "bench",
        "filter",
        "tumbling",
        "--rows",
        "20000",
        "--repeat",
        "1",
        "--threads",
        "2",
        "--json",
    ];
    let done = run(&folder, &words);
    done.ends_with(0);
    let results = done.rows();
    assert_eq!(results.len(), 2, "{}", done.out);
    for it in &results {
        assert!(it["weir"]["rows_per_second"].as_f64().unwrap() > 0.0);
        assert!(it["results"].as_i64().unwrap() > 0);
    }
}
