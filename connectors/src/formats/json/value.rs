//! JSON values into columns: which value of JSON is which value of the language, and what is refused.

use super::path::{Node, Step, path};
use crate::decoding::syntax::{elements, members, unescaped};
use crate::decoding::{
    Builder, Kind, Member, Refusal, Scalar, Shape, Store, int, micros, quoted, scalar, timestamp,
    writable,
};
use dsl::plan::TimeUnit;
use engine::error::Result;
use engine::expr::parse;
use engine::reason::Reason;

/// How a value of a kind is read.
#[derive(Debug)]
pub(crate) enum Reader {
    Scalar,
    List(Box<Reader>),
    Struct(Record),
    Map(Box<Reader>),
}

/// How the fields of an object are read.
#[derive(Debug)]
pub(crate) struct Record {
    pub(super) tree: Node,
    pub(super) readers: Vec<Reader>,
}

impl Record {
    /// The fields of an object, each under its own name or its path.
    pub(super) fn new<'a>(members: impl Iterator<Item = &'a Member>) -> Result<Self> {
        let mut record = Self { tree: Node::default(), readers: Vec::new() };
        for (i, member) in members.enumerate() {
            record.tree.add(&member_path(member)?, i);
            record.readers.push(Reader::new(&member.shape.kind)?);
        }
        Ok(record)
    }
}

/// Where a field is looked for.
pub(super) fn member_path(member: &Member) -> Result<Vec<Step>> {
    match &member.wire {
        Some(wire) => path(wire),
        None => Ok(vec![Step::Key(member.name.clone())]),
    }
}

impl Reader {
    pub(crate) fn new(kind: &Kind) -> Result<Self> {
        Ok(match kind {
            Kind::List(element) => Reader::List(Box::new(Reader::new(&element.kind)?)),
            Kind::Map(value) => Reader::Map(Box::new(Reader::new(&value.kind)?)),
            Kind::Struct(members) => Reader::Struct(Record::new(members.iter())?),
            _ => Reader::Scalar,
        })
    }

    /// Adds a checked value, or what stands for one that is missing; `name` is where it was looked for.
    pub(crate) fn put(
        &self,
        shape: &Shape,
        raw: Option<&str>,
        name: &str,
        strict: bool,
        into: &mut Builder,
    ) -> Result<(), Refusal> {
        let Some(raw) = raw.filter(|it| *it != "null") else {
            return shape.absent(name, into);
        };
        match (self, &shape.kind) {
            (Reader::List(reader), Kind::List(element)) => {
                let Store::List(lists) = &mut into.store else { return Err(unfit(shape, raw)) };
                if !raw.starts_with('[') {
                    return Err(unfit(shape, raw));
                }
                for (i, value) in elements(raw).enumerate() {
                    let put = reader.put(element, Some(value), name, strict, &mut lists.inner);
                    put.map_err(|it| it.within(&format!("[{i}]")))?;
                }
                lists.close();
                Ok(())
            }
            (Reader::Map(reader), Kind::Map(value)) => {
                put_map(reader, value, raw, strict, into).unwrap_or_else(|| Err(unfit(shape, raw)))
            }
            (Reader::Struct(record), Kind::Struct(fields)) if raw.starts_with('{') => {
                record.put(fields, raw, strict, into)
            }
            (Reader::Scalar, _) => put_scalar(shape, raw, into),
            _ => Err(unfit(shape, raw)),
        }
    }
}

impl Record {
    fn put(
        &self,
        fields: &[Member],
        raw: &str,
        strict: bool,
        into: &mut Builder,
    ) -> Result<(), Refusal> {
        let found = self.tree.find(raw, fields.len());
        let Store::Struct(len, children) = &mut into.store else {
            return Err(Refusal::new(Reason::Type, "it is no object"));
        };
        for (i, field) in fields.iter().enumerate() {
            let name = field.wire.as_deref().unwrap_or(&field.name);
            let put =
                self.readers[i].put(&field.shape, found.values[i], name, strict, &mut children[i]);
            put.map_err(|it| it.within(&field.name))?;
        }
        *len += 1;
        found.refusal(strict).map_or(Ok(()), Err)
    }
}

impl super::path::Found<'_> {
    /// With `strict: true`, a name that no path knows.
    pub(super) fn refusal(&self, strict: bool) -> Option<Refusal> {
        let name = self.unknown.filter(|_| strict)?;
        Some(Refusal::new(Reason::Unknown, format!("the schema knows no field {}", quoted(name))))
    }
}

