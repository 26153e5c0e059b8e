//! Opens the sink by hand, as the runtime does.

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use dsl::catalog::SinkRule;
use dsl::plan::{Arg, Args, Call, Expr, ExprKind, FromPlan, Input, Side, SinkPlan};
use dsl::signature::Kind;
use dsl::span::{Span, Spanned};
use dsl::types::{Column, Type};
use dsl::value::Value;
use engine::batch::{Batch, Stamps};
use engine::claims::Claims;
use engine::error::Result;
use engine::interrupt::Interrupt;
use engine::reason::Reason;
use engine::sink::{Finished, Prepared, Sink, SinkContext, SinkDef, Written};
use engine::time::{Clock, SystemClock};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::task::{Wake, Waker};
use std::time::Duration;
use tokio::runtime::Runtime;

const PATIENCE: Duration = Duration::from_secs(30);
const NAMES: [&str; 4] = ["key", "v", "n", "note"];
const SECOND: i64 = 1_000_000;
/// Some time in 2026, in seconds.
pub const START: i64 = 1_767_247_200;

pub fn text(value: &str) -> Arg {
    Arg::Value(Value::String(value.to_owned()))
}

pub fn int(value: i64) -> Arg {
    Arg::Value(Value::Int(value))
}

pub fn bool(value: bool) -> Arg {
    Arg::Value(Value::Bool(value))
}

pub fn millis(value: i64) -> Arg {
    Arg::Value(Value::Duration(value * 1_000))
}

pub fn columns(names: &[&str]) -> Arg {
    Arg::Columns(names.iter().map(|it| (*it).to_owned()).collect())
}

pub fn measurement(name: &str) -> Arg {
    let kind = ExprKind::Literal(Value::String(name.to_owned()));
    Arg::Expr(Expr { kind, typed: Type::String.required(), span: span() })
}

pub fn record(entries: &[(&str, Arg)]) -> Arg {
    let entry = |(name, arg): &(&str, Arg)| ((*name).to_owned(), Spanned::new(arg.clone(), span()));
    Arg::Record(Args { given: entries.iter().map(entry).collect() })
}

fn span() -> Span {
    Span::new(0, 0)
}

/// As the checker fills them in; retries come sooner, so that tests end sooner.
fn args(given: &[(&str, Arg)]) -> Args {
    let wait = |micros| Some(Box::new(Value::Duration(micros)));
    let mut all: BTreeMap<&str, Arg> = BTreeMap::from([
        ("measurement", measurement("m")),
        ("tags", columns(&["key"])),
        ("precision", Arg::Choice("ns".to_owned())),
        ("batch", int(5_000)),
        ("linger", millis(1_000)),
        ("gzip", bool(true)),
        ("retry", Arg::Value(Value::Range(wait(SECOND / 50), wait(SECOND / 10)))),
    ]);
    all.extend(given.iter().map(|(name, arg)| (*name, arg.clone())));
    let signature = connectors::influxdb::InfluxdbSink.signature();
    assert!(all.keys().all(|it| signature.param(it).is_some()), "unknown options");
    let given = all.into_iter().map(|(name, arg)| (name.to_owned(), Spanned::new(arg, span())));
    Args { given: given.collect() }
}

/// Called by the sink when there is more to do.
struct Bell(SyncSender<()>);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        if let Err(TrySendError::Disconnected(())) = self.0.try_send(()) {}
    }
}

/// An open sink over rows `(key: string?, v: float?, n: int?, note: string?)`.
pub struct Drain {
    pub sink: Box<dyn Sink>,
    bell: Receiver<()>,
    // Ends behind the sink.
    _io: Runtime,
}

