//! What every source and every sink takes, so that the same option means the same everywhere.

use dsl::plan::Schema;
use dsl::signature::{Constant, Kind, Param, Takes, TypeClass};
use dsl::types::{Column, Type};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The options that every source takes, behind its own.
pub fn source_params() -> Vec<Param> {
    let duration = |name, doc| {
        Param::option(name, Takes::Constant(Constant::Duration), doc).within("0s..36500d")
    };
    vec![
        Param::option("format", Takes::Word(Kind::Format), "How bytes become rows: `json`, `csv(delimiter: \";\")`, …"),
        Param::option("schema", Takes::Schema, "The schema that names the columns; may be left out where the format or the files bring theirs."),
        Param::option(
            "time",
            Takes::Expr(TypeClass::Is(Type::Timestamp)),
            "The row's event time, told from its columns and `meta`; without it, when the row was received.",
        ),
        duration(
            "out_of_order",
            "How far rows may be out of the order of time: the watermark stays so far behind the newest row. \
             0s unless given; a source with a `time` that does not end has to say it.",
        ),
        duration("idle", "After how long without rows a split (a file, a subscription) no longer holds the watermark back; inputs that end are never idle.").default("30s"),
        duration(
            "ahead",
            "How far a row's time may be ahead of when it was received; beyond that it is an error row. \
             1m unless given, and no limit for inputs that end.",
        ),
        duration(
            "behind",
            "How far a row's time may be behind when it was received; beyond that it is an error row. No limit unless given.",
        ),
        Param::option(
            "strict",
            Takes::Constant(Constant::Bool),
            "Whether a field that the schema does not know makes an error row.",
        )
        .default("false"),
    ]
}

/// The options that every sink with a format takes, behind its own.
pub fn sink_params() -> Vec<Param> {
    vec![Param::option(
        "format",
        Takes::Word(Kind::Format),
        "How rows become bytes: `json`, `csv(delimiter: \";\")`, …",
    )]
}

/// The columns of a source that adds none: those of the schema, or else those that the format brings.
pub fn declared_columns(schema: Option<&Schema>, format: Option<&[Column]>) -> Option<Vec<Column>> {
    match schema {
        Some(schema) => Some(schema.fields.iter().map(|it| it.column.clone()).collect()),
        None => format.map(<[Column]>::to_vec),
    }
}

/// Locks; a thread that panicked while it held the lock left plain data behind.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why a text is no URL, to be written behind it; where the scheme is missing, what was expected says it.
pub(crate) fn no_url(error: url::ParseError) -> String {
    match error {
        url::ParseError::RelativeUrlWithoutBase => String::new(),
        other => format!(" ({other})"),
    }
}
