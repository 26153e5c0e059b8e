//! The rows of a test against the columns that they are for.
//!
//! A fed row may be pasted JSON, so it takes what the JSON decoder takes: text for a time, a number for a timestamp. An
//! expected row names some of the columns; a range stands for any value in it.

use crate::ast::{self, ExprKind};
use crate::check::expr;
use crate::check::flows::is_open;
use crate::check::names::{are, written};
use crate::check::suggest::nearest;
use crate::diagnostic::{Code, Diagnostic};
use crate::parse;
use crate::plan::{FeedRow, Flow, SourcePlan};
use crate::span::Name;
use crate::types::{Column, Type, Typed};
use crate::value::Value;

/// Rows for a source; none where one of them is wrong.
pub(super) fn fed(
    rows: &[ast::Expr],
    source: &SourcePlan,
    report: &mut Vec<Diagnostic>,
) -> Option<Vec<FeedRow>> {
    let mut reader = Reader { owner: &source.name, source: Some(source), report };
    all(rows.iter().map(|row| match &row.kind {
        ExprKind::Literal(ast::Literal { value: Value::String(text), unit: None }) => {
            Some(FeedRow::Raw(text.clone()))
        }
        _ => reader.row(row, &source.columns).map(FeedRow::Record),
    }))
}

/// Rows that have to come out of `owner`.
pub(super) fn expected(
    rows: &[ast::Expr],
    owner: &str,
    flow: &Flow,
    report: &mut Vec<Diagnostic>,
) -> Option<Vec<Value>> {
    let mut reader = Reader { owner, source: None, report };
    all(rows.iter().map(|it| reader.row(it, &flow.columns)))
}

/// All of them, every one looked at.
fn all<T>(values: impl Iterator<Item = Option<T>>) -> Option<Vec<T>> {
    let values: Vec<Option<T>> = values.collect();
    values.into_iter().collect()
}

struct Reader<'a, 'r> {
    /// The source, stream or sink.
    owner: &'a str,
    /// Where the rows are fed.
    source: Option<&'a SourcePlan>,
    report: &'r mut Vec<Diagnostic>,
}

impl Reader<'_, '_> {
    fn fail<T>(&mut self, diagnostic: Diagnostic) -> Option<T> {
        self.report.push(diagnostic);
        None
    }

    fn row(&mut self, row: &ast::Expr, columns: &[Column]) -> Option<Value> {
        if row.is_gap() {
            return None;
        }
        let ExprKind::Record(entries) = &row.kind else {
            let text =
                matches!(&row.kind, ExprKind::Literal(it) if matches!(it.value, Value::String(_)));
            let help = match self.source {
                Some(_) => "write `{ column: value }`, or the raw payload as text: `r#\"{…}\"#`",
                None if text => "raw text is fed only; what comes out is `{ column: value }`",
                None => "write `{ column: value }`",
            };
            let message = "a row of a test is a record";
            return self.fail(Diagnostic::new(Code::RowShape, row.span, message).help(help));
        };
        self.record(entries, columns, None)
    }

    /// The entries of a row, or of the struct `within` it.
    fn record(
        &mut self,
        entries: &[(Name, ast::Expr)],
        columns: &[Column],
        within: Option<&str>,
    ) -> Option<Value> {
        let mut values = Vec::new();
        let mut right = true;
        for (i, (name, value)) in entries.iter().enumerate() {
            if let Some((first, _)) = entries[..i].iter().find(|(it, _)| it.node == name.node) {
                let message = format!("`{}` stands twice in one row", name.node);
                self.report.push(
                    Diagnostic::new(Code::EqualNames, name.span, message)
                        .related(first.span, "the first")
                        .help("take one of them away"),
                );
                right = false;
                continue;
            }
            let read = match columns.iter().find(|it| it.name == name.node) {
                Some(column) => self.value(value, &column.typed, &name.node),
                None if is_open(columns) => None,
                None => {
                    let diagnostic = self.unknown_column(name, columns, within);
                    self.fail(diagnostic)
                }
            };
            match read {
                Some(value) => values.push((name.node.clone(), value)),
                None => right = false,
            }
        }
        right.then_some(Value::Record(values))
    }

