//! Real data from end to end: two months of a machine's temperature through `weir run`, compared with a computation that
//! shares no code with the engine. It reads the file once more, keeps everything, and recomputes each figure from its
//! rows in the plainest way there is.

use crate::support::folder::Folder;
use crate::support::report::{check, number};
use crate::support::weir::run;
use serde_json::Value;
use std::collections::BTreeMap;

/// The series; `tests/data/nab/README.md` says where it comes from.
const DATA: &str = include_str!("data/nab/machine_temperature_system_failure.csv");

const PIPE: &str = r#"# Hourly averages, anomalies and limits of a machine's temperature.

schema Reading {
  timestamp: timestamp("UTC")
  value:     float
}

source machine = file(path: "machine.csv", schema: Reading, time: timestamp)

stream hourly = machine
  | window tumbling(1h)
  | aggregate n = count(), mean = avg(value), low = min(value), high = max(value), spread = stddev(value)
  | select start = window.start, n, mean, low, high, spread

stream short = machine
  | window tumbling(10m)
  | aggregate n = count(), total = sum(value)

stream scored = machine | detect sigma(value, threshold: 3.0, last: 60, min: 10)

sink hours = hourly | into file(path: "hours.csv")

sink tens = short | into file(path: "tens.jsonl")

sink late = short.late | into file(path: "late.jsonl")

sink scores = scored | into file(path: "scores.jsonl")

sink hot = machine | where value > 100.0 | into file(path: "hot.csv")
"#;

/// A row of the file: its text for the time, and its value.
fn rows() -> Vec<(&'static str, f64)> {
    let lines = DATA.lines().skip(1);
    let row = |line: &'static str| {
        let (time, value) = line.split_once(',').unwrap();
        (time, value.parse().unwrap())
    };
    lines.map(row).collect()
}

/// The time as it is written out: `2013-12-02 21:15:00` is `2013-12-02T21:15:00Z`.
fn written(time: &str) -> String {
    format!("{}Z", time.replace(' ', "T"))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The sample standard deviation, in two passes.
fn deviation(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|it| (it - mean) * (it - mean)).sum();
    (squares / (values.len() as f64 - 1.0)).sqrt()
}

/// −log10 of the chance that a normal variable is at least so many deviations off, on either side: the tail is summed
/// up in small steps (Simpson).
fn surprise(z: f64) -> f64 {
    const STEPS: i32 = 4000;
    const WIDTH: f64 = 12.0 / STEPS as f64;
    let tail: f64 = (0..=STEPS)
        .map(|i| {
            let u = f64::from(i) * WIDTH;
            let weight = if i == 0 || i == STEPS { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
            weight * (-z * u - u * u / 2.0).exp()
        })
        .sum::<f64>()
        * WIDTH
        / 3.0;
    let scale = 2.0 / std::f64::consts::TAU.sqrt();
    z * z / 2.0 * std::f64::consts::LOG10_E - (scale * tail).log10()
}

#[track_caller]
fn near(found: f64, wanted: f64, tolerance: f64) {
    let allowed = tolerance * wanted.abs().max(1.0);
    assert!((found - wanted).abs() <= allowed, "{found} is not {wanted}");
}

/// Runs the pipeline over the series.
fn outputs() -> Folder {
    let folder = Folder::new();
    folder.write("machine.csv", DATA).write("a.pipe", PIPE);
    run(&folder, &["run", "a.pipe", "--report", "report.json"]).ends_with(0);
    folder
}

#[test]
fn a_real_series_has_the_figures_that_a_plain_computation_has() {
    let folder = outputs();
    let rows = rows();
    assert_eq!(rows.len(), 22_695);
    hours(&folder, &rows);
    late(&folder, &rows);
    scores(&folder, &rows);
    let hot: Vec<_> = rows.iter().filter(|it| it.1 > 100.0).collect();
    let found = folder.read("hot.csv");
    let found: Vec<_> = found.lines().skip(1).map(|it| it.split_once(',').unwrap()).collect();
    assert_eq!(found.len(), hot.len());
    for (found, (time, value)) in found.iter().zip(&hot) {
        assert_eq!(found.0, written(time));
        assert_eq!(found.1.parse::<f64>().unwrap().to_bits(), value.to_bits());
    }
    let report = folder.json("report.json");
    let streams = ["hourly", "scored", "short"];
    check(&report, &["machine"], &streams, &["hot", "hours", "late", "scores", "tens"]);
    assert_eq!(number(&report["sources"]["machine"], "read"), 22_695);
    assert_eq!(number(&report["sources"]["machine"], "errors"), 0);
}

/// Every hour: the rows whose time begins with the same date and hour.
fn hours(folder: &Folder, rows: &[(&str, f64)]) {
    let mut hours: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (time, value) in rows {
        hours.entry(&time[..13]).or_default().push(*value);
    }
    let text = folder.read("hours.csv");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("start,n,mean,low,high,spread"));
    let found: Vec<Vec<&str>> = lines.map(|it| it.split(',').collect()).collect();
    assert_eq!(found.len(), hours.len());
    for (found, (hour, values)) in found.iter().zip(&hours) {
        assert_eq!(found[0], written(&format!("{hour}:00:00")));
        assert_eq!(found[1], values.len().to_string());
        let figure = |i: usize| found[i].parse::<f64>().unwrap();
        near(figure(2), mean(values), 1e-12);
        let (low, high) = (f64::INFINITY, f64::NEG_INFINITY);
        assert_eq!(figure(3).to_bits(), values.iter().fold(low, |a, b| a.min(*b)).to_bits());
        assert_eq!(figure(4).to_bits(), values.iter().fold(high, |a, b| a.max(*b)).to_bits());
        if values.len() < 2 {
            assert_eq!(found[5], "", "one value has no deviation");
        } else {
            near(figure(5), deviation(values), 1e-9);
        }
    }
}

