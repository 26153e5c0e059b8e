//! `detect`: what detectors find about each row, beside the row.

use crate::batch::Batch;
use crate::detector::{
    Detector, DetectorCapture, Findings, Incidents, IncidentsCaptured, Inputs, Readings, columns,
    rest,
};
use crate::detectors;
use crate::error::{Error, Result};
use crate::expr::{Program, evaluate};
use crate::key::{KeyId, KeyList, StateReader, StateWriter};
use crate::keyed::{LiveKeys, LiveKeysCaptured};
use crate::operator::{Operator, OperatorDef, Output, Port, TTL, one_step};
use crate::snapshot::{Section, Snapshot};
use crate::time::{Timestamp, Watermark};
use crate::types::{fields, schema};
use arrow::array::{ArrayRef, RecordBatch, StructArray};
use arrow::compute::filter;
use arrow::datatypes::SchemaRef;
use dsl::catalog::{StepContext, StepRule};
use dsl::check::rules;
use dsl::diagnostic::Diagnostic;
use dsl::plan::{Call, Flow, StepPlan};
use dsl::signature::{Example, Kind, Param, Returns, Signature, Takes};
use dsl::types::{Column, Type};
use std::ops::Range;
use std::sync::{Arc, LazyLock};

/// The word.
#[derive(Debug)]
pub(super) struct Detect;

const WORD: &str = "detect";

/// The layout of the saved state.
const VERSION: u16 = 1;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: WORD,
    kind: Kind::Step,
    summary: "Says of each row how far it is out of the ordinary.",
    details: "A detector adds seven columns: `score` (-log10 of how likely something like it is: larger is stranger, at \
              most 300), `is_anomaly` (never null), `expected`, `lower` and `upper` (what would have been no anomaly), \
              `reason` (a sentence) and `incident` (an id that contains the start; the same for anomalies of a key that \
              follow each other). No row is dropped: `| where is_anomaly` keeps the anomalies. Several detectors, or one \
              with a name, each fill a struct of that name: `detect spike = sigma(t), hot = threshold(t, above: 85.0)`, \
              then `spike.score`.\n\n\
              Rows are judged in the order of arrival, each key by itself. A value that is null or not a number has a \
              null `score`, is no anomaly, and leaves the detector as it was. A detector forgets a key that has not been \
              seen for 30 days.",
    params: vec![
        Param::positional(
            "detectors",
            Takes::Detectors,
            "The detector, or several with a name each: `name = sigma(temperature)`.",
        ),
        Param::option("by", Takes::Columns, "The columns that tell one series from another."),
    ],
    result: Returns::Nothing,
    examples: &[Example {
        title: "Two detectors beside each other",
        source: r#"schema Reading {
  device_id:   string
  at:          timestamp
  temperature: float
}

source readings = memory(schema: Reading, time: at)

stream judged = readings
  | detect
      spike = sigma(temperature, min: 3, exclude_current: true),
      hot = threshold(temperature, above: 85.0),
      by: device_id
  | select device_id, temperature, spike = spike.is_anomaly, hot = hot.is_anomaly

sink out = judged | into memory()

test "90 is both, 80 is a spike only" {
  feed readings [
    { device_id: "a", at: @2026-01-01T00:00:01Z, temperature: 20.0 },
    { device_id: "a", at: @2026-01-01T00:00:02Z, temperature: 21.0 },
    { device_id: "a", at: @2026-01-01T00:00:03Z, temperature: 20.0 },
    { device_id: "a", at: @2026-01-01T00:00:04Z, temperature: 80.0 },
    { device_id: "b", at: @2026-01-01T00:00:05Z, temperature: 90.0 },
  ]
  expect judged [
    { temperature: 20.0, spike: false, hot: false },
    { temperature: 21.0, spike: false, hot: false },
    { temperature: 20.0, spike: false, hot: false },
    { temperature: 80.0, spike: true, hot: false },
    { temperature: 90.0, spike: false, hot: true },
  ]
}
"#,
        result: "",
    }],
});

