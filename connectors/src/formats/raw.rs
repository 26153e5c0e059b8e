//! `raw`: a payload as it is, in one column.

use crate::decoding::{Kind as ValueKind, Lines, Refusal, Scalar, Table};
use crate::encoding::{Values, View, conform};
use arrow::array::RecordBatch;
use bytes::Bytes;
use dsl::plan::Args;
use dsl::signature::{Example, Kind, Returns, Signature};
use dsl::types::{Column, Type};
use engine::codec::{Decoded, Decoder, DecoderContext, Encoder, Format, Frame, Framing};
use engine::error::{Error, Result};
use engine::reason::Reason;
use engine::source::PayloadData;
use std::sync::LazyLock;

/// The column where no schema names another.
const PAYLOAD: &str = "payload";

/// The word.
#[derive(Debug)]
pub struct Raw;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: "raw",
    kind: Kind::Format,
    summary: "The bytes of a payload as they are.",
    details: "Without a schema there is one column, `payload: bytes`. A schema may name it otherwise, as `bytes` or as \
              `string` (then a payload that is not UTF-8 is an error row); other columns are those of a topic's \
              captures. In a file each line is a payload, without its end.\n\nA sink writes the one column that \
              there is, which has to be `bytes` or `string`; null writes nothing.",
    params: Vec::new(),
    result: Returns::Nothing,
    examples: &[Example {
        title: "Payloads as text",
        source: r#"schema Line {
  text: string
}

source lines = memory(format: raw, schema: Line)

sink all = lines | into memory()

test "a payload is a row" {
  feed lines ["one", "two"]
  expect all [{ text: "one" }, { text: "two" }]
}
"#,
        result: "",
    }],
});

impl Format for Raw {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn columns(&self) -> Option<Vec<Column>> {
        Some(vec![Column::new(PAYLOAD, Type::Bytes.required())])
    }

    fn framing(&self, _options: &Args) -> Option<Box<dyn Framing>> {
        Some(Box::new(Lines))
    }

    fn decoder(&self, context: DecoderContext<'_>) -> Result<Box<dyn Decoder>> {
        let table = Table::new(&context)?;
        let mut own = (0..table.columns.len()).filter(|it| table.columns[*it].capture.is_none());
        let (Some(column), None) = (own.next(), own.next()) else {
            let help = "declare one field of type `bytes` or `string`, besides those of captures";
            return Err(Error::user("`raw` fills one column").help(help));
        };
        let Column { name, typed } = &context.columns[column];
        if !matches!(typed.ty, Type::Bytes | Type::String) {
            return Err(Error::user(format!(
                "`raw` fills a column of `bytes` or `string`, and `{name}` is `{typed}`"
            ))
            .help(format!("declare `{name}: bytes` or `{name}: string`")));
        }
        Ok(Box::new(RawDecoder { table, column }))
    }

    fn encoder(&self, _options: &Args, columns: &[Column]) -> Result<Box<dyn Encoder>> {
        match columns {
            [column] if matches!(column.typed.ty, Type::Bytes | Type::String) => {
                Ok(Box::new(RawEncoder { column: columns.to_vec() }))
            }
            _ => {
                let columns: Vec<_> =
                    columns.iter().map(|it| format!("`{}: {}`", it.name, it.typed)).collect();
                Err(Error::user(format!(
                    "`raw` writes one column of `bytes` or `string`, not {}",
                    columns.join(", ")
                ))
                .help("`select` one"))
            }
        }
    }
}

/// Puts payloads into a column.
#[derive(Debug)]
struct RawDecoder {
    table: Table,
    column: usize,
}

impl RawDecoder {
    fn payload(&mut self, payload: &Bytes, captures: &[String]) {
        match self.row(payload, captures) {
            Ok(()) => {
                self.table.clear_unread();
                self.table.accept();
            }
            Err(refusal) => self.table.reject(refusal, payload.clone()),
        }
        self.table.message += 1;
    }

