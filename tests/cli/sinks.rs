//! What the metrics say of sinks that write to servers and into files which are whole later.

use super::metrics::{address, values};
use crate::support::folder::Folder;
use crate::support::http::get;
use crate::support::influxdb::InfluxDb;
use crate::support::server::ObjectStore;
use crate::support::weir::{Call, Running, wait_for, weir};
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;

/// The metrics of a sink that is called `out`, by their names without `weir_sink_`.
struct Seen(BTreeMap<String, f64>);

impl Seen {
    fn value(&self, name: &str) -> i64 {
        self.number(name) as i64
    }

    fn number(&self, name: &str) -> f64 {
        let name = format!("weir_sink_{name}{{sink=\"out\"}}");
        *self.0.get(&name).unwrap_or_else(|| panic!("no {name} in {:#?}", self.0))
    }
}

/// Starts a pipeline, and says where its metrics are.
fn start(call: impl FnOnce(&[&str]) -> Call, more: &[&str]) -> (Running, String) {
    let words = [&["run", "a.pipe", "--metrics", "127.0.0.1:0"], more].concat();
    let running = call(&words).start();
    let url = address(&running);
    (running, url)
}

/// Looks at the metrics until they will do.
fn seen(url: &str, what: &str, enough: impl Fn(&Seen) -> bool) -> Seen {
    wait_for(what, || get(url).map(|it| Seen(values(&it))).filter(&enough))
}

/// Ends it, and sees to it that it ended well.
fn end(mut running: Running) {
    running.signal("TERM");
    let out = running.read();
    running.wait(out).ends_with(0).says("the ledger balances");
}

/// Ten readings of which the test says when they come.
const SOURCE: &str = r#"param server: string

schema Reading {
  device: string
  at:     timestamp
  value:  float
}

source readings = file(path: "in.jsonl", schema: Reading, time: at, out_of_order: 0s, follow: true)

"#;

