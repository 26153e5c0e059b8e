//! Any plan of a small family, any input, any number of tasks, sizes of batches, restarts, crashes and orders of work: the
//! rows are those of one task that reads everything at once, and every row is accounted for.

use super::rig::{Rig, plan, row};
use connectors::memory::Input;
use engine::ledger::Ledger;
use engine::runtime::{Checkpoint, Ended, Simulation};
use engine::source::SplitEvent;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A part of a plan, and its sinks; those with `true` have their rows in one order, the others in any.
struct Part {
    text: &'static str,
    sinks: &'static [(&'static str, bool)],
}

const PARTS: &[Part] = &[
    Part {
        text: "
stream counts = a
  | where n != 5
  | window {window}, by: key, lateness: {lateness}
  | aggregate rows = count(), total = sum(n), first = first(n), mean = avg(n)
sink out1 = counts | into memory()
sink late1 = counts.late | select key, n, late_by | into memory()
",
        sinks: &[("out1", true), ("late1", true)],
    },
    Part {
        text: "
stream small = a | window tumbling(4s), by: key, lateness: 1s | aggregate rows = count(), top = max(n)
stream large = small | window {window}, by: top, lateness: {lateness} | aggregate keys = count(), rows = sum(rows)
stream changes = small | changed top, by: rows | dedupe by: top, within: 8s
sink out2a = changes | into memory()
stream none_late = small.late | window tumbling(1h) | aggregate rows = count()
sink out2 = large | into memory()
sink late2 = large.late | into memory()
sink out2b = none_late | select rows | into memory()
",
        sinks: &[("out2", true), ("late2", true), ("out2a", true), ("out2b", true)],
    },
    Part {
        text: "
stream scored = a
  | changed n, by: key
  | detect sigma(n, last: 4, min: 2, threshold: 1.0), by: key
  | dedupe by: [n], within: 6s
  | extend share = div(12, n)
sink out3 = scored | select key, n, score, share | into memory()
sink bad3 = scored.errors | select step, payload | into memory()
",
        sinks: &[("out3", true), ("bad3", true)],
    },
    Part {
        text: "
stream met = union(a, b) | window {window}, by: key, lateness: {lateness} | aggregate rows = count(), total = sum(n)
sink out4 = met | into memory()
sink late4 = met.late | select key, n | into memory()
sink raw4 = union(b, a) | where n > 2 | into memory()
",
        sinks: &[("out4", true), ("late4", false), ("raw4", false)],
    },
    Part {
        text: "
stream turns = concat(b, a) | window {window}, by: key | aggregate rows = count(), total = sum(n)
sink out5 = turns | into memory()
sink late5 = turns.late | select key, n | into memory()
",
        sinks: &[("out5", true), ("late5", true)],
    },
    Part {
        text: "
stream refused = a
  | extend x = div(10, n)
  | window tumbling(5s), by: key, lateness: 2s
  | aggregate rows = count(), whole = sum(div(9, n - 1))
  | extend y = div(1, rows - 2)
stream counted = refused.errors | window tumbling(5s), by: step | aggregate rows = count()
sink out6 = refused | into memory()
sink bad6 = refused.errors | select step, reason, payload | into memory()
sink bad6a = a.errors | select reason, payload | into memory()
sink out6a = counted | into memory()
",
        sinks: &[("out6", true), ("bad6", false), ("bad6a", true), ("out6a", true)],
    },
    Part {
        text: "
stream sessions = a | window session(3s), by: key, lateness: {lateness} | aggregate rows = count(), last = last(n)
stream after = union(sessions, a) | window tumbling(20s) | aggregate rows = count()
sink out7 = sessions | into memory()
sink late7 = sessions.late | select key, n | into memory()
sink out7b = after | into memory()
",
        sinks: &[("out7", true), ("late7", true), ("out7b", true)],
    },
    Part {
        text: "
stream revised = a
  | window {window}, by: key, lateness: 4s, emit: on_end
  | aggregate rows = count(), total = sum(n)
sink out8 = revised | into memory()
sink out8a = revised | where final | select key, start = window.start, rows, total | into memory()
",
        sinks: &[("out8", false), ("out8a", false)],
    },
];

