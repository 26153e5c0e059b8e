//! Messages that a broker will not take.

use super::rig::{drain, drain_unread, int, text, topic};
use crate::support::peer::Peer;
use crate::support::server::Mosquitto;
use std::path::PathBuf;

/// A Mosquitto that lets anybody write to `out/…` and read everything; and the file that says so.
fn server(name: &str) -> (Mosquitto, PathBuf) {
    let rules = std::env::temp_dir().join(format!("weir-rules-{name}-{}", std::process::id()));
    std::fs::write(&rules, "topic write out/#\ntopic read #\n").unwrap();
    let server = Mosquitto::start(name, &[&format!("acl_file={}", rules.display())]);
    (server, rules)
}

#[test]
fn rows_that_the_broker_refuses_are_error_rows_and_the_others_go_on() {
    for qos in [1, 2] {
        let (server, rules) = server(&format!("refused-{qos}"));
        let listener = Peer::at(server.port()).listen("witness", "#");
        let options =
            [("url", text(&server.url())), ("topic", topic(&["{key}"])), ("qos", int(qos))];
        let mut sink = drain(&options).unwrap();
        let rows = [(Some("out/a"), 1), (Some("else"), 2), (Some("out/a"), 3), (Some("secret"), 4)];
        assert!(sink.write(&rows).is_empty(), "the broker answers later");
        sink.prepare().unwrap();
        let refused = sink.refused();
        assert_eq!(refused.iter().map(|it| it.0).collect::<Vec<_>>(), [1, 3]);
        let detail = "the broker refuses the message on `else`: not authorized";
        assert_eq!(refused[0].1, detail);
        assert!(sink.refused().is_empty(), "each is handed over once");
        assert_eq!((sink.sink.unwritten(), sink.sink.bytes()), (0, 0));
        let told: Vec<_> = listener.take(2).into_iter().map(|it| it.payload).collect();
        assert_eq!(told, ["1", "3"]);
        sink.finish();
        std::fs::remove_file(rules).unwrap();
    }
}

#[test]
fn where_nobody_reads_them_the_first_one_ends_the_run() {
    let (server, rules) = server("refused-unread");
    let options = [("url", text(&server.url())), ("topic", topic(&["{key}"]))];
    let mut sink = drain_unread(&options).unwrap();
    sink.write(&[(Some("out/a"), 1), (Some("else"), 2)]);
    let error = sink.prepare().unwrap_err();
    assert!(error.message.contains("refuses a message on `else`: not authorized"), "{error}");
    assert!(error.message.contains("read the sink's `.errors`"), "{error}");
    std::fs::remove_file(rules).unwrap();
}

#[test]
fn a_message_larger_than_the_broker_takes_is_an_error_row_and_no_reconnection() {
    let server = Mosquitto::start("refused-large", &["max_packet_size=200"]);
    let listener = Peer::at(server.port()).listen("witness", "#");
    let mut sink = drain(&[("url", text(&server.url())), ("topic", topic(&["{key}"]))]).unwrap();
    let long = "x".repeat(300);
    assert_eq!(sink.write(&[(Some("a"), 1), (Some(&long), 2), (Some("b"), 3)]), [1]);
    sink.prepare().unwrap();
    let told: Vec<_> = listener.take(2).into_iter().map(|it| it.payload).collect();
    assert_eq!(told, ["1", "3"]);
    assert_eq!(sink.sink.sent().retries, 0);
    sink.finish();
}

#[test]
fn topics_that_brokers_hang_up_on_are_error_rows() {
    let server = Mosquitto::start("refused-poison", &[]);
    let mut sink = drain(&[("url", text(&server.url())), ("topic", topic(&["{key}"]))]).unwrap();
    let poison =
        [(Some("a\u{0}"), 1), (Some("a\u{7f}"), 2), (Some("a\u{fffe}"), 3), (Some("+"), 4)];
    assert_eq!(sink.write(&poison), [0, 1, 2, 3]);
    assert!(sink.write(&[(Some("ä/°C"), 5)]).is_empty());
    sink.finish();
    assert_eq!(sink.sink.sent().retries, 0);
}
