//! What is shown at a moment: what a run has counted, and how that has changed in the last seconds.

use crate::metrics::Sample;
use engine::notes::Durations;
use engine::time::Micros;
use std::collections::{BTreeMap, VecDeque};

/// Rates and latencies are those of so many seconds.
const SECONDS: f64 = 5.0;

/// All that is shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Shown {
    pub(super) pipeline: String,
    pub(super) seconds: f64,
    pub(super) sources: Vec<SourceShown>,
    pub(super) sinks: Vec<SinkShown>,
    /// Rows of all streams: too late, refused, in open windows.
    pub(super) late: i64,
    pub(super) refused: i64,
    pub(super) held: i64,
    /// Rows that have left one task and were not taken by the next one.
    pub(super) in_flight: u64,
    /// Rows that are unaccounted for.
    pub(super) residue: i64,
    pub(super) memory: Option<u64>,
    /// Cores in use: 1.5 is one and a half.
    pub(super) cores: Option<f64>,
}

/// A source.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct SourceShown {
    pub(super) name: String,
    /// Rows a second.
    pub(super) rate: f64,
    pub(super) read: u64,
    pub(super) rejected: u64,
    pub(super) dropped: u64,
    /// How far the watermark is behind the clock.
    pub(super) age: Option<Micros>,
    /// How much of its share of memory is in use, 0 to 1.
    pub(super) queue: f64,
}

/// A sink.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct SinkShown {
    pub(super) name: String,
    pub(super) rate: f64,
    pub(super) written: i64,
    pub(super) waiting: i64,
    pub(super) failed: i64,
    pub(super) retries: u64,
    /// The median and the 99th percentile of what was written lately.
    pub(super) latency: Option<(Micros, Micros)>,
}

/// What was counted at a moment.
#[derive(Clone, Debug, Default)]
struct Counted {
    seconds: f64,
    cpu_seconds: Option<f64>,
    read: BTreeMap<String, u64>,
    written: BTreeMap<String, i64>,
    latency: BTreeMap<String, Durations>,
}

/// The last seconds.
#[derive(Debug, Default)]
pub(super) struct History(VecDeque<Counted>);

impl History {
    /// What is shown at the moment of a sample, which becomes the newest one.
    pub(super) fn add(&mut self, sample: &Sample<'_>) -> Shown {
        let counted = Counted::of(sample);
        while self.0.get(1).is_some_and(|it| it.seconds <= counted.seconds - SECONDS) {
            self.0.pop_front();
        }
        // Before the first sample nothing was counted.
        let before = self.0.front().cloned().unwrap_or_default();
        let shown = shown(sample, &counted, &before);
        self.0.push_back(counted);
        shown
    }
}

impl Counted {
    fn of(sample: &Sample<'_>) -> Self {
        let ledger = &sample.progress.ledger;
        let notes = &sample.progress.notes;
        let latency = notes.sinks.iter().map(|(name, it)| (name.clone(), it.latency.clone()));
        Self {
            seconds: sample.seconds,
            cpu_seconds: sample.usage.map(|it| it.cpu_seconds),
            read: ledger.sources.iter().map(|(name, it)| (name.clone(), it.read)).collect(),
            written: ledger.sinks.iter().map(|(name, it)| (name.clone(), it.written)).collect(),
            latency: latency.collect(),
        }
    }
}

