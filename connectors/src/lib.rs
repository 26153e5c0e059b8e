//! How do rows get in and out? One file a system, one file a format, and one line a word in the lists below.
//!
//! A connector moves bytes and knows no format; a format turns bytes into rows and knows no connector. Any format goes
//! over any connector:
//!
//! ```text
//!  file ─┐                       ┌─ json ─┐                    ┌─ json ─┐  ┌─ file
//!  mqtt ─┼─ pieces or messages ─►┼─ csv  ─┼─ rows ─ engine ───►┼─ csv  ─┼─►┼─ mqtt
//!  …    ─┘                       └─ …    ─┘                    └─ …    ─┘  └─ …
//! ```

#![forbid(unsafe_code)]

mod backoff;
pub mod common;
pub mod console;
mod crypto;
mod decoding;
mod encoding;
pub mod file;
pub mod formats;
pub mod generate;
pub mod influxdb;
pub mod memory;
pub mod mqtt;
pub mod null;
pub mod parquet;
mod retry;
mod standard;
#[cfg(test)]
mod testing;
mod tls;
mod worker;

use engine::codec::Format;
use engine::sink::SinkDef;
use engine::source::SourceDef;

/// Every source, in the order of the reference.
pub fn sources() -> &'static [&'static dyn SourceDef] {
    &[&file::FileSource, &generate::Generate, &memory::MemorySource, &mqtt::MqttSource]
}

/// Every sink, in the order of the reference.
pub fn sinks() -> &'static [&'static dyn SinkDef] {
    &[
        &file::FileSink,
        &console::Console,
        &null::Null,
        &memory::MemorySink,
        &mqtt::MqttSink,
        &influxdb::InfluxdbSink,
        &parquet::ParquetSink,
    ]
}

/// Every format, in the order of the reference.
pub fn formats() -> &'static [&'static dyn Format] {
    formats::ALL
}
