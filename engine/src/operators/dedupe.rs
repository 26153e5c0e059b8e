//! `dedupe`: the first row of each key, for a while.
//!
//! ```text
//!  kept row at t         counts until t + within
//!  another of its key    duplicate, iff its time and its stamp are both below that; else kept, and the new one counts
//! ```

use crate::batch::Batch;
use crate::error::{Error, Result};
use crate::key::{KeyId, KeyInterner, KeyList, places, save_by_group};
use crate::keyed::{self, Captured, Expiry, NEVER};
use crate::ledger::Fate;
use crate::operator::{Operator, OperatorDef, Output, Placement, Port};
use crate::snapshot::{Section, Snapshot};
use crate::time::{Timestamp, Watermark};
use arrow::array::BooleanArray;
use arrow::buffer::BooleanBuffer;
use dsl::catalog::{StepContext, StepRule};
use dsl::diagnostic::{Code, Diagnostic};
use dsl::plan::{Flow, StepPlan};
use dsl::signature::{Constant, Example, Kind, Param, Returns, Signature, Takes};
use std::sync::{Arc, LazyLock};

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
    details: "A row is a repetition iff its time and the watermark at which it was read are both less than the time of \
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

    fn flow(&self, step: StepContext<'_>, report: &mut Vec<Diagnostic>) -> Flow {
        if matches!(step.args.opt_duration("within"), Ok(Some(within)) if within <= 0) {
            let span = step.args.span("within").unwrap_or(step.span);
            report.push(
                Diagnostic::new(Code::BadOption, span, "`within` is a duration above 0s")
                    .help("write how long a sender may repeat itself: `within: 10m`"),
            );
        }
        Flow { window: None, ..step.input.clone() }
    }

    fn finds_late_rows(&self) -> bool {
        false
    }

    fn by_arrival(&self) -> bool {
        true
    }
}

impl OperatorDef for Dedupe {
    fn placement(&self, step: &StepPlan) -> Placement {
        keyed::placement(step)
    }

    fn steps(&self) -> usize {
        1
    }

    fn clocked(&self, _step: &StepPlan) -> bool {
        false
    }

    fn build(&self, steps: &[StepPlan]) -> Result<Box<dyn Operator>> {
        let [step] = steps else {
            return Err(Error::bug("`dedupe` is built from one step"));
        };
        let within = step.args.duration("within")?;
        if within <= 0 {
            return Err(Error::user("`within` of `dedupe` is a duration above 0s"));
        }
        let key = step.args.columns("by")?;
        Ok(Box::new(Running {
            keys: KeyInterner::new(places(key, &step.input.columns)?),
            kept: Expiry::new(within),
            ids: Vec::new(),
        }))
    }
}

/// The operator: until when the kept row of each key counts.
struct Running {
    keys: KeyInterner,
    kept: Expiry,
    ids: Vec<KeyId>,
}

impl Operator for Running {
    fn on_batch(&mut self, _port: Port, batch: Batch, out: &mut Output) -> Result<()> {
        self.keys.intern(&batch.columns, &mut self.ids)?;
        self.kept.grow(self.keys.len());
        let is_first = |row: usize| {
            let (id, time) = (self.ids[row], batch.times[row]);
            let until = self.kept.until(id);
            let first = time >= until || batch.stamps.get(row) >= until;
            if first {
                self.kept.set(id, time);
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
        self.kept.sweep(watermark, &mut self.keys);
        Ok(watermark)
    }

    fn on_clock(&mut self, _now: Timestamp, _out: &mut Output) -> Result<()> {
        Ok(())
    }

    fn snapshot(&mut self) -> Result<Box<dyn Snapshot>> {
        let keys = Arc::clone(self.keys.list());
        Ok(Box::new(Capture { keys, until: self.kept.capture() }))
    }

    fn restore(&mut self, section: Section) -> Result<()> {
        let mut from = keyed::open(&section, VERSION, WORD)?;
        let keys = self.keys.restore(&mut from)?;
        self.kept.grow(self.keys.len());
        for key in keys {
            self.kept.restore(key, from.i64()?);
        }
        Ok(())
    }
}

/// The state as it was when it was captured.
struct Capture {
    keys: Arc<KeyList>,
    until: Captured<Timestamp>,
}

impl Snapshot for Capture {
    fn sections(self: Box<Self>) -> Result<Vec<Section>> {
        let live = |key: KeyId| *self.until.at(key) != NEVER;
        save_by_group(&self.keys, VERSION, live, |keys, out| {
            for &key in keys {
                out.i64(*self.until.at(key));
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests;
