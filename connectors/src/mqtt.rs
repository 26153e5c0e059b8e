//! `mqtt`: messages from and to an MQTT 5 broker.
//!
//! ```text
//!  broker ══ link ══► receive task ──► inbox ──► Source::poll          the task never stops polling the link
//!              ▲                         │
//!              └── PUBACK ◄── ledger ◄───┴────── Source::acknowledge   in the order of arrival, once rows are inside
//!
//!  broker ◄═ link ═══ send task ◄──── outbox ◄── Sink::write
//!              │                         ▲
//!              └── PUBACK ───────────────┘       what was not acknowledged is sent again, in order, after a reconnect
//! ```
//!
//! There are two links: `wire.rs` over TCP and TLS, `rumqtt.rs` over WebSocket. They, and what both of them share
//! (`answers.rs`, `reasons.rs`), are all that sees the client library; everything else knows the narrow traits of
//! `client.rs`.

mod address;
mod answers;
mod client;
mod failure;
mod inbox;
mod lanes;
mod ledger;
mod outbox;
mod pool;
mod properties;
mod reader;
mod reasons;
mod receive;
mod reconnect;
mod router;
mod rumqtt;
mod send;
mod settings;
mod sink;
mod source;
mod task;
mod topic;
mod wire;
mod writer;

pub use sink::MqttSink;
pub use source::MqttSource;
