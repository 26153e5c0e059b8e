//! How many rows a second the sink `parquet` writes into a folder, beside the library's own writer over the same batches
//! and with the same settings, in the same run.
//!
//! ```text
//!  cargo bench -p weir-connectors --bench parquet            2,000,000 rows, each measured three times
//!  cargo bench -p weir-connectors --bench parquet -- 10000000
//! ```
//!
//! Files are in the folder for temporary files, and what is written is on the disk when the clock stops.

#![allow(missing_docs, unreachable_pub, dead_code, clippy::unwrap_used, reason = "a bench")]

#[path = "support/measure.rs"]
mod measure;

use ::parquet::arrow::ArrowWriter;
use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::file::properties::WriterProperties;
use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use connectors::parquet::ParquetSink;
use dsl::plan::{Arg, Args, Call, FromPlan, Input, Side, SinkPlan};
use dsl::signature::Kind;
use dsl::span::{Span, Spanned};
use dsl::types::{Column, Type};
use dsl::value::Value;
use engine::batch::{Batch, Stamps};
use engine::claims::Claims;
use engine::interrupt::Interrupt;
use engine::sink::{Finished, Sink, SinkContext, SinkDef, Written};
use engine::time::SystemClock;
use engine::types::schema;
use measure::{Measured, REPEAT, measured, report, say};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::{Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

/// How many devices there are.
const DEVICES: usize = 1_000;
/// How many rows come to the sink at a time.
const BATCH: usize = 8_192;
/// What the sink may hold.
const BUDGET: usize = 256 << 20;
/// 2026-01-01T00:00:00Z, in microseconds.
const START: i64 = 1_767_225_600_000_000;
/// How long is waited for room before it is looked at again; the sink wakes whoever waits.
const PAUSE: Duration = Duration::from_millis(100);

fn main() {
    let rows = std::env::args().find_map(|it| it.parse().ok()).unwrap_or(2_000_000);
    let count = (rows / BATCH).max(1);
    let rows = count * BATCH;
    let batches: Vec<RecordBatch> = (0..count).map(batch).collect();
    say(&format!("{rows} readings of {DEVICES} devices, zstd, median of {REPEAT}"));
    report("the library's writer", "row", |_| plain(&batches, rows));
    report("sink", "row", |_| sink(&batches, rows, &[]));
    let day = Arg::List(vec![Arg::Column("day".to_owned())]);
    report("sink, a folder a day", "row", |_| sink(&batches, rows, &[("partition", day.clone())]));
    let by = Arg::Columns(vec!["device_id".to_owned(), "timestamp".to_owned()]);
    report("sink, sorted", "row", |_| sink(&batches, rows, &[("sort", by.clone())]));
}

fn columns() -> Vec<Column> {
    let texts = ["device_id", "day"].map(|it| Column::new(it, Type::String.required()));
    let time = Column::new("timestamp", Type::Timestamp.required());
    let floats = ["temperature", "humidity", "pressure", "vibration"];
    let floats = floats.map(|it| Column::new(it, Type::FLOAT.required()));
    texts.into_iter().chain([time]).chain(floats).collect()
}

/// Readings as sensors send them: two digits behind the point, each device once a second, in the order of time.
fn batch(number: usize) -> RecordBatch {
    let rows = number * BATCH..(number + 1) * BATCH;
    let device = |n: usize| format!("device-{:04}", n % DEVICES);
    let time = |n: usize| START + (n / DEVICES) as i64 * 1_000_000;
    let reading = |n: usize, salt: usize| {
        let mixed = (n as u64 ^ salt as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        20.0 + (mixed >> 54) as f64 / 100.0
    };
    let mut arrays: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(rows.clone().map(device))),
        Arc::new(StringArray::from_iter_values(rows.clone().map(|_| "2026-01-01"))),
        Arc::new(
            TimestampMicrosecondArray::from_iter_values(rows.clone().map(time))
                .with_timezone("UTC"),
        ),
    ];
    for salt in 1..=4 {
        let readings = rows.clone().map(|n| reading(n, salt * 7919));
        arrays.push(Arc::new(Float64Array::from_iter_values(readings)));
    }
    RecordBatch::try_new(schema(&columns()), arrays).unwrap()
}

