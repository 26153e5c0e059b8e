//! From the place where parsing stopped to words: what was expected, what was found, what to type.
//!
//! Habits of other languages are answered first, each by the text at the place; only then comes the general message.

use super::Rule;
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;

/// Where parsing stopped, and what could have stood there.
#[derive(Debug)]
pub(super) struct Failure {
    /// The byte, counted from the beginning of the piece.
    pub(super) at: usize,
    /// Rules that could have begun there.
    pub(super) expected: Vec<Rule>,
}

/// Explains why the piece of `text` at `piece` does not parse.
pub(super) fn explain(text: &str, piece: Span, failure: &Failure) -> Diagnostic {
    let at = (piece.start + failure.at).min(text.len());
    let span = token(text, at);
    let found = if span.start == span.end { "the end" } else { &text[span.start..span.end] };
    let expected = expected(&failure.expected);
    let message = if found == "the end" {
        format!("expected {expected}, found the end of the text")
    } else {
        format!("expected {expected}, found `{found}`")
    };
    Diagnostic::new(Code::UnexpectedText, span, message)
}

/// The token that begins at `at`.
fn token(text: &str, at: usize) -> Span {
    let rest = &text[at..];
    let word = |it: char| it.is_alphanumeric() || it == '_' || it == '°';
    let length = match rest.chars().next() {
        None => 0,
        Some(first) if word(first) => rest.find(|it| !word(it)).unwrap_or(rest.len()),
        Some(first) => first.len_utf8(),
    };
    Span::new(at, at + length)
}

/// What could have stood there, in words.
fn expected(rules: &[Rule]) -> String {
    let mut words: Vec<&str> = Vec::new();
    for rule in rules {
        let word = match rule {
            Rule::binding | Rule::schema | Rule::param | Rule::test | Rule::import | Rule::kind => {
                "a statement"
            }
            Rule::step => "a step",
            Rule::type_ => "a type",
            Rule::ident | Rule::word | Rule::quoted => "a name",
            Rule::assign => "`=`",
            Rule::string | Rule::block | Rule::raw => "text",
            Rule::expr | Rule::call | Rule::list | Rule::record | Rule::number | Rule::group => {
                "an expression"
            }
            _ => continue,
        };
        if !words.contains(&word) {
            words.push(word);
        }
    }
    if words.contains(&"an expression") {
        words.retain(|it| *it != "a name" && *it != "text");
    }
    if words.is_empty() { "something else".to_owned() } else { words.join(" or ") }
}
