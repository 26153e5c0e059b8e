//! Shapes of plans: nothing to read, several pipes, several exchanges, side streams, columns that nobody reads.

use super::rig::{Rig, plan, row};
use engine::graph::{Spread, build};
use engine::runtime::{Ended, Outcome};
use serde_json::json;

fn run(program: &str, tasks: usize, rows: &[String]) -> (Rig, Outcome) {
    let mut rig = Rig::new(program, tasks);
    rig.settings.batch_rows = 7;
    rig.feed("a", rows);
    rig.feed("b", rows);
    rig.end();
    let outcome = rig.start().wait();
    assert!(matches!(outcome.ended, Ended::Finished), "{:?}", outcome.ended);
    assert_eq!((outcome.progress.ledger.residue(), outcome.progress.bytes), (0, 0));
    (rig, outcome)
}

fn rows(count: i64) -> Vec<String> {
    (0..count).map(|i| row(&format!("k{}", i * i % 11), i / 3, i % 13)).collect()
}

const SINKS: [&str; 7] = ["one", "two", "three", "four", "five", "six", "seven"];

const MANY: &str = "
stream hot = a | where n > 6
stream counts = a | window tumbling(10s), by: key | aggregate rows = count(), top = max(n)
stream by_rows = counts | window tumbling(1m), by: rows | aggregate keys = count(), top = max(top)
stream changes = a | changed n, by: key
stream again = changes | dedupe by: key, within: 3s
stream scored = again | detect sigma(n, last: 5, min: 2), by: n | select key, n, is_anomaly
stream met = union(hot, again) | window sliding(20s, 10s), by: key | aggregate rows = count()
stream tops = counts | changed top, by: rows | select key, rows, top | detect sigma(top, last: 5, min: 2), by: top
sink seven = tops | into memory()
sink one = hot | into memory()
sink two = counts | into memory()
sink three = by_rows | into memory()
sink four = scored | into memory()
sink five = met | into memory()
sink six = counts | where rows > 1 | select key, rows | into memory()
";

#[test]
fn rows_and_their_order_do_not_depend_on_the_number_of_tasks() {
    let rows = rows(400);
    let (one, ledger) = run(MANY, 1, &rows);
    for tasks in [2, 3, 4] {
        for _ in 0..3 {
            let (many, outcome) = run(MANY, tasks, &rows);
            for sink in SINKS {
                assert!(!one.rows(sink).is_empty());
                assert_eq!(many.rows(sink), one.rows(sink), "{sink} with {tasks} tasks");
            }
            assert_eq!(outcome.progress.ledger, ledger.progress.ledger);
        }
    }
}

#[test]
fn errors_and_late_rows_stand_in_one_order() {
    let program = "
stream bad = a
  | extend x = div(100, n - 3)
  | dedupe by: key, within: 2s
  | extend y = div(100, n - 4), late = x
  | changed n, by: n
stream counts = a | window tumbling(5s), by: key | aggregate rows = count(), whole = sum(div(7, n))
stream worse = bad.errors | where reason == \"division\" | extend parts = length(payload)
sink out = bad | into memory()
sink errors = worse | select step, payload | into memory()
sink late = counts.late | into memory()
sink refused = counts.errors | select payload | into memory()
";
    let mut rows = rows(200);
    rows.push(row("k1", 1, 1));
    rows.insert(100, row("k2", 2, 1));
    let (one, ledger) = run(program, 1, &rows);
    for tasks in [2, 4] {
        let (many, outcome) = run(program, tasks, &rows);
        for sink in ["out", "errors", "late", "refused"] {
            assert!(!one.rows(sink).is_empty());
            let (mut found, mut expected) = (many.rows(sink), one.rows(sink));
            if sink == "errors" {
                // Steps behind an exchange and those before it refuse rows at different places, which meet in any order.
                found.sort();
                expected.sort();
            }
            assert_eq!(found, expected, "{sink} with {tasks} tasks");
        }
        assert_eq!(outcome.progress.ledger, ledger.progress.ledger);
    }
}

#[test]
fn columns_that_nobody_reads_are_nowhere() {
    let program = "
stream empty = a | dedupe by: key, within: 1s | drop key, n | window tumbling(10s) | aggregate rows = count()
stream met = union(a, b) | window tumbling(1h) | aggregate rows = count()
sink out = empty | select rows | into memory()
sink all = met | select rows | into memory()
";
    for tasks in [1, 3] {
        let (rig, outcome) = run(program, tasks, &rows(100));
        assert_eq!(rig.column("all", "rows"), [200]);
        let streams = &outcome.progress.ledger.streams["empty"];
        assert_eq!(streams.duplicates + streams.absorbed, 100);
        assert_eq!(rig.column("out", "rows").len(), 4);
    }
}

#[test]
fn rows_of_one_key_cross_once() {
    let stages = |program: &str| {
        let graph = build(&plan(program)).unwrap();
        graph.stages.iter().map(|it| it.spread).collect::<Vec<_>>()
    };
    let once = "stream s = a | changed n, by: key | where n > 1 | dedupe by: key, within: 1s
sink out = s | into memory()";
    assert_eq!(stages(once), [Spread::Many, Spread::Many, Spread::Many, Spread::One]);
    let twice = "stream s = a | changed n, by: key | select key = n, n | dedupe by: key, within: 1s
sink out = s | into memory()";
    assert_eq!(stages(twice).len(), 5, "another column is called so behind `select`");
}

