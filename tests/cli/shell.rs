//! What a shell expects: colour on terminals only, readers that go away, files that grow.

use super::MISTAKES;
use crate::support::folder::{Folder, rows as rows_of};
use crate::support::report::{self, number};
use crate::support::weir::{run, wait_for, weir};
use std::io::{BufRead, BufReader, Write};
use std::process::Command;

/// What `weir check a.pipe` writes onto a terminal.
fn on_a_terminal(folder: &Folder, environment: &[(&str, &str)]) -> String {
    let line = format!("{} check a.pipe", env!("CARGO_BIN_EXE_weir"));
    // `script` runs a command on a terminal of its own; it is part of every Linux.
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    command.current_dir(folder.path()).env_remove("NO_COLOR").envs(environment.iter().copied());
    let output = command.stdin(std::process::Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stdout).unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn colour_is_for_terminals_and_not_if_it_is_not_wanted() {
    let folder = Folder::new();
    folder.write("a.pipe", MISTAKES);
    let colourful = on_a_terminal(&folder, &[]);
    assert!(colourful.contains("\u{1b}["), "{colourful:?}");
    let plain = on_a_terminal(&folder, &[("NO_COLOR", "1")]);
    assert!(plain.contains("error[E0203]") && !plain.contains('\u{1b}'), "{plain:?}");
    assert!(on_a_terminal(&folder, &[("NO_COLOR", "")]).contains("\u{1b}["), "empty is not set");
    assert!(!run(&folder, &["check", "a.pipe"]).err.contains('\u{1b}'));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = Folder::new();
    let mut docs = weir(&folder, &["docs"]).start();
    drop(docs.output());
    assert_eq!(docs.wait_code(), 0);
    assert_eq!(docs.said(), "");
    let text = r#"source fleet = generate(rate: max, rows: 50_000, time: timestamp)
sink out = fleet | into file(path: "-")
sink kept = fleet | into file(path: "kept.jsonl")
"#;
    folder.write("a.pipe", text);
    let mut running = weir(&folder, &["run", "a.pipe", "--report", "report.json"]).start();
    let mut line = String::new();
    let mut output = BufReader::new(running.output());
    output.read_line(&mut line).unwrap();
    assert!(line.starts_with('{') && line.ends_with("}\n"), "{line}");
    drop(output);
    assert_eq!(running.wait_code(), 0, "{}", running.said());
    // The other sink is not harmed.
    assert_eq!(folder.rows("kept.jsonl").len(), 50_000);
    let report = folder.json("report.json");
    report::check(&report, &["fleet"], &[], &["kept", "out"]);
    assert_eq!(report["status"], "finished");
    assert_eq!(number(&report["sinks"]["kept"], "written"), 50_000);
    assert!(number(&report["sinks"]["out"], "unwritten") > 0, "{report:#}");
}

#[cfg(unix)]
#[test]
fn a_run_may_write_into_a_pipe_with_a_name() {
    let folder = Folder::new();
    let pipe = folder.path().join("pipe.jsonl");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    folder.write(
        "a.pipe",
        "source fleet = generate(rate: max, rows: 1000, time: timestamp)
sink out = fleet | into file(path: \"pipe.jsonl\")
",
    );
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read_to_string(pipe).unwrap()
    });
    // Its reader goes when the last row has come, and nobody reads it again.
    let mut running = weir(&folder, &["run", "a.pipe"]).start();
    assert_eq!(running.wait_code(), 0, "{}", running.said());
    assert_eq!(reader.join().unwrap().lines().count(), 1000);
}

