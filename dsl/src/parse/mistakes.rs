//! From the place where parsing stopped to words: what was expected, what was found, what to type.
//!
//! Habits of other languages are answered first, each by the text at the place; only then comes the general message.

mod expected;
mod lines;
mod literals;
mod tokens;
mod words;

use super::Rule;
use crate::catalog::Words;
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

/// What the piece should have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A statement whose head is known.
    Statement,
    /// A line that belongs to no statement.
    Line,
    /// The head of a stream, source or sink.
    Head,
    /// Steps.
    Step,
    /// A field of a schema.
    Field,
    /// An action of a test.
    Action,
    /// An expression.
    Expression,
}

/// Explains why the piece of `text` at `piece` does not parse.
pub(super) fn explain(
    (text, piece): (&str, Span),
    part: Part,
    failure: &Failure,
    words: &Words,
) -> Diagnostic {
    let place = Place::of((text, piece), part, failure, words);
    lines::explain(&place)
        .or_else(|| tokens::explain(&place))
        .or_else(|| words::explain(&place))
        .unwrap_or_else(|| general(&place))
}

fn general(place: &Place<'_>) -> Diagnostic {
    let expected = expected::expected(place);
    let message = match (expected, place.found) {
        (Some(expected), "") => format!("expected {expected}, found the end of {}", place.whole()),
        (Some(expected), found) => format!("expected {expected}, found `{found}`"),
        (None, "") => format!("{} ends too early", place.whole()),
        (None, found) => format!("`{found}` cannot stand here"),
    };
    place.finding(message).help(general_help(place))
}

/// How the part that does not parse is written.
fn general_help(place: &Place<'_>) -> String {
    let behind = place.word_before().map(|(word, _)| word);
    match place.part {
        Part::Statement | Part::Line => {
            "a statement begins with `source`, `stream`, `sink`, `param`, \
                                         `schema` or `test` and a name: `stream hot = readings`"
                .to_owned()
        }
        Part::Head => head_help(place),
        Part::Step if place.found == "(" && place.before().ends_with('|') => {
            "a step stands without parentheses: its name comes directly behind the `|`".to_owned()
        }
        Part::Step | Part::Expression if place.found.is_empty() => match behind {
            Some(word @ ("and" | "or" | "not" | "in" | "as")) => {
                format!("write what belongs behind `{word}`, or take it away")
            }
            _ => "write a value there: a column, `1.5`, `\"text\"`, or a call".to_owned(),
        },
        Part::Step => "a step is a `|`, its name, and items with commas between: columns, \
                       `name = value`, then options `name: value`"
            .to_owned(),
        Part::Expression => "write a value: a column, `1.5`, `\"text\"`, or a call".to_owned(),
        Part::Field => {
            "a field is written `name: type`, with `?` behind the type where it may be null"
                .to_owned()
        }
        Part::Action => {
            "actions are `feed NAME [ … ]`, `expect NAME [ … ]`, `at 10s`, `advance 5m`, \
                         `set NAME = …`, `restart` and `end`"
                .to_owned()
        }
    }
}

/// How a source, stream or sink begins.
fn head_help(place: &Place<'_>) -> String {
    let piece = &place.text[place.piece.start..place.piece.end];
    let kinds = ["source", "table", "sink"];
    let kind = piece.split_whitespace().find(|it| kinds.contains(it) || *it == "stream");
    match kind {
        Some("source") => "write `source NAME = CONNECTOR(…)`",
        Some("sink") => "write `sink NAME = STREAM | into CONNECTOR(…)`",
        Some("table") => "write `table NAME = CONNECTOR(…)`",
        _ => "write `stream NAME = SOURCE`, and the steps behind it",
    }
    .to_owned()
}

/// The place where parsing stopped.
struct Place<'a> {
    text: &'a str,
    /// The piece that does not parse.
    piece: Span,
    part: Part,
    /// The byte at which parsing stopped; never in the blanks at the end of the piece.
    at: usize,
    /// The token there; empty at the end.
    found: &'a str,
    expected: &'a [Rule],
    /// How steps are written.
    words: &'a Words,
}

impl<'a> Place<'a> {
    fn of(
        (text, piece): (&'a str, Span),
        part: Part,
        failure: &'a Failure,
        words: &'a Words,
    ) -> Self {
        let at = (piece.start + failure.at).min(piece.end);
        let behind = &text[at..piece.end];
        let ends = behind.lines().all(|it| it.trim().is_empty() || it.trim().starts_with('#'));
        let (at, found) = if ends {
            (end(text, piece.start, at), "")
        } else {
            let blanks = behind.len() - behind.trim_start().len();
            let token = token(text, at + blanks);
            (token.start, &text[token.start..token.end])
        };
        Self { text, piece, part, at, found, expected: &failure.expected, words }
    }

    /// The token.
    fn span(&self) -> Span {
        Span::new(self.at, self.at + self.found.len())
    }

    /// A finding at the token.
    fn finding(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Code::UnexpectedText, self.span(), message)
    }

    /// A finding somewhere else.
    #[expect(clippy::unused_self, reason = "both kinds of finding are asked for in one way")]
    fn finding_at(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Code::UnexpectedText, span, message)
    }

    /// The text of the piece before the place, blanks at its end taken off.
    fn before(&self) -> &'a str {
        self.text[self.piece.start..self.at].trim_end()
    }

    /// The text of the piece from the place on.
    fn rest(&self) -> &'a str {
        &self.text[self.at..self.piece.end]
    }

    /// The rest of the line from the place on.
    fn rest_of_line(&self) -> &'a str {
        self.rest().lines().next().unwrap_or("")
    }

    /// The word that ends right before the place, and where it stands.
    fn word_before(&self) -> Option<(&'a str, Span)> {
        let before = self.before();
        let is_word = |it: char| it.is_alphanumeric() || it == '_';
        let word = before.trim_end_matches(is_word);
        let (start, end) = (self.piece.start + word.len(), self.piece.start + before.len());
        (start < end).then(|| (&self.text[start..end], Span::new(start, end)))
    }

    /// Whether the place is the first of its line.
    fn begins_line(&self) -> bool {
        let line = self.text[..self.at].rfind('\n').map_or(0, |it| it + 1);
        self.text[line..self.at].trim().is_empty()
    }

    fn expects(&self, rule: Rule) -> bool {
        self.expected.contains(&rule)
    }

    /// Whether an expression is complete here, so that something has to come between it and another one.
    fn behind_expression(&self) -> bool {
        self.expects(Rule::compare) || self.expects(Rule::add)
    }

    /// What the piece is called.
    fn whole(&self) -> &'static str {
        match self.part {
            Part::Statement | Part::Line | Part::Head => "the statement",
            Part::Step => "the step",
            Part::Field => "the field",
            Part::Action => "the action",
            Part::Expression => "the text",
        }
    }
}

/// The end of what is written before `at`, without blanks and comments.
fn end(text: &str, start: usize, at: usize) -> usize {
    let mut end = start;
    let mut line_start = start;
    for line in text[start..at].split_inclusive('\n') {
        let code = match line.trim_start() {
            it if it.starts_with('#') => "",
            _ => line.trim_end(),
        };
        if !code.trim().is_empty() {
            end = line_start + code.len();
        }
        line_start += line.len();
    }
    end
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
