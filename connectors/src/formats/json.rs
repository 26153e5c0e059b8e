//! `json`: one object a message, or one a line.
//!
//! The decoder gives one verdict a message: its row, or why there is none. Neither a broken message nor what stands around
//! it disturbs another one, and no number is bent to fit its column.

mod decoder;
mod encoder;
mod fast;
mod path;
mod scan;
#[cfg(test)]
mod tests;
mod value;

pub(crate) use encoder::push_value;
pub(crate) use value::Reader;

use crate::decoding::Lines;
use decoder::JsonDecoder;
use dsl::plan::Args;
use dsl::signature::{Constant, Example, Kind, Param, Returns, Signature, Takes};
use dsl::types::Column;
use encoder::JsonEncoder;
use engine::codec::{Decoder, DecoderContext, Encoder, Format, Framing};
use engine::error::{Error, Result};
use std::sync::LazyLock;

/// The word.
#[derive(Debug)]
pub struct Json;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: "json",
    kind: Kind::Format,
    summary: "One JSON object a message, or one a line of a file.",
    details: "A field is looked up under its name, or under the path of its `from`: `from \"data.t\"`, \
              `from \"readings[0].v\"`, `from \"[\\\"odd.name\\\"]\"`. The last of two equal names counts. A missing field \
              and `null` are the same: null, the default, or an error row (`missing`).\n\n\
              Values are never bent: `1.0` is an int, `1.5`, `\"1\"` and a number that does not fit are error rows \
              (`type`). Timestamps are RFC 3339 text or numbers since 1970 (milliseconds, unless the type says \
              otherwise), bytes are base64, durations are text such as `1m30s`.\n\n\
              An array of objects is one row an element, each with its own verdict. What is no object, and an array \
              of other things, is one error row (`decode`). An empty array is a message without rows: no row is read and \
              nothing is wrong. Values may be nested 128 deep.\n\n\
              A sink writes all columns in their order, null as `null`, NaN and infinities as `null` too.",
    params: vec![Param::option(
        "each",
        Takes::Constant(Constant::String),
        "The path of an array: one row an element of it. A field stands in the element; one with `from` stands in the \
         element or else around it.",
    )],
    result: Returns::Nothing,
    examples: &[
        Example {
            title: "Fields inside other fields",
            source: r##"schema Reading {
  device: string
  at:     timestamp from "data.ts"
  value:  float? from "data.values[0]"
}

source readings = memory(format: json, schema: Reading, time: at)

sink all = readings | into memory()

test "the fields are found" {
  feed readings [
    r#"{"device": "a", "data": {"ts": 0, "values": [21.5, 22.0]}}"#,
    r#"{"device": "b", "data": {"ts": "1970-01-01T00:00:01Z"}}"#,
  ]
  expect all [
    { device: "a", at: @1970-01-01T00:00:00Z, value: 21.5 },
    { device: "b", at: @1970-01-01T00:00:01Z, value: null },
  ]
}
"##,
            result: "",
        },
        Example {
            title: "One row an element",
            source: r##"schema Reading {
  device: string from "device"
  value:  float
}

source readings = memory(format: json(each: "readings"), schema: Reading)

sink all = readings | into memory()

test "each reading is a row" {
  feed readings [
    r#"{"device": "a", "readings": [{"value": 1.0}, {"value": 2.0}]}"#,
  ]
  expect all [
    { device: "a", value: 1.0 },
    { device: "a", value: 2.0 },
  ]
}
"##,
            result: "",
        },
    ],
});

impl Format for Json {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn framing(&self, _options: &Args) -> Option<Box<dyn Framing>> {
        Some(Box::new(Lines))
    }

    fn decoder(&self, context: DecoderContext<'_>) -> Result<Box<dyn Decoder>> {
        if context.schema.is_none() {
            return Err(Error::user("`json` needs a schema").help("write `schema: NAME`"));
        }
        Ok(Box::new(JsonDecoder::new(&context)?))
    }

    fn encoder(&self, _options: &Args, columns: &[Column]) -> Result<Box<dyn Encoder>> {
        Ok(Box::new(JsonEncoder::new(columns)))
    }
}

/// Writes rows of these columns as people are shown them.
pub(crate) fn shown(columns: &[Column]) -> Result<Box<dyn Encoder>> {
    Json.encoder(&Args::default(), columns)
}
