//! What a column, a field or an element may hold.

use super::bounds::Bounds;
use super::builder::{Builder, Store};
use dsl::calendar::DAY;
use dsl::plan::{Field, TimestampForm};
use dsl::types::{Column, Type, Typed};
use dsl::value::Value;
use engine::error::{Error, Result};
use engine::expr::{json_of, parse};
use engine::reason::Reason;

/// What a value has to be.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) kind: Kind,
    /// Whether a null may stand there.
    pub(crate) nullable: bool,
    /// Stands in for what is missing.
    pub(crate) default: Option<Value>,
    /// What values are valid.
    pub(crate) bounds: Bounds,
}

/// The type of a value, with what is needed to read it.
#[derive(Debug)]
pub(crate) enum Kind {
    Bool,
    Int,
    Float,
    Decimal { precision: u8, scale: i8 },
    String,
    Json,
    Bytes,
    Timestamp(TimestampForm),
    Duration,
    Date,
    List(Box<Shape>),
    Struct(Vec<Member>),
    Map(Box<Shape>),
}

/// A field of a record: a column of the schema, or a field of a struct.
#[derive(Debug)]
pub(crate) struct Member {
    /// Its name in the language.
    pub(crate) name: String,
    /// `from "…"`: where it stands on the wire, if not under its name.
    pub(crate) wire: Option<String>,
    /// What it holds.
    pub(crate) shape: Shape,
}

/// A value that is no list, struct or map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scalar<'a> {
    Bool(bool),
    /// `int`; microseconds of a `timestamp` or `duration`
    Int(i64),
    Float(f64),
    Date(i32),
    Decimal(i128),
    /// `string`, `json`
    Text(&'a str),
    Bytes(&'a [u8]),
}

/// Why a row is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) reason: Reason,
    pub(crate) detail: String,
    pub(crate) column: Option<String>,
}

impl Refusal {
    pub(crate) fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into(), column: None }
    }

    /// A value of another type than it should have.
    pub(crate) fn unfit(kind: &Kind, found: impl std::fmt::Display) -> Self {
        Self::new(Reason::Type, format!("expected {}, found {found}", kind.noun()))
    }

    pub(crate) fn missing(path: &str) -> Self {
        Self::new(Reason::Missing, format!("there is no `{path}`"))
    }

    /// Says where inside the column it is.
    pub(crate) fn within(mut self, place: &str) -> Self {
        self.detail = format!("{place}: {}", self.detail);
        self
    }

    /// Names the column, which is not known where the value is read.
    pub(crate) fn of(mut self, column: &str) -> Self {
        self.column.get_or_insert_with(|| column.to_owned());
        self
    }
}

impl Member {
    /// A field of a schema.
    pub(crate) fn of_field(field: &Field) -> Result<Self> {
        let typed = &field.column.typed;
        let form = &field.timestamp;
        let kind = kind(&typed.ty, form, &field.children)?;
        // The bounds of a list are those of its elements.
        let (kind, bounds) = match (kind, &field.bounds) {
            (Kind::List(mut element), Some(bounds)) => {
                element.bounds = Bounds::new(bounds, &element.kind)?;
                (Kind::List(element), Bounds::None)
            }
            (kind, Some(bounds)) => {
                let bounds = Bounds::new(bounds, &kind)?;
                (kind, bounds)
            }
            (kind, None) => (kind, Bounds::None),
        };
        let shape =
            Shape { kind, nullable: typed.nullable, default: field.default.clone(), bounds };
        shape.check_default(&typed.ty)?;
        Ok(Self { name: field.column.name.clone(), wire: field.wire.clone(), shape })
    }

    /// A column that no schema says more about.
    pub(crate) fn of_column(column: &Column) -> Result<Self> {
        let shape = Shape::of_typed(&column.typed, &TimestampForm::default(), &[])?;
        Ok(Self { name: column.name.clone(), wire: None, shape })
    }
}

