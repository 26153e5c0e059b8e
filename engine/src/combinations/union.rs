//! `union`: the rows of several streams, as they come.

use super::{CombinationDef, Meeting};
use dsl::catalog::FromRule;
use dsl::check::rules;
use dsl::diagnostic::Diagnostic;
use dsl::plan::Flow;
use dsl::signature::{Example, Kind, Param, Returns, Signature, Takes};
use dsl::span::Span;
use std::sync::LazyLock;

/// The word.
#[derive(Debug)]
pub(super) struct Union;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: "union",
    kind: Kind::From,
    summary: "The rows of several streams in one, as they come.",
    details: "Columns meet by their names, in the order in which the names first appear; where a stream lacks a \
              column, it is null. A column that is of different types is an error, also for `int` and `float`: convert \
              it in one of the streams. The order between the streams is free, so a step that works in the order \
              of arrival (`detect`, `changed`, `dedupe`) is a warning behind it. Its watermark is the least of its inputs that are not idle.",
    params: vec![Param::repeated("streams", Takes::Stream, "A stream, a source or a side stream.")],
    result: Returns::Nothing,
    examples: &[Example {
        title: "Alerts of two kinds in one stream",
        source: r#"schema Reading {
  device_id:   string
  at:          timestamp
  temperature: float
}

source readings = memory(schema: Reading, time: at)

stream hot = readings
  | where temperature > 85.0
  | select kind = "hot", device_id, temperature

stream cold = readings
  | where temperature < 0.0
  | select kind = "cold", device_id

sink out = union(hot, cold) | into memory()

test "a column that one stream lacks is null" {
  feed readings [
    { device_id: "a", at: @2026-01-01T00:00:00Z, temperature: 91.0 },
    { device_id: "b", at: @2026-01-01T00:00:01Z, temperature: -4.0 },
  ]
  expect out [
    { kind: "hot", device_id: "a", temperature: 91.0 },
    { kind: "cold", device_id: "b", temperature: null },
  ]
}
"#,
        result: "",
    }],
});

impl FromRule for Union {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn mixes(&self) -> bool {
        true
    }

    fn flow(&self, inputs: &[Flow], span: Span, report: &mut Vec<Diagnostic>) -> Flow {
        rules::united(inputs, span, report)
    }
}

impl CombinationDef for Union {
    fn meeting(&self) -> Meeting {
        Meeting::SideBySide
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::columns;
    use dsl::diagnostic::Code;

    fn united(inputs: &[&str]) -> Result<Flow, Vec<Diagnostic>> {
        let flow = |text: &&str| Flow {
            columns: columns(text),
            meta: true,
            window: None,
            updates: false,
            key: None,
        };
        let inputs: Vec<Flow> = inputs.iter().map(flow).collect();
        let mut report = Vec::new();
        let flow = Union.flow(&inputs, Span::new(0, 0), &mut report);
        if report.is_empty() { Ok(flow) } else { Err(report) }
    }

    #[test]
    fn columns_meet_by_name_and_missing_ones_may_be_null() {
        let flow = united(&["a: int, b: string", "c: float, a: int"]).unwrap();
        assert_eq!(flow.columns, columns("a: int, b: string?, c: float?"));
    }

    #[test]
    fn different_types_are_an_error_that_names_both() {
        for (left, right) in [("int", "string"), ("int", "float"), ("timestamp", "date")] {
            let found = united(&[&format!("a: {left}"), &format!("a: {right}")]).unwrap_err();
            assert_eq!(found[0].code, Code::ColumnsDiffer);
            assert_eq!(
                found[0].message,
                format!("`a` is {left} in one stream and {right} in another")
            );
        }
    }
}