fn append(folder: &Folder, readings: std::ops::Range<u32>) {
    let mut file = OpenOptions::new().append(true).open(folder.path().join("in.jsonl")).unwrap();
    for n in readings {
        let at = format!("2026-01-01T00:00:{n:02}Z");
        writeln!(file, r#"{{"device":"a","at":"{at}","value":1.5}}"#).unwrap();
    }
}

#[test]
fn tries_are_counted_while_the_database_is_away_and_no_row_comes() {
    let folder = Folder::new();
    let mut server = InfluxDb::start("metrics");
    let sink = r#"sink out = readings
  | into influxdb(
      url: server,
      database: "test",
      measurement: "m",
      tags: device,
      time: at,
      linger: 10ms,
      retry: 20ms..100ms,
    )
"#;
    folder.write("a.pipe", [SOURCE, sink].concat()).write("in.jsonl", "");
    append(&folder, 0..10);
    let set = format!("server={}", server.url());
    let (running, url) = start(|words| weir(&folder, words), &["--set", &set]);
    let sound = seen(&url, "points", |it| it.value("rows_total") == 10);
    let lines = "m,device=a value=1.5 1767225600000000000\n".len() * 10;
    assert_eq!(sound.value("sent_bytes_total"), lines as i64, "lines, before they are packed");
    assert_eq!(sound.value("latency_seconds_count"), 10);
    assert!(sound.number("latency_seconds_sum") > 0.0);
    assert_eq!((sound.value("retries_total"), sound.value("unwritten_rows")), (0, 0));
    assert_eq!(sound.value("held_bytes"), 0);
    server.kill();
    append(&folder, 10..20);
    let away = seen(&url, "tries", |it| it.value("retries_total") >= 3);
    assert_eq!((away.value("rows_total"), away.value("unwritten_rows")), (10, 10));
    assert!(away.value("held_bytes") > 0);
    let before = away.value("retries_total");
    let later = seen(&url, "more tries", |it| it.value("retries_total") >= before + 5);
    assert_eq!((later.value("rows_total"), later.value("unwritten_rows")), (10, 10));
    server.start_again();
    let back = seen(&url, "the rest", |it| it.value("rows_total") == 20);
    assert_eq!((back.value("unwritten_rows"), back.value("held_bytes")), (0, 0));
    assert_eq!(back.value("latency_seconds_count"), 20);
    assert!(back.number("latency_seconds_sum") > sound.number("latency_seconds_sum"));
    assert_eq!(back.value("sent_bytes_total"), (lines * 2) as i64, "each line once");
    end(running);
    assert_eq!(server.ask("count(value)", "m"), 20);
}

#[test]
fn rows_of_a_file_that_is_not_whole_wait_and_then_are_written() {
    let folder = Folder::new();
    let sink = r"sink out = readings | into parquet(path: server, roll: { rows: 15, every: 1h })
";
    folder.write("a.pipe", [SOURCE, sink].concat()).write("in.jsonl", "");
    append(&folder, 0..10);
    let (running, url) = start(|words| weir(&folder, words), &["--set", "server=lake"]);
    let open = seen(&url, "rows", |it| it.value("unwritten_rows") == 10);
    assert_eq!((open.value("in_rows_total"), open.value("rows_total")), (10, 0));
    assert_eq!(open.value("latency_seconds_count"), 0, "nobody can see them yet");
    assert!(open.value("held_bytes") > 0);
    append(&folder, 10..15);
    let whole = seen(&url, "a file", |it| it.value("rows_total") == 15);
    assert_eq!((whole.value("unwritten_rows"), whole.value("held_bytes")), (0, 0));
    assert_eq!(whole.value("latency_seconds_count"), 15);
    assert!(whole.number("latency_seconds_sum") > 0.0);
    assert_eq!(whole.value("sent_bytes_total"), bytes_of_files(&folder));
    append(&folder, 15..20);
    seen(&url, "more rows", |it| it.value("unwritten_rows") == 5);
    end(running);
}

/// What the visible files of the lake take.
fn bytes_of_files(folder: &Folder) -> i64 {
    let entries = std::fs::read_dir(folder.path().join("lake")).unwrap().map(Result::unwrap);
    let files = entries.filter(|it| it.path().extension().is_some_and(|it| it == "parquet"));
    files.map(|it| it.metadata().unwrap().len() as i64).sum()
}

#[test]
fn tries_are_counted_while_the_object_store_is_away_and_no_row_comes() {
    let folder = Folder::new();
    let mut server = ObjectStore::start("metrics");
    server.make_bucket("plant");
    let sink = r#"sink out = readings
  | into parquet(
      path: "s3://plant/lake",
      roll: { rows: 10, every: 1h },
      endpoint: server,
      retry: 20ms..100ms,
    )
"#;
    folder.write("a.pipe", [SOURCE, sink].concat()).write("in.jsonl", "");
    append(&folder, 0..10);
    let (key, secret) = ObjectStore::KEY;
    let set = format!("server={}", server.url);
    let keyed = |words: &[&str]| {
        let call = weir(&folder, words).env("AWS_ACCESS_KEY_ID", key);
        call.env("AWS_SECRET_ACCESS_KEY", secret)
    };
    let (running, url) = start(keyed, &["--set", &set]);
    let sound = seen(&url, "a file", |it| it.value("rows_total") == 10);
    assert_eq!((sound.value("retries_total"), sound.value("unwritten_rows")), (0, 0));
    server.kill();
    append(&folder, 10..20);
    let away = seen(&url, "tries", |it| it.value("retries_total") >= 3);
    assert_eq!((away.value("rows_total"), away.value("unwritten_rows")), (10, 10));
    assert!(away.value("held_bytes") > 0);
    let before = away.value("retries_total");
    seen(&url, "more tries", |it| it.value("retries_total") >= before + 5);
    server.start_again();
    let back = seen(&url, "the rest", |it| it.value("rows_total") == 20);
    assert_eq!((back.value("unwritten_rows"), back.value("held_bytes")), (0, 0));
    assert_eq!(back.value("latency_seconds_count"), 20);
    end(running);
    assert_eq!(server.objects("plant", ".parquet"), 2);
}
