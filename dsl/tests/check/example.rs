//! The example of the language page, its sinks replaced by those that are there: nothing is wrong with it, and it means
//! what it says.

use crate::support::catalog::Words;
use dsl::constant::{Environment, close};
use dsl::diagnostic::render;
use dsl::plan::{FromPlan, Plan};
use dsl::span::SourceFile;
use dsl::types::Column;
use std::collections::BTreeMap;

/// No variable, no secret.
struct Nothing;

impl Environment for Nothing {
    fn env(&self, _name: &str) -> Option<String> {
        None
    }

    fn secret(&self, _path: &str) -> Result<String, String> {
        Err("no such file".to_owned())
    }
}

/// The example with every `into` but that of `file` replaced, and `percentile` by `max`.
fn example() -> SourceFile {
    let text = include_str!("../data/example.pipe");
    let mut kept = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("| into ") {
        let (before, call) = rest.split_at(at);
        let end = call.find("\n\n").expect("a statement ends in an empty line");
        kept.push_str(before);
        kept.push_str("| into file(path: \"out.jsonl\", append: true)");
        rest = &call[end..];
    }
    kept.push_str(rest);
    let text = kept.replace("percentile(vibration, 0.99)", "max(vibration)");
    SourceFile::new("example.pipe", text)
}

fn plan() -> Plan {
    let file = example();
    let (plan, found) = dsl::compile(&file, &Words);
    assert!(found.is_empty(), "{}\n{}", file.text(), render::text(&found, &file, false));
    plan.expect("a file without mistakes has a plan")
}

fn written(columns: &[Column]) -> String {
    let column = |it: &Column| format!("{}: {}", it.name, it.typed);
    columns.iter().map(column).collect::<Vec<_>>().join(", ")
}

#[test]
fn every_stream_has_its_columns() {
    let plan = plan();
    let of = |name: &str| written(&plan.stream(name).unwrap().columns);
    assert_eq!(
        of("per_minute"),
        "device_id: string, minute: timestamp, avg_temp: float?, p99_vibration: float?, readings: int"
    );
    assert_eq!(
        of("spikes"),
        "kind: string, device_id: string, timestamp: timestamp, temperature: float?, score: float?, expected: float?"
    );
    assert_eq!(
        of("hot"),
        "kind: string, device_id: string, timestamp: timestamp, temperature: float?"
    );
    let alerts = plan.sink("alerts").unwrap();
    assert!(matches!(&alerts.from, FromPlan::Word(call) if call.word == "union"));
    assert_eq!(written(&alerts.columns), of("spikes"), "a missing column is null");
    assert!(
        written(&plan.sink("rejected").unwrap().columns).starts_with("reason: string, detail:")
    );
}

#[test]
fn steps_have_stable_names_and_a_run_closes_them() {
    let plan = close(&plan(), &BTreeMap::new(), &Nothing).unwrap();
    let ids: Vec<&str> =
        plan.streams.iter().flat_map(|it| &it.steps).map(|it| it.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "per_minute.window.0",
            "per_minute.aggregate.0",
            "per_minute.select.0",
            "spikes.detect.0",
            "spikes.where.0",
            "spikes.select.0",
            "hot.where.0",
            "hot.select.0",
        ]
    );
    let source = plan.source("telemetry").unwrap();
    assert_eq!(source.connector.args.text("url"), Ok("mqtt://localhost:1883"));
    assert!(!source.bounded);
    assert_eq!(plan.tests[0].actions.len(), 4);
}