fn kind(ty: &Type, form: &TimestampForm, children: &[Field]) -> Result<Kind> {
    Ok(match ty {
        Type::Bool => Kind::Bool,
        Type::Int => Kind::Int,
        Type::Float(_) => Kind::Float,
        Type::Decimal { precision, scale } => {
            Kind::Decimal { precision: *precision, scale: *scale }
        }
        Type::String => Kind::String,
        Type::Json => Kind::Json,
        Type::Bytes => Kind::Bytes,
        Type::Timestamp => Kind::Timestamp(form.clone()),
        Type::Duration => Kind::Duration,
        Type::Date => Kind::Date,
        Type::List(element) => Kind::List(Box::new(Shape::of_typed(element, form, children)?)),
        Type::Map(_, value) => Kind::Map(Box::new(Shape::of_typed(value, form, children)?)),
        Type::Struct(columns) => {
            let member =
                |column: &Column| match children.iter().find(|it| it.column.name == column.name) {
                    Some(field) => Member::of_field(field),
                    None => Member::of_column(column),
                };
            Kind::Struct(columns.iter().map(member).collect::<Result<_>>()?)
        }
        Type::Null | Type::Unknown => {
            return Err(Error::bug(format!("a column of type `{ty}` cannot be read")));
        }
    })
}

impl Kind {
    /// What a message calls it.
    pub(crate) fn noun(&self) -> String {
        match self {
            Kind::Bool => "`true` or `false`".to_owned(),
            Kind::Int => "an int".to_owned(),
            Kind::Float => "a number".to_owned(),
            Kind::Decimal { precision, scale } => format!("a decimal({precision}, {scale})"),
            Kind::String => "text".to_owned(),
            Kind::Json => "a JSON value".to_owned(),
            Kind::Bytes => "bytes in base64".to_owned(),
            Kind::Timestamp(_) => "a timestamp".to_owned(),
            Kind::Duration => "a duration such as `1m30s`".to_owned(),
            Kind::Date => "a date such as `2026-01-31`".to_owned(),
            Kind::List(_) => "a list".to_owned(),
            Kind::Struct(_) | Kind::Map(_) => "an object".to_owned(),
        }
    }
}

impl Shape {
    fn of_typed(typed: &Typed, form: &TimestampForm, children: &[Field]) -> Result<Self> {
        let kind = kind(&typed.ty, form, children)?;
        Ok(Self { kind, nullable: typed.nullable, default: None, bounds: Bounds::None })
    }

    /// Adds a value, if it is inside the bounds.
    #[inline]
    pub(crate) fn accept(&self, value: Scalar<'_>, into: &mut Builder) -> Result<(), Refusal> {
        if !self.bounds.hold(&value) {
            return Err(self.outside(&value));
        }
        push(value, into);
        Ok(())
    }

    #[cold]
    fn outside(&self, value: &Scalar<'_>) -> Refusal {
        let shown = value.shown(&self.kind);
        Refusal::new(Reason::Range, format!("{shown} is not in {}", self.bounds))
    }

    /// Adds what stands for a missing value or a null; `path` is where it was looked for.
    #[inline]
    pub(crate) fn absent(&self, path: &str, into: &mut Builder) -> Result<(), Refusal> {
        match &self.default {
            Some(value) => self.push_value(value, into),
            None if self.nullable => {
                into.push_null();
                Ok(())
            }
            None => Err(Refusal::missing(path)),
        }
    }

