//! What the project promises as a whole, besides its golden files: the boundaries between its parts, the commands of the
//! real binary, real data end to end, and memory that stays flat.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod cli;
mod memory;
mod series;
mod tidy;

mod support {
    pub(crate) mod folder;
    pub(crate) mod report;
    pub(crate) mod weir;
}
