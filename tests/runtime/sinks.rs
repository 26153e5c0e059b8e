//! Sinks that are slow, refuse rows, or are never ready.

use super::rig::{Rig, row};
use super::script::{Script, script};
use crate::support::weir::wait_for;
use engine::runtime::Ended;

const TWO: &str = "
sink all = a | into memory()
sink evens = a | where n % 2 == 0 | into memory()
";

fn rows(count: i64) -> Vec<String> {
    (0..count).map(|i| row(&format!("k{}", i % 7), i, i)).collect()
}

#[test]
fn a_sink_that_puts_everything_off_gets_every_row_once_in_order() {
    for tasks in [1, 3] {
        let mut rig = Rig::new(TWO, tasks);
        rig.settings.batch_rows = 3;
        script(&rig.name, "all", Script::busy(2));
        rig.feed("a", &rows(50));
        rig.end();
        let outcome = rig.start().wait();
        assert!(matches!(outcome.ended, Ended::Finished), "{:?}", outcome.ended);
        let found = rig.column("all", "n");
        assert_eq!(found, (0..50).map(serde_json::Value::from).collect::<Vec<_>>());
        assert_eq!(rig.output("evens").count(), 25);
        assert_eq!((outcome.progress.ledger.residue(), outcome.progress.bytes), (0, 0));
    }
}

#[test]
fn a_busy_sink_still_takes_part_in_checkpoints() {
    let mut rig = Rig::new(TWO, 2);
    rig.settings.batch_rows = 4;
    script(&rig.name, "all", Script::busy(3));
    rig.feed("a", &rows(30));
    let mut run = rig.simulate(None);
    run.settle().unwrap();
    let checkpoint = run.checkpoint().unwrap();
    assert_eq!(rig.output("all").count(), 30);
    drop(run);
    rig.feed("a", &rows(40)[30..]);
    rig.end();
    let mut run = rig.simulate(Some(&checkpoint));
    run.settle().unwrap();
    assert!(run.has_ended());
    assert_eq!(rig.output("all").count(), 40);
    assert_eq!(rig.output("evens").count(), 20);
    let ledger = run.finish().progress.ledger;
    assert_eq!((ledger.sinks["all"].written, ledger.residue()), (40, 0));
}

#[test]
fn rows_that_a_sink_refuses_are_counted_and_can_be_read() {
    let program = "
sink all = a | into memory()
stream refused = all.errors | select reason, payload
sink seen = refused | into memory()
sink seen_too = all.errors | select step, detail | into memory()
";
    for script_of_all in [
        Script { refuses: true, ..Script::default() },
        Script { refuses_later: true, busy: 1, ..Script::default() },
    ] {
        refuse_four_of_twenty(program, script_of_all);
    }
}

fn refuse_four_of_twenty(program: &str, script_of_all: Script) {
    let mut rig = Rig::new(program, 2);
    rig.settings.batch_rows = 5;
    script(&rig.name, "all", script_of_all);
    rig.feed("a", &rows(20));
    rig.end();
    let outcome = rig.start().wait();
    assert!(matches!(outcome.ended, Ended::Finished), "{:?}", outcome.ended);
    let ledger = &outcome.progress.ledger;
    assert_eq!((ledger.sinks["all"].written, ledger.sinks["all"].failed), (16, 4));
    assert_eq!((ledger.streams["refused"].out, ledger.residue()), (4, 0));
    assert_eq!(
        rig.rows("seen")[0],
        r#"{"payload":"{\"key\":\"k0\",\"at\":\"1970-01-01T00:00:00Z\",\"n\":0}","reason":"sink"}"#
    );
    assert_eq!(rig.output("seen_too").count(), 4);
    assert_eq!(outcome.progress.bytes, 0);
}

#[test]
fn rows_that_nobody_reads_are_shown_at_the_end() {
    let program = "
sink all = a | into memory()
sink counts = a | window tumbling(1s) | aggregate rows = count() | into memory()
";
    let rig = Rig::new(program, 2);
    script(&rig.name, "all", Script { refuses: true, ..Script::default() });
    let others = vec!["no json".to_owned(), row("late", 0, 0)];
    rig.feed("a", &[rows(3), others].concat());
    rig.end();
    let outcome = rig.start().wait();
    let found: Vec<_> =
        outcome.samples.iter().map(|(name, _, it)| (name, it.why.as_str())).collect();
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].0 == "a" && found[0].1.starts_with("decode: "), "{found:?}");
    assert_eq!(found[1], ("all", "sink: as the script says"));
    assert_eq!(found[2], ("counts", "late by 2s"));
}

