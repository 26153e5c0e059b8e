//! Sources that are fed: records by the names of the columns, or raw payloads for the source's own decoder.

use super::call;
use crate::registry::Registry;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::TimestampMicrosecondType;
use dsl::plan::{Args, Field, Plan, Schema, SourcePlan};
use dsl::signature::{self, Signature};
use dsl::types::Column;
use engine::codec::{Decoded, Decoder, DecoderContext, Encoder, Format, Framing};
use engine::error::{Error, Result};
use engine::expr::Program;
use engine::operator::Frame;
use engine::sink::SinkDef;
use engine::source::{MakeFraming, Message, PayloadData, SourceDef};
use engine::vocabulary::Vocabulary;
use std::path::Path;
use std::sync::{Arc, LazyLock};

/// What a fed record begins with.
const RECORD: u8 = 0x1e;

/// What a piece of a fed file begins with.
const PIECE: u8 = 0x1c;

/// What a payload begins with that would look like one of the others.
const RAW: u8 = 0x1d;

/// What stands before the word of a format whose source is fed.
const FED: &str = "fed ";

/// A record as a payload.
pub(super) fn record(row: &serde_json::Value) -> Vec<u8> {
    let mut bytes = vec![RECORD];
    bytes.extend_from_slice(row.to_string().as_bytes());
    bytes
}

/// A raw payload as it is fed.
pub(super) fn raw(payload: &[u8]) -> Vec<u8> {
    match payload.first() {
        Some(&(RECORD | PIECE | RAW)) => [&[RAW], payload].concat(),
        _ => payload.to_vec(),
    }
}

/// A piece of a file as a payload.
pub(super) fn piece(piece: &[u8]) -> Vec<u8> {
    [&[PIECE], piece].concat()
}

/// A file in pieces of whole records, as a source with this one's format would read it. Where a source has no format,
/// records stand in it as JSON lines.
pub(super) fn pieces(plan: &Plan, source: &str, path: &Path) -> Result<Vec<Vec<u8>>> {
    let source = plan.source(source).ok_or_else(|| Error::bug("there is no such source"))?;
    if !path.exists() {
        return Err(Error::user(format!(
            "there is no file `{}`; what is fed is looked for from the folder of the .pipe file on",
            path.display()
        )));
    }
    let (word, args) = match &source.format {
        Some(format) => (format.word.clone(), format.args.clone()),
        None => (FED.to_owned(), Args::default()),
    };
    let make: MakeFraming = Arc::new(move || {
        let format = FedVocabulary.format(&word)?;
        format.framing(&args)
    });
    let pieces = connectors::file::pieces(&path.to_string_lossy(), &make)?;
    Ok(pieces.iter().map(|it| it.to_vec()).collect())
}

/// Makes a source one that is fed.
pub(super) fn feed(source: &mut SourcePlan) {
    let own = ["name", "bounded"];
    let mut connector = call("memory", signature::Kind::Source);
    let args = source.connector.args.given.drain(..);
    connector.args.given = args.filter(|(name, _)| !own.contains(&name.as_str())).collect();
    source.connector = connector;
    let word = source.format.as_ref().map_or("", |it| &it.word);
    let mut format = call(&format!("{FED}{word}"), signature::Kind::Format);
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
        self.inner.unwrap_or(Registry.shown()).framing(options)
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
            let kind = Kind::of(&messages[from]);
            let alike = |it: &&Message| Kind::of(it) == kind;
            // A piece is decoded by itself: it has a header of its own.
            let most = if kind == Kind::Piece { 1 } else { messages.len() };
            let length = messages[from..].iter().take(most).take_while(alike).count();
            let mut part = self.run(&messages[from..from + length], kind)?;
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

/// What a message of a fed source holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Record,
    Piece,
    Raw,
}

impl Kind {
    fn of(message: &Message) -> Self {
        match message.payload.first() {
            Some(&RECORD) => Self::Record,
            Some(&PIECE) => Self::Piece,
            _ => Self::Raw,
        }
    }
}

impl FedDecoder {
    fn run(&mut self, messages: &[Message], kind: Kind) -> Result<Decoded> {
        let records = kind == Kind::Record;
        let decoder = self.raw.as_mut().filter(|_| !records).unwrap_or(&mut self.records);
        if let (Kind::Piece, [piece]) = (kind, messages) {
            let mut decoded = decoder.decode(&PayloadData::Stream(piece.payload.slice(1..)))?;
            // Wherever in the piece a row stands, it came by this one message.
            decoded.origins = Some(vec![0; decoded.rows.num_rows()]);
            decoded.rejected.iter_mut().for_each(|it| it.fault.row = 0);
            return Ok(decoded);
        }
        let bare = |it: &Message| {
            let marked = matches!(it.payload.first(), Some(&(RECORD | RAW)));
            Message { payload: it.payload.slice(usize::from(marked)..), ..it.clone() }
        };
        decoder.decode(&PayloadData::Messages(messages.iter().map(bare).collect()))
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
