//! `weir run` over files: every format in and out, packed, by globs, through standard input and output.

use super::{LINES, READINGS};
use crate::support::folder::Folder;
use crate::support::report::{self, number};
use crate::support::weir::{run, weir};
use arrow::array::{ArrayRef, AsArray, Float64Array, RecordBatch, StringArray};
use arrow::datatypes::Float64Type;
use flate2::Compression;
use flate2::write::GzEncoder;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::io::{Read, Write};
use std::sync::Arc;

/// Readings of two devices, from one file to another.
fn copy(from: &str, to: &str) -> String {
    format!(
        r#"schema Reading {{
  device: string
  t:      float?
}}

source readings = file(path: "{from}", schema: Reading)

sink out = readings | where t > 1.0 | into file(path: "{to}")
"#
    )
}

/// Four rows, of which three are more than one.
const JSON: &str = r#"{"device":"a","t":1.0}
{"device":"b","t":2.5}
{"device":"ö, \"x\"","t":3.0}
{"device":"b","t":4.0}
"#;

const CSV: &str = "device,t\na,1.0\nb,2.5\n\"ö, \"\"x\"\"\",3.0\nb,4.0\n";

/// What of that comes out.
const OUT: &str = r#"{"device":"b","t":2.5}
{"device":"ö, \"x\"","t":3.0}
{"device":"b","t":4.0}
"#;

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn zstandard(text: &str) -> Vec<u8> {
    zstd::encode_all(text.as_bytes(), 1).unwrap()
}

/// The same four rows as Parquet.
fn parquet() -> Vec<u8> {
    let devices: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "ö, \"x\"", "b"]));
    let values: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.5, 3.0, 4.0]));
    let batch = RecordBatch::try_from_iter([("device", devices), ("t", values)]).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn json_csv_and_parquet_come_in_plain_and_packed() {
    let inputs: [(&str, Vec<u8>); 8] = [
        ("in.jsonl", JSON.into()),
        ("in.ndjson", JSON.replace('\n', "\r\n").into()),
        ("in.jsonl.gz", gzip(JSON)),
        ("in.json.zst", zstandard(JSON)),
        ("in.csv", CSV.into()),
        ("in.csv.gz", gzip(CSV)),
        ("in.csv.zst", zstandard(CSV)),
        ("in.parquet", parquet()),
    ];
    for (name, bytes) in inputs {
        let folder = Folder::new();
        folder.write(name, bytes).write("a.pipe", copy(name, "out.jsonl"));
        run(&folder, &["run", "a.pipe"]).ends_with(0).says("the ledger balances");
        assert_eq!(folder.read("out.jsonl"), OUT, "{name}");
        assert_eq!(folder.names(), ["a.pipe", name, "out.jsonl"], "nothing else is left");
    }
}

#[test]
fn json_csv_and_parquet_go_out_plain_and_packed() {
    let folder = Folder::new();
    folder.write("in.jsonl", JSON);
    for name in ["o.jsonl", "o.csv", "o.jsonl.gz", "o.jsonl.zst", "o.parquet", "deep/er/o.jsonl"] {
        folder.write("a.pipe", copy("in.jsonl", name));
        run(&folder, &["run", "a.pipe"]).ends_with(0);
    }
    let bytes = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    assert_eq!(folder.read("o.jsonl"), OUT);
    assert_eq!(folder.read("deep/er/o.jsonl"), OUT);
    assert_eq!(folder.read("o.csv"), "device,t\nb,2.5\n\"ö, \"\"x\"\"\",3.0\nb,4.0\n");
    let mut unpacked = String::new();
    flate2::read::MultiGzDecoder::new(&bytes("o.jsonl.gz")[..])
        .read_to_string(&mut unpacked)
        .unwrap();
    assert_eq!(unpacked, OUT);
    assert_eq!(zstd::decode_all(&bytes("o.jsonl.zst")[..]).unwrap(), OUT.as_bytes());
    let file = File::open(folder.path().join("o.parquet")).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
    let values: Vec<f64> = batches
        .iter()
        .flat_map(|it| it.column(1).as_primitive::<Float64Type>().values().to_vec())
        .collect();
    assert_eq!(values, [2.5, 3.0, 4.0]);
}