#[test]
fn nothing_comes_of_nothing() {
    for tasks in [1, 4] {
        let (rig, outcome) = run(MANY, tasks, &[]);
        for sink in SINKS {
            assert_eq!(rig.output(sink).count(), 0);
        }
        assert!(outcome.samples.iter().next().is_none());
        // Nobody has even made the input of this one.
        let rig = Rig::new("sink out = a | into memory()", tasks);
        connectors::memory::forget(&rig.name);
        assert!(matches!(rig.start().wait().ended, Ended::Finished));
    }
}

#[test]
fn many_payloads_without_a_row_are_many_rounds_without_rows() {
    let program = "
stream counts = a | window tumbling(10s), by: key | aggregate rows = count()
sink out = counts | into memory()
sink errors = a.errors | select reason | into memory()
";
    let mut rows = vec!["broken".to_owned(); 300];
    rows.push(row("k", 1, 1));
    rows.extend(vec!["[]".to_owned(); 300]);
    let (rig, outcome) = run(program, 3, &rows);
    assert_eq!(rig.column("out", "rows"), [1]);
    assert_eq!(rig.output("errors").count(), 300);
    assert_eq!(outcome.progress.ledger.sources["a"].read, 301);
}

#[test]
fn one_source_feeds_both_inputs_of_a_union() {
    let program = "
stream counts = a | window tumbling(10s), by: key | aggregate rows = count() | select key, n = rows
stream both = union(counts, a) | window tumbling(20s) | aggregate rows = count()
sink out = both | select start = window.start, rows | into memory()
sink twice = union(a, a) | into memory()
";
    let rows: Vec<_> = (0..2000).map(|i| row(&format!("k{}", i % 20), i / 50, i)).collect();
    let mut rig = Rig::new(program, 2);
    rig.settings.batch_rows = 10;
    rig.settings.piece_bytes = 1000;
    rig.settings.budget = 2 * (8 << 10);
    rig.feed("a", &rows);
    let running = rig.start();
    assert!(running.checkpoint().is_some(), "the barrier comes on two ways");
    rig.end();
    let outcome = running.wait();
    assert_eq!(rig.column("out", "rows"), [1000 + 40, 1000 + 40]);
    assert_eq!(rig.output("twice").count(), 4000);
    assert_eq!((outcome.progress.ledger.residue(), outcome.progress.bytes), (0, 0));
}

#[test]
fn only_what_somebody_reads_is_decoded_and_carried() {
    let wide = |rest: &str| {
        format!(
            "
schema Wide {{
  key:  string
  at:   timestamp
  n:    int
  text: string?
  more: float?
}}
source a = memory(schema: Wide, time: at)
source b = memory(schema: Wide, time: at, bounded: false, out_of_order: 0s)
{rest}"
        )
    };
    let needs = |program: &str| build(&plan(&wide(program))).unwrap().needs.sources.remove(0);
    let narrow =
        "stream counts = a | where n > 1 | window tumbling(1s), by: key | aggregate rows = count()";
    let found = needs(&format!("{narrow}\nsink out = counts | into memory()"));
    assert_eq!(found.decode, [true, true, true, false, false]);
    assert_eq!(found.keep, [0, 2], "the time is worked out before");
    let late = "sink late = counts.late | select key | into memory()";
    let found = needs(&format!("{narrow}\nsink out = counts | into memory()\n{late}"));
    assert_eq!(found.decode, [true; 5], "late rows are whole");
    let errors = "sink out = a | select n | into memory()\nsink bad = a.errors | into memory()";
    let found = needs(errors);
    assert_eq!((found.decode, found.keep), (vec![true; 5], vec![2]), "so are refused ones");
}

/// A row that is refused for its time is shown as it was, not as far as somebody reads it.
#[test]
fn rows_refused_by_the_source_are_whole() {
    let program = "
schema Reading {
  key: string
  at:  timestamp?
  n:   int
}
source a = memory(schema: Reading, time: at)
source b = memory(schema: Reading, time: at)
sink out = a | select n | into memory()
sink bad = a.errors | select reason, payload, split = meta.split | into memory()
";
    let rows = [r#"{"key":"x","n":5}"#.to_owned(), row("y", 1, 6)];
    let (rig, _) = run(program, 2, &rows);
    assert_eq!(rig.column("out", "n"), [6]);
    let payload = r#"{"key":"x","at":null,"n":5}"#;
    let expected = json!({ "reason": "missing", "payload": payload, "split": "0" });
    let found: serde_json::Value = serde_json::from_str(&rig.rows("bad")[0]).unwrap();
    assert_eq!(found, expected);
}

#[test]
fn metadata_goes_along_as_far_as_steps_are_stateless() {
    let program = "
stream kept = a | where n > 2 | select n, split = meta.split, time = meta.time
stream first = a | dedupe by: key, within: 1h | extend from = meta.split
stream all = union(a, b) | extend from = meta.split
sink one = kept | into memory()
sink two = first | select key, from | into memory()
sink three = all | select from | into memory()
";
    for tasks in [1, 3] {
        let rig = Rig::new(program, tasks);
        rig.input("a").push("left", [row("x", 1, 1), row("x", 2, 5)]);
        rig.input("a").push("right", [row("y", 3, 7)]);
        rig.input("b").push("other", [row("z", 3, 7)]);
        rig.end();
        let outcome = rig.start().wait();
        assert!(matches!(outcome.ended, Ended::Finished), "{:?}", outcome.ended);
        assert_eq!(rig.column("one", "split"), ["left", "right"]);
        assert_eq!(rig.column("one", "time")[1], "1970-01-01T00:00:03Z");
        assert_eq!(rig.column("two", "from"), ["left", "right"]);
        let mut three = rig.column("three", "from");
        three.sort_by_key(ToString::to_string);
        assert_eq!(three, ["left", "left", "other", "right"]);
    }
}
