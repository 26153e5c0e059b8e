//! Weir: a stream engine for devices. This package is the `weir` binary and what it is made of.
//!
//! ```text
//!  command line ──► commands ──► dsl (check) ──► engine (run) ──► connectors
//!                      └── registry: every word of engine and connectors in one catalog
//! ```

#![forbid(unsafe_code)]

pub mod bench;
pub mod cli;
pub mod commands;
pub mod demo;
pub mod environment;
pub mod exit;
pub mod live;
pub mod logs;
pub mod machine;
pub mod metrics;
pub mod pages;
pub mod query;
pub mod reference;
pub mod registry;
pub mod report;
pub mod run;
pub mod secrets;
pub mod summary;
pub mod testing;
pub mod words;