#[test]
fn standard_input_goes_to_standard_output() {
    let folder = Folder::new();
    folder.write("a.pipe", copy("-", "-"));
    let done = weir(&folder, &["run", "a.pipe"]).input(JSON).run();
    done.ends_with(0).says("the ledger balances");
    assert_eq!(done.out, OUT, "nothing but rows is there");
    let quiet = weir(&folder, &["run", "a.pipe", "--quiet"]).input(JSON).run();
    quiet.ends_with(0);
    assert_eq!((quiet.out.as_str(), quiet.err.as_str()), (OUT, ""));
    folder.write("a.pipe", copy("-", "-").replace("\"-\"", "\"-\", format: csv"));
    let csv = weir(&folder, &["run", "a.pipe", "--quiet"]).input(CSV).run();
    csv.ends_with(0);
    assert_eq!(csv.out, "device,t\nb,2.5\n\"ö, \"\"x\"\"\",3.0\nb,4.0\n");
    assert_eq!(folder.names(), ["a.pipe"]);
}

#[test]
fn a_glob_reads_every_file_that_matches() {
    let folder = Folder::new();
    folder.write("a.pipe", copy("in/*/*.jsonl", "out.jsonl"));
    for i in 0..20 {
        folder.write(&format!("in/{}/{i}.jsonl", i % 3), JSON);
    }
    folder.write("in/0/other.csv", CSV);
    let done = run(&folder, &["run", "a.pipe", "--report", "report.json"]);
    done.ends_with(0);
    let report = folder.json("report.json");
    report::check(&report, &["readings"], &[], &["out"]);
    assert_eq!(number(&report["sources"]["readings"], "read"), 80);
    let mut rows: Vec<String> = folder.read("out.jsonl").lines().map(str::to_owned).collect();
    rows.sort();
    let mut wanted: Vec<String> =
        OUT.lines().flat_map(|it| std::iter::repeat_n(it.to_owned(), 20)).collect();
    wanted.sort();
    assert_eq!(rows, wanted);
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let folder = Folder::new();
    folder.write("a.pipe", READINGS).write("in.jsonl", LINES.repeat(50));
    let results: Vec<_> = ["1", "2", "3", "8"]
        .iter()
        .map(|threads| {
            run(&folder, &["run", "a.pipe", "--threads", threads]).ends_with(0);
            (folder.read("averages.jsonl"), folder.read("alerts.jsonl"))
        })
        .collect();
    assert!(results.iter().all(|it| *it == results[0]));
    assert_eq!(folder.rows("rejected.jsonl").len(), 50);
}

#[test]
fn without_rows_there_are_empty_files() {
    let folder = Folder::new();
    folder.write("a.pipe", READINGS).write("in.jsonl", "");
    run(&folder, &["run", "a.pipe"]).ends_with(0);
    for name in ["averages.jsonl", "alerts.jsonl", "rejected.jsonl"] {
        assert_eq!(folder.read(name), "");
    }
}

#[test]
fn rejected_rows_have_a_reason_and_late_ones_are_counted() {
    let folder = Folder::new();
    folder.write("a.pipe", READINGS).write("in.jsonl", LINES);
    let done = run(&folder, &["run", "a.pipe", "--report", "report.json"]);
    // Rejected and late rows do not change the code.
    done.ends_with(0).says("minutes.late").says("late by 1m");
    let rejected = folder.rows("rejected.jsonl");
    assert_eq!(rejected.len(), 1);
    let names: Vec<&str> = rejected[0].as_object().unwrap().keys().map(String::as_str).collect();
    let mut wanted =
        ["reason", "detail", "column", "step", "payload", "payload_encoding", "received", "meta"];
    wanted.sort_unstable();
    assert_eq!(names, wanted);
    assert!(folder.read("rejected.jsonl").starts_with("{\"reason\":\"decode\",\"detail\":"));
    assert_eq!(rejected[0]["payload"], "broken");
    let report = folder.json("report.json");
    report::check(&report, &["readings"], &["hot", "minutes"], &["alerts", "averages", "rejected"]);
    assert_eq!(report["status"], "finished");
    assert_eq!(number(&report["sources"]["readings"], "errors"), 1);
    assert_eq!(number(&report["streams"]["minutes"], "late"), 1);
    assert_eq!(number(&report["streams"]["minutes"], "absorbed"), 3);
    assert_eq!(report["sources"]["readings"]["watermark"], serde_json::Value::Null);
}
