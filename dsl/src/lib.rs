//! The `.pipe` language: what does this file mean?
//!
//! ```text
//!          parse                check(Catalog)
//!  text ──────────► ast::File ─────────────────► plan::Plan
//!   │                   │                            every name resolved, every expression typed
//!   │ format            └── spans on every node
//!   ▼
//!  text in the one canonical layout
//! ```
//!
//! The grammar is closed and the vocabulary open: this crate knows statements, steps, calls, expressions and literals,
//! and not a single connector, operator or function. Those are looked up in a [`catalog::Catalog`] of
//! [`signature::Signature`]s. Both stages return everything they found wrong, never only the first error.
//!
//! This crate does no I/O and knows no Arrow: a [`plan::Plan`] is plain data that any host can run.

#![forbid(unsafe_code)]

pub mod ast;
pub mod calendar;
pub mod catalog;
pub mod check;
pub mod constant;
pub mod diagnostic;
pub mod format;
pub mod parse;
pub mod plan;
pub mod signature;
pub mod span;
pub mod types;
pub mod value;

pub use check::compile;
