//! A pipeline into a real InfluxDB, which is killed in the middle.

use crate::support::folder::Folder;
use crate::support::influxdb::InfluxDb;
use crate::support::report::{check, number};
use crate::support::weir::{run, wait_for, weir};

const ROWS: i64 = 200_000;

#[test]
fn a_crash_of_the_database_costs_time_and_no_row() {
    let folder = Folder::new();
    let mut server = InfluxDb::start("crash");
    let pipe = format!(
        r#"source fleet = generate(devices: 50, rate: max, rows: {ROWS}, time: timestamp, out_of_order: 1s)

sink points = fleet
  | extend one = 1
  | into influxdb(
      url: "{}",
      database: "test",
      measurement: "fleet",
      tags: device_id,
      time: timestamp,
      batch: 1000,
      retry: 50ms..200ms,
    )
"#,
        server.url()
    );
    folder.write("a.pipe", &pipe);
    let mut running = weir(&folder, &["run", "a.pipe", "--report", "report.json"]).start();
    let out = running.read();
    wait_for("points", || (server.ask("sum(one)", "fleet") > 0).then_some(()));
    server.kill();
    running.wait_until_said("Rows cannot be written");
    // Nothing is lost and nothing is wrong: it waits.
    running.signal("USR1");
    running.wait_until_said("running after");
    server.start_again();
    let done = running.wait(out);
    done.ends_with(0).says("Rows are written again").says("balances");
    let report = folder.json("report.json");
    check(&report, &["fleet"], &[], &["points"]);
    assert_eq!(number(&report["sinks"]["points"], "written"), ROWS);
    assert_eq!(server.ask("sum(one)", "fleet"), ROWS);
}

#[test]
fn what_the_database_does_not_take_is_told_apart() {
    let folder = Folder::new();
    let server = InfluxDb::start("conflict");
    let pipe = |typed: &str| {
        format!(
            r#"param database: string

schema Reading {{
  device: string
  at:     timestamp
  value:  {typed}
  other:  int
}}

source readings = file(path: "in.jsonl", schema: Reading, time: at)

sink points = readings
  | into influxdb(url: database, database: "test", measurement: "m", tags: device, fields: [value, other])

sink refused = points.errors | into file(path: "refused.jsonl")
"#
        )
    };
    let line = |device: &str, value: &str| {
        format!(r#"{{"device":"{device}","at":"2026-01-01T00:00:00Z","value":{value},"other":1}}"#)
    };
    let set = format!("database={}", server.url());
    let words = ["run", "a.pipe", "--set", &set, "--report", "report.json"];
    folder.write("a.pipe", pipe("string")).write("in.jsonl", line("a", "\"on\""));
    run(&folder, &words).ends_with(0);
    let lines = [line("b", "1.5"), line("c", "null"), line("d", "2.5")].join("\n");
    folder.write("a.pipe", pipe("float?")).write("in.jsonl", &lines);
    run(&folder, &words).ends_with(0).says("balances");
    let report = folder.json("report.json");
    let points = &report["sinks"]["points"];
    assert_eq!((number(points, "written"), number(points, "failed")), (1, 2));
    let refused = folder.rows("refused.jsonl");
    assert_eq!(refused.len(), 2, "{refused:?}");
    for row in &refused {
        assert_eq!(row["reason"], "sink");
        let detail = row["detail"].as_str().unwrap();
        assert!(detail.contains("field type conflict: input field \"value\""), "{detail}");
        assert!(row["payload"].as_str().unwrap().contains(r#""other":1"#), "{row}");
    }
    assert_eq!(server.ask("sum(other)", "m"), 2);
}

#[test]
fn a_database_that_cannot_be_reached_ends_the_run_at_its_beginning() {
    let folder = Folder::new();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let pipe = format!(
        r#"source fleet = generate(rows: 10, rate: max)

sink points = fleet
  | into influxdb(
      url: "http://{free}",
      org: "plant",
      bucket: "iot",
      measurement: "fleet",
      tags: device_id,
      token: env("INFLUX_TOKEN"),
    )
"#
    );
    folder.write("a.pipe", &pipe);
    let done = weir(&folder, &["run", "a.pipe"]).env("INFLUX_TOKEN", "s3cret").run();
    done.ends_with(3).says("`points`: no server answers at").says("is it running");
    assert!(!done.err.contains("s3cret"), "{}", done.err);
    let explained = weir(&folder, &["explain", "a.pipe"]).env("INFLUX_TOKEN", "s3cret").run();
    explained.ends_with(0);
    assert!(!explained.out.contains("s3cret"), "{}", explained.out);
}
