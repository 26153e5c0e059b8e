//! The grammar held to that of another parser.

use super::*;
use proptest::prelude::*;
use serde_json::Value;

#[test]
fn problems_are_named_with_their_place() {
    for (text, expected) in [
        (r#"{"a":1"#, "it ends in the middle at byte 6"),
        (r#"{"a" 1}"#, "expected `:` at byte 5"),
        (r#"{"a":1}}"#, "something stands behind the value at byte 7"),
        (r#"{"a":1,}"#, "expected a name in double quotes at byte 7"),
        ("[1 2]", "expected `,` or `]` at byte 3"),
        ("{a:1}", "expected a name in double quotes at byte 1"),
        ("01", "expected no digit behind a leading 0 at byte 1"),
        ("\"a\tb\"", "a control character inside text at byte 2"),
        (r#""\x""#, "no such escape at byte 2"),
        ("tru", "it ends in the middle at byte 3"),
        ("NaN", "expected a JSON value at byte 0"),
        ("", "it ends in the middle at byte 0"),
    ] {
        assert_eq!(document(text).unwrap_err().to_string(), expected, "{text}");
    }
}

#[test]
fn depth_is_limited_without_using_the_stack() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(document(&nested(128)).is_ok());
    let error = document(&nested(100_000)).unwrap_err();
    assert_eq!(error.to_string(), "nested deeper than 128 at byte 128");
}

#[test]
fn escapes_become_characters_and_halves_of_them_do_not() {
    assert_eq!(unescaped(r#"a\"\\\/\n\u00e9\ud83d\ude00z"#).unwrap(), "a\"\\/\né😀z");
    assert_eq!(unescaped(r"\ud83d"), None);
    assert_eq!(unescaped(r"\ud83dxude00"), None);
    assert_eq!(unescaped(r"\ude00\ud83d"), None);
}

fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\"",
        "\"b\\n\"",
        "\"\\u12\"",
        "1",
        "-0",
        "1.5e3",
        "0.",
        "true",
        "false",
        "null",
        "nul",
        " ",
        "\n",
        "\\",
        "\"",
        "é",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|it| it.concat())
}

proptest! {
    #[test]
    fn it_takes_what_another_parser_takes(text in pieces()) {
        let other: Result<Value, _> = serde_json::from_str(&text);
        prop_assert_eq!(document(&text).is_ok(), other.is_ok(), "{}: {:?}", text, other);
    }

    #[test]
    fn values_walked_over_are_those_of_another_parser(text in "\\PC{0,8}", numbers in prop::collection::vec(any::<i64>(), 0..4)) {
        let object = serde_json::json!({ "text": text, "numbers": numbers }).to_string();
        let found: Vec<_> = members(&object).collect();
        prop_assert_eq!(found.len(), 2);
        for (name, value) in found {
            if name == "text" {
                let inner = unescaped(&value[1..value.len() - 1]).unwrap();
                prop_assert_eq!(inner.as_ref(), &text);
            } else {
                let inner: Vec<i64> = elements(value).map(|it| it.parse().unwrap()).collect();
                prop_assert_eq!(&inner, &numbers);
            }
        }
    }
}
