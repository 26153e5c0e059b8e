//! One record on its way: values of columns into their builders, and the ends of values that nobody declared.

use super::super::scan::{POWERS, byte, number, quote};
use super::super::value::put_scalar;
use crate::decoding::{Column, Kind, Scalar, Store, Table, syntax, usual_timestamp, writable};
use dsl::plan::TimeUnit;

/// One object on its way.
pub(super) struct Pass<'a> {
    pub(super) bytes: &'a [u8],
    /// Whether a newline is space, or the end of the record.
    pub(super) newline: bool,
    /// The columns that have their value; those that a capture fills have it from the start.
    pub(super) seen: u64,
    pub(super) captured: u64,
    pub(super) objects: u64,
}

impl Pass<'_> {
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
            None => self.any(column, at),
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
    fn any(&self, column: &mut Column, at: usize) -> Option<usize> {
        let end = self.skip_slowly(at)?;
        let raw = std::str::from_utf8(self.bytes.get(at..end)?).ok()?;
        if raw == "null" {
            absent(column)?;
        } else {
            put_scalar(&column.member.shape, raw, &mut column.builder).ok()?;
            if !column.read {
                column.builder.truncate(0);
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
pub(super) fn absent(column: &mut Column) -> Option<()> {
    let shape = &column.member.shape;
    if !column.read {
        return (shape.nullable || shape.default.is_some()).then_some(());
    }
    shape.absent("", &mut column.builder).ok()
}

/// Fills the columns that captures fill, and says which.
pub(super) fn fill(table: &mut Table, captures: &[String]) -> Option<u64> {
    let mut filled = 0;
    for place in 0..table.columns.len() {
        let capture = table.columns[place].capture.and_then(|it| captures.get(it));
        if let Some(text) = capture {
            table.fill(place, text).ok()?;
            filled |= 1 << place;
        }
    }
    table.clear_unread();
    Some(filled)
}
