//! A run that is told to stop.

use crate::support::folder::{Folder, rows};
use crate::support::report::{check, number};
use crate::support::weir::{Running, wait_for, weir};
use std::io::Read;

/// A fleet that never ends, as it is written to a file, and hours that stay open.
const FLEET: &str = r#"source fleet = generate(rate: 5000, time: timestamp, out_of_order: 1s)

stream hours = fleet
  | window tumbling(1h), by: device_id
  | aggregate n = count()

sink live = fleet | into file(path: "live.jsonl", append: true)

sink summary = hours | into file(path: "hours.jsonl", append: true)
"#;

/// A fleet as fast as it is taken, onto standard output.
const FLOOD: &str = r#"source fleet = generate(rate: max, time: timestamp, out_of_order: 1s)

sink out = fleet | into file(path: "-")
"#;

/// Starts a run and waits until rows come out of it.
fn started(folder: &Folder) -> Running {
    folder.write("a.pipe", FLEET);
    let running = weir(folder, &["run", "a.pipe", "--report", "report.json"]).start();
    let file = folder.path().join("live.jsonl");
    wait_for("rows in live.jsonl", || std::fs::metadata(&file).ok().filter(|it| it.len() > 0));
    running
}

#[test]
fn a_signal_stops_it_cleanly() {
    for name in ["TERM", "INT"] {
        let folder = Folder::new();
        let mut running = started(&folder);
        running.signal(name);
        let out = running.read();
        let done = running.wait(out);
        done.ends_with(0).says("stopping").says("still held in open windows").says("balances");
        let report = folder.json("report.json");
        check(&report, &["fleet"], &["hours"], &["live", "summary"]);
        assert_eq!(report["status"], "stopped");
        let read = number(&report["sources"]["fleet"], "read");
        assert!(read > 0);
        // What was read is finished; what stands in open windows is held.
        assert_eq!(folder.rows("live.jsonl").len() as i64, read);
        assert_eq!(number(&report["sinks"]["live"], "written"), read);
        assert_eq!(number(&report["streams"]["hours"], "held"), read);
        assert_eq!(folder.read("hours.jsonl"), "");
        assert!(report["sources"]["fleet"]["watermark"].as_str().unwrap().ends_with('Z'));
    }
}

#[test]
fn a_table_is_shown_on_the_way() {
    let folder = Folder::new();
    let mut running = started(&folder);
    running.signal("USR1");
    running.wait_until_said("running after");
    running.wait_until_said("accounted for");
    let said = running.said();
    assert!(said.contains("live") && said.contains("rows are held in open windows"), "{said}");
    assert!(!said.contains("report this") && !said.contains("when the run ended"), "{said}");
    running.signal("TERM");
    let out = running.read();
    running.wait(out).ends_with(0);
}

/// Starts a run whose rows nobody reads, and waits until it cannot go on.
fn stuck(folder: &Folder) -> (Running, std::process::ChildStdout) {
    folder.write("a.pipe", FLOOD);
    let mut running = weir(folder, &["run", "a.pipe", "--report", "report.json"]).start();
    let mut output = running.output();
    let mut first = [0; 1];
    output.read_exact(&mut first).unwrap();
    assert_eq!(first, *b"{");
    (running, output)
}

#[test]
fn rows_in_front_of_a_sink_that_stands_still_are_on_their_way() {
    let folder = Folder::new();
    let (running, output) = stuck(&folder);
    // At first there is still room for all that is read.
    wait_for("rows on their way", || {
        running.signal("USR1");
        running.said().contains("rows are on their way").then_some(())
    });
    running.wait_until_said("so far every row is accounted for");
    let said = running.said();
    assert!(said.contains("rows were taken by sinks and not written yet"), "{said}");
    drop(output);
}

/// A server that takes the connection and never answers: opening the sink takes seconds.
#[test]
fn a_signal_while_a_broker_does_not_answer_ends_it_with_a_report() {
    for name in ["TERM", "INT"] {
        let folder = Folder::new();
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let text = format!(
            "source fleet = generate(rows: 10, time: timestamp)
sink kept = fleet | into file(path: \"kept.jsonl\")
sink sent = fleet | into mqtt(url: \"mqtt://{}\", topic: \"t\")
",
            silent.local_addr().unwrap()
        );
        folder.write("a.pipe", text);
        let mut running = weir(&folder, &["run", "a.pipe", "--report", "report.json"]).start();
        let _connection = silent.accept().unwrap();
        running.signal("USR1");
        running.wait_until_said("are being opened");
        running.signal(name);
        let out = running.read();
        let done = running.wait(out);
        done.ends_with(0).says("stopping").says("stopped after").says("the ledger balances");
        let report = folder.json("report.json");
        check(&report, &["fleet"], &[], &["kept", "sent"]);
        assert_eq!(report["status"], "stopped");
        assert_eq!(folder.names(), ["a.pipe", "report.json"], "nothing is left behind");
    }
}

#[test]
fn a_second_signal_stops_it_at_once() {
    for (name, code) in [("TERM", 143), ("INT", 130)] {
        let folder = Folder::new();
        let (mut running, output) = stuck(&folder);
        running.signal(name);
        running.wait_until_said("stopping");
        running.signal(name);
        running.wait_until_said("rows were taken by sinks and not written yet");
        running.wait_until_said("not written are lost");
        assert_eq!(running.wait_code(), code);
        assert_eq!(folder.names(), ["a.pipe"], "there is no report of a run that was cut off");
        drop(output);
    }
}

#[test]
fn a_run_that_waits_for_its_reader_ends_when_it_has_read_everything() {
    let folder = Folder::new();
    let (mut running, mut output) = stuck(&folder);
    running.signal("TERM");
    running.wait_until_said("stopping");
    let mut text = String::from("{");
    output.read_to_string(&mut text).unwrap();
    assert_eq!(running.wait_code(), 0);
    let report = folder.json("report.json");
    check(&report, &["fleet"], &[], &["out"]);
    assert_eq!(rows(&text).len() as i64, number(&report["sinks"]["out"], "written"));
    assert_eq!(number(&report["sources"]["fleet"], "read"), rows(&text).len() as i64);
}
