//! A bench for testing formats: schemas in a line, payloads in, rows out as text.

use bytes::Bytes;
use dsl::plan::{Arg, Args, Bounds, Field, Schema, TimeUnit, TimestampForm};
use dsl::span::{Span, Spanned};
use dsl::types::{Column, Type};
use dsl::value::Value;
use engine::codec::{Decoded, Decoder, DecoderContext, Encoder, Format};
use engine::source::{Message, PayloadData};

/// A field that must be there.
pub(crate) fn required(name: &str, ty: Type) -> Field {
    Field::plain(&Column::new(name, ty.required()))
}

/// A field that may be null.
pub(crate) fn optional(name: &str, ty: Type) -> Field {
    Field::plain(&Column::new(name, ty.nullable()))
}

/// What a field can also say.
pub(crate) trait Also {
    fn from(self, wire: &str) -> Self;
    fn within(self, low: Value, high: Value) -> Self;
    fn one_of(self, values: Vec<Value>) -> Self;
    fn or(self, default: Value) -> Self;
    fn time(self, unit: TimeUnit, zone: Option<&str>) -> Self;
}

impl Also for Field {
    fn from(mut self, wire: &str) -> Self {
        self.wire = Some(wire.to_owned());
        self
    }

    fn within(mut self, low: Value, high: Value) -> Self {
        self.bounds = Some(Bounds::Range(Some(low), Some(high)));
        self
    }

    fn one_of(mut self, values: Vec<Value>) -> Self {
        self.bounds = Some(Bounds::List(values));
        self
    }

    fn or(mut self, default: Value) -> Self {
        self.default = Some(default);
        self
    }

    fn time(mut self, unit: TimeUnit, zone: Option<&str>) -> Self {
        self.timestamp = TimestampForm { unit, zone: zone.map(str::to_owned) };
        self
    }
}

/// What a decoder is made for.
pub(crate) struct Setup {
    pub(crate) schema: Schema,
    pub(crate) columns: Vec<Column>,
    pub(crate) needed: Vec<bool>,
    pub(crate) captures: Vec<String>,
    pub(crate) strict: bool,
    pub(crate) options: Args,
}

impl Setup {
    pub(crate) fn new(fields: Vec<Field>) -> Self {
        let columns: Vec<_> = fields.iter().map(|it| it.column.clone()).collect();
        Self {
            schema: Schema { name: "Test".to_owned(), fields },
            needed: vec![true; columns.len()],
            columns,
            captures: Vec::new(),
            strict: false,
            options: Args::default(),
        }
    }

    /// With an option of the format.
    pub(crate) fn option(mut self, name: &str, value: Value) -> Self {
        let arg = Spanned { node: Arg::Value(value), span: Span::default() };
        self.options.given.push((name.to_owned(), arg));
        self
    }

    pub(crate) fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    pub(crate) fn needing(mut self, needed: &[bool]) -> Self {
        self.needed = needed.to_vec();
        self
    }

    pub(crate) fn capturing(mut self, captures: &[&str]) -> Self {
        self.captures = captures.iter().map(|it| (*it).to_owned()).collect();
        self
    }

    pub(crate) fn context(&self) -> DecoderContext<'_> {
        DecoderContext {
            options: &self.options,
            schema: Some(&self.schema),
            columns: &self.columns,
            needed: &self.needed,
            captures: &self.captures,
            strict: self.strict,
        }
    }

    pub(crate) fn decoder(&self, format: &dyn Format) -> Box<dyn Decoder> {
        format.decoder(self.context()).expect("the setup fits the format")
    }

    pub(crate) fn encoder(&self, format: &dyn Format) -> Box<dyn Encoder> {
        format.encoder(&self.options, &self.columns).expect("the setup fits the format")
    }
}

/// A piece of a stream.
pub(crate) fn stream(bytes: impl AsRef<[u8]>) -> PayloadData {
    PayloadData::Stream(Bytes::copy_from_slice(bytes.as_ref()))
}

/// One message each.
pub(crate) fn messages<T: AsRef<[u8]>>(payloads: &[T]) -> PayloadData {
    captured(payloads, &[])
}

/// One message each, with these captures.
pub(crate) fn captured<T: AsRef<[u8]>>(payloads: &[T], captures: &[&str]) -> PayloadData {
    let message = |it: &T| Message {
        payload: Bytes::copy_from_slice(it.as_ref()),
        captures: captures.iter().map(|it| (*it).to_owned()).collect(),
        ..Message::default()
    };
    PayloadData::Messages(payloads.iter().map(message).collect())
}

/// The rows as JSON, and behind each place where one was refused `! reason column: detail < payload`.
pub(crate) fn shown(setup: &Setup, decoded: &Decoded) -> Vec<String> {
    let mut encoder = setup.encoder(&crate::formats::json::Json);
    let (mut out, mut ends) = (Vec::new(), Vec::new());
    encoder.encode(&decoded.rows, &mut out, &mut ends).expect("rows can be written");
    let (mut lines, mut start) = (Vec::new(), 0);
    let mut rejected = decoded.rejected.iter().peekable();
    for row in 0..=ends.len() {
        while let Some(it) = rejected.next_if(|it| it.before as usize == row) {
            let column = it.fault.column.as_deref().unwrap_or("-");
            let payload = String::from_utf8_lossy(&it.payload);
            lines.push(format!("! {} {column}: {} < {payload}", it.fault.reason, it.fault.detail));
        }
        if let Some(end) = ends.get(row) {
            lines.push(String::from_utf8_lossy(&out[start..*end]).into_owned());
            start = *end;
        }
    }
    assert!(rejected.next().is_none(), "every refused payload has a place among the rows");
    lines
}

/// Asserts what a decoder makes of some payloads.
pub(crate) fn check(format: &dyn Format, setup: &Setup, data: &PayloadData, expected: &[&str]) {
    let decoded = setup.decoder(format).decode(data).expect("a decoder does not fail");
    assert_eq!(shown(setup, &decoded), expected);
}