impl StepRule for Detect {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn flow(&self, step: StepContext<'_>, report: &mut Vec<Diagnostic>) -> Flow {
        let mut added = Vec::new();
        for (name, call) in step.args.detectors("detectors").unwrap_or_default() {
            if let Some(def) = detectors::get(&call.word) {
                def.check(call, report);
            }
            match name {
                Some(name) => added.push(Column::new(name, Type::Struct(columns()).required())),
                None => added.extend(columns()),
            }
        }
        let by = step.args.opt_columns("by").ok().flatten().unwrap_or_default();
        rules::keyed(rules::added_columns(step.input, added, step.span, report), by)
    }

    fn by_arrival(&self) -> bool {
        true
    }
}

impl OperatorDef for Detect {
    fn build(&self, steps: &[StepPlan]) -> Result<Box<dyn Operator>> {
        let step = one_step(steps)?;
        let by = step.args.opt_columns("by")?.unwrap_or_default();
        let calls = step.args.detectors("detectors")?;
        Ok(Box::new(Running {
            live: LiveKeys::new(by, &step.input.columns, TTL)?,
            tracks: calls.iter().map(|it| Track::build(step, it)).collect::<Result<_>>()?,
            schema: schema(&step.output.columns),
        }))
    }
}

/// One detector of the step, and what the frame keeps for it.
struct Track {
    name: Option<String>,
    /// Tells the state of one detector from that of another: its name, if it has one, and its word.
    label: String,
    programs: Vec<Program>,
    detector: Box<dyn Detector>,
    incidents: Incidents,
}

impl Track {
    fn build(step: &StepPlan, (name, call): &(Option<String>, Call)) -> Result<Track> {
        let def = detectors::get(&call.word)
            .ok_or_else(|| Error::bug(format!("there is no detector `{}`", call.word)))?;
        let mut inputs = Inputs::new(&step.input.columns);
        let detector = def.build(call, &mut inputs)?;
        let label = format!("{}={}", name.as_deref().unwrap_or_default(), call.word);
        Ok(Track {
            programs: inputs.into_programs(),
            detector,
            incidents: Incidents::new(&step.id, &label, rest(call)?),
            name: name.clone(),
            label,
        })
    }

    /// The columns of what is found; before the first row of each part, its key is forgotten if it has one to forget.
    fn run(
        &mut self,
        rows: &Rows<'_>,
        inputs: &[ArrayRef],
        keys: &KeyList,
    ) -> Result<Vec<ArrayRef>> {
        self.detector.grow(keys.len());
        self.incidents.grow(keys.len());
        let mut findings = Findings::new(rows.ids.len(), keys, &mut self.incidents);
        for (expired, part) in &rows.parts {
            if let Some(key) = *expired {
                self.detector.forget(key);
                findings.forget(key);
            }
            let readings =
                Readings { keys: rows.ids, times: rows.times, inputs, rows: part.clone() };
            self.detector.run(&readings, &mut findings)?;
        }
        let found = findings.finish()?;
        if self.name.is_none() {
            return Ok(found);
        }
        Ok(vec![Arc::new(StructArray::try_new(fields(&columns()), found, None)?)])
    }
}

/// The rows of a batch, cut where a key has to be forgotten before a row.
struct Rows<'a> {
    ids: &'a [KeyId],
    times: &'a [Timestamp],
    parts: Vec<(Option<KeyId>, Range<usize>)>,
}

/// The operator.
struct Running {
    live: LiveKeys,
    tracks: Vec<Track>,
    schema: SchemaRef,
}

