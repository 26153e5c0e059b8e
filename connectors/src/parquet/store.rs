//! An object store: how it is reached, and the number that a run takes for itself.
//!
//! ```text
//!  s3://bucket/lake/.weir/JOB/0007     a small object: run 7 has begun once
//!  s3://bucket/lake/day=2026-01-31/JOB-0007-000003.parquet
//!  TEMP/weir-HASH.lock                 on this machine, held while run 7 lives
//! ```
//!
//! The object is made under the condition that there is none, so that two runs never have one number. The lock is for
//! the next start on this machine: if it can be had, the run is dead, and its uploads are taken away.

use super::errors::{Place, failure, is_gone, is_unsupported};
use super::local::{ASIDE, lock_file, run_name};
use super::options::Access;
use super::run::Counts;
use super::sweep::sweep;
use super::upload::{RemoteFile, State, Uploads};
use crate::backoff::Waits;
use crate::crypto::ensure_crypto;
use crate::retry::{Failure, Retry};
use bytes::Bytes;
use engine::error::{Error, Result};
use engine::sink::SinkContext;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::{
    ClientOptions, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, RetryConfig,
};
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// How long opening may take: a user waits.
const OPEN_MAX: Duration = Duration::from_secs(10);
/// How often it is looked meanwhile whether the run is to stop.
const OPEN_LOOKS: u32 = 200;
/// How often the first requests are tried before the start is given up.
const OPEN_TRIES: u32 = 4;
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// A part over a thin line takes long.
const REQUEST_MAX: Duration = Duration::from_mins(2);
/// The numbers of so many runs stay known. One would do, but for starts at the same time.
const NUMBERS_KEPT: u64 = 16;

/// A bucket that one run writes into.
pub(super) struct StoreRoot {
    prefix: String,
    /// Files are named so, with a number behind it.
    stem: String,
    next: Arc<AtomicU64>,
    uploads: Arc<Uploads>,
    /// Held until the run ends, however that happens.
    _lock: Option<File>,
}

/// Where in which bucket.
pub(super) struct Bucket<'a> {
    pub(super) name: &'a str,
    pub(super) prefix: &'a str,
    pub(super) access: &'a Access,
}

impl StoreRoot {
    /// Reaches the store, takes the next number for a run of `job`, and has what dead runs left swept. `name` is the
    /// sink's; `limit` is how many bytes may be on their way.
    pub(super) fn open(
        bucket: &Bucket<'_>,
        job: &str,
        name: &str,
        waits: Waits,
        limit: usize,
        counts: Counts,
        context: &SinkContext,
    ) -> Result<StoreRoot> {
        ensure_crypto();
        let (store, place) = connect(bucket)?;
        let prefix = bucket.prefix.to_owned();
        let claims = path(&[&prefix, ASIDE, job].map(str::to_owned))?;
        let claimed = {
            let (store, place) = (Arc::clone(&store), place.clone());
            let mark = Bytes::from(format!("{} {}\n", context.clock.now(), std::process::id()));
            async move { claim(&store, &claims, &mark, &place).await }
        };
        let number = opened(claimed, &place, context)?;
        let locks = Locks::new(&place, job);
        let lock = locks.path(number);
        let held = lock_file(&lock, true).ok().filter(|it| it.try_lock().is_ok());
        let retry = Retry::new(name, &place.shown, waits, context.waker.clone());
        let uploads = Arc::new(Uploads {
            store,
            place,
            retry,
            io: context.io.clone(),
            limit,
            counts,
            waker: context.waker.clone(),
            state: Mutex::new(State::default()),
            changed: Condvar::new(),
            lock,
        });
        let stem = format!("{job}-{}", run_name(number));
        let now = context.clock.now();
        let sweeping = sweep(
            Arc::clone(&uploads),
            prefix.clone(),
            job.to_owned(),
            number,
            locks,
            name.to_owned(),
            now,
        );
        context.io.spawn(sweeping);
        Ok(StoreRoot { prefix, stem, next: Arc::new(AtomicU64::new(1)), uploads, _lock: held })
    }

