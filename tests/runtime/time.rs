//! Time where inputs meet: watermarks, silence, splits that come and go.

use super::rig::{Rig, row};
use engine::runtime::{Ended, Simulation};
use engine::source::SplitEvent;
use engine::time::{Clock, Watermark};

const LIVE: &str = "
schema Reading {
  key: string
  at:  timestamp
  n:   int
}
source a = memory(schema: Reading, time: at)
source b = memory(schema: Reading, time: at, bounded: false, out_of_order: 0s, idle: 30s)
source c = memory(schema: Reading, time: at, bounded: false, out_of_order: 0s, idle: 30s)
";

const SECOND: i64 = 1_000_000;

fn live(program: &str, tasks: usize) -> Rig {
    Rig::new(&format!("{LIVE}{program}"), tasks)
}

#[test]
fn a_concat_whose_input_is_silent_does_not_freeze_a_union() {
    let program = "
stream all = concat(a, b)
stream counts = union(all, c) | window tumbling(10s) | aggregate rows = count()
sink out = counts | into memory()
";
    let rig = live(program, 2);
    rig.feed("a", &[row("a", 1, 1)]);
    rig.input("a").end();
    rig.feed("b", &[row("b", 2, 1)]);
    let mut run = rig.simulate(None);
    run.settle().unwrap();
    rig.clock.set(25 * SECOND);
    rig.feed("c", &[row("c", 3, 1), row("c", 25, 1)]);
    run.settle().unwrap();
    run.checkpoint().unwrap();
    assert_eq!(rig.output("out").count(), 0, "`b` has come to 00:02 and is not silent yet");
    rig.clock.set(31 * SECOND);
    run.settle().unwrap();
    run.checkpoint().unwrap();
    assert_eq!(rig.column("out", "rows"), [3]);
}

#[test]
fn a_disconnected_split_holds_back_and_an_announced_one_too() {
    let program = "
stream counts = b | window tumbling(10s) | aggregate rows = count()
sink out = counts | into memory()
";
    let rig = live(program, 2);
    let input = rig.input("b");
    input.push("x", [row("x", 1, 1)]);
    input.push("y", [row("y", 2, 1)]);
    input.event("y", SplitEvent::Disconnected);
    input.push("x", [row("x", 15, 1)]);
    let mut run = rig.simulate(None);
    let mut look = |seconds: i64| {
        rig.clock.set(seconds * SECOND);
        run.settle().unwrap();
        run.checkpoint().unwrap();
        rig.output("out").count()
    };
    assert_eq!(look(100), 0, "`y` is not there and may have rows");
    input.event("y", SplitEvent::Live);
    input.event("z", SplitEvent::Announced);
    assert_eq!(look(101), 0);
    assert_eq!(look(140), 0, "`y` is silent now, `z` has not begun");
    input.event("z", SplitEvent::Ended);
    assert_eq!(look(141), 0, "from here on the clock carries 00:02 on");
    assert_eq!(look(149), 1);
}

/// Rows that wait outside while the engine is full are not silence.
#[test]
fn a_source_that_is_held_back_is_not_silent() {
    let program = "
stream counts = union(b, c) | window tumbling(10s) | aggregate rows = count()
sink out = counts | into memory()
sink all = b | into memory()
sink late = counts.late | into memory()
";
    let mut rig = live(program, 1);
    rig.settings.budget = 2 * (8 << 10);
    rig.settings.batch_rows = 10;
    rig.settings.piece_bytes = 500;
    let input = rig.input("b");
    input.push("x", [row("x", 1, 1)]);
    input.push("y", [row("y", 2, 1)]);
    rig.feed("c", &[row("c", 3, 1)]);
    let mut run = rig.simulate(None);
    run.settle().unwrap();
    // Everything was read, and is silent from now on. Then `all` stalls, and rows of `x` fill the engine ...
    rig.output("all").stall(true);
    input.push("x", (0..500).map(|i| row("x", 3 + i / 100, i)));
    // ... while rows of `y` wait.
    input.push("y", [row("y", 4, 1)]);
    run.settle().unwrap();
    let read = run.progress().ledger.sources["b"].read;
    assert!(read < 500, "the engine is not full: {read}");
    rig.clock.set(60 * SECOND);
    rig.feed("c", &[row("c", 60, 1)]);
    run.settle().unwrap();
    rig.output("all").stall(false);
    run.settle().unwrap();
    let ledger = run.progress().ledger;
    assert_eq!((ledger.sources["b"].read, ledger.streams["counts"].late), (503, 0));
}

