//! Sources that are fed: records by the names of the columns, or raw payloads for the source's own decoder.

use super::call;
use crate::registry::Registry;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::TimestampMicrosecondType;
use dsl::plan::{Args, Field, Plan, Schema, SourcePlan};
use dsl::signature::{Kind, Signature};
use dsl::types::Column;
use engine::codec::{Decoded, Decoder, DecoderContext, Encoder, Format, Framing};
use engine::error::{Error, Result};
use engine::expr::Program;
use engine::operator::Frame;
use engine::sink::SinkDef;
use engine::source::{Message, PayloadData, SourceDef};
use engine::vocabulary::Vocabulary;
use std::sync::LazyLock;

/// What a fed record begins with: no payload of the formats does.
const RECORD: u8 = 0x1e;

/// What stands before the word of a format whose source is fed.
const FED: &str = "fed ";

/// A record as a payload.
pub(super) fn record(row: &serde_json::Value) -> Vec<u8> {
    let mut bytes = vec![RECORD];
    bytes.extend_from_slice(row.to_string().as_bytes());
    bytes
}

/// Makes a source one that is fed.
pub(super) fn feed(source: &mut SourcePlan) {
    let own = ["name", "bounded"];
    let mut connector = call("memory", Kind::Source);
    let args = source.connector.args.given.drain(..);
    connector.args.given = args.filter(|(name, _)| !own.contains(&name.as_str())).collect();
    source.connector = connector;
    let word = source.format.as_ref().map_or("", |it| &it.word);
    let mut format = call(&format!("{FED}{word}"), Kind::Format);
    if let Some(before) = source.format.take() {
        format.args = before.args;
    }
    source.format = Some(format);
}

/// The vocabulary of a virtual run.
pub(super) struct FedVocabulary;

impl Vocabulary for FedVocabulary {
    fn source(&self, word: &str) -> Option<&'static dyn SourceDef> {
        Vocabulary::source(&Registry, word)
    }

    fn sink(&self, word: &str) -> Option<&'static dyn SinkDef> {
        Vocabulary::sink(&Registry, word)
    }

    fn format(&self, word: &str) -> Option<&'static dyn Format> {
        match word.strip_prefix(FED) {
            None => Registry.format(word),
            Some(inner) => {
                let found = FORMATS.iter().find(|it| it.word == inner)?;
                Some(found)
            }
        }
    }

    fn shown(&self) -> &'static dyn Format {
        Registry.shown()
    }
}

static FORMATS: LazyLock<Vec<FedFormat>> = LazyLock::new(|| {
    let of = |it: &&'static dyn Format| FedFormat { word: it.signature().name, inner: Some(*it) };
    let mut formats: Vec<FedFormat> = connectors::formats().iter().map(of).collect();
    formats.push(FedFormat { word: "", inner: None });
    formats
});

/// A format that also reads fed records.
struct FedFormat {
    word: &'static str,
    inner: Option<&'static dyn Format>,
}

impl Format for FedFormat {
    fn signature(&self) -> &Signature {
        self.inner.unwrap_or(Registry.shown()).signature()
    }

    fn columns(&self) -> Option<Vec<Column>> {
        self.inner.and_then(Format::columns)
    }

    fn framing(&self, options: &Args) -> Option<Box<dyn Framing>> {
        self.inner.and_then(|it| it.framing(options))
    }

    fn decoder(&self, context: DecoderContext<'_>) -> Result<Box<dyn Decoder>> {
        let schema = record_schema(context.columns, context.schema);
        let options = Args::default();
        let records = Registry.shown().decoder(DecoderContext {
            options: &options,
            schema: Some(&schema),
            columns: context.columns,
            needed: context.needed,
            captures: &[],
            strict: false,
        })?;
        let raw = self.inner.map(|it| it.decoder(context)).transpose()?;
        Ok(Box::new(FedDecoder { records, raw }))
    }

    fn encoder(&self, options: &Args, columns: &[Column]) -> Result<Box<dyn Encoder>> {
        self.inner.unwrap_or(Registry.shown()).encoder(options, columns)
    }
}

/// The schema of records: columns by their own names.
fn record_schema(columns: &[Column], declared: Option<&Schema>) -> Schema {
    let field = |column: &Column| {
        let declared = declared.and_then(|it| it.fields.iter().find(|it| it.column == *column));
        match declared {
            Some(field) => unwired(field),
            None => Field::plain(column),
        }
    };
    Schema { name: "record".to_owned(), fields: columns.iter().map(field).collect() }
}

