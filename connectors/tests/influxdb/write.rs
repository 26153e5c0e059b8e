//! What InfluxDB has of the rows.

use super::rig::{
    Opening, Row, START, bool, columns, int, measurement, millis, numbered, open, open_as, text,
};
use crate::support::databases::{Database, until};
use dsl::plan::Arg;
use dsl::value::Value;
use engine::time::ManualClock;
use serde_json::json;
use std::sync::Arc;

const NANOS: i64 = 1_000_000_000;

fn at(server: &Database) -> Vec<(&'static str, Arg)> {
    vec![("url", text(&server.url())), ("database", text("test"))]
}

#[test]
fn points_are_queried_back_as_they_were_written() {
    let server = Database::influxdb("points", &[]);
    let mut options = at(&server);
    options.push(("measurement", measurement("my, measure=ment")));
    let mut sink = open(&options).unwrap();
    let note = "two\nlines, \"quoted\" and a \\ backslash\\";
    let key = "größe 1,a=b\\c";
    let rows = [
        Row {
            key: Some(key.to_owned()),
            v: Some(-1.5e-300),
            n: i64::MAX,
            note: Some(note.to_owned()),
            at: 1,
        },
        Row { key: None, v: Some(f64::NAN), n: -7, note: None, at: 2 },
        Row { key: Some("ends with \\".to_owned()), n: 3, at: 3, ..Row::default() },
        Row { key: Some(String::new()), v: Some(0.1), n: 4, note: Some(String::new()), at: 4 },
    ];
    assert_eq!(sink.write(&rows), [2], "no line can hold that tag");
    assert_eq!(sink.prepare().unwrap(), []);
    let found = server.influxql(r#"select "key", v, n, note from "my, measure=ment""#);
    let time = |at: i64| json!((START + at) * NANOS);
    let expected = [
        vec![time(1), json!(key), json!(-1.5e-300), json!(i64::MAX), json!(note)],
        vec![time(2), json!(null), json!(null), json!(-7), json!(null)],
        vec![time(4), json!(null), json!(0.1), json!(4), json!("")],
    ];
    assert_eq!(found, expected);
    assert_eq!(sink.finish(), []);
}

#[test]
fn a_point_that_comes_again_replaces_itself() {
    let server = Database::influxdb("again", &[]);
    let mut sink = open(&at(&server)).unwrap();
    for _ in 0..3 {
        sink.write(&numbered(0..1_000));
        assert_eq!(sink.prepare().unwrap(), []);
    }
    assert_eq!(server.points("m"), 1_000);
}

#[test]
fn times_are_sent_in_the_unit_that_was_asked_for() {
    let server = Database::influxdb("units", &[]);
    for unit in ["ns", "us", "ms", "s"] {
        let mut options = at(&server);
        options.extend([
            ("precision", Arg::Choice(unit.to_owned())),
            ("measurement", measurement(unit)),
            ("gzip", bool(unit == "us")),
        ]);
        let mut sink = open(&options).unwrap();
        sink.write(&numbered(7..8));
        assert_eq!(sink.finish(), []);
        let found = server.influxql(&format!("select n from {unit}"));
        assert_eq!(found, [[json!((START + 7) * NANOS), json!(7)]], "{unit}");
    }
}

#[test]
fn only_the_rows_that_do_not_fit_are_refused() {
    let server = Database::influxdb("long", &[]);
    let mut sink = open(&at(&server)).unwrap();
    let mut rows = numbered(0..3_000);
    for n in [17, 18, 999, 2_999] {
        rows[n].key = Some("x".repeat(66_000));
    }
    assert!(sink.write(&rows).is_empty());
    let refused = sink.finish();
    assert_eq!(refused.iter().map(|it| it.0).collect::<Vec<_>>(), [17, 18, 999, 2_999]);
    assert!(refused.iter().all(|it| it.1.contains("max key length exceeded")), "{refused:?}");
    assert_eq!(server.points("m"), 2_996);
}

#[test]
fn a_field_of_another_type_is_refused_in_the_words_of_the_server() {
    let server = Database::influxdb("types", &[]);
    let mut text_first = at(&server);
    text_first.push(("fields", columns(&["note"])));
    let mut sink = open(&text_first).unwrap();
    sink.write(&[Row { key: Some("a".to_owned()), note: Some("n".to_owned()), ..Row::default() }]);
    assert_eq!(sink.finish(), []);
    // The column `v` under the name of a field that is text there.
    let opening = Opening { names: ["key", "note", "n", "other"], ..Opening::default() };
    let mut sink = open_as(&at(&server), opening).unwrap();
    let mut rows = numbered(0..100);
    for row in rows.iter_mut().filter(|it| it.n % 25 != 0) {
        row.v = None;
    }
    sink.write(&rows);
    let refused = sink.finish();
    assert_eq!(refused.iter().map(|it| it.0).collect::<Vec<_>>(), [0, 25, 50, 75]);
    let words = r#"field type conflict: input field "note" on measurement "m" is type float, already exists as type string"#;
    assert!(refused.iter().all(|it| it.1.contains(words)), "{refused:?}");
    assert_eq!(server.points("m"), 96, "and all the others are there");
}

#[test]
fn a_request_that_is_too_large_is_cut() {
    let server = Database::influxdb("small", &["small"]);
    let mut options = at(&server);
    options.push(("gzip", bool(false)));
    let mut sink = open(&options).unwrap();
    let mut rows = numbered(0..2_000);
    rows[1_234].note = Some("x".repeat(9_000));
    sink.write(&rows);
    let refused = sink.finish();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0].0, 1_234);
    assert!(refused[0].1.contains("too large for the server (413)"), "{refused:?}");
    assert_eq!(server.points("m"), 1_999);
}

