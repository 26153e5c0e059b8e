//! Files written: whole or growing, compressed, one for each value, and what is said when that is not possible.

use super::read;
use crate::file::FileSink;
use crate::file::files::OPEN_MAX;
use crate::testing::{Folder, bool, commit, finish, sink_context, sink_plan, text, write};
use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Int64Type;
use dsl::plan::{Arg, Expr, ExprKind, Flow, SinkPlan, TemplatePart};
use dsl::types::{Column, Type};
use engine::codec::{Encoder, Frame};
use engine::error::Result;
use engine::sink::{Sink, SinkContext, SinkDef};
use engine::types::schema;
use std::sync::Arc;

/// Writes `site:n`, with a header where there is one.
struct Plain {
    header: &'static str,
}

impl Encoder for Plain {
    fn encode(
        &mut self,
        rows: &RecordBatch,
        out: &mut Vec<u8>,
        ends: &mut Vec<usize>,
    ) -> Result<()> {
        let (sites, numbers) =
            (rows.column(0).as_string::<i32>(), rows.column(1).as_primitive::<Int64Type>());
        for row in 0..rows.num_rows() {
            let site = sites.iter().nth(row).flatten().unwrap_or("-");
            out.extend_from_slice(format!("{site}:{}", numbers.value(row)).as_bytes());
            ends.push(out.len());
        }
        Ok(())
    }

    fn frame(&self) -> Frame {
        Frame { header: self.header.into(), terminator: b"\n".to_vec() }
    }
}

fn columns() -> Vec<Column> {
    vec![Column::new("site", Type::String.nullable()), Column::new("n", Type::Int.required())]
}

fn rows(sites: &[Option<&str>], numbers: impl IntoIterator<Item = i64>) -> RecordBatch {
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(sites.to_vec())),
        Arc::new(Int64Array::from_iter_values(numbers)),
    ];
    RecordBatch::try_new(schema(&columns()), arrays).unwrap()
}

fn numbers(range: std::ops::Range<i64>) -> RecordBatch {
    let sites = vec![Some("a"); (range.end - range.start) as usize];
    rows(&sites, range)
}

fn written(range: std::ops::Range<i64>) -> String {
    range.map(|it| format!("a:{it}\n")).collect::<Vec<_>>().concat()
}

/// The path with `{site}` filled in from the rows.
fn pattern(path: &str) -> Arg {
    let site = ExprKind::Column("site".to_owned());
    let value = Expr { kind: site, typed: Type::String.nullable(), span: crate::testing::span() };
    let hole = TemplatePart::Hole { value, decimals: None };
    let mut parts = Vec::new();
    for (i, text) in path.split("{site}").enumerate() {
        if i > 0 {
            parts.push(hole.clone());
        }
        if !text.is_empty() {
            parts.push(TemplatePart::Text(text.to_owned()));
        }
    }
    Arg::RowPattern(parts)
}

fn open(path: &str, bounded: bool, append: bool) -> Result<Box<dyn Sink>> {
    let given = vec![("path", pattern(path)), ("append", bool(append))];
    let plan = sink_plan(&FileSink, &given, columns());
    let header = if path.contains(".csv") { "site:n\n" } else { "" };
    FileSink.open(&plan, sink_context(Some(Box::new(Plain { header })), bounded))
}

#[test]
fn a_bounded_run_shows_its_file_when_it_is_whole() {
    let folder = Folder::new();
    folder.write("out.jsonl", "of an earlier run\n");
    let mut sink = open(&folder.path("out.jsonl"), true, false).unwrap();
    write(sink.as_mut(), &numbers(0..3)).unwrap();
    commit(sink.as_mut(), 1).unwrap();
    assert_eq!(folder.read("out.jsonl"), "of an earlier run\n");
    assert_eq!(folder.names().len(), 2, "{:?}", folder.names());
    assert!(folder.names()[0].starts_with(".weir-"));
    write(sink.as_mut(), &numbers(3..5)).unwrap();
    finish(sink.as_mut()).unwrap();
    assert_eq!(folder.read("out.jsonl"), written(0..5));
    drop(sink);
    assert_eq!(folder.names(), ["out.jsonl"]);
}

#[test]
fn a_run_that_breaks_off_leaves_nothing() {
    let folder = Folder::new();
    for path in ["out.jsonl", "out.csv.gz", "out.parquet", "by/{site}.jsonl"] {
        let mut sink = open(&folder.path(path), true, false).unwrap();
        write(sink.as_mut(), &numbers(0..3)).unwrap();
        commit(sink.as_mut(), 1).unwrap();
        drop(sink);
    }
    assert_eq!(folder.names(), ["by"]);
    assert_eq!(std::fs::read_dir(folder.path("by")).unwrap().count(), 0);
}