    fn unknown_column(&self, name: &Name, columns: &[Column], within: Option<&str>) -> Diagnostic {
        let (what, owner) = match within {
            Some(field) => ("field", field),
            None => ("column", self.owner),
        };
        let message = format!("`{owner}` has no {what} `{}`", name.node);
        let diagnostic = Diagnostic::new(Code::UnknownRowColumn, name.span, message);
        let fields = self.source.and_then(|it| it.schema.as_ref()).map_or(&[][..], |it| &it.fields);
        let wire = fields.iter().find(|it| it.wire.as_deref() == Some(&name.node));
        if let (Some(field), None) = (wire, within) {
            let column = &field.column.name;
            return diagnostic
                .help(format!("rows are written by the names of columns: `{column}`"))
                .fix(name.span, written(column));
        }
        let known: Vec<&str> = columns.iter().map(|it| it.name.as_str()).collect();
        match nearest(&name.node, known.iter().copied()) {
            Some(near) => {
                diagnostic.help(format!("did you mean `{near}`?")).fix(name.span, written(near))
            }
            None => diagnostic.help(format!("its {what}s {}", are(&known))),
        }
    }

    fn value(&mut self, expr: &ast::Expr, typed: &Typed, name: &str) -> Option<Value> {
        match (&expr.kind, &typed.ty) {
            _ if expr.is_gap() => None,
            (_, Type::Unknown) => None,
            (_, Type::Json) if self.source.is_some() => self.json(expr),
            (ExprKind::Record(entries), Type::Struct(fields)) => {
                self.record(entries, fields, Some(name))
            }
            (ExprKind::Record(entries), Type::Map(_, value)) => {
                let read = all(entries.iter().map(|(key, it)| {
                    self.value(it, value, &key.node).map(|value| (key.node.clone(), value))
                }));
                read.map(Value::Record)
            }
            (ExprKind::List(values), Type::List(element)) => {
                all(values.iter().map(|it| self.value(it, element, name))).map(Value::List)
            }
            (ExprKind::Range(low, high), _) => self.range((low, high), expr, typed, name),
            (ExprKind::Literal(literal), _) => self.literal(expr, literal, typed, name),
            (ExprKind::Negate(inner), _) if matches!(inner.kind, ExprKind::Literal(_)) => {
                self.typed(expr, typed, name)
            }
            (ExprKind::Record(_) | ExprKind::List(_), ty) => {
                let found =
                    if matches!(expr.kind, ExprKind::List(_)) { "a list" } else { "a record" };
                self.fail(wrong_type(expr, name, ty, found))
            }
            _ => {
                let message = "rows of a test are made of constants";
                let help = "write the value itself: a number, text, `true`, `null`, `@2026-01-01T00:00:00Z`";
                self.fail(Diagnostic::new(Code::RowNotConstant, expr.span, message).help(help))
            }
        }
    }

    /// What is not null is of the column's type, or of a form in which the decoder reads it.
    fn literal(
        &mut self,
        expr: &ast::Expr,
        literal: &ast::Literal,
        typed: &Typed,
        name: &str,
    ) -> Option<Value> {
        let feeds = self.source.is_some();
        match (&literal.value, &typed.ty) {
            (Value::Null, _) => Some(Value::Null),
            (
                Value::String(_),
                Type::Timestamp | Type::Date | Type::Duration | Type::Decimal { .. } | Type::Bytes,
            )
            | (Value::Int(_), Type::Timestamp)
            | (Value::Int(_) | Value::Float(_), Type::Decimal { .. })
                if feeds =>
            {
                Some(literal.value.clone())
            }
            (Value::Date(days), Type::Timestamp) => {
                Some(Value::Timestamp(i64::from(*days) * super::DAY))
            }
            (Value::String(text), Type::Timestamp | Type::Date | Type::Duration) => {
                match time_of(text, &typed.ty) {
                    Some(value) => Some(value),
                    None => self.fail(wrong_type(expr, name, &typed.ty, "text")),
                }
            }
            (Value::String(_), Type::Bytes | Type::Json | Type::Decimal { .. }) => {
                Some(literal.value.clone())
            }
            _ => self.typed(expr, typed, name),
        }
    }

