//! `session`: windows of one key, as long as its rows keep coming.

use super::{WindowDef, Windows, positive};
use crate::error::Result;
use dsl::plan::Args;
use dsl::signature::{Constant, Example, Kind, Param, Returns, Signature, Takes};
use std::sync::LazyLock;

/// The word.
#[derive(Debug)]
pub(super) struct Session;

static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature {
    name: "session",
    kind: Kind::Window,
    summary: "Rows of one key for as long as they keep coming.",
    details: "A row closer than `gap` to a session of its key extends it, or joins two sessions to one; exactly `gap` \
              away it begins a new one. A session starts with its first row and ends `gap` after its last. Results \
              come when it closes: `emit: on_end` is an error, since two results that were given cannot be joined.",
    params: vec![
        Param::positional(
            "gap",
            Takes::Constant(Constant::Duration),
            "How long nothing may come before a session is over, `5m` for example.",
        )
        .within("1us..36500d"),
    ],
    result: Returns::Nothing,
    examples: &[Example {
        title: "How often a door was used in a row",
        source: r#"schema Use {
  door: string
  at:   timestamp
}

source uses = memory(schema: Use, time: at)

stream visits = uses
  | window session(30s), by: door
  | aggregate times = count()

sink out = visits | into memory()

test "half a minute of silence ends a visit" {
  feed uses [
    { door: "a", at: @2026-01-01T00:00:00Z },
    { door: "a", at: @2026-01-01T00:00:29Z },
    { door: "a", at: @2026-01-01T00:00:59Z },
  ]
  expect visits [
    { door: "a", times: 2 },
    { door: "a", times: 1 },
  ]
}
"#,
        result: "",
    }],
});

impl WindowDef for Session {
    fn signature(&self) -> &Signature {
        &SIGNATURE
    }

    fn windows(&self, args: &Args) -> Result<Windows> {
        Ok(Windows::Session(positive(args, "gap")?))
    }
}
