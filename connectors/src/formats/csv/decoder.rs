//! Records into rows.

use super::Options;
use super::record::{Field, names, record};
use crate::decoding::syntax::document;
use crate::decoding::{
    Builder, Kind, Member, Refusal, Scalar, Shape, Store, Table, quoted, scalar, without_mark,
};
use crate::formats::json::Reader;
use bytes::Bytes;
use engine::codec::{Decoded, Decoder, DecoderContext};
use engine::error::Result;
use engine::reason::Reason;
use engine::source::PayloadData;

/// Reads CSV.
#[derive(Debug)]
pub(super) struct CsvDecoder {
    options: Options,
    strict: bool,
    table: Table,
    places: Vec<Place>,
    /// Of the header: how many fields there are, and the first name that the schema does not know.
    count: Option<usize>,
    unknown: Option<String>,
    fields: Vec<Field>,
    scratch: Vec<u8>,
}

/// Where a column stands in a record.
#[derive(Debug)]
enum Place {
    /// In one field.
    One { name: String, field: Option<usize>, reader: Reader },
    /// A struct: each of its fields by itself.
    Many(Vec<Place>),
}

/// A record.
struct Record<'a> {
    text: &'a str,
    fields: &'a [Field],
    strict: bool,
}

impl CsvDecoder {
    pub(super) fn new(context: &DecoderContext<'_>, options: Options) -> Result<Self> {
        let table = Table::new(context)?;
        let mut places = Vec::new();
        let mut next = 0;
        for column in &table.columns {
            let member = &column.member;
            let mut place = Place::new(member, member.wire.as_deref().unwrap_or(&member.name))?;
            // A captured column need not be in the record: it takes up no place in the order.
            if !options.header && column.capture.is_none() {
                place.number(member.wire.as_deref(), &mut next);
            }
            places.push(place);
        }
        Ok(Self {
            options,
            strict: context.strict,
            table,
            places,
            count: None,
            unknown: None,
            fields: Vec::new(),
            scratch: Vec::new(),
        })
    }

    fn piece(&mut self, piece: &Bytes, captures: &[String], stream: bool) {
        // Text that is sound as a whole need not be checked record by record.
        let sound = std::str::from_utf8(piece).ok();
        let mut at = piece.len() - without_mark(piece).len();
        if self.options.header {
            at = self.header(piece, at);
        }
        while at < piece.len() {
            let (end, problem) = record(piece, at, self.options.delimiter, &mut self.fields);
            let bytes = trimmed(&piece[at..end]);
            if !bytes.is_empty() {
                let text = match sound {
                    Some(text) => text.get(at..at + bytes.len()),
                    None => std::str::from_utf8(bytes).ok(),
                };
                let verdict = match (text, problem) {
                    (None, _) => Err(Refusal::new(Reason::Decode, "it is not UTF-8")),
                    (_, Some(problem)) => Err(Refusal::new(Reason::Decode, problem)),
                    (Some(text), None) => self.row(text, at, captures),
                };
                match verdict {
                    Ok(()) => {
                        self.table.clear_unread();
                        self.table.accept();
                    }
                    Err(refusal) => self.table.reject(refusal, piece.slice_ref(bytes)),
                }
                self.table.message += u32::from(stream);
            }
            at = end;
        }
    }

    /// Finds the columns in the header; where the records begin.
    fn header(&mut self, piece: &[u8], at: usize) -> usize {
        let (end, _) = record(piece, at, self.options.delimiter, &mut self.fields);
        let names = names(piece, &self.fields);
        let mut known = vec![false; names.len()];
        for (place, column) in self.places.iter_mut().zip(&self.table.columns) {
            place.find(&names, column.member.wire.is_some(), &mut known);
        }
        let unknown = names.iter().zip(known).find(|(name, known)| !known && !name.is_empty());
        self.unknown = unknown.map(|(name, _)| name.clone());
        self.count = Some(names.len());
        end
    }

    fn row(&mut self, text: &str, start: usize, captures: &[String]) -> Result<(), Refusal> {
        for field in &mut self.fields {
            field.start -= start;
            field.end -= start;
        }
        if let Some(count) = self.count.filter(|it| *it != self.fields.len()) {
            let detail = format!("it has {} fields, the header {count}", self.fields.len());
            return Err(Refusal::new(Reason::Decode, detail));
        }
        let record = Record { text, fields: &self.fields, strict: self.strict };
        for (i, place) in self.places.iter().enumerate() {
            let capture = self.table.columns[i].capture.and_then(|it| captures.get(it));
            if let Some(text) = capture {
                self.table.fill(i, text)?;
                continue;
            }
            let column = &mut self.table.columns[i];
            let member = &column.member;
            place
                .put(&member.shape, &record, &mut self.scratch, &mut column.builder)
                .map_err(|it| it.of(&member.name))?;
        }
        match &self.unknown {
            Some(name) if self.strict => {
                let detail = format!("the schema knows no field {}", quoted(name));
                Err(Refusal::new(Reason::Unknown, detail))
            }
            _ => Ok(()),
        }
    }
}

