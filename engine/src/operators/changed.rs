//! `changed`: rows that differ from the last kept one of their key.

mod number;

use crate::batch::Batch;
use crate::error::{Error, Result};
use crate::expr::{Program, evaluate};
use crate::key::{KeyBytes, KeyId};
use crate::keyed::{Captured, Keyed, LiveKeys, LiveKeysCaptured, NEVER};
use crate::ledger::Fate;
use crate::operator::{Operator, OperatorDef, Output, Port, TTL, one_step};
use crate::snapshot::{Section, Snapshot};
use crate::time::Watermark;
use arrow::array::{ArrayRef, BooleanArray};
use arrow::buffer::BooleanBuffer;
use arrow::compute::filter;
use dsl::catalog::{StepContext, StepRule};
use dsl::check::rules;
use dsl::diagnostic::{Code, Diagnostic};
use dsl::plan::{Arg, Args, Expr, Flow, StepPlan};
use dsl::signature::{Constant, Example, Kind, Param, Returns, Signature, Takes, TypeClass};
use number::{Number, Numbers, margin};
use std::sync::LazyLock;

/// The word.
#[derive(Debug)]
pub(super) struct Changed;

const WORD: &str = "changed";

/// The layout of the saved state.
const VERSION: u16 = 1;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: WORD,
    kind: Kind::Step,
    summary: "Keeps rows whose values differ from those of the last kept row.",
    details: "Rows are compared with the last *kept* row of their key, not with the last one: a value that creeps is \
              kept as soon as it has crept further than `tolerance`. The first row of a key is kept. Null is a value: a \
              row is kept when a value becomes null, and when it comes back. NaN is equal to NaN, and -0 to 0. With \
              several values, one that differs is enough. Dropped rows are counted as `filtered`. Rows are taken in the \
              order of arrival, and a key that has not been seen for 30 days begins anew.",
    params: vec![
        Param::repeated("values", Takes::Expr(TypeClass::Any), "A value to compare."),
        Param::option(
            "tolerance",
            Takes::Constant(Constant::Float),
            "How much a number may differ from the kept one; without it, not at all.",
        )
        .within("0.0.."),
        Param::option("by", Takes::Columns, "The columns that tell one series from another."),
    ],
    result: Returns::Nothing,
    examples: &[Example {
        title: "Only what moved by more than half a degree",
        source: r#"schema Reading {
  device_id:   string
  at:          timestamp
  temperature: float?
}

source readings = memory(schema: Reading, time: at)

stream moved = readings
  | changed temperature, tolerance: 0.5, by: device_id

sink out = moved | into memory()

test "small steps add up, and null is a value" {
  feed readings [
    { device_id: "a", at: @2026-01-01T00:00:01Z, temperature: 20.0 },
    { device_id: "a", at: @2026-01-01T00:00:02Z, temperature: 20.5 },
    { device_id: "a", at: @2026-01-01T00:00:03Z, temperature: 20.75 },
    { device_id: "a", at: @2026-01-01T00:00:04Z, temperature: 21.0 },
    { device_id: "a", at: @2026-01-01T00:00:05Z },
  ]
  expect moved [
    { device_id: "a", temperature: 20.0 },
    { device_id: "a", temperature: 20.75 },
    { device_id: "a", temperature: null },
  ]
}
"#,
        result: "",
    }],
});

impl StepRule for Changed {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn flow(&self, step: StepContext<'_>, report: &mut Vec<Diagnostic>) -> Flow {
        let span = step.args.span("tolerance").unwrap_or(step.span);
        let values = values(step.args);
        let idle = step.args.get("tolerance").is_some() && !values.is_empty();
        let number = |it: &&Expr| it.typed.ty.is_numeric() || it.typed.ty.is_unknown();
        if idle && !values.iter().any(number) {
            report.push(
                Diagnostic::new(Code::OptionsClash, span, "none of these values is a number")
                    .help("leave `tolerance` out: without it, every difference counts"),
            );
        }
        let by = step.args.opt_columns("by").ok().flatten().unwrap_or_default();
        rules::keyed(Flow { window: None, ..step.input.clone() }, by)
    }

    fn by_arrival(&self) -> bool {
        true
    }
}

fn is_tolerance(value: f64) -> bool {
    (0.0..f64::INFINITY).contains(&value)
}

fn values(args: &Args) -> Vec<&Expr> {
    let given = args.list("values").unwrap_or_default();
    given
        .iter()
        .filter_map(|it| match it {
            Arg::Expr(expr) => Some(expr),
            _ => None,
        })
        .collect()
}

impl OperatorDef for Changed {
    fn build(&self, steps: &[StepPlan]) -> Result<Box<dyn Operator>> {
        let step = one_step(steps)?;
        let tolerance = step.args.opt_float("tolerance")?;
        if tolerance.is_some_and(|it| !is_tolerance(it)) {
            return Err(Error::user("`tolerance` of `changed` is a number from 0 on"));
        }
        let by = step.args.opt_columns("by")?.unwrap_or_default();
        let (near, exact): (Vec<&Expr>, Vec<&Expr>) = values(&step.args)
            .into_iter()
            .partition(|it| tolerance.is_some() && it.typed.ty.is_numeric());
        let compile = |it: &&Expr| Program::compile(it, &step.input.columns);
        Ok(Box::new(Running {
            live: LiveKeys::new(by, &step.input.columns, TTL)?,
            kept: Kept {
                exact: Keyed::new(1, Vec::new()),
                near: Keyed::new(near.len(), Number::Null),
            },
            exact: exact.iter().map(compile).collect::<Result<_>>()?,
            near: near.iter().map(compile).collect::<Result<_>>()?,
            margins: near.iter().map(|it| margin(&it.typed, tolerance)).collect(),
            bytes: KeyBytes::default(),
        }))
    }
}

