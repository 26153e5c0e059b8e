//! `weir query`: which files a path stands for, how answers look, and what is said about questions that have none.

mod mistakes;

use crate::support::folder::Folder;
use crate::support::weir::{Done, run, weir};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{Read, Write};

/// Readings as a pipeline wrote them: times with and without fractions, a null, a window, a list, a duration.
const READINGS: &str = r#"{"device":"a","at":"2026-11-25T06:00:00Z","t":20.5,"n":1,"window":{"start":"2026-11-25T06:00:00Z"},"tags":["x"]}
{"device":"b","at":"2026-11-25T06:00:00.25Z","t":null,"n":2,"window":{"start":"2026-11-25T06:01:00Z"},"tags":[]}
{"device":"a","at":"2026-11-25T06:00:10Z","t":0.1,"n":-3,"window":{"start":"2026-11-25T06:01:00Z"},"tags":["x","y"]}
"#;

fn ask(folder: &Folder, words: &[&str]) -> Done {
    run(folder, &[&["query"], words].concat())
}

/// The answer to a question that has one.
fn answer(folder: &Folder, words: &[&str]) -> String {
    let done = ask(folder, words);
    done.ends_with(0);
    assert_eq!(done.err, "", "{words:?}");
    done.out
}

#[test]
fn answers_are_tables_json_lines_or_csv() {
    let folder = Folder::new();
    folder.write("r.jsonl", READINGS);
    let sql = "select device, at, t, n, window from 'r.jsonl' order by at";
    let table = "\
device  at                         t   n  window.start
a       2026-11-25 06:00:00     20.5   1  2026-11-25 06:00:00
b       2026-11-25 06:00:00.25     -   2  2026-11-25 06:01:00
a       2026-11-25 06:00:10      0.1  -3  2026-11-25 06:01:00
";
    assert_eq!(answer(&folder, &[sql]), table);
    let json = answer(&folder, &["select * from 'r.jsonl' order by at", "--json"]);
    // A fraction of a second has three digits or six.
    assert_eq!(json, READINGS.replace("00.25Z", "00.250Z"));
    let csv = "\
device,at,t,n,window_start
a,2026-11-25T06:00:00Z,20.5,1,2026-11-25T06:00:00Z
b,2026-11-25T06:00:00.250Z,,2,2026-11-25T06:01:00Z
a,2026-11-25T06:00:10Z,0.1,-3,2026-11-25T06:01:00Z
";
    assert_eq!(answer(&folder, &[sql, "--csv"]), csv);
    let none = "select device, n from 'r.jsonl' where n > 5";
    assert_eq!(answer(&folder, &[none]), "device  n\n");
    assert_eq!(answer(&folder, &[none, "--json"]), "");
    assert_eq!(answer(&folder, &[none, "--csv"]), "device,n\n");
}

#[test]
fn times_are_times_and_names_stay_short() {
    let folder = Folder::new();
    folder.write("r.jsonl", READINGS);
    let sql = "select device, max(t), count(*) as n, min(at), window.start from 'r.jsonl' \
               where at >= '2026-11-25T06:00:00Z' and at < timestamp '2026-11-25 06:00:10' group by 1, 5 order by 1";
    let expected = "\
device  max(t)  n  min(at)                 window[start]
a         20.5  1  2026-11-25 06:00:00     2026-11-25 06:00:00
b            -  1  2026-11-25 06:00:00.25  2026-11-25 06:01:00
";
    assert_eq!(answer(&folder, &[sql]), expected);
    let sql = "select extract(hour from at) as h, window['start'] as start from 'r.jsonl' order by at limit 1";
    let expected = "{\"h\":6,\"start\":\"2026-11-25T06:00:00Z\"}\n";
    assert_eq!(answer(&folder, &[sql, "--json"]), expected);
    let sql = "select date_bin(interval '5 seconds', at) as bin, count(*) as n from 'r.jsonl' group by bin order by bin";
    let expected =
        "{\"bin\":\"2026-11-25T06:00:00Z\",\"n\":2}\n{\"bin\":\"2026-11-25T06:00:10Z\",\"n\":1}\n";
    assert_eq!(answer(&folder, &[sql, "--json"]), expected);
    let expected = "\
column  type
device  string
at      timestamp
t       float
n       int
window  struct{start: timestamp?}
tags    list<string?>
";
    assert_eq!(answer(&folder, &["describe 'r.jsonl'"]), expected);
}

/// Reads JSON lines and writes them somewhere else.
fn copy(to: &str) -> String {
    format!(
        "schema Reading {{\n  device: string\n  at: timestamp\n  t: float?\n}}\n\n\
         source readings = file(path: \"r.jsonl\", schema: Reading)\n\nsink out = readings | into file(path: \"{to}\")\n"
    )
}

