//! The source `file`.

use super::feed::{self, Feed, Item, Taken};
use super::parquet::{self, Wanted};
use super::paths;
use super::shape::{Compression, PathKnown, STANDARD, Shape};
use super::splits::{Reading, Split, Splits};
use crate::common::{declared_columns, source_params};
use dsl::catalog::{SourcePromise, SourceRule};
use dsl::diagnostic::{Code, Diagnostic};
use dsl::plan::{Args, Schema, SourcePlan};
use dsl::signature::{Constant, Example, Kind, Param, Returns, Signature, Takes};
use dsl::span::Span;
use dsl::types::Column;
use engine::error::{Error, Result};
use engine::source::{
    Columns, PayloadData, Payloads, Polled, Position, Source, SourceContext, SourceDef, SplitName,
};
use engine::time::Clock;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, LazyLock};

/// More does not have to wait between the reader and the engine, whatever the budget is.
const WAITING_BYTES_MAX: usize = 32 << 20;

/// The word.
#[derive(Debug)]
pub struct FileSource;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| {
    let bool = |name, doc| Param::option(name, Takes::Constant(Constant::Bool), doc);
    let mut params = vec![
        Param::option(
            "path",
            Takes::Constant(Constant::String),
            "A file, a glob (`data/*.jsonl`), or `-` for standard input.",
        )
        .required(),
        bool(
            "follow",
            "Whether it waits for what others append, and goes on in the new file after a rotation.",
        )
        .default("false"),
        bool(
            "sequential",
            "Whether the files of a glob are read one after the other, in the order of their names, as one split; \
             otherwise each is a split.",
        )
        .default("false"),
    ];
    params.extend(source_params());
    Signature {
        name: "file",
        kind: Kind::Source,
        summary: "Rows from files: JSON lines, CSV, Parquet.",
        details: "The format is told from the ending: `.jsonl`, `.ndjson` and `.json` are JSON lines, `.csv` is CSV, \
                  `.parquet` is Parquet. With `.gz` or `.zst` behind it the file is unpacked on the way. Any other \
                  ending takes `format:`. Standard input is JSON lines unless `format:` says otherwise.\n\n\
                  A Parquet file brings its own columns, so `schema:` may be left out where the path is written in \
                  the file; a schema that is given is checked against every file, and only the columns that \
                  somebody reads are read.\n\n\
                  Relative paths start at the working directory. A record may be 64 MiB long.",
        params,
        result: Returns::Nothing,
        examples: &[
            Example {
                title: "Readings of a day",
                source: r#"schema Reading {
  device: string
  at:     timestamp
  value:  float
}

source readings = file(path: "readings/*.jsonl.gz", schema: Reading, time: at, out_of_order: 5s)

sink hot = readings | where value > 85.0 | into file(path: "hot.csv")

test "only hot readings get there" {
  feed readings [
    { device: "a", at: @2026-01-01T00:00:01Z, value: 90.0 },
    { device: "a", at: @2026-01-01T00:00:02Z, value: 20.0 },
  ]
  expect hot [
    { device: "a", value: 90.0 },
  ]
}
"#,
                result: "",
            },
            Example {
                title: "A log that grows",
                source: r#"schema Line {
  level: string
  text:  string
}

source lines = file(path: "service.jsonl", schema: Line, follow: true)

sink errors = lines | where level == "error" | into console()

test "errors are shown" {
  feed lines [
    { level: "info", text: "up" },
    { level: "error", text: "disk is full" },
  ]
  expect errors count 1
}
"#,
                result: "",
            },
        ],
    }
});

