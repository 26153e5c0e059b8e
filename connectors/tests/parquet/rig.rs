//! Opens the sink by hand, as the runtime does, over a bucket of its own; and looks at what is in the bucket.

use crate::support::server::ObjectStore;
use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Int64Type;
use connectors::parquet::ParquetSink;
use dsl::plan::{Arg, Args, Call, FromPlan, Input, Side, SinkPlan};
use dsl::signature::Kind;
use dsl::span::{Span, Spanned};
use dsl::types::{Column, Type};
use dsl::value::Value;
use engine::batch::{Batch, Stamps};
use engine::claims::Claims;
use engine::error::Result;
use engine::interrupt::Interrupt;
use engine::sink::{Finished, Sink, SinkContext, SinkDef, Written};
use engine::time::SystemClock;
use engine::types::schema;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::signer::{SignedUrlOptions, Signer};
use object_store::{ObjectStore as _, ObjectStoreExt};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Wake, Waker};
use std::thread::Thread;
use std::time::Duration;
use tokio::runtime::Runtime;

/// How often a condition is looked at until it is given up, a few milliseconds apart.
const LOOKS: usize = 10_000;
/// What the sink may hold.
pub const BUDGET: usize = 48 << 20;

pub fn text(value: &str) -> Arg {
    Arg::Value(Value::String(value.to_owned()))
}

fn span() -> Span {
    Span::new(0, 0)
}

fn args(given: impl IntoIterator<Item = (&'static str, Arg)>) -> Args {
    let given = given.into_iter().map(|(name, arg)| (name.to_owned(), Spanned::new(arg, span())));
    Args { given: given.collect() }
}

pub fn roll(size: u64, every: Duration) -> Arg {
    let every = Value::Duration(every.as_micros() as i64);
    Arg::Record(args([("size", Arg::Value(Value::Size(size))), ("every", Arg::Value(every))]))
}

fn columns() -> Vec<Column> {
    vec![
        Column::new("site", Type::String.required()),
        Column::new("n", Type::Int.required()),
        Column::new("noise", Type::Int.required()),
    ]
}

/// Rows with numbers of their own, and noise that no encoding makes small: 8 bytes a row.
pub fn rows(site: &str, from: i64, count: i64) -> RecordBatch {
    let noise = |it: i64| it.wrapping_mul(0x9E37_79B9_7F4A_7C15_u64 as i64) ^ (it << 7);
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values((0..count).map(|_| site))),
        Arc::new(Int64Array::from_iter_values(from..from + count)),
        Arc::new(Int64Array::from_iter_values((from..from + count).map(noise))),
    ];
    RecordBatch::try_new(schema(&columns()), arrays).unwrap()
}

/// A bucket named `plant`, seen without the sink.
pub struct Bucket {
    store: AmazonS3,
    io: Runtime,
}

impl Bucket {
    /// Makes it.
    pub fn make(server: &ObjectStore) -> Bucket {
        let bucket = Bucket::at(server);
        let url = bucket.signed(reqwest::Method::PUT, &SignedUrlOptions::default());
        let made = bucket.io.block_on(reqwest::Client::new().put(url).send()).unwrap();
        assert!(made.status().is_success(), "{}", made.status());
        bucket
    }

    /// It may not be there.
    pub fn at(server: &ObjectStore) -> Bucket {
        // There is one already in this process, or not.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut io = tokio::runtime::Builder::new_multi_thread();
        let io = io.worker_threads(1).enable_all().build().unwrap();
        let (key, secret) = ObjectStore::KEY;
        let store = AmazonS3Builder::new()
            .with_bucket_name("plant")
            .with_endpoint(&server.url)
            .with_allow_http(true)
            .with_access_key_id(key)
            .with_secret_access_key(secret);
        Bucket { store: store.build().unwrap(), io }
    }

    fn signed(&self, method: reqwest::Method, options: &SignedUrlOptions) -> reqwest::Url {
        let (root, minute) = (Path::default(), Duration::from_mins(1));
        let signed = self.store.signed_url_opts(method, &root, minute, options);
        self.io.block_on(signed).unwrap()
    }

    /// Takes it away with all that is in it.
    pub fn remove(&self) {
        for name in self.names() {
            self.forget(&name);
        }
        let url = self.signed(reqwest::Method::DELETE, &SignedUrlOptions::default());
        let gone = self.io.block_on(reqwest::Client::new().delete(url).send()).unwrap();
        assert!(gone.status().is_success(), "{}", gone.status());
    }

    /// Takes one object away.
    pub fn forget(&self, name: &str) {
        self.io.block_on(self.store.delete(&Path::parse(name).unwrap())).unwrap();
    }

    /// Every object, in order.
    pub fn names(&self) -> Vec<String> {
        let (mut names, mut folders) = (Vec::new(), vec![Path::default()]);
        while let Some(folder) = folders.pop() {
            let found = self.io.block_on(self.store.list_with_delimiter(Some(&folder))).unwrap();
            names.extend(found.objects.into_iter().map(|it| it.location.to_string()));
            folders.extend(found.common_prefixes);
        }
        names.sort();
        names
    }

