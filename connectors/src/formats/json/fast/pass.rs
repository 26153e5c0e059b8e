//! One record on its way: values of columns into their builders, and the ends of values that nobody declared.

use super::super::path::{Found, Node};
use super::super::scan::{POWERS, byte, number, quote};
use super::super::value::Reader;
use crate::decoding::{Column, Kind, Scalar, Store, Table, syntax, usual_timestamp, writable};
use dsl::plan::TimeUnit;

/// One object on its way.
pub(in super::super) struct Pass<'a> {
    pub(super) bytes: &'a [u8],
    /// Whether a newline is space, or the end of the record.
    newline: bool,
    captures: &'a [String],
    readers: &'a [Reader],
    strict: bool,
    /// What was found around the object: it stands in for what is not in it.
    outer: Option<&'a Found<'a>>,
    /// The columns that have their value; those that a capture fills have it from the start.
    seen: u64,
    captured: u64,
    /// The objects that were met.
    objects: u64,
}

impl<'a> Pass<'a> {
    /// Through these bytes, with the readers of the columns.
    #[inline]
    pub(in super::super) fn new(
        bytes: &'a [u8],
        newline: bool,
        captures: &'a [String],
        readers: &'a [Reader],
        strict: bool,
    ) -> Self {
        let outer = None;
        Self { bytes, newline, captures, readers, strict, outer, seen: 0, captured: 0, objects: 0 }
    }

    /// Inside these findings.
    pub(in super::super) fn within(self, outer: &'a Found<'a>) -> Self {
        Self { outer: Some(outer), ..self }
    }

    /// Fills the columns that captures fill.
    #[inline]
    pub(super) fn fill(&mut self, table: &mut Table) -> Option<()> {
        if self.captures.is_empty() {
            return Some(());
        }
        for place in 0..table.columns.len() {
            let capture = table.columns[place].capture.and_then(|it| self.captures.get(it));
            if let Some(text) = capture {
                table.fill(place, text).ok()?;
                self.captured |= 1 << place;
            }
        }
        self.seen = self.captured;
        table.clear_unread();
        Some(())
    }

    /// Gives the columns that have no value yet the one that stands around the object, or what stands for none.
    #[inline]
    pub(super) fn complete(&mut self, table: &mut Table, columns: u64) -> Option<()> {
        let mut missing = columns & !self.seen;
        while missing != 0 {
            let place = missing.trailing_zeros() as usize;
            missing &= missing - 1;
            match self.outer.and_then(|it| it.values[place]).filter(|it| *it != "null") {
                Some(value) => self.put(&mut table.columns[place], place, value)?,
                None => absent(&mut table.columns[place])?,
            }
        }
        Some(())
    }

    /// Notes that an object was met; none if it was met before.
    pub(super) fn once(&mut self, object: usize) -> Option<()> {
        let bit = 1 << object;
        let first = self.objects & bit == 0;
        self.objects |= bit;
        first.then_some(())
    }

    /// The end of the space at `at`.
    #[inline]
    pub(super) fn space(&self, at: usize) -> usize {
        if byte(self.bytes, at) > b' ' { at } else { self.more_space(at) }
    }

    fn more_space(&self, mut at: usize) -> usize {
        loop {
            match byte(self.bytes, at) {
                b' ' | b'\t' | b'\r' => at += 1,
                b'\n' if self.newline => at += 1,
                _ => return at,
            }
        }
    }

    /// The end of a value that nobody declared.
    #[inline]
    pub(super) fn skip(&self, at: usize) -> Option<usize> {
        match byte(self.bytes, at) {
            b'"' => match quote(self.bytes, at + 1) {
                Some(end) => Some(end + 1),
                None => self.skip_slowly(at),
            },
            b'-' | b'0'..=b'9' => match number(self.bytes, at) {
                Some(number) => Some(number.end),
                None => self.skip_slowly(at),
            },
            _ => self.skip_slowly(at),
        }
    }

    fn skip_slowly(&self, at: usize) -> Option<usize> {
        let end = syntax::value(self.bytes, at).ok()?;
        // Inside texts there are no newlines: one that is there is space.
        let over = !self.newline && self.bytes[at..end].contains(&b'\n');
        (!over).then_some(end)
    }

    /// Reads the value of a column.
    #[inline]
    pub(super) fn column(&mut self, table: &mut Table, place: usize, at: usize) -> Option<usize> {
        let bit = 1 << place;
        if self.seen & bit != 0 {
            return if self.captured & bit != 0 { self.skip(at) } else { None };
        }
        self.seen |= bit;
        let column = &mut table.columns[place];
        let first = byte(self.bytes, at);
        let end = match (&column.member.shape.kind, first) {
            (Kind::Float, b'-' | b'0'..=b'9') => self.float(column, at),
            (Kind::String, b'"') => self.text(column, at),
            (Kind::Int, b'-' | b'0'..=b'9') => self.int(column, at),
            (Kind::Timestamp(_), b'-' | b'0'..=b'9') => self.epoch(column, at),
            (Kind::Timestamp(_), b'"') => self.time(column, at),
            _ => None,
        };
        match end {
            Some(end) => Some(end),
            None => self.any(column, place, at),
        }
    }

