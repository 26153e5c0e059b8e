//! What the tests of connectors have in common: folders that go away, plans, and a runtime small enough to read.

use arrow::array::RecordBatch;
use dsl::plan::{Arg, Args, Call, FromPlan, Input, Schema, Side, SinkPlan, SourcePlan};
use dsl::signature::{Kind, Presence, Signature};
use dsl::span::{Span, Spanned};
use dsl::types::Column;
use dsl::value::Value;
use engine::batch::{Batch, Stamps};
use engine::claims::Claims;
use engine::codec::Encoder;
use engine::error::Result;
use engine::interrupt::Interrupt;
use engine::reason::Fault;
use engine::sink::{Finished, Prepared, Sink, SinkContext, SinkDef, Written};
use engine::source::{
    MakeFraming, PayloadData, Polled, Position, Source, SourceContext, SourceDef, SplitEvent,
    SplitName,
};
use engine::time::ManualClock;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::{Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

/// A folder for one test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let (process, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        let path = std::env::temp_dir().join(format!("weir-test-{process}-{number}"));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    /// The path of a name in it.
    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.0.join(name), content).unwrap();
        self.path(name)
    }

    /// The text of a file.
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap()
    }

    /// The names in it, hidden ones too.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> =
            entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// The arguments of a word as the checker would hand them over; defaults that are literals or words are filled in.
