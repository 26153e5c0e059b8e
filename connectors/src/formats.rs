//! Formats: one file each, and one line each in [`ALL`].

use engine::codec::Format;

/// Every format, in the order of the reference.
pub const ALL: &[&dyn Format] = &[];
