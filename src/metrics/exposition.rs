//! Samples as text, in the form of `OpenMetrics`.

use super::families::{Family, Shape, Value, families};
use super::sample::Sample;
use crate::live::Look;
use engine::notes::Durations;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Writes what a run counts, whenever it is asked to.
pub struct Exposition {
    registry: Registry,
}

/// All metrics of a run, as the library asks for them.
struct All {
    look: Arc<Look>,
    /// What counters showed last, by name and labels. A counter of rows may go back a little while rows are on their way,
    /// which whoever reads it would take for a new beginning.
    shown: Mutex<BTreeMap<String, u64>>,
}

impl fmt::Debug for All {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("All").finish_non_exhaustive()
    }
}

impl Exposition {
    /// Of the run that `look` shows.
    pub fn new(look: Arc<Look>) -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(All { look, shown: Mutex::default() }));
        Self { registry }
    }

    /// Everything, at this moment.
    pub fn text(&self) -> String {
        let mut text = String::new();
        text::encode(&mut text, &self.registry).expect("writing to a String cannot fail");
        text
    }
}

impl Collector for All {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let mut written = Ok(());
        (self.look)(&mut |sample| {
            for family in families() {
                if written.is_ok() {
                    written = self.family(family, sample, &mut encoder);
                }
            }
        });
        written
    }
}

impl All {
    fn family(
        &self,
        family: &Family,
        sample: &Sample<'_>,
        encoder: &mut DescriptorEncoder<'_>,
    ) -> fmt::Result {
        let unit = family.unit.map(|it| if it == "bytes" { Unit::Bytes } else { Unit::Seconds });
        let (kind, help) = (metric_type(family.shape), family.help.trim_end_matches('.'));
        // The library puts a full stop behind what is registered, and leaves this as it is.
        let help = format!("{help}.");
        let mut metric = encoder.encode_descriptor(family.name, &help, unit.as_ref(), kind)?;
        let mut written = Ok(());
        (family.values)(sample, &mut |labels, value| {
            let labels: Vec<(&str, &str)> =
                family.labels.iter().copied().zip(labels.iter().copied()).collect();
            if written.is_ok() {
                written = self.value(family, &labels, &value, &mut metric);
            }
        });
        written
    }

    fn value(
        &self,
        family: &Family,
        labels: &Vec<(&str, &str)>,
        value: &Value<'_>,
        metric: &mut MetricEncoder<'_>,
    ) -> fmt::Result {
        if labels.is_empty() {
            return self.bare(family, labels, value, metric);
        }
        self.bare(family, labels, value, &mut metric.encode_family(labels)?)
    }

    fn bare(
        &self,
        family: &Family,
        labels: &[(&str, &str)],
        value: &Value<'_>,
        metric: &mut MetricEncoder<'_>,
    ) -> fmt::Result {
        match (value, family.shape) {
            (Value::Count(count), _) => {
                let count = self.rising(family.name, labels, *count);
                metric.encode_counter::<NoLabelSet, u64, f64>(&count, None)
            }
            (Value::Number(number), Shape::Counter) => {
                metric.encode_counter::<NoLabelSet, f64, f64>(number, None)
            }
            (Value::Number(number), _) => metric.encode_gauge(number),
            (Value::Durations(durations), _) => {
                let sum = durations.sum() as f64 / 1e6;
                let ranges = ranges(durations);
                metric.encode_histogram::<NoLabelSet>(sum, durations.count(), &ranges, None)
            }
        }
    }

    /// A count, or what was shown before if that was more.
    fn rising(&self, name: &str, labels: &[(&str, &str)], count: u64) -> u64 {
        let values = labels.iter().map(|(_, value)| *value);
        let place: Vec<&str> = std::iter::once(name).chain(values).collect();
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let before = shown.entry(place.join("\n")).or_default();
        *before = count.max(*before);
        *before
    }
}

/// The ranges by their ends, each with what is in it alone.
fn ranges(durations: &Durations) -> Vec<(f64, u64)> {
    let mut below = 0;
    let range = |(end, up_to): (Option<i64>, u64)| {
        let inside = up_to - std::mem::replace(&mut below, up_to);
        (end.map_or(f64::INFINITY, |it| it as f64 / 1e6), inside)
    };
    durations.up_to().map(range).collect()
}

fn metric_type(shape: Shape) -> MetricType {
    match shape {
        Shape::Counter => MetricType::Counter,
        Shape::Gauge => MetricType::Gauge,
        Shape::Histogram => MetricType::Histogram,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::ledger::{SinkCount, SourceCount};
    use engine::notes::SinkNotes;
    use engine::runtime::Progress;
    use std::sync::atomic::{AtomicI64, Ordering};

    fn text(written: i64) -> (Exposition, Arc<AtomicI64>) {
        let written = Arc::new(AtomicI64::new(written));
        let seen = Arc::clone(&written);
        let look = move |each: &mut dyn FnMut(&Sample<'_>)| {
            let mut progress = Progress::default();
            let source = SourceCount { read: 5, ..SourceCount::default() };
            progress.ledger.sources.insert("odd \"name\"\n".to_owned(), source);
            let count = SinkCount { written: seen.load(Ordering::Relaxed), ..SinkCount::default() };
            progress.ledger.sinks.insert("out".to_owned(), count);
            let mut notes = SinkNotes::default();
            notes.latency.add(2_000, 3);
            notes.latency.add(400_000_000_000, 1);
            progress.notes.sinks.insert("out".to_owned(), notes);
            each(&Sample { pipeline: "p", progress, now: 0, seconds: 1.5, usage: None });
        };
        (Exposition::new(Arc::new(look)), written)
    }

    #[test]
    fn every_family_has_a_help_a_type_and_its_unit() {
        let (exposition, _) = text(1);
        let text = exposition.text();
        for family in families() {
            let name = family.shown_name();
            let name = name.trim_end_matches("_total");
            assert!(text.contains(&format!("# HELP {name} ")), "{name}");
            let kind = format!("# TYPE {name} {}\n", family.shape.word());
            assert!(text.contains(&kind), "{name}\n{text}");
        }
        assert!(text.contains("# UNIT weir_sink_latency_seconds seconds\n"), "{text}");
        assert!(text.ends_with("# EOF\n"), "{text}");
        assert!(
            text.contains("weir_source_rows_total{source=\"odd \\\"name\\\"\\n\"} 5\n"),
            "{text}"
        );
    }

    #[test]
    fn histograms_are_cumulative() {
        let text = text(1).0.text();
        for line in [
            "weir_sink_latency_seconds_bucket{le=\"0.001\",sink=\"out\"} 0",
            "weir_sink_latency_seconds_bucket{le=\"0.0025\",sink=\"out\"} 3",
            "weir_sink_latency_seconds_bucket{le=\"86400.0\",sink=\"out\"} 3",
            "weir_sink_latency_seconds_bucket{le=\"+Inf\",sink=\"out\"} 4",
            "weir_sink_latency_seconds_count{sink=\"out\"} 4",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn counters_never_go_back() {
        let (exposition, written) = text(7);
        let line = "weir_sink_rows_total{sink=\"out\"} 7\n";
        assert!(exposition.text().contains(line));
        written.store(6, Ordering::Relaxed);
        assert!(exposition.text().contains(line));
        written.store(8, Ordering::Relaxed);
        assert!(exposition.text().contains("weir_sink_rows_total{sink=\"out\"} 8\n"));
    }
}