/// Windows of ten minutes, and the rows of the hour that is there twice: those whose window was over when they came.
fn late(folder: &Folder, rows: &[(&str, f64)]) {
    // Times of one format compare like their text, and the end of a window is the last text that begins like it.
    let window = |time: &str| time[..15].to_owned();
    let mut windows: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let mut late = Vec::new();
    let mut newest = "";
    for (time, value) in rows {
        if !newest.is_empty() && window(newest) > window(time) {
            late.push((written(time), *value));
        } else {
            windows.entry(window(time)).or_default().push(*value);
        }
        newest = newest.max(time);
    }
    assert!(!late.is_empty(), "the series would not show lateness any more");
    let found: Vec<(String, f64)> = folder.rows("late.jsonl").iter().map(reading).collect();
    assert_eq!(found, late);
    let found = folder.rows("tens.jsonl");
    assert_eq!(found.len(), windows.len());
    for (found, (start, values)) in found.iter().zip(&windows) {
        assert_eq!(found["window"]["start"], written(&format!("{start}0:00")));
        assert_eq!(found["n"], values.len());
        near(found["total"].as_f64().unwrap(), values.iter().sum(), 1e-12);
    }
}

fn reading(row: &Value) -> (String, f64) {
    (row["timestamp"].as_str().unwrap().to_owned(), row["value"].as_f64().unwrap())
}

/// Every reading against the sixty that end with it.
fn scores(folder: &Folder, rows: &[(&str, f64)]) {
    let found = folder.rows("scores.jsonl");
    assert_eq!(found.len(), rows.len());
    let values: Vec<f64> = rows.iter().map(|it| it.1).collect();
    let mut anomalies = 0;
    for (i, (found, (time, value))) in found.iter().zip(rows).enumerate() {
        assert_eq!(reading(found), (written(time), *value), "in the order of arrival");
        let recent = &values[(i + 1).saturating_sub(60)..=i];
        if recent.len() < 10 {
            assert_eq!((&found["score"], &found["is_anomaly"]), (&Value::Null, &false.into()));
            continue;
        }
        let (mean, deviation) = (mean(recent), deviation(recent));
        let z = (value - mean).abs() / deviation;
        assert_eq!(found["is_anomaly"], z > 3.0, "{time}: {z} deviations off");
        let figure = |name: &str| found[name].as_f64().unwrap();
        near(figure("expected"), mean, 1e-9);
        near(figure("lower"), mean - 3.0 * deviation, 1e-9);
        near(figure("upper"), mean + 3.0 * deviation, 1e-9);
        if z > 3.0 {
            anomalies += 1;
            near(figure("score"), surprise(z), 1e-6);
        }
    }
    assert_eq!(anomalies, 395);
}

#[test]
fn the_tail_of_the_normal_distribution_is_known() {
    // 0.0026998 of all values are more than three deviations off, 0.0455003 more than two.
    near(surprise(3.0), -(0.002_699_796_063_f64).log10(), 1e-8);
    near(surprise(2.0), -(0.045_500_263_896_f64).log10(), 1e-8);
}
