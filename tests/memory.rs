//! A sink that does not take anything holds the source back: what is on its way stays within the budget, nothing is
//! dropped, and when the sink takes rows again all of them arrive.

use crate::support::weir::wait_for;
use connectors::memory;
use dsl::span::SourceFile;
use engine::interrupt::Interrupt;
use engine::runtime::{Ended, Settings, Stopper, World, prepare};
use engine::time::SystemClock;
use std::collections::BTreeMap;
use std::sync::Arc;
use weir::environment::ProcessEnvironment;
use weir::registry::Registry;

/// Many times the budget, however the rows are written down.
const ROWS: usize = 400_000;

/// What may be on its way.
const BUDGET: usize = 2 << 20;

/// What is read at a time. A source looks for room before it reads and not while it does, and what it has read becomes
/// larger when it is decoded, so the budget is exceeded by a few of these at most.
const PIECE: usize = 64 << 10;
const SLACK: usize = 16 * PIECE;

/// How often the same figures have to be seen until nothing moves.
const STILL: usize = 50;

/// A fleet through a filter and a window into two sinks, of which `out` stalls.
const PIPE: &str = "source fleet = generate(devices: 50, rate: max, rows: 400_000, time: timestamp)

stream all = fleet | where temperature > -1000.0

stream minutes = fleet
  | window tumbling(1m), by: device_id
  | aggregate n = count()

sink out = all | into memory()

sink counts = minutes | into memory()
";

#[test]
fn memory_stays_flat_while_a_sink_stalls() {
    for threads in [1, 4] {
        stalled(&format!("stalled-{threads}"), threads);
    }
}

fn stalled(pipeline: &str, threads: usize) {
    let file = SourceFile::new("stalled.pipe", PIPE);
    let (plan, found) = dsl::compile(&file, &Registry);
    let plan = plan.unwrap_or_else(|| panic!("{found:?}"));
    let plan = dsl::constant::close(&plan, &BTreeMap::new(), &ProcessEnvironment).unwrap();
    let io = weir::run::io().unwrap();
    let world = World {
        vocabulary: Arc::new(Registry),
        clock: Arc::new(SystemClock::new()),
        io: io.handle().clone(),
        interrupt: Interrupt::default(),
    };
    let settings =
        Settings { budget: BUDGET, piece_bytes: PIECE, ..Settings::new(pipeline, threads) };
    let (out, counts) = (memory::output(pipeline, "out"), memory::output(pipeline, "counts"));
    out.stall(true);
    let running = prepare(&plan, &settings, &world, None).unwrap().start().unwrap();
    let stopper = running.stopper();
    let (read, most) = still(&stopper);
    assert!(most <= BUDGET + SLACK, "{most} bytes were on their way, {BUDGET} are allowed");
    assert!(most >= BUDGET, "the source was not held back by its budget: {most} bytes");
    assert!(read > 0 && read < ROWS as u64, "{read} rows were read");
    assert_eq!(out.count(), 0);
    assert!(!running.is_over());
    out.stall(false);
    let outcome = running.wait();
    assert!(matches!(outcome.ended, Ended::Finished), "{:?}", outcome.ended);
    assert_eq!(outcome.progress.ledger.residue(), 0);
    assert_eq!(outcome.progress.bytes, 0, "everything that was charged is freed");
    assert_eq!(out.count(), ROWS);
    assert_eq!(outcome.progress.ledger.sources["fleet"].read, ROWS as u64);
    assert_eq!(outcome.progress.ledger.sinks["out"].written, ROWS as i64);
    // 400,000 readings of 50 devices, one a second each: 8,000 seconds are 134 minutes.
    assert_eq!(counts.count(), 50 * 134);
    memory::forget(pipeline);
}

/// Waits until nothing moves any more: how many rows were read, and how many bytes were on their way at most.
fn still(stopper: &Stopper) -> (u64, usize) {
    let (mut last, mut same, mut most) = (0, 0, 0);
    wait_for("the source to be held back", || {
        let progress = stopper.progress();
        let read = progress.ledger.sources["fleet"].read;
        most = most.max(progress.bytes);
        same = if read == last && read > 0 { same + 1 } else { 0 };
        last = read;
        (same == STILL).then_some(())
    });
    (last, most)
}
