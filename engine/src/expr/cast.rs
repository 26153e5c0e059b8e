//! `as`: what becomes what, and how.
//!
//! | from | to | how |
//! |---|---|---|
//! | int | float, decimal | the nearest float; a decimal that it fits |
//! | float, decimal | int | a whole number in range, else an error row: say `round(x) as int` |
//! | float | decimal | rounded to the scale |
//! | decimal | decimal | exactly, else an error row: say `round(x, 2) as decimal(10, 2)` |
//! | bool | int, float | 1 and 0 |
//! | int | bool | whether it is not 0 |
//! | int | timestamp | milliseconds since 1970, and back, towards the past |
//! | timestamp | date | the day in UTC; a date becomes its midnight |
//! | anything that has a text | string | see [`super::text`] |
//! | string | anything that has a text | see [`super::parse`] |
//! | bytes | string | UTF-8, and back |
//! | json | a scalar | its value; a JSON text becomes what that text would |
//!
//! What does not fit is an error row (`type`), or null where the type is written with `?`.

mod json;
mod number;
mod words;

use super::compile::{Evaluate, Node};
use super::leaf::Conform;
use super::text::{noun, shown};
use super::vector::Vector;
use super::view::{Faults, View};
use crate::error::{Error, Result};
use crate::reason::Reason;
use crate::types::data_type;
use arrow::array::{Array, ArrayAccessor, ArrayRef, ArrowPrimitiveType, PrimitiveArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::DataType;
use dsl::plan::{Expr, ExprKind};
use dsl::types::Type;

/// Converts a whole array. Where a value does not fit the result is null and its place is noted.
type Kernel = fn(&ArrayRef, &DataType, &mut Vec<usize>) -> Result<ArrayRef>;

/// The node of `value as ty`.
pub(super) fn cast(value: &Expr, node: Node, ty: &Type, lenient: bool) -> Result<Node> {
    let from = &value.typed.ty;
    let (from_arrow, to) = (data_type(from), data_type(ty));
    let is_json = *from == Type::Json || *ty == Type::Json;
    if from_arrow == to && !is_json {
        return Ok(node);
    }
    let nested = matches!(from, Type::Null | Type::List(_) | Type::Struct(_) | Type::Map(..));
    if nested || from == ty {
        return Ok(Node::new(Conform { value: node, to }));
    }
    let kernel = kernel(from, ty)
        .ok_or_else(|| Error::bug(format!("`{from}` stands in the plan as `{ty}`")))?;
    let column = match &value.kind {
        ExprKind::Column(name) => Some(name.clone()),
        _ => None,
    };
    let fails = !lenient && can_fail(from, ty);
    let to_json = *ty == Type::Json;
    Ok(Node::new(Cast { value: node, kernel, column, fails, to, to_json }))
}

fn kernel(from: &Type, to: &Type) -> Option<Kernel> {
    Some(match (from, to) {
        (Type::Json, _) => json::from_json(to),
        (Type::String, Type::Json) => json::check,
        (Type::Bytes, Type::String) => words::from_utf8,
        (Type::String, Type::Bytes) => words::to_bytes,
        (Type::String, _) => return words::from_text(to),
        (_, Type::String) => words::to_text,
        _ => return number::kernel(from, to),
    })
}

/// Whether some value of the one type does not fit the other.
fn can_fail(from: &Type, to: &Type) -> bool {
    let digits_of_int = 19;
    match (from, to) {
        (Type::Int, Type::Decimal { precision, scale }) => {
            i16::from(*precision) - i16::from(*scale) < digits_of_int
        }
        (Type::Json | Type::String | Type::Bytes, _) => {
            !matches!((from, to), (Type::String, Type::Bytes) | (Type::Json, Type::String))
        }
        (Type::Float(_), Type::Int | Type::Decimal { .. })
        | (Type::Decimal { .. }, Type::Int | Type::Decimal { .. })
        | (Type::Int | Type::Date, Type::Timestamp) => true,
        _ => false,
    }
}

/// A conversion.
#[derive(Debug)]
struct Cast {
    value: Node,
    kernel: Kernel,
    /// The column that is converted, if it is one.
    column: Option<String>,
    /// Whether what does not fit is a fault rather than null.
    fails: bool,
    to: DataType,
    to_json: bool,
}

impl Evaluate for Cast {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let value = self.value.evaluate(view, faults)?;
        let mut bad = Vec::new();
        let converted = (self.kernel)(value.array(), &self.to, &mut bad)?;
        if self.fails && !bad.is_empty() {
            let before = faults.len();
            let detail = |i| self.detail(&value, i);
            faults.add(view, value.is_same(), bad, Reason::Type, detail);
            if let Some(column) = &self.column {
                faults.about(before, column);
            }
        }
        Ok(value.like(converted))
    }

    fn can_fail(&self) -> bool {
        self.fails || self.value.can_fail()
    }
}

impl Cast {
    fn detail(&self, value: &Vector, i: usize) -> String {
        let text = shown(value, i);
        let what = if self.to_json { "JSON".to_owned() } else { noun(&self.to) };
        match (value.array().data_type(), &self.to) {
            (DataType::Float64 | DataType::Decimal128(..), DataType::Int64) if fraction(&text) => {
                format!("{text} is not a whole number; round it first: `round(x) as int`")
            }
            (DataType::Decimal128(..), DataType::Decimal128(_, scale)) if fraction(&text) => {
                format!("{text} does not fit {what}; round it first: `round(x, {scale})`")
            }
            (DataType::Utf8, DataType::Timestamp(..)) => {
                format!("{text} is not {what}: it is written `2026-01-31T06:00:00Z`")
            }
            (DataType::Utf8, DataType::Date32) => {
                format!("{text} is not {what}: it is written `2026-01-31`")
            }
            (DataType::Utf8, DataType::Duration(_)) => {
                format!("{text} is not {what}: it is written `1m30s`")
            }
            (DataType::Utf8, _) => format!("{text} is not {what}"),
            (DataType::Binary, _) => "the bytes are not UTF-8 text".to_owned(),
            _ => format!("{text} does not fit {what}"),
        }
    }
}

/// Whether a number has digits other than 0 behind the point, and no exponent.
fn fraction(text: &str) -> bool {
    let digits = |it: &str| !it.contains('e') && it.bytes().any(|it| it != b'0');
    text.split_once('.').is_some_and(|(_, fraction)| digits(fraction))
}

/// Every value by `convert`; where that has none the result is null and the place is noted.
#[expect(clippy::needless_pass_by_value, reason = "what gives access to an array is a reference")]
fn try_each<S: ArrayAccessor, T: ArrowPrimitiveType>(
    source: S,
    bad: &mut Vec<usize>,
    convert: impl Fn(S::Item) -> Option<T::Native>,
) -> PrimitiveArray<T> {
    let before = bad.len();
    let mut values = Vec::with_capacity(source.len());
    for i in 0..source.len() {
        let value = if source.is_valid(i) {
            let value = convert(source.value(i));
            if value.is_none() {
                bad.push(i);
            }
            value
        } else {
            None
        };
        values.push(value.unwrap_or_default());
    }
    PrimitiveArray::new(values.into(), nulls_with(&source, &bad[before..]))
}

/// The nulls of an array, and null at these places.
fn nulls_with(source: &impl Array, bad: &[usize]) -> Option<NullBuffer> {
    if bad.is_empty() {
        return source.nulls().cloned();
    }
    let mut valid = vec![true; source.len()];
    for &i in bad {
        valid[i] = false;
    }
    NullBuffer::union(source.nulls(), Some(&NullBuffer::from(valid)))
}
