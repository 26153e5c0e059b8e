//! What `pipelines/edge.pipe` is for: of the readings of a plant only summaries and alerts leave it. One minute of a
//! thousand machines goes through the shipped file, and every message that leaves is compared with what a plain
//! computation over all readings says.

use dsl::plan::{Input, Plan, Side};
use dsl::span::SourceFile;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use weir::registry::Registry;
use weir::testing::{Payload, Setup, VirtualRun};

const MACHINES: usize = 1_000;

/// Each machine is read once a second.
const READINGS: usize = 60;

/// Every so many machines one overheats.
const HOT_EVERY: usize = 100;

/// More than this share of the messages must not leave.
const SHARE_MAX: f64 = 0.025;

struct NoEnvironment;

impl dsl::constant::Environment for NoEnvironment {
    fn env(&self, _name: &str) -> Option<String> {
        None
    }

    fn secret(&self, path: &str) -> Result<String, String> {
        Err(format!("there is no secret `{path}`"))
    }
}

fn pipeline() -> Plan {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/pipelines/edge.pipe");
    let text = std::fs::read_to_string(path).unwrap();
    let (plan, found) = dsl::compile(&SourceFile::new("edge.pipe", text), &Registry);
    let plan = plan.unwrap_or_else(|| panic!("{found:#?}"));
    dsl::constant::close(&plan, &BTreeMap::new(), &NoEnvironment).unwrap()
}

/// What a machine measures: about 60 °C, and 99 °C once where it overheats.
fn temperature(machine: usize, second: usize) -> f64 {
    if machine.is_multiple_of(HOT_EVERY) && second == 40 {
        return 99.0;
    }
    let mixed = (machine * READINGS + second) as u64;
    let mixed = (mixed ^ (mixed << 17)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    60.0 + (mixed >> 44) as f64 / f64::from(1 << 20)
}

fn name(machine: usize) -> String {
    format!("press-{machine:04}")
}

/// Mean and sample deviation.
fn moments(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares: f64 = values.iter().map(|it| (it - mean).powi(2)).sum();
    (mean, (squares / (values.len() - 1) as f64).sqrt())
}

/// The alerts of a machine, by kind and temperature, told from all of its readings.
fn alerts(readings: &[f64]) -> Vec<(&'static str, f64)> {
    let mut alerts: Vec<_> =
        readings.iter().filter(|it| **it > 85.0).map(|it| ("LIMIT", *it)).collect();
    for end in 10..=readings.len() {
        let (mean, deviation) = moments(&readings[..end]);
        let last = readings[end - 1];
        if (last - mean).abs() > 3.0 * deviation {
            alerts.push(("ANOMALY", last));
        }
    }
    alerts
}

fn close(found: &Value, wanted: f64) -> bool {
    found.as_f64().is_some_and(|it| (it - wanted).abs() < 1e-9)
}

#[test]
fn of_a_minute_of_readings_little_leaves_the_plant() {
    let plan = pipeline();
    let sink = |name: &str| Input { name: name.to_owned(), side: Side::Main };
    let mut run = VirtualRun::new(&plan, &[], Setup::default()).unwrap();
    for second in 0..READINGS {
        let row = |machine| {
            let at = format!("2026-01-01T00:00:{second:02}Z");
            let temperature = temperature(machine, second);
            let row = json!({"machine": name(machine), "at": at, "temperature": temperature});
            Payload::Raw(row.to_string().into_bytes())
        };
        let rows: Vec<Payload> = (0..MACHINES).map(row).collect();
        run.feed("readings", "plant", &rows, true).unwrap();
        run.settle().unwrap();
    }
    run.end().unwrap();
    let summaries = run.take(&sink("to_cloud")).unwrap();
    let raised = run.take(&sink("to_operators")).unwrap();
    let outcome = run.finish().unwrap();

    let by_machine: BTreeMap<&str, &Value> =
        summaries.iter().map(|it| (it["machine"].as_str().unwrap(), it)).collect();
    assert_eq!((summaries.len(), by_machine.len()), (MACHINES, MACHINES));
    let mut expected: Vec<String> = Vec::new();
    for machine in 0..MACHINES {
        let readings: Vec<f64> = (0..READINGS).map(|it| temperature(machine, it)).collect();
        let summary = by_machine[name(machine).as_str()];
        let least = readings.iter().copied().fold(f64::INFINITY, f64::min);
        let most = readings.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let same = close(&summary["average"], moments(&readings).0)
            && close(&summary["minimum"], least)
            && close(&summary["maximum"], most);
        assert!(same && summary["readings"] == READINGS, "{summary}");
        let of_machine = alerts(&readings);
        expected.extend(of_machine.iter().map(|(kind, t)| format!("{kind} {} {t}", name(machine))));
    }
    let text = |it: &Value| {
        let word = |name: &str| it[name].as_str().unwrap().to_owned();
        format!("{} {} {}", word("kind"), word("machine"), it["temperature"].as_f64().unwrap())
    };
    let mut raised: Vec<String> = raised.iter().map(text).collect();
    raised.sort();
    expected.sort();
    assert_eq!(raised, expected);

    let ledger = &outcome.progress.ledger;
    assert_eq!(ledger.residue(), 0);
    assert_eq!(ledger.sources["readings"].read, (MACHINES * READINGS) as u64);
    let left = ledger.sinks["to_cloud"].written + ledger.sinks["to_operators"].written;
    assert_eq!(left as usize, summaries.len() + raised.len());
    let share = left as f64 / (MACHINES * READINGS) as f64;
    assert!(raised.len() >= 2 * MACHINES / HOT_EVERY, "{} alerts", raised.len());
    assert!(share <= SHARE_MAX, "{left} messages left the plant, {:.2} %", share * 100.0);
}
