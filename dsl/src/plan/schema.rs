//! Schemas: what a decoder reads, and which values are valid.

use crate::span::Span;
use crate::types::{Column, Type};
use crate::value::Value;

/// A schema, resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// Its name.
    pub name: String,
    /// Its fields, in order.
    pub fields: Vec<Field>,
}

/// One field of a schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The column that it fills.
    pub column: Column,
    /// `from "…"`: its name or path on the wire; none: the column's name.
    pub wire: Option<String>,
    /// How numbers and text become a timestamp, where the column (or its elements) is one.
    pub timestamp: TimestampForm,
    /// What values are valid.
    pub bounds: Option<Bounds>,
    /// Stands in for a missing field; closed.
    pub default: Option<Value>,
    /// Fields of a struct, with their own wire names, bounds and defaults.
    pub children: Vec<Field>,
    /// Where it is declared.
    pub span: Span,
}

impl Field {
    /// A column of which nothing is declared but its type.
    pub fn plain(column: &Column) -> Self {
        let children = match &column.typed.ty {
            Type::Struct(columns) => columns.iter().map(Field::plain).collect(),
            _ => Vec::new(),
        };
        Self {
            column: column.clone(),
            wire: None,
            timestamp: TimestampForm::default(),
            bounds: None,
            default: None,
            children,
            span: Span::default(),
        }
    }
}

/// How numbers and text become a timestamp.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimestampForm {
    /// What a number counts.
    pub unit: TimeUnit,
    /// The zone of text without an offset, checked; none: such text is an error row.
    pub zone: Option<String>,
}

/// What a number counts when it becomes a timestamp.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeUnit {
    /// Seconds since 1970.
    Second,
    /// Milliseconds since 1970.
    #[default]
    Millisecond,
    /// Microseconds since 1970.
    Microsecond,
    /// Nanoseconds since 1970.
    Nanosecond,
}

/// Valid values; both ends of a range are inside, NaN is outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Bounds {
    /// From, to; a missing end is open.
    Range(Option<Value>, Option<Value>),
    /// One of these.
    List(Vec<Value>),
}