    /// Adds a constant of the language.
    fn push_value(&self, value: &Value, into: &mut Builder) -> Result<(), Refusal> {
        let misfit = || Refusal::new(Reason::Type, format!("{value} is not {}", self.kind.noun()));
        let scalar = match (&self.kind, value) {
            (_, Value::Null) => {
                into.push_null();
                return Ok(());
            }
            (Kind::Json, value) => {
                push(Scalar::Text(&json_of(value).to_string()), into);
                return Ok(());
            }
            (Kind::List(element), Value::List(values)) => {
                let Store::List(lists) = &mut into.store else { return Err(misfit()) };
                for value in values {
                    element.push_value(value, &mut lists.inner)?;
                }
                lists.close();
                return Ok(());
            }
            (Kind::Map(element), Value::Record(entries)) => {
                let Store::Map(keys, lists) = &mut into.store else { return Err(misfit()) };
                for (key, value) in entries {
                    keys.push(key.as_bytes());
                    element.push_value(value, &mut lists.inner)?;
                }
                lists.close();
                return Ok(());
            }
            (Kind::Struct(members), Value::Record(entries)) => {
                let Store::Struct(len, children) = &mut into.store else { return Err(misfit()) };
                for (member, child) in members.iter().zip(children) {
                    match entries.iter().find(|(name, _)| *name == member.name) {
                        Some((_, value)) => member.shape.push_value(value, child)?,
                        None => member.shape.absent(&member.name, child)?,
                    }
                }
                *len += 1;
                return Ok(());
            }
            (kind, value) => constant(kind, value).ok_or_else(misfit)?,
        };
        push(scalar, into);
        Ok(())
    }

    /// Defaults are tried once, so that no row can fail on one.
    fn check_default(&self, ty: &Type) -> Result<()> {
        let mut builder = Builder::new(ty);
        self.default
            .as_ref()
            .map_or(Ok(()), |it| self.push_value(it, &mut builder))
            .map_err(|it| Error::bug(format!("a default does not fit its column: {}", it.detail)))
    }
}

/// A constant of the language as a scalar of this kind.
pub(super) fn constant<'a>(kind: &Kind, value: &'a Value) -> Option<Scalar<'a>> {
    Some(match (kind, value) {
        (Kind::Bool, Value::Bool(it)) => Scalar::Bool(*it),
        (Kind::Int, Value::Int(it))
        | (Kind::Timestamp(_), Value::Timestamp(it))
        | (Kind::Duration, Value::Duration(it)) => Scalar::Int(*it),
        (Kind::Int, Value::Size(it)) => Scalar::Int(i64::try_from(*it).ok()?),
        (Kind::Float, Value::Float(it)) => Scalar::Float(*it),
        (Kind::Float, Value::Int(it)) => Scalar::Float(*it as f64),
        (Kind::Decimal { precision, scale }, Value::Int(it)) => {
            Scalar::Decimal(parse::decimal(&it.to_string(), *precision, *scale)?)
        }
        (Kind::Decimal { precision, scale }, Value::Float(it)) => {
            Scalar::Decimal(parse::decimal(&format!("{it:?}"), *precision, *scale)?)
        }
        (Kind::Decimal { precision, scale }, Value::String(it)) => {
            Scalar::Decimal(parse::decimal(it, *precision, *scale)?)
        }
        (Kind::String, Value::String(it)) => Scalar::Text(it),
        (Kind::Bytes, Value::String(it)) => Scalar::Bytes(it.as_bytes()),
        (Kind::Timestamp(_), Value::Date(it)) => Scalar::Int(i64::from(*it).checked_mul(DAY)?),
        (Kind::Date, Value::Date(it)) => Scalar::Date(*it),
        _ => return None,
    })
}

/// Adds a scalar to a column of its kind.
#[inline]
pub(crate) fn push(value: Scalar<'_>, into: &mut Builder) {
    match (value, &mut into.store) {
        (Scalar::Bool(it), Store::Bool(values)) => values.push(it),
        (Scalar::Int(it), Store::Int(values)) => values.push(it),
        (Scalar::Float(it), Store::Float(values)) => values.push(it),
        (Scalar::Date(it), Store::Date(values)) => values.push(it),
        (Scalar::Decimal(it), Store::Decimal(values)) => values.push(it),
        (Scalar::Text(it), Store::Bytes(values)) => values.push(it.as_bytes()),
        (Scalar::Bytes(it), Store::Bytes(values)) => values.push(it),
        // A scalar is made from the shape that the column was made from, so this is never reached.
        (_, _) => into.push_null(),
    }
}
