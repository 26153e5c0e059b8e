//! The syntax tree: what the file says, nothing resolved. Every node carries its [`Span`].

use crate::span::{Name, Span, Spanned};
use crate::value::Value;

/// A whole file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    /// The statements, in the order written.
    pub statements: Vec<Statement>,
    /// Names of statements that do not parse: they stand for something that is not known, and that was reported.
    pub broken: Vec<Name>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// `use "common.pipe"`
    Use {
        /// The path.
        path: Spanned<String>,
        /// The whole statement.
        span: Span,
    },
    /// `param broker: string = "…"`
    Param(Param),
    /// `schema Telemetry { … }`
    Schema(Schema),
    /// `source`, `table`, `stream` or `sink`
    Binding(Binding),
    /// `test "…" { … }`
    Test(Test),
}

/// `param NAME: TYPE in BOUNDS = DEFAULT`
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeExpr,
    /// What values it may take.
    pub bounds: Option<Bounds>,
    /// Its value unless `--set` gives another; without one it must be given.
    pub default: Option<Expr>,
    /// The whole statement.
    pub span: Span,
}

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

/// What a binding names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BindingKind {
    /// Rows from outside.
    Source,
    /// Rows looked up by key.
    Table,
    /// Rows from rows.
    Stream,
    /// Rows to outside.
    Sink,
}

/// `KIND NAME = FROM | step | step`
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// `@was("old")` and the like, before the statement.
    pub attributes: Vec<Attribute>,
    /// Source, table, stream or sink.
    pub kind: Spanned<BindingKind>,
    /// Its name.
    pub name: Name,
    /// Where its rows come from.
    pub from: From,
    /// What is done with them, in order.
    pub steps: Vec<Step>,
    /// The whole statement.
    pub span: Span,
}

/// `@edge`, `@was("old_name")`
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// The word behind the `@`.
    pub name: Name,
    /// What stands in the parentheses.
    pub items: Vec<Item>,
    /// All of it.
    pub span: Span,
}

/// What stands behind the `=` of a binding.
#[derive(Clone, Debug, PartialEq)]
pub enum From {
    /// `telemetry`, `telemetry.errors`
    Stream(StreamRef),
    /// `union(a, b)`, `mqtt(…)`
    Call(Call),
}

/// `NAME` or `NAME.SIDE`
#[derive(Clone, Debug, PartialEq)]
pub struct StreamRef {
    /// The binding's name.
    pub name: Name,
    /// `errors` or `late`, unchecked.
    pub side: Option<Name>,
    /// Both.
    pub span: Span,
}

/// `| VERB items`
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The word behind the bar.
    pub verb: Name,
    /// Its items.
    pub items: Vec<Item>,
    /// It does not parse, which was reported: it has no items, and its verb is empty where none can be read.
    pub broken: bool,
    /// From the bar to the end of the last item.
    pub span: Span,
}

/// One of the comma-separated things behind a verb or inside a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// An expression in its place.
    Positional(Expr),
    /// `name = expr` makes a column.
    Define {
        /// The new column.
        name: Name,
        /// Its value.
        value: Expr,
        /// Both.
        span: Span,
    },
    /// `name: expr` sets an option.
    Option {
        /// The option.
        name: Name,
        /// Its value.
        value: Expr,
        /// Both.
        span: Span,
    },
}

/// `NAME(items)`
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The word. The sink `null()` is written like the literal.
    pub name: Name,
    /// What stands in the parentheses.
    pub items: Vec<Item>,
    /// All of it.
    pub span: Span,
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

/// `test "text" { actions }`
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// What it says it tests.
    pub name: Spanned<String>,
    /// What it does, in order.
    pub actions: Vec<Action>,
    /// Whether some of its actions do not parse.
    pub broken: bool,
    /// The whole statement.
    pub span: Span,
}

/// One action of a test.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// What it does.
    pub kind: ActionKind,
    /// All of it.
    pub span: Span,
}

/// The actions of a test.
#[derive(Clone, Debug, PartialEq)]
pub enum ActionKind {
    /// `feed NAME [rows]`
    Feed {
        /// The source or table.
        target: StreamRef,
        /// Records, or strings that are raw payloads.
        rows: Vec<Expr>,
    },
    /// `feed NAME from "file"`
    FeedFile {
        /// The source or table.
        target: StreamRef,
        /// The path, from the file's folder.
        path: Spanned<String>,
    },
    /// `expect NAME [rows] within 5s`, `expect NAME contains [rows]`
    ExpectRows {
        /// The stream or sink.
        target: StreamRef,
        /// The rows.
        rows: Vec<Expr>,
        /// At least these, rather than exactly these.
        contains: bool,
        /// How far the clock may run until it holds.
        within: Option<Expr>,
    },
    /// `expect NAME count N`
    ExpectCount {
        /// The stream or sink.
        target: StreamRef,
        /// How many, or a range.
        count: Expr,
        /// How far the clock may run until it holds.
        within: Option<Expr>,
    },
    /// `at 10s`, `at @2026-01-01T08:00:00Z`
    At(Expr),
    /// `advance 5m`
    Advance(Expr),
    /// `set PARAM = value`
    Set {
        /// The param.
        name: Name,
        /// Its value.
        value: Expr,
    },
    /// `end`
    End,
    /// `restart`
    Restart,
}
