//! `csv`: a record a line, fields in quotes where they have to be, names in the first line.
//!
//! ```text
//!  id,at,temperature        header: names, or none with `header: false`
//!  a,2026-01-31T06:00:00Z,21.5
//!  "b, ""the second""",2026-01-31T06:00:10Z,
//! ```

mod decoder;
mod encoder;
mod record;
#[cfg(test)]
mod tests;

use crate::decoding::without_mark;
use decoder::CsvDecoder;
use dsl::plan::Args;
use dsl::signature::{Constant, Example, Kind, Param, Returns, Signature, Takes};
use dsl::types::Column;
use encoder::CsvEncoder;
use engine::codec::{Decoder, DecoderContext, Encoder, Format, Framing};
use engine::error::{Error, Result};
use record::Records;
use std::sync::LazyLock;

/// The word.
#[derive(Debug)]
pub struct Csv;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: "csv",
    kind: Kind::Format,
    summary: "Comma separated values, with names in the first line.",
    details: "A field is looked up under its name, under the header of its `from`, or under the number of its `from`, which \
              counts from 0: `from \"Temp (°C)\"`, `from \"2\"`. Without a header, fields stand in the order of the schema \
              unless `from` says otherwise. Text is read as the text of JSON is: RFC 3339 or milliseconds for \
              timestamps, base64 for bytes, `1m30s` for durations; lists, maps and `json` stand as JSON.\n\n\
              An empty field is null, or `\"\"` for a `string` that is not nullable; `\"\"` in quotes is always empty \
              text. Fields of a struct have names joined with `_` (`window_start`). A record that does not have as many \
              fields as the header is an error row (`decode`). Empty lines are skipped.\n\n\
              Where payloads are messages, each is a whole text: its header, then any number of records.",
    params: vec![
        Param::option(
            "delimiter",
            Takes::Constant(Constant::String),
            "The one character between two fields: `\";\"`, `\"\\t\"`.",
        )
        .default("\",\""),
        Param::option(
            "header",
            Takes::Constant(Constant::Bool),
            "Whether the first line holds the names, in what is read and in what is written.",
        )
        .default("true"),
    ],
    result: Returns::Nothing,
    examples: &[Example {
        title: "Fields by number, another delimiter",
        source: r#"schema Reading {
  device: string from "0"
  value:  float? from "2"
}

source readings = memory(format: csv(delimiter: ";", header: false), schema: Reading)

sink all = readings | into memory()

test "fields are found by number" {
  feed readings [
    "a;x;21.5",
    "b;x;",
  ]
  expect all [
    { device: "a", value: 21.5 },
    { device: "b", value: null },
  ]
}
"#,
        result: "",
    }],
});

/// The names in the first line of a text, in order.
pub fn names(text: &[u8], options: &Args) -> Result<Vec<String>> {
    let mut fields = Vec::new();
    let text = without_mark(text);
    record::record(text, 0, Options::new(options)?.delimiter, &mut fields);
    Ok(record::names(text, &fields))
}

/// The options, read.
#[derive(Clone, Copy, Debug)]
struct Options {
    delimiter: u8,
    header: bool,
}

impl Options {
    fn new(args: &Args) -> Result<Self> {
        let text = args.opt_text("delimiter")?.unwrap_or(",");
        let delimiter = match text.as_bytes() {
            [it @ (b'\t' | b' '..=b'~')] if *it != b'"' => *it,
            _ => {
                let message =
                    format!("`delimiter` is one character of ASCII and no quote, not {text:?}");
                return Err(Error::user(message).help("write one like `delimiter: \";\"`"));
            }
        };
        Ok(Self { delimiter, header: args.opt_bool("header")?.unwrap_or(true) })
    }
}

impl Format for Csv {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn framing(&self, options: &Args) -> Option<Box<dyn Framing>> {
        // A wrong delimiter is said when the decoder is made.
        let options = Options::new(options).unwrap_or(Options { delimiter: b',', header: true });
        Some(Box::new(Records(options)))
    }

    fn decoder(&self, context: DecoderContext<'_>) -> Result<Box<dyn Decoder>> {
        if context.schema.is_none() {
            return Err(Error::user("`csv` needs a schema").help("write `schema: NAME`"));
        }
        Ok(Box::new(CsvDecoder::new(&context, Options::new(context.options)?)?))
    }

    fn encoder(&self, options: &Args, columns: &[Column]) -> Result<Box<dyn Encoder>> {
        Ok(Box::new(CsvEncoder::new(Options::new(options)?, columns)))
    }
}
