//! The sink `file`.

use super::meet;
use super::output::Kind;
use super::place::Mode;
use super::routes::{self, Routes};
use super::shape::{Compression, PathKnown, STANDARD, Shape};
use super::writer::FileWriter;
use crate::common::sink_params;
use dsl::catalog::{Guarantee, Meets, SinkPromise, SinkRule};
use dsl::diagnostic::{Code, Diagnostic};
use dsl::plan::{Args, Flow, SinkPlan};
use dsl::signature::{Constant, Example, Kind as Word, Param, Returns, Signature, Takes};
use dsl::span::Span;
use engine::codec::Encoder;
use engine::error::{Error, Result};
use engine::sink::{Sink, SinkContext, SinkDef};
use engine::types::schema;
use std::sync::LazyLock;

/// The word.
#[derive(Debug)]
pub struct FileSink;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| {
    let mut params = vec![
        Param::option(
            "path",
            Takes::RowPattern,
            "The file, with columns filled in: `out/{site}.jsonl`; `-` is standard output.",
        )
        .required(),
        Param::option(
            "append",
            Takes::Constant(Constant::Bool),
            "Whether rows go behind what the file holds; otherwise it begins anew with every run.",
        )
        .default("false"),
    ];
    params.extend(sink_params());
    Signature {
        name: "file",
        kind: Word::Sink,
        summary: "Rows into files: JSON lines, CSV, Parquet.",
        details: "The format is told from the ending, as for the source `file`; with `.gz` or `.zst` behind it the file \
                  is compressed. Folders are made where they are missing. What a column puts into the path never \
                  leaves its place there: `/` and a leading point become `_`.\n\n\
                  Where all inputs end by themselves, the file is written aside, in a hidden folder \
                  `.weir-NUMBER.partial`, and appears whole when they have ended; a run that breaks off leaves \
                  nothing under its name, and two runs do not disturb each other. Otherwise, and with `append`, it is \
                  written in place and can be read while it grows. A Parquet file always appears whole, at the end \
                  of the run. A run without rows leaves an empty file, unless its name depends on rows.\n\n\
                  There may be any number of text files, few of which are open at a time. Of Parquet there may be \
                  1024; the more files and columns there are, the smaller are their row groups.\n\n\
                  Rows count as written when they can be seen. When whoever reads standard output has gone \
                  (`| head`), the run stops; inputs that end by themselves are read on where there are other sinks. \
                  Rows that nobody has read by then are counted as unwritten.",
        params,
        result: Returns::Nothing,
        examples: &[
            Example {
                title: "A file for each site",
                source: r#"schema Reading {
  site:  string
  value: float
}

source readings = file(path: "readings.jsonl", schema: Reading)

sink by_site = readings | into file(path: "out/{site}.jsonl")

test "every reading is written" {
  feed readings [
    { site: "north", value: 1.0 },
    { site: "south", value: 2.0 },
  ]
  expect by_site count 2
}
"#,
                result: "",
            },
            Example {
                title: "JSON lines to Parquet",
                source: r#"schema Reading {
  device: string
  at:     timestamp
  value:  float?
}

source readings = file(path: "day.jsonl.gz", schema: Reading)

sink archive = readings | where value is not null | into file(path: "day.parquet")

test "rows without a value stay out" {
  feed readings [
    { device: "a", at: @2026-01-01T00:00:00Z, value: 1.5 },
    { device: "a", at: @2026-01-01T00:00:01Z },
  ]
  expect archive [
    { device: "a", value: 1.5 },
  ]
}
"#,
                result: "",
            },
        ],
    }
});

impl SinkRule for FileSink {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn default_format(&self, args: &Args) -> Option<String> {
        PathKnown::of(args).shape()?.format().map(str::to_owned)
    }

    fn check(
        &self,
        args: &Args,
        _flow: &Flow,
        bounded: bool,
        span: Span,
        report: &mut Vec<Diagnostic>,
    ) {
        let known = PathKnown::of(args);
        let place = args.span("path").unwrap_or(span);
        let mut say = |code, span, message: &str, help: &str| {
            report.push(Diagnostic::new(code, span, message).help(help));
        };
        let given = args.get("format").is_some();
        let append = args.bool("append").unwrap_or(false);
        let Some(shape) = known.shape() else {
            if !given && args.get("path").is_some() {
                let message = "the format is told from the ending of `path`, which is not known before the run";
                let help = "say it: `format: json`; without it, only Parquet files are written";
                say(Code::SinkAdvice, place, message, help);
            }
            return;
        };
        if shape.content.is_none() && !given {
            let message = "the ending of `path` does not say how the file is written";
            let help = "say it: `format: json` or `format: csv`";
            say(Code::MissingArgument, place, message, help);
        }
        if shape.is_parquet() {
            check_parquet(shape, given, append, bounded, place, &mut say);
        } else if !bounded && !append && known != PathKnown::Whole(STANDARD) {
            let message = "the file begins anew with every run, and these rows have no end";
            let help = "write `append: true` to keep what earlier runs wrote";
            say(Code::SinkAdvice, place, message, help);
        }
    }

