//! Checkpoints: what they wait for, what they hold, and going on from them with any number of tasks.

use super::rig::{Rig, row};
use engine::runtime::{Ended, Outcome};

const PROGRAM: &str = "
stream counts = union(a, b)
  | window tumbling(10s), by: key, lateness: 2s
  | aggregate rows = count(), total = sum(n)

stream by_end = counts
  | window tumbling(20s)
  | aggregate keys = count(), rows = sum(rows)

sink out = counts | select key, start = window.start, rows, total | into memory()
sink whole = by_end | select start = window.start, keys, rows | into memory()
sink late = counts.late | select key, n | into memory()
";

fn rows(from: i64, to: i64) -> Vec<String> {
    (from..to).map(|i| row(&format!("k{}", i % 5), i + (i % 3) * -4, i)).collect()
}

/// All rows at once, with one task.
fn reference() -> (Vec<Vec<String>>, Outcome) {
    let rig = Rig::new(PROGRAM, 1);
    rig.feed("a", &rows(0, 60));
    rig.feed("b", &rows(5, 50));
    rig.end();
    let outcome = rig.start().wait();
    assert!(matches!(outcome.ended, Ended::Finished), "{:?}", outcome.ended);
    (all(&rig), outcome)
}

fn all(rig: &Rig) -> Vec<Vec<String>> {
    ["out", "whole", "late"].map(|it| rig.rows(it)).to_vec()
}

/// The order between the inputs of a union is free, and with it that of late rows.
fn sorted(mut rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    rows[2].sort();
    rows
}

#[test]
fn a_run_goes_on_from_a_checkpoint_with_any_number_of_tasks() {
    let (expected, outcome) = reference();
    assert!(expected.iter().all(|it| !it.is_empty()), "every sink has something to tell");
    for tasks in [[1, 2, 4], [4, 1, 2], [2, 4, 1]] {
        let mut rig = Rig::new(PROGRAM, tasks[0]);
        let mut checkpoint = None;
        for (i, tasks) in tasks.into_iter().enumerate() {
            rig.settings.threads = tasks;
            let mut run = rig.simulate(checkpoint.as_ref());
            let i = i as i64;
            rig.feed("a", &rows(i * 20, i * 20 + 20));
            // The second input ends in the middle, and again after every restart.
            if i < 2 {
                rig.feed("b", &rows(5 + i * 22, 5 + i * 22 + if i == 0 { 22 } else { 23 }));
            }
            if i == 1 {
                rig.input("b").end();
            }
            run.settle().unwrap();
            checkpoint = Some(run.checkpoint().unwrap());
            if i == 2 {
                rig.end();
                run.settle().unwrap();
                assert!(run.has_ended());
                let ended = run.finish();
                assert_eq!(ended.progress.ledger, outcome.progress.ledger);
            }
        }
        assert_eq!(sorted(all(&rig)), sorted(expected.clone()), "{tasks:?}");
    }
}

#[test]
fn what_was_ready_when_the_run_crashed_is_committed_when_it_goes_on() {
    let program = "
sink one = a | into memory()
sink two = a | into memory()
";
    for seed in 0..20 {
        let rig = Rig::new(program, 2);
        rig.feed("a", &rows(0, 10));
        let mut run = rig.job(None).unwrap().simulate(seed);
        run.settle().unwrap();
        let checkpoint = run.crash_at_checkpoint().unwrap();
        assert!(
            rig.output("one").count() + rig.output("two").count() < 20,
            "none is left to commit"
        );
        rig.end();
        let mut run = rig.simulate(Some(&checkpoint));
        run.settle().unwrap();
        assert_eq!((rig.output("one").count(), rig.output("two").count()), (10, 10));
        assert_eq!(run.finish().progress.ledger.residue(), 0);
    }
}

#[test]
fn a_checkpoint_does_not_wait_for_inputs_that_have_ended() {
    let rig = Rig::new(PROGRAM, 2);
    rig.feed("a", &rows(0, 30));
    rig.input("a").end();
    rig.feed("b", &rows(0, 10));
    let running = rig.start();
    assert!(running.checkpoint().is_some());
    rig.feed("b", &rows(10, 20));
    assert!(running.checkpoint().is_some(), "and once more");
    rig.input("b").end();
    let outcome = running.wait();
    assert!(matches!(outcome.ended, Ended::Finished), "{:?}", outcome.ended);
    assert_eq!(outcome.progress.ledger.residue(), 0);
}

#[test]
fn nobody_waits_for_a_checkpoint_of_a_run_that_is_over() {
    let rig = Rig::new(PROGRAM, 2);
    rig.end();
    let running = rig.start();
    while !running.is_over() {
        std::thread::yield_now();
    }
    assert!(running.checkpoint().is_none());
    assert!(matches!(running.wait().ended, Ended::Finished));
}

/// Whether the barrier or the end comes first, is chance: either way, everything ends.
#[test]
fn checkpoints_may_be_asked_for_at_any_time_and_by_several() {
    for round in 0..20 {
        let rig = Rig::new(PROGRAM, 1 + round % 3);
        rig.feed("a", &rows(0, 60));
        rig.feed("b", &rows(5, 50));
        let running = rig.start();
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| while running.checkpoint().is_some() {});
            }
            scope.spawn(|| rig.end());
        });
        let outcome = running.wait();
        assert!(matches!(outcome.ended, Ended::Finished), "{:?}", outcome.ended);
        assert_eq!((outcome.progress.ledger.residue(), outcome.progress.bytes), (0, 0));
        let (expected, _) = reference();
        assert_eq!(sorted(all(&rig)), sorted(expected));
    }
}

#[test]
fn a_stop_finishes_what_was_read_and_holds_what_is_open() {
    for tasks in [1, 3] {
        let rig = Rig::new(PROGRAM, tasks);
        rig.feed("a", &rows(0, 25));
        rig.feed("b", &rows(0, 25));
        let running = rig.start();
        let stopper = running.stopper();
        crate::support::weir::wait_for("all rows to be read", || {
            let ledger = stopper.progress().ledger;
            (ledger.streams["counts"].input == 50).then_some(())
        });
        stopper.stop();
        let outcome = running.wait();
        assert!(matches!(outcome.ended, Ended::Stopped), "{:?}", outcome.ended);
        let ledger = &outcome.progress.ledger;
        assert_eq!((ledger.residue(), outcome.progress.bytes), (0, 0));
        assert!(ledger.streams["counts"].held > 0, "{ledger:?}");
        assert_eq!(ledger.sinks["out"].written, ledger.streams["counts"].out);
        let last = rig.column("out", "start").last().cloned();
        assert_eq!(last, Some("1970-01-01T00:00:10Z".into()), "the third window is open still");
    }
}

#[test]
fn positions_are_acknowledged_when_rows_are_in_the_engine() {
    let rig = Rig::new("sink all = a | into memory()", 2);
    rig.feed("a", &rows(0, 10));
    let running = rig.start();
    crate::support::weir::wait_for("an acknowledgement", || {
        (rig.input("a").acknowledged().get("0").map(String::as_str) == Some("10")).then_some(())
    });
    rig.end();
    running.wait();
}
