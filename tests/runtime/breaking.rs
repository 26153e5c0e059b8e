//! What breaks a run: the first error counts, everything ends, nobody waits.

use super::rig::{Rig, row};
use super::script::{At, Script, script};
use engine::runtime::{Ended, Outcome};

const PROGRAM: &str = "
stream counts = a | window tumbling(10s), by: key | aggregate rows = count()
sink out = counts | into memory()
sink all = union(a, b) | into memory()
";

/// Runs with a script for one of the sources and sinks.
fn run(name: &str, it: Script, tasks: usize) -> (Rig, Outcome) {
    let mut rig = Rig::new(PROGRAM, tasks);
    rig.settings.batch_rows = 10;
    rig.settings.piece_bytes = 200;
    script(&rig.name, name, it);
    let rows: Vec<_> = (0..500).map(|i| row(&format!("k{}", i % 9), i, i)).collect();
    rig.feed("a", &rows);
    rig.feed("b", &rows);
    rig.end();
    let outcome = rig.start().wait();
    (rig, outcome)
}

fn error(outcome: &Outcome) -> String {
    match &outcome.ended {
        Ended::Failed(error) => error.to_string(),
        other => panic!("it ended as if nothing had happened: {other:?}"),
    }
}

#[test]
fn an_error_ends_everything_and_names_its_place() {
    for tasks in [1, 2, 4] {
        for (name, at) in [("a", 0), ("a", 9), ("b", 20), ("out", 0), ("all", 3)] {
            let (_rig, outcome) = run(name, Script::at(At::Call(at)), tasks);
            assert_eq!(error(&outcome), format!("`{name}`: as the script says"));
        }
    }
}

/// `memory` lets rows be seen when they are committed, or at the end.
#[test]
fn what_a_sink_had_taken_when_the_run_broke_was_not_written() {
    for tasks in [1, 2] {
        let (rig, outcome) = run("all", Script::at(At::Call(3)), tasks);
        assert_eq!(rig.output("all").count(), 0);
        let all = &outcome.progress.ledger.sinks["all"];
        assert!(all.written == 0 && all.unwritten > 0, "{all:?}");
        let report = serde_json::to_value(weir::report::Report::new(&outcome, 1.0)).unwrap();
        crate::support::report::check(&report, &["a", "b"], &["counts"], &["all", "out"]);
    }
}

#[test]
fn a_panic_is_an_error_of_the_run() {
    for (name, at) in [("b", 4), ("out", 1)] {
        let (_rig, outcome) = run(name, Script::at(At::Panic(at)), 2);
        let error = error(&outcome);
        assert!(error.starts_with(&format!("`{name}`: the engine broke")), "{error}");
        assert!(error.ends_with("as the script says"), "{error}");
    }
}

#[test]
fn a_broken_checkpoint_ends_the_run_and_whoever_waits_for_it() {
    for at in [At::Prepare, At::Commit] {
        let rig = Rig::new("sink all = a | into memory()", 2);
        script(&rig.name, "all", Script::at(at));
        rig.feed("a", &[row("k", 1, 1)]);
        let running = rig.start();
        assert!(running.checkpoint().is_none());
        assert_eq!(error(&running.wait()), "`all`: as the script says");
    }
}

#[test]
fn what_cannot_be_opened_is_said_before_anything_runs() {
    let rig = Rig::new(PROGRAM, 2);
    script(&rig.name, "all", Script::at(At::Open));
    let error = rig.job(None).err().expect("the sink cannot be opened");
    assert_eq!(error.to_string(), "`all`: as the script says");
}

#[test]
fn an_error_in_a_simulation_is_handed_over() {
    let rig = Rig::new(PROGRAM, 2);
    script(&rig.name, "a", Script::at(At::Panic(1)));
    rig.feed("a", &[row("k", 1, 1)]);
    let error = rig.simulate(None).settle().expect_err("the source breaks");
    assert!(error.to_string().contains("as the script says"), "{error}");
}

#[test]
fn an_aborted_run_leaves_what_was_not_committed() {
    let rig = Rig::new("sink all = a | into memory()", 2);
    rig.feed("a", &[row("k", 1, 1)]);
    let running = rig.start();
    let stopper = running.stopper();
    crate::support::weir::wait_for("the row to be written", || {
        (stopper.progress().ledger.sinks["all"].unwritten == 1).then_some(())
    });
    assert!(running.checkpoint().is_some());
    rig.feed("a", &[row("k", 2, 2)]);
    running.abort();
    assert_eq!(rig.output("all").count(), 1);
}
