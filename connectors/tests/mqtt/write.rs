//! What the sink makes of rows.

use super::rig::{drain, drain_within, feed, int, text, topic};
use crate::support::peer::Peer;
use crate::support::server::Mosquitto;
use dsl::plan::Arg;
use dsl::value::Value;
use engine::sink::{Prepared, Written};
use std::collections::BTreeMap;

const ROWS: i64 = 20_000;
const KEYS: [&str; 3] = ["a", "b", "c"];

#[test]
fn rows_become_messages_and_impossible_topics_faults() {
    let server = Mosquitto::start("rows", &[]);
    let listener = Peer::at(server.port()).listen("witness", "out/#");
    let mut sink =
        drain(&[("url", text(&server.url())), ("topic", topic(&["out/", "{key}"]))]).unwrap();
    let rows = [(Some("x"), 1), (None, 2), (Some("+"), 3), (Some("y/z"), 4)];
    assert_eq!(sink.write(&rows), [1, 2]);
    sink.prepare().unwrap();
    let told: Vec<_> = listener.take(2).into_iter().map(|it| (it.topic, it.payload)).collect();
    let expected = [("out/x", "1"), ("out/y/z", "4")];
    assert_eq!(told, expected.map(|(topic, payload)| (topic.to_owned(), payload.to_owned())));
    sink.finish();
}

#[test]
fn retained_rows_wait_for_those_who_come_later() {
    let server = Mosquitto::start("retain", &[]);
    let mut sink = drain(&[
        ("url", text(&server.url())),
        ("topic", topic(&["state/", "{key}"])),
        ("retain", Arg::Value(Value::Bool(true))),
    ])
    .unwrap();
    sink.write(&[(Some("x"), 1), (Some("x"), 2)]);
    sink.finish();
    let told = Peer::at(server.port()).listen("late", "state/#").next();
    assert_eq!((told.payload.as_str(), told.retained), ("2", true));
}

#[test]
fn rows_of_a_key_keep_their_order_over_a_broker_restart_and_none_is_lost() {
    let mut server = Mosquitto::start("order", &["persistent"]);
    let listener = Peer::at(server.port()).listen("witness", "out/#");
    let mut sink =
        drain(&[("url", text(&server.url())), ("topic", topic(&["out/", "{key}"]))]).unwrap();
    let writer = std::thread::spawn(move || {
        for start in (0..ROWS).step_by(100) {
            let rows: Vec<_> =
                (start..start + 100).map(|n| (Some(KEYS[(n % 3) as usize]), n)).collect();
            assert_eq!(sink.write(&rows), [] as [u32; 0]);
        }
        sink.prepare().unwrap();
        sink.finish();
    });
    let mut told = listener.take(ROWS as usize / 4);
    server.stop();
    server.start_again();
    writer.join().unwrap();
    let last = |key: &str| (0..ROWS).rev().find(|n| KEYS[(n % 3) as usize] == key).unwrap();
    let mut ends: BTreeMap<String, i64> = BTreeMap::new();
    loop {
        for it in told.drain(..) {
            let end = ends.entry(it.topic).or_insert(-3);
            let number: i64 = it.payload.parse().unwrap();
            // One that came before may come again; one that is new is the next of its key.
            let first = if *end < 0 { number } else { *end + 3 };
            assert!(number <= *end || number == first, "{number} came behind {end}");
            *end = number.max(*end);
        }
        if KEYS.iter().all(|key| ends.get(&format!("out/{key}")) == Some(&last(key))) {
            return;
        }
        told.push(listener.next());
    }
}

/// What this broker has acknowledged and not handed on dies with it. So each key may jump once, and nothing else.
#[test]
fn rows_of_a_key_keep_their_order_over_a_broker_that_is_killed() {
    let mut server = Mosquitto::start("order-killed", &["persistent"]);
    let listener = Peer::at(server.port()).listen("witness", "out/#");
    // From now on its session is on disk.
    server.stop();
    server.start_again();
    let mut sink =
        drain(&[("url", text(&server.url())), ("topic", topic(&["out/", "{key}"]))]).unwrap();
    let rows: Vec<_> = (0..ROWS).map(|n| (Some(KEYS[(n % 3) as usize]), n)).collect();
    let (before, behind) = rows.split_at(ROWS as usize / 2);
    assert_eq!(sink.write(before), [] as [u32; 0]);
    let mut told = listener.take(100);
    server.kill();
    server.start_again();
    assert_eq!(sink.write(behind), [] as [u32; 0]);
    sink.prepare().unwrap();
    sink.finish();
    let mut ends = BTreeMap::from(KEYS.map(|key| (format!("out/{key}"), Vec::<i64>::new())));
    let last = |numbers: &Vec<i64>| numbers.last().is_some_and(|it| *it >= ROWS - 3);
    loop {
        for it in told.drain(..) {
            let numbers = ends.get_mut(&it.topic).unwrap();
            let number = it.payload.parse().unwrap();
            if numbers.last().is_none_or(|it| number > *it) {
                numbers.push(number);
            }
        }
        if ends.values().all(last) {
            break;
        }
        told.push(listener.next());
    }
    for numbers in ends.values() {
        let jumps = numbers.windows(2).filter(|it| it[1] != it[0] + 3).count();
        assert!(jumps <= 1 && numbers[0] < 3, "{jumps} jumps from {}", numbers[0]);
    }
}

#[test]
fn a_stalled_broker_makes_the_sink_busy_at_its_budget_and_prepare_waits() {
    let mut server = Mosquitto::start("stalled", &["persistent"]);
    let options = [("url", text(&server.url())), ("topic", topic(&["out"]))];
    let mut sink = drain_within(&options, 10_000).unwrap();
    server.stop();
    let batch = super::rig::batch(&[(None, 7); 50]);
    let mut taken = 0;
    while let Written::Taken(faults) = sink.sink.write(&batch).unwrap() {
        assert!(faults.is_empty());
        taken += 50;
        assert!(taken < 10_000, "memory is bounded");
    }
    assert!(sink.sink.bytes() < 20_000, "{}", sink.sink.bytes());
    assert_eq!(sink.sink.prepare(1).unwrap(), Prepared::Busy);
    server.start_again();
    sink.prepare().unwrap();
    assert_eq!(sink.sink.bytes(), 0);
}

#[test]
fn source_and_sink_at_qos_0() {
    let server = Mosquitto::start("both-0", &[]);
    let url = text(&server.url());
    let mut source =
        feed(&[("url", url.clone()), ("topic", text("out/{key}")), ("qos", int(0))]).unwrap();
    let mut sink =
        drain(&[("url", url), ("topic", topic(&["out/", "{key}"])), ("qos", int(0))]).unwrap();
    let rows: Vec<_> = (0..500).map(|n| (Some("k"), n)).collect();
    sink.write(&rows);
    sink.finish();
    let found = source.take(500);
    assert_eq!(super::rig::payload(&found[499]), "499");
}
