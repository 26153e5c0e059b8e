//! Runs a step as a host would: in rounds, on several tasks, with a restart on other tasks on the way.
//!
//! ```text
//!  rows ──cut──► round ──by key──► task 0 │ task 1 ──merge by order──► Collected
//!                  └ behind it the watermark: the least stamp of the rows still to come
//! ```

use super::{Collected, cuts};
use crate::batch::{Batch, Order};
use crate::key::{Partitioner, places, task};
use crate::operator::{Operator, OperatorDef, Output, Placement};
use crate::snapshot::{Section, SectionId, Snapshot};
use crate::time::{Timestamp, Watermark};
use dsl::plan::StepPlan;

/// How a run is cut up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    /// Rows a round.
    pub(crate) rows: usize,
    /// Tasks before the restart.
    pub(crate) tasks: usize,
    /// Before which round it restarts, and on how many tasks.
    pub(crate) restart: Option<(usize, usize)>,
}

/// Every way of cutting a run of so many rows that a test tries: the first is one task and one batch.
pub(crate) fn every_cut(rows: usize) -> Vec<Cut> {
    let whole = Cut { rows: 8192, tasks: 1, restart: None };
    let mut all = vec![whole];
    for (size, tasks, after) in [(1, 1, 2), (1, 4, 1), (3, 2, 4), (3, 1, 1), (8192, 4, 2)] {
        let middle = rows.div_ceil(size) / 2;
        all.push(Cut { rows: size, tasks, restart: None });
        all.push(Cut { rows: size, tasks, restart: Some((middle, after)) });
    }
    all
}

/// Runs steps over rows, which have their stamps.
pub(crate) fn run(def: &dyn OperatorDef, steps: &[StepPlan], rows: &Batch, cut: Cut) -> Collected {
    let mut tasks = build(def, steps, cut.tasks);
    let mut collected = Collected::default();
    let mut done = 0;
    for (i, round) in cuts(rows, cut.rows).into_iter().enumerate() {
        if let Some((at, number)) = cut.restart
            && at == i
        {
            tasks = moved(def, steps, tasks, number);
        }
        done += round.rows();
        let outputs = on_batch(&mut tasks, &key(def, steps), &round);
        collected.account.input += round.rows() as i64;
        merge(outputs, &mut collected);
        let next = (done..rows.rows()).map(|i| rows.stamps.get(i)).min();
        let watermark = next.map_or(Watermark::END, Watermark::at);
        let mut outputs = Vec::new();
        for task in &mut tasks {
            let mut out = Output::default();
            task.on_watermark(watermark, &mut out).expect("time goes on");
            outputs.push(out);
        }
        merge(outputs, &mut collected);
    }
    assert_eq!(collected.account.residue(), 0, "{:?}", collected.account);
    collected
}

type Tasks = Vec<Box<dyn Operator>>;

fn build(def: &dyn OperatorDef, steps: &[StepPlan], tasks: usize) -> Tasks {
    (0..tasks).map(|_| def.build(steps).expect("the operator is built")).collect()
}

fn key(def: &dyn OperatorDef, steps: &[StepPlan]) -> Vec<usize> {
    match def.placement(&steps[0]) {
        Placement::ByKey(keys) => places(&keys, &steps[0].input.columns).expect("key columns"),
        Placement::Anywhere | Placement::Single => Vec::new(),
    }
}

/// Other tasks with the state of these.
fn moved(def: &dyn OperatorDef, steps: &[StepPlan], mut old: Tasks, number: usize) -> Tasks {
    let mut new = build(def, steps, number);
    let captured: Vec<Box<dyn Snapshot>> =
        old.iter_mut().map(|it| it.snapshot().expect("state is captured")).collect();
    for snapshot in captured {
        for section in snapshot.sections().expect("state is saved") {
            restore(&mut new, section);
        }
    }
    new
}

fn restore(tasks: &mut Tasks, section: Section) {
    let number = tasks.len();
    match section.id {
        SectionId::Group(group) => {
            tasks[task(group, number)].restore(section).expect("state is taken back");
        }
        SectionId::Unkeyed => {
            for task in tasks {
                task.restore(section.clone()).expect("state is taken back");
            }
        }
    }
}

fn on_batch(tasks: &mut Tasks, key: &[usize], round: &Batch) -> Vec<Output> {
    let parts = Partitioner::new(key.to_vec(), tasks.len(), 0).partition(round, 0).expect("rows");
    let mut outputs = Vec::new();
    for (task, part) in tasks.iter_mut().zip(parts) {
        let mut out = Output::default();
        if let Some(part) = part {
            task.on_batch(0, part, &mut out).expect("rows are taken");
        }
        outputs.push(out);
    }
    outputs
}

/// Puts what parallel tasks put out in order.
fn merge(outputs: Vec<Output>, into: &mut Collected) {
    let mut collected = Collected::default();
    let (mut rows, mut late, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for out in outputs {
        rows.extend(out.batches.iter().flat_map(order));
        late.extend(out.late.iter().flat_map(|it| order(&it.rows)));
        refused.extend(out.refused.iter().flat_map(|it| order(&it.rows)));
        collected.collect(out);
    }
    into.account += &collected.account;
    let times = collected.times.into_iter().zip(collected.stamps);
    for (row, (time, stamp)) in sorted(rows, collected.rows.into_iter().zip(times)) {
        into.rows.push(row);
        into.times.push(time);
        into.stamps.push(stamp);
    }
    into.late.extend(sorted(late, collected.late));
    into.refused.extend(sorted(refused, collected.refused));
}

/// What the rows of a batch are sorted by.
fn order(batch: &Batch) -> Vec<(Timestamp, Timestamp)> {
    match batch.order.as_ref().expect("what comes from tasks has an order") {
        Order::Place(places) => places.iter().map(|&it| (i64::from(it), 0)).collect(),
        Order::Window { ends, starts, .. } => {
            ends.iter().copied().zip(starts.iter().copied()).collect()
        }
    }
}

fn sorted<T>(
    order: Vec<(Timestamp, Timestamp)>,
    values: impl IntoIterator<Item = T>,
) -> impl Iterator<Item = T> {
    let mut all: Vec<_> = order.into_iter().zip(values).collect();
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, value)| value)
}