/// How many rows of five are not to be seen: behind a checkpoint, and when the run broke then or had ended.
#[test]
fn rows_count_as_written_when_others_see_them() {
    for (path, bounded, append, hidden) in [
        ("out.jsonl", true, false, 5),
        ("out.csv.gz", true, false, 5),
        ("out.parquet", false, false, 5),
        ("out.jsonl", false, false, 0),
        ("out.jsonl.zst", true, true, 2),
    ] {
        for ends in [false, true] {
            let folder = Folder::new();
            let mut sink = open(&folder.path(path), bounded, append).unwrap();
            write(sink.as_mut(), &numbers(0..3)).unwrap();
            commit(sink.as_mut(), 1).unwrap();
            write(sink.as_mut(), &numbers(3..5)).unwrap();
            if ends {
                finish(sink.as_mut()).unwrap();
                assert_eq!(sink.unwritten(), 0, "{path}");
            } else {
                while sink.bytes() > 0 && !path.ends_with("parquet") {
                    std::thread::yield_now();
                }
                sink.abandon();
                assert_eq!(sink.unwritten(), hidden, "{path}");
            }
        }
    }
}

#[test]
fn rows_without_end_are_seen_while_they_come() {
    let folder = Folder::new();
    for (path, header) in [("out.jsonl", ""), ("out.csv", "site:n\n")] {
        folder.write(path, "of an earlier run\n");
        let mut sink = open(&folder.path(path), false, false).unwrap();
        assert_eq!(folder.read(path), header);
        write(sink.as_mut(), &numbers(0..3)).unwrap();
        commit(sink.as_mut(), 1).unwrap();
        assert_eq!(folder.read(path), format!("{header}{}", written(0..3)));
        drop(sink);
        assert_eq!(folder.read(path), format!("{header}{}", written(0..3)));
    }
}

#[test]
fn appended_rows_stand_behind_what_is_there_even_if_that_broke_off() {
    let folder = Folder::new();
    for (range, before) in [(0..2, ""), (2..4, ""), (4..5, "torn")] {
        let before = format!(
            "{}{before}",
            if folder.names().is_empty() { String::new() } else { folder.read("out.csv") }
        );
        folder.write("out.csv", before);
        let mut sink = open(&folder.path("out.csv"), true, true).unwrap();
        write(sink.as_mut(), &numbers(range)).unwrap();
        finish(sink.as_mut()).unwrap();
    }
    let expected = format!("site:n\n{}torn\n{}", written(0..4), written(4..5));
    assert_eq!(folder.read("out.csv"), expected);
}

#[test]
fn compressed_files_read_back_also_when_they_were_appended_to() {
    let folder = Folder::new();
    for name in ["out.jsonl.gz", "out.jsonl.zst"] {
        let path = folder.path(name);
        for range in [0..2_000, 2_000..2_010] {
            let mut sink = open(&path, true, true).unwrap();
            write(sink.as_mut(), &numbers(range)).unwrap();
            commit(sink.as_mut(), 1).unwrap();
            finish(sink.as_mut()).unwrap();
        }
        assert!(std::fs::metadata(&path).unwrap().len() < 10_000);
        assert_eq!(read(&path, vec![], &[], 1 << 20).text(&path), written(0..2_010));
    }
}

#[test]
fn without_rows_there_is_an_empty_file() {
    let folder = Folder::new();
    for name in ["out.jsonl", "out.parquet"] {
        let mut sink = open(&folder.path(name), true, false).unwrap();
        finish(sink.as_mut()).unwrap();
    }
    assert_eq!(folder.read("out.jsonl"), "");
    assert_eq!(crate::file::parquet::columns(&folder.path("out.parquet")).unwrap(), columns());
}

#[test]
fn a_column_in_the_path_makes_a_file_for_each_value_and_many_of_them() {
    let folder = Folder::new();
    let files = OPEN_MAX + 30;
    let sites: Vec<String> = (0..files).map(|it| format!("site-{it}")).collect();
    let sites: Vec<Option<&str>> = sites.iter().map(|it| Some(it.as_str())).collect();
    for bounded in [true, false] {
        let name = format!("{bounded}/{{site}}.csv.gz");
        let mut sink = open(&folder.path(&name), bounded, false).unwrap();
        for round in 0..3 {
            write(sink.as_mut(), &rows(&sites, vec![round; files])).unwrap();
        }
        finish(sink.as_mut()).unwrap();
        for site in sites.iter().flatten() {
            let path = folder.path(&format!("{bounded}/{site}.csv.gz"));
            let expected = format!("site:n\n{site}:0\n{site}:1\n{site}:2\n");
            assert_eq!(read(&path, vec![], &[], 1 << 20).text(&path), expected);
        }
    }
}

#[test]
fn there_may_be_more_parquet_files_than_handles() {
    let folder = Folder::new();
    let sites: Vec<String> = (0..OPEN_MAX + 30).map(|it| format!("site-{it}")).collect();
    let sites: Vec<Option<&str>> = sites.iter().map(|it| Some(it.as_str())).collect();
    let mut sink = open(&folder.path("{site}.parquet"), true, false).unwrap();
    for round in 0..3 {
        write(sink.as_mut(), &rows(&sites, vec![round; sites.len()])).unwrap();
    }
    finish(sink.as_mut()).unwrap();
    for site in sites.iter().flatten() {
        let path = folder.path(&format!("{site}.parquet"));
        let brought = super::parquet::load(&path);
        assert_eq!(brought, rows(&[Some(*site); 3], 0..3));
    }
}

