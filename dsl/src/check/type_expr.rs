//! Types as they are written: `float<°C>?`, `list<int>`, `decimal(10, 2)`. The set of types is closed.

use super::suggest::nearest;
use crate::ast::{ExprKind, Field, TypeArgs, TypeExpr};
use crate::diagnostic::{Code, Diagnostic};
use crate::types::{Column, Type, Typed};
use crate::value::Value;

/// Every type, in the order of the reference.
const TYPES: [&str; 13] = [
    "bool",
    "int",
    "float",
    "decimal",
    "string",
    "bytes",
    "timestamp",
    "duration",
    "date",
    "json",
    "list",
    "struct",
    "map",
];

/// Whether there is a type of this name, here or under another name.
pub(super) fn is_type(name: &str) -> bool {
    TYPES.contains(&name) || elsewhere(name).is_some() || nearest(name, TYPES).is_some()
}

/// The most digits of a decimal.
const MOST_DIGITS: i64 = 38;

/// The type that is meant; `Unknown` where it was reported.
pub(super) fn typed(ty: &TypeExpr, report: &mut Vec<Diagnostic>) -> Typed {
    Typed { ty: plain(ty, report).unwrap_or(Type::Unknown), nullable: ty.nullable }
}

/// The type without its `?`; none where it was reported.
fn plain(ty: &TypeExpr, report: &mut Vec<Diagnostic>) -> Option<Type> {
    let simple = match ty.name.node.as_str() {
        // The parser leaves an empty name where the text was broken.
        "" => return None,
        "bool" => Type::Bool,
        "int" => return unit(ty, report).map(|_| Type::Int),
        "float" => return unit(ty, report).map(Type::Float),
        "decimal" => return decimal(ty, report),
        "string" => Type::String,
        "bytes" => Type::Bytes,
        "timestamp" => return timestamp(ty, report).then_some(Type::Timestamp),
        "duration" => Type::Duration,
        "date" => Type::Date,
        "json" => Type::Json,
        "list" => return list(ty, report),
        "struct" => return structure(ty, report),
        "map" => return map(ty, report),
        _ => {
            report.push(unknown_type(ty));
            return None;
        }
    };
    if ty.args != TypeArgs::None {
        let name = &ty.name.node;
        report.push(bad_args(ty, format!("`{name}` stands by itself"), format!("write `{name}`")));
        return None;
    }
    Some(simple)
}

fn bad_args(ty: &TypeExpr, message: String, help: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Code::BadTypeArguments, ty.span, message).help(help)
}

/// `int<rpm>`, `float<°C>`: a unit, or none. An outer none where it was reported.
#[expect(clippy::option_option, reason = "reported, without a unit, with one")]
fn unit(ty: &TypeExpr, report: &mut Vec<Diagnostic>) -> Option<Option<String>> {
    let name = &ty.name.node;
    match &ty.args {
        TypeArgs::None => Some(None),
        TypeArgs::Unit(unit) => Some(Some(unit.node.clone())),
        // A unit of letters reads like a type: `float<m>`.
        TypeArgs::Types(types) if types.len() == 1 && types[0].args == TypeArgs::None => {
            Some(Some(types[0].name.node.clone()))
        }
        _ => {
            let message = format!("`{name}` takes a unit at most");
            report.push(bad_args(
                ty,
                message,
                format!("write `{name}`, or with a unit `{name}<°C>`"),
            ));
            None
        }
    }
}

fn decimal(ty: &TypeExpr, report: &mut Vec<Diagnostic>) -> Option<Type> {
    let digits: Option<Vec<i64>> = match &ty.args {
        TypeArgs::Params(params) => params
            .iter()
            .map(|it| match &it.kind {
                ExprKind::Literal(literal) => match literal.value {
                    Value::Int(digits) => Some(digits),
                    _ => None,
                },
                _ => None,
            })
            .collect(),
        _ => None,
    };
    match digits.as_deref() {
        Some([precision, scale])
            if (1..=MOST_DIGITS).contains(precision) && (0..=*precision).contains(scale) =>
        {
            Some(Type::Decimal { precision: *precision as u8, scale: *scale as i8 })
        }
        Some([precision]) if (1..=MOST_DIGITS).contains(precision) => {
            Some(Type::Decimal { precision: *precision as u8, scale: 0 })
        }
        _ => {
            let message = format!(
                "`decimal` takes how many digits a number has (at most {MOST_DIGITS}), and how many of them stand \
                 behind the point"
            );
            report.push(bad_args(
                ty,
                message,
                "write `decimal(10, 2)` for numbers up to 99999999.99",
            ));
            None
        }
    }
}

