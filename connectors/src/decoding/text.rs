//! Text to scalars, and values as messages show them.

use super::number;
use super::shape::{Kind, Refusal, Scalar};
use super::syntax;
use super::time;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use dsl::calendar::format_date;
use dsl::plan::TimestampForm;
use dsl::value::format_duration;
use engine::expr::parse;
use engine::time::format_timestamp;

/// Longer texts are cut in messages.
const LONGEST_QUOTE: usize = 60;

/// Base64 with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Text as a scalar of a kind: what stands in a topic, in a CSV field, or in a JSON text where the type has no JSON value
/// of its own. `scratch` is where bytes are put that are not in the text itself.
pub(crate) fn scalar<'a>(
    kind: &Kind,
    text: &'a str,
    scratch: &'a mut Vec<u8>,
) -> Result<Scalar<'a>, Refusal> {
    let found = match kind {
        Kind::Bool => parse::boolean(text).map(Scalar::Bool),
        Kind::Int => number::int(text).map(Scalar::Int),
        Kind::Float => parse::float(text).map(Scalar::Float),
        Kind::Decimal { precision, scale } => {
            parse::decimal(text, *precision, *scale).map(Scalar::Decimal)
        }
        Kind::String => Some(Scalar::Text(text)),
        Kind::Json => return json_checked(text),
        Kind::Bytes => {
            scratch.clear();
            BASE64.decode_vec(text, scratch).ok().map(|()| Scalar::Bytes(scratch))
        }
        Kind::Timestamp(form) => any_timestamp(text, form).map(Scalar::Int),
        Kind::Duration => parse::duration(text).map(Scalar::Int),
        Kind::Date => parse::date(text).map(Scalar::Date),
        Kind::List(_) | Kind::Struct(_) | Kind::Map(_) => None,
    };
    found.ok_or_else(|| Refusal::unfit(kind, quoted(text)))
}

fn json_checked(text: &str) -> Result<Scalar<'_>, Refusal> {
    let found = syntax::document(text).map(Scalar::Text);
    found.map_err(|_| Refusal::unfit(&Kind::Json, quoted(text)))
}

/// RFC 3339 text, or a number of the form's unit.
fn any_timestamp(text: &str, form: &TimestampForm) -> Option<i64> {
    let bare = text.trim().trim_start_matches('-');
    if bare.bytes().all(|it| it.is_ascii_digit() || it == b'.') {
        return number::micros(text, form.unit).filter(|it| time::writable(*it));
    }
    time::timestamp(text, form)
}

/// Text as a message shows it: in quotes, cut where it is long.
pub(crate) fn quoted(text: &str) -> String {
    if text.chars().nth(LONGEST_QUOTE).is_none() {
        return format!("`{text}`");
    }
    format!("`{}…`", text.chars().take(LONGEST_QUOTE).collect::<String>())
}

impl Scalar<'_> {
    /// As a message shows it.
    pub(crate) fn shown(&self, kind: &Kind) -> String {
        match (self, kind) {
            (Scalar::Bool(it), _) => it.to_string(),
            (Scalar::Int(it), Kind::Timestamp(_)) => format_timestamp(*it),
            (Scalar::Int(it), Kind::Duration) => format_duration(*it),
            (Scalar::Int(it), _) => it.to_string(),
            (Scalar::Float(it), _) => format!("{it:?}"),
            (Scalar::Date(it), _) => format_date(*it),
            (Scalar::Decimal(it), Kind::Decimal { scale, .. }) => {
                let mut text = Vec::new();
                crate::encoding::push_decimal(&mut text, *it, *scale);
                String::from_utf8_lossy(&text).into_owned()
            }
            (Scalar::Decimal(it), _) => it.to_string(),
            (Scalar::Text(it), _) => quoted(it),
            (Scalar::Bytes(it), _) => quoted(&BASE64.encode(it)),
        }
    }
}
