//! The pages of the connectors: they are what is generated, there is one for every connector, and their pipelines run.

use crate::support::folder::Folder;
use crate::support::influxdb::InfluxDb;
use crate::support::report::number;
use crate::support::server::{Mosquitto, ObjectStore};
use crate::support::weir::{run, wait_for, weir};
use arrow::array::AsArray;
use arrow::datatypes::Float64Type;
use connectors::memory;
use dsl::catalog::Catalog;
use dsl::signature::Kind;
use dsl::span::SourceFile;
use engine::runtime::{self, Ended, Settings};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use weir::environment::ProcessEnvironment;
use weir::pages::{self, PAGES};
use weir::registry::Registry;

/// Whether pages are written anew instead of compared.
#[expect(clippy::disallowed_methods, reason = "tests are told by their environment")]
fn updated() -> bool {
    let update = std::env::var("GOLDEN").is_ok_and(|it| it == "update");
    assert!(!update || std::env::var("CI").is_err(), "pages are not rewritten on CI");
    update
}

#[test]
fn pages_are_what_is_generated() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/connectors");
    for page in &PAGES {
        let path = folder.join(page.name).with_extension("md");
        let text = pages::text(&Registry, page).unwrap_or_else(|error| panic!("{error}"));
        for part in ["## A pipeline\n", "## Errors\n", "## Limits\n", "**Promise.**"] {
            assert!(text.contains(part), "`{}` has no {part}", page.name);
        }
        if updated() {
            std::fs::write(&path, text).unwrap();
            continue;
        }
        let stored = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            stored == text,
            "docs/connectors/{}.md is not what is generated; GOLDEN=update cargo test --test all pages",
            page.name
        );
    }
}

#[test]
fn every_connector_has_a_page_and_every_page_a_connector() {
    let connectors = Registry.signatures().into_iter();
    let connectors = connectors.filter(|it| matches!(it.kind, Kind::Source | Kind::Sink));
    let connectors: BTreeSet<&str> = connectors.map(|it| it.name).collect();
    let pages: BTreeSet<&str> = PAGES.iter().map(|it| it.name).collect();
    assert_eq!(pages, connectors);
    let readme = include_str!("../README.md");
    for name in pages {
        assert!(readme.contains(&format!("(docs/connectors/{name}.md)")), "{name}");
    }
}

/// The pipeline of a page, in a folder of its own.
fn folder(name: &str) -> Folder {
    let page = PAGES.iter().find(|it| it.name == name).unwrap();
    let folder = Folder::new();
    folder.write(&format!("{name}.pipe"), page.pipeline);
    folder
}

#[test]
fn pipelines_of_pages_have_the_one_layout_and_tests_that_pass() {
    for page in &PAGES {
        let name = format!("{}.pipe", page.name);
        let folder = folder(page.name);
        for words in [&["check", "--deny", "warnings"][..], &["fmt", "--check"], &["test"]] {
            let done = run(&folder, &[words, &[name.as_str()]].concat());
            assert_eq!(done.code, 0, "{words:?} {name}\n{}{}", done.out, done.err);
        }
        assert!(page.pipeline.starts_with("# ") && page.pipeline.contains('?'), "{name}");
    }
}

#[test]
fn the_page_of_file_runs() {
    let folder = folder("file");
    folder.write("logs/a.csv", "machine,at,celsius\npress,2026-01-31T06:00:00Z,91.5\n");
    folder.write(
        "logs/b.csv",
        "machine,at,celsius\nlathe,2026-01-31T06:00:00Z,70\nlathe,2026-01-31T06:00:10Z,warm\n",
    );
    run(&folder, &["run", "file.pipe"]).ends_with(0);
    let warm = json!({"machine": "press", "at": "2026-01-31T06:00:00Z", "celsius": 91.5});
    assert_eq!(folder.rows("out/warm.jsonl"), [warm]);
    let rejected = folder.read("out/rejected.csv");
    let lines: Vec<&str> = rejected.lines().collect();
    assert_eq!((lines.len(), lines[0]), (2, "reason,column,detail,payload"));
    assert!(lines[1].starts_with("type,celsius,"), "{rejected}");
}

#[test]
fn the_page_of_generate_runs_and_gives_the_same_rows_again() {
    let rows = || {
        let folder = folder("generate");
        run(&folder, &["run", "generate.pipe"]).ends_with(0);
        folder.read("spikes.jsonl").lines().map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let found = rows();
    assert!(found.len() > 2, "{found:?}");
    assert_eq!(found, rows());
}

#[test]
fn the_page_of_memory_runs() {
    let page = PAGES.iter().find(|it| it.name == "memory").unwrap();
    let (plan, _) = dsl::compile(&SourceFile::new("memory.pipe", page.pipeline), &Registry);
    let plan = dsl::constant::close(&plan.unwrap(), &BTreeMap::new(), &ProcessEnvironment).unwrap();
    let readings = memory::input("page", "readings");
    let line = |second: u32, value: f64| {
        format!(r#"{{"device":"a","at":"2026-01-31T06:00:{second:02}Z","value":{value}}}"#)
    };
    readings.push("split 0", [line(1, 20.0), line(59, 23.0)]);
    readings.end();
    let io = weir::run::io().unwrap();
    let world = weir::run::world(&io);
    let job = runtime::prepare(&plan, &Settings::new("page", 2), &world, None).unwrap();
    assert!(matches!(job.start().unwrap().wait().ended, Ended::Finished));
    let rows = memory::output("page", "averages").rows();
    let rows: Vec<_> = rows.iter().filter(|it| it.num_rows() > 0).collect();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].column(2).as_primitive::<Float64Type>().values()[..], [21.5]);
}

