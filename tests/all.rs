//! What the project promises as a whole, besides its golden files: the boundaries between its parts, the commands of the
//! real binary, real data end to end, and memory that stays flat.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod cli;
mod documents;
mod edge;
mod lake;
mod memory;
mod mistakes;
mod pages;
mod pipelines;
mod runtime;
mod series;
mod tidy;

mod support {
    pub(crate) mod folder;
    pub(crate) mod http;
    pub(crate) mod influxdb;
    pub(crate) mod report;
    // The same servers for whoever asks for one.
    #[allow(dead_code, unreachable_pub, reason = "written for another binary")]
    #[path = "../../connectors/tests/support/server.rs"]
    pub(crate) mod server;
    pub(crate) mod terminal;
    pub(crate) mod weir;
}
