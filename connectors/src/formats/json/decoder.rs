//! The decoder: one verdict for every message, and for every element of one that is an array.
//!
//! ```text
//!  piece ─► record ─► fast: one pass, straight into the columns ─────────────► row
//!                       └ whatever is out of the ordinary
//!                           └─► slow: check the whole text, find the fields,
//!                                     put them one by one ───────────────────► row or refusal
//! ```
//!
//! The fast way only ever accepts; what it does not accept, the slow way decides. Both give the same rows, which the
//! tests hold them to.

use super::fast::{Fast, Pass};
use super::path::{Found, Node, path};
use super::value::{Record, member_path};
use crate::decoding::syntax::{document, elements, space};
use crate::decoding::{Refusal, Table, quoted, without_mark};
use bytes::Bytes;
use engine::codec::{Decoded, Decoder, DecoderContext};
use engine::error::Result;
use engine::reason::Reason;
use engine::source::{Message, PayloadData};

/// Reads JSON.
#[derive(Debug)]
pub(super) struct JsonDecoder {
    table: Table,
    record: Record,
    each: Option<Each>,
    strict: bool,
    /// None: every record takes the slow way.
    fast: Option<Fast>,
}

/// One row an element of a field.
#[derive(Debug)]
struct Each {
    name: String,
    /// Paths into what stands around the elements, and the field itself as the last one.
    outer: Node,
}

impl JsonDecoder {
    pub(super) fn new(context: &DecoderContext<'_>) -> Result<Self> {
        let table = Table::new(context)?;
        let mut record = Record::new(table.columns.iter().map(|it| &it.member))?;
        let each = match context.options.opt_text("each")? {
            Some(name) => Some(Each::new(name, &table, &mut record)?),
            None => None,
        };
        let fast = Fast::new(&table, &record.tree, context.strict);
        Ok(Self { table, record, each, strict: context.strict, fast })
    }

    /// The same without the fast way.
    #[cfg(test)]
    pub(super) fn slow(context: &DecoderContext<'_>) -> Result<Self> {
        Ok(Self { fast: None, ..Self::new(context)? })
    }

    fn stream(&mut self, piece: &Bytes) {
        // Text that is sound as a whole need not be checked line by line.
        let sound = self.each.is_none() && std::str::from_utf8(piece).is_ok();
        let mut at = piece.len() - without_mark(piece).len();
        while at < piece.len() {
            if sound && let Some(end) = self.fast_line(piece, at) {
                at = end;
                continue;
            }
            let end = memchr::memchr(b'\n', &piece[at..]).map_or(piece.len(), |it| at + it);
            let line = trimmed(&piece[at..end]);
            if !line.is_empty() {
                self.payload(&piece.slice_ref(line), &[]);
                self.table.message += 1;
            }
            at = end + 1;
        }
    }

    /// Reads the line that begins at `at`; where it ends, if it has become a row.
    #[inline]
    fn fast_line(&mut self, piece: &Bytes, at: usize) -> Option<usize> {
        let fast = self.fast.as_mut()?;
        let pass = Pass::new(piece, false, &[], &self.record.readers, self.strict);
        let end = fast.object(&mut self.table, pass, at);
        if let Some(end) = end.and_then(|it| line_end(piece, it)) {
            self.table.accept();
            self.table.message += 1;
            return Some(end);
        }
        self.table.take_back();
        None
    }

    fn message(&mut self, message: &Message) {
        let sound = self.each.is_none() && std::str::from_utf8(&message.payload).is_ok();
        if !(sound && self.fast_whole(&message.payload, None, &message.captures)) {
            self.payload(&message.payload, &message.captures);
        }
        self.table.message += 1;
    }

    /// Reads a whole text; whether it has become a row.
    fn fast_whole(&mut self, text: &[u8], outer: Option<&Found<'_>>, captures: &[String]) -> bool {
        let Some(fast) = &mut self.fast else { return false };
        let mut pass = Pass::new(text, true, captures, &self.record.readers, self.strict);
        if let Some(outer) = outer {
            pass = pass.within(outer);
        }
        let end = fast.object(&mut self.table, pass, 0);
        if end.is_some_and(|it| space(text, it) == text.len()) {
            self.table.accept();
            return true;
        }
        self.table.take_back();
        false
    }

    /// The slow way of a whole payload.
    fn payload(&mut self, payload: &Bytes, captures: &[String]) {
        let refused = |detail: String| Refusal::new(Reason::Decode, detail);
        let text = match std::str::from_utf8(payload) {
            Ok(text) => text,
            Err(error) => {
                let detail = format!("it is not UTF-8 at byte {}", error.valid_up_to());
                return self.table.reject(refused(detail), payload.clone());
            }
        };
        let found = document(text);
        match found.map(|it| (it, it.as_bytes().first())) {
            Err(_) if text.trim_ascii().is_empty() => {
                self.table.reject(refused("it is empty".to_owned()), payload.clone());
            }
            Err(error) => {
                let detail = format!("it is not JSON: {error}");
                self.table.reject(refused(detail), payload.clone());
            }
            Ok((object, Some(b'{'))) => self.object(object, payload, captures),
            Ok((array, Some(b'['))) if has_no_object(array) => {
                self.table.reject(no_object(array), payload.clone());
            }
            Ok((array, Some(b'['))) => {
                for element in elements(array) {
                    let bytes = payload.slice_ref(element.as_bytes());
                    if !element.starts_with('{') {
                        self.table.reject(no_object(element), bytes);
                    } else if self.each.is_some() || !self.fast_whole(&bytes, None, captures) {
                        self.object(element, &bytes, captures);
                    }
                }
            }
            Ok((other, _)) => self.table.reject(no_object(other), payload.clone()),
        }
    }

