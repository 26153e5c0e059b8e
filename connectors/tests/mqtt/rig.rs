//! Opens the connector's words by hand, as the runtime does, and waits for what they do.

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use dsl::plan::{Arg, Args, Call, FromPlan, Input, Side, SinkPlan, SourcePlan};
use dsl::signature::Kind;
use dsl::types::{Column, Type};
use engine::batch::{Batch, Stamps};
use engine::claims::Claims;
use engine::codec::{Encoder, Frame};
use engine::error::{Error, Result};
use engine::interrupt::Interrupt;
use engine::sink::{Finished, Prepared, Sink, SinkContext, SinkDef, Written};
use engine::source::{
    Message, PayloadData, Payloads, Polled, Source, SourceContext, SourceDef, SplitEvent,
};
use engine::time::{Clock, SystemClock};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::task::{Wake, Waker};
use std::time::Duration;
use tokio::runtime::Runtime;

// Named, since the bench takes this file in from elsewhere.
#[path = "rig/options.rs"]
mod options;

pub use options::*;
use options::{args, connection_defaults, span};

/// How long a test waits for something that should happen at once.
pub const PATIENCE: Duration = Duration::from_secs(30);

fn call(kind: Kind, args: Args) -> Call {
    Call { word: "mqtt".to_owned(), kind, args, span: span() }
}

/// Called by the connector when there is more to do.
struct Bell(SyncSender<()>);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        if let Err(TrySendError::Disconnected(())) = self.0.try_send(()) {}
    }
}

/// What a source or sink runs on.
struct Ground {
    io: Runtime,
    bell: Receiver<()>,
    waker: Waker,
}

impl Ground {
    fn new() -> Self {
        let mut io = tokio::runtime::Builder::new_multi_thread();
        let io = io.worker_threads(1).enable_all().build().unwrap();
        let (ring, bell) = sync_channel(1);
        Self { io, bell, waker: Waker::from(Arc::new(Bell(ring))) }
    }

    /// Waits until the connector calls.
    fn wait(&self) {
        self.bell.recv_timeout(PATIENCE).expect("the connector goes on");
    }
}

/// An open source.
pub struct Feed {
    pub source: Box<dyn Source>,
    ground: Ground,
}

/// Opens a source named `readings` of the pipeline `test`.
pub fn feed(given: &[(&str, Arg)]) -> Result<Feed> {
    feed_within(given, 64 << 20)
}

/// The same with a budget of its own.
pub fn feed_within(given: &[(&str, Arg)], budget: usize) -> Result<Feed> {
    feed_by(given, budget, Arc::new(SystemClock::new()))
}

/// The same by a clock of its own.
pub fn feed_by(given: &[(&str, Arg)], budget: usize, clock: Arc<dyn Clock>) -> Result<Feed> {
    let plan = SourcePlan {
        name: "readings".to_owned(),
        connector: call(Kind::Source, source_args(given)),
        format: None,
        schema: None,
        columns: Vec::new(),
        time: None,
        bounded: false,
        span: span(),
    };
    let ground = Ground::new();
    let context = SourceContext {
        pipeline: "test".to_owned(),
        positions: BTreeMap::new(),
        framing: Arc::new(|| None),
        needed: Vec::new(),
        clock,
        waker: ground.waker.clone(),
        io: ground.io.handle().clone(),
        interrupt: Interrupt::default(),
        budget,
    };
    let source = connectors::mqtt::MqttSource.open(&plan, context)?;
    Ok(Feed { source, ground })
}

/// Why it does not open.
pub fn refused(outcome: Result<Feed>) -> String {
    outcome.err().expect("it does not open").to_string()
}

impl Feed {
    /// The next that is not `Pending`.
    pub fn poll(&mut self) -> Result<Polled> {
        self.poll_within(64 << 10)
    }

    /// The same, of at most about so many bytes.
    pub fn poll_within(&mut self, limit: usize) -> Result<Polled> {
        loop {
            match self.source.poll(limit)? {
                Polled::Pending => self.ground.wait(),
                polled => return Ok(polled),
            }
        }
    }

    /// The next payloads; what happens to splits is passed over.
    pub fn payloads(&mut self) -> Result<Payloads> {
        loop {
            if let Polled::Payloads(payloads) = self.poll()? {
                return Ok(payloads);
            }
        }
    }

    /// What there is, acknowledged; nothing if there is nothing.
    pub fn try_take(&mut self) -> Vec<Message> {
        let Polled::Payloads(payloads) = self.source.poll(64 << 10).unwrap() else {
            return Vec::new();
        };
        self.source.acknowledge(&payloads.split, &payloads.position).unwrap();
        messages(payloads)
    }

    /// So many messages or a few more, acknowledged as they come.
    pub fn take(&mut self, count: usize) -> Vec<Message> {
        let mut taken = Vec::new();
        while taken.len() < count {
            let payloads = self.payloads().unwrap();
            self.source.acknowledge(&payloads.split, &payloads.position).unwrap();
            taken.extend(messages(payloads));
        }
        taken
    }

    /// Waits for this event of any split; payloads before it are returned, not acknowledged.
    pub fn until(&mut self, event: SplitEvent) -> Vec<Message> {
        let mut passed = Vec::new();
        loop {
            match self.poll().unwrap() {
                Polled::Split(_, found) if found == event => return passed,
                Polled::Payloads(payloads) => passed.extend(messages(payloads)),
                _ => {}
            }
        }
    }

