//! The sink over a folder: what is written is read back, with the library and by its names.

mod breaking;
mod content;
mod folders;
mod rolling;

use super::ParquetSink;
use crate::testing::{Folder, commit, finish, sink_context, sink_plan, span, text, write};
use arrow::array::*;
use arrow::compute::concat_batches;
use arrow::datatypes::Int64Type;
use dsl::plan::{Arg, Args};
use dsl::span::Spanned;
use dsl::types::{Column, Type};
use dsl::value::Value;
use engine::reason::{Fault, Reason};
use engine::sink::{Sink, SinkContext, SinkDef};
use engine::time::ManualClock;
use engine::types::schema;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

const HOUR: i64 = 3_600_000_000;

fn columns() -> Vec<Column> {
    vec![
        Column::new("site", Type::String.nullable()),
        Column::new("at", Type::Timestamp.nullable()),
        Column::new("n", Type::Int.required()),
    ]
}

fn rows(rows: &[(Option<&str>, Option<i64>, i64)]) -> RecordBatch {
    let times: TimestampMicrosecondArray = rows.iter().map(|it| it.1).collect();
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(rows.iter().map(|it| it.0).collect::<StringArray>()),
        Arc::new(times.with_timezone("UTC")),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|it| it.2))),
    ];
    RecordBatch::try_new(schema(&columns()), arrays).unwrap()
}

/// `count` rows of one site, numbered.
fn numbers(site: &str, from: i64, count: i64) -> RecordBatch {
    let all: Vec<_> = (from..from + count).map(|n| (Some(site), Some(0), n)).collect();
    rows(&all)
}

fn list(args: &[Arg]) -> Arg {
    Arg::List(args.to_vec())
}

fn column(name: &str) -> Arg {
    Arg::Column(name.to_owned())
}

fn of(word: &str, column: &str) -> Arg {
    Arg::Of { word: word.to_owned(), column: column.to_owned() }
}

fn named(names: &[&str]) -> Arg {
    Arg::Columns(names.iter().map(|it| (*it).to_owned()).collect())
}

fn roll(size: u64, every: i64, rows: Option<i64>) -> Arg {
    let value = |value| Spanned::new(Arg::Value(value), span());
    let mut given = vec![
        ("size".to_owned(), value(Value::Size(size))),
        ("every".to_owned(), value(Value::Duration(every))),
    ];
    given.extend(rows.map(|it| ("rows".to_owned(), value(Value::Int(it)))));
    Arg::Record(Args { given })
}

/// Opens the sink for `lake` in a folder.
fn open(folder: &Folder, options: &[(&'static str, Arg)], context: SinkContext) -> Box<dyn Sink> {
    open_with(folder, options, columns(), context)
}

fn open_with(
    folder: &Folder,
    options: &[(&'static str, Arg)],
    columns: Vec<Column>,
    context: SinkContext,
) -> Box<dyn Sink> {
    let mut given = vec![("path", text(&folder.path("lake")))];
    given.extend(options.iter().cloned());
    let plan = sink_plan(&ParquetSink, &given, columns);
    ParquetSink.open(&plan, context).unwrap()
}

fn context() -> SinkContext {
    sink_context(None, false)
}

/// Every file that can be seen below `lake`, by its path there.
fn files(folder: &Folder) -> BTreeMap<String, RecordBatch> {
    fn walk(root: &Path, folder: &Path, files: &mut BTreeMap<String, RecordBatch>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if name.starts_with('.') {
                continue;
            }
            if path.is_dir() {
                walk(root, &path, files);
            } else {
                files.insert(name, read(&path));
            }
        }
    }
    let mut all = BTreeMap::new();
    let root = folder.path("lake");
    walk(root.as_ref(), root.as_ref(), &mut all);
    all
}

fn read(path: &Path) -> RecordBatch {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let schema = Arc::clone(builder.schema());
    let batches: Vec<RecordBatch> = builder.build().unwrap().map(Result::unwrap).collect();
    concat_batches(&schema, &batches).unwrap()
}

/// The column `n` of a file.
fn ns(rows: &RecordBatch) -> Vec<i64> {
    rows.column_by_name("n").unwrap().as_primitive::<Int64Type>().values().to_vec()
}

/// The numbers in each file.
fn contents(folder: &Folder) -> Vec<(String, Vec<i64>)> {
    files(folder).into_iter().map(|(name, rows)| (name, ns(&rows))).collect()
}

/// Waits until it is so.
fn until(mut is_so: impl FnMut() -> bool) {
    for _ in 0..10_000 {
        if is_so() {
            return;
        }
        std::thread::park_timeout(std::time::Duration::from_millis(1));
    }
    panic!("it did not become so");
}