#[test]
fn the_page_of_console_runs() {
    let done = run(&folder("console"), &["run", "console.pipe"]);
    done.ends_with(0);
    let lines: Vec<Vec<&str>> =
        done.out.lines().map(|it| it.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["device_id", "timestamp", "temperature"], "{}", done.out);
    let rows = lines.iter().filter(|it| it[0].starts_with("device-"));
    assert_eq!(rows.clone().count(), 3, "{}", done.out);
    assert!(rows.clone().all(|it| it[3].parse::<f64>().unwrap() > 85.0), "{}", done.out);
}

#[test]
fn the_page_of_null_runs() {
    let folder = folder("null");
    run(&folder, &["run", "null.pipe", "--report", "report.json"]).ends_with(0);
    let report = folder.json("report.json");
    assert_eq!(number(&report["sources"]["fleet"], "read"), 10_000);
    let sink = &report["sinks"]["nowhere"];
    assert!(number(sink, "written") > 10, "{sink}");
    assert_eq!(number(sink, "in"), number(sink, "filtered") + number(sink, "written"));
}

#[test]
fn the_page_of_mqtt_runs() {
    let broker = Mosquitto::start("page", &[]);
    let port = broker.port().to_string();
    let client = |name: &str, words: &[&str]| {
        let mut client = Command::new(format!("{}/{name}", broker.fact("MOSQUITTO_BIN")));
        client.env("LD_LIBRARY_PATH", broker.fact("MOSQUITTO_LIB"));
        client.args(["-V", "5", "-h", "127.0.0.1", "-p", &port, "-q", "1"]).args(words);
        client
    };
    let folder = folder("mqtt");
    let set = format!("broker={}", broker.url());
    let words = ["run", "mqtt.pipe", "--set", &set, "--report", "report.json"];
    let mut running = weir(&folder, &words).start();
    // Its subscription is there when a row comes through; until then nothing is lost that matters.
    let publish = |payload: &str| {
        let words = ["-t", "plant/3/press/reading", "-m", payload];
        assert!(client("mosquitto_pub", &words).status().unwrap().success());
    };
    let heard = |topic: &str| {
        let words = ["-t", topic, "-C", "1", "-W", "1"];
        let output = client("mosquitto_sub", &words).output().unwrap();
        serde_json::from_slice::<serde_json::Value>(&output.stdout).ok()
    };
    let alert = wait_for("an alert that the broker keeps", || {
        publish(r#"{"at":"2026-01-31T06:00:00Z","celsius":91.5}"#);
        heard("plant/3/press/alert")
    });
    let at = "2026-01-31T06:00:00Z";
    assert_eq!(alert, json!({"line": 3, "machine": "press", "at": at, "celsius": 91.5}));
    // The broker keeps for a listener what comes while it is away.
    let listen = |more: &[&str]| {
        let words = ["-t", "plant/rejected", "-i", "listener", "-c", "-x", "600"];
        client("mosquitto_sub", &[&words, more].concat()).output().unwrap()
    };
    listen(&["-E"]);
    publish("{");
    let output = listen(&["-C", "1", "-W", "30"]);
    let rejected: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(rejected["reason"], "decode");
    assert_eq!(rejected["topic"], "plant/3/press/reading");
    running.signal("TERM");
    let out = running.read();
    running.wait(out).ends_with(0).says("the ledger balances");
}

#[test]
fn the_page_of_influxdb_runs() {
    let database = InfluxDb::start("page");
    let folder = folder("influxdb");
    let rows = ["20,press", "30,press", "26,lathe"];
    let row = |(n, it): (usize, &&str)| format!("2026-01-31T06:00:{n:02}Z,{it}\n");
    let rows: String = rows.iter().enumerate().map(row).collect();
    folder.write("readings.csv", format!("at,celsius,machine\n{rows}"));
    let set = format!("server={}", database.url());
    let words = ["run", "influxdb.pipe", "--set", &set, "--set", "database=test"];
    run(&folder, &words).ends_with(0);
    let minute = |machine: &str| -> Vec<f64> {
        let select = "select readings, mean, most from machine_1m";
        let rows = database.rows(&format!("{select} where machine = '{machine}'"));
        rows.iter().flatten().map(|it| it.as_f64().unwrap()).collect()
    };
    // The first is 2026-01-31T06:00:00Z.
    assert_eq!(minute("press"), [1_769_839_200.0, 2.0, 25.0, 30.0]);
    assert_eq!(minute("lathe"), [1_769_839_200.0, 1.0, 26.0, 26.0]);
    assert_eq!(folder.read("refused.jsonl"), "");
}

#[test]
fn the_page_of_parquet_runs() {
    let server = ObjectStore::start("page");
    server.make_bucket("plant");
    let folder = folder("parquet");
    let rows = "device,at,value\na,2026-01-31T06:00:00Z,1.0\nb,2026-02-01T06:00:00Z,2.0\n";
    folder.write("readings.csv", rows);
    let set = format!("endpoint={}", server.url);
    let (key, secret) = ObjectStore::KEY;
    let call = weir(&folder, &["run", "parquet.pipe", "--set", &set]);
    let call = call.env("AWS_ACCESS_KEY_ID", key).env("AWS_SECRET_ACCESS_KEY", secret);
    call.run().ends_with(0);
    let lake = server.folder("plant").join("lake");
    let sql = format!("select device, value, day from '{}/' order by device", lake.display());
    let asked = run(&folder, &["query", "--json", &sql]);
    let wanted = [
        json!({"device": "a", "value": 1.0, "day": "2026-01-31"}),
        json!({"device": "b", "value": 2.0, "day": "2026-02-01"}),
    ];
    assert_eq!(asked.ends_with(0).rows(), wanted);
}
