//! What QuestDB and VictoriaMetrics make of the points.

use super::rig::{Row, columns, measurement, numbered, open, text};
use crate::support::databases::{Database, until};
use dsl::plan::Arg;
use serde_json::json;

/// The two ways to write to a server that has both.
fn ways(server: &Database) -> [Vec<(&'static str, Arg)>; 2] {
    let url = text(&server.url());
    [
        vec![("url", url.clone()), ("database", text("test")), ("measurement", measurement("one"))],
        vec![
            ("url", url),
            ("org", text("any")),
            ("bucket", text("test")),
            ("measurement", measurement("two")),
        ],
    ]
}

#[test]
fn questdb() {
    let server = Database::start("questdb", "both", &[]);
    for (mut options, table) in ways(&server).into_iter().zip(["one", "two"]) {
        options.push(("precision", Arg::Choice("us".to_owned())));
        let mut sink = open(&options).unwrap();
        sink.write(&numbered(0..10_000));
        assert_eq!(sink.prepare().unwrap(), []);
        let count = || server.sql(&format!("select count(), sum(n), sum(v) from {table}"));
        let whole = vec![vec![json!(10_000), json!(49_995_000), json!(24_997_500.0)]];
        assert_eq!(until(count, |it| *it == Ok(whole.clone())), Ok(whole), "{table}");
        // Points that it does not take, in the middle of others that it does.
        let mut rows = numbered(10_000..11_000);
        for n in [3, 4, 500, 999] {
            rows[n].key = Some("odd".to_owned());
            rows[n].note = Some("two\nlines".to_owned());
        }
        sink.write(&rows);
        let refused = sink.finish();
        let numbers: Vec<i64> = refused.iter().map(|it| it.0).collect();
        assert_eq!(numbers, [10_003, 10_004, 10_500, 10_999]);
        assert!(refused.iter().all(|it| it.1.contains("field value is invalid")), "{refused:?}");
        let count = || server.sql(&format!("select count() from {table}"));
        let whole = vec![vec![json!(10_996)]];
        assert_eq!(until(count, |it| *it == Ok(whole.clone())), Ok(whole), "{table}");
    }
    // Texts and names come back as they were.
    let [mut options, _] = ways(&server);
    options[2] = ("measurement", measurement("my table"));
    let mut sink = open(&options).unwrap();
    let (key, note) = ("größe 1,a=b\\c".to_owned(), "a \\ \"quoted\" text".to_owned());
    sink.write(&[Row { key: Some(key.clone()), note: Some(note.clone()), n: 1, ..Row::default() }]);
    assert_eq!(sink.finish(), []);
    let ask = || server.sql("select key, note, n from 'my table'");
    let expected = vec![vec![json!(key), json!(note), json!(1)]];
    assert_eq!(until(ask, |it| *it == Ok(expected.clone())), Ok(expected));
}

#[test]
fn victoriametrics() {
    let server = Database::start("victoriametrics", "both", &[]);
    for (mut options, metric) in ways(&server).into_iter().zip(["one", "two"]) {
        options.push(("fields", columns(&["v", "n"])));
        let mut sink = open(&options).unwrap();
        sink.write(&numbered(0..10_000));
        assert_eq!(sink.finish(), []);
        let series = server.series(&format!("{metric}_v"));
        let mut values: Vec<f64> = Vec::new();
        for one in &series {
            values.extend(
                one["values"].as_array().unwrap().iter().filter_map(serde_json::Value::as_f64),
            );
        }
        values.sort_by(f64::total_cmp);
        assert_eq!(series.len(), 2, "one series a key: {series:?}");
        assert!(values.iter().copied().eq((0..10_000).map(|n| f64::from(n) / 2.0)), "{metric}");
    }
}
