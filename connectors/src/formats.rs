//! Formats: one file each, and one line each in [`ALL`].

pub mod csv;
pub mod json;
pub mod raw;

use engine::codec::Format;

/// Every format, in the order of the reference.
pub const ALL: &[&dyn Format] = &[&json::Json, &csv::Csv, &raw::Raw];
