//! `--metrics`: what a run counts, asked for while it goes on, by hand and by Prometheus.

use crate::support::folder::Folder;
use crate::support::http::{ask, get};
use crate::support::server::script;
use crate::support::weir::{Running, run, wait_for, weir};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::TcpListener;

const PIPE: &str = r#"schema Reading {
  device: string
  at:     timestamp
  t:      float? in -50.0..100.0
}

source readings = file(
  path: "in.jsonl",
  schema: Reading,
  time: at,
  out_of_order: 0s,
  follow: true,
)

stream minutes = readings
  | window tumbling(1m), by: device
  | aggregate n = count()
  | select device, n

sink counted = minutes | into file(path: "out.jsonl", append: true)
"#;

const LINES: &str = r#"{"device":"a","at":"2026-11-25T00:00:00Z","t":20.0}
{"device":"a","at":"2026-11-25T00:01:00Z","t":20.0}
broken
{"device":"a","at":"2026-11-25T00:02:00Z","t":900}
{"device":"b","at":"2026-11-25T00:00:10Z","t":31.0}
"#;

/// A run that goes on until it is told to stop, and where its metrics are.
fn start(folder: &Folder, more: &[&str]) -> (Running, String) {
    folder.write("a.pipe", PIPE).write("in.jsonl", LINES);
    let words = [&["run", "a.pipe", "--metrics", "127.0.0.1:0"], more].concat();
    let running = weir(folder, &words).start();
    let url = address(&running);
    (running, url)
}

/// Where it says that its metrics are.
pub(super) fn address(running: &Running) -> String {
    wait_for("the address of the metrics", || {
        let said = running.said();
        let (_, rest) = said.split_once("weir: metrics are at ")?;
        rest.split_once('\n').map(|(url, _)| url.to_owned())
    })
}

/// Every value by its name and labels.
pub(super) fn values(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|it| !it.starts_with('#'));
    let value = |line: &str| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        (name.to_owned(), value.parse().unwrap())
    };
    lines.map(value).collect()
}