#[test]
fn no_value_leaves_its_place_in_the_path() {
    let folder = Folder::new();
    let mut sink = open(&folder.path("out/{site}/x.jsonl"), true, false).unwrap();
    let long = "x".repeat(300);
    let sites = [
        Some("../../up"),
        Some(".."),
        Some(".hidden"),
        Some("a\\b\0"),
        None,
        Some(""),
        Some(&long),
    ];
    let faults = write(sink.as_mut(), &rows(&sites, 0..7)).unwrap();
    finish(sink.as_mut()).unwrap();
    let mut names: Vec<String> = std::fs::read_dir(folder.path("out"))
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["_", "_.", "_._.._up", "_hidden", "a_b_", "null"]);
    assert_eq!(folder.names(), ["out"]);
    assert_eq!(faults.len(), 1);
    assert_eq!((faults[0].row, faults[0].reason), (6, engine::reason::Reason::Sink));
}

#[test]
fn what_cannot_be_written_is_said_when_it_is_opened() {
    let folder = Folder::new();
    folder.write("file", "x");
    std::fs::create_dir(folder.path("folder.csv")).unwrap();
    let error = |path: &str| open(&folder.path(path), true, false).err().expect(path).to_string();
    assert!(
        error("file/out.jsonl").contains("a part of it is a file"),
        "{}",
        error("file/out.jsonl")
    );
    assert!(error("file/{site}.jsonl").contains("`path`: the folder"));
    assert!(error("folder.csv").contains("is a folder"), "{}", error("folder.csv"));
    assert_eq!(folder.names(), ["file", "folder.csv"]);
}

/// The first has finished before the second comes to the same file.
#[test]
fn no_sink_replaces_what_another_one_of_the_run_wrote() {
    let folder = Folder::new();
    let context = sink_context(Some(Box::new(Plain { header: "" })), true);
    let claims = context.claims.clone();
    let plan = |name: &str, path: &str| {
        let given = vec![("path", pattern(&folder.path(path))), ("append", bool(false))];
        SinkPlan { name: name.to_owned(), ..sink_plan(&FileSink, &given, columns()) }
    };
    let mut first = FileSink.open(&plan("one", "a.jsonl"), context).unwrap();
    write(first.as_mut(), &numbers(0..3)).unwrap();
    finish(first.as_mut()).unwrap();
    drop(first);
    let context = sink_context(Some(Box::new(Plain { header: "" })), true);
    let context = SinkContext { claims, ..context };
    let error = FileSink.open(&plan("two", "./a.jsonl"), context).err().unwrap().to_string();
    assert!(error.contains("written by another sink"), "{error}");
    assert_eq!(folder.read("a.jsonl"), written(0..3));
}

#[test]
fn a_full_disk_is_an_error_that_names_the_file() {
    if !std::path::Path::new("/dev/full").exists() {
        // Only Linux has it.
        return;
    }
    let folder = Folder::new();
    #[cfg(unix)]
    std::os::unix::fs::symlink("/dev/full", folder.path("out.jsonl")).unwrap();
    let mut sink = open(&folder.path("out.jsonl"), false, false).unwrap();
    write(sink.as_mut(), &numbers(0..3)).unwrap();
    let error = commit(sink.as_mut(), 1).unwrap_err().to_string();
    assert!(error.contains("out.jsonl` cannot be written: the disk is full"), "{error}");
}

#[test]
fn advice_is_given_where_rows_would_be_lost() {
    use dsl::catalog::SinkRule;
    let said = |path: &str, given: Vec<(&'static str, Arg)>, bounded| {
        let mut given = given;
        given.push(("path", pattern(path)));
        let args = crate::testing::args(FileSink.signature(), &given);
        let flow = Flow { columns: columns(), meta: true, window: None, updates: false, key: None };
        let mut report = Vec::new();
        FileSink.check(&args, &flow, bounded, crate::testing::span(), &mut report);
        report.iter().map(|it| it.code.to_string()).collect::<Vec<_>>()
    };
    let append = || vec![("append", bool(true))];
    assert!(said("a.jsonl", vec![], true).is_empty());
    assert_eq!(said("a.jsonl", vec![], false), ["W0904"]);
    assert!(said("a.jsonl", append(), false).is_empty());
    assert!(said("-", vec![], false).is_empty());
    assert_eq!(said("a.parquet", vec![], false), ["W0904"]);
    assert_eq!(said("a.parquet", append(), true), ["E0422"]);
    assert_eq!(said("a.txt", vec![], true), ["E0401"]);
    assert_eq!(said("{site}", vec![], true), ["W0904"]);
    assert!(said("{site}", vec![("format", text("json"))], true).is_empty());
}