impl Running {
    /// Notes that the rows were seen, and cuts them where the state of a key does not count any more.
    fn parts(&mut self, batch: &Batch) -> Vec<(Option<KeyId>, Range<usize>)> {
        let LiveKeys { expiry, ids, .. } = &mut self.live;
        let mut parts = Vec::new();
        let (mut expired, mut start) = (None, 0);
        for (row, (&id, &time)) in ids.iter().zip(batch.times.iter()).enumerate() {
            if expiry.see(id, time, batch.stamps.get(row)) {
                parts.push((expired, start..row));
                (expired, start) = (Some(id), row);
            }
        }
        parts.push((expired, start..batch.rows()));
        parts
    }
}

impl Operator for Running {
    fn on_batch(&mut self, _port: Port, mut batch: Batch, out: &mut Output) -> Result<()> {
        let mut faults = Vec::new();
        let mut inputs = Vec::with_capacity(self.tracks.len());
        for track in &self.tracks {
            inputs.push(evaluate(&track.programs, &batch.frame(), &mut faults)?);
        }
        if let Some(sound) = out.refuse_faulty(&batch, faults, WORD)? {
            batch = batch.filter(&sound)?;
            for column in inputs.iter_mut().flatten() {
                *column = filter(column, &sound)?;
            }
        }
        self.live.intern(&batch)?;
        let parts = self.parts(&batch);
        let rows = Rows { ids: &self.live.ids, times: &batch.times, parts };
        let mut columns = batch.columns.columns().to_vec();
        for (track, inputs) in self.tracks.iter_mut().zip(&inputs) {
            columns.extend(track.run(&rows, inputs, self.live.keys.list())?);
        }
        let columns = RecordBatch::try_new(self.schema.clone(), columns)?;
        out.pass(batch.with_columns(columns));
        Ok(())
    }

    fn on_watermark(&mut self, watermark: Watermark, _out: &mut Output) -> Result<Watermark> {
        if let Some(new_ids) = self.live.sweep(watermark) {
            for track in &mut self.tracks {
                track.detector.compact(&new_ids);
                track.incidents.compact(&new_ids);
            }
        }
        Ok(watermark)
    }

    fn bytes(&self) -> usize {
        let tracks = self.tracks.iter().map(|it| it.detector.bytes() + it.incidents.bytes());
        self.live.bytes() + tracks.sum::<usize>()
    }

    fn snapshot(&mut self) -> Result<Box<dyn Snapshot>> {
        let capture = |track: &mut Track| TrackCapture {
            label: track.label.clone(),
            detector: track.detector.capture(),
            incidents: track.incidents.capture(),
        };
        Ok(Box::new(Capture {
            live: self.live.capture(),
            tracks: self.tracks.iter_mut().map(capture).collect(),
        }))
    }

    fn restore(&mut self, section: Section) -> Result<()> {
        let (keys, mut from) = self.live.restore(&section, VERSION, WORD)?;
        for track in &mut self.tracks {
            track.detector.grow(self.live.len());
            track.incidents.grow(self.live.len());
        }
        while !from.is_done() {
            let (label, state) = (from.bytes()?, from.bytes()?);
            // A detector that is not in the file any more leaves its state behind, a new one begins without.
            if let Some(track) = self.tracks.iter_mut().find(|it| it.label.as_bytes() == label) {
                let mut state = StateReader::new(state);
                track.detector.load(&keys, &mut state)?;
                track.incidents.load(&keys, &mut state)?;
            }
        }
        Ok(())
    }
}

/// The state as it was when it was captured.
struct Capture {
    live: LiveKeysCaptured,
    tracks: Vec<TrackCapture>,
}

struct TrackCapture {
    label: String,
    detector: Box<dyn DetectorCapture>,
    incidents: IncidentsCaptured,
}

impl Snapshot for Capture {
    fn sections(self: Box<Self>) -> Result<Vec<Section>> {
        self.live.save(VERSION, |keys, out| {
            for track in &self.tracks {
                let mut state = StateWriter::default();
                track.detector.write(keys, &mut state);
                track.incidents.write(keys, &mut state);
                out.bytes(track.label.as_bytes());
                out.bytes(&state.finish());
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests;