#[test]
fn parquet_is_read_by_file_glob_and_folder_with_the_columns_of_the_folders() {
    let folder = Folder::new();
    folder.write("r.jsonl", READINGS);
    for (i, to) in ["lake/day=2026-11-25/line=7/a.parquet", "lake/day=2026-11-26/line=8/b.parquet"]
        .iter()
        .enumerate()
    {
        let name = format!("copy{i}.pipe");
        folder.write(&name, copy(to));
        run(&folder, &["run", &name, "--quiet"]).ends_with(0);
    }
    // What is not whole yet, or is somebody's note, is not among the files of a folder.
    folder.write("lake/_notes.csv", "a\n1\n").write("lake/.c.parquet.partial", "PAR1");
    let count = "{\"n\":6}\n";
    for path in ["lake", "lake/", "lake/*/*/*.parquet", "lake/**/*.parquet", "lake/day=*"] {
        let sql = format!("select count(*) as n from '{path}'");
        assert_eq!(answer(&folder, &[&sql, "--json"]), count, "{path}");
    }
    let sql = "select day, line, device, at, t from 'lake' where day > date '2026-11-25' order by at limit 2";
    let expected = "\
{\"day\":\"2026-11-26\",\"line\":8,\"device\":\"a\",\"at\":\"2026-11-25T06:00:00Z\",\"t\":20.5}
{\"day\":\"2026-11-26\",\"line\":8,\"device\":\"b\",\"at\":\"2026-11-25T06:00:00.250Z\",\"t\":null}
";
    assert_eq!(answer(&folder, &[sql, "--json"]), expected);
    let one = "select line, max(t) from 'lake/day=2026-11-25/line=7/a.parquet' group by line";
    assert_eq!(answer(&folder, &[one]), "line  max(t)\n   7    20.5\n");
    let joined = "select count(*) as n from 'lake' as l join 'r.jsonl' as r on l.device = r.device and l.at = r.at";
    assert_eq!(answer(&folder, &[joined, "--json"]), count);
}

#[test]
fn text_may_be_packed_and_csv_may_have_other_delimiters() {
    let folder = Folder::new();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(READINGS.as_bytes()).unwrap();
    folder.write("r.jsonl.gz", packed.finish().unwrap());
    folder.write("r.ndjson.zst", zstd::encode_all(READINGS.as_bytes(), 1).unwrap());
    for path in ["r.jsonl.gz", "r.ndjson.zst", "r.*"] {
        let sql = format!("select count(*) as n, max(t) as t from '{path}'");
        let rows = if path == "r.*" { 6 } else { 3 };
        let expected = format!("{{\"n\":{rows},\"t\":20.5}}\n");
        assert_eq!(answer(&folder, &[&sql, "--json"]), expected, "{path}");
    }
    folder.write("c/a.csv", "id,t,at\n007,1,2026-11-25T06:00:00Z\n008,,2026-11-25T06:00:01Z\n");
    folder.write("c/b.csv", "at,id,u\n2026-11-25T06:00:02Z,\"x, \"\"y\"\"\",true\n");
    let expected = "\
{\"id\":\"007\",\"t\":1,\"at\":\"2026-11-25T06:00:00Z\",\"u\":null}
{\"id\":\"008\",\"t\":null,\"at\":\"2026-11-25T06:00:01Z\",\"u\":null}
{\"id\":\"x, \\\"y\\\"\",\"t\":null,\"at\":\"2026-11-25T06:00:02Z\",\"u\":true}
";
    assert_eq!(answer(&folder, &["select * from 'c' order by at", "--json"]), expected);
    folder.write("d.csv", "\u{feff}id;t\na;1.5\n");
    assert_eq!(answer(&folder, &["select * from 'd.csv'"]), "id    t\na   1.5\n");
}

#[test]
fn records_that_cannot_be_read_are_left_out_and_said() {
    let folder = Folder::new();
    folder.write("r.jsonl", format!("{READINGS}{{\"device\":\"c\", broken\n[1]\n{{\"dev"));
    let done = ask(&folder, &["select count(*) as n from 'r.jsonl'", "--json"]);
    done.ends_with(0)
        .says("weir: 3 records of `r.jsonl` cannot be read and are left out")
        .says("broken");
    assert_eq!(done.out, "{\"n\":3}\n");
}

#[test]
fn an_answer_need_not_be_read_to_its_end() {
    let folder = Folder::new();
    for form in [&[][..], &["--json"], &["--csv"]] {
        // A table of a hundred thousand million rows fits nowhere.
        let sql = "select value, value * 2 as twice from generate_series(1, 100000000000)";
        let mut running = weir(&folder, &[&["query", sql], form].concat()).start();
        let mut output = running.output();
        output.read_exact(&mut vec![0; 100_000]).unwrap();
        drop(output);
        assert_eq!(running.wait_code(), 0, "{}", running.said());
        assert_eq!(running.said(), "");
    }
}

#[test]
fn a_long_question_is_answered() {
    let folder = Folder::new();
    folder.write("r.jsonl", READINGS);
    let any: Vec<String> = (0..400).map(|it| format!("n = {}", it + 2)).collect();
    let sql = format!("select count(*) as n from 'r.jsonl' where {}", any.join(" or "));
    assert_eq!(answer(&folder, &[&sql, "--json"]), "{\"n\":1}\n");
    let deep = format!("select {}1{}", "(".repeat(500), ")".repeat(500));
    ask(&folder, &[&deep]).ends_with(1).says("the question is nested too deep");
}
