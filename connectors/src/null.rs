//! `null()`: a sink that throws rows away, for measuring. Every column is still built, since it asks for all of them.

use dsl::catalog::{Guarantee, SinkPromise, SinkRule};
use dsl::plan::{Args, SinkPlan};
use dsl::signature::{Example, Kind, Returns, Signature};
use engine::batch::Batch;
use engine::error::Result;
use engine::sink::{Finished, Prepared, Sink, SinkContext, SinkDef, Written};
use std::sync::LazyLock;

/// The word.
#[derive(Debug)]
pub struct Null;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: "null",
    kind: Kind::Sink,
    summary: "Throws every row away after its columns were built.",
    details: "For measuring what comes before it. Rows are counted as written. It is always called, `null()`: the \
              bare word is the literal.",
    params: Vec::new(),
    result: Returns::Nothing,
    examples: &[Example {
        title: "What does it cost to get this far?",
        source: r#"schema Reading {
  device: string
  value:  float
}

source readings = file(path: "readings.jsonl", schema: Reading)

sink nowhere = readings | where value > 85.0 | into null()

test "only hot readings get there" {
  feed readings [
    { device: "a", value: 90.0 },
    { device: "a", value: 20.0 },
  ]
  expect nowhere count 1
}
"#,
        result: "",
    }],
});

impl SinkRule for Null {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn promise(&self, _args: &Args) -> SinkPromise {
        SinkPromise::new(Guarantee::ExactlyOnce, "nothing is kept, so nothing can be there twice")
    }
}

impl SinkDef for Null {
    fn open(&self, _plan: &SinkPlan, _context: SinkContext) -> Result<Box<dyn Sink>> {
        Ok(Box::new(Nowhere))
    }
}

struct Nowhere;

impl Sink for Nowhere {
    fn write(&mut self, _batch: &Batch) -> Result<Written> {
        Ok(Written::Taken(Vec::new()))
    }

    fn prepare(&mut self, epoch: u64) -> Result<Prepared> {
        Ok(Prepared::when(true, epoch))
    }

    fn finish(&mut self, _complete: bool) -> Result<Finished> {
        Ok(Finished::Done)
    }

    fn bytes(&self) -> usize {
        0
    }

    fn unwritten(&self) -> u64 {
        0
    }
}
