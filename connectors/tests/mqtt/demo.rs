//! The embedded broker of the demo, with our own source and sink at it.

use super::rig::{drain, feed, payload, text, topic};
use crate::demo_broker::Broker;
use tokio::runtime::Runtime;

#[test]
fn the_embedded_broker_carries_messages_and_stops() {
    let runtime = Runtime::new().unwrap();
    let broker = runtime.block_on(Broker::start()).unwrap();
    let url = text(broker.url());
    let mut source = feed(&[("url", url.clone()), ("topic", text("devices/{device}/t"))]).unwrap();
    let mut sink =
        drain(&[("url", url.clone()), ("topic", topic(&["devices/", "{key}", "/t"]))]).unwrap();
    let rows: Vec<_> = (0..5000).map(|n| (Some("a7"), n)).collect();
    sink.write(&rows);
    sink.prepare().unwrap();
    let found = source.take(5000);
    assert_eq!(found[0].captures, ["a7"]);
    assert!(found.iter().map(payload).eq((0..5000).map(|n| n.to_string())));
    sink.finish();
    source.source.close().unwrap();
    runtime.block_on(broker.stop());
    let gone = feed(&[("url", url), ("topic", text("a"))]);
    assert!(super::rig::refused(gone).contains("no broker answers"));
}
