//! A shipped pipeline over a real broker, as two processes: one publishes a fleet, the other works on it.

use crate::support::folder::Folder;
use crate::support::report::{check, number};
use crate::support::server::Mosquitto;
use crate::support::weir::{wait_for, weir};
use serde_json::Value;

/// A fleet that is often too hot.
const FLEET: &str = r#"param broker: string

source readings = generate(devices: 10, rate: 500, spike: 0.05)

sink fleet = readings | into mqtt(url: broker, topic: "devices/{device_id}/telemetry", qos: 1)
"#;

#[test]
fn the_example_of_the_language_runs_over_a_broker() {
    let broker = Mosquitto::start("telemetry", &[]);
    let set = format!("broker={}", broker.url());
    let folder = Folder::new();
    let pipe = concat!(env!("CARGO_MANIFEST_DIR"), "/pipelines/telemetry.pipe");
    let words = ["run", pipe, "--set", &set, "--report", "report.json"];
    let mut pipeline = weir(&folder, &words).start();
    folder.write("fleet.pipe", FLEET);
    let mut fleet = weir(&folder, &["run", "fleet.pipe", "--set", &set]).start();
    let lake = folder.path().join("telemetry/lake.jsonl");
    wait_for("messages in the lake", || {
        std::fs::read_to_string(&lake).ok().filter(|it| it.lines().count() > 500)
    });
    // The pipeline goes first, so that messages stand in the broker while it stops.
    for running in [&mut pipeline, &mut fleet] {
        running.signal("TERM");
        let out = running.read();
        drop(out.join().unwrap());
        assert_eq!(running.wait_code(), 0, "{}", running.said());
    }
    let report = folder.json("report.json");
    let streams = ["hot", "per_minute", "spikes"];
    check(&report, &["telemetry"], &streams, &["alerts", "averages", "lake", "rejected"]);
    assert_eq!(report["status"], "stopped");
    let rows = folder.rows("telemetry/lake.jsonl");
    let count = |line: &str, name: &str, field| number(&report[line][name], field);
    assert_eq!(count("sources", "telemetry", "emitted"), rows.len() as i64);
    assert_eq!(count("sinks", "lake", "written"), rows.len() as i64);
    let rejected = folder.rows("telemetry/rejected.jsonl");
    assert_eq!(count("sources", "telemetry", "errors"), rejected.len() as i64);
    // The schema refuses what no device can measure; what is left and hot has an alert each.
    let reading =
        |it: &Value| (it["device_id"].clone(), it["timestamp"].clone(), it["temperature"].clone());
    let temperature = |it: &Value| it["temperature"].as_f64().unwrap_or(0.0);
    assert!(rows.iter().all(|it| (-60.0..=150.0).contains(&temperature(it))));
    let mut hot: Vec<String> = rows
        .iter()
        .filter(|it| temperature(it) > 85.0)
        .map(|it| format!("{:?}", reading(it)))
        .collect();
    let alerts = folder.rows("telemetry/alerts.jsonl");
    let mut raised: Vec<String> = alerts
        .iter()
        .filter(|it| it["kind"] == "HIGH_TEMP")
        .map(|it| format!("{:?}", reading(it)))
        .collect();
    hot.sort();
    raised.sort();
    assert!(!hot.is_empty(), "the fleet is never hot");
    assert_eq!(raised, hot);
}
