//! What a checked file becomes: names resolved, streams in order, defaults filled in, rows of tests as values.

use crate::support::catalog::Words;
use dsl::diagnostic::{Code, render};
use dsl::plan::{Arg, FeedRow, Plan, Side, TestActionKind, TimeUnit};
use dsl::span::SourceFile;
use dsl::value::Value;

const READING: &str = "schema Reading {\n  device_id: string\n  at: timestamp\n  t: float?\n}\n\nsource readings = memory(schema: Reading, time: at)\n";

fn plan(text: &str) -> Plan {
    let file = SourceFile::new("file", text);
    let (plan, found) = dsl::compile(&file, &Words);
    plan.unwrap_or_else(|| panic!("{}", render::text(&found, &file, false)))
}

fn with_readings(text: &str) -> Plan {
    plan(&format!("{READING}{text}"))
}

fn codes(text: &str) -> Vec<Code> {
    let file = SourceFile::new("file", format!("{READING}{text}"));
    dsl::compile(&file, &Words).1.into_iter().map(|it| it.code).collect()
}

#[test]
fn streams_stand_behind_what_they_read_and_sinks_as_written() {
    let plan = with_readings(
        "sink z = c | into memory()\nsink a = b.errors | into memory()\nstream c = union(b, a2)\nstream b = a2\nstream a2 = readings\n",
    );
    let streams: Vec<&str> = plan.streams.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(streams, ["a2", "b", "c"]);
    let sinks: Vec<&str> = plan.sinks.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(sinks, ["z", "a"]);
    assert_eq!(plan.sinks[1].from.inputs()[0].side, Side::Errors);
}

#[test]
fn arguments_stand_in_the_order_of_the_signature_with_their_defaults() {
    let plan = with_readings(
        "stream m = readings\n  | window tumbling(1m), lateness: 10s, by: device_id\n  | aggregate n = count()\n  | where n > 1\n  | where n > 2\n",
    );
    let steps = &plan.streams[0].steps;
    let window = &steps[0].args;
    let names: Vec<&str> = window.given.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["kind", "by", "lateness", "emit"]);
    assert_eq!(window.duration("lateness"), Ok(10_000_000));
    assert_eq!(window.choice("emit"), Ok("on_close"));
    assert_eq!(window.word("kind").unwrap().args.duration("offset"), Ok(0));
    let ids: Vec<&str> = steps.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, ["m.window.0", "m.aggregate.0", "m.where.0", "m.where.1"]);
    // A default stands where its word is written.
    assert_eq!(plan.file.at(window.span("emit").unwrap()), "window");
}

#[test]
fn side_streams_have_their_columns() {
    let plan = with_readings(
        "stream m = readings\n  | where t > 0.0\n  | window tumbling(1m)\n  | aggregate n = count()\nstream late = m.late\nstream bad = m.errors | select reason, topic = meta.topic\n",
    );
    let columns = |name: &str| -> Vec<String> {
        plan.stream(name).unwrap().columns.iter().map(|it| it.name.clone()).collect()
    };
    assert_eq!(columns("late"), ["device_id", "at", "t", "late_by", "watermark"]);
    assert_eq!(columns("bad"), ["reason", "topic"]);
}

#[test]
fn a_source_sees_its_captures_and_ends_or_does_not() {
    let plan = plan(
        "schema Beat {\n  at: timestamp(s)\n}\n\nsource beats = mqtt(url: env(\"BROKER\"), topic: \"line/{line:int}/{device}\", schema: Beat, time: at ?? meta.received, out_of_order: 5s)\nsource made = generate(rows: 10)\n",
    );
    let beats = plan.source("beats").unwrap();
    let columns: Vec<String> =
        beats.columns.iter().map(|it| format!("{}: {}", it.name, it.typed)).collect();
    assert_eq!(columns, ["at: timestamp", "line: int", "device: string"]);
    assert_eq!(beats.format.as_ref().unwrap().word, "json");
    assert_eq!(beats.schema.as_ref().unwrap().fields[0].timestamp.unit, TimeUnit::Second);
    assert!(!beats.bounded && beats.time.is_some());
    assert!(matches!(beats.connector.args.get("url"), Some(Arg::Constant(..))));
    let made = plan.source("made").unwrap();
    assert!(made.bounded && made.format.is_none() && made.time.is_none());
}