    #[inline]
    fn float(&self, column: &mut Column, at: usize) -> Option<usize> {
        let number = number(self.bytes, at)?;
        accept(column, Scalar::Float(number.float()?))?;
        Some(number.end)
    }

    #[inline]
    fn int(&self, column: &mut Column, at: usize) -> Option<usize> {
        let number = number(self.bytes, at)?;
        accept(column, Scalar::Int(number.int()?))?;
        Some(number.end)
    }

    #[inline]
    fn epoch(&self, column: &mut Column, at: usize) -> Option<usize> {
        let Kind::Timestamp(form) = &column.member.shape.kind else { return None };
        let number = number(self.bytes, at)?;
        let micros = match form.unit {
            TimeUnit::Nanosecond => return None,
            TimeUnit::Microsecond => number.int()?,
            // What is behind the point only counts up to the microsecond.
            TimeUnit::Millisecond => scaled(number.mantissa, number.decimals, 3, number.negative)?,
            TimeUnit::Second => scaled(number.mantissa, number.decimals, 6, number.negative)?,
        };
        if !writable(micros) {
            return None;
        }
        accept(column, Scalar::Int(micros))?;
        Some(number.end)
    }

    #[inline]
    fn time(&self, column: &mut Column, at: usize) -> Option<usize> {
        let end = quote(self.bytes, at + 1)?;
        let micros = usual_timestamp(self.bytes.get(at + 1..end)?).filter(|it| writable(*it))?;
        accept(column, Scalar::Int(micros))?;
        Some(end + 1)
    }

    #[inline]
    fn text(&self, column: &mut Column, at: usize) -> Option<usize> {
        let end = quote(self.bytes, at + 1)?;
        let text = self.bytes.get(at + 1..end)?;
        if column.member.shape.bounds.is_none() {
            if column.read
                && let Store::Bytes(values) = &mut column.builder.store
            {
                values.push(text);
            }
        } else {
            accept(column, Scalar::Text(std::str::from_utf8(text).ok()?))?;
        }
        Some(end + 1)
    }

    /// A null, or a value of a kind that is seldom, as the slow way reads it.
    fn any(&mut self, column: &mut Column, place: usize, at: usize) -> Option<usize> {
        let end = self.skip_slowly(at)?;
        let raw = std::str::from_utf8(self.bytes.get(at..end)?).ok()?;
        if raw == "null" {
            // As if it were missing.
            self.seen &= !(1 << place);
        } else {
            self.put(column, place, raw)?;
        }
        Some(end)
    }

    fn put(&self, column: &mut Column, place: usize, raw: &str) -> Option<()> {
        let shape = &column.member.shape;
        self.readers[place].put(shape, Some(raw), "", self.strict, &mut column.builder).ok()?;
        if !column.read {
            column.builder.truncate(0);
        }
        Some(())
    }

    /// Looks through a value for the fields in it.
    pub(super) fn tree(&mut self, table: &mut Table, node: &Node, at: usize) -> Option<usize> {
        let end = self.skip_slowly(at)?;
        let raw = std::str::from_utf8(self.bytes.get(at..end)?).ok()?;
        let found = node.find(raw, table.columns.len());
        if self.strict && found.unknown.is_some() {
            return None;
        }
        for place in node.under.iter().copied() {
            let captured = self.captured >> place & 1 == 1;
            let value = found.values[place].filter(|it| !captured && *it != "null");
            if let Some(value) = value {
                self.seen |= 1 << place;
                self.put(&mut table.columns[place], place, value)?;
            }
        }
        Some(end)
    }
}

/// `mantissa / 10^decimals * 10^power`, if that is a whole number that is easily told.
#[inline]
fn scaled(mantissa: u64, decimals: usize, power: usize, negative: bool) -> Option<i64> {
    let factor = POWERS[power.checked_sub(decimals)?];
    let micros = i64::try_from(mantissa).ok()?.checked_mul(factor as i64)?;
    Some(if negative { -micros } else { micros })
}

/// Takes a value that is inside the bounds.
#[inline]
fn accept(column: &mut Column, value: Scalar<'_>) -> Option<()> {
    if !column.member.shape.bounds.hold(&value) {
        return None;
    }
    if column.read {
        match (value, &mut column.builder.store) {
            (Scalar::Int(it), Store::Int(values)) => values.push(it),
            (Scalar::Float(it), Store::Float(values)) => values.push(it),
            (Scalar::Text(it), Store::Bytes(values)) => values.push(it.as_bytes()),
            _ => return None,
        }
    }
    Some(())
}

/// Takes what stands for a missing value.
fn absent(column: &mut Column) -> Option<()> {
    let shape = &column.member.shape;
    if !column.read {
        return (shape.nullable || shape.default.is_some()).then_some(());
    }
    shape.absent("", &mut column.builder).ok()
}
