//! The closing report: `--report FILE`. Scripts read it, so names are added and never changed.

use crate::machine::Usage;
use crate::words;
use dsl::plan::Plan;
use engine::ledger::{Ledger, SinkCount, SourceCount, StreamCount};
use engine::runtime::{Ended, Outcome, Progress};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// What came of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Of this layout.
    pub version: u32,
    /// `finished`, `stopped` or `failed`; `running` while it goes on.
    pub status: &'static str,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// From the first row to the end.
    pub seconds: f64,
    /// Every source.
    pub sources: BTreeMap<String, SourceLine>,
    /// Every stream.
    pub streams: BTreeMap<String, StreamCount>,
    /// Every sink.
    pub sinks: BTreeMap<String, SinkCount>,
    /// Whether all of it adds up.
    pub ledger: Balance,
    /// Rows between two tasks, while the run goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u64>,
    /// What the process has used, where the system tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// A source's counters and how far it has come.
#[derive(Clone, Debug, Serialize)]
pub struct SourceLine {
    /// Its counters.
    #[serde(flatten)]
    pub count: SourceCount,
    /// RFC 3339; null before the first row and after the end.
    pub watermark: Option<String>,
}

/// Whether the ledger adds up.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Balance {
    /// Nothing is left over.
    pub balanced: bool,
    /// What is left over.
    pub residue: i64,
}

impl Report {
    /// The report of a run that took so long.
    pub fn new(outcome: &Outcome, seconds: f64) -> Self {
        let (status, error) = match &outcome.ended {
            Ended::Finished => ("finished", None),
            Ended::Stopped => ("stopped", None),
            Ended::Failed(error) => ("failed", Some(error.to_string())),
        };
        let mut report = Self::of(&outcome.progress, status, seconds);
        if error.is_some() {
            report.count_rest_as_held();
        }
        report.error = error;
        report
    }

    /// The report of a run that broke before its first row: every name is there, with nothing counted.
    pub fn not_begun(plan: &Plan, error: String) -> Self {
        Self { error: Some(error), ..Self::of(&Self::nothing(plan), "failed", 0.0) }
    }

    /// How far a run has come that has not begun.
    pub fn nothing(plan: &Plan) -> Progress {
        let mut ledger = Ledger::default();
        for it in &plan.sources {
            ledger.sources.insert(it.name.clone(), SourceCount::default());
        }
        for it in &plan.streams {
            ledger.streams.insert(it.name.clone(), StreamCount::default());
        }
        for it in &plan.sinks {
            ledger.sinks.insert(it.name.clone(), SinkCount::default());
        }
        Progress { ledger, ..Progress::default() }
    }

    /// The report of a run that goes on: what does not add up is on its way.
    pub fn living(progress: &Progress, seconds: f64) -> Self {
        let mut report = Self::of(progress, "running", seconds);
        report.in_flight = Some(progress.in_flight);
        report.balance(progress.ledger.residue_of_living());
        report
    }

    fn of(progress: &Progress, status: &'static str, seconds: f64) -> Self {
        let Ledger { sources, streams, sinks } = progress.ledger.clone();
        let watermark =
            |name: &str| progress.watermarks.get(name).copied().flatten().map(|it| it.to_string());
        let line = |(name, count): (String, _)| {
            let watermark = watermark(&name);
            (name, SourceLine { count, watermark })
        };
        let mut report = Self {
            version: 1,
            status,
            error: None,
            seconds,
            sources: sources.into_iter().map(line).collect(),
            streams,
            sinks,
            ledger: Balance { balanced: true, residue: 0 },
            in_flight: None,
            usage: crate::machine::usage(),
        };
        report.balance(progress.ledger.residue());
        report
    }

    fn balance(&mut self, residue: i64) {
        self.ledger = Balance { balanced: residue == 0, residue };
    }

    /// Rows that were on their way when the run broke are still inside.
    fn count_rest_as_held(&mut self) {
        for stream in self.streams.values_mut() {
            stream.held += stream.residue();
        }
        for sink in self.sinks.values_mut() {
            sink.stream.out = sink.written + sink.failed + sink.unwritten;
            sink.stream.held += sink.stream.residue();
        }
        let sinks = self.sinks.values().map(SinkCount::residue).sum::<i64>();
        let sources = self.sources.values().map(|it| it.count.residue().abs()).sum::<i64>();
        self.balance(sinks + sources);
    }

    /// Writes it as JSON, aside first and then under its name.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        let mut aside = path.as_os_str().to_owned();
        aside.push(".partial");
        let mut file = std::fs::File::create(&aside)?;
        // Nothing else in it holds words that are not ours.
        let error = self.error.as_deref().map(|it| words::shown(it).into_owned());
        let text = serde_json::to_string_pretty(&Report { error, ..self.clone() })?;
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        std::fs::rename(&aside, path)
    }
}