    fn meets(&self, args: &Args, other: &Args) -> Meets {
        meet::meets(args, other)
    }

    fn promise(&self, args: &Args) -> SinkPromise {
        let known = PathKnown::of(args);
        if known == PathKnown::Whole(STANDARD) {
            let reason = "standard output keeps nothing: rows since the last checkpoint come twice";
            return SinkPromise::new(Guarantee::AtLeastOnce, reason);
        }
        match known.shape() {
            Some(shape) if shape.is_parquet() => SinkPromise::new(
                Guarantee::AtMostOnce,
                "a Parquet file is whole at the end of the run: a crash before that loses it",
            ),
            _ => SinkPromise::new(
                Guarantee::AtLeastOnce,
                "rows are on the disk at every checkpoint: those behind the last one come twice",
            ),
        }
    }
}

fn check_parquet(
    shape: Shape,
    given: bool,
    append: bool,
    bounded: bool,
    place: Span,
    say: &mut impl FnMut(Code, Span, &str, &str),
) {
    if given {
        let message = "a Parquet file is written without a format";
        say(Code::OptionsClash, place, message, "leave `format` out");
    }
    if append {
        let message = "nothing can be appended to a Parquet file";
        say(Code::OptionsClash, place, message, "leave `append` out, or write JSON lines");
    }
    if shape.compression != Compression::None {
        say(Code::OptionsClash, place, "Parquet is compressed inside", "end `path` in `.parquet`");
    }
    if !bounded {
        let message = "a Parquet file is whole at the end of the run, and these rows have no end";
        say(
            Code::SinkAdvice,
            place,
            message,
            "write `into parquet(path: \"folder\")`, whose files are whole every minute, or JSON lines, which can be read while they grow",
        );
    }
}

impl SinkDef for FileSink {
    fn open(&self, plan: &SinkPlan, context: SinkContext) -> Result<Box<dyn Sink>> {
        let args = &plan.connector.args;
        let append = args.bool("append")?;
        let routes = Routes::new(args.row_pattern("path")?, &plan.columns)?;
        routes::check(&routes)?;
        let shape = PathKnown::of(args).shape();
        let kind = kind(plan, &routes, shape, context.encoder.as_deref())?;
        let mode = match (&kind, append) {
            (Kind::Parquet { .. }, _) => Mode::Aside,
            (Kind::Text { .. }, true) => Mode::Append,
            (Kind::Text { .. }, false) if context.bounded => Mode::Aside,
            (Kind::Text { .. }, false) => Mode::Fresh,
        };
        Ok(Box::new(FileWriter::open(routes, kind, mode, &plan.name, context)?))
    }
}

/// What is written, told from the path and the format.
fn kind(
    plan: &SinkPlan,
    routes: &Routes,
    shape: Option<Shape>,
    encoder: Option<&dyn Encoder>,
) -> Result<Kind> {
    // A param may have made it known since the file was checked.
    let shape = routes.fixed().map(Shape::of).or(shape);
    let compression = shape.map_or(Compression::None, |it| it.compression);
    let told = shape.and_then(Shape::format);
    let settled = plan.format.as_ref().map(|it| it.word.as_str());
    let given = plan.connector.args.get("format").is_some();
    match (settled, encoder) {
        (Some(format), Some(encoder)) if given || told == Some(format) => {
            Ok(Kind::Text { compression, frame: encoder.frame() })
        }
        (None, _) if shape.is_some_and(Shape::is_parquet) => {
            Ok(Kind::Parquet { schema: schema(&plan.columns) })
        }
        (Some(_), None) => Err(Error::bug("a file of a format was opened without its encoder")),
        _ => {
            let format = told.unwrap_or("json");
            Err(Error::user(format!(
                "`path`: how the file is written was not known when the pipeline was checked; write `format: {format}`"
            )))
        }
    }
}
