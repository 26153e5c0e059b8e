//! The declared bounds of a value, made ready to be asked for every row.

use super::shape::{Kind, Scalar, constant};
use dsl::plan;
use dsl::value::{Value, format_duration};
use engine::error::{Error, Result};
use engine::time::format_timestamp;
use std::fmt;

/// Valid values; both ends of a range are inside, NaN is outside.
#[derive(Clone, Debug, Default)]
pub(crate) enum Bounds {
    /// Every value.
    #[default]
    None,
    /// Of `int`, `timestamp`, `duration`, `date`.
    Ints(i64, i64, String),
    /// Of `float`.
    Floats(f64, f64, String),
    /// Anything else.
    Other(Other, String),
}

/// Bounds that are asked for less often.
#[derive(Clone, Debug)]
pub(crate) enum Other {
    Decimals(i128, i128),
    Texts(Option<String>, Option<String>),
    OneOf(Vec<Owned>),
}

/// One value of a list.
#[derive(Clone, Debug)]
pub(crate) enum Owned {
    Bool(bool),
    Int(i64),
    Float(f64),
    Decimal(i128),
    Bytes(Vec<u8>),
}

impl Bounds {
    pub(crate) fn new(bounds: &plan::Bounds, kind: &Kind) -> Result<Self> {
        let misfit = || Error::bug(format!("bounds do not fit {}", kind.noun()));
        let shown = shown(bounds);
        match bounds {
            plan::Bounds::Range(low, high) => {
                range(kind, low.as_ref(), high.as_ref(), shown).ok_or_else(misfit)
            }
            plan::Bounds::List(values) => {
                let owned = |value: &Value| Some(Owned::of(constant(kind, value)?));
                let values = values.iter().map(owned).collect::<Option<_>>();
                Ok(Self::Other(Other::OneOf(values.ok_or_else(misfit)?), shown))
            }
        }
    }

    /// Whether every value is valid.
    #[inline]
    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Whether a value is valid.
    #[inline]
    pub(crate) fn hold(&self, value: &Scalar<'_>) -> bool {
        match (self, value) {
            (Self::None, _) => true,
            (Self::Ints(low, high, _), Scalar::Int(it)) => low <= it && it <= high,
            (Self::Ints(low, high, _), Scalar::Date(it)) => {
                (*low..=*high).contains(&i64::from(*it))
            }
            (Self::Floats(low, high, _), Scalar::Float(it)) => low <= it && it <= high,
            (Self::Other(other, _), value) => other.hold(value),
            _ => false,
        }
    }
}

impl Other {
    fn hold(&self, value: &Scalar<'_>) -> bool {
        match (self, value) {
            (Self::Decimals(low, high), Scalar::Decimal(it)) => (low..=high).contains(&it),
            (Self::Texts(low, high), Scalar::Text(it)) => {
                low.as_deref().is_none_or(|low| low <= *it)
                    && high.as_deref().is_none_or(|high| *it <= high)
            }
            (Self::OneOf(values), value) => values.iter().any(|it| it.is(value)),
            _ => false,
        }
    }
}

impl Owned {
    fn of(value: Scalar<'_>) -> Self {
        match value {
            Scalar::Bool(it) => Self::Bool(it),
            Scalar::Int(it) => Self::Int(it),
            Scalar::Date(it) => Self::Int(i64::from(it)),
            Scalar::Float(it) => Self::Float(it),
            Scalar::Decimal(it) => Self::Decimal(it),
            Scalar::Text(it) => Self::Bytes(it.as_bytes().to_vec()),
            Scalar::Bytes(it) => Self::Bytes(it.to_vec()),
        }
    }

    /// Floats are equal as IEEE says: NaN is never in a list.
    #[expect(clippy::float_cmp, reason = "a list names the very values that are valid")]
    fn is(&self, value: &Scalar<'_>) -> bool {
        match (self, value) {
            (Self::Bool(a), Scalar::Bool(b)) => a == b,
            (Self::Int(a), Scalar::Int(b)) => a == b,
            (Self::Int(a), Scalar::Date(b)) => *a == i64::from(*b),
            (Self::Float(a), Scalar::Float(b)) => a == b,
            (Self::Decimal(a), Scalar::Decimal(b)) => a == b,
            (Self::Bytes(a), Scalar::Text(b)) => a == b.as_bytes(),
            (Self::Bytes(a), Scalar::Bytes(b)) => a == b,
            _ => false,
        }
    }
}

type End<'a> = Option<&'a Value>;

fn range(kind: &Kind, low: End<'_>, high: End<'_>, shown: String) -> Option<Bounds> {
    Some(match kind {
        Kind::Int | Kind::Timestamp(_) | Kind::Duration | Kind::Date => {
            let low = low.map_or(Some(i64::MIN), |it| whole(kind, it, f64::ceil))?;
            let high = high.map_or(Some(i64::MAX), |it| whole(kind, it, f64::floor))?;
            Bounds::Ints(low, high, shown)
        }
        Kind::Float => {
            let end = |end: End<'_>, open: f64| match end.map(|it| constant(kind, it)) {
                None => Some(open),
                Some(Some(Scalar::Float(it))) => Some(it),
                Some(_) => None,
            };
            Bounds::Floats(end(low, f64::NEG_INFINITY)?, end(high, f64::INFINITY)?, shown)
        }
        Kind::Decimal { scale, .. } => {
            let wide = Kind::Decimal { precision: 38, scale: *scale };
            let end = |end: End<'_>, open: i128| match end.map(|it| constant(&wide, it)) {
                None => Some(open),
                Some(Some(Scalar::Decimal(it))) => Some(it),
                Some(_) => None,
            };
            Bounds::Other(Other::Decimals(end(low, i128::MIN)?, end(high, i128::MAX)?), shown)
        }
        Kind::String => {
            let end = |end: End<'_>| match end {
                None => Some(None),
                Some(Value::String(it)) => Some(Some(it.clone())),
                Some(_) => None,
            };
            Bounds::Other(Other::Texts(end(low)?, end(high)?), shown)
        }
        _ => return None,
    })
}

/// An end of a range of whole numbers; one with a fraction (`0.5..`) is rounded into the range.
fn whole(kind: &Kind, value: &Value, inwards: fn(f64) -> f64) -> Option<i64> {
    match (constant(kind, value), value) {
        (Some(Scalar::Int(it)), _) => Some(it),
        (Some(Scalar::Date(it)), _) => Some(i64::from(it)),
        (_, Value::Float(it)) => Some(inwards(*it) as i64),
        _ => None,
    }
}

fn shown(bounds: &plan::Bounds) -> String {
    match bounds {
        plan::Bounds::Range(low, high) => {
            let end = |end: &Option<Value>| end.as_ref().map_or_else(String::new, shown_value);
            format!("{}..{}", end(low), end(high))
        }
        plan::Bounds::List(values) => {
            format!("[{}]", values.iter().map(shown_value).collect::<Vec<_>>().join(", "))
        }
    }
}

fn shown_value(value: &Value) -> String {
    match value {
        Value::Timestamp(it) => format!("@{}", format_timestamp(*it)),
        Value::Date(it) => format!("@{}", dsl::calendar::format_date(*it)),
        Value::Duration(it) => format_duration(*it),
        other => other.to_string(),
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str(".."),
            Self::Ints(.., shown) | Self::Floats(.., shown) | Self::Other(_, shown) => {
                f.write_str(shown)
            }
        }
    }
}
