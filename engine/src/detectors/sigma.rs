//! `sigma`: how many standard deviations a reading is away from the mean of the last ones.

use crate::detector::{
    Detector, DetectorCapture, DetectorDef, Finding, Findings, Inputs, Moments, READING_MAX,
    Readings, SCORE_MAX, constant, label, normal_score, rest_param, short,
};
use crate::error::{Error, Result};
use crate::key::{KeyId, StateReader, StateWriter};
use crate::keyed::{Captured, Keyed};
use arrow::array::Array;
use dsl::diagnostic::{Code, Diagnostic};
use dsl::plan::Call;
use dsl::signature::{Constant, Example, Kind, Param, Returns, Signature, Takes, TypeClass};
use std::fmt::Write;
use std::sync::LazyLock;

/// The word.
#[derive(Debug)]
pub(super) struct Sigma;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: "sigma",
    kind: Kind::Detector,
    summary: "Finds readings that are many standard deviations away from the mean of the last ones.",
    details: "The mean and the sample standard deviation are those of the last readings of the key, *including the \
              current one*, as soon as there are `min` of them. A reading is an anomaly when it is further than \
              `threshold` deviations away from the mean. `expected` is the mean, `lower` and `upper` are the mean less \
              and plus `threshold` deviations, and `score` is -log10 of the probability of a normal value that far out on \
              either side, at most 300.\n\n\
              With the current reading among n, a single spike cannot be more than (n-1)/√n deviations away from the \
              mean, however large it is: with 10 readings nothing can exceed 2.85, with 11 nothing can exceed 3.02. \
              `exclude_current: true` compares a reading with the ones before it instead, as soon as there are `min` of \
              these. If the deviation is 0, every reading that differs from the mean is an anomaly.\n\n\
              A reading that is null, NaN, infinite or beyond ±1e150 is no reading: it is handed on with a null `score`, \
              and the next one finds the detector as it was. Anomalies count among the last readings, too.",
    params: vec![
        Param::positional("value", Takes::Expr(TypeClass::Numeric), "The number to watch."),
        Param::option(
            "threshold",
            Takes::Constant(Constant::Float),
            "How many deviations away from the mean a reading may be.",
        )
        .within("0.0..")
        .default("3.0"),
        Param::option(
            "last",
            Takes::Constant(Constant::Int),
            "How many readings of a key the mean and the deviation are taken of, at most 100000.",
        )
        // A deviation takes two readings.
        .within("2..100000")
        .default("60"),
        Param::option(
            "min",
            Takes::Constant(Constant::Int),
            "How many readings there have to be before one is judged, from 2 to `last`.",
        )
        .within("2..100000")
        .default("10"),
        Param::option(
            "exclude_current",
            Takes::Constant(Constant::Bool),
            "Whether a reading is compared with the ones before it only.",
        )
        .default("false"),
        rest_param(),
    ],
    result: Returns::Nothing,
    examples: &[Example {
        title: "A spike against the last readings of its device",
        source: r#"schema Reading {
  device_id:   string
  at:          timestamp
  temperature: float
}

source readings = memory(schema: Reading, time: at)

stream spikes = readings
  | detect sigma(temperature, threshold: 2.0, min: 5), by: device_id
  | where is_anomaly
  | select device_id, temperature, expected, lower, upper

sink out = spikes | into memory()

test "the sixth reading is out of the ordinary" {
  feed readings [
    { device_id: "a", at: @2026-01-01T00:00:01Z, temperature: 20.0 },
    { device_id: "a", at: @2026-01-01T00:00:02Z, temperature: 21.0 },
    { device_id: "a", at: @2026-01-01T00:00:03Z, temperature: 20.0 },
    { device_id: "a", at: @2026-01-01T00:00:04Z, temperature: 21.0 },
    { device_id: "a", at: @2026-01-01T00:00:05Z, temperature: 20.0 },
    { device_id: "a", at: @2026-01-01T00:00:06Z, temperature: 90.0 },
  ]
  expect spikes [
    { device_id: "a", temperature: 90.0, expected: 32.0, lower: -25.0..-24.0, upper: 88.0..89.0 },
  ]
}
"#,
        result: "",
    }],
});

impl DetectorDef for Sigma {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn check(&self, call: &Call, report: &mut Vec<Diagnostic>) {
        if let Some((min, last)) = never_judges(call) {
            let span = call.args.span("min").unwrap_or(call.span);
            let message = format!("`min` is {min}, and only the `last` {last} readings are kept");
            let help = format!("write `min: {last}`, for example");
            report.push(Diagnostic::new(Code::OptionsClash, span, message).help(help));
        }
    }

    fn build(&self, call: &Call, inputs: &mut Inputs<'_>) -> Result<Box<dyn Detector>> {
        if let Some((min, last)) = never_judges(call) {
            let why = format!("in `sigma`, `min` is {min}, and only the `last` {last} are kept");
            return Err(Error::user(why));
        }
        let value = call.args.expr("value")?;
        let last = call.args.int("last")? as usize;
        Ok(Box::new(Running {
            threshold: call.args.float("threshold")?,
            min: call.args.int("min")? as u32,
            exclude_current: call.args.bool("exclude_current")?,
            value: inputs.number(value)?,
            label: label(value),
            rings: Keyed::new(last, 0.0),
            moments: Keyed::new(1, Moments::NONE),
        }))
    }
}

/// Whether more readings have to be there than are kept: `min` and `last`, as far as they are known.
fn never_judges(call: &Call) -> Option<(f64, f64)> {
    let (min, last) = (constant(call, "min")?, constant(call, "last")?);
    (min > last).then_some((min, last))
}