#[test]
fn points_wait_for_company_until_the_clock_says_it_is_enough() {
    let server = Database::influxdb("linger", &[]);
    let clock = Arc::new(ManualClock::new(0));
    let mut options = at(&server);
    options.push(("linger", millis(3_600_000)));
    let opening = Opening { clock: Arc::clone(&clock) as _, ..Opening::default() };
    let mut sink = open_as(&options, opening).unwrap();
    sink.write(&numbered(0..10));
    sink.write(&numbered(10..20));
    assert_eq!(sink.sink.unwritten(), 20);
    assert_eq!(server.points("m"), 0);
    clock.set(3_600_000_000);
    // Whoever moves a clock by hand has to say so; this does.
    sink.write(&numbered(20..21));
    assert_eq!(until(|| server.points("m"), |it| *it == 21), 21);
    sink.wait();
    assert_eq!(sink.sink.unwritten(), 0);
    // A barrier does not wait.
    sink.write(&numbered(21..30));
    assert_eq!(sink.prepare().unwrap(), []);
    assert_eq!(server.points("m"), 30);
}

#[test]
fn a_point_alone_is_written_when_it_has_waited() {
    let server = Database::influxdb("alone", &[]);
    let mut options = at(&server);
    options.push(("linger", millis(50)));
    let mut sink = open(&options).unwrap();
    sink.write(&numbered(0..1));
    assert_eq!(until(|| server.points("m"), |it| *it == 1), 1);
}

#[test]
fn the_rows_of_a_batch_are_many_requests_where_those_are_small() {
    let server = Database::influxdb("batches", &[]);
    let mut options = at(&server);
    options.extend([("batch", int(7)), ("linger", Arg::Value(Value::Duration(0)))]);
    let mut sink = open(&options).unwrap();
    sink.write(&numbered(0..1_000));
    assert_eq!(sink.finish(), []);
    assert_eq!(server.points("m"), 1_000);
    let sums = server.influxql("select sum(n), sum(v) from m");
    assert_eq!(sums[0][1..], [json!(499_500), json!(249_750)]);
}