/// Adds an object as a map; the last of equal names counts. None if it is no object.
fn put_map(
    reader: &Reader,
    shape: &Shape,
    raw: &str,
    strict: bool,
    into: &mut Builder,
) -> Option<Result<(), Refusal>> {
    let Store::Map(keys, lists) = &mut into.store else { return None };
    if !raw.starts_with('{') {
        return None;
    }
    let mut entries: Vec<(std::borrow::Cow<'_, str>, &str)> = Vec::new();
    for (name, value) in members(raw) {
        let Some(key) = unescaped(name) else { return Some(Err(half(name))) };
        match entries.iter_mut().find(|(it, _)| *it == key) {
            Some(entry) => entry.1 = value,
            None => entries.push((key, value)),
        }
    }
    for (key, value) in entries {
        keys.push(key.as_bytes());
        let put = reader.put(shape, Some(value), &key, strict, &mut lists.inner);
        if let Err(refusal) = put {
            return Some(Err(refusal.within(&key)));
        }
    }
    lists.close();
    Some(Ok(()))
}

/// Adds a value that is neither null nor a list, struct or map of the language.
pub(super) fn put_scalar(shape: &Shape, raw: &str, into: &mut Builder) -> Result<(), Refusal> {
    if matches!(shape.kind, Kind::Json) {
        return shape.accept(Scalar::Text(raw), into);
    }
    match raw.as_bytes() {
        [b'"', .., b'"'] => put_text(shape, raw, into),
        [b'-' | b'0'..=b'9', ..] => put_number(shape, raw, into),
        [b't' | b'f', ..] if matches!(shape.kind, Kind::Bool) => {
            shape.accept(Scalar::Bool(raw == "true"), into)
        }
        _ => Err(unfit(shape, raw)),
    }
}

fn put_text(shape: &Shape, raw: &str, into: &mut Builder) -> Result<(), Refusal> {
    let inner = &raw[1..raw.len() - 1];
    let Some(text) = unescaped(inner) else { return Err(half(inner)) };
    match &shape.kind {
        Kind::String => shape.accept(Scalar::Text(&text), into),
        Kind::Timestamp(form) => {
            let found = timestamp(&text, form).map(Scalar::Int);
            shape.accept(
                found.ok_or_else(|| unreadable_time(shape, form.zone.as_deref(), raw))?,
                into,
            )
        }
        kind @ (Kind::Bytes | Kind::Duration | Kind::Date | Kind::Decimal { .. }) => {
            let mut scratch = Vec::new();
            shape.accept(scalar(kind, &text, &mut scratch)?, into)
        }
        _ => Err(unfit(shape, raw)),
    }
}

fn put_number(shape: &Shape, raw: &str, into: &mut Builder) -> Result<(), Refusal> {
    let found = match &shape.kind {
        Kind::Int => int(raw).map(Scalar::Int),
        Kind::Float => raw.parse().ok().filter(|it: &f64| it.is_finite()).map(Scalar::Float),
        Kind::Decimal { precision, scale } => {
            parse::decimal(raw, *precision, *scale).map(Scalar::Decimal)
        }
        Kind::Timestamp(form) => micros(raw, form.unit).filter(|it| writable(*it)).map(Scalar::Int),
        _ => return Err(unfit(shape, raw)),
    };
    shape.accept(found.ok_or_else(|| does_not_fit(shape, raw))?, into)
}

#[cold]
fn unfit(shape: &Shape, raw: &str) -> Refusal {
    let found = match raw.as_bytes().first() {
        Some(b'"') => format!("the text {}", quoted(&raw[1..raw.len() - 1])),
        Some(b'{') => "an object".to_owned(),
        Some(b'[') => "an array".to_owned(),
        _ => quoted(raw),
    };
    Refusal::unfit(&shape.kind, found)
}

/// A number that is of the right kind, but not of the right size.
#[cold]
fn does_not_fit(shape: &Shape, raw: &str) -> Refusal {
    let shown = quoted(raw);
    let detail = match &shape.kind {
        Kind::Int if raw.contains('.') => return unfit(shape, raw),
        Kind::Int => format!("{shown} does not fit an int of 64 bits"),
        Kind::Float => format!("{shown} does not fit a float"),
        Kind::Timestamp(form) => {
            let unit = match form.unit {
                TimeUnit::Second => "seconds",
                TimeUnit::Millisecond => "milliseconds",
                TimeUnit::Microsecond => "microseconds",
                TimeUnit::Nanosecond => "nanoseconds",
            };
            format!(
                "{shown} {unit} is outside the years 0 to 9999; another unit is written `timestamp(us)`"
            )
        }
        kind => format!("{shown} does not fit {}", kind.noun()),
    };
    Refusal::new(Reason::Type, detail)
}

#[cold]
fn unreadable_time(shape: &Shape, zone: Option<&str>, raw: &str) -> Refusal {
    let Refusal { reason, detail, .. } = unfit(shape, raw);
    let detail = match zone {
        None => format!("{detail} (RFC 3339 with `Z` or an offset)"),
        Some(zone) => format!("{detail} (RFC 3339, or the time of day in {zone})"),
    };
    Refusal::new(reason, detail)
}

#[cold]
fn half(text: &str) -> Refusal {
    let detail = format!("{} has an escape that is half of a character", quoted(text));
    Refusal::new(Reason::Type, detail)
}
