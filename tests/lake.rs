//! The sink `parquet`, by the real binary: other readers look at its folder while it runs, it is killed in the middle and
//! started again, and its server goes away.

mod bucket;

use crate::support::folder::Folder;
use crate::support::report::{check, number};
use crate::support::server::{Mosquitto, readers};
use crate::support::weir::{Running, run, wait_for, weir};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Readings in folders of which one is null, one is empty, and one holds what no folder's name can.
const LAKE: &str = r#"source readings = generate(devices: 20, rate: 4000, time: timestamp, out_of_order: 5s)

sink lake = readings
  | extend place = if(temperature > 25.0, "a/b é%", temperature > 22.0, "", null)
  | into parquet(
      path: "lake",
      partition: [day(timestamp), place],
      roll: { every: 200ms },
      sort: timestamp,
      bloom: device_id,
    )
"#;

/// The files that can be seen below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with('.') {
            continue;
        }
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// What other readers find in the files of a run.
fn found(folder: &Folder, run: &str) -> Value {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lake/read.py");
    let mut command = Command::new(readers());
    let output = command.args([script, "lake", run]).current_dir(folder.path()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Kills it as a crash would.
fn kill(mut running: Running) {
    running.signal("KILL");
    // Its output ends with it.
    drop(running.read().join().unwrap());
}

#[test]
fn others_read_it_while_it_runs_and_a_killed_run_leaves_whole_files_only() {
    let folder = Folder::new();
    folder.write("lake.pipe", LAKE);
    let running = weir(&folder, &["run", "lake.pipe"]).start();
    let lake = folder.path().join("lake");
    wait_for("files", || (files(&lake).len() >= 12).then_some(()));
    let seen = found(&folder, "0001");
    kill(running);
    let after = found(&folder, "0001");
    assert!(number(&after, "files") >= number(&seen, "files"));
    for found in [&seen, &after] {
        assert_eq!(found["duckdb"], found["pyarrow"]);
        assert!(number(&found["duckdb"], "rows") > 0);
        assert_eq!(found["duckdb"]["devices"], 20);
        assert_eq!(found["duckdb"]["days"], found["dates"], "a folder holds the rows of its day");
        let places = found["duckdb"]["places"].as_array().unwrap();
        let names: Vec<&Value> = places.iter().map(|it| &it[0]).collect();
        assert!(names.contains(&&Value::Null) && names.contains(&&json!("a/b é%")), "{names:?}");
        assert_eq!((&found["sorted"], &found["statistics"]), (&json!(true), &json!(true)));
    }
    let aside = lake.join(".weir/lake.lake");
    let left = std::fs::read_dir(aside.join("0001")).unwrap().count();
    assert!(left > 1, "nothing was unfinished when it was killed");

    folder.write("lake.pipe", LAKE.replace("rate: 4000", "rate: max, rows: 50_000"));
    run(&folder, &["run", "lake.pipe", "--report", "report.json"]).ends_with(0);
    let runs: Vec<_> =
        std::fs::read_dir(&aside).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(runs, ["0002"], "what the dead run left is swept");
    assert_eq!(std::fs::read_dir(aside.join("0002")).unwrap().count(), 1, "a lock is left");
    assert_eq!(found(&folder, "0001"), after, "what it had finished stays");
    let second = found(&folder, "0002");
    assert_eq!(second["duckdb"], second["pyarrow"]);
    assert_eq!(number(&second["duckdb"], "rows"), 50_000);
    let report = folder.json("report.json");
    check(&report, &["readings"], &[], &["lake"]);
    assert_eq!(number(&report["sinks"]["lake"], "written"), 50_000);
    let sql = "select place, count(*) as n from 'lake/' group by place order by n";
    let asked = run(&folder, &["query", "--json", sql]);
    asked.ends_with(0);
    let ours: i64 = asked.rows().iter().map(|it| number(it, "n")).sum();
    assert_eq!(ours, 50_000 + number(&after["duckdb"], "rows"));
}

#[test]
fn a_folder_that_cannot_be_written_ends_the_start_with_what_to_do() {
    let folder = Folder::new();
    folder.write("lake.pipe", LAKE).write("lake", "a file");
    let done = run(&folder, &["run", "lake.pipe"]);
    done.ends_with(3).says("`lake`").says("a part of it is a file and no folder");
}

/// The disk is full in the middle: a file that is being written turns out to be on a device without room.
#[test]
fn a_disk_that_is_full_ends_the_run_and_the_report_says_what_is_missing() {
    let folder = Folder::new();
    folder.write("lake.pipe", LAKE);
    let words = ["run", "lake.pipe", "--report", "report.json"];
    let mut running = weir(&folder, &words).start();
    let aside = folder.path().join("lake/.weir/lake.lake/0001");
    wait_for("the run", || aside.join("lock").exists().then_some(()));
    // Files that are to come; one of the next is opened in a moment.
    for number in 1..2000 {
        let name = aside.join(format!("{number:06}.tmp"));
        drop(std::os::unix::fs::symlink("/dev/full", name));
    }
    let out = running.read();
    running.wait(out).ends_with(3).says("`lake`").says("the disk is full");
    let report = folder.json("report.json");
    check(&report, &["readings"], &[], &["lake"]);
    assert_eq!(report["status"], "failed");
    assert!(number(&report["sinks"]["lake"], "unwritten") > 0);
}

/// A fleet of which one reading in twenty is too hot to be true.
const FLEET: &str = r#"param broker: string

source readings = generate(devices: 10, rate: 500, spike: 0.05)

sink fleet = readings
  | extend temperature = temperature * 3.0  # beyond what the pipeline believes, in a spike
  | into mqtt(url: broker, topic: "devices/{device_id}/telemetry", qos: 1)
"#;

#[test]
fn the_shipped_pipeline_makes_a_lake_of_what_a_fleet_publishes() {
    let broker = Mosquitto::start("lake", &[]);
    let set = format!("broker={}", broker.url());
    let folder = Folder::new();
    let pipe = concat!(env!("CARGO_MANIFEST_DIR"), "/pipelines/lake.pipe");
    let words = ["run", pipe, "--set", &set, "--report", "report.json"];
    let mut pipeline = weir(&folder, &words).start();
    folder.write("fleet.pipe", FLEET);
    let mut fleet = weir(&folder, &["run", "fleet.pipe", "--set", &set]).start();
    let begun = |path: &str, sink: &str| {
        let aside = folder.path().join(format!("lake/{path}/.weir/lake.{sink}/0001"));
        std::fs::read_dir(aside).is_ok_and(|it| it.count() > 1)
    };
    wait_for("readings and errors", || {
        (begun("readings", "lake") && begun("wrong", "wrong")).then_some(())
    });
    for running in [&mut fleet, &mut pipeline] {
        running.signal("TERM");
        let out = running.read();
        drop(out.join().unwrap());
        assert_eq!(running.wait_code(), 0, "{}", running.said());
    }
    let report = folder.json("report.json");
    check(&report, &["readings"], &[], &["lake", "wrong"]);
    for (sink, path) in [("lake", "lake/readings/"), ("wrong", "lake/wrong/")] {
        let sql = format!("select count(*) as n from '{path}'");
        let asked = run(&folder, &["query", "--json", &sql]);
        let rows = number(&asked.rows()[0], "n");
        assert_eq!(rows, number(&report["sinks"][sink], "written"), "{sink}");
        assert!(rows > 0, "{sink}");
    }
}
