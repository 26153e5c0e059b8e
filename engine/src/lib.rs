//! How a plan is computed: batches, expressions, operators, time, state and the runtime.
//!
//! ```text
//!  Plan ──build──► Graph ──optimize──► Graph ──start──► Running
//!
//!  Source::poll ─ bytes ─► Decoder ─► Batch ─► watermark ─► exchange by key ─► operator chain ─► Sink
//!       ▲ position            └ undecodable ─► NAME.errors        late ─► NAME.late      │ state
//!  checkpoint ── Barrier(n) ──────────────────────────────────────────────────────────────┴─ commit(n)
//! ```
//!
//! What every part may rely on:
//!
//! - **Order.** Rows of one key keep the order of their source. Results do not depend on batch sizes, threads or restarts.
//! - **Time.** A row carries its event time and its stamp ([`batch::Stamps`]); lateness is judged by these alone.
//! - **Account.** Every row that enters a stream leaves by exactly one way, and is counted ([`ledger`]).
//! - **Hosts.** Operators are pure: no thread, clock, random number or I/O inside, so any host can run them.
//!
//! This crate names no connector.

#![forbid(unsafe_code)]

pub mod aggregate;
pub mod aggregates;
pub mod batch;
pub mod claims;
pub mod codec;
pub mod combinations;
pub mod detector;
pub mod detectors;
pub mod error;
pub mod explain;
pub mod expr;
pub mod function;
pub mod functions;
pub mod graph;
pub mod interrupt;
pub mod key;
mod keyed;
pub mod ledger;
pub mod notes;
pub mod operator;
pub mod operators;
pub mod reason;
pub mod runtime;
pub mod side;
pub mod sink;
pub mod snapshot;
pub mod source;
#[cfg(test)]
mod testing;
pub mod time;
pub mod types;
pub mod vocabulary;
pub mod watermark;
pub mod windows;