#[test]
fn rows_that_turn_out_later_not_to_be_writable_belong_to_the_checkpoint_they_were_taken_before() {
    let program = "
sink all = a | into memory()
sink seen = all.errors | select payload | into memory()
";
    let mut rig = Rig::new(program, 2);
    rig.settings.batch_rows = 4;
    let refuses = Script { refuses_later: true, busy: 2, ..Script::default() };
    script(&rig.name, "all", refuses);
    rig.feed("a", &rows(8));
    let mut run = rig.simulate(None);
    run.settle().unwrap();
    let checkpoint = run.checkpoint().unwrap();
    assert_eq!(rig.output("seen").count(), 2);
    drop(run);
    rig.feed("a", &rows(12)[8..]);
    rig.end();
    let mut run = rig.simulate(Some(&checkpoint));
    run.settle().unwrap();
    assert!(run.has_ended());
    assert_eq!(rig.output("seen").count(), 3);
    let ledger = run.finish().progress.ledger;
    assert_eq!((ledger.sinks["all"].written, ledger.sinks["all"].failed), (9, 3));
    assert_eq!(ledger.residue(), 0);
}

/// The window takes everything in, so that rounds without rows wait in front of the sink.
#[test]
fn rounds_without_rows_do_not_pile_up_in_front_of_a_stalled_sink() {
    let program = "
stream counts = a | window tumbling(1h), by: key | aggregate rows = count()
sink out = counts | into memory()
sink all = a | into memory()
";
    let mut rig = Rig::new(program, 2);
    rig.settings.budget = 2 * (64 << 10);
    rig.settings.piece_bytes = 1;
    for sink in ["out", "all"] {
        rig.output(sink).stall(true);
    }
    let hours = |i: i64| row("k", i, i);
    rig.feed("a", &(0..4000).map(hours).collect::<Vec<_>>());
    rig.end();
    let running = rig.start();
    let stopper = running.stopper();
    let (mut last, mut same) = (0, 0);
    wait_for("the source to be held back", || {
        let read = stopper.progress().ledger.sources["a"].read;
        same = if read == last && read > 0 { same + 1 } else { 0 };
        last = read;
        (same == 50).then_some(())
    });
    assert!(last < 4000, "{last} rows were read while nothing went out");
    for sink in ["out", "all"] {
        rig.output(sink).stall(false);
    }
    let outcome = running.wait();
    assert_eq!(rig.output("all").count(), 4000);
    assert_eq!(rig.output("out").count(), 2);
    assert_eq!((outcome.progress.bytes, outcome.progress.ledger.residue()), (0, 0));
}

/// A sink that holds rows until a checkpoint must not stop its source for ever.
#[test]
fn what_a_sink_holds_counts_and_still_leaves_room() {
    let mut rig = Rig::new("sink all = a | into memory()", 1);
    rig.settings.budget = 2 * (16 << 10);
    rig.settings.batch_rows = 10;
    rig.settings.piece_bytes = 1000;
    rig.feed("a", &rows(5000));
    let mut run = rig.simulate(None);
    run.settle().unwrap();
    assert_eq!(run.progress().ledger.sources["a"].read, 5000);
    assert!(run.progress().bytes > 1000, "{} bytes inside", run.progress().bytes);
    run.checkpoint().unwrap();
    assert_eq!(run.progress().bytes, 0, "what was prepared is out of the sink");
    assert_eq!(rig.output("all").count(), 5000);
}

/// They are told while the source is never at an end of what there is, and while it is held back.
#[test]
fn rows_that_a_source_loses_are_counted_at_once() {
    let rig = Rig::new("sink all = a | into memory()", 1);
    script(&rig.name, "a", Script { loses: true, ..Script::default() });
    rig.feed("a", &rows(3));
    let mut run = rig.simulate(None);
    let mut dropped = 0;
    for _ in 0..5 {
        run.settle().unwrap();
        let count = run.progress().ledger.sources["a"].clone();
        assert!(count.dropped > dropped, "{count:?} behind {dropped}");
        assert_eq!(count.residue(), 0);
        dropped = count.dropped;
    }
}
