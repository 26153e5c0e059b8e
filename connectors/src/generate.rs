//! `generate`: a fleet of devices that does not exist, for trying things out and for measuring.
//!
//! ```text
//!  row number ──► device, time, random bytes of its block ──► columns, or JSON payloads
//!                                        └ from the seed alone: any row can be made again
//! ```
//!
//! With a rate, the clock says how many rows are due, and a row's time is when it was due; with `rate: max`, times run
//! from a fixed day on, so that everything follows from the seed.

mod chance;
mod columns;
mod fleet;
mod payload;
mod settings;
mod source;

pub use source::Generate;