#[test]
fn nested_fields_keep_their_names_on_the_wire_and_their_bounds() {
    let plan = plan(
        "schema Deep {\n  limits: struct{ low: float in 0.0.. from \"lo\", high: float? = 5 }\n  times: list<timestamp(\"Europe/Berlin\")>\n}\nsource deep = memory(schema: Deep)\n",
    );
    let schema = plan.source("deep").unwrap().schema.as_ref().unwrap();
    let limits = &schema.fields[0];
    assert_eq!(limits.children[0].wire.as_deref(), Some("lo"));
    assert!(limits.children[0].bounds.is_some());
    assert_eq!(limits.children[1].default, Some(Value::Float(5.0)));
    assert_eq!(schema.fields[1].timestamp.zone.as_deref(), Some("Europe/Berlin"));
}

#[test]
fn rows_of_tests_are_values_of_their_columns() {
    let plan = with_readings(
        "test \"rows\" {\n  feed readings [{ \"device_id\": \"a\", \"at\": \"2026-01-01T00:00:00Z\", t: 20 }, r#\"broken\"#]\n  at 10s\n  at @2026-01-02\n  expect readings contains [{ at: \"2026-01-01T00:00:00Z\", t: 19..21 }] within 5s\n  expect readings.errors count 1..\n  end\n}\n",
    );
    let actions = &plan.tests[0].actions;
    let TestActionKind::Feed { rows, .. } = &actions[0].kind else { panic!("{actions:?}") };
    let FeedRow::Record(Value::Record(row)) = &rows[0] else { panic!("{rows:?}") };
    assert_eq!(row[2], ("t".to_owned(), Value::Float(20.0)));
    assert_eq!(rows[1], FeedRow::Raw("broken".to_owned()));
    let day = 86_400_000_000;
    let start = 1_767_225_600_000_000;
    assert!(matches!(actions[1].kind, TestActionKind::At(Value::Duration(10_000_000))));
    let TestActionKind::At(Value::Timestamp(at)) = actions[2].kind else { panic!("{actions:?}") };
    assert_eq!(at, start + day);
    let TestActionKind::ExpectRows { rows, contains: true, within: Some(5_000_000), .. } =
        &actions[3].kind
    else {
        panic!("{actions:?}")
    };
    let float = |it| Some(Box::new(Value::Float(it)));
    let expected = vec![
        ("at".to_owned(), Value::Timestamp(start)),
        ("t".to_owned(), Value::Range(float(19.0), float(21.0))),
    ];
    assert_eq!(rows, &[Value::Record(expected)]);
    assert!(matches!(actions[5].kind, TestActionKind::End));
}

#[test]
fn records_of_options_are_checked_entry_by_entry() {
    let source = |tls: &str| {
        codes(&format!("source m = mqtt(url: \"u\", topic: \"t\", schema: Reading, tls: {tls})\n"))
    };
    assert_eq!(source("{ ca: \"ca.pem\" }"), []);
    assert_eq!(source("\"ca.pem\""), [Code::RecordNeeded]);
    assert_eq!(source("{ cs: \"ca.pem\" }"), [Code::UnknownOption]);
    assert_eq!(source("{ ca: 5 }"), [Code::WrongType]);
}

#[test]
fn a_stream_has_a_limit_of_steps_and_more_are_said_once() {
    let steps = |count: usize| "  | extend x = 1\n".repeat(count);
    let stream = |count| codes(&format!("stream a = readings\n{}", steps(count)));
    assert_eq!(stream(1000), []);
    assert_eq!(stream(20_000), [Code::TooDeep]);
}

/// What follows from a mistake is not a mistake.
#[test]
fn one_mistake_is_said_once() {
    let cases = [
        ("stream a = nothing | where x > 1 | select y\nsink b = a | into memory()", 1),
        (
            "stream a = readings | foo | where x > 1 | select x, y = upper(z)\nstream c = union(a, readings)",
            1,
        ),
        (
            "stream a = readings | window tumbling(1m), by: divice_id | aggregate n = count() | select divice_id, n",
            1,
        ),
        ("stream a = readings | select x = uper(device_id) | where x == 5 | extend z = x + 1", 1),
        (
            "source s = mqtt(url: 5, topic: \"t\", schema: Reading, time: at, out_of_order: 5s)\nstream a = s | where nothing > 1",
            2,
        ),
        (
            "schema S { a: flot }\nsource s = memory(schema: S)\nstream a = s | where a > 1 and b == 2",
            2,
        ),
        ("param p: flot = 5\nstream a = readings | where t > p", 1),
    ];
    for (text, count) in cases {
        assert_eq!(codes(text).len(), count, "{text}: {:?}", codes(text));
    }
}
