//! Expressions as written.

use super::{Call, TypeExpr};
use crate::span::{Name, Span, Spanned};
use crate::value::Value;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands, without blanks and comments around it.
    pub span: Span,
}

impl Expr {
    /// What stands for an expression that does not parse.
    pub(crate) fn gap(span: Span) -> Self {
        Self { kind: ExprKind::Name { name: String::new(), quoted: false }, span }
    }

    /// Whether it does not parse, which was reported.
    pub(crate) fn is_gap(&self) -> bool {
        matches!(&self.kind, ExprKind::Name { name, .. } if name.is_empty())
    }
}

/// The kinds of expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A literal that is one token.
    Literal(Literal),
    /// A column, param, choice, stream …: what it is, its place decides. `quoted` when it stood in backticks. An empty
    /// name stands for something that does not parse, which was reported.
    Name {
        /// The name.
        name: String,
        /// Whether it stood in backticks.
        quoted: bool,
    },
    /// `f"{x:.1} °C"`
    Template(Vec<TemplatePart>),
    /// `f(items)`
    Call(Call),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{ k: v }`
    Record(Vec<(Name, Expr)>),
    /// `a.b`
    Member(Box<Expr>, Name),
    /// `a[b]`
    Index(Box<Expr>, Box<Expr>),
    /// `-a`
    Negate(Box<Expr>),
    /// `not a`
    Not(Box<Expr>),
    /// `a + b`
    Binary {
        /// The operator and where it stands.
        op: Spanned<BinaryOp>,
        /// Left.
        left: Box<Expr>,
        /// Right.
        right: Box<Expr>,
    },
    /// `a in b`, `a not in b`
    In {
        /// What is looked for.
        value: Box<Expr>,
        /// A range or list.
        set: Box<Expr>,
        /// `not in`.
        negated: bool,
    },
    /// `a is null`, `a is not null`
    IsNull {
        /// What is asked.
        value: Box<Expr>,
        /// `is not null`.
        negated: bool,
    },
    /// `a as T`
    Cast(Box<Expr>, TypeExpr),
    /// `a..b`, `a..`, `..b`
    Range(Option<Box<Expr>>, Option<Box<Expr>>),
}

/// A literal and how it was written, so that it can be formatted again.
#[derive(Clone, Debug, PartialEq)]
pub struct Literal {
    /// What it means.
    pub value: Value,
    /// A number with letters that are no duration and no size: `85°C` has the unit `°C`.
    pub unit: Option<String>,
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq)]
pub enum TemplatePart {
    /// Text as it stands, escapes and doubled braces resolved.
    Text(String),
    /// `{expr}` or `{expr:format}`
    Hole {
        /// What is filled in.
        value: Box<Expr>,
        /// `.2` and the like, unchecked.
        format: Option<Spanned<String>>,
    },
}

/// The binary operators, loosest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `or`
    Or,
    /// `and`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `??`
    Coalesce,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`: never truncates.
    Divide,
    /// `%`
    Remainder,
}

impl BinaryOp {
    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            BinaryOp::Or => "or",
            BinaryOp::And => "and",
            BinaryOp::Equal => "==",
            BinaryOp::NotEqual => "!=",
            BinaryOp::Less => "<",
            BinaryOp::LessEqual => "<=",
            BinaryOp::Greater => ">",
            BinaryOp::GreaterEqual => ">=",
            BinaryOp::Coalesce => "??",
            BinaryOp::Add => "+",
            BinaryOp::Subtract => "-",
            BinaryOp::Multiply => "*",
            BinaryOp::Divide => "/",
            BinaryOp::Remainder => "%",
        }
    }

    /// `==`, `<` …
    pub fn is_comparison(self) -> bool {
        matches!(
            self,
            BinaryOp::Equal
                | BinaryOp::NotEqual
                | BinaryOp::Less
                | BinaryOp::LessEqual
                | BinaryOp::Greater
                | BinaryOp::GreaterEqual
        )
    }
}