    /// The error that ends it.
    pub fn error(&mut self) -> Error {
        loop {
            if let Err(error) = self.poll() {
                return error;
            }
        }
    }
}

pub fn messages(payloads: Payloads) -> Vec<Message> {
    match payloads.data {
        PayloadData::Messages(messages) => messages,
        PayloadData::Stream(_) => panic!("a broker sends messages"),
    }
}

pub fn payload(message: &Message) -> &str {
    std::str::from_utf8(&message.payload).unwrap()
}

/// An open sink over rows `(key: string, n: int)`.
pub struct Drain {
    pub sink: Box<dyn Sink>,
    ground: Ground,
}

/// Opens a sink named `alerts` of the pipeline `test`.
pub fn drain(given: &[(&str, Arg)]) -> Result<Drain> {
    drain_within(given, 64 << 20)
}

/// The same with a budget of its own.
pub fn drain_within(given: &[(&str, Arg)], budget: usize) -> Result<Drain> {
    drain_as(given, budget, Box::new(Numbers))
}

/// The same with a format of its own.
pub fn drain_as(given: &[(&str, Arg)], budget: usize, encoder: Box<dyn Encoder>) -> Result<Drain> {
    drain_with(given, budget, encoder, true)
}

/// One whose error rows nobody reads.
pub fn drain_unread(given: &[(&str, Arg)]) -> Result<Drain> {
    drain_with(given, 64 << 20, Box::new(Numbers), false)
}

fn drain_with(
    given: &[(&str, Arg)],
    budget: usize,
    encoder: Box<dyn Encoder>,
    errors_read: bool,
) -> Result<Drain> {
    let mut defaults = connection_defaults();
    defaults.extend([
        ("retain", bool(false)),
        ("topic_alias", bool(false)),
        ("connections", int(1)),
    ]);
    let plan = SinkPlan {
        name: "alerts".to_owned(),
        from: FromPlan::One(Input { name: "rows".to_owned(), side: Side::Main }),
        steps: Vec::new(),
        connector: call(Kind::Sink, args(given, defaults)),
        format: None,
        columns: vec![
            Column::new("key", Type::String.nullable()),
            Column::new("n", Type::Int.required()),
        ],
        span: span(),
    };
    let ground = Ground::new();
    let context = SinkContext {
        pipeline: "test".to_owned(),
        encoder: Some(encoder),
        bounded: false,
        clock: Arc::new(SystemClock::new()),
        waker: ground.waker.clone(),
        errors_read,
        io: ground.io.handle().clone(),
        interrupt: Interrupt::default(),
        claims: Claims::default(),
        budget,
    };
    let sink = connectors::mqtt::MqttSink.open(&plan, context)?;
    Ok(Drain { sink, ground })
}

impl Drain {
    /// Writes rows, waiting while the sink is busy. The rows that could not be written.
    pub fn write(&mut self, rows: &[(Option<&str>, i64)]) -> Vec<u32> {
        let batch = batch(rows);
        loop {
            match self.sink.write(&batch).unwrap() {
                Written::Taken(faults) => return faults.iter().map(|it| it.row).collect(),
                Written::Busy => self.ground.wait(),
            }
        }
    }

    /// Waits until everything is acknowledged.
    pub fn prepare(&mut self) -> Result<()> {
        while self.sink.prepare(1)? == Prepared::Busy {
            self.ground.wait();
        }
        Ok(())
    }

    /// The rows that the broker refused so far, and why.
    pub fn refused(&mut self) -> Vec<(u32, String)> {
        let refused = self.sink.refused().into_iter().flat_map(|it| it.faults);
        refused.map(|it| (it.row, it.detail)).collect()
    }

    /// Waits until everything is out, and closes.
    pub fn finish(&mut self) {
        while self.sink.finish(true).unwrap() == Finished::Busy {
            self.ground.wait();
        }
    }
}

pub fn batch(rows: &[(Option<&str>, i64)]) -> Batch {
    let keys: ArrayRef = Arc::new(rows.iter().map(|it| it.0).collect::<StringArray>());
    let numbers: ArrayRef = Arc::new(rows.iter().map(|it| it.1).collect::<Int64Array>());
    let schema = Schema::new(vec![
        Field::new("key", DataType::Utf8, true),
        Field::new("n", DataType::Int64, false),
    ]);
    Batch {
        columns: RecordBatch::try_new(Arc::new(schema), vec![keys, numbers]).unwrap(),
        times: vec![0; rows.len()].into(),
        stamps: Stamps::same(i64::MIN),
        meta: None,
        order: None,
    }
}

/// Writes the second column as a number.
struct Numbers;

impl Encoder for Numbers {
    fn encode(
        &mut self,
        rows: &RecordBatch,
        out: &mut Vec<u8>,
        ends: &mut Vec<usize>,
    ) -> Result<()> {
        let numbers = rows.column(1).as_any().downcast_ref::<Int64Array>().unwrap();
        for number in numbers.values() {
            out.extend(number.to_string().as_bytes());
            ends.push(out.len());
        }
        Ok(())
    }

    fn frame(&self) -> Frame {
        Frame::default()
    }
}

/// How long something takes.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let clock = SystemClock::new();
    let done = work();
    (done, clock.elapsed())
}
