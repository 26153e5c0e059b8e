//! The sink `memory` and the handle that shows what it holds.
//!
//! ```text
//!  write ──► open rows ──prepare(n)──► prepared under a ticket ──commit(ticket)──► visible
//!               └ gone with the run        └ stays hidden for ever if nobody commits
//! ```

use super::Registry;
use crate::common::lock;
use arrow::array::RecordBatch;
use dsl::catalog::{Guarantee, SinkPromise, SinkRule};
use dsl::plan::{Args, SinkPlan};
use dsl::signature::{Constant, Example, Kind, Param, Returns, Signature, Takes};
use engine::batch::Batch;
use engine::error::{Error, Result};
use engine::sink::{Committable, Finished, Prepared, Sink, SinkContext, SinkDef, Written};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::Waker;

pub(super) static OUTPUTS: Registry<Output> = Registry::new();

/// What the `memory` sink of this name holds; made if it is not there.
pub fn output(pipeline: &str, name: &str) -> Output {
    OUTPUTS.get(pipeline, name, Output::default)
}

/// Shows what a `memory` sink holds, and can make it stall.
#[derive(Clone, Debug, Default)]
pub struct Output(Arc<Mutex<Table>>);

#[derive(Debug, Default)]
struct Table {
    visible: Vec<Batch>,
    prepared: BTreeMap<u64, Vec<Batch>>,
    tickets: u64,
    stalled: bool,
    wakers: Vec<Waker>,
}

impl Output {
    /// The rows of all committed epochs, in order.
    pub fn rows(&self) -> Vec<RecordBatch> {
        lock(&self.0).visible.iter().map(|it| it.columns.clone()).collect()
    }

    /// The same with their times.
    pub fn batches(&self) -> Vec<Batch> {
        lock(&self.0).visible.clone()
    }

    /// Takes the committed rows out, so that the next call shows what came since.
    pub fn take(&self) -> Vec<RecordBatch> {
        let batches = std::mem::take(&mut lock(&self.0).visible);
        batches.into_iter().map(|it| it.columns).collect()
    }

    /// How many rows are committed.
    pub fn count(&self) -> usize {
        lock(&self.0).visible.iter().map(Batch::rows).sum()
    }

    /// While it stalls, the sink takes nothing.
    pub fn stall(&self, stalled: bool) {
        let mut table = lock(&self.0);
        table.stalled = stalled;
        if !stalled {
            table.wakers.drain(..).for_each(Waker::wake);
        }
    }
}

/// The word.
#[derive(Debug)]
pub struct MemorySink;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: "memory",
    kind: Kind::Sink,
    summary: "Keeps rows inside the process, for tests and embedding.",
    details: "A program reads them with `connectors::memory::output(pipeline, name)`. Rows are seen when their epoch is \
              committed; those of a run that crashed before that are gone. All rows stay in memory.",
    params: vec![Param::option(
        "name",
        Takes::Constant(Constant::String),
        "Under which name it is read; without it, the sink's own.",
    )],
    result: Returns::Nothing,
    examples: &[Example {
        title: "",
        source: r#"source readings = memory(format: raw)

sink all = readings | into memory()

test "rows arrive" {
  feed readings ["one", "two"]
  expect all count 2
}
"#,
        result: "",
    }],
});

impl SinkRule for MemorySink {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn promise(&self, _args: &Args) -> SinkPromise {
        SinkPromise::new(Guarantee::ExactlyOnce, "rows are seen when their epoch is committed")
    }
}

impl SinkDef for MemorySink {
    fn open(&self, plan: &SinkPlan, context: SinkContext) -> Result<Box<dyn Sink>> {
        let name = plan.connector.args.opt_text("name")?.unwrap_or(&plan.name);
        let output = output(&context.pipeline, name);
        Ok(Box::new(Writer {
            output,
            open: Vec::new(),
            bytes: 0,
            rows: 0,
            prepared: BTreeMap::new(),
            waker: context.waker,
        }))
    }
}

struct Writer {
    output: Output,
    open: Vec<Batch>,
    /// What the open rows take.
    bytes: usize,
    rows: u64,
    /// How many rows each ticket stands for that was not committed yet.
    prepared: BTreeMap<u64, u64>,
    waker: Waker,
}

impl Sink for Writer {
    fn write(&mut self, batch: &Batch) -> Result<Written> {
        let mut table = lock(&self.output.0);
        if table.stalled {
            table.wakers.push(self.waker.clone());
            return Ok(Written::Busy);
        }
        self.bytes += batch.bytes();
        self.rows += batch.rows() as u64;
        self.open.push(batch.clone());
        Ok(Written::Taken(Vec::new()))
    }

    fn prepare(&mut self, epoch: u64) -> Result<Prepared> {
        let mut table = lock(&self.output.0);
        let ticket = table.tickets;
        table.tickets += 1;
        table.prepared.insert(ticket, std::mem::take(&mut self.open));
        self.prepared.insert(ticket, std::mem::take(&mut self.rows));
        self.bytes = 0;
        Ok(Prepared::Done(Committable { epoch, bytes: ticket.to_le_bytes().to_vec() }))
    }

    fn commit(&mut self, committable: Committable) -> Result<()> {
        let Ok(ticket) = committable.bytes.as_slice().try_into().map(u64::from_le_bytes) else {
            return Err(Error::bug("a committable of another sink came to `memory`"));
        };
        self.prepared.remove(&ticket);
        let mut table = lock(&self.output.0);
        // A ticket that is gone was committed before: that is what makes it safe to commit twice.
        if let Some(rows) = table.prepared.remove(&ticket) {
            table.visible.extend(rows);
        }
        Ok(())
    }

    fn finish(&mut self, _complete: bool) -> Result<Finished> {
        lock(&self.output.0).visible.append(&mut self.open);
        (self.bytes, self.rows) = (0, 0);
        Ok(Finished::Done)
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn unwritten(&self) -> u64 {
        self.rows + self.prepared.values().sum::<u64>()
    }
}
