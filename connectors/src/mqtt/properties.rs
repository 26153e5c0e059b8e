//! What a message of the sink has beside topic and payload: `retain`, `expiry`, `content_type`, `headers`. Each is the
//! same for all rows, or worked out from the row.

use super::client::Outgoing;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, DurationMicrosecondType};
use dsl::diagnostic::{Code, Diagnostic};
use dsl::plan::{Arg, Args, Expr, ExprKind, TemplatePart};
use dsl::signature::{Param, Takes, TypeClass};
use dsl::types::{Column, Type};
use dsl::value::Value;
use engine::batch::Batch;
use engine::error::{Error, Result};
use engine::expr::Program;
use engine::reason::Fault;
use std::sync::Arc;

/// The longest text of the protocol, in bytes.
const TEXT_MAX: usize = 65_535;
const SECOND: i64 = 1_000_000;

/// The options.
pub(super) fn params() -> Vec<Param> {
    let either = |name, class, doc| Param::option(name, Takes::ConstantOrExpr(class), doc);
    vec![
        either(
            "retain",
            TypeClass::Is(Type::Bool),
            "Whether the broker keeps the last message of each topic for those who come later.",
        )
        .default("false"),
        either(
            "expiry",
            TypeClass::Is(Type::Duration),
            "For how long a message is worth anything, in whole seconds: after that the broker hands it out no more.",
        )
        .within("1s..49710d"),
        Param::option(
            "headers",
            Takes::Expr(TypeClass::Any),
            "User properties: a record such as `{ unit: unit, line: f\"{line}\" }`, or a map like `meta.headers`. One that is null \
             is left out.",
        ),
        either(
            "content_type",
            TypeClass::Is(Type::String),
            "What the payload is, such as `\"application/json\"`.",
        ),
    ]
}

/// Says what is wrong with `headers` and `content_type`.
pub(super) fn check(args: &Args, report: &mut Vec<Diagnostic>) {
    if let Ok(Some(expr)) = args.opt_expr("headers")
        && let (Err(why), Some(span)) = (headers(expr), args.span("headers"))
    {
        let found = Diagnostic::new(Code::BadOption, span, format!("`headers`: {why}"));
        report.push(
            found.help("write a record of texts: `headers: { unit: unit, line: f\"{line}\" }`"),
        );
    }
    if let Ok(Some(text)) = args.opt_text("content_type")
        && let (Err(why), Some(span)) = (speakable(text), args.span("content_type"))
    {
        let found = Diagnostic::new(Code::BadOption, span, format!("`content_type`: {why}"));
        report.push(found.help("write `content_type: \"application/json\"`, for example"));
    }
}

/// Whether messages may ask to be retained.
pub(super) fn retains(args: &Args) -> bool {
    !matches!(args.get("retain"), None | Some(Arg::Value(Value::Bool(false))))
}

/// The properties of a sink's messages.
pub(super) struct Properties {
    programs: Vec<Program>,
    retain: Of<bool>,
    expiry: Of<Option<u32>>,
    content_type: Of<Option<Arc<str>>>,
    headers: Headers,
}

/// The same for all rows, or in the column that this program yields.
enum Of<T> {
    Same(T),
    Column(usize),
}

enum Headers {
    /// Each with the column of its texts.
    Record(Vec<(String, usize)>),
    /// The column of the maps.
    Map(usize),
}

/// The properties of the rows of a batch.
pub(super) struct Evaluated<'a> {
    properties: &'a Properties,
    /// What the programs yield, texts as `Utf8`.
    columns: Vec<ArrayRef>,
}

impl Properties {
    /// Reads the options; `columns` are those of the rows.
    pub(super) fn of(args: &Args, columns: &[Column]) -> Result<Self> {
        let mut programs = Vec::new();
        let mut add = |expr: &Expr| -> Result<usize> {
            programs.push(Program::compile(expr, columns)?);
            Ok(programs.len() - 1)
        };
        let mut each = |name: &str| match args.get(name) {
            Some(Arg::Expr(expr)) => add(expr).map(Some),
            _ => Ok(None),
        };
        let retain = match each("retain")? {
            Some(column) => Of::Column(column),
            None => Of::Same(args.opt_bool("retain")?.unwrap_or(false)),
        };
        let expiry = match each("expiry")? {
            Some(column) => Of::Column(column),
            None => Of::Same(args.opt_duration("expiry")?.and_then(seconds)),
        };
        let content_type = match each("content_type")? {
            Some(column) => Of::Column(column),
            None => Of::Same(args.opt_text("content_type")?.map(Into::into)),
        };
        let headers = match args.opt_expr("headers")?.map(headers).transpose() {
            Err(why) => return Err(Error::user(format!("`headers`: {why}"))),
            Ok(None) => Headers::Record(Vec::new()),
            Ok(Some(Made::Map(expr))) => Headers::Map(add(expr)?),
            Ok(Some(Made::Record(fields))) => {
                let fields = fields.into_iter();
                Headers::Record(
                    fields.map(|(name, expr)| Ok((name, add(&expr)?))).collect::<Result<_>>()?,
                )
            }
        };
        Ok(Self { programs, retain, expiry, content_type, headers })
    }

    /// Works them out for a batch; rows for which that fails are added to `faults`.
    pub(super) fn evaluate(&self, batch: &Batch, faults: &mut Vec<Fault>) -> Result<Evaluated<'_>> {
        let mut run = |program: &Program| -> Result<ArrayRef> {
            let found = program.evaluate(&batch.frame())?;
            faults.extend(found.faults);
            Ok(match found.values.data_type() {
                DataType::Utf8View | DataType::LargeUtf8 => cast(&found.values, &DataType::Utf8)?,
                _ => found.values,
            })
        };
        let columns = self.programs.iter().map(&mut run).collect::<Result<_>>()?;
        Ok(Evaluated { properties: self, columns })
    }
}

