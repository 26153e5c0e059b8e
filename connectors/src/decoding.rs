//! What every decoder shares: columns that are being filled, what values a column takes, and the verdict on a row.
//!
//! ```text
//!  plan::Field ──► Shape: kind, bounds, default, may it be null
//!                    │
//!  bytes ─ format ─► Scalar ─ Shape::accept ─► Builder ─► Arrow column
//!                              └ Refusal: reason, detail, column
//! ```
//!
//! A format turns its bytes into scalars; what a scalar has to be, and how text becomes one, is the same for all.

mod bounds;
mod builder;
mod lines;
mod number;
mod shape;
pub(crate) mod syntax;
mod table;
#[cfg(test)]
pub(crate) mod testing;
mod text;
mod time;

pub(crate) use builder::{Builder, Store};
pub(crate) use lines::{Lines, without_mark};
pub(crate) use number::{int, micros};
pub(crate) use shape::{Kind, Member, Refusal, Scalar, Shape};
pub(crate) use table::{Column, Table};
pub(crate) use text::{quoted, scalar};
pub(crate) use time::{civil, timestamp, usual_timestamp, writable};
