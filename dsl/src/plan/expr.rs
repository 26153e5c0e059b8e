//! Typed expressions.

use super::BinaryOp;
use crate::span::Span;
use crate::types::Typed;
use crate::value::Value;

/// A typed expression. Implicit conversions stand in it as casts; both sides of an operator have the same type, but
/// for times and durations.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// What it yields.
    pub typed: Typed,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of typed expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A constant of the expression's type.
    Literal(Value),
    /// A param. Not in a closed plan.
    Param(String),
    /// A column of the input.
    Column(String),
    /// `meta.topic`; of `meta.headers` the whole map.
    Meta(MetaField),
    /// The result of `Aggregates::calls[i]`; only in items of `aggregate`.
    Aggregate(usize),
    /// A field of a struct, or of every struct of a list; null of null.
    Member(Box<Expr>, String),
    /// An element of a list (from 0) or map; null outside.
    Index(Box<Expr>, Box<Expr>),
    /// `-a`
    Negate(Box<Expr>),
    /// `not a`
    Not(Box<Expr>),
    /// An operator. `Divide` stands on floats, on a float and an int or decimal (where both sides were exact: then zero
    /// is refused), and on durations.
    Binary {
        /// Which.
        op: BinaryOp,
        /// Left.
        left: Box<Expr>,
        /// Right.
        right: Box<Expr>,
    },
    /// `a in low..high`, both ends inside; `not in` is wrapped in `Not`.
    InRange {
        /// What is asked.
        value: Box<Expr>,
        /// The least.
        low: Option<Box<Expr>>,
        /// The greatest.
        high: Option<Box<Expr>>,
    },
    /// `a in [b, c]`; `not in` is wrapped in `Not`.
    InList {
        /// What is asked.
        value: Box<Expr>,
        /// The list, each of the value's type.
        list: Vec<Expr>,
    },
    /// `a is null`; `is not null` is wrapped in `Not`.
    IsNull(Box<Expr>),
    /// To the expression's type. What does not fit is an error row, or null if `lenient` (`as int?`).
    Cast {
        /// What is converted.
        value: Box<Expr>,
        /// Null instead of an error.
        lenient: bool,
    },
    /// `if(c1, v1, c2, v2, …, otherwise)`
    If {
        /// Condition and value, in order.
        branches: Vec<(Expr, Expr)>,
        /// The value where none holds.
        otherwise: Box<Expr>,
    },
    /// A function. `env` and `secret` stand in open plans only.
    Call {
        /// Its name.
        function: String,
        /// Its arguments, in the order of its signature; trailing optional ones may be missing.
        args: Vec<Expr>,
    },
    /// `f"…"`; yields text. A null hole makes the whole null.
    Template(Vec<TemplatePart>),
    /// `[a, b]`, all of one type.
    List(Vec<Expr>),
    /// `{ k: v }`
    Struct(Vec<(String, Expr)>),
    /// `a..b` in a constant that is still open (`retry: least..64s`). Not in a closed plan.
    Range(Option<Box<Expr>>, Option<Box<Expr>>),
}

impl Expr {
    /// What stands directly in it, in the order written.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Literal(_)
            | ExprKind::Param(_)
            | ExprKind::Column(_)
            | ExprKind::Meta(_)
            | ExprKind::Aggregate(_) => Vec::new(),
            ExprKind::Member(inner, _)
            | ExprKind::Negate(inner)
            | ExprKind::Not(inner)
            | ExprKind::IsNull(inner)
            | ExprKind::Cast { value: inner, .. } => vec![inner],
            ExprKind::Index(left, right) | ExprKind::Binary { left, right, .. } => {
                vec![left, right]
            }
            ExprKind::InRange { value, low, high } => {
                let ends = low.iter().chain(high).map(AsRef::as_ref);
                std::iter::once(value.as_ref()).chain(ends).collect()
            }
            ExprKind::InList { value, list } => {
                std::iter::once(value.as_ref()).chain(list).collect()
            }
            ExprKind::If { branches, otherwise } => {
                let pairs = branches.iter().flat_map(|(condition, value)| [condition, value]);
                pairs.chain([otherwise.as_ref()]).collect()
            }
            ExprKind::Call { args: list, .. } | ExprKind::List(list) => list.iter().collect(),
            ExprKind::Template(parts) => parts.iter().filter_map(TemplatePart::hole).collect(),
            ExprKind::Struct(fields) => fields.iter().map(|(_, it)| it).collect(),
            ExprKind::Range(low, high) => low.iter().chain(high).map(AsRef::as_ref).collect(),
        }
    }

    /// Sees the expression and everything inside it.
    pub fn walk<'a>(&'a self, see: &mut dyn FnMut(&'a Expr)) {
        see(self);
        self.children().into_iter().for_each(|it| it.walk(see));
    }
}

/// A piece of a template or pattern.
#[derive(Clone, Debug, PartialEq)]
pub enum TemplatePart {
    /// Text.
    Text(String),
    /// A value to fill in; `decimals` digits after the point where it was written `{x:.2}`.
    Hole {
        /// The value, of any type that has a text.
        value: Expr,
        /// Digits after the point.
        decimals: Option<u8>,
    },
}

impl TemplatePart {
    /// What is filled in here, if anything is.
    pub fn hole(&self) -> Option<&Expr> {
        match self {
            TemplatePart::Hole { value, .. } => Some(value),
            TemplatePart::Text(_) => None,
        }
    }
}

/// The fields of `meta`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MetaField {
    /// The row's time.
    Time,
    /// When the row was received.
    Received,
    /// The topic it came by.
    Topic,
    /// The message's key.
    Key,
    /// The partition it came from.
    Partition,
    /// Its offset there.
    Offset,
    /// The message's headers.
    Headers,
    /// When the message is worth nothing any more.
    Expires,
    /// The split it came from (file, partition, subscription).
    Split,
}
