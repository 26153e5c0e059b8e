//! Schemas and types as written.

use super::Expr;
use crate::span::{Name, Span, Spanned};

/// `schema NAME { fields }`
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// Its name.
    pub name: Name,
    /// Its fields, in order.
    pub fields: Vec<Field>,
    /// The whole statement.
    pub span: Span,
}

/// `NAME: TYPE in BOUNDS from "wire" = DEFAULT`
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The column's name.
    pub name: Name,
    /// Its type.
    pub ty: TypeExpr,
    /// What values are valid.
    pub bounds: Option<Bounds>,
    /// The name (JSON path, CSV header …) on the wire.
    pub wire: Option<Spanned<String>>,
    /// What stands there when the field is missing.
    pub default: Option<Expr>,
    /// The whole field.
    pub span: Span,
}

/// `in 0.0..1.0` or `in ["a", "b"]` behind a type.
#[derive(Clone, Debug, PartialEq)]
pub enum Bounds {
    /// Both ends are inside; a missing end is open.
    Range {
        /// The least.
        low: Option<Box<Expr>>,
        /// The greatest.
        high: Option<Box<Expr>>,
        /// The range, without `in`.
        span: Span,
    },
    /// One of these.
    List {
        /// The values.
        values: Vec<Expr>,
        /// The list, without `in`.
        span: Span,
    },
}

/// A type as written.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeExpr {
    /// `float`, `list`, `struct` …, unchecked.
    pub name: Name,
    /// What follows the name.
    pub args: TypeArgs,
    /// `?` at the end.
    pub nullable: bool,
    /// All of it.
    pub span: Span,
}

/// What follows the name of a type.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeArgs {
    /// Nothing.
    None,
    /// `<T>`, `<K, V>`. A unit that reads like a type name (`float<m>`) arrives here too.
    Types(Vec<TypeExpr>),
    /// `<°C>`, `<m/s>`
    Unit(Spanned<String>),
    /// `(10, 2)`, `("Europe/Berlin")`, `(ms)`: literals, or bare words as names.
    Params(Vec<Expr>),
    /// `{ a: int, b: float }`
    Fields(Vec<Field>),
}