    /// A checked object: a row, or with `each` a row an element.
    fn object(&mut self, object: &str, payload: &Bytes, captures: &[String]) {
        let Some(each) = &self.each else {
            let verdict = self.row(object, None, captures);
            return self.verdict(verdict, payload.clone());
        };
        let field = self.table.columns.len();
        let outer = each.outer.find(object, field + 1);
        let array = match outer.values[field] {
            None | Some("null") => Err(Refusal::missing(&each.name)),
            Some(array) if array.starts_with('[') => Ok(array),
            Some(other) => {
                let detail =
                    format!("expected an array in `{}`, found {}", each.name, quoted(other));
                Err(Refusal::new(Reason::Type, detail))
            }
        };
        match array.and_then(|it| outer.refusal(self.strict).map_or(Ok(it), Err)) {
            Err(refusal) => self.table.reject(refusal, payload.clone()),
            Ok(array) if has_no_object(array) => {
                self.table.reject(no_object(array), payload.clone());
            }
            Ok(array) => {
                for element in elements(array) {
                    let bytes = payload.slice_ref(element.as_bytes());
                    if !element.starts_with('{') {
                        self.table.reject(no_object(element), bytes);
                    } else if !self.fast_whole(element.as_bytes(), Some(&outer), captures) {
                        let verdict = self.row(element, Some(&outer), captures);
                        self.verdict(verdict, bytes);
                    }
                }
            }
        }
    }

    fn verdict(&mut self, verdict: Result<(), Refusal>, payload: Bytes) {
        match verdict {
            Ok(()) => {
                self.table.clear_unread();
                self.table.accept();
            }
            Err(refusal) => self.table.reject(refusal, payload),
        }
    }

    /// Puts the fields of a checked object, in the order of the schema; the first that is faulty decides.
    fn row(
        &mut self,
        object: &str,
        outer: Option<&Found<'_>>,
        captures: &[String],
    ) -> Result<(), Refusal> {
        let found = self.record.tree.find(object, self.table.columns.len());
        for i in 0..self.table.columns.len() {
            let capture = self.table.columns[i].capture.and_then(|it| captures.get(it));
            if let Some(text) = capture {
                self.table.fill(i, text)?;
                continue;
            }
            let column = &mut self.table.columns[i];
            let member = &column.member;
            let name = member.wire.as_deref().unwrap_or(&member.name);
            let inner = found.values[i].filter(|it| *it != "null");
            let value = inner.or_else(|| outer.and_then(|it| it.values[i]));
            let reader = &self.record.readers[i];
            let put = reader.put(&member.shape, value, name, self.strict, &mut column.builder);
            put.map_err(|it| it.of(&member.name))?;
        }
        found.refusal(self.strict).map_or(Ok(()), Err)
    }
}

impl Each {
    /// A field without `from` stands in the element. A path stands in the element or else around it; one that begins with
    /// the name of the array stands in the element.
    fn new(name: &str, table: &Table, record: &mut Record) -> Result<Self> {
        let each = path(name)?;
        let mut outer = Node::default();
        record.tree = Node::default();
        for (i, column) in table.columns.iter().enumerate() {
            let steps = member_path(&column.member)?;
            match steps.strip_prefix(each.as_slice()) {
                Some(rest) if !rest.is_empty() => record.tree.add(rest, i),
                _ => {
                    record.tree.add(&steps, i);
                    if column.member.wire.is_some() {
                        outer.add(&steps, i);
                    }
                }
            }
        }
        outer.add(&each, table.columns.len());
        Ok(Self { name: name.to_owned(), outer })
    }
}

impl Decoder for JsonDecoder {
    fn decode(&mut self, data: &PayloadData) -> Result<Decoded> {
        match data {
            PayloadData::Stream(piece) => {
                self.table.begin(false);
                self.stream(piece);
            }
            PayloadData::Messages(messages) => {
                self.table.begin(true);
                for message in messages {
                    self.message(message);
                }
            }
        }
        self.table.finish()
    }
}

/// Where the next line begins, if only space stands on this one.
#[inline]
fn line_end(piece: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match piece.get(at) {
            Some(b'\n') => return Some(at + 1),
            None => return Some(at),
            Some(b' ' | b'\t' | b'\r') => at += 1,
            Some(_) => return None,
        }
    }
}

/// A line without the space around it.
fn trimmed(line: &[u8]) -> &[u8] {
    let start = space(line, 0);
    let end = line.iter().rposition(|it| !matches!(it, b' ' | b'\t' | b'\r'));
    &line[start..end.map_or(start, |it| it + 1)]
}

/// Whether an array is none of objects at all: it is one mistake then, however many elements it has. An empty one is no
/// mistake.
fn has_no_object(array: &str) -> bool {
    let mut any = false;
    for element in elements(array) {
        if element.starts_with('{') {
            return false;
        }
        any = true;
    }
    any
}

fn no_object(found: &str) -> Refusal {
    Refusal::new(Reason::Decode, format!("expected an object, found {}", quoted(found)))
}