impl SourceRule for FileSource {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn columns(
        &self,
        args: &Args,
        schema: Option<&Schema>,
        format: Option<&[Column]>,
        report: &mut Vec<Diagnostic>,
    ) -> Option<Vec<Column>> {
        let known = PathKnown::of(args);
        let span = args.span("path").unwrap_or(Span::new(0, 0));
        let given = args.get("format").is_some();
        let shape = known.shape();
        if let (PathKnown::Whole(STANDARD), Some(true)) = (&known, follows(args)) {
            let message = "standard input is read until it ends, which is all there is to wait for";
            let help = "leave `follow` out";
            report.push(Diagnostic::new(Code::OptionsClash, span, message).help(help));
        }
        match shape {
            Some(shape) => check_shape(shape, args, span, report),
            // Without columns the missing schema is what there is to say.
            None if given || schema.is_none() || args.get("path").is_none() => {}
            None => report.push(
                Diagnostic::new(
                    Code::SourceAdvice,
                    span,
                    "the format is told from the ending of `path`, which is not known before the run",
                )
                .help("say it: `format: json`; without it, only Parquet files are read"),
            ),
        }
        let parquet = !given && shape.is_none_or(Shape::is_parquet);
        match known {
            PathKnown::Whole(path) if parquet && schema.is_none() => {
                match first_file(path).and_then(|file| parquet::columns(&file)) {
                    Ok(columns) => Some(columns),
                    Err(error) => {
                        let message = format!("the columns cannot be told from the file: {error}");
                        let help = "declare them: `schema NAME { … }` and `schema: NAME`";
                        report.push(Diagnostic::new(Code::SourceRefuses, span, message).help(help));
                        None
                    }
                }
            }
            _ => declared_columns(schema, format),
        }
    }

    fn default_format(&self, args: &Args) -> Option<String> {
        PathKnown::of(args).shape()?.format().map(str::to_owned)
    }

    fn bounded(&self, args: &Args) -> bool {
        follows(args) != Some(true)
    }

    fn promise(&self, args: &Args) -> SourcePromise {
        match PathKnown::of(args) {
            PathKnown::Whole(STANDARD) => {
                SourcePromise::new(false, "standard input cannot be read again")
            }
            _ => SourcePromise::new(true, "a file can be read again from any record"),
        }
    }
}

/// What the ending of the path does not go together with.
fn check_shape(shape: Shape, args: &Args, span: Span, report: &mut Vec<Diagnostic>) {
    let follow = follows(args) == Some(true);
    let sequential = args.bool("sequential").unwrap_or(false);
    let mut refuse = |code, message: &str, help: &str| {
        report.push(Diagnostic::new(code, span, message).help(help));
    };
    let format = args.span("format");
    if shape.content.is_none() && format.is_none() {
        let message = "the ending of `path` does not say how to read the file";
        let help = "say it: `format: json` or `format: csv`";
        refuse(Code::MissingArgument, message, help);
    } else if shape.is_parquet() && format.is_some() {
        refuse(Code::OptionsClash, "a Parquet file is read without a format", "leave `format` out");
    }
    if shape.is_parquet() && shape.compression != Compression::None {
        refuse(Code::OptionsClash, "Parquet is compressed inside", "unpack the file first");
    }
    if follow && (shape.is_parquet() || shape.compression != Compression::None) {
        refuse(Code::OptionsClash, "only plain text files can be followed", "leave `follow` out");
    }
    if follow && sequential {
        refuse(
            Code::OptionsClash,
            "files that are followed have no end at which the next could begin",
            "leave one of `follow` and `sequential` out",
        );
    }
}

/// Whether files are followed; none while that is not known.
fn follows(args: &Args) -> Option<bool> {
    args.opt_bool("follow").ok().flatten()
}

fn first_file(path: &str) -> Result<String> {
    paths::list(path)?.into_iter().next().ok_or_else(|| no_match(path))
}

fn no_match(path: &str) -> Error {
    Error::user(format!(
        "`path`: no file matches `{path}`; relative paths start at the working directory"
    ))
}