/// The detector with its state.
struct Running {
    threshold: f64,
    min: u32,
    exclude_current: bool,
    value: usize,
    label: String,
    /// The last readings of each key, in the order that [`Moments`] keeps.
    rings: Keyed<f64>,
    moments: Keyed<Moments>,
}

impl Running {
    /// Takes a reading in and says what is found about it.
    #[inline]
    fn judge(&mut self, key: KeyId, reading: f64) -> (Moments, Finding) {
        let moments = self.moments.at_mut(key);
        let before = *moments;
        moments.push(self.rings.get_mut(key), reading);
        let basis = if self.exclude_current { before } else { *moments };
        (basis, self.against(&basis, reading))
    }

    #[inline]
    fn against(&self, basis: &Moments, reading: f64) -> Finding {
        if basis.count < self.min {
            return Finding::default();
        }
        let (mean, deviation) = (basis.mean(), basis.deviation());
        let distance = basis.distance(reading).abs();
        let margin = self.threshold * deviation;
        let score = match deviation {
            0.0 if distance == 0.0 => 0.0,
            0.0 => SCORE_MAX,
            _ => normal_score(distance / deviation),
        };
        Finding {
            score: Some(score),
            is_anomaly: distance > margin,
            expected: Some(mean),
            lower: Some(mean - margin),
            upper: Some(mean + margin),
        }
    }
}

/// Says why a reading is an anomaly.
fn explain(label: &str, reading: f64, basis: &Moments, exclude_current: bool, out: &mut String) {
    let (mean, deviation) = (basis.mean(), basis.deviation());
    let before = if exclude_current { " before it" } else { "" };
    let readings = format!("the mean of the last {} readings{before}", basis.count);
    let (value, expected) = (short(reading), short(mean));
    // Writing to a text cannot fail.
    let _written = if deviation == 0.0 {
        write!(out, "{label} {value} is not {expected}, {readings}, which are all equal")
    } else {
        let distance = basis.distance(reading);
        let side = if distance < 0.0 { "below" } else { "above" };
        let (times, deviation) = (short(distance.abs() / deviation), short(deviation));
        write!(
            out,
            "{label} {value} is {times} deviations of {deviation} {side} {expected}, {readings}"
        )
    };
}

impl Detector for Running {
    fn run(&mut self, readings: &Readings<'_>, findings: &mut Findings<'_>) -> Result<()> {
        let values = readings.numbers(self.value)?;
        for row in readings.rows.clone() {
            let reading = values.value(row);
            let is_reading = values.is_valid(row) && reading.abs() <= READING_MAX;
            if !is_reading {
                findings.no_reading();
                continue;
            }
            let key = readings.keys[row];
            let (basis, finding) = self.judge(key, reading);
            findings.found(key, readings.times[row], finding, |out| {
                explain(&self.label, reading, &basis, self.exclude_current, out);
            });
        }
        Ok(())
    }

    fn grow(&mut self, keys: usize) {
        self.rings.grow(keys);
        self.moments.grow(keys);
    }

    fn forget(&mut self, key: KeyId) {
        self.moments.reset(key);
    }

    fn compact(&mut self, new_ids: &[KeyId]) {
        self.rings.compact(new_ids);
        self.moments.compact(new_ids);
    }

    fn bytes(&self) -> usize {
        self.rings.bytes() + self.moments.bytes()
    }

    fn capture(&mut self) -> Box<dyn DetectorCapture> {
        Box::new(SigmaCapture { rings: self.rings.capture(), moments: self.moments.capture() })
    }

    fn load(&mut self, keys: &[KeyId], from: &mut StateReader<'_>) -> Result<()> {
        for &key in keys {
            let (length, count, next) = (from.u32()?, from.u32()?, from.u32()?);
            let mut moments = Moments { next, count, ..Moments::NONE };
            moments.shift = from.f64()?;
            moments.sum = from.f64()?;
            moments.squares = from.f64()?;
            moments.peak = from.f64()?;
            let readings = (0..count).map(|_| from.f64()).collect::<Result<Vec<f64>>>()?;
            self.restore(key, length, moments, &readings)?;
        }
        Ok(())
    }
}

impl Running {
    /// Takes the readings of a key back. Where `last` has another value now, the newest of them are taken in anew.
    fn restore(
        &mut self,
        key: KeyId,
        length: u32,
        moments: Moments,
        readings: &[f64],
    ) -> Result<()> {
        let ring = self.rings.get_mut(key);
        let next = moments.next as usize;
        if next > readings.len() || moments.count > length {
            return Err(Error::refused("the saved state of `sigma` cannot be read: it is damaged"));
        }
        if ring.len() == length as usize {
            ring[..readings.len()].copy_from_slice(readings);
            *self.moments.at_mut(key) = moments;
            return Ok(());
        }
        let mut anew = Moments::NONE;
        let oldest = if readings.len() == length as usize { next } else { 0 };
        let in_order = readings[oldest..].iter().chain(&readings[..oldest]);
        for &reading in in_order.skip(readings.len().saturating_sub(ring.len())) {
            anew.push(ring, reading);
        }
        *self.moments.at_mut(key) = anew;
        Ok(())
    }
}

/// The state as it was when it was captured.
struct SigmaCapture {
    rings: Captured<f64>,
    moments: Captured<Moments>,
}

impl DetectorCapture for SigmaCapture {
    fn write(&self, keys: &[KeyId], out: &mut StateWriter) {
        for &key in keys {
            let (ring, moments) = (self.rings.get(key), self.moments.at(key));
            out.u32(ring.len() as u32);
            out.u32(moments.count);
            out.u32(moments.next);
            for value in [moments.shift, moments.sum, moments.squares, moments.peak] {
                out.f64(value);
            }
            ring[..moments.count as usize].iter().for_each(|&it| out.f64(it));
        }
    }
}

#[cfg(test)]
mod tests;
