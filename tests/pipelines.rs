//! Shipped pipelines over a real broker, as several processes: some publish, the others work on it.

mod tiers;

use crate::support::folder::Folder;
use crate::support::report::{check, number};
use crate::support::server::Mosquitto;
use crate::support::weir::{Running, wait_for, weir};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

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

#[test]
fn each_device_of_the_simulated_fleet_may_have_a_connection_of_its_own() {
    let broker = Mosquitto::start("fleet", &["sys_interval=1"]);
    let mut witness = client(&broker, "mosquitto_sub")
        .args(["-t", "$SYS/broker/clients/connected"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let counts = BufReader::new(witness.stdout.take().unwrap()).lines();
    let folder = Folder::new();
    let set = format!("broker={}", broker.url());
    let pipe = concat!(env!("CARGO_MANIFEST_DIR"), "/pipelines/fleet.pipe");
    let words = ["run", pipe, "--set", &set, "--set", "connections=1000"];
    let mut fleet = weir(&folder, &words).start();
    let mut counts = counts.map(|it| it.unwrap().parse::<usize>().unwrap());
    // The fleet and the witness.
    assert!(counts.any(|it| it == 1001), "{}", fleet.said());
    fleet.signal("TERM");
    let out = fleet.read();
    fleet.wait(out).ends_with(0).says("the ledger balances");
    assert!(counts.any(|it| it == 1));
    witness.kill().unwrap();
    witness.wait().unwrap();
}

/// Readings of two presses, of which the second one overheats.
fn readings() -> String {
    let reading = |n: i32, machine: &str, celsius: f64| {
        let at = format!("2026-01-01T00:00:{n:02}Z");
        format!(
            r#"{{"site":"north","line":3,"machine":"{machine}","at":"{at}","temperature":{celsius}}}"#
        )
    };
    let cool = (0..20).map(|n| reading(n, "press-1", 60.0 + f64::from(n % 3)));
    let hot = (0..20).map(|n| reading(n, "press-2", if n == 15 { 99.0 } else { 61.0 }));
    cool.chain(hot).map(|it| it + "\n").collect()
}

/// Publishes them once.
const MACHINES: &str = r#"param broker: string
param ca: string
param cert: string
param key: string

schema Reading {
  site:        string
  line:        int
  machine:     string
  at:          timestamp
  temperature: float
}

source measured = file(path: "readings.jsonl", schema: Reading, time: at, out_of_order: 1m)

sink sent = measured
  | select site, line, machine, at, temperature
  | into mqtt(
      url: broker,
      tls: { ca: ca, cert: cert, key: key },
      topic: "plant/{site}/{line}/{machine}/reading",
    )
"#;

/// Hears what machines are told.
const LISTENER: &str = r#"param broker: string
param ca: string
param cert: string
param key: string

schema Alert {
  kind: string
  text: string
}

source alerts = mqtt(
  url: broker,
  tls: { ca: ca, cert: cert, key: key },
  topic: "plant/{site}/{line:int}/{machine}/alert",
  qos: 2,
  schema: Alert,
)

sink heard = alerts
  | extend sent_by = meta.headers["sent_by"], expires = meta.expires
  | into file(path: "heard.jsonl", append: true)
"#;

/// Waits until its sources and sinks are open: what a sink makes is there, and from then on it answers with its table.
fn is_open(running: &Running, file: &Path) {
    wait_for("what a sink makes", || file.exists().then_some(()));
    wait_for("sources and sinks to be open", || {
        running.signal("USR1");
        running.said().contains("accounted for").then_some(())
    });
}

#[test]
fn machines_of_a_plant_hear_of_their_alerts_also_when_one_of_the_processes_dies() {
    let broker = Mosquitto::start("plant", &["tls", "require_certificate=true"]);
    let set = |name: &str, value: &str| ["--set".to_owned(), format!("{name}={value}")];
    let secure: Vec<String> = [
        set("broker", &format!("mqtts://localhost:{}", broker.port())),
        set("ca", broker.fact("TLS_CA")),
        set("cert", broker.fact("TLS_CERT")),
        set("key", broker.fact("TLS_KEY")),
    ]
    .concat();
    let call = |folder: &Folder, pipe: &str, more: &[String]| {
        let words = ["run", pipe].map(str::to_owned).into_iter();
        let words: Vec<String> = words.chain(secure.clone()).chain(more.iter().cloned()).collect();
        weir(folder, &words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let plant = concat!(env!("CARGO_MANIFEST_DIR"), "/pipelines/plant.pipe");
    let folders = [Folder::new(), Folder::new(), Folder::new(), Folder::new()];
    let [machines, screen, one, other] = &folders;
    machines.write("machines.pipe", MACHINES).write("readings.jsonl", readings());
    screen.write("listener.pipe", LISTENER);
    let mut listener = call(screen, "listener.pipe", &[]).start();
    let first = call(one, plant, &set("client", "first")).start();
    let mut second = call(other, plant, &set("client", "second")).start();
    is_open(&listener, &screen.path().join("heard.jsonl"));
    is_open(&first, &one.path().join("plant/rejected.jsonl"));
    is_open(&second, &other.path().join("plant/rejected.jsonl"));
    // As a crash would.
    drop(first);
    call(machines, "machines.pipe", &[]).run().ends_with(0);
    // What the broker had for it comes to it when it is back; the other one went on.
    let rejected = one.path().join("plant/rejected.jsonl");
    std::fs::remove_file(&rejected).unwrap();
    let mut first = call(one, plant, &set("client", "first")).start();
    is_open(&first, &rejected);
    let heard = wait_for("alerts", || {
        Some(screen.rows("heard.jsonl")).filter(|it| it.iter().any(|it| it["kind"] == "HOT"))
    });
    let hot: Vec<&Value> = heard.iter().filter(|it| it["kind"] == "HOT").collect();
    assert_eq!(hot.len(), 1);
    assert_eq!(hot[0]["machine"], "press-2");
    assert_eq!((&hot[0]["line"], &hot[0]["sent_by"]), (&Value::from(3), &Value::from("weir")));
    assert!(hot[0]["expires"].is_string(), "{}", hot[0]);
    for running in [&mut listener, &mut first, &mut second] {
        running.signal("TERM");
        let out = running.read();
        drop(out.join().unwrap());
        assert_eq!(running.wait_code(), 0, "{}", running.said());
    }
}

/// Rows and errors of whatever comes.
const OPEN_EARS: &str = r#"param broker: string

schema Reading {
  value: float
  count: int?
}

source readings = mqtt(url: broker, topic: "in/{device}", schema: Reading, max_packet: 100kB)

sink kept = readings | into file(path: "kept.jsonl", append: true)

sink wrong = readings.errors
  | select reason, topic = meta.topic, bytes = length(payload)
  | into file(path: "wrong.jsonl", append: true)
"#;

/// A client that comes with the broker.
fn client(broker: &Mosquitto, name: &str) -> Command {
    let mut client = Command::new(format!("{}/{name}", broker.fact("MOSQUITTO_BIN")));
    client.env("LD_LIBRARY_PATH", broker.fact("MOSQUITTO_LIB")).args([
        "-V",
        "5",
        "-h",
        "127.0.0.1",
        "-p",
        broker.fact("MOSQUITTO_PORT"),
    ]);
    client
}

/// Publishes a payload under a topic.
fn publish(broker: &Mosquitto, topic: &str, payload: &[u8]) {
    let mut client = client(broker, "mosquitto_pub")
        .args(["-q", "1", "-t", topic])
        // It reads a message, but not an empty one.
        .arg(if payload.is_empty() { "-n" } else { "-s" })
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    client.stdin.take().unwrap().write_all(payload).unwrap();
    assert!(client.wait().unwrap().success());
}

#[test]
fn poisoned_payloads_are_error_rows_and_the_next_one_is_read() {
    let broker = Mosquitto::start("poison", &[]);
    let folder = Folder::new();
    folder.write("ears.pipe", OPEN_EARS);
    let set = format!("broker={}", broker.url());
    let mut ears = weir(&folder, &["run", "ears.pipe", "--set", &set]).start();
    is_open(&ears, &folder.path().join("kept.jsonl"));
    let nested = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
    let large = format!(r#"{{"value":1.0,"text":"{}"}}"#, "x".repeat(200_000));
    let poison: [&[u8]; 10] = [
        b"",
        b"\xff\xfe\x00",
        b"{",
        b"{\"value\":1.0}{\"value\":2.0}",
        b"[[1]]",
        b"{\"value\":1e999}",
        b"{\"value\":1.0,\"count\":9223372036854775808}",
        b"{\"value\":\"\\ud800\"}",
        nested.as_bytes(),
        large.as_bytes(),
    ];
    for payload in poison {
        publish(&broker, "in/poison", payload);
    }
    publish(&broker, "in/good", b"{\"value\":7.0}");
    let kept =
        wait_for("the good one", || Some(folder.rows("kept.jsonl")).filter(|it| !it.is_empty()));
    assert_eq!((kept.len(), &kept[0]["device"]), (1, &Value::from("good")), "{kept:?}");
    let wrong = wait_for("the others", || {
        Some(folder.rows("wrong.jsonl")).filter(|it| it.len() == poison.len())
    });
    assert!(wrong.iter().all(|it| it["topic"] == "in/poison"), "{wrong:?}");
    let reasons: Vec<_> = wrong.iter().map(|it| it["reason"].as_str().unwrap()).collect();
    let decode = reasons.iter().filter(|it| **it == "decode").count();
    assert!(reasons.iter().all(|it| ["decode", "type"].contains(it)) && decode > 5, "{reasons:?}");
    assert_eq!(wrong.last().unwrap()["bytes"], 100_000, "of the large one its beginning is kept");
    ears.signal("TERM");
    let out = ears.read();
    ears.wait(out).ends_with(0).says("the ledger balances");
}
