//! Silence: with inputs that do not end, the clock decides what is late and when windows close. Whatever happens in which
//! order, the number of tasks, the sizes of batches and restarts that take no time change nothing.

use super::rig::{Rig, plan, row};
use engine::ledger::Ledger;
use engine::source::SplitEvent;
use proptest::prelude::*;

const PROGRAM: &str = "
schema Reading {
  key: string
  at:  timestamp
  n:   int
}
source a = memory(schema: Reading, time: at, bounded: false, out_of_order: 2s, idle: 10s)
source b = memory(schema: Reading, time: at, bounded: false, out_of_order: 0s, idle: 25500ms)
source c = memory(schema: Reading, time: at)

stream counts = union(a, b) | window tumbling(5s), by: key, lateness: 1s | aggregate rows = count()
stream turns = concat(c, b)
stream met = union(turns, a) | window tumbling(8s) | aggregate rows = count()
stream alone = a | window sliding(6s, 3s), by: key | aggregate rows = count()
sink out1 = counts | into memory()
sink late1 = counts.late | select key, n | into memory()
sink out2 = met | into memory()
sink late2 = met.late | select key, n | into memory()
sink out3 = alone | into memory()
sink late3 = alone.late | select key, n | into memory()
sink refused = a.errors | select reason, payload | into memory()
";

const SINKS: [&str; 7] = ["out1", "late1", "out2", "late2", "out3", "late3", "refused"];

#[derive(Clone, Debug)]
enum Step {
    Feed {
        source: &'static str,
        split: &'static str,
        rows: Vec<(u8, i64)>,
    },
    Say {
        source: &'static str,
        split: &'static str,
        event: SplitEvent,
    },
    /// `c` ends, so that the turn of `b` comes.
    Turn,
    Clock(i64),
    Restart(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let source = || prop::sample::select(vec!["a", "a", "b", "c"]);
    let split = || prop::sample::select(vec!["0", "1"]);
    let rows = prop::collection::vec((0..3_u8, -15..80_i64), 1..5);
    let event = prop::sample::select(vec![
        SplitEvent::Disconnected,
        SplitEvent::Live,
        SplitEvent::Paused,
        SplitEvent::CaughtUp,
    ]);
    prop_oneof![
        6 => (source(), split(), rows).prop_map(|(source, split, rows)| Step::Feed { source, split, rows }),
        2 => (source(), split(), event).prop_map(|(source, split, event)| Step::Say { source, split, event }),
        1 => Just(Step::Turn),
        6 => (1..20_i64).prop_map(Step::Clock),
        2 => (1..5_usize).prop_map(Step::Restart),
    ]
}

type Found = (Vec<Vec<String>>, Ledger);

/// Lets everything settle behind each step. What comes out is looked at in between, so that it comes out in time.
fn run(steps: &[Step], tasks: usize, batch_rows: usize, seed: u64, restarts: bool) -> Vec<Found> {
    let mut rig = Rig::of(plan(PROGRAM), tasks);
    rig.settings.batch_rows = batch_rows;
    let mut run = rig.job(None).unwrap().simulate(seed);
    let mut found = Vec::new();
    let mut second = 100;
    rig.clock.set(second * 1_000_000);
    let mut turned = false;
    run.settle().unwrap();
    for step in steps {
        match step {
            // What comes behind the end of an input would not be read without a restart.
            Step::Feed { source: "c", .. } | Step::Say { source: "c", .. } if turned => {}
            Step::Feed { source, split, rows } => {
                let rows = rows.iter().map(|(key, n)| {
                    // Some are ahead of the clock by more than a minute.
                    row(&format!("k{key}"), second + n - if *n > 70 { 0 } else { n / 4 + 18 }, *n)
                });
                rig.input(source).push(split, rows.map(String::into_bytes));
            }
            Step::Say { source, split, event } => rig.input(source).event(split, *event),
            Step::Turn => {
                turned = true;
                rig.input("c").end();
            }
            // In one jump: several inputs may fall silent in it, and the seed decides which of them says so first.
            Step::Clock(by) => {
                second += by;
                rig.clock.set(second * 1_000_000);
            }
            Step::Restart(tasks) => {
                let checkpoint = run.checkpoint().unwrap();
                if restarts {
                    rig.settings.threads = *tasks;
                    run = rig.job(Some(&checkpoint)).unwrap().simulate(seed);
                }
            }
        }
        run.settle().unwrap();
        let checkpoint = run.checkpoint().unwrap();
        drop(checkpoint);
        let rows = SINKS.map(|sink| {
            let mut rows = rig.rows(sink);
            rows.sort();
            rows
        });
        found.push((rows.to_vec(), run.progress().ledger));
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 25, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn only_the_clock_decides(
        steps in prop::collection::vec(step(), 1..20),
        tasks in 1..5_usize,
        batch_rows in prop::sample::select(vec![1, 3, 8192]),
        seed in 0..1000_u64,
    ) {
        let expected = run(&steps, 1, 8192, 1, false);
        for (rows, ledger) in &expected {
            prop_assert_eq!(ledger.residue(), 0, "{:?} {:?}", rows, ledger);
        }
        prop_assert_eq!(&run(&steps, tasks, batch_rows, seed, false), &expected, "without restarts");
        // What comes back after it was gone begins to be silent anew, and `memory` tells all that again after a restart.
        let gone = |it: &Step| matches!(
            it,
            Step::Say { event: SplitEvent::Disconnected | SplitEvent::Paused, .. }
        );
        if !steps.iter().any(gone) {
            prop_assert_eq!(&run(&steps, tasks, batch_rows, seed, true), &expected, "with restarts");
        }
    }
}