impl Decoder for CsvDecoder {
    fn decode(&mut self, data: &PayloadData) -> Result<Decoded> {
        match data {
            PayloadData::Stream(piece) => {
                self.table.begin(false);
                self.piece(piece, &[], true);
            }
            PayloadData::Messages(messages) => {
                self.table.begin(true);
                for message in messages {
                    if message.payload.trim_ascii().is_empty() {
                        let refusal = Refusal::new(Reason::Decode, "it is empty");
                        self.table.reject(refusal, message.payload.clone());
                    } else {
                        self.piece(&message.payload, &message.captures, false);
                    }
                    self.table.message += 1;
                }
            }
        }
        self.table.finish()
    }
}

/// A record without the end of its line.
fn trimmed(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

impl Place {
    fn new(member: &Member, name: &str) -> Result<Self> {
        if let Kind::Struct(fields) = &member.shape.kind {
            let inner = |it: &Member| {
                let own = it.wire.as_deref().unwrap_or(&it.name);
                Place::new(it, &format!("{name}_{own}"))
            };
            return Ok(Place::Many(fields.iter().map(inner).collect::<Result<_>>()?));
        }
        let reader = Reader::new(&member.shape.kind)?;
        Ok(Place::One { name: name.to_owned(), field: None, reader })
    }

    /// Without a header: the number of `from`, or else the next one.
    fn number(&mut self, wire: Option<&str>, next: &mut usize) {
        match self {
            Place::One { field, .. } => {
                let place = wire.and_then(|it| it.parse().ok()).unwrap_or(*next);
                *field = Some(place);
                *next = place + 1;
            }
            Place::Many(fields) => fields.iter_mut().for_each(|it| it.number(None, next)),
        }
    }

    /// With a header: the name, or else the number of `from`.
    fn find(&mut self, names: &[String], from: bool, known: &mut [bool]) {
        match self {
            Place::One { name, field, .. } => {
                let number = || name.parse().ok().filter(|it| from && *it < names.len());
                *field = names.iter().position(|it| it == name).or_else(number);
                if let Some(field) = field {
                    known[*field] = true;
                }
            }
            Place::Many(fields) => fields.iter_mut().for_each(|it| it.find(names, false, known)),
        }
    }

    fn put(
        &self,
        shape: &Shape,
        record: &Record<'_>,
        scratch: &mut Vec<u8>,
        into: &mut Builder,
    ) -> Result<(), Refusal> {
        match (self, &shape.kind) {
            (Place::Many(places), Kind::Struct(members)) => {
                if shape.nullable && self.is_empty(record) {
                    into.push_null();
                    return Ok(());
                }
                let Store::Struct(len, children) = &mut into.store else {
                    return Err(Refusal::unfit(&shape.kind, "text"));
                };
                for ((place, member), child) in places.iter().zip(members).zip(children) {
                    place.put(&member.shape, record, scratch, child)?;
                }
                *len += 1;
                Ok(())
            }
            (Place::One { name, reader, .. }, kind) => {
                let Some(field) = self.field(record) else { return shape.absent(name, into) };
                if field.start == field.end {
                    let empty = matches!(kind, Kind::String)
                        && (field.quoted || !(shape.nullable || shape.default.is_some()));
                    return if empty {
                        shape.accept(Scalar::Text(""), into)
                    } else {
                        shape.absent(name, into)
                    };
                }
                let text = field.text(record.text);
                if let Reader::Scalar = reader {
                    shape.accept(scalar(kind, &text, scratch)?, into)
                } else {
                    let value = document(&text);
                    let value = value.map_err(|_| Refusal::unfit(kind, quoted(&text)))?;
                    reader.put(shape, Some(value), name, record.strict, into)
                }
            }
            (Place::Many(_), kind) => Err(Refusal::unfit(kind, "a record")),
        }
    }

    fn field<'a>(&self, record: &Record<'a>) -> Option<&'a Field> {
        match self {
            Place::One { field, .. } => record.fields.get((*field)?),
            Place::Many(_) => None,
        }
    }

    /// Whether nothing stands there.
    fn is_empty(&self, record: &Record<'_>) -> bool {
        match self {
            Place::One { .. } => {
                self.field(record).is_none_or(|it| it.start == it.end && !it.quoted)
            }
            Place::Many(fields) => fields.iter().all(|it| it.is_empty(record)),
        }
    }
}