fn unwired(field: &Field) -> Field {
    let children = field.children.iter().map(unwired).collect();
    Field { wire: None, children, ..field.clone() }
}

struct FedDecoder {
    records: Box<dyn Decoder>,
    raw: Option<Box<dyn Decoder>>,
}

impl Decoder for FedDecoder {
    /// Decodes runs of records and of raw payloads, each by its own decoder.
    fn decode(&mut self, data: &PayloadData) -> Result<Decoded> {
        let PayloadData::Messages(messages) = data else {
            let raw = self.raw.as_mut();
            return raw.ok_or_else(|| Error::bug("bytes without a format"))?.decode(data);
        };
        let mut parts: Vec<Decoded> = Vec::new();
        let mut from = 0;
        while from < messages.len() {
            let is_record = |it: &Message| it.payload.first() == Some(&RECORD);
            let kind = is_record(&messages[from]);
            let length = messages[from..].iter().take_while(|it| is_record(it) == kind).count();
            let run = &messages[from..from + length];
            let mut part = self.run(run, kind)?;
            shift(&mut part, from as u32, parts.iter().map(|it| it.rows.num_rows() as u32).sum());
            parts.push(part);
            from += length;
        }
        if parts.is_empty() {
            return self.records.decode(&PayloadData::Messages(Vec::new()));
        }
        together(parts)
    }
}

impl FedDecoder {
    fn run(&mut self, messages: &[Message], record: bool) -> Result<Decoded> {
        match &mut self.raw {
            Some(raw) if !record => raw.decode(&PayloadData::Messages(messages.to_vec())),
            _ => {
                let bare = |it: &Message| {
                    let payload = it.payload.slice(usize::from(record)..);
                    Message { payload, ..it.clone() }
                };
                self.records.decode(&PayloadData::Messages(messages.iter().map(bare).collect()))
            }
        }
    }
}

/// Places in a run become places in the whole.
fn shift(part: &mut Decoded, messages: u32, rows: u32) {
    let own = 0..part.rows.num_rows() as u32;
    let origins = part.origins.take().unwrap_or_else(|| own.collect());
    part.origins = Some(origins.into_iter().map(|it| it + messages).collect());
    for rejected in &mut part.rejected {
        rejected.fault.row += messages;
        rejected.before += rows;
    }
}

fn together(mut parts: Vec<Decoded>) -> Result<Decoded> {
    if parts.len() == 1 {
        return Ok(parts.remove(0));
    }
    let batches: Vec<RecordBatch> = parts.iter().map(|it| it.rows.clone()).collect();
    let origins = parts.iter_mut().flat_map(|it| it.origins.take().unwrap_or_default()).collect();
    Ok(Decoded {
        rows: concat_batches(&batches[0].schema(), &batches)?,
        origins: Some(origins),
        rejected: parts.into_iter().flat_map(|it| it.rejected).collect(),
    })
}

/// The newest time of these payloads as rows of a source; none where no row says its time.
pub(super) fn newest_time(plan: &Plan, source: &str, payloads: &[Vec<u8>]) -> Result<Option<i64>> {
    let source = plan.source(source).ok_or_else(|| Error::bug("there is no such source"))?;
    let (Some(time), Some(format)) = (&source.time, &source.format) else { return Ok(None) };
    let found = FedVocabulary.format(&format.word);
    let found = found.ok_or_else(|| Error::bug("a fed source has no format"))?;
    let needed = vec![true; source.columns.len()];
    let mut decoder = found.decoder(DecoderContext {
        options: &format.args,
        schema: source.schema.as_ref(),
        columns: &source.columns,
        needed: &needed,
        captures: &[],
        strict: false,
    })?;
    let message = |it: &Vec<u8>| Message { payload: it.clone().into(), ..Message::default() };
    let messages = payloads.iter().map(message).collect();
    let rows = decoder.decode(&PayloadData::Messages(messages))?.rows;
    let times = vec![0; rows.num_rows()];
    let frame = Frame { columns: rows.columns(), times: &times, meta: None };
    let values = Program::compile(time, &source.columns)?.evaluate(&frame)?.values;
    let values = values.as_primitive::<TimestampMicrosecondType>();
    Ok(values.iter().flatten().max().filter(|_| values.len() > values.null_count()))
}
