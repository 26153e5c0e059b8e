//! Where records and fields begin and end. A quote opens a field only where the field begins, so a quote inside plain
//! text is plain text, and the framing and the decoder agree on every newline.

use super::Options;
use engine::codec::Framing;
use std::borrow::Cow;

/// Cuts behind the last whole record.
#[derive(Debug)]
pub(super) struct Records(pub(super) Options);

impl Framing for Records {
    fn cut(&mut self, buffer: &[u8], last: bool) -> usize {
        if last {
            return buffer.len();
        }
        if memchr::memchr(b'"', buffer).is_none() {
            return memchr::memrchr(b'\n', buffer).map_or(0, |it| it + 1);
        }
        let (mut at, mut fields) = (0, Vec::new());
        while let Some(end) = whole(buffer, at, self.0.delimiter, &mut fields) {
            at = end;
        }
        at
    }

    fn header(&mut self, buffer: &[u8], last: bool) -> Option<usize> {
        if !self.0.header {
            return Some(0);
        }
        let end = whole(buffer, 0, self.0.delimiter, &mut Vec::new());
        end.or_else(|| last.then_some(buffer.len()))
    }
}

/// The end of the record at `at`, if its newline is there.
fn whole(buffer: &[u8], at: usize, delimiter: u8, fields: &mut Vec<Field>) -> Option<usize> {
    let (end, _) = record(buffer, at, delimiter, fields);
    (end > at && buffer[end - 1] == b'\n').then_some(end).filter(|_| {
        // A quote that is still open has the newline inside.
        !fields.last().is_some_and(|it| it.open)
    })
}

/// One field of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// Its text, without the quotes around it.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) quoted: bool,
    /// There are doubled quotes in it.
    doubled: bool,
    /// Its quote is not closed.
    open: bool,
}

/// The fields of the record at `at`, where the next one begins, and what is wrong with it.
pub(super) fn record(
    bytes: &[u8],
    mut at: usize,
    delimiter: u8,
    fields: &mut Vec<Field>,
) -> (usize, Option<&'static str>) {
    fields.clear();
    loop {
        let (field, mut end) = match bytes.get(at) {
            Some(b'"') => quoted(bytes, at + 1),
            _ => plain(bytes, at, delimiter),
        };
        fields.push(field);
        if field.open {
            return (end, Some("a quote is opened and not closed"));
        }
        if bytes.get(end) == Some(&b'\r') && matches!(bytes.get(end + 1), Some(b'\n') | None) {
            end += 1;
        }
        match bytes.get(end) {
            None => return (end, None),
            Some(b'\n') => return (end + 1, None),
            Some(it) if *it == delimiter => at = end + 1,
            Some(_) => {
                let rest = memchr::memchr(b'\n', &bytes[end..]);
                let next = rest.map_or(bytes.len(), |it| end + it + 1);
                return (next, Some("something stands behind a closing quote"));
            }
        }
    }
}

fn plain(bytes: &[u8], start: usize, delimiter: u8) -> (Field, usize) {
    let rest = &bytes[start..];
    let length = rest.iter().position(|it| *it == delimiter || *it == b'\n');
    let mut end = start + length.unwrap_or(rest.len());
    if end > start && bytes[end - 1] == b'\r' && bytes.get(end) != Some(&delimiter) {
        end -= 1;
    }
    (Field { start, end, quoted: false, doubled: false, open: false }, end)
}

fn quoted(bytes: &[u8], start: usize) -> (Field, usize) {
    let (mut at, mut doubled) = (start, false);
    loop {
        let Some(quote) = memchr::memchr(b'"', &bytes[at..]).map(|it| at + it) else {
            let end = bytes.len();
            return (Field { start, end, quoted: true, doubled, open: true }, end);
        };
        if bytes.get(quote + 1) != Some(&b'"') {
            return (Field { start, end: quote, quoted: true, doubled, open: false }, quote + 1);
        }
        doubled = true;
        at = quote + 2;
    }
}

/// The names in a header of these fields. Each is read by itself: one that is not UTF-8 does not shift the others.
pub(super) fn names(bytes: &[u8], fields: &[Field]) -> Vec<String> {
    let name = |field: &Field| {
        let text = String::from_utf8_lossy(&bytes[field.start..field.end]);
        let text = if field.doubled { text.replace("\"\"", "\"") } else { text.into_owned() };
        text.trim().to_owned()
    };
    fields.iter().map(name).collect()
}

impl Field {
    /// Its text.
    pub(super) fn text<'a>(&self, source: &'a str) -> Cow<'a, str> {
        let text = source.get(self.start..self.end).unwrap_or_default();
        if self.doubled { Cow::Owned(text.replace("\"\"", "\"")) } else { Cow::Borrowed(text) }
    }
}
