//! `dedupe`: the first row of each key, for a while.
//!
//! ```text
//!  kept row at t         counts until t + within
//!  another of its key    duplicate, iff its time and its stamp are both below that; else kept, and the new one counts
//! ```

use crate::batch::Batch;
use crate::error::{Error, Result};
use crate::keyed::{LiveKeys, LiveKeysCaptured};
use crate::ledger::Fate;
use crate::operator::{Operator, OperatorDef, Output, Port, one_step};
use crate::snapshot::{Section, Snapshot};
use crate::time::Watermark;
use arrow::array::BooleanArray;
use arrow::buffer::BooleanBuffer;
use dsl::catalog::{StepContext, StepRule};
use dsl::diagnostic::Diagnostic;
use dsl::plan::{Flow, StepPlan};
use dsl::signature::{Constant, Example, Kind, Param, Returns, Signature, Takes};
use std::sync::LazyLock;

/// The word.
#[derive(Debug)]
pub(super) struct Dedupe;

const WORD: &str = "dedupe";

/// The layout of the saved state.
const VERSION: u16 = 1;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: WORD,
    kind: Kind::Step,
    summary: "Keeps the first row of each key and drops its repetitions.",
    details: "A row is a repetition if its time and the watermark at which it was read are both less than the time of \
              the kept row plus `within`; otherwise it is kept itself, and later rows are compared with it. First means \
              first to arrive. A null key is a key. Dropped rows are counted as `duplicates`. State is kept for `within` \
              only, so choose it as long as a sender may repeat itself.",
    params: vec![
        Param::option("by", Takes::Columns, "The columns that are the same in repetitions.")
            .required(),
        Param::option(
            "within",
            Takes::Constant(Constant::Duration),
            "How long behind the kept row a row can be its repetition.",
        )
        .within("1us..36500d")
        .required(),
    ],
    result: Returns::Nothing,
    examples: &[Example {
        title: "A device that sends again what was not acknowledged",
        source: r#"schema Reading {
  device_id: string
  seq:       int
  at:        timestamp
}

source readings = memory(schema: Reading, time: at)

stream once = readings
  | dedupe by: [device_id, seq], within: 10m

sink out = once | into memory()

test "a number is used again after ten minutes" {
  feed readings [
    { device_id: "a", seq: 1, at: @2026-01-01T00:00:00Z },
    { device_id: "a", seq: 1, at: @2026-01-01T00:09:59Z },
    { device_id: "b", seq: 1, at: @2026-01-01T00:09:59Z },
    { device_id: "a", seq: 1, at: @2026-01-01T00:10:00Z },
  ]
  expect once [
    { device_id: "a", seq: 1, at: @2026-01-01T00:00:00Z },
    { device_id: "b", seq: 1, at: @2026-01-01T00:09:59Z },
    { device_id: "a", seq: 1, at: @2026-01-01T00:10:00Z },
  ]
}
"#,
        result: "",
    }],
});

impl StepRule for Dedupe {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn flow(&self, step: StepContext<'_>, _report: &mut Vec<Diagnostic>) -> Flow {
        Flow { window: None, ..step.input.clone() }
    }

    fn by_arrival(&self) -> bool {
        true
    }
}

impl OperatorDef for Dedupe {
    fn build(&self, steps: &[StepPlan]) -> Result<Box<dyn Operator>> {
        let step = one_step(steps)?;
        let within = step.args.duration("within")?;
        if within <= 0 {
            return Err(Error::user("`within` of `dedupe` is a duration above 0s"));
        }
        let by = step.args.columns("by")?;
        Ok(Box::new(Running(LiveKeys::new(by, &step.input.columns, within)?)))
    }
}

/// The operator: the key of each kept row, and until when it counts.
struct Running(LiveKeys);

impl Operator for Running {
    fn on_batch(&mut self, _port: Port, batch: Batch, out: &mut Output) -> Result<()> {
        self.0.intern(&batch)?;
        let LiveKeys { expiry, ids, .. } = &mut self.0;
        let is_first = |row: usize| {
            let (id, time) = (ids[row], batch.times[row]);
            let until = expiry.until(id);
            let first = time >= until || batch.stamps.get(row) >= until;
            if first {
                expiry.set(id, time);
            }
            first
        };
        let first = BooleanBuffer::collect_bool(batch.rows(), is_first);
        let duplicates = batch.rows() - first.count_set_bits();
        out.account(Fate::Duplicates, duplicates);
        out.pass(batch.filter(&BooleanArray::new(first, None))?);
        Ok(())
    }

    fn on_watermark(&mut self, watermark: Watermark, _out: &mut Output) -> Result<Watermark> {
        self.0.sweep(watermark);
        Ok(watermark)
    }

    fn bytes(&self) -> usize {
        self.0.bytes()
    }

    fn snapshot(&mut self) -> Result<Box<dyn Snapshot>> {
        Ok(Box::new(Capture(self.0.capture())))
    }

    fn restore(&mut self, section: Section) -> Result<()> {
        self.0.restore(&section, VERSION, WORD)?;
        Ok(())
    }
}

/// The state as it was when it was captured.
struct Capture(LiveKeysCaptured);

impl Snapshot for Capture {
    fn sections(self: Box<Self>) -> Result<Vec<Section>> {
        self.0.save(VERSION, |_, _| Ok(()))
    }
}

#[cfg(test)]
mod tests;