    /// The numbers in every file that can be seen.
    pub fn files(&self) -> BTreeMap<String, Vec<i64>> {
        let names = self.names().into_iter().filter(|it| it.ends_with(".parquet"));
        names.map(|name| (name.clone(), self.read(&name))).collect()
    }

    fn read(&self, name: &str) -> Vec<i64> {
        let path = Path::parse(name).unwrap();
        let got = async { self.store.get(&path).await?.bytes().await };
        let bytes = self.io.block_on(got).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap();
        let numbers = |it: RecordBatch| {
            it.column_by_name("n").unwrap().as_primitive::<Int64Type>().values().to_vec()
        };
        reader.flat_map(|it| numbers(it.unwrap())).collect()
    }

    /// All numbers, in order.
    pub fn numbers(&self) -> Vec<i64> {
        let mut all: Vec<i64> = self.files().into_values().flatten().collect();
        all.sort_unstable();
        all
    }

    /// How many uploads have begun and were not completed.
    pub fn uploads(&self) -> usize {
        let options = SignedUrlOptions::default().with_query([("uploads", "")]);
        let url = self.signed(reqwest::Method::GET, &options);
        let asked = async { reqwest::Client::new().get(url).send().await?.text().await };
        self.io.block_on(asked).unwrap().matches("<UploadId>").count()
    }
}

/// Wakes the thread that asks.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Looks until it is so.
#[track_caller]
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..LOOKS {
        if is_so() {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(5));
    }
    panic!("waited too long for {what}");
}

/// An open sink named `lake` of the pipeline `test`.
pub struct Lake {
    pub sink: Box<dyn Sink>,
    /// What it held at most.
    pub most: usize,
    io: Option<Runtime>,
}

/// Opens it. Options that are not given are the defaults, but for shorter waits.
pub fn lake(endpoint: &str, given: &[(&'static str, Arg)]) -> Result<Lake> {
    let (key, secret) = ObjectStore::KEY;
    let wait = |millis: i64| Some(Box::new(Value::Duration(millis * 1000)));
    let mut all: BTreeMap<&'static str, Arg> = BTreeMap::from([
        ("path", text("s3://plant/lake")),
        ("roll", roll(128 << 20, Duration::from_hours(1))),
        ("compression", Arg::Choice("none".to_owned())),
        ("endpoint", text(endpoint)),
        ("access_key", text(key)),
        ("secret_key", text(secret)),
        ("retry", Arg::Value(Value::Range(wait(20), wait(200)))),
    ]);
    all.extend(given.iter().cloned());
    let call = Call { word: "parquet".to_owned(), kind: Kind::Sink, args: args(all), span: span() };
    let plan = SinkPlan {
        name: "lake".to_owned(),
        from: FromPlan::One(Input { name: "readings".to_owned(), side: Side::Main }),
        steps: Vec::new(),
        connector: call,
        format: None,
        columns: columns(),
        span: span(),
    };
    let mut io = tokio::runtime::Builder::new_multi_thread();
    let io = io.worker_threads(1).enable_all().build().unwrap();
    let context = SinkContext {
        pipeline: "test".to_owned(),
        encoder: None,
        bounded: false,
        clock: Arc::new(SystemClock::new()),
        waker: Waker::from(Arc::new(Unpark(std::thread::current()))),
        errors_read: true,
        io: io.handle().clone(),
        interrupt: Interrupt::default(),
        claims: Claims::default(),
        budget: BUDGET,
    };
    Ok(Lake { sink: ParquetSink.open(&plan, context)?, most: 0, io: Some(io) })
}

impl Lake {
    /// Writes as soon as there is room.
    pub fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        for _ in 0..LOOKS {
            if self.try_write(rows)? {
                return Ok(());
            }
            std::thread::park_timeout(Duration::from_millis(5));
        }
        panic!("the sink takes nothing any more");
    }

    /// Writes if there is room.
    pub fn try_write(&mut self, rows: &RecordBatch) -> Result<bool> {
        let batch = Batch {
            columns: rows.clone(),
            times: vec![0; rows.num_rows()].into(),
            stamps: Stamps::same(0),
            meta: None,
            order: None,
        };
        let written = self.sink.write(&batch)?;
        self.most = self.most.max(self.sink.bytes());
        Ok(written == Written::Taken(Vec::new()))
    }

    /// Writes until everything is out.
    pub fn finish(&mut self) -> Result<()> {
        for _ in 0..LOOKS {
            if self.sink.finish(true)? == Finished::Done {
                return Ok(());
            }
            std::thread::park_timeout(Duration::from_millis(5));
        }
        panic!("the sink does not end");
    }
}

impl Drop for Lake {
    fn drop(&mut self) {
        self.sink.abandon();
        if let Some(io) = self.io.take() {
            io.shutdown_background();
        }
    }
}
