//! What a run tells beside the ledger, under a clock that stands until it is moved: exact.

use super::rig::{Rig, row};
use engine::reason::Reason;

const PROGRAM: &str = "
stream counts = a | window tumbling(10s), by: key | aggregate rows = count()
stream odd = a | where n > 0 | select key, share = 10 / (n - 1)
stream whole = a | select key, part = div(10, n - 1)
sink out = counts | into memory()
sink gone = union(odd, whole) | into null()
";

#[test]
fn reasons_lateness_state_and_bytes_are_counted_for_any_number_of_tasks() {
    for tasks in [1, 2, 4] {
        let rig = Rig::new(PROGRAM, tasks);
        let rows = [row("x", 1, 1), row("y", 15, 2), row("x", 2, 3), "no row".to_owned()];
        rig.feed("a", &rows);
        let mut run = rig.simulate(None);
        run.settle().unwrap();
        let notes = run.progress().notes;
        let source = &notes.sources["a"];
        let refused: Vec<_> = source.reasons.iter().filter(|it| it.1 > 0).collect();
        assert_eq!(refused, [(Reason::Decode, 1)]);
        assert!(source.bytes >= rows.iter().map(|it| it.len() as u64).sum::<u64>());
        assert!(source.queue_limit > 0);
        let counts = &notes.streams["counts"];
        assert_eq!((counts.lateness.count(), counts.lateness.sum()), (1, 13_000_000));
        let state: Vec<_> = counts.state.iter().collect();
        assert_eq!(state.len(), 1);
        assert!(state[0].0 == "counts.window.0" && *state[0].1 > 0, "{state:?}");
        let divided: Vec<_> = notes.streams["whole"].reasons.iter().filter(|it| it.1 > 0).collect();
        assert_eq!(divided, [(Reason::Division, 1)]);
    }
}

#[test]
fn latency_is_from_when_rows_were_received_to_when_others_can_see_them() {
    let rig = Rig::new(PROGRAM, 2);
    rig.clock.set(1_000_000);
    rig.feed("a", &[row("x", 1, 2), row("y", 2, 2), row("y", 15, 2)]);
    let mut run = rig.simulate(None);
    run.settle().unwrap();
    // The sink shows its rows with the next checkpoint.
    assert_eq!(run.progress().notes.sinks["out"].latency.count(), 0);
    rig.clock.advance(5_000_000);
    run.checkpoint().unwrap();
    run.settle().unwrap();
    let notes = run.progress().notes;
    let latency = &notes.sinks["out"].latency;
    assert_eq!((latency.count(), latency.sum()), (2, 10_000_000), "both results of the window");
    let at_once = &notes.sinks["gone"].latency;
    assert_eq!((at_once.count(), at_once.sum()), (6, 0));
}
