//! The tokens of a text that parses, comments among them.

use super::marks::{Marks, Opens};
use crate::parse::string_end;
use crate::span::Span;

/// What a token is to the layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// From `#` to the end of its line.
    Comment,
    /// A word or a name in backticks.
    Word,
    /// A number, text, time or unit.
    Literal,
    /// An opening bracket.
    Open(Opens),
    /// A closing bracket.
    Close,
    /// A comma between items, elements, entries or fields.
    Comma,
    /// The bar before a step.
    Bar,
    /// Everything else.
    Operator,
}

/// One token.
#[derive(Clone, Debug)]
pub(super) struct Token<'a> {
    /// As written; blanks at the end of a comment are gone.
    pub(super) text: &'a str,
    /// Where it stands; empty for a comma that the author left out.
    pub(super) span: Span,
    /// What it is.
    pub(super) kind: Kind,
    /// How many line ends stand before it.
    pub(super) newlines: usize,
    /// Of brackets: whether what they enclose stands on lines of its own.
    pub(super) broken: bool,
}

impl Token<'_> {
    /// Whether this is a comment.
    pub(super) fn is_comment(&self) -> bool {
        self.kind == Kind::Comment
    }
}

const PAIRS: [&str; 6] = ["==", "!=", "<=", ">=", "??", ".."];

/// Cuts a text into tokens.
pub(super) fn tokens<'a>(text: &'a str, marks: &Marks) -> Vec<Token<'a>> {
    let mut tokens = Vec::new();
    let (mut at, mut newlines) = (0, 0);
    // Where the last token ended that is no comment: the marks say what a bracket behind it opens.
    let mut last = 0;
    while let Some(first) = text[at..].chars().next() {
        if matches!(first, ' ' | '\t' | '\r' | '\n' | '\u{feff}') {
            newlines += usize::from(first == '\n');
            at += first.len_utf8();
            continue;
        }
        let (kind, end) = token(text, at, last, marks);
        let span = Span::new(at, end);
        tokens.push(Token { text: text[at..end].trim_end(), span, kind, newlines, broken: false });
        if kind != Kind::Comment {
            last = end;
        }
        (at, newlines) = (end, 0);
    }
    tokens
}

fn token(text: &str, at: usize, last: usize, marks: &Marks) -> (Kind, usize) {
    let rest = &text[at..];
    let bytes = rest.as_bytes();
    let next = bytes.get(1).copied().unwrap_or(0);
    let opens = marks.opens.get(&last).copied();
    let one = |kind| (kind, at + 1);
    if let Some(quote) = quote(rest) {
        return (Kind::Literal, string_end(text.as_bytes(), at + quote).0);
    }
    match bytes[0] {
        b'#' => (Kind::Comment, at + rest.find('\n').unwrap_or(rest.len())),
        b'`' => (Kind::Word, string_end(text.as_bytes(), at).0),
        b'0'..=b'9' => (Kind::Literal, at + number(bytes)),
        b'@' if next.is_ascii_digit() => (Kind::Literal, at + timestamp(bytes)),
        first if first == b'_' || first.is_ascii_alphabetic() || !first.is_ascii() => {
            (Kind::Word, at + word(rest))
        }
        b'(' => one(Kind::Open(opens.unwrap_or(Opens::Group))),
        b'[' => one(Kind::Open(opens.unwrap_or(Opens::List))),
        b'{' => one(Kind::Open(opens.unwrap_or(Opens::Record))),
        b'<' if marks.units.contains_key(&at) => (Kind::Literal, marks.units[&at]),
        b'<' if opens == Some(Opens::Types) => one(Kind::Open(Opens::Types)),
        b'>' if marks.angles.contains(&at) => one(Kind::Close),
        b')' | b']' | b'}' => one(Kind::Close),
        b',' => one(Kind::Comma),
        b'|' => one(Kind::Bar),
        _ if PAIRS.iter().any(|it| rest.starts_with(it)) => (Kind::Operator, at + 2),
        _ => one(Kind::Operator),
    }
}

/// Where the first quote of a text literal stands that begins here: behind `f`, or `r` and its hashes.
fn quote(rest: &str) -> Option<usize> {
    if rest.starts_with('"') {
        return Some(0);
    }
    if rest.starts_with("f\"") {
        return Some(1);
    }
    let hashes = rest.strip_prefix('r')?;
    let quote = hashes.trim_start_matches('#');
    quote.starts_with('"').then(|| 1 + hashes.len() - quote.len())
}

fn word(rest: &str) -> usize {
    rest.find(|it: char| it.is_ascii() && !it.is_ascii_alphanumeric() && it != '_')
        .unwrap_or(rest.len())
}

/// `1_000`, `0xFF`, `1e-3`, `1m30s`, `85°C`; the two points of a range do not belong to it.
fn number(bytes: &[u8]) -> usize {
    let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    let mut i = 0;
    while let Some(&byte) = bytes.get(i) {
        let exponent = matches!(byte, b'e' | b'E')
            && matches!(bytes.get(i + 1), Some(b'+' | b'-'))
            && digit(i + 2)
            && bytes[..i].iter().all(|it| it.is_ascii_digit() || matches!(it, b'.' | b'_'));
        if exponent {
            i += 2;
        } else if byte.is_ascii_alphanumeric()
            || !byte.is_ascii()
            || byte == b'_'
            || (byte == b'.' && digit(i + 1))
        {
            i += 1;
        } else {
            break;
        }
    }
    i
}

/// `@2026-01-31`, and the clock behind it: `T06:00:00.5+01:00`.
fn timestamp(bytes: &[u8]) -> usize {
    let date = 11.min(bytes.len());
    if bytes.get(date) != Some(&b'T') {
        return date;
    }
    let run = |from: usize| {
        let rest = bytes.get(from..).unwrap_or_default();
        let inside = |it: &&u8| it.is_ascii_digit() || matches!(**it, b':' | b'.');
        from + rest.iter().take_while(inside).count()
    };
    let clock = run(date + 1);
    match bytes.get(clock) {
        Some(b'Z') => clock + 1,
        // An offset is `+01:00`; any other minus subtracts.
        Some(b'+' | b'-') if bytes.get(clock + 3) == Some(&b':') => clock + 6,
        _ => clock,
    }
}
