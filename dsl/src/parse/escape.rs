//! Escapes inside texts: `\n \t \r \" \\ \u{1F600}`, and nothing else.

use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;

/// What stands behind a backslash.
enum Escape {
    /// A character, and how many bytes behind the backslash it is written with.
    Character(char, usize),
    /// A number in hexadecimal that no character has.
    NoCharacter(usize),
    /// `\u` without its number.
    NoNumber,
    /// Anything else.
    Other(Option<char>),
}

fn escape(behind: &str) -> Escape {
    match behind.chars().next() {
        Some('n') => Escape::Character('\n', 1),
        Some('t') => Escape::Character('\t', 1),
        Some('r') => Escape::Character('\r', 1),
        Some('"') => Escape::Character('"', 1),
        Some('\\') => Escape::Character('\\', 1),
        Some('u') => number(&behind[1..]),
        other => Escape::Other(other),
    }
}

/// `{1F600}`
fn number(behind: &str) -> Escape {
    let digits = behind.strip_prefix('{').and_then(|it| it.split_once('}')).map(|it| it.0);
    let hexadecimal =
        |it: &&str| (1..=6).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_hexdigit());
    let Some(digits) = digits.filter(hexadecimal) else {
        return Escape::NoNumber;
    };
    let length = digits.len() + 3;
    match u32::from_str_radix(digits, 16).ok().and_then(char::from_u32) {
        Some(character) => Escape::Character(character, length),
        None => Escape::NoCharacter(length),
    }
}

/// The text with its escapes resolved; one that is none stays as it was written, and is among the [`mistakes`].
pub(super) fn resolved(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Escape::Character(character, length) = escape(rest) {
            out.push(character);
            rest = &rest[length..];
        } else {
            out.push('\\');
        }
    }
    out.push_str(rest);
    out
}

/// What is wrong with the escapes of a text that begins at `base`.
pub(super) fn mistakes(text: &str, base: usize) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].find('\\') {
        let start = at + next;
        let behind = &text[start + 1..];
        let (length, message, help) = match escape(behind) {
            Escape::Character(_, length) => {
                at = start + 1 + length;
                continue;
            }
            Escape::NoCharacter(length) => (
                length,
                format!("no character has the number in `{}`", &text[start..=start + length]),
                "numbers go from 0 to 10FFFF, without D800 to DFFF: write one as in `\\u{1F600}`",
            ),
            Escape::NoNumber => (
                1,
                "a character is written `\\u{…}` with its number in hexadecimal".to_owned(),
                "write it as in `\\u{1F600}`, or the character itself",
            ),
            Escape::Other(letter) => {
                let letter = letter.filter(|it| !it.is_control());
                let shown = letter.map_or_else(String::new, String::from);
                let message = format!("`\\{shown}` means nothing in text");
                (shown.len(), message, "a backslash is written `\\\\`")
            }
        };
        at = start + 1 + length;
        let span = Span::new(base + start, base + at);
        found.push(Diagnostic::new(Code::UnexpectedText, span, message).help(help));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_what_they_are_written_as() {
        assert_eq!(resolved(r#"a\n\t\r\"\\n\u{1F600}"#), "a\n\t\r\"\\n😀");
    }

    #[test]
    fn mistakes_are_found_at_their_place_each_by_itself() {
        let found = mistakes(r"\u{110000} \u{D800} \u{zz} \q \u{} \", 10);
        let places: Vec<(usize, usize)> =
            found.iter().map(|it| (it.span.start, it.span.end)).collect();
        assert_eq!(places, [(10, 20), (21, 29), (30, 32), (37, 39), (40, 42), (45, 46)]);
        assert!(mistakes(r"\\u{zz} \u{10FFFF}", 0).is_empty());
    }
}