    /// The uploads, for whoever stops them.
    pub(super) fn uploads(&self) -> Arc<Uploads> {
        Arc::clone(&self.uploads)
    }

    /// Begins a file in a folder.
    pub(super) fn begin(&self, partition: &str) -> RemoteFile {
        let (prefix, partition) = (self.prefix.clone(), partition.to_owned());
        let (stem, next) = (self.stem.clone(), Arc::clone(&self.next));
        self.uploads.begin(move || {
            let number = next.fetch_add(1, Ordering::Relaxed);
            path(&[prefix.clone(), partition.clone(), format!("{stem}-{number:06}.parquet")])
        })
    }

    /// Lets others see a file that is whole, soon.
    #[expect(clippy::unused_self, reason = "a file is published at the root that it was begun at")]
    pub(super) fn publish(&self, file: RemoteFile, rows: u64) -> Result<()> {
        file.publish(rows)
    }

    /// Waits until everything that was published can be seen.
    pub(super) fn settle(&self) -> Result<()> {
        self.uploads.settle()
    }

    /// The run has ended in an orderly way.
    pub(super) fn close(&self) {
        self.uploads.close();
    }

    /// Why bytes could not be written.
    pub(super) fn error(&self, error: &io::Error) -> Error {
        match self.uploads.check() {
            Err(error) => error,
            Ok(()) => Error::unavailable(format!(
                "`path`: `{}` cannot be written: {error}",
                self.uploads.place.shown
            )),
        }
    }
}

/// What comes of the first requests, unless it takes too long or the run is to stop.
fn opened(
    claimed: impl Future<Output = Result<u64>> + Send + 'static,
    place: &Place,
    context: &SinkContext,
) -> Result<u64> {
    let (sender, outcome) = sync_channel(1);
    let task = context.io.spawn(async move {
        // Nobody waits any more when the opening was given up.
        drop(sender.send(claimed.await));
    });
    for _ in 0..OPEN_LOOKS {
        match outcome.recv_timeout(OPEN_MAX / OPEN_LOOKS) {
            Ok(number) => return number,
            Err(_) => context.interrupt.check().inspect_err(|_| task.abort())?,
        }
    }
    task.abort();
    let (shown, server) = (&place.shown, place.endpoint.as_deref().unwrap_or("the object store"));
    Err(Error::unavailable(format!(
        "`path`: `{shown}`: {server} does not answer in time; check `endpoint` and the network"
    )))
}

/// The names of the locks that tell the next start on this machine which runs live.
#[derive(Clone)]
pub(super) struct Locks {
    folder: PathBuf,
    /// What tells apart whoever writes elsewhere.
    key: String,
}

impl Locks {
    fn new(place: &Place, job: &str) -> Self {
        let endpoint = place.endpoint.as_deref().unwrap_or_default();
        let key = format!("{endpoint} {} {job}", place.shown);
        Self { folder: std::env::temp_dir(), key }
    }

    /// The lock of a run.
    pub(super) fn path(&self, number: u64) -> PathBuf {
        // FNV-1a: the same in every version of the program.
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        let hash = self.key.bytes().fold(0xcbf2_9ce4_8422_2325, step);
        self.folder.join(format!("weir-{hash:016x}-{}.lock", run_name(number)))
    }
}

