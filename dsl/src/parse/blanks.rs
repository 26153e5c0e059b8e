//! Blanks that are none: characters that look like a blank, or like nothing at all, and come along when text is copied
//! from a web page or a word processor. Left to the grammar, the message would point at a place where nothing is wrong.

use super::lexical::{Piece, scan};
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use std::borrow::Cow;

/// The same text with blanks in their place, byte for byte, so that the rest of it is understood; and what is said of them.
/// In texts and comments they may stand.
pub(super) fn plain(text: &str) -> (Cow<'_, str>, Vec<Diagnostic>) {
    let spans: Vec<Span> = text
        .char_indices()
        .filter(|(at, letter)| *at > 0 || *letter != '\u{FEFF}')
        .filter(|(_, letter)| is_foreign(*letter))
        .map(|(at, letter)| Span::new(at, at + letter.len_utf8()))
        .collect();
    if spans.is_empty() {
        return (Cow::Borrowed(text), Vec::new());
    }
    let quiet: Vec<Span> = scan(text)
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Comment(span)
            | Piece::Text(span)
            | Piece::Unclosed(span)
            | Piece::Quoted(span) => Some(span),
            Piece::Bracket(..) => None,
        })
        .collect();
    let mut plain = text.to_owned();
    let mut found = Vec::new();
    for span in spans {
        if quiet.iter().any(|it| it.start <= span.start && span.start < it.end) {
            continue;
        }
        plain.replace_range(span.start..span.end, &" ".repeat(span.end - span.start));
        let number = text[span.start..].chars().next().map_or(0, u32::from);
        let message = format!("a character that cannot be seen and is no blank: U+{number:04X}");
        let help = "type a blank in its place; it often comes with text that was copied";
        found.push(
            Diagnostic::new(Code::UnexpectedText, span, message)
                .help(help)
                .fix(span, " ".to_owned()),
        );
    }
    (Cow::Owned(plain), found)
}

/// Looks like a blank or like nothing, and is not one of the language's.
fn is_foreign(letter: char) -> bool {
    let blank = matches!(letter, ' ' | '\t' | '\r' | '\n');
    let nothing = matches!(letter, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}');
    nothing || letter.is_whitespace() && !blank
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_words_is_found_and_every_byte_keeps_its_place() {
        let text = "\u{FEFF}a\u{A0}b \"c\u{A0}d\" # e\u{A0}\n\u{200B}f\u{B}";
        let (plain, found) = plain(text);
        assert_eq!(plain, "\u{FEFF}a  b \"c\u{A0}d\" # e\u{A0}\n   f ");
        let places: Vec<usize> = found.iter().map(|it| it.span.start).collect();
        assert_eq!(places, [4, 21, 25]);
        assert!(matches!(super::plain("a b\r\n\tc").0, Cow::Borrowed(_)));
    }
}
