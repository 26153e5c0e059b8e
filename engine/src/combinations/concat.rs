//! `concat`: one stream behind the other.

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
pub(super) struct Concat;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: "concat",
    kind: Kind::From,
    summary: "One stream after the other: history first, then what is live.",
    details: "The second stream begins when the first has ended, so all but the last should end by themselves. Columns \
              meet as in `union`. The end of a stream that is not the last closes no window: time goes on with the \
              next one.",
    params: vec![Param::repeated(
        "streams",
        Takes::Stream,
        "A stream or a source, in the order of reading.",
    )],
    result: Returns::Nothing,
    examples: &[Example {
        title: "What was kept, then what comes",
        source: r#"schema Reading {
  device_id: string
  at:        timestamp
  level:     int
}

source history = memory(schema: Reading, time: at)

source live = memory(schema: Reading, time: at)

stream levels = concat(history, live)
  | changed level, by: device_id

sink out = levels | into memory()

test "the live rows go on where the history has ended" {
  feed live [
    { device_id: "a", at: @2026-01-01T00:02:00Z, level: 2 },
    { device_id: "a", at: @2026-01-01T00:03:00Z, level: 3 },
  ]
  feed history [
    { device_id: "a", at: @2026-01-01T00:00:00Z, level: 1 },
    { device_id: "a", at: @2026-01-01T00:01:00Z, level: 2 },
  ]
  expect levels [
    { device_id: "a", level: 1 },
    { device_id: "a", level: 2 },
    { device_id: "a", level: 3 },
  ]
}
"#,
        result: "",
    }],
});

impl FromRule for Concat {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn mixes(&self) -> bool {
        false
    }

    fn flow(&self, inputs: &[Flow], span: Span, report: &mut Vec<Diagnostic>) -> Flow {
        rules::united(inputs, span, report)
    }
}

impl CombinationDef for Concat {
    fn meeting(&self) -> Meeting {
        Meeting::InTurn
    }
}