/// What happens.
#[derive(Clone, Debug)]
enum Step {
    Feed {
        b: bool,
        split: bool,
        rows: Vec<Item>,
    },
    Settle,
    Checkpoint,
    /// Goes on from the last checkpoint: what was done since is done again.
    Crash(usize),
    Restart(usize),
}

/// One payload: a row of a key, some seconds behind or ahead of what is usual by now; now and then a broken one.
#[derive(Clone, Debug)]
struct Item {
    key: u8,
    jitter: i64,
    n: i64,
}

#[derive(Clone, Debug)]
struct Case {
    parts: Vec<usize>,
    window: &'static str,
    lateness: i64,
    out_of_order: i64,
    steps: Vec<Step>,
    tasks: usize,
    batch_rows: usize,
    seed: u64,
}

fn item() -> impl Strategy<Value = Item> {
    (0..6_u8, -6..4_i64, 0..7_i64).prop_map(|(key, jitter, n)| Item { key, jitter, n })
}

fn step() -> impl Strategy<Value = Step> {
    let feed = (any::<bool>(), any::<bool>(), prop::collection::vec(item(), 1..12))
        .prop_map(|(b, split, rows)| Step::Feed { b, split, rows });
    prop_oneof![
        6 => feed,
        2 => Just(Step::Settle),
        1 => Just(Step::Checkpoint),
        1 => (1..5_usize).prop_map(Step::Crash),
        1 => (1..5_usize).prop_map(Step::Restart),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    let windows = ["tumbling(5s)", "sliding(6s, 2s)", "tumbling(7s, offset: 1s)"];
    let how = (1..5_usize, prop::sample::select(vec![1, 3, 8192]), 0..1000_u64);
    (
        prop::sample::subsequence((0..PARTS.len()).collect::<Vec<_>>(), 1..4),
        prop::sample::select(windows.to_vec()),
        0..4_i64,
        0..4_i64,
        prop::collection::vec(step(), 1..24),
        how,
    )
        .prop_map(|(parts, window, lateness, out_of_order, steps, how)| Case {
            parts,
            window,
            lateness,
            out_of_order,
            steps,
            tasks: how.0,
            batch_rows: how.1,
            seed: how.2,
        })
}

impl Case {
    fn program(&self) -> String {
        let mut text = format!(
            "
schema Reading {{
  key: string
  at:  timestamp
  n:   int
}}
source a = memory(schema: Reading, time: at, out_of_order: {0}s)
source b = memory(schema: Reading, time: at, out_of_order: {0}s)
",
            self.out_of_order
        );
        for &part in &self.parts {
            text += PARTS[part].text;
        }
        text.replace("{window}", self.window).replace("{lateness}", &format!("{}s", self.lateness))
    }

    fn sinks(&self) -> impl Iterator<Item = (&'static str, bool)> {
        self.parts.iter().flat_map(|&it| PARTS[it].sinks).copied()
    }

    /// Says which splits there are: those that begin later hold the watermark back. (One that comes as a surprise has rows
    /// that may be late or not, as far as the other input of a union has been read.)
    fn announce(&self, rig: &Rig) {
        for step in &self.steps {
            if let Step::Feed { b, split, .. } = step {
                rig.input(source(*b)).event(split_name(*split), SplitEvent::Announced);
            }
        }
    }

    /// What came out, and the account.
    fn found(&self, rig: &Rig, run: Simulation) -> (BTreeMap<&'static str, Vec<String>>, Ledger) {
        let rows = self.sinks().map(|(sink, ordered)| {
            let mut rows = rig.rows(sink);
            if !ordered {
                rows.sort();
            }
            (sink, rows)
        });
        let rows = rows.collect();
        assert!(run.has_ended());
        let outcome = run.finish();
        assert!(matches!(outcome.ended, Ended::Finished), "{:?}", outcome.ended);
        assert_eq!(outcome.progress.bytes, 0, "everything that was charged is freed");
        (rows, outcome.progress.ledger)
    }

    /// Everything at once, one task.
    fn reference(&self) -> (BTreeMap<&'static str, Vec<String>>, Ledger) {
        let rig = Rig::of(plan(&self.program()), 1);
        self.announce(&rig);
        let mut clock = Clocks::default();
        for step in &self.steps {
            clock.feed(&rig, step);
        }
        rig.end();
        let mut run = rig.simulate(None);
        run.settle().unwrap();
        self.found(&rig, run)
    }

    fn varied(&self) -> (BTreeMap<&'static str, Vec<String>>, Ledger) {
        let mut rig = Rig::of(plan(&self.program()), self.tasks);
        rig.settings.batch_rows = self.batch_rows;
        self.announce(&rig);
        let begin =
            |rig: &Rig, from: Option<&Checkpoint>| rig.job(from).unwrap().simulate(self.seed);
        let mut run = begin(&rig, None);
        let mut checkpoint = None;
        let mut clock = Clocks::default();
        for step in &self.steps {
            clock.feed(&rig, step);
            match step {
                Step::Feed { .. } => {}
                Step::Settle => run.settle().unwrap(),
                Step::Checkpoint => checkpoint = Some(run.checkpoint().unwrap()),
                Step::Crash(tasks) => {
                    // Half of it was done when it crashed.
                    run.settle().unwrap();
                    rig.settings.threads = *tasks;
                    run = begin(&rig, checkpoint.as_ref());
                }
                Step::Restart(tasks) => {
                    rig.settings.threads = *tasks;
                    let at = run.crash_at_checkpoint().unwrap();
                    run = begin(&rig, Some(&at));
                    checkpoint = Some(at);
                }
            }
        }
        rig.end();
        run.settle().unwrap();
        self.found(&rig, run)
    }

    fn threads(&self) -> (BTreeMap<&'static str, Vec<String>>, Ledger) {
        let mut rig = Rig::of(plan(&self.program()), self.tasks);
        rig.settings.batch_rows = self.batch_rows;
        self.announce(&rig);
        let mut clock = Clocks::default();
        let running = rig.start();
        for step in &self.steps {
            clock.feed(&rig, step);
            if matches!(step, Step::Checkpoint | Step::Restart(_)) {
                running.checkpoint().unwrap();
            }
        }
        rig.end();
        let outcome = running.wait();
        assert!(matches!(outcome.ended, Ended::Finished), "{:?}", outcome.ended);
        assert_eq!(outcome.progress.bytes, 0, "everything that was charged is freed");
        let rows = self.sinks().map(|(sink, ordered)| {
            let mut rows = rig.rows(sink);
            if !ordered {
                rows.sort();
            }
            (sink, rows)
        });
        (rows.collect(), outcome.progress.ledger)
    }
}

fn source(b: bool) -> &'static str {
    if b { "b" } else { "a" }
}

fn split_name(second: bool) -> &'static str {
    if second { "1" } else { "0" }
}

/// How far each source has come.
#[derive(Default)]
struct Clocks([i64; 2]);

impl Clocks {
    fn feed(&mut self, rig: &Rig, step: &Step) {
        let Step::Feed { b, split, rows } = step else { return };
        let input: Input = rig.input(source(*b));
        let second = &mut self.0[usize::from(*b)];
        let payloads = rows.iter().map(|it| {
            *second += 1;
            match (it.key, it.n) {
                (0, 0) => "broken".to_owned(),
                _ => row(&format!("k{}", it.key), *second + it.jitter, it.n),
            }
        });
        let payloads: Vec<String> = payloads.collect();
        input.push(split_name(*split), payloads);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_do_not_depend_on_how_they_are_worked_on(case in case()) {
        let (expected, ledger) = case.reference();
        prop_assert_eq!(ledger.residue(), 0, "{:?}", ledger);
        let (found, counted) = case.varied();
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(&counted, &ledger);
        let (found, counted) = case.threads();
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(&counted, &ledger);
    }
}