#[test]
fn an_endless_run_stops_when_its_reader_has_gone() {
    for sink in ["file(path: \"-\")", "console()", "console(format: json)"] {
        let folder = Folder::new();
        let text = format!(
            "source fleet = generate(rate: 20_000, time: timestamp, out_of_order: 1s)
sink out = fleet | into {sink}
sink kept = fleet | into file(path: \"kept.jsonl\", append: true)
"
        );
        folder.write("a.pipe", text);
        let mut running = weir(&folder, &["run", "a.pipe", "--report", "report.json"]).start();
        let mut output = BufReader::new(running.output());
        output.read_line(&mut String::new()).unwrap();
        drop(output);
        assert_eq!(running.wait_code(), 0, "{}", running.said());
        let said = running.said();
        assert!(said.contains("were taken by sinks and never written"), "{said}");
        let report = folder.json("report.json");
        report::check(&report, &["fleet"], &[], &["kept", "out"]);
        assert_eq!(report["status"], "stopped");
        assert!(number(&report["sinks"]["out"], "unwritten") > 0, "{report:#}");
        // What was read is finished.
        let read = number(&report["sources"]["fleet"], "read");
        assert_eq!(number(&report["sinks"]["kept"], "written"), read);
        assert_eq!(folder.rows("kept.jsonl").len() as i64, read);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_fails_the_run() {
    let folder = Folder::new();
    let text = r#"source fleet = generate(rate: max, rows: 1000, time: timestamp)
sink out = fleet | into file(path: "-")
sink kept = fleet | into file(path: "kept.jsonl")
"#;
    folder.write("a.pipe", text);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let words = ["run", "a.pipe", "--report", "report.json"];
    let mut running = weir(&folder, &words).onto(full).start();
    assert_eq!(running.wait_code(), 3, "{}", running.said());
    assert!(running.said().contains("`out`: `path`: `-` cannot be written: the disk is full"));
    let report = folder.json("report.json");
    assert_eq!(report["status"], "failed");
    report::check(&report, &["fleet"], &[], &["kept", "out"]);
    // The other sink was ready before, or it was not: its file is there as a whole or not at all.
    let mut names = folder.names();
    let mut kept = 0;
    if names.contains(&"kept.jsonl".to_owned()) {
        assert_eq!(folder.rows("kept.jsonl").len(), 1000);
        names.retain(|it| it != "kept.jsonl");
        kept = 1000;
    }
    assert_eq!(number(&report["sinks"]["kept"], "written"), kept);
    assert_eq!(number(&report["sinks"]["out"], "written"), 0, "nothing fits a full disk");
    assert_eq!(names, ["a.pipe", "report.json"]);
}

#[test]
fn a_file_that_grows_is_followed() {
    let folder = Folder::new();
    let text = r#"schema Line {
  n: int
}

source lines = file(path: "log.jsonl", schema: Line, follow: true)

sink out = lines | into file(path: "-")
"#;
    folder.write("a.pipe", text).write("log.jsonl", "{\"n\":1}\n");
    let mut running = weir(&folder, &["run", "a.pipe"]).start();
    let mut output = BufReader::new(running.output());
    let mut next = || {
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        line
    };
    assert_eq!(next(), "{\"n\":1}\n");
    let path = folder.path().join("log.jsonl");
    let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
    for n in 2..5 {
        writeln!(file, "{{\"n\":{n}}}").unwrap();
        assert_eq!(next(), format!("{{\"n\":{n}}}\n"));
    }
    running.signal("INT");
    assert_eq!(running.wait_code(), 0);
    wait_for("the table", || running.said().contains("the ledger balances").then_some(()));
}

/// How many rows the closing table of a demo says were read.
fn read(said: &str) -> i64 {
    let table = said.lines().rev().find(|it| it.starts_with("telemetry ")).unwrap();
    table.split_whitespace().nth(1).unwrap().replace(',', "").parse().unwrap()
}

#[test]
fn the_demo_shows_itself_and_leaves_files_and_a_question_about_them() {
    let folder = Folder::new();
    let words = ["demo", "--for", "4s", "--devices", "20", "--rate", "200"];
    let done = run(&folder, &words);
    done.ends_with(0).says("MQTT 5 broker").says("the ledger balances").says("./weir-demo/");
    assert_eq!(folder.names(), ["weir-demo"]);
    for name in ["averages.jsonl", "alerts.jsonl", "rejected.jsonl"] {
        assert!(folder.path().join("weir-demo").join(name).exists(), "{name}");
    }
    let read = read(&done.err);
    assert!(read > 0, "{}", done.err);
    // The line is pasted into a shell, as it is.
    let line = done.err.lines().map(str::trim).find(|it| it.contains(" query \"")).unwrap();
    let paste = |line: &str| {
        let output =
            Command::new("sh").args(["-c", line]).current_dir(folder.path()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{line}: {said}");
        String::from_utf8(output.stdout).unwrap()
    };
    let answer = paste(line);
    let rows: Vec<&str> = answer.lines().collect();
    assert!(rows.len() == 6 && rows[0].starts_with("device_id "), "{answer}");
    assert!(rows[1..].iter().all(|it| it.starts_with("device-")), "{answer}");
    // What is asked are all readings that the pipeline took.
    let counted = paste(&line.replace(" query ", " query --json ").replace(" limit 5", ""));
    let counted: i64 = rows_of(&counted).iter().map(|it| number(it, "readings")).sum();
    let rejected = folder.rows("weir-demo/rejected.jsonl").len() as i64;
    assert_eq!(counted, read - rejected);
}
