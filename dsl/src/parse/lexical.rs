//! What can be said of a text before it is parsed: where its comments and strings are, and whether brackets match.

use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;

/// How deep brackets may be nested. A limit of our own, since pest's depends on the stack that happens to be left.
const DEPTH: usize = 64;

/// A comment, from its `#` to the end of its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Where it stands, without the line end.
    pub span: Span,
}

/// What stands at some place of a text, seen without grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A comment.
    Comment(Span),
    /// A closed string literal of any kind, with its quotes.
    Text(Span),
    /// A string that is not closed in its line.
    Unclosed(Span),
    /// Text in single quotes, which the language does not have: what stands inside is text all the same.
    Quoted(Span),
    /// An opening or closing bracket.
    Bracket(u8, usize),
}

/// Every comment of a text, in order.
pub fn comments(text: &str) -> Vec<Comment> {
    scan(text)
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Comment(span) => Some(Comment { span }),
            _ => None,
        })
        .collect()
}

/// Comments, strings and brackets of a text, in order.
pub(super) fn scan(text: &str) -> Vec<Piece> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'#' if raw_quote(bytes, at).is_some() => at = raw_quote(bytes, at).unwrap_or(at),
            b'#' => {
                let end = line_end(bytes, at);
                found.push(Piece::Comment(Span::new(at, end)));
                at = end;
            }
            b'"' | b'`' => {
                let (end, closed) = string_end(bytes, at);
                let span = Span::new(at, end);
                found.push(if closed { Piece::Text(span) } else { Piece::Unclosed(span) });
                at = end;
            }
            b'\'' => {
                let end = quote_in_line(bytes, at).map_or(at + 1, |close| close + 1);
                found.push(Piece::Quoted(Span::new(at, end)));
                at = end;
            }
            bracket @ (b'(' | b')' | b'[' | b']' | b'{' | b'}') => {
                found.push(Piece::Bracket(bracket, at));
                at += 1;
            }
            _ => at += 1,
        }
    }
    found
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    bytes[from..].iter().position(|it| *it == b'\n').map_or(bytes.len(), |n| from + n)
}

/// The next quote of the kind that stands at `at`, in the same line.
fn quote_in_line(bytes: &[u8], at: usize) -> Option<usize> {
    let ends = |it: &u8| *it == bytes[at] || *it == b'\n';
    let found = at + 1 + bytes[at + 1..].iter().position(ends)?;
    (bytes[found] == bytes[at]).then_some(found)
}

/// Whether the byte at `n` begins a word: `r` and `f` before a quote mean something only then.
fn begins_word(bytes: &[u8], n: usize) -> bool {
    n == 0 || !(bytes[n - 1].is_ascii_alphanumeric() || bytes[n - 1] == b'_')
}

/// The quote of a raw string whose first `#` stands at `at`.
fn raw_quote(bytes: &[u8], at: usize) -> Option<usize> {
    let raw = at > 0 && bytes[at - 1] == b'r' && begins_word(bytes, at - 1);
    let quote = at + bytes[at..].iter().take_while(|it| **it == b'#').count();
    (raw && bytes.get(quote) == Some(&b'"')).then_some(quote)
}

/// Where the string whose first quote stands at `at` ends, and whether it is closed.
pub(crate) fn string_end(bytes: &[u8], at: usize) -> (usize, bool) {
    string_end_within(bytes, at, 0)
}

/// The same inside `depth` brackets and holes; what is nested too deep counts as not closed.
fn string_end_within(bytes: &[u8], at: usize, depth: usize) -> (usize, bool) {
    if bytes[at] == b'`' {
        let close = quote_in_line(bytes, at);
        return close.map_or_else(|| (line_end(bytes, at), false), |close| (close + 1, true));
    }
    let template = at > 0 && bytes[at - 1] == b'f' && begins_word(bytes, at - 1);
    if bytes[at..].starts_with(b"\"\"\"") {
        let rest = &bytes[at + 3..];
        return match rest.windows(3).position(|it| it == b"\"\"\"") {
            Some(n) => (at + 3 + n + 3, !template || nesting(&rest[..n]) <= DEPTH),
            None => (line_end(bytes, at), false),
        };
    }
    let hashes = bytes[..at].iter().rev().take_while(|it| **it == b'#').count();
    let raw = at > hashes && bytes[at - hashes - 1] == b'r' && begins_word(bytes, at - hashes - 1);
    if raw {
        let mut close = vec![b'"'];
        close.resize(hashes + 1, b'#');
        let rest = &bytes[at + 1..];
        return match rest.windows(close.len()).position(|it| it == close) {
            Some(n) => (at + 1 + n + close.len(), true),
            None => (line_end(bytes, at), false),
        };
    }
    plain_end(bytes, at, template, depth)
}