#[test]
fn a_run_is_seen_in_its_metrics_while_it_goes_on() {
    let folder = Folder::new();
    let (running, url) = start(&folder, &[]);
    let found = wait_for("all rows to be counted", || {
        let found = values(&get(&url)?);
        let done = found.get(r#"weir_sink_rows_total{sink="counted"}"#) == Some(&1.0);
        done.then_some(found)
    });
    for (name, value) in [
        (r#"weir_source_rows_total{source="readings"}"#, 5.0),
        (r#"weir_source_emitted_rows_total{source="readings"}"#, 3.0),
        (r#"weir_source_errors_total{source="readings",reason="decode"}"#, 1.0),
        (r#"weir_source_errors_total{source="readings",reason="range"}"#, 1.0),
        (r#"weir_source_errors_total{source="readings",reason="future"}"#, 0.0),
        (r#"weir_source_read_bytes_total{source="readings"}"#, LINES.len() as f64),
        (r#"weir_source_watermark_timestamp_seconds{source="readings"}"#, 1_795_564_860.0),
        (r#"weir_stream_in_rows_total{stream="minutes"}"#, 3.0),
        (r#"weir_stream_made_rows_total{stream="minutes"}"#, 1.0),
        (r#"weir_stream_late_rows_total{stream="minutes"}"#, 1.0),
        (r#"weir_stream_held_rows{stream="minutes"}"#, 1.0),
        (r#"weir_stream_lateness_seconds_count{stream="minutes"}"#, 1.0),
        (r#"weir_stream_lateness_seconds_sum{stream="minutes"}"#, 50.0),
        (r#"weir_sink_sent_bytes_total{sink="counted"}"#, 21.0),
        (r#"weir_sink_retries_total{sink="counted"}"#, 0.0),
        (r#"weir_sink_latency_seconds_count{sink="counted"}"#, 1.0),
        (r#"weir_sink_latency_seconds_bucket{le="+Inf",sink="counted"}"#, 1.0),
        (r#"weir_sink_unwritten_rows{sink="counted"}"#, 0.0),
    ] {
        assert_eq!(found.get(name), Some(&value), "{name}");
    }
    for name in [
        r#"weir_source_watermark_age_seconds{source="readings"}"#,
        r#"weir_source_queue_limit_bytes{source="readings"}"#,
        r#"weir_step_state_bytes{stream="minutes",step="window.0"}"#,
        "weir_uptime_seconds",
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
    ] {
        assert!(found.get(name).is_some_and(|it| *it > 0.0), "{name} in {found:#?}");
    }
    let place = url.trim_end_matches("metrics");
    assert_eq!(ask("GET", place).unwrap().0, 200);
    assert_eq!(ask("GET", &format!("{place}other")).unwrap().0, 404);
    let (status, head, _) = ask("POST", &url).unwrap();
    assert!(status == 405 && head.contains("allow: get, head"), "{status} {head}");
    let (_, head, _) = ask("GET", &url).unwrap();
    assert!(head.contains("content-type: application/openmetrics-text; version=1.0.0"), "{head}");
    running.signal("TERM");
    running.wait_until_said("stopped after");
}

#[test]
fn a_place_that_is_taken_or_none_is_said_before_anything_is_begun() {
    let folder = Folder::new();
    folder.write("a.pipe", PIPE).write("in.jsonl", LINES);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = taken.local_addr().unwrap().to_string();
    let done = run(&folder, &["run", "a.pipe", "--metrics", &place]);
    done.ends_with(3)
        .says(&format!("weir: cannot serve metrics at `{place}`: something listens there already"));
    for place in ["9464", "banana", "127.0.0.1:99999", "nowhere.invalid:9464"] {
        for command in [&["run", "a.pipe"][..], &["demo", "--for", "1s"]] {
            let done = run(&folder, &[command, &["--metrics", place]].concat());
            done.ends_with(2).says(&format!("weir: `--metrics {place}` is no place to listen at"));
            done.says("write an address and a port, `--metrics 127.0.0.1:9464`");
        }
    }
    assert_eq!(folder.names(), ["a.pipe", "in.jsonl"]);
}

#[test]
fn whoever_asks_and_does_not_listen_is_not_in_the_way() {
    let folder = Folder::new();
    let (running, url) = start(&folder, &[]);
    let host = url.trim_start_matches("http://").trim_end_matches("/metrics");
    // As many as are answered at a time, all of which say nothing, and one more behind them.
    let silent: Vec<_> = (0..31).map(|_| std::net::TcpStream::connect(host).unwrap()).collect();
    assert!(get(&url).unwrap().contains("weir_source_rows_total"));
    drop(silent);
    running.signal("TERM");
    running.wait_until_said("stopped after");
}

/// A Prometheus of one test. Dropping it stops it and removes its data.
struct Prometheus {
    name: String,
    url: String,
}

impl Prometheus {
    fn start(target: &str) -> Self {
        let name = format!("prometheus:{}", std::process::id());
        script(&["reset", &name]);
        let facts = script(&["start", &name, target]);
        let url = facts.lines().find_map(|it| it.strip_prefix("PROMETHEUS_URL=")).unwrap();
        Self { name, url: url.to_owned() }
    }

    fn ask(&self, path: &str) -> Option<Value> {
        serde_json::from_str(&get(&format!("{}/api/v1/{path}", self.url))?).ok()
    }

    /// The value of a question, if it has one.
    fn value(&self, query: &str) -> Option<f64> {
        let answer = self.ask(&format!("query?query={query}"))?;
        answer["data"]["result"][0]["value"][1].as_str()?.parse().ok()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        script(&["reset", &self.name]);
    }
}

#[test]
fn prometheus_scrapes_it() {
    let folder = Folder::new();
    let (running, url) = start(&folder, &[]);
    let target = url.trim_start_matches("http://").trim_end_matches("/metrics");
    let prometheus = Prometheus::start(target);
    for query in [
        "weir_source_rows_total%20==%205",
        "weir_source_errors_total{reason=%22decode%22}%20==%201",
        "weir_stream_late_rows_total{stream=%22minutes%22}%20==%201",
        "weir_sink_latency_seconds_count%20==%201",
        "count(weir_sink_latency_seconds_bucket)%20==%2021",
        "up%20==%201",
    ] {
        wait_for(query, || prometheus.value(query));
    }
    let latency = prometheus.value("histogram_quantile(0.99,weir_sink_latency_seconds_bucket)");
    assert!(latency.is_some_and(|it| it > 0.0), "{latency:?}");
    let targets = prometheus.ask("targets").unwrap();
    assert_eq!(targets["data"]["activeTargets"][0]["lastError"], "", "{targets}");
    let metadata = prometheus.ask("metadata?metric=weir_sink_latency_seconds").unwrap();
    let metadata = &metadata["data"]["weir_sink_latency_seconds"][0];
    assert_eq!((&metadata["type"], &metadata["unit"]), (&"histogram".into(), &"seconds".into()));
    assert!(metadata["help"].as_str().is_some_and(|it| it.starts_with("From when a source")));
    running.signal("TERM");
    running.wait_until_said("stopped after");
}
