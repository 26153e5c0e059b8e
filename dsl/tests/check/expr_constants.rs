//! Params, `env` and `secret` wherever a file can write them: checked open, closed when a run starts.

use crate::support::catalog::Words;
use dsl::constant::{ConstantError, Environment, Fault, close, close_for_test};
use dsl::diagnostic::render;
use dsl::plan::{Arg, ExprKind, Plan, TemplatePart};
use dsl::span::SourceFile;
use dsl::value::Value;
use std::collections::BTreeMap;

const FILE: &str = r#"
param broker: string = "mqtt://localhost:1883"
param limit:  float in 0..200 = 85.0
param size:   duration = 1m
param sites:  list<string> = ["north", "south"]
param least:  duration = 1s
param prefix: string = f"{broker}/out"
param last:   int

schema Reading {
  device_id:   string
  site:        string
  timestamp:   timestamp
  temperature: float?
}

source readings = mqtt(
  url: broker,
  topic: f"devices/{env("FLEET") ?? "all"}/readings",
  retry: least..64s,
  tls: { ca: secret("ca.pem") },
  schema: Reading,
  time: timestamp,
  out_of_order: 2 * least,
)

stream hot = readings
  | where temperature > limit and site in sites
  | extend over = temperature - limit, text = f"{device_id}: {temperature:.1} of {limit}"
  | detect sigma(temperature, last: last + 1), by: device_id

stream often = readings
  | window tumbling(size), by: device_id
  | aggregate bad = count_if(temperature > limit), n = count(), share = bad / n * limit

sink out = hot | into mqtt(url: broker, topic: "alerts/{device_id}")
sink log = often | into file(path: prefix, append: true)

test "a low limit" {
  set limit = 10
  set last = 5
  feed readings []
  expect hot []
}
"#;

struct World(bool);

impl Environment for World {
    fn env(&self, name: &str) -> Option<String> {
        (self.0 && name == "FLEET").then(|| "one".to_owned())
    }

    fn secret(&self, path: &str) -> Result<String, String> {
        if self.0 { Ok(format!("content of {path}")) } else { Err("no such file".to_owned()) }
    }
}

fn open() -> Plan {
    let file = SourceFile::new("constants.pipe", FILE);
    let (plan, found) = dsl::compile(&file, &Words);
    assert!(found.is_empty(), "{}", render::text(&found, &file, false));
    plan.expect("a file without mistakes has a plan")
}

fn set(given: &[(&str, &str)]) -> BTreeMap<String, String> {
    given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn nothing_is_open_in_a_closed_plan() {
    let open = open();
    assert!(format!("{open:?}").contains("Param(\""));
    let plan = close(&open, &set(&[("last", "59"), ("broker", "mqtt://x")]), &World(true)).unwrap();
    let text = format!("{plan:?}");
    for left in ["Param(\"", "Constant(", "Range(Some(Expr", "\"env\"", "\"secret\""] {
        assert!(!text.contains(left), "{left} is left");
    }
    let source = &plan.sources[0].connector.args;
    assert_eq!(source.text("url"), Ok("mqtt://x"));
    let topic = Arg::Value(Value::String("devices/one/readings".to_owned()));
    assert_eq!(source.list("topic").unwrap(), [topic]);
    assert_eq!(source.value("retry").unwrap().to_string(), "1s..1m4s");
    assert_eq!(source.duration("out_of_order"), Ok(2_000_000));
    assert_eq!(source.record("tls").unwrap().text("ca"), Ok("content of ca.pem"));
    let detect = &plan.stream("hot").unwrap().steps[2].args;
    assert_eq!(detect.detectors("detectors").unwrap()[0].1.args.int("last"), Ok(60));
    let window = &plan.stream("often").unwrap().steps[0].args;
    assert_eq!(window.word("kind").unwrap().args.duration("size"), Ok(60_000_000));
    let path = plan.sink("log").unwrap().connector.args.row_pattern("path").unwrap();
    let [TemplatePart::Hole { value, .. }] = path else { panic!("{path:?}") };
    assert_eq!(value.kind, ExprKind::Literal(Value::String("mqtt://x/out".to_owned())));
}

#[test]
fn a_test_closes_the_plan_for_itself() {
    let open = open();
    let plan = close_for_test(&open, &open.tests[0], &set(&[]), &World(true)).unwrap();
    let condition = plan.stream("hot").unwrap().steps[0].args.expr("condition").unwrap();
    assert!(format!("{condition:?}").contains("Float(10.0)"), "{condition:?}");
}

#[test]
fn what_is_missing_is_said_with_whose_mistake_it_is() {
    let errors = close(&open(), &set(&[("limit", "900")]), &World(false)).unwrap_err();
    let usage = |message: &str| ConstantError { fault: Fault::Usage, message: message.to_owned() };
    let world = "the secret `ca.pem` cannot be read: no such file";
    assert_eq!(
        errors,
        [
            usage("`--set limit=900`: it has to be in 0.0..200.0"),
            usage("the param `last` has no value: give it with `--set last=…`"),
            ConstantError { fault: Fault::Environment, message: world.to_owned() },
        ]
    );
}
