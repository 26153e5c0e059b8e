//! `concat`: who is read when.

use super::rig::{Rig, plan, row};
use engine::runtime::Ended;

#[test]
fn what_is_behind_is_not_read_before_the_first_has_ended() {
    for tasks in [1, 2] {
        let rig = Rig::new("sink out = concat(a, b) | into memory()", tasks);
        rig.feed("b", &[row("b", 5, 5)]);
        rig.input("b").end();
        rig.feed("a", &[row("a", 1, 1)]);
        let mut run = rig.simulate(None);
        run.settle().unwrap();
        assert_eq!(run.progress().ledger.sources["b"].read, 0);
        // A checkpoint while `b` has not begun; `a` ends behind it.
        let checkpoint = run.checkpoint().unwrap();
        rig.feed("a", &[row("a", 2, 2)]);
        rig.input("a").end();
        let mut run = rig.simulate(Some(&checkpoint));
        run.settle().unwrap();
        assert!(run.has_ended());
        assert_eq!(rig.column("out", "key"), ["a", "a", "b"]);
        assert_eq!(run.finish().progress.ledger.residue(), 0);
    }
}

#[test]
fn a_restart_in_the_second_goes_on_there() {
    let program = "
stream counts = concat(a, b) | window tumbling(10s), by: key | aggregate rows = count()
sink out = counts | select key, rows | into memory()
";
    let rig = Rig::new(program, 2);
    rig.feed("a", &[row("x", 1, 1), row("x", 12, 1)]);
    rig.input("a").end();
    rig.feed("b", &[row("x", 13, 1)]);
    let mut run = rig.simulate(None);
    run.settle().unwrap();
    let checkpoint = run.checkpoint().unwrap();
    drop(run);
    rig.feed("b", &[row("x", 14, 1), row("x", 25, 1)]);
    rig.input("b").end();
    let mut run = rig.simulate(Some(&checkpoint));
    run.settle().unwrap();
    assert!(run.has_ended());
    let found = rig.rows("out");
    let of = |rows: i64| format!(r#"{{"key":"x","rows":{rows}}}"#);
    assert_eq!(found, [of(1), of(3), of(1)], "no end in between, none twice");
}

#[test]
fn three_in_turn_and_one_in_two_places() {
    let program = format!(
        "{}source c = memory(schema: Reading, time: at)
sink out = concat(a, b, c) | into memory()
sink other = concat(a, c) | into memory()
",
        super::rig::SOURCES
    );
    let rig = Rig::new(&program, 2);
    for (i, source) in ["c", "b", "a"].into_iter().enumerate() {
        rig.feed(source, &[row(source, 3 - i as i64, 0)]);
    }
    rig.end();
    let outcome = rig.start().wait();
    assert!(matches!(outcome.ended, Ended::Finished), "{:?}", outcome.ended);
    assert_eq!(rig.column("out", "key"), ["a", "b", "c"]);
    assert_eq!(rig.column("other", "key"), ["a", "c"]);
}

#[test]
fn errors_of_several_steps_have_one_turn() {
    let program = "
stream kept = b
  | extend once = div(10, n)
  | dedupe by: key, within: 1s
  | extend twice = div(10, n - 1)
sink out = kept | into memory()
sink all = concat(a.errors, kept.errors) | select payload | into memory()
";
    for tasks in [1, 2] {
        let rig = Rig::new(program, tasks);
        rig.feed("a", &["no json".to_owned()]);
        rig.feed("b", &[row("x", 1, 0), row("y", 2, 1), row("z", 3, 5)]);
        rig.end();
        let outcome = rig.start().wait();
        assert!(matches!(outcome.ended, Ended::Finished), "{:?}", outcome.ended);
        assert_eq!(rig.column("all", "payload").len(), 3);
        assert_eq!(rig.column("all", "payload")[0], "no json");
        assert_eq!(outcome.progress.ledger.residue(), 0);
    }
}

#[test]
fn orders_that_contradict_each_other_are_refused() {
    let refused = |program: &str| {
        let error = engine::graph::build(&plan(program)).expect_err("nobody could begin");
        error.to_string()
    };
    let error = refused(
        "
stream one = concat(a, b)
stream two = concat(b, a)
sink out = one | into memory()
sink other = two | into memory()
",
    );
    assert!(error.starts_with("`two`: `a` would be read when others have ended"), "{error}");
    let error = refused(
        "
stream half = a | where n > 1
sink out = concat(a, half) | into memory()
",
    );
    assert!(error.contains("both come from `a`"), "{error}");
}

#[test]
fn who_waits_for_a_turn_stops_as_well() {
    let rig = Rig::new("sink out = concat(a, b) | into memory()", 2);
    rig.feed("a", &[row("a", 1, 1)]);
    rig.feed("b", &[row("b", 2, 2)]);
    let mut run = rig.simulate(None);
    run.settle().unwrap();
    run.stop().unwrap();
    let outcome = run.finish();
    assert!(matches!(outcome.ended, Ended::Stopped), "{:?}", outcome.ended);
    assert_eq!(rig.column("out", "key"), ["a"]);
    assert_eq!((outcome.progress.ledger.residue(), outcome.progress.bytes), (0, 0));
}