impl SourceDef for FileSource {
    fn open(&self, plan: &SourcePlan, context: SourceContext) -> Result<Box<dyn Source>> {
        let args = &plan.connector.args;
        let path = args.text("path")?;
        let sequential = args.bool("sequential")?;
        let files = match path {
            STANDARD => vec![STANDARD.to_owned()],
            _ => paths::list(path)?,
        };
        if files.is_empty() {
            return Err(no_match(path));
        }
        if path != STANDARD {
            files.iter().try_for_each(|it| paths::check_readable(it))?;
        }
        check_format(plan, path)?;
        let wanted = match &plan.format {
            None => Some(Arc::new(Wanted::of(plan, &context.needed))),
            Some(_) => None,
        };
        if let (Some(wanted), Some(file)) = (&wanted, files.first()) {
            // The first file is bound once for its errors: better now than when the run has begun.
            parquet::Reader::open(file, "", Arc::clone(wanted))?;
        }
        let splits = if sequential {
            vec![one_split(path, files, &context.positions)]
        } else {
            splits(files, &context.positions)
        };
        let reading = Reading {
            make_framing: context.framing,
            wanted,
            follow: args.bool("follow")?,
            sequential,
            path: path.to_owned(),
        };
        let feed = Feed::new(context.waker, context.budget.min(WAITING_BYTES_MAX));
        let splits = Some(Splits::new(reading, splits));
        Ok(Box::new(FileReader { feed, splits, clock: context.clock }))
    }
}

/// A format that was settled while the file was checked, from a path that became another one since.
fn check_format(plan: &SourcePlan, path: &str) -> Result<()> {
    if plan.connector.args.get("format").is_some() {
        return Ok(());
    }
    let settled = plan.format.as_ref().map(|it| it.word.as_str());
    let shape = Shape::of(path);
    let told = shape.format();
    if settled == told && (told.is_some() || shape.is_parquet()) {
        return Ok(());
    }
    let format = told.unwrap_or("json");
    let message = if shape.is_parquet() {
        format!(
            "`path`: `{path}` is Parquet, which was not known when the file was checked; write the path where `file` stands"
        )
    } else {
        format!(
            "`path`: how `{path}` is read was not known when the file was checked; write `format: {format}`"
        )
    };
    Err(Error::user(message))
}

/// A split for each file.
fn splits(files: Vec<String>, positions: &BTreeMap<SplitName, Position>) -> Vec<Split> {
    let split = |file: String| {
        let name: SplitName = file.as_str().into();
        let position = positions.get(&name).cloned().unwrap_or_default();
        Split { name, files: [file].into(), position }
    };
    files.into_iter().map(split).collect()
}

/// One split of all files. Its positions are `position file`: files before that one were read, and new ones that
/// would stand before it are left out.
fn one_split(path: &str, files: Vec<String>, positions: &BTreeMap<SplitName, Position>) -> Split {
    let name: SplitName = path.into();
    let mut files = VecDeque::from(files);
    let mut position = String::new();
    if let Some((place, file)) = positions.get(&name).and_then(|it| it.split_once(' ')) {
        files.retain(|it| it.as_str() >= file);
        if files.front().is_some_and(|it| it == file) {
            place.clone_into(&mut position);
        }
    }
    Split { name, files, position }
}

/// The open source.
struct FileReader {
    feed: Arc<Feed>,
    /// What the reader thread does; it starts with the first poll, which says how large the pieces are.
    splits: Option<Splits>,
    clock: Arc<dyn Clock>,
}

impl Source for FileReader {
    fn poll(&mut self, limit: usize) -> Result<Polled> {
        let taken = self.feed.take(limit)?;
        if let Some(splits) = self.splits.take() {
            feed::start(&self.feed, move |feed| splits.run(feed))?;
        }
        let received = self.clock.now();
        Ok(match taken {
            Taken::Item(Item::Event(split, event)) => Polled::Split(split, event),
            Taken::Item(Item::Bytes(split, bytes, position)) => {
                let data = PayloadData::Stream(bytes);
                Polled::Payloads(Payloads { split, data, received, position })
            }
            Taken::Item(Item::Rows(split, rows, position)) => Polled::Columns(Columns {
                split,
                rows: rows.rows,
                rejected: rows.rejected,
                received,
                position,
            }),
            Taken::Nothing => Polled::Pending,
            Taken::End => Polled::End,
        })
    }

    /// A file does not care what was read of it.
    fn acknowledge(&mut self, _split: &SplitName, _position: &Position) -> Result<()> {
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        self.feed.close();
        Ok(())
    }
}

impl Drop for FileReader {
    fn drop(&mut self) {
        self.feed.close();
    }
}