/// A folder that is gone when the measurement is over.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("weir-bench-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// How many rows its files hold.
    fn rows(&self) -> usize {
        rows_below(&self.0)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn rows_below(folder: &Path) -> usize {
    let paths = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let rows = |path: PathBuf| {
        if path.is_dir() {
            return rows_below(&path);
        }
        if path.extension().is_none_or(|it| it != "parquet") {
            return 0;
        }
        let file = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
        usize::try_from(file.metadata().file_metadata().num_rows()).unwrap()
    };
    paths.map(rows).sum()
}

fn plain(batches: &[RecordBatch], rows: usize) -> Measured {
    let folder = Folder::new();
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).unwrap()))
        .set_max_row_group_row_count(Some(1 << 20))
        .build();
    let found = measured(rows, || {
        let file = File::create(folder.0.join("plain.parquet")).unwrap();
        let mut writer = ArrowWriter::try_new(file, schema(&columns()), Some(properties)).unwrap();
        for batch in batches {
            writer.write(batch).unwrap();
        }
        writer.into_inner().unwrap().sync_all().unwrap();
    });
    assert_eq!(folder.rows(), rows);
    found
}

fn sink(batches: &[RecordBatch], rows: usize, given: &[(&'static str, Arg)]) -> Measured {
    let folder = Folder::new();
    let io = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let mut sink = open(&folder.0.join("lake"), given, io.handle().clone());
    let batches: Vec<Batch> = batches.iter().map(whole).collect();
    let found = measured(rows, || {
        for batch in &batches {
            while sink.write(batch).unwrap() == Written::Busy {
                std::thread::park_timeout(PAUSE);
            }
        }
        while sink.finish(true).unwrap() == Finished::Busy {
            std::thread::park_timeout(PAUSE);
        }
    });
    assert_eq!(folder.rows(), rows);
    found
}

fn whole(columns: &RecordBatch) -> Batch {
    let times = vec![START; columns.num_rows()].into();
    Batch { columns: columns.clone(), times, stamps: Stamps::same(0), meta: None, order: None }
}

/// Wakes the thread that writes.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn span() -> Span {
    Span::new(0, 0)
}

fn args(given: impl IntoIterator<Item = (&'static str, Arg)>) -> Args {
    let given = given.into_iter().map(|(name, arg)| (name.to_owned(), Spanned::new(arg, span())));
    Args { given: given.collect() }
}

/// Opens the sink as the runtime does, with the defaults of its options, but for files that end by size alone.
fn open(folder: &Path, given: &[(&'static str, Arg)], io: tokio::runtime::Handle) -> Box<dyn Sink> {
    let micros = |micros: i64| Value::Duration(micros);
    let wait = |seconds: i64| Some(Box::new(micros(seconds * 1_000_000)));
    let size = ("size", Arg::Value(Value::Size(128 << 20)));
    let every = ("every", Arg::Value(micros(3_600_000_000)));
    let mut all = BTreeMap::from([
        ("path", Arg::Value(Value::String(folder.to_string_lossy().into_owned()))),
        ("roll", Arg::Record(args([size, every]))),
        ("compression", Arg::Choice("zstd".to_owned())),
        ("retry", Arg::Value(Value::Range(wait(1), wait(64)))),
    ]);
    all.extend(given.iter().cloned());
    let plan = SinkPlan {
        name: "lake".to_owned(),
        from: FromPlan::One(Input { name: "readings".to_owned(), side: Side::Main }),
        steps: Vec::new(),
        connector: Call {
            word: "parquet".to_owned(),
            kind: Kind::Sink,
            args: args(all),
            span: span(),
        },
        format: None,
        columns: columns(),
        span: span(),
    };
    let context = SinkContext {
        pipeline: "bench".to_owned(),
        encoder: None,
        bounded: false,
        clock: Arc::new(SystemClock::new()),
        waker: Waker::from(Arc::new(Unpark(std::thread::current()))),
        errors_read: true,
        io,
        interrupt: Interrupt::default(),
        claims: Claims::default(),
        budget: BUDGET,
    };
    ParquetSink.open(&plan, context).unwrap()
}