impl Evaluated<'_> {
    /// Gives a message the properties of its row; an error says why it cannot have them.
    pub(super) fn fill(&self, row: usize, message: &mut Outgoing) -> Result<(), String> {
        let Properties { retain, expiry, content_type, headers, .. } = self.properties;
        message.retain = match retain {
            Of::Same(retain) => *retain,
            Of::Column(column) => {
                let flags = self.columns[*column].as_boolean_opt();
                flags.is_some_and(|it| it.is_valid(row) && it.value(row))
            }
        };
        message.expiry = match expiry {
            Of::Same(expiry) => *expiry,
            Of::Column(column) => self.expiry(*column, row)?,
        };
        message.content_type = match content_type {
            Of::Same(text) => text.clone(),
            Of::Column(column) => match self.text(*column, row) {
                None => None,
                Some(text) => {
                    speakable(text).map_err(|why| format!("`content_type`: {why}"))?;
                    Some(text.into())
                }
            },
        };
        match headers {
            Headers::Record(fields) => {
                for (name, column) in fields {
                    if let Some(text) = self.text(*column, row) {
                        add(message, name, text)?;
                    }
                }
            }
            Headers::Map(column) => {
                let Some(map) = self.columns[*column].as_map_opt() else { return Ok(()) };
                if map.is_valid(row) {
                    let entries = map.value(row);
                    let text = |i: usize| entries.column(i).as_string_opt::<i32>();
                    let (Some(names), Some(texts)) = (text(0), text(1)) else { return Ok(()) };
                    for i in (0..entries.len()).filter(|it| texts.is_valid(*it)) {
                        add(message, names.value(i), texts.value(i))?;
                    }
                }
            }
        }
        Ok(())
    }

    fn text(&self, column: usize, row: usize) -> Option<&str> {
        let texts = self.columns[column].as_string_opt::<i32>()?;
        texts.is_valid(row).then(|| texts.value(row))
    }

    fn expiry(&self, column: usize, row: usize) -> Result<Option<u32>, String> {
        let durations = self.columns[column].as_primitive_opt::<DurationMicrosecondType>();
        let Some(durations) = durations.filter(|it| it.is_valid(row)) else { return Ok(None) };
        let micros = durations.value(row);
        match seconds(micros) {
            Some(seconds) => Ok(Some(seconds)),
            None => Err(format!(
                "`expiry` has to be at least 1s, and this row has {}",
                Value::Duration(micros)
            )),
        }
    }
}

fn add(message: &mut Outgoing, name: &str, text: &str) -> Result<(), String> {
    for part in [name, text] {
        speakable(part).map_err(|why| format!("the header `{name}`: {why}"))?;
    }
    message.headers.push((name.to_owned(), text.to_owned()));
    Ok(())
}

/// Whole seconds, of at least one.
fn seconds(micros: i64) -> Option<u32> {
    let seconds = micros.div_euclid(SECOND);
    (seconds > 0).then(|| u32::try_from(seconds).unwrap_or(u32::MAX))
}

/// Whether a text can stand in a packet. Brokers end the connection of who sends others.
pub(super) fn speakable(text: &str) -> Result<(), String> {
    if text.len() > TEXT_MAX {
        return Err(format!(
            "a text of at most {TEXT_MAX} bytes is needed, this one has {}",
            text.len()
        ));
    }
    let found = text.chars().find(|it| it.is_control() || u32::from(*it) & 0xfffe == 0xfffe);
    match found {
        Some(letter) => Err(format!("it cannot contain {letter:?}")),
        None => Ok(()),
    }
}

/// How headers are made.
enum Made<'a> {
    /// Of each field a text.
    Record(Vec<(String, Expr)>),
    /// As they are.
    Map(&'a Expr),
}

/// Tells how `headers` are made of an expression.
fn headers(expr: &Expr) -> Result<Made<'_>, String> {
    let fields: Vec<(String, Expr)> = match (&expr.kind, &expr.typed.ty) {
        (ExprKind::Struct(fields), _) => fields.clone(),
        (_, Type::Struct(fields)) => fields
            .iter()
            .map(|it| {
                let kind = ExprKind::Member(Box::new(expr.clone()), it.name.clone());
                let typed = it.typed.clone().with_nullable(true);
                (it.name.clone(), Expr { kind, typed, span: expr.span })
            })
            .collect(),
        (_, Type::Map(key, value)) if key.ty == Type::String && value.ty == Type::String => {
            return Ok(Made::Map(expr));
        }
        // Nothing can be said about what is a mistake elsewhere.
        (_, ty) if ty.is_unknown() => Vec::new(),
        (_, ty) => return Err(format!("expected a record or a map of texts, found `{ty}`")),
    };
    let texts = fields.into_iter().map(|(name, value)| {
        speakable(&name)?;
        if !is_plain(&value.typed.ty) {
            return Err(format!(
                "`{name}` is no text, and a `{}` cannot be made one",
                value.typed.ty
            ));
        }
        let span = value.span;
        let kind = ExprKind::Template(vec![TemplatePart::Hole { value, decimals: None }]);
        Ok((name, Expr { kind, typed: Type::String.nullable(), span }))
    });
    texts.collect::<Result<_, String>>().map(Made::Record)
}

/// Whether a value is written as one text.
fn is_plain(ty: &Type) -> bool {
    !matches!(ty, Type::Struct(_) | Type::List(_) | Type::Map(..) | Type::Bytes)
}

#[cfg(test)]
mod tests;