/// However long the run was down: what waits outside has not been silent.
#[test]
fn time_that_a_run_was_down_is_not_silence() {
    let program = "
stream counts = union(b, c) | window tumbling(10s) | aggregate rows = count()
sink out = counts | into memory()
sink late = counts.late | into memory()
";
    for tasks in [1, 2] {
        let rig = live(program, tasks);
        rig.feed("b", &[row("b", 1, 1)]);
        rig.feed("c", &[row("c", 2, 1)]);
        let mut run = rig.simulate(None);
        run.settle().unwrap();
        let checkpoint = run.checkpoint().unwrap();
        drop(run);
        rig.clock.set(3600 * SECOND);
        let mut run = rig.simulate(Some(&checkpoint));
        rig.feed("c", &[row("c", 3000, 1)]);
        run.settle().unwrap();
        rig.feed("b", &[row("b", 3, 1), row("b", 3001, 1)]);
        run.settle().unwrap();
        run.checkpoint().unwrap();
        assert_eq!(run.progress().ledger.streams["counts"].late, 0);
        assert_eq!(rig.column("out", "rows"), [3]);
        assert_eq!(rig.clock.now(), 3600 * SECOND);
    }
}

/// A window may wait longer than its input's watermark: error rows of steps behind it are as old as its results.
#[test]
fn errors_behind_a_window_are_not_late_for_who_reads_them() {
    let program = "
stream counts = a
  | window tumbling(10s), by: key, lateness: 30s
  | aggregate rows = count()
  | extend share = div(10, rows - 1)
stream refused = counts.errors | window tumbling(10s) | aggregate rows = count()
sink out = counts | into memory()
sink seen = refused | select start = window.start, rows | into memory()
";
    for (tasks, batch_rows) in [(1, 1), (1, 8192), (2, 1), (4, 3)] {
        let mut rig = Rig::new(program, tasks);
        rig.settings.batch_rows = batch_rows;
        let rows: Vec<_> = (0..40).map(|i| row(&format!("k{}", i % 4), i * 3, i)).collect();
        rig.feed("a", &rows);
        rig.end();
        let outcome = rig.start().wait();
        assert!(matches!(outcome.ended, Ended::Finished), "{:?}", outcome.ended);
        let ledger = &outcome.progress.ledger;
        assert_eq!(ledger.streams["refused"].late, 0, "{tasks} tasks, batches of {batch_rows}");
        assert!(ledger.streams["counts"].errors > 10);
        assert_eq!(ledger.residue(), 0);
        let rows = rig.column("seen", "rows");
        let seen: i64 = rows.iter().filter_map(serde_json::Value::as_i64).sum();
        assert_eq!(seen, ledger.streams["counts"].errors);
    }
}

#[test]
fn watermarks_are_told_by_source() {
    let rig = live("sink out = union(a, b) | into memory()", 2);
    rig.feed("a", &[row("a", 7, 1)]);
    rig.feed("b", &[row("b", 9, 1)]);
    let mut run = rig.simulate(None);
    run.settle().unwrap();
    let told =
        |run: &Simulation, name: &str| run.progress().watermarks[name].and_then(Watermark::time);
    assert_eq!((told(&run, "a"), told(&run, "b")), (Some(7 * SECOND), Some(9 * SECOND)));
    rig.end();
    run.settle().unwrap();
    assert_eq!((told(&run, "a"), told(&run, "b")), (None, None), "there is none behind the end");
}
