//! The aggregates of the language: one file a word, one line a word in [`all`].

use crate::aggregate::AggregateDef;

/// An example: what `aggregate` makes of four readings of one device, three of which have a temperature.
macro_rules! example {
    ($title:literal, $items:literal, $expected:literal) => {
        dsl::signature::Example {
            title: $title,
            source: concat!(
                r#"schema Reading {
  device: string
  at:     timestamp
  t:      float?
  state:  string
}

source readings = memory(schema: Reading, time: at)

stream minutes = readings
  | window tumbling(1m), by: device
  | aggregate "#,
                $items,
                r#"

sink out = minutes | into memory()

test "four readings in a minute" {
  feed readings [
    { device: "a", at: @2026-01-01T00:00:00Z, t: 20.0, state: "on" },
    { device: "a", at: @2026-01-01T00:00:10Z, t: 23.0, state: "on" },
    { device: "a", at: @2026-01-01T00:00:20Z, t: null, state: "off" },
    { device: "a", at: @2026-01-01T00:00:30Z, t: 26.0, state: "off" },
  ]
  expect minutes [
    { device: "a", "#,
                $expected,
                r#" },
  ]
}
"#
            ),
            result: "",
        }
    };
}

mod avg;
mod count;
mod count_if;
mod first;
mod last;
mod max;
mod min;
mod stddev;
mod sum;
mod var;

/// Every aggregate, in the order of the reference.
pub fn all() -> &'static [&'static dyn AggregateDef] {
    &[
        &count::Count,
        &count_if::CountIf,
        &sum::Sum,
        &avg::Avg,
        &min::Min,
        &max::Max,
        &first::First,
        &last::Last,
        &stddev::Stddev,
        &var::Var,
    ]
}

/// The aggregate of this name.
pub fn get(word: &str) -> Option<&'static dyn AggregateDef> {
    all().iter().copied().find(|it| it.signature().name == word)
}
