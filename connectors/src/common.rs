//! What every source and every sink takes, so that the same option means the same everywhere.

use dsl::plan::Schema;
use dsl::signature::{Constant, Kind, Param, Takes, TypeClass};
use dsl::types::{Column, Type};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The options that every source takes, behind its own.
pub fn source_params() -> Vec<Param> {
    let duration = |name, doc| Param::option(name, Takes::Constant(Constant::Duration), doc);
    vec![
        Param::option("format", Takes::Word(Kind::Format), "How the bytes are read."),
        Param::option("schema", Takes::Schema, "The columns of the rows."),
        Param::option(
            "time",
            Takes::Expr(TypeClass::Is(Type::Timestamp)),
            "The row's time; without it, when the row was received.",
        ),
        duration(
            "out_of_order",
            "How far rows may be out of the order of time; a source that does not end has to say it.",
        ),
        duration("idle", "After how long a silent part holds nobody back.").default("30s"),
        duration(
            "ahead",
            "How far ahead of the clock a row's time may be; beyond it is an error row. \
             1m, and no limit for inputs that end.",
        ),
        duration(
            "behind",
            "How far behind the clock a row's time may be; beyond it is an error row. No limit by default.",
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
    vec![Param::option("format", Takes::Word(Kind::Format), "How the rows are written.")]
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