/// What may stand behind `timestamp`: how it is read from the wire. The form itself is read with the schema.
fn timestamp(ty: &TypeExpr, report: &mut Vec<Diagnostic>) -> bool {
    let right = match &ty.args {
        TypeArgs::None => true,
        TypeArgs::Params(params) => params.iter().all(|it| match &it.kind {
            ExprKind::Name { name, .. } => time_unit(name).is_some(),
            ExprKind::Literal(literal) => matches!(literal.value, Value::String(_)),
            _ => false,
        }),
        _ => false,
    };
    if !right {
        let message = "`timestamp` takes the unit of numbers or the time zone of text";
        let help = "write `timestamp(s)`, `timestamp(ms)`, `timestamp(us)`, `timestamp(ns)` or \
                    `timestamp(\"Europe/Berlin\")`";
        report.push(bad_args(ty, message.to_owned(), help));
    }
    right
}

/// What a number counts.
pub(super) fn time_unit(name: &str) -> Option<crate::plan::TimeUnit> {
    use crate::plan::TimeUnit;
    Some(match name {
        "s" => TimeUnit::Second,
        "ms" => TimeUnit::Millisecond,
        "us" => TimeUnit::Microsecond,
        "ns" => TimeUnit::Nanosecond,
        _ => return None,
    })
}

fn list(ty: &TypeExpr, report: &mut Vec<Diagnostic>) -> Option<Type> {
    match &ty.args {
        TypeArgs::Types(types) if types.len() == 1 => {
            Some(Type::List(Box::new(typed(&types[0], report))))
        }
        _ => {
            report.push(bad_args(
                ty,
                "`list` takes the type of its elements".to_owned(),
                "write `list<float>`",
            ));
            None
        }
    }
}

fn map(ty: &TypeExpr, report: &mut Vec<Diagnostic>) -> Option<Type> {
    if let TypeArgs::Types(types) = &ty.args
        && let [key, value] = types.as_slice()
        && key.name.node == "string"
        && !key.nullable
    {
        let value = typed(value, report);
        return Some(Type::Map(Box::new(Type::String.required()), Box::new(value)));
    }
    report.push(bad_args(
        ty,
        "`map` takes `string` for its keys, and the type of its values".to_owned(),
        "write `map<string, float>`",
    ));
    None
}

fn structure(ty: &TypeExpr, report: &mut Vec<Diagnostic>) -> Option<Type> {
    let TypeArgs::Fields(fields) = &ty.args else {
        let message = "`struct` takes its fields in braces".to_owned();
        report.push(bad_args(ty, message, "write `struct{ low: float, high: float }`"));
        return None;
    };
    let columns = fields.iter().map(|it| Column::new(&it.name.node, typed(&it.ty, report)));
    let columns = columns.collect();
    twice(fields, report);
    Some(Type::Struct(columns))
}

/// Fields of one name.
pub(super) fn twice(fields: &[Field], report: &mut Vec<Diagnostic>) {
    for (i, field) in fields.iter().enumerate() {
        let name = &field.name;
        if let Some(first) = fields[..i].iter().find(|it| it.name.node == name.node) {
            let message = format!("there is a field `{}` already", name.node);
            report.push(
                Diagnostic::new(Code::FieldTwice, name.span, message)
                    .related(first.name.span, "the first")
                    .help("take one of them away, or give it another name: `NAME: TYPE from \"wire name\"`"),
            );
        }
    }
}

fn unknown_type(ty: &TypeExpr) -> Diagnostic {
    let name = &ty.name.node;
    let message = format!("there is no type `{name}`");
    let diagnostic = Diagnostic::new(Code::UnknownType, ty.name.span, message);
    let meant = elsewhere(name).or_else(|| nearest(name, TYPES));
    match meant {
        Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")).fix(ty.name.span, meant),
        None => diagnostic.help(format!("the types are `{}`", TYPES.join(" "))),
    }
}

/// What other languages call a type, and what it is called here.
fn elsewhere(name: &str) -> Option<&'static str> {
    Some(match name.to_lowercase().as_str() {
        "boolean" => "bool",
        "integer" | "bigint" | "smallint" | "tinyint" | "long" | "short" | "byte" | "i8"
        | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "int8" | "int16" | "int32"
        | "int64" | "uint8" | "uint16" | "uint32" | "uint64" => "int",
        "double" | "real" | "number" | "f32" | "f64" | "float32" | "float64" => "float",
        "numeric" | "money" => "decimal",
        "varchar" | "char" | "text" | "str" | "uuid" | "utf8" | "enum" => "string",
        "binary" | "blob" | "bytea" | "varbinary" => "bytes",
        "datetime" | "time" | "timestamptz" | "timestamp_ltz" => "timestamp",
        "interval" => "duration",
        "array" | "vec" => "list",
        "record" | "row" | "object" => "struct",
        "dict" | "dictionary" | "hashmap" => "map",
        "any" | "jsonb" | "variant" => "json",
        _ => return None,
    })
}