fn shown(sample: &Sample<'_>, counted: &Counted, before: &Counted) -> Shown {
    let ledger = &sample.progress.ledger;
    let seconds = counted.seconds - before.seconds;
    let a_second = |more: f64| if seconds > 0.0 { more.max(0.0) / seconds } else { 0.0 };
    let source = |(name, it): (&String, &engine::ledger::SourceCount)| {
        let watermark = sample.progress.watermarks.get(name).copied().flatten();
        let notes = sample.progress.notes.sources.get(name);
        let earlier = before.read.get(name).copied().unwrap_or_default();
        SourceShown {
            name: name.clone(),
            rate: a_second(it.read.saturating_sub(earlier) as f64),
            read: it.read,
            rejected: it.errors,
            dropped: it.dropped,
            age: watermark
                .and_then(engine::time::Watermark::time)
                .map(|it| sample.now.saturating_sub(it)),
            queue: notes.map_or(0.0, |it| it.queued as f64 / it.queue_limit.max(1) as f64),
        }
    };
    let sink = |(name, it): (&String, &engine::ledger::SinkCount)| {
        let earlier = before.written.get(name).copied().unwrap_or_default();
        let latency = counted.latency.get(name).map(|it| match before.latency.get(name) {
            Some(before) => it.since(before),
            None => it.clone(),
        });
        SinkShown {
            name: name.clone(),
            rate: a_second((it.written - earlier) as f64),
            written: it.written,
            waiting: it.unwritten,
            failed: it.failed,
            retries: sample.progress.notes.sinks.get(name).map_or(0, |it| it.retries),
            latency: latency.and_then(|it| Some((it.quantile(0.5)?, it.quantile(0.99)?))),
        }
    };
    let streams = || ledger.streams.values();
    let cores = counted.cpu_seconds.zip(before.cpu_seconds);
    Shown {
        pipeline: sample.pipeline.to_owned(),
        seconds: counted.seconds,
        sources: ledger.sources.iter().map(source).collect(),
        sinks: ledger.sinks.iter().map(sink).collect(),
        late: streams().map(|it| it.late).sum(),
        refused: streams().map(|it| it.errors).sum(),
        held: streams().map(|it| it.held).sum(),
        in_flight: sample.progress.in_flight,
        residue: ledger.residue_of_living(),
        memory: sample.usage.map(|it| it.resident_bytes),
        cores: cores.map(|(now, before)| a_second(now - before)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::ledger::{SinkCount, SourceCount};
    use engine::notes::{SinkNotes, SourceNotes};
    use engine::runtime::Progress;
    use engine::time::Watermark;

    fn sample(seconds: f64, read: u64, took: &[Micros]) -> Sample<'static> {
        let mut progress = Progress::default();
        let source = SourceCount { read, emitted: read, ..SourceCount::default() };
        progress.ledger.sources.insert("in".to_owned(), source);
        let written = took.len() as i64;
        let sink = SinkCount { written, ..SinkCount::default() };
        progress.ledger.sinks.insert("out".to_owned(), sink);
        progress.watermarks.insert("in".to_owned(), Some(Watermark::at(1_000_000)));
        let notes = SourceNotes { queued: 25, queue_limit: 100, ..SourceNotes::default() };
        progress.notes.sources.insert("in".to_owned(), notes);
        let mut notes = SinkNotes::default();
        took.iter().for_each(|it| notes.latency.add(*it, 1));
        progress.notes.sinks.insert("out".to_owned(), notes);
        let usage =
            crate::machine::Usage { cpu_seconds: seconds / 2.0, resident_bytes: 1, peak_bytes: 1 };
        let usage = Some(usage);
        Sample { pipeline: "p", progress, now: 3_500_000, seconds, usage }
    }

    #[test]
    fn rates_and_latencies_are_those_of_the_last_seconds() {
        let mut history = History::default();
        let first = history.add(&sample(1.0, 100, &[]));
        assert_eq!((first.sources[0].rate, first.sinks[0].latency), (100.0, None));
        assert_eq!((first.sources[0].age, first.sources[0].queue), (Some(2_500_000), 0.25));
        for second in 2..20 {
            history.add(&sample(f64::from(second), 100, &[90_000_000]));
        }
        // From second 15 on, one more row was written, and in a moment.
        let last = history.add(&sample(20.0, 600, &[90_000_000, 1_500]));
        assert_eq!((last.sources[0].rate, last.sinks[0].rate), (100.0, 0.2));
        let (median, most) = last.sinks[0].latency.unwrap();
        assert!((1_000..=2_500).contains(&median) && most <= 2_500, "{median} {most}");
        assert_eq!(last.cores, Some(0.5));
    }
}