/// The last kept row of each key.
struct Kept {
    /// The canonical bytes of the values that have to be equal.
    exact: Keyed<Vec<u8>>,
    /// The numbers that have to be near.
    near: Keyed<Number>,
}

/// The operator.
struct Running {
    live: LiveKeys,
    kept: Kept,
    exact: Vec<Program>,
    near: Vec<Program>,
    /// How far each of the near numbers may be from the kept one.
    margins: Vec<f64>,
    bytes: KeyBytes,
}

impl Running {
    /// Which rows are kept.
    fn judge(
        &mut self,
        batch: &Batch,
        exact: &[ArrayRef],
        near: &[ArrayRef],
    ) -> Result<BooleanBuffer> {
        self.live.intern(batch)?;
        self.kept.grow(self.live.len());
        self.bytes.encode(&exact.iter().collect::<Vec<_>>(), batch.rows())?;
        let near = near.iter().map(Numbers::of).collect::<Result<Vec<_>>>()?;
        let mut bytes = self.bytes.iter();
        let LiveKeys { expiry, ids, .. } = &mut self.live;
        let is_kept = |row: usize| {
            let (id, time) = (ids[row], batch.times[row]);
            let bytes = bytes.next().unwrap_or_default();
            let is_new = expiry.until(id) == NEVER;
            let expired = expiry.see(id, time, batch.stamps.get(row));
            let first = is_new || expired;
            let kept = first || self.kept.differs(id, bytes, &near, row, &self.margins);
            if kept {
                self.kept.replace(id, bytes, &near, row);
            }
            kept
        };
        Ok(BooleanBuffer::collect_bool(batch.rows(), is_kept))
    }
}

impl Kept {
    /// Makes room for so many keys.
    fn grow(&mut self, keys: usize) {
        self.exact.grow(keys);
        self.near.grow(keys);
    }

    /// Whether a row differs from the kept one of its key.
    fn differs(
        &self,
        id: KeyId,
        bytes: &[u8],
        near: &[Numbers<'_>],
        row: usize,
        margins: &[f64],
    ) -> bool {
        let kept = self.near.get(id);
        let numbers = near.iter().zip(kept).zip(margins);
        self.exact.at(id) != bytes
            || numbers.into_iter().any(|((it, kept), margin)| !it.get(row).is_near(*kept, *margin))
    }

    /// The row is the kept one of its key now.
    fn replace(&mut self, id: KeyId, bytes: &[u8], near: &[Numbers<'_>], row: usize) {
        let exact = self.exact.at_mut(id);
        exact.clear();
        exact.extend_from_slice(bytes);
        for (slot, column) in self.near.get_mut(id).iter_mut().zip(near) {
            *slot = column.get(row);
        }
    }
}

impl Operator for Running {
    fn on_batch(&mut self, _port: Port, mut batch: Batch, out: &mut Output) -> Result<()> {
        let mut faults = Vec::new();
        let mut exact = evaluate(&self.exact, &batch.frame(), &mut faults)?;
        let mut near = evaluate(&self.near, &batch.frame(), &mut faults)?;
        if let Some(sound) = out.refuse_faulty(&batch, faults, WORD)? {
            batch = batch.filter(&sound)?;
            for column in exact.iter_mut().chain(&mut near) {
                *column = filter(column, &sound)?;
            }
        }
        let kept = self.judge(&batch, &exact, &near)?;
        out.account(Fate::Filtered, batch.rows() - kept.count_set_bits());
        out.pass(batch.filter(&BooleanArray::new(kept, None))?);
        Ok(())
    }

    fn on_watermark(&mut self, watermark: Watermark, _out: &mut Output) -> Result<Watermark> {
        if let Some(new_ids) = self.live.sweep(watermark) {
            self.kept.exact.compact(&new_ids);
            self.kept.near.compact(&new_ids);
        }
        Ok(watermark)
    }

    fn bytes(&self) -> usize {
        self.live.bytes() + self.kept.exact.bytes() + self.kept.near.bytes()
    }

    fn snapshot(&mut self) -> Result<Box<dyn Snapshot>> {
        Ok(Box::new(Capture {
            live: self.live.capture(),
            exact: self.kept.exact.capture(),
            near: self.kept.near.capture(),
            width: self.near.len(),
        }))
    }

    fn restore(&mut self, section: Section) -> Result<()> {
        let (keys, mut from) = self.live.restore(&section, VERSION, WORD)?;
        self.kept.grow(self.live.len());
        let width = from.u32()? as usize;
        for key in keys {
            *self.kept.exact.at_mut(key) = from.bytes()?.to_vec();
            let numbers =
                (0..width).map(|_| Number::read(&mut from)).collect::<Result<Vec<_>>>()?;
            // Where the file compares other values now, the next row differs and is kept.
            for (slot, number) in self.kept.near.get_mut(key).iter_mut().zip(numbers) {
                *slot = number;
            }
        }
        Ok(())
    }
}

/// The state as it was when it was captured.
struct Capture {
    live: LiveKeysCaptured,
    exact: Captured<Vec<u8>>,
    near: Captured<Number>,
    /// How many numbers a key has.
    width: usize,
}

impl Snapshot for Capture {
    fn sections(self: Box<Self>) -> Result<Vec<Section>> {
        self.live.save(VERSION, |keys, out| {
            out.u32(self.width as u32);
            for &key in keys {
                out.bytes(self.exact.at(key));
                self.near.get(key)[..self.width].iter().for_each(|it| it.write(out));
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests;
