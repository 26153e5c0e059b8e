//! The word `parquet` behind `into`.

use super::check;
use super::escape::escaped;
use super::file::Form;
use super::layout::Layout;
use super::local::LocalRoot;
use super::options::{Location, Options};
use super::partition::Partitions;
use super::run::{Counts, Root, Run};
use super::store::{Bucket, StoreRoot};
use super::writer::{ParquetWriter, Parts};
use crate::backoff::retry_param;
use dsl::catalog::{Guarantee, SinkPromise, SinkRule};
use dsl::diagnostic::Diagnostic;
use dsl::plan::{Args, Flow, SinkPlan};
use dsl::signature::{Constant, Example, Kind, Param, Returns, Signature, Takes};
use dsl::span::Span;
use dsl::types::Column;
use engine::error::{Error, Result};
use engine::sink::{Sink, SinkContext, SinkDef};
use engine::types::schema;
use std::sync::{Arc, LazyLock};

/// The word.
#[derive(Debug)]
pub struct ParquetSink;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: "parquet",
    kind: Kind::Sink,
    summary: "Rows into a growing folder of Parquet files, on a disk or in an object store.",
    details: DETAILS,
    params: params(),
    result: Returns::Nothing,
    examples: &[
        Example {
            title: "A folder for each day and site",
            source: r#"schema Reading {
  site:  string
  at:    timestamp
  value: float
}

source readings = file(path: "readings.jsonl", schema: Reading, time: at)

sink lake = readings | into parquet(path: "lake", partition: [day(at), site])

test "every reading is written" {
  feed readings [
    { site: "north", at: @2026-01-31T06:00:00Z, value: 1.0 },
    { site: "south", at: @2026-01-31T06:00:00Z, value: 2.0 },
  ]
  expect lake count 2
}
"#,
            result: "",
        },
        Example {
            title: "Into a bucket, sorted by device, with Bloom filters",
            source: r#"param bucket: string = "plant"

schema Reading {
  device: string
  at:     timestamp
  value:  float
}

source readings = memory(schema: Reading, time: at, out_of_order: 5s)

sink lake = readings
  | into parquet(
      path: f"s3://{bucket}/readings",
      partition: [day(at), hour(at)],
      roll: { size: 256MiB, every: 15m },
      sort: [device, at],
      bloom: device,
      endpoint: "https://minio.plant:9000",
      access_key: env("LAKE_KEY"),
      secret_key: secret("/run/secrets/lake"),
    )

test "readings go into the lake" {
  feed readings [
    { device: "press", at: @2026-01-31T06:00:00Z, value: 1.0 },
  ]
  expect lake [
    { device: "press", value: 1.0 },
  ]
}
"#,
            result: "",
        },
    ],
});

const DETAILS: &str = "\
A file has its name only when it is whole, so the folder can be read at any time, by pyarrow, DuckDB, Spark or `weir query`, \
also while the pipeline runs. A file ends when the first entry of `roll` says so, at a checkpoint, and at the end of the run. \
Until then its rows count as taken, not as written.

Folders are `name=value`, as Hive writes them: a column, which then stands in the folder's name and not in the file; \
`day(t)`, a folder like `day=2026-01-31`; or `hour(t)`, `hour=06` below the day of the same time and `hour=2026-01-31T06` \
elsewhere. Times are UTC. Other characters than letters, digits, `_`, `-` and `.` stand as `%` and two hexadecimal digits; \
null is `__HIVE_DEFAULT_PARTITION__`. At most 64 files are open at a time; with more folders than that, files end early and are \
small. A row whose folder cannot be named goes to the sink's `.errors`.

Files are named `PIPELINE.SINK-RUN-NUMBER.parquet`. Every run takes a number of its own, so files are never written over, and \
several processes may write into one folder. What is not whole stands below `.weir` in the folder, or is an upload that was not \
completed. If the process is killed, that is taken away when the pipeline starts the next time; its rows are lost unless the \
source brings them again. Uploads of another machine are taken away after a day.

In the files every page and row group carries its smallest and largest values. `sort` makes these ranges narrow, which makes \
queries by those columns fast; the rows of a row group wait in memory for that. All open files together stay within the \
pipeline's memory budget: when they grow beyond it, row groups end early, and in an object store small files do.

For an object store, keys come from `access_key` and `secret_key`, or else from where AWS tools look for them: the variables \
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION and AWS_ENDPOINT_URL, a web identity, or the instance. \
HTTP without TLS is spoken only to an endpoint that is given with `http:`. The key needs the rights to list, read and write; that \
to list uploads is needed for taking away what a killed run left. While the server is away or overloaded, rows wait and the \
pipeline with them; a wrong key, a missing bucket or a full disk end the run.";

