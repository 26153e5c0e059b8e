//! Whatever stands in a file: it is parsed, checked and formatted without a panic, and formatting settles at once.

use super::format::{formatted, pipelines};
use crate::support::catalog::Words;
use dsl::diagnostic::render;
use dsl::format::format;
use dsl::span::SourceFile;
use proptest::prelude::*;
use std::sync::LazyLock;

/// Everything that is done with a text.
fn survive(text: &str) {
    let file = SourceFile::new("random", text);
    let (plan, found) = dsl::compile(&file, &Words);
    assert!(plan.is_some() || !found.is_empty(), "neither a plan nor a reason: {text:?}");
    // Rendering looks at every place that is named.
    for colour in [false, true] {
        assert_eq!(render::text(&found, &file, colour).is_empty(), found.is_empty());
    }
    assert_eq!(render::json(&found, &file).lines().count(), found.len());
    for place in found.iter().flat_map(|it| it.fixes.iter().map(|it| it.span).chain([it.span])) {
        assert!(
            place.end <= text.len() && text.is_char_boundary(place.start),
            "{place} in {text:?}"
        );
    }
    if let Ok(once) = format(&file) {
        let again = format(&SourceFile::new("again", once.clone()));
        assert_eq!(again.as_deref(), Ok(once.as_str()), "formatting does not settle: {text:?}");
    }
}

/// Words and signs of the language, so that many of the texts nearly parse.
const TOKENS: [&str; 92] = [
    "source",
    "stream",
    "sink",
    "param",
    "schema",
    "test",
    "use",
    "table",
    "a",
    "b",
    "telemetry",
    "=",
    "==",
    "|",
    ":",
    ",",
    ".",
    "..",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    "<=",
    "!=",
    "?",
    "??",
    "+",
    "-",
    "*",
    "/",
    "%",
    "@",
    "\"text\"",
    "\"",
    "'",
    "`odd name`",
    "`",
    "f\"{a:.1} °C\"",
    "f\"{",
    "r#\"{ \"k\": 1 }\"#",
    "\"\"\"",
    "f\"\"\"{a}\"\"\"",
    "1",
    "1.5",
    "5s",
    "1m30s",
    "85°C",
    "64MiB",
    "0x1F",
    "@2026-01-31",
    "@2026-01-31T06:00:00Z",
    "# a comment\n",
    "\n",
    "\n  ",
    "and",
    "or",
    "not",
    "in",
    "is",
    "as",
    "null",
    "true",
    "false",
    "where",
    "select",
    "extend",
    "window",
    "tumbling(1m)",
    "aggregate",
    "count()",
    "detect",
    "sigma(a)",
    "union(a, b)",
    "into",
    "file",
    "memory",
    "schema:",
    "by:",
    "feed",
    "expect",
    "at",
    "set",
    "restart",
    "end",
    "from",
    "float",
    "list<int>",
    "π",
];

static PIPELINES: LazyLock<Vec<(String, String)>> = LazyLock::new(pipelines);

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        survive(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn random_text(text in "[ -~\n°π“]{0,120}") {
        survive(&text);
    }

    #[test]
    fn soups_of_tokens(tokens in proptest::collection::vec(0..TOKENS.len(), 0..60), blanks in any::<u64>()) {
        let mut text = String::new();
        for (i, token) in tokens.into_iter().enumerate() {
            text.push_str(if blanks >> (i % 64) & 1 == 0 { " " } else { "" });
            text.push_str(TOKENS[token]);
        }
        survive(&text);
    }

    #[test]
    fn pipelines_that_break_off(file in 0..31_usize, at in 0.0..1.0_f64) {
        let (_, text) = &PIPELINES[file];
        let end = text.floor_char_boundary((text.len() as f64 * at) as usize);
        survive(&text[..end]);
        survive(&text[end..]);
    }

    #[test]
    fn pipelines_with_a_slip(file in 0..31_usize, at in 0.0..1.0_f64, token in 0..TOKENS.len(), cut in 0..12_usize) {
        let (_, text) = &PIPELINES[file];
        let start = text.floor_char_boundary((text.len() as f64 * at) as usize);
        let end = text.floor_char_boundary((start + cut).min(text.len()));
        survive(&format!("{}{}{}", &text[..start], TOKENS[token], &text[end..]));
    }
}

#[test]
fn pipelines_are_formatted_once() {
    for (name, text) in pipelines() {
        formatted(&name, &text);
    }
}

/// Whatever is nested or chained without end is refused before it can exhaust the stack.
#[test]
fn depth_is_limited() {
    let deep = |open: &str, middle: &str, close: &str| {
        let (n, mut text) = (5_000, String::from("stream s = t | where "));
        text.push_str(&open.repeat(n));
        text.push_str(middle);
        text.push_str(&close.repeat(n));
        text
    };
    let cases = [
        deep("(", "x", ")"),
        deep("[", "x", "]"),
        deep("{ a: ", "x", " }"),
        deep("f(", "x", ")"),
        deep("x[", "x", "]"),
        deep("-", "x", ""),
        deep("not ", "x", ""),
        deep("x + ", "x", ""),
        deep("x ?? ", "x", ""),
        deep("x and ", "x", ""),
        deep("x", "", ".a"),
        deep("x", "", " is null"),
        deep("x", "", " as int"),
        deep("x as list<", "int", ">"),
        deep("x as map<string, ", "int", ">"),
        deep("x as struct{ a: ", "int", " }"),
        deep("f\"{", "x", "}\""),
        deep("f\"{(", "x", ")}\""),
        format!(
            "stream s = t | where f\"\"\"{{{}x{}}}\"\"\"",
            "(".repeat(5_000),
            ")".repeat(5_000)
        ),
        format!("@a{} stream s = t", "(".repeat(5_000)),
        format!("test \"x\" {{ feed s [{}] }}", "{ a: ".repeat(5_000)),
        "| where x ".repeat(5_000),
        "a ".repeat(5_000),
        "stream ".repeat(5_000),
        "\"".repeat(5_001),
        "'".repeat(5_001),
        "r#".repeat(5_001),
    ];
    for text in cases {
        survive(&text);
    }
}

/// What is just below the limits works.
#[test]
fn what_people_write_is_far_from_the_limits() {
    let sum = vec!["x"; 120].join(" + ");
    let list: Vec<String> = (0..2_000).map(|it| it.to_string()).collect();
    let text = format!(
        "schema S {{\n  x: int\n}}\n\nsource t = memory(schema: S)\n\nstream s = t\n  | where {}x{} in [{}] or {sum} > 3\n",
        "(".repeat(60),
        ")".repeat(60),
        list.join(", ")
    );
    let file = SourceFile::new("wide", text);
    let (plan, found) = dsl::compile(&file, &Words);
    assert!(plan.is_some(), "{}", render::text(&found, &file, false));
}
