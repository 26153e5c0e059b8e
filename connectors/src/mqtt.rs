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
//! The client library is seen by `rumqtt.rs` alone; everything else knows the narrow traits of `client.rs`.

mod client;
mod inbox;
mod ledger;
mod outbox;
mod reader;
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
mod writer;

pub use sink::MqttSink;
pub use source::MqttSource;