/// How a sink is opened.
pub struct Opening {
    pub budget: usize,
    pub errors_read: bool,
    pub clock: Arc<dyn Clock>,
    /// What the columns are called.
    pub names: [&'static str; 4],
}

impl Default for Opening {
    fn default() -> Self {
        let clock = Arc::new(SystemClock::new());
        Self { budget: 64 << 20, errors_read: true, clock, names: NAMES }
    }
}

/// Opens a sink named `points`.
pub fn open(given: &[(&str, Arg)]) -> Result<Drain> {
    open_as(given, Opening::default())
}

pub fn open_as(given: &[(&str, Arg)], opening: Opening) -> Result<Drain> {
    let call = |args| Call { word: "influxdb".to_owned(), kind: Kind::Sink, args, span: span() };
    let plan = SinkPlan {
        name: "points".to_owned(),
        from: FromPlan::One(Input { name: "rows".to_owned(), side: Side::Main }),
        steps: Vec::new(),
        connector: call(args(given)),
        format: None,
        columns: row_columns(opening.names),
        span: span(),
    };
    let mut io = tokio::runtime::Builder::new_multi_thread();
    let io = io.worker_threads(1).enable_all().build().unwrap();
    let (ring, bell) = sync_channel(1);
    let context = SinkContext {
        pipeline: "test".to_owned(),
        encoder: None,
        bounded: false,
        clock: opening.clock,
        waker: Waker::from(Arc::new(Bell(ring))),
        errors_read: opening.errors_read,
        io: io.handle().clone(),
        interrupt: Interrupt::default(),
        claims: Claims::default(),
        budget: opening.budget,
    };
    let sink = connectors::influxdb::InfluxdbSink.open(&plan, context)?;
    Ok(Drain { sink, bell, _io: io })
}

/// Why it does not open.
pub fn refused(given: &[(&str, Arg)]) -> String {
    open(given).err().expect("it does not open").to_string()
}

impl Drain {
    /// Writes rows, waiting while the sink is busy. Those that could not be written at once.
    pub fn write(&mut self, rows: &[Row]) -> Vec<u32> {
        let batch = batch(rows);
        loop {
            match self.sink.write(&batch).unwrap() {
                Written::Taken(faults) => return faults.iter().map(|it| it.row).collect(),
                Written::Busy => self.wait(),
            }
        }
    }

    /// Waits until everything is written or refused. The number `n` of each refused row, and why.
    pub fn prepare(&mut self) -> Result<Vec<(i64, String)>> {
        while self.sink.prepare(1)? == Prepared::Busy {
            self.wait();
        }
        Ok(self.take_refused())
    }

    /// Waits until everything is out, and closes.
    pub fn finish(&mut self) -> Vec<(i64, String)> {
        while self.sink.finish(true).unwrap() == Finished::Busy {
            self.wait();
        }
        let refused = self.take_refused();
        assert_eq!((self.sink.unwritten(), self.sink.bytes()), (0, 0));
        refused
    }

    pub fn take_refused(&mut self) -> Vec<(i64, String)> {
        let mut found = Vec::new();
        for refused in self.sink.refused() {
            let numbers = refused.rows.columns.column(2);
            let numbers = numbers.as_any().downcast_ref::<Int64Array>().unwrap();
            for fault in refused.faults {
                assert_eq!(fault.reason, Reason::Sink);
                found.push((numbers.value(fault.row as usize), fault.detail));
            }
        }
        found
    }

    pub fn wait(&self) {
        self.bell.recv_timeout(PATIENCE).expect("the sink goes on");
    }
}

/// A row, `at` seconds behind [`START`].
#[derive(Clone, Debug, Default)]
pub struct Row {
    pub key: Option<String>,
    pub v: Option<f64>,
    pub n: i64,
    pub note: Option<String>,
    pub at: i64,
}

/// Rows of two keys, with their number as value and time.
pub fn numbered(range: std::ops::Range<i64>) -> Vec<Row> {
    let row = |n: i64| Row {
        key: Some(if n % 2 == 0 { "a" } else { "b" }.to_owned()),
        v: Some(n as f64 / 2.0),
        n,
        note: None,
        at: n,
    };
    range.map(row).collect()
}

fn row_columns(names: [&str; 4]) -> Vec<Column> {
    let types = [Type::String, Type::FLOAT, Type::Int, Type::String];
    names.into_iter().zip(types).map(|(name, it)| Column::new(name, it.nullable())).collect()
}

pub fn batch(rows: &[Row]) -> Batch {
    let keys: ArrayRef = Arc::new(rows.iter().map(|it| it.key.clone()).collect::<StringArray>());
    let values: ArrayRef = Arc::new(rows.iter().map(|it| it.v).collect::<Float64Array>());
    let numbers: ArrayRef = Arc::new(rows.iter().map(|it| it.n).collect::<Int64Array>());
    let notes: ArrayRef = Arc::new(rows.iter().map(|it| it.note.clone()).collect::<StringArray>());
    let schema = engine::types::schema(&row_columns(NAMES));
    Batch {
        columns: RecordBatch::try_new(schema, vec![keys, values, numbers, notes]).unwrap(),
        times: rows.iter().map(|it| (START + it.at) * SECOND).collect(),
        stamps: Stamps::same(i64::MIN),
        meta: None,
        order: None,
    }
}
