//! `influxdb`: rows as points of line protocol over HTTP, to InfluxDB and to what speaks like it.
//!
//! ```text
//!  Sink::write ─► render ─► │ lines being gathered │ full ─► sealed, packed ─┐
//!                           └── `linger` is over, or a barrier: sealed ──────┤
//!                                                                            ▼
//!  runtime ◄─ room, refused rows ─ Outbox ◄─ written, refused ─ Sender ─► one request at a time ─► server
//! ```
//!
//! One request is on its way at a time, so the points of a series arrive in the order of the rows: the last of two with the
//! same time is the one that stays. Meanwhile the next batch is rendered and packed by the runtime's threads. A request
//! that got no answer is sent again; points that arrive twice replace themselves.

mod check;
mod chunk;
mod columns;
mod line;
mod options;
mod outbox;
mod render;
mod sender;
mod server;
mod settings;
mod sink;
mod verdict;
mod writer;

pub use sink::InfluxdbSink;
