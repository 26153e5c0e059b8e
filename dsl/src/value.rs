//! Literal values: what a constant of the language is once it is read.

use std::fmt;

/// A constant. Times and durations are microseconds, as everywhere in the engine.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// `42`, `0xFF`.
    Int(i64),
    /// `3.14`, and a number with a unit.
    Float(f64),
    /// Text, escapes resolved.
    String(String),
    /// `@2026-01-31T06:00:00Z`: microseconds since 1970 UTC.
    Timestamp(i64),
    /// `@2026-01-31`: days since 1970.
    Date(i32),
    /// `1m30s`: microseconds.
    Duration(i64),
    /// `64MiB`: bytes.
    Size(u64),
    /// `5 / 1h`, `10MiB / 1s`: so much in so many microseconds.
    Rate {
        /// How many rows (or bytes).
        amount: f64,
        /// In how many microseconds.
        per: i64,
    },
    /// `1s..64s`: both ends are inside; an open end is `None`.
    Range(Option<Box<Value>>, Option<Box<Value>>),
    /// `[a, b]`.
    List(Vec<Value>),
    /// `{ k: v }`, in the order written.
    Record(Vec<(String, Value)>),
}

impl Value {
    /// What this is called in a message: `a duration`, `text`.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a bool",
            Value::Int(_) => "an int",
            Value::Float(_) => "a float",
            Value::String(_) => "text",
            Value::Timestamp(_) => "a timestamp",
            Value::Date(_) => "a date",
            Value::Duration(_) => "a duration",
            Value::Size(_) => "a size",
            Value::Rate { .. } => "a rate",
            Value::Range(..) => "a range",
            Value::List(_) => "a list",
            Value::Record(_) => "a record",
        }
    }
}

/// Writes a duration the way the language reads it back: `1m30s`, `250ms`, `0s`.
pub fn format_duration(micros: i64) -> String {
    const UNITS: [(&str, u64); 7] = [
        ("d", 86_400_000_000),
        ("h", 3_600_000_000),
        ("m", 60_000_000),
        ("s", 1_000_000),
        ("ms", 1_000),
        ("us", 1),
        ("", u64::MAX),
    ];
    if micros == 0 {
        return "0s".to_owned();
    }
    let mut text = String::from(if micros < 0 { "-" } else { "" });
    let mut rest = micros.unsigned_abs();
    for (name, size) in UNITS {
        if rest >= size {
            text.extend([(rest / size).to_string().as_str(), name]);
            rest %= size;
        }
    }
    text
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Int(value) => write!(f, "{value}"),
            Value::Float(value) => write!(f, "{value:?}"),
            Value::String(text) => write!(f, "{text:?}"),
            Value::Timestamp(micros) => write!(f, "timestamp({micros}us)"),
            Value::Date(days) => write!(f, "date({days}d)"),
            Value::Duration(micros) => f.write_str(&format_duration(*micros)),
            Value::Size(bytes) => write!(f, "{bytes}B"),
            Value::Rate { amount, per } => write!(f, "{amount} / {}", format_duration(*per)),
            Value::Range(low, high) => {
                let end = |end: &Option<Box<Value>>| {
                    end.as_ref().map_or_else(String::new, ToString::to_string)
                };
                write!(f, "{}..{}", end(low), end(high))
            }
            Value::List(values) => {
                f.write_str("[")?;
                for (i, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
            Value::Record(entries) => {
                f.write_str("{ ")?;
                for (i, (name, value)) in entries.iter().enumerate() {
                    write!(f, "{}{name}: {value}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str(" }")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_back() {
        assert_eq!(format_duration(90_000_000), "1m30s");
        assert_eq!(format_duration(250_000), "250ms");
        assert_eq!(format_duration(0), "0s");
        assert_eq!(format_duration(-1_500_000), "-1s500ms");
    }
}