pub(crate) fn args(signature: &Signature, given: &[(&'static str, Arg)]) -> Args {
    for (name, _) in given {
        assert!(signature.param(name).is_some(), "`{}` has no `{name}`", signature.name);
    }
    let mut args = Args::default();
    for param in &signature.params {
        let arg = match given.iter().find(|(name, _)| *name == param.name) {
            Some((_, arg)) => arg.clone(),
            None => match param.presence {
                Presence::Default(text) => default(text),
                _ => continue,
            },
        };
        args.given.push((param.name.to_owned(), Spanned::new(arg, span())));
    }
    args
}

/// A default, as it stands in a signature.
fn default(text: &str) -> Arg {
    fn value(it: dsl::ast::Expr) -> Arg {
        match it.kind {
            dsl::ast::ExprKind::Literal(it) => Arg::Value(it.value),
            dsl::ast::ExprKind::Name { name, .. } => Arg::Choice(name),
            dsl::ast::ExprKind::Record(entries) => Arg::Record(Args {
                given: entries
                    .into_iter()
                    .map(|(name, it)| (name.node, Spanned::new(value(it), span())))
                    .collect(),
            }),
            dsl::ast::ExprKind::Range(low, high) => {
                let end = |it: Option<Box<dsl::ast::Expr>>| match value(*it.unwrap()) {
                    Arg::Value(value) => Some(Box::new(value)),
                    other => panic!("no end of a range: {other:?}"),
                };
                Arg::Value(Value::Range(end(low), end(high)))
            }
            other => panic!("no default that is known here: {other:?}"),
        }
    }
    value(dsl::parse::expression(text).unwrap())
}

pub(crate) fn span() -> Span {
    Span::new(0, 0)
}

pub(crate) fn text(text: &str) -> Arg {
    Arg::Value(Value::String(text.to_owned()))
}

pub(crate) fn bool(value: bool) -> Arg {
    Arg::Value(Value::Bool(value))
}

/// The plan of a source as the checker would make it.
pub(crate) fn source_plan(
    def: &dyn SourceDef,
    given: &[(&'static str, Arg)],
    schema: Option<Schema>,
    columns: Vec<Column>,
) -> SourcePlan {
    let args = args(def.signature(), given);
    let call = |word: String, kind, args| Call { word, kind, args, span: span() };
    SourcePlan {
        name: "input".to_owned(),
        format: def.default_format(&args).map(|it| call(it, Kind::Format, Args::default())),
        bounded: def.bounded(&args),
        connector: call(def.signature().name.to_owned(), Kind::Source, args),
        schema,
        columns,
        time: None,
        span: span(),
    }
}

/// The plan of a sink as the checker would make it.
pub(crate) fn sink_plan(
    def: &dyn SinkDef,
    given: &[(&'static str, Arg)],
    columns: Vec<Column>,
) -> SinkPlan {
    let args = args(def.signature(), given);
    let call = |word: String, kind, args| Call { word, kind, args, span: span() };
    SinkPlan {
        name: "output".to_owned(),
        from: FromPlan::One(Input { name: "input".to_owned(), side: Side::Main }),
        steps: Vec::new(),
        format: def.default_format(&args).map(|it| call(it, Kind::Format, Args::default())),
        connector: call(def.signature().name.to_owned(), Kind::Sink, args),
        columns,
        span: span(),
    }
}

/// What a sink is opened with.
pub(crate) fn sink_context(encoder: Option<Box<dyn Encoder>>, bounded: bool) -> SinkContext {
    SinkContext {
        pipeline: "test".to_owned(),
        encoder,
        bounded,
        clock: Arc::new(ManualClock::new(0)),
        waker: waker(),
        errors_read: true,
        io: io(),
        interrupt: Interrupt::default(),
        claims: Claims::default(),
        budget: 1 << 20,
    }
}

/// Asks a sink until it has taken the rows. Returns those it could not write.
pub(crate) fn write(sink: &mut dyn Sink, rows: &RecordBatch) -> Result<Vec<Fault>> {
    let batch = Batch {
        columns: rows.clone(),
        times: vec![0; rows.num_rows()].into(),
        stamps: Stamps::same(0),
        meta: None,
        order: None,
    };
    loop {
        match sink.write(&batch)? {
            Written::Taken(faults) => return Ok(faults),
            Written::Busy => std::thread::park_timeout(Duration::from_secs(10)),
        }
    }
}

/// Asks a sink until it is prepared, and commits.
pub(crate) fn commit(sink: &mut dyn Sink, epoch: u64) -> Result<()> {
    loop {
        match sink.prepare(epoch)? {
            Prepared::Done(committable) => return sink.commit(committable),
            Prepared::Busy => std::thread::park_timeout(Duration::from_secs(10)),
        }
    }
}

/// Asks a sink until everything is out.
pub(crate) fn finish(sink: &mut dyn Sink) -> Result<()> {
    while sink.finish(true)? == Finished::Busy {
        std::thread::park_timeout(Duration::from_secs(10));
    }
    Ok(())
}

/// I/O for whatever asks for it.
pub(crate) fn io() -> tokio::runtime::Handle {
    static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(1).enable_all().build().unwrap()
    });
    RUNTIME.handle().clone()
}

/// Wakes the thread that asks.
pub(crate) fn waker() -> Waker {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    Waker::from(Arc::new(Unpark(std::thread::current())))
}

/// What a source is opened with.
pub(crate) fn source_context(
    positions: BTreeMap<SplitName, Position>,
    framing: MakeFraming,
    columns: usize,
) -> SourceContext {
    SourceContext {
        pipeline: "test".to_owned(),
        positions,
        framing,
        needed: vec![true; columns],
        clock: Arc::new(ManualClock::new(0)),
        waker: waker(),
        io: io(),
        interrupt: Interrupt::default(),
        budget: 1 << 20,
    }
}

/// What a source brought.
#[derive(Debug, Default)]
pub(crate) struct Brought {
    /// Pieces in order: the split, the bytes, the position behind them.
    pub(crate) pieces: Vec<(String, Vec<u8>, Position)>,
    /// Columns in order.
    pub(crate) rows: Vec<(String, RecordBatch, Position)>,
    pub(crate) rejected: Vec<engine::reason::RejectedPayload>,
    pub(crate) events: Vec<(String, SplitEvent)>,
    pub(crate) ended: bool,
}

impl Brought {
    /// The text of all pieces of a split.
    pub(crate) fn text(&self, split: &str) -> String {
        let pieces = self.pieces.iter().filter(|(it, ..)| it == split);
        pieces.map(|(_, bytes, _)| String::from_utf8(bytes.clone()).unwrap()).collect()
    }
}

/// Polls until the source ends, or `enough` says so.
pub(crate) fn poll_until(
    source: &mut dyn Source,
    limit: usize,
    mut enough: impl FnMut(&Brought) -> bool,
) -> Result<Brought> {
    let mut brought = Brought::default();
    while !enough(&brought) {
        match source.poll(limit)? {
            Polled::Payloads(it) => {
                let PayloadData::Stream(bytes) = it.data else { panic!("files are streams") };
                brought.pieces.push((it.split.to_string(), bytes.to_vec(), it.position));
            }
            Polled::Columns(it) => {
                brought.rejected.extend(it.rejected);
                brought.rows.push((it.split.to_string(), it.rows, it.position));
            }
            Polled::Split(split, event) => brought.events.push((split.to_string(), event)),
            // Woken by the source; the time is only for a source that forgets to.
            Polled::Pending => std::thread::park_timeout(Duration::from_secs(10)),
            Polled::End => {
                brought.ended = true;
                break;
            }
        }
    }
    Ok(brought)
}