/// How deep brackets are nested in a text.
fn nesting(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in bytes {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// The end of `"…"`; in a template, strings inside holes are skipped.
fn plain_end(bytes: &[u8], at: usize, template: bool, outside: usize) -> (usize, bool) {
    let mut i = at + 1;
    // Brackets that are open; the first one is the brace of a hole.
    let mut depth = 0_usize;
    while i < bytes.len() && bytes[i] != b'\n' {
        match bytes[i] {
            // A backslash at the end of the line escapes nothing.
            b'\\' if depth == 0 && bytes.get(i + 1) != Some(&b'\n') => i += 1,
            // A doubled brace is a brace; inside a hole, braces are records.
            b'{' if template && depth == 0 && bytes.get(i + 1) == Some(&b'{') => i += 1,
            b'{' if template => depth += 1,
            b'(' | b'[' if depth > 0 => depth += 1,
            b')' | b']' | b'}' if depth > 0 => depth -= 1,
            b'"' if depth > 0 => {
                let (end, closed) = string_end_within(bytes, i, outside + depth);
                if !closed {
                    return (end, false);
                }
                i = end - 1;
            }
            b'"' => return (i + 1, true),
            _ => {}
        }
        if outside + depth > DEPTH {
            return (line_end(bytes, at), false);
        }
        i += 1;
    }
    (i.min(bytes.len()), false)
}

/// Types that are nested too deep: a run of names, commas and `<`.
fn check_angles(text: &str) -> Option<Diagnostic> {
    let mut open = 0;
    for (at, letter) in text.char_indices() {
        match letter {
            '<' => open += 1,
            ',' | '_' => {}
            _ if letter.is_alphanumeric() || letter.is_whitespace() => {}
            _ => open = 0,
        }
        if open > DEPTH {
            return Some(too_deep(at, "give the types inside a column of their own"));
        }
    }
    None
}

fn too_deep(at: usize, help: &str) -> Diagnostic {
    let message = format!("more than {DEPTH} brackets inside each other");
    Diagnostic::new(Code::TooDeep, Span::new(at, at + 1), message).help(help)
}

/// Unclosed strings, and brackets that do not match or are nested too deep. Names the opening one.
pub(super) fn check_brackets(text: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut open: Vec<(u8, usize)> = Vec::new();
    for piece in scan(text) {
        match piece {
            Piece::Unclosed(span) => found.push(unclosed_text(text, span)),
            Piece::Bracket(bracket @ (b'(' | b'[' | b'{'), at) => {
                open.push((bracket, at));
                if open.len() == DEPTH + 1 {
                    let help = "give a part of it a name with `extend` or a stream of its own";
                    found.push(too_deep(at, help));
                    return found;
                }
            }
            Piece::Bracket(bracket, at) => match open.pop() {
                Some((opening, _)) if closes(opening) == bracket => {}
                other => {
                    found.push(wrong_bracket(text, bracket, at, other));
                    return found;
                }
            },
            _ => {}
        }
    }
    found.extend(check_angles(text));
    // Only the innermost is named: what stands around it is usually closed by the same missing bracket.
    if let Some((bracket, at)) = open.pop()
        && found.is_empty()
    {
        let (bracket, close) = (char::from(bracket), char::from(closes(bracket)));
        let message = format!("this `{bracket}` is never closed");
        let found_here = Diagnostic::new(Code::UnclosedBracket, Span::new(at, at + 1), message);
        found.push(found_here.help(format!("write `{close}` where it ends")));
    }
    found
}

fn closes(bracket: u8) -> u8 {
    match bracket {
        b'(' => b')',
        b'[' => b']',
        _ => b'}',
    }
}

fn wrong_bracket(text: &str, bracket: u8, at: usize, opening: Option<(u8, usize)>) -> Diagnostic {
    let span = Span::new(at, at + 1);
    let bracket = char::from(bracket);
    let Some((opening, from)) = opening else {
        let message = format!("this `{bracket}` closes nothing");
        return Diagnostic::new(Code::UnopenedBracket, span, message)
            .help("take it away, or open it before");
    };
    let close = char::from(closes(opening));
    let opening = char::from(opening);
    let open = Span::new(from, from + 1);
    // What is closed in another line was forgotten in its own.
    if text[from..at].contains('\n') {
        return Diagnostic::new(
            Code::UnclosedBracket,
            open,
            format!("this `{opening}` is never closed"),
        )
        .related(span, format!("this `{bracket}` closes something else"))
        .help(format!("write `{close}` where it ends"));
    }
    Diagnostic::new(Code::UnclosedBracket, span, format!("expected `{close}`, found `{bracket}`"))
        .related(open, format!("this `{opening}` is still open"))
        .help(format!("close it with `{close}`"))
}

fn unclosed_text(text: &str, span: Span) -> Diagnostic {
    let span = Span::new(span.start, span.start + text[span.start..span.end].trim_end().len());
    let quote = &text[span.start..=span.start];
    let (what, help) = if quote == "`" {
        ("this name", "write a backtick where the name ends")
    } else {
        ("this text", "write `\"` where it ends; text over several lines stands in `\"\"\"`")
    };
    Diagnostic::new(Code::UnclosedText, span, format!("{what} is not closed in its line"))
        .help(help)
}
