//! Why a row was refused: the closed list that users filter `NAME.errors` by.

use bytes::Bytes;
use std::fmt;

/// Why a row was refused. This list is part of what users rely on; it is extended here and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The payload is not of its format at all.
    Decode,
    /// A field that must be there is not.
    Missing,
    /// A field has another type, or its value does not fit.
    Type,
    /// A value is outside its declared bounds.
    Range,
    /// With `strict: true`: a field that the schema does not know.
    Unknown,
    /// The row's time is too far ahead of the clock.
    Future,
    /// The row's time is too far behind the clock.
    Past,
    /// A number grew out of its type.
    Overflow,
    /// A division by zero.
    Division,
    /// A function refused its argument.
    Function,
    /// A look-up found nothing, and `miss: error`.
    Lookup,
    /// A sink could not write it.
    Sink,
}

impl Reason {
    /// Every reason, in the order of the reference.
    pub const ALL: [Reason; 12] = [
        Reason::Decode,
        Reason::Missing,
        Reason::Type,
        Reason::Range,
        Reason::Unknown,
        Reason::Future,
        Reason::Past,
        Reason::Overflow,
        Reason::Division,
        Reason::Function,
        Reason::Lookup,
        Reason::Sink,
    ];

    /// As it stands in the column `reason`.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Decode => "decode",
            Reason::Missing => "missing",
            Reason::Type => "type",
            Reason::Range => "range",
            Reason::Unknown => "unknown",
            Reason::Future => "future",
            Reason::Past => "past",
            Reason::Overflow => "overflow",
            Reason::Division => "division",
            Reason::Function => "function",
            Reason::Lookup => "lookup",
            Reason::Sink => "sink",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why one row was refused, before it becomes a row of an error stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which row of the batch (or message of the payloads), from 0.
    pub row: u32,
    /// Why.
    pub reason: Reason,
    /// In words, for people.
    pub detail: String,
    /// The column it is about.
    pub column: Option<String>,
}

/// A payload that did not become a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedPayload {
    /// Why; `fault.row` is the message it came from.
    pub fault: Fault,
    /// Its bytes (of one element, where the payload was an array).
    pub payload: Bytes,
    /// How many accepted rows stand before it in the batch: keeps its place in the order of the source.
    pub before: u32,
}