    /// A value of exactly the column's type.
    fn typed(&mut self, expr: &ast::Expr, typed: &Typed, name: &str) -> Option<Value> {
        let typed = typed.clone().with_nullable(true);
        let value = expr::literal(expr, &typed).ok();
        if value.is_none() {
            let kind = match &expr.kind {
                ExprKind::Literal(it) if it.unit.is_some() => "a number with a unit",
                ExprKind::Literal(it) => it.value.kind(),
                _ => "a number",
            };
            let mut diagnostic = wrong_type(expr, name, &typed.ty, kind);
            if self.source.is_some() {
                let help = "to feed a payload that is wrong, write it as text: `r#\"{…}\"#`";
                diagnostic = diagnostic.help(help);
            }
            return self.fail(diagnostic);
        }
        value
    }

    /// A range stands for any value in it; in what is expected only.
    fn range(
        &mut self,
        (low, high): (&Option<Box<ast::Expr>>, &Option<Box<ast::Expr>>),
        expr: &ast::Expr,
        typed: &Typed,
        name: &str,
    ) -> Option<Value> {
        if self.source.is_some() {
            let message = "a fed row has one value a column, not a range";
            let help = "write one of the values; ranges stand in `expect`";
            return self.fail(Diagnostic::new(Code::RowNotConstant, expr.span, message).help(help));
        }
        let ordered = typed.ty.is_numeric()
            || matches!(typed.ty, Type::Timestamp | Type::Date | Type::Duration | Type::String);
        if !ordered {
            return self.fail(wrong_type(expr, name, &typed.ty, "a range"));
        }
        let mut end = |it: &Option<Box<ast::Expr>>| match it {
            None => Some(None),
            Some(it) => self.value(it, typed, name).map(|it| Some(Box::new(it))),
        };
        let low = end(low)?;
        Some(Value::Range(low, end(high)?))
    }

    /// Any JSON value.
    fn json(&mut self, expr: &ast::Expr) -> Option<Value> {
        match &expr.kind {
            ExprKind::Record(entries) => {
                let read = all(entries
                    .iter()
                    .map(|(key, it)| self.json(it).map(|value| (key.node.clone(), value))));
                read.map(Value::Record)
            }
            ExprKind::List(values) => all(values.iter().map(|it| self.json(it))).map(Value::List),
            ExprKind::Literal(it) if it.unit.is_none() => Some(it.value.clone()),
            ExprKind::Negate(inner) => match self.json(inner)? {
                Value::Int(it) => Some(Value::Int(it.wrapping_neg())),
                Value::Float(it) => Some(Value::Float(-it)),
                other => Some(other),
            },
            _ => {
                let message = "rows of a test are made of constants";
                let help = "write the value itself";
                self.fail(Diagnostic::new(Code::RowNotConstant, expr.span, message).help(help))
            }
        }
    }
}

fn wrong_type(expr: &ast::Expr, name: &str, ty: &Type, found: &str) -> Diagnostic {
    let message = format!("`{name}` is {}, found {found}", noun(ty));
    let diagnostic = Diagnostic::new(Code::RowType, expr.span, message);
    match sample(ty) {
        Some(sample) => diagnostic.help(format!("write it as in `{sample}`")),
        None => diagnostic.help(format!("write a value of type `{ty}`")),
    }
}

fn noun(ty: &Type) -> String {
    format!("`{ty}`")
}

/// A value of the type as it is written.
fn sample(ty: &Type) -> Option<&'static str> {
    Some(match ty {
        Type::Bool => "true",
        Type::Int => "42",
        Type::Float(_) | Type::Decimal { .. } => "21.5",
        Type::String => "\"text\"",
        Type::Bytes => "\"aGVsbG8=\"",
        Type::Timestamp => "@2026-01-31T06:00:00Z",
        Type::Duration => "1m30s",
        Type::Date => "@2026-01-31",
        Type::List(_) => "[1, 2]",
        Type::Struct(_) | Type::Map(..) => "{ field: value }",
        Type::Json | Type::Null | Type::Unknown => return None,
    })
}

/// A time that is written as text, as JSON has it.
fn time_of(text: &str, ty: &Type) -> Option<Value> {
    let text = match ty {
        Type::Duration => text.to_owned(),
        _ => format!("@{}", text.replacen(' ', "T", 1)),
    };
    let expr = parse::expression(&text).ok()?;
    let value = super::literal(&expr)?.clone();
    match (&value, ty) {
        (Value::Timestamp(_), Type::Timestamp)
        | (Value::Date(_), Type::Date)
        | (Value::Duration(_), Type::Duration) => Some(value),
        _ => None,
    }
}