fn params() -> Vec<Param> {
    let text = |name, doc| Param::option(name, Takes::Constant(Constant::String), doc);
    let roll = vec![
        Param::option("size", Takes::Constant(Constant::Size), "About how large.")
            // Smaller files are not worth their footer; an upload has ten thousand parts at most.
            .within("64KiB..32GiB")
            .default("128MiB"),
        Param::option(
            "every",
            Takes::Constant(Constant::Duration),
            "How long after its first row.",
        )
        .within("10ms..")
        .default("1m"),
        Param::option(
            "rows",
            Takes::Constant(Constant::Int),
            "How many rows; no limit unless given.",
        )
        .within("1.."),
    ];
    vec![
        text("path", "The folder, `lake`, or the place in an object store, `s3://bucket/prefix`.")
            .required(),
        Param::option(
            "partition",
            Takes::ListOf(Box::new(Takes::ColumnOr(&["day", "hour"]))),
            "What rows are put into folders by, the outermost first: columns, `day(t)`, `hour(t)`.",
        ),
        Param::option("roll", Takes::Record(roll), "When a file is whole: whatever comes first.")
            .default("{ size: 128MiB, every: 1m }"),
        Param::option(
            "sort",
            Takes::Columns,
            "By what the rows of each row group are sorted, ascending.",
        ),
        Param::option(
            "bloom",
            Takes::Columns,
            "Which columns have Bloom filters, so that a look-up of one value reads few files.",
        ),
        Param::option(
            "compression",
            Takes::Choice(&["zstd", "snappy", "none"]),
            "How pages are compressed.",
        )
        .default("zstd"),
        text(
            "endpoint",
            "The object store's server, unless it is that of AWS: `https://minio.plant:9000`.",
        ),
        text("region", "The bucket's region; `us-east-1` unless the environment says another."),
        text("access_key", "The id of the key; take it from `env(\"…\")` or `secret(\"…\")`.").secret(),
        text("secret_key", "Its secret; take it from `env(\"…\")` or `secret(\"…\")`.").secret(),
        text(
            "session_token",
            "The token that belongs to a key which is valid for a while only; take it from `env(\"…\")` or `secret(\"…\")`.",
        )
        .secret(),
        retry_param(),
    ]
}

impl SinkRule for ParquetSink {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn check(
        &self,
        args: &Args,
        flow: &Flow,
        _bounded: bool,
        span: Span,
        report: &mut Vec<Diagnostic>,
    ) {
        check::check(args, &flow.columns, span, report);
    }

    fn promise(&self, _args: &Args) -> SinkPromise {
        SinkPromise::new(
            Guarantee::AtLeastOnce,
            "rows are in whole files at every checkpoint: those behind the last one come twice",
        )
    }
}

impl SinkDef for ParquetSink {
    fn open(&self, plan: &SinkPlan, context: SinkContext) -> Result<Box<dyn Sink>> {
        let args = &plan.connector.args;
        let options = Options::read(args)?;
        let layout = Layout::new(args, &plan.columns).map_err(|it| Error::user(it.message))?;
        let columns: Vec<Column> = layout.kept.iter().map(|it| plan.columns[*it].clone()).collect();
        let schema = schema(&columns);
        let form = Form::new(args, &layout, Arc::clone(&schema))?;
        let partitions = Partitions::new(&layout, &plan.columns, schema)?;
        let job =
            format!("{}.{}", escaped(&context.pipeline).replace('.', "%2E"), escaped(&plan.name));
        let counts = Counts::new(context.waker.clone());
        let (root, uploads) = match &options.location {
            Location::Folder(folder) => {
                (Root::Local(LocalRoot::open(folder, &job, &plan.name)?), None)
            }
            Location::Bucket { bucket, prefix } => {
                let bucket = Bucket { name: bucket, prefix, access: &options.access };
                let (waits, limit) = (options.waits, context.budget / 4);
                let counts = counts.clone();
                let root =
                    StoreRoot::open(&bucket, &job, &plan.name, waits, limit, counts, &context)?;
                let uploads = root.uploads();
                (Root::Store(root), Some(uploads))
            }
        };
        let run = Run::new(root, counts.clone());
        let name = plan.name.clone();
        let parts = Parts { partitions, form, roll: options.roll, run, uploads, counts, name };
        Ok(Box::new(ParquetWriter::open(parts, context)?))
    }
}