    fn row(&mut self, payload: &[u8], captures: &[String]) -> Result<(), Refusal> {
        for i in 0..self.table.columns.len() {
            let column = &mut self.table.columns[i];
            let member = &column.member;
            if i != self.column {
                if let Some(text) = column.capture.and_then(|it| captures.get(it)) {
                    self.table.fill(i, text)?;
                } else {
                    let absent = member.shape.absent(&member.name, &mut column.builder);
                    absent.map_err(|it| it.of(&member.name))?;
                }
                continue;
            }
            let value = match member.shape.kind {
                ValueKind::String => {
                    Scalar::Text(std::str::from_utf8(payload).map_err(|error| {
                        let detail = format!("it is not UTF-8 at byte {}", error.valid_up_to());
                        Refusal::new(Reason::Decode, detail).of(&member.name)
                    })?)
                }
                _ => Scalar::Bytes(payload),
            };
            let accepted = member.shape.accept(value, &mut column.builder);
            accepted.map_err(|it| it.of(&member.name))?;
        }
        Ok(())
    }
}

impl Decoder for RawDecoder {
    fn decode(&mut self, data: &PayloadData) -> Result<Decoded> {
        match data {
            PayloadData::Stream(piece) => {
                self.table.begin(false);
                let mut at = 0;
                while at < piece.len() {
                    let end = memchr::memchr(b'\n', &piece[at..]).map_or(piece.len(), |it| at + it);
                    let line = &piece[at..end];
                    let line = line.strip_suffix(b"\r").unwrap_or(line);
                    self.payload(&piece.slice_ref(line), &[]);
                    at = end + 1;
                }
            }
            PayloadData::Messages(messages) => {
                self.table.begin(true);
                for message in messages {
                    self.payload(&message.payload, &message.captures);
                }
            }
        }
        self.table.finish()
    }
}

/// Writes a column as it is.
#[derive(Debug)]
struct RawEncoder {
    column: Vec<Column>,
}

impl Encoder for RawEncoder {
    fn encode(
        &mut self,
        rows: &RecordBatch,
        out: &mut Vec<u8>,
        ends: &mut Vec<usize>,
    ) -> Result<()> {
        let arrays = conform(rows, &self.column)?;
        for (column, array) in self.column.iter().zip(&arrays) {
            let view = View::new(&column.typed.ty, array);
            for i in 0..rows.num_rows() {
                match &view.values {
                    _ if view.is_null(i) => {}
                    Values::Text(texts) => out.extend_from_slice(texts.value(i).as_bytes()),
                    Values::Bytes(bytes) => out.extend_from_slice(bytes.value(i)),
                    _ => return Err(Error::bug("`raw` was given a column of another type")),
                }
                ends.push(out.len());
            }
        }
        Ok(())
    }

    fn frame(&self) -> Frame {
        Frame { header: Vec::new(), terminator: b"\n".to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoding::testing::{Setup, captured, check, messages, required, stream};

    fn encoded(setup: &Setup, data: &PayloadData) -> (Vec<u8>, Vec<usize>) {
        let rows = setup.decoder(&Raw).decode(data).unwrap().rows;
        let (mut out, mut ends) = (Vec::new(), Vec::new());
        setup.encoder(&Raw).encode(&rows, &mut out, &mut ends).unwrap();
        (out, ends)
    }

    #[test]
    fn bytes_come_and_go_as_they_are() {
        let setup = Setup::new(vec![required("payload", Type::Bytes)]);
        let data = messages(&[&b"\xff\x00\n"[..], b"", b"x"]);
        check(
            &Raw,
            &setup,
            &data,
            &[r#"{"payload":"/wAK"}"#, r#"{"payload":""}"#, r#"{"payload":"eA=="}"#],
        );
        assert_eq!(encoded(&setup, &data), (b"\xff\x00\nx".to_vec(), vec![3, 3, 4]));
        assert_eq!(encoded(&setup, &stream("a\r\n\nb")), (b"ab".to_vec(), vec![1, 1, 2]));
    }

    #[test]
    fn text_has_to_be_text_and_captures_stand_beside_it() {
        let mut setup = Setup::new(vec![required("line", Type::String)]);
        setup.columns.push(Column::new("n", Type::Int.required()));
        setup.needed.push(true);
        let setup = setup.capturing(&["n"]);
        check(
            &Raw,
            &setup,
            &captured(&[&b"a"[..], b"\xff"], &["7"]),
            &[r#"{"line":"a","n":7}"#, "! decode line: it is not UTF-8 at byte 0 < \u{fffd}"],
        );
        let (Err(error), options) = (Raw.encoder(&Args::default(), &setup.columns), &setup.options)
        else {
            panic!("two columns are not one")
        };
        assert!(options.given.is_empty() && error.to_string().contains("`select` one"));
    }
}
