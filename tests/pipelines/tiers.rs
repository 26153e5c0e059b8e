//! One source into two tiers: minutes in a real InfluxDB, all readings in Parquet files, both asked afterwards.

use super::is_open;
use crate::support::folder::Folder;
use crate::support::influxdb::InfluxDb;
use crate::support::report::{check, number};
use crate::support::server::Mosquitto;
use crate::support::weir::{run, wait_for, weir};
use serde_json::json;

const DEVICES: i64 = 5;
/// Each device says something every ten seconds.
const READINGS: i64 = 30;
/// Minutes that are over for the last reading, which may still be out of order.
const MINUTES: i64 = 4;
/// 2026-01-31T06:00:00Z.
const START: i64 = 1_769_839_200;

/// Tenths of a degree, so that no average depends on an order.
fn tenths(device: i64, n: i64) -> i64 {
    200 + device * 10 + (n * 7 + device * 3) % 50
}

/// All readings in the order of time; every device has one among them that no sensor can measure.
fn readings() -> String {
    let reading = |n: i64, device: i64| {
        let at = format!("2026-01-31T06:{:02}:{:02}Z", n / 6, n % 6 * 10);
        let tenths = if n == 8 { 9000 } else { tenths(device, n) };
        let celsius = format!("{}.{}", tenths / 10, tenths % 10);
        format!(r#"{{"device_id":"d{device}","timestamp":"{at}","temperature":{celsius}}}"#) + "\n"
    };
    (0..READINGS).flat_map(|n| (0..DEVICES).map(move |device| reading(n, device))).collect()
}

/// Publishes them once.
const FLEET: &str = r#"param broker: string

schema Reading {
  device_id:   string
  timestamp:   timestamp
  temperature: float
}

source measured = file(path: "readings.jsonl", schema: Reading, time: timestamp, out_of_order: 1m)

sink sent = measured | into mqtt(url: broker, topic: "devices/{device_id}/telemetry", qos: 1)
"#;

/// What is measured of a device in a minute: readings, and their sum and maximum in tenths.
fn minute(device: i64, minute: i64) -> (i64, i64, i64) {
    let all = (minute * 6..minute * 6 + 6).filter(|it| *it != 8).map(|it| tenths(device, it));
    let all: Vec<i64> = all.collect();
    (all.len() as i64, all.iter().sum(), *all.iter().max().unwrap())
}

#[test]
fn minutes_are_in_the_database_and_all_readings_in_the_lake() {
    let (broker, database) = (Mosquitto::start("tiers", &[]), InfluxDb::start("tiers"));
    let folder = Folder::new();
    folder.write("readings.jsonl", readings()).write("fleet.pipe", FLEET);
    let set = format!("broker={}", broker.url());
    let server = format!("server={}", database.url());
    let pipe = concat!(env!("CARGO_MANIFEST_DIR"), "/pipelines/tiers.pipe");
    let words = ["run", pipe, "--set", &set, "--set", &server, "--set", "database=test"];
    let words = [&words[..], &["--report", "report.json"]].concat();
    let mut tiers = weir(&folder, &words).start();
    is_open(&tiers, &folder.path().join("lake/wrong/.weir/tiers.wrong/0001"));
    run(&folder, &["run", "fleet.pipe", "--set", &set]).ends_with(0);
    wait_for("the minutes", || {
        (database.ask("count(readings)", "device_1m") == DEVICES * MINUTES).then_some(())
    });
    tiers.signal("TERM");
    let out = tiers.read();
    tiers.wait(out).ends_with(0).says("the ledger balances");
    let report = folder.json("report.json");
    check(&report, &["readings"], &["minutes"], &["lake", "recent", "wrong"]);
    let good = DEVICES * (READINGS - 1);
    assert_eq!(number(&report["sources"]["readings"], "read"), DEVICES * READINGS);
    assert_eq!(number(&report["sinks"]["lake"], "written"), good);
    assert_eq!(number(&report["sinks"]["wrong"], "written"), DEVICES);
    assert_eq!(number(&report["sinks"]["recent"], "written"), DEVICES * MINUTES);
    assert_eq!(
        number(&report["streams"]["minutes"], "held"),
        DEVICES * 6,
        "the minute that was open"
    );
    recent(&database);
    lake(&folder);
}

/// The first tier: each minute of each device, and nothing else.
fn recent(database: &InfluxDb) {
    for device in 0..DEVICES {
        let select = "select readings, average, greatest, vibration from device_1m";
        let rows = database.rows(&format!("{select} where device_id = 'd{device}'"));
        assert_eq!(rows.len() as i64, MINUTES, "{rows:?}");
        for (n, row) in (0..).zip(&rows) {
            let (count, sum, most) = minute(device, n);
            assert_eq!(row[0], json!(START + n * 60));
            assert_eq!(row[1], json!(count));
            let near = |found: &serde_json::Value, tenths: f64| {
                assert!((found.as_f64().unwrap() * 10.0 - tenths).abs() < 1e-9, "{row:?}");
            };
            near(&row[2], sum as f64 / count as f64);
            near(&row[3], most as f64);
            assert!(row[4].is_null(), "no device measures vibration: {row:?}");
        }
    }
}

/// The second tier: every reading as it came, and what is none beside them.
fn lake(folder: &Folder) {
    let ask = |sql: &str| run(folder, &["query", "--json", sql]);
    let sql = "select device_id, timestamp, temperature, day, hour from 'lake/readings/' order by timestamp, device_id";
    let asked = ask(sql);
    let rows = asked.ends_with(0).rows();
    let published = readings();
    let published: Vec<serde_json::Value> =
        published.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    let possible = |it: &&serde_json::Value| it["temperature"].as_f64().unwrap() < 150.0;
    let wanted: Vec<_> = published.iter().filter(possible).collect();
    assert_eq!(rows.len(), wanted.len());
    for (row, wanted) in rows.iter().zip(wanted) {
        for name in ["device_id", "timestamp"] {
            assert_eq!(row[name], wanted[name], "{row}");
        }
        assert_eq!(row["temperature"].as_f64(), wanted["temperature"].as_f64(), "{row}");
        assert_eq!(row["day"], "2026-01-31");
    }
    let asked = ask("select reason, \"column\", payload from 'lake/wrong/'");
    let rows = asked.ends_with(0).rows();
    assert_eq!(rows.len() as i64, DEVICES);
    for row in &rows {
        assert_eq!((&row["reason"], &row["column"]), (&json!("range"), &json!("temperature")));
        assert!(row["payload"].as_str().unwrap().contains("900"), "{row}");
    }
}