/// The client. Nothing is sent yet.
fn connect(bucket: &Bucket<'_>) -> Result<(Arc<AmazonS3>, Place)> {
    let Bucket { name: bucket, prefix, access } = *bucket;
    let around = AmazonS3Builder::from_env();
    let of_env = |key: AmazonS3ConfigKey| around.get_config_value(&key);
    let endpoint = access.endpoint.clone().or_else(|| of_env(AmazonS3ConfigKey::Endpoint));
    let region = access.region.clone().or_else(|| of_env(AmazonS3ConfigKey::Region));
    let from_env = of_env(AmazonS3ConfigKey::AccessKeyId).is_some();
    let mut builder = match &access.keys {
        // Keys that are given are not mixed with those around.
        Some((key, secret)) => {
            let given =
                AmazonS3Builder::new().with_access_key_id(key).with_secret_access_key(secret);
            match &access.session_token {
                Some(token) => given.with_token(token),
                None => given,
            }
        }
        None => around,
    };
    if let Some(region) = region {
        builder = builder.with_region(region);
    }
    if let Some(endpoint) = &endpoint {
        builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
    }
    let plain = endpoint.as_ref().is_some_and(|it| it.starts_with("http://"));
    let options = ClientOptions::new()
        .with_allow_http(plain)
        .with_connect_timeout(CONNECT_MAX)
        .with_timeout(REQUEST_MAX);
    let shown = match prefix {
        "" => format!("s3://{bucket}"),
        prefix => format!("s3://{bucket}/{prefix}"),
    };
    // Tries are ours: they are without end, and said once.
    let once = RetryConfig { max_retries: 0, ..RetryConfig::default() };
    let built =
        builder.with_bucket_name(bucket).with_client_options(options).with_retry(once).build();
    let store = built.map_err(|error| {
        let why = error.to_string();
        if why.contains("Missing SecretAccessKey") {
            return Error::user("`access_key` needs its `secret_key` (or AWS_SECRET_ACCESS_KEY)");
        }
        Error::user(format!("`path`: `{shown}` cannot be reached: {why}"))
    })?;
    let has_keys = access.keys.is_some() || from_env;
    Ok((Arc::new(store), Place { shown, bucket: bucket.to_owned(), endpoint, has_keys }))
}

/// A key out of parts; those that are empty stand for nothing.
fn path(parts: &[String]) -> Result<Path> {
    let parts: Vec<&str> = parts.iter().map(String::as_str).filter(|it| !it.is_empty()).collect();
    Path::parse(parts.join("/")).map_err(|error| Error::user(format!("`path`: {error}")))
}

/// Takes the next number: an object that holds `mark`, which nobody else has.
async fn claim(store: &AmazonS3, claims: &Path, mark: &Bytes, place: &Place) -> Result<u64> {
    loop {
        let found = soon(place, || store.list_with_delimiter(Some(claims))).await?;
        let numbers: Vec<u64> =
            found.objects.iter().filter_map(|it| it.location.filename()?.parse().ok()).collect();
        let number = numbers.iter().max().map_or(1, |it| it + 1);
        let name = |number| claims.clone().join(run_name(number));
        let own = name(number);
        if !soon(place, || create(store, &own, mark)).await? {
            // The answer to the try before may have got lost; or somebody else has just taken it.
            let found = soon(place, || async { store.get(&own).await?.bytes().await }).await?;
            if found != *mark {
                continue;
            }
        }
        for old in numbers.into_iter().filter(|it| it + NUMBERS_KEPT <= number) {
            // Nobody needs it; if it stays, the next run takes it away.
            drop(store.delete(&name(old)).await);
        }
        return Ok(number);
    }
}

/// A request while a user waits: trouble that may pass is given a few seconds.
async fn soon<T, F>(place: &Place, request: impl Fn() -> F) -> Result<T>
where
    F: Future<Output = object_store::Result<T>>,
{
    let mut tries = 0;
    loop {
        let why = match request().await {
            Ok(answer) => return Ok(answer),
            Err(error) => match failure(&error, place) {
                Failure::Final(error) => return Err(error),
                Failure::Passing { why, .. } => why,
            },
        };
        tries += 1;
        if tries == OPEN_TRIES {
            return Err(Error::unavailable(format!("`path`: `{}`: {why}", place.shown)));
        }
        tokio::time::sleep(Duration::from_millis(250) * tries).await;
    }
}

/// Puts an object where there is none. False: there is one.
pub(super) async fn create(
    store: &AmazonS3,
    path: &Path,
    bytes: &Bytes,
) -> object_store::Result<bool> {
    let payload = || PutPayload::from(bytes.clone());
    match store.put_opts(path, payload(), PutOptions::from(PutMode::Create)).await {
        Ok(_) => Ok(true),
        Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
        // A server that knows no conditions is asked first.
        Err(error) if is_unsupported(&error) => match store.head(path).await {
            Ok(_) => Ok(false),
            Err(error) if is_gone(&error) => store.put(path, payload()).await.map(|_| true),
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    }
}
