//! Connectors against real servers: one binary, since linking costs more than running.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "tests")]

#[path = "../../src/demo/broker.rs"]
mod demo_broker;

mod support {
    pub mod certificates;
    pub mod databases;
    pub mod http;
    pub mod peer;
    pub mod proxy;
    pub mod script;
    #[allow(dead_code, reason = "written for two binaries")]
    pub mod server;
    pub mod terminator;
}

mod influxdb {
    mod faults;
    mod open;
    mod others;
    mod restart;
    mod rig;
    mod write;
}

mod mqtt {
    mod brokers;
    mod demo;
    mod fleet;
    mod limits;
    mod open;
    mod read;
    mod refused;
    mod restart;
    mod rig;
    mod secure;
    mod takeover;
    mod twice;
    mod write;
}

mod parquet {
    mod away;
    mod open;
    mod rig;
    mod sweep;
    mod write;
}
