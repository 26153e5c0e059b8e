//! `sliding`: windows of one length that overlap.

use super::{Aligned, Fixed, WindowDef, Windows, positive};
use crate::error::{Error, Result};
use crate::time::Micros;
use dsl::diagnostic::{Code, Diagnostic};
use dsl::plan::Args;
use dsl::signature::{Constant, Example, Kind, Param, Returns, Signature, Takes};
use dsl::span::Span;
use dsl::value::format_duration;
use std::sync::LazyLock;

/// So many windows may cover a row: each is a result that is worked out and kept until it is given. A day every second is
/// below that.
const WINDOWS_MAX: i64 = 100_000;

/// The word.
#[derive(Debug)]
pub(super) struct Sliding;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: "sliding",
    kind: Kind::Window,
    summary: "Windows of one length that overlap: one begins every so often.",
    details: "A row is in several windows: with `sliding(1m, 10s)` in six. Windows share what they have in common, so a \
              short `every` costs little while rows come in; but every window has a result. `every` may not be longer \
              than `size`, for rows between the windows would be lost.",
    params: vec![
        Param::positional(
            "size",
            Takes::Constant(Constant::Duration),
            "How long each window is, `1m` for example.",
        )
        .within("1us..36500d"),
        Param::positional(
            "every",
            Takes::Constant(Constant::Duration),
            "From the start of one window to the start of the next, `10s` for example.",
        )
        .within("1us..36500d"),
    ],
    result: Returns::Nothing,
    examples: &[Example {
        title: "The last minute, every half minute",
        source: r#"schema Reading {
  at: timestamp
  t:  float
}

source readings = memory(schema: Reading, time: at)

stream recent = readings
  | window sliding(1m, 30s)
  | aggregate highest = max(t)
  | select start = window.start, highest

sink out = recent | into memory()

test "a row is in two windows" {
  feed readings [
    { at: @2026-01-01T00:00:10Z, t: 7.0 },
  ]
  expect recent [
    { start: @2025-12-31T23:59:30Z, highest: 7.0 },
    { start: @2026-01-01T00:00:00Z, highest: 7.0 },
  ]
}
"#,
        result: "",
    }],
});

impl WindowDef for Sliding {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn check(&self, args: &Args, span: Span, report: &mut Vec<Diagnostic>) {
        let size = args.duration("size").ok();
        let every = args.duration("every").ok();
        if let (Some(size), Some(every)) = (size, every)
            && let Some((message, help)) = mistake(size, every)
        {
            let at = args.span("every").unwrap_or(span);
            report.push(Diagnostic::new(Code::OptionsClash, at, message).help(help));
        }
    }

    fn windows(&self, args: &Args) -> Result<Windows> {
        let size = positive(args, "size")?;
        let every = positive(args, "every")?;
        if let Some((message, help)) = mistake(size, every) {
            return Err(Error::user(format!("{message}; {help}")));
        }
        Ok(Windows::Aligned(Aligned::Fixed(Fixed::new(size, every, 0))))
    }
}

/// Why there can be no windows of this size that begin so often, and what to write.
fn mistake(size: Micros, every: Micros) -> Option<(String, String)> {
    let shown = (format_duration(size), format_duration(every));
    if every > size {
        return Some((
            format!(
                "windows of {} every {} leave gaps, whose rows would be lost",
                shown.0, shown.1
            ),
            format!(
                "make `every` at most {0}, or write `tumbling({0})` for windows side by side",
                shown.0
            ),
        ));
    }
    // What is not longer than 0 was reported already.
    let windows = size.checked_div(every)?;
    (windows > WINDOWS_MAX).then(|| {
        let message = format!(
            "with windows of {} every {}, each row is in {windows}; at most {WINDOWS_MAX} are possible",
            shown.0, shown.1
        );
        let least = size / WINDOWS_MAX + i64::from(size % WINDOWS_MAX > 0);
        (message, format!("make `every` at least {}", format_duration(least)))
    })
}
