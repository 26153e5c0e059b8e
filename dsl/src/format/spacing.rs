//! What stands between two tokens: nothing, a blank or a line end.

use super::marks::{Marks, Opens};
use super::tokens::{Kind, Token};

/// Words that are no names: what follows one is not what it is applied to.
const OPERATORS: [&str; 6] = ["and", "or", "not", "in", "is", "as"];

/// Whether a line end that the author put between the two stays.
pub(super) fn may_break(before: &Token<'_>, token: &Token<'_>, marks: &Marks) -> bool {
    before.kind == Kind::Comma
        || token.kind == Kind::Bar
        || marks.verbs.contains(&before.span.end)
        || marks.attributes.contains(&before.span.end)
        || marks.binary.contains(&before.span.start)
        || marks.binary.contains(&token.span.start)
}

/// Whether the two stand in different lines whatever the author did.
pub(super) fn must_break(before: &Token<'_>, token: &Token<'_>, marks: &Marks) -> bool {
    let opened = matches!(before.kind, Kind::Open(_)) && before.broken;
    let closed = token.kind == Kind::Close && token.broken;
    opened || closed || marks.statements.contains(&token.span.start)
}

/// Whether a blank stands between two tokens of one line.
pub(super) fn blank(before: &Token<'_>, token: &Token<'_>, marks: &Marks) -> bool {
    let binary = |it: &Token<'_>| marks.binary.contains(&it.span.start);
    match (before.kind, token.kind) {
        (_, Kind::Comma) | (Kind::Open(_), Kind::Close) => false,
        (Kind::Comma | Kind::Bar, _) | (_, Kind::Bar) => true,
        (Kind::Open(opens), _) => braces(opens),
        (_, Kind::Close) => token.text == "}",
        _ if binary(before) || binary(token) => true,
        (_, Kind::Open(opens)) => !touches(opens) && !prefix(before, marks),
        (_, Kind::Literal) if token.text.starts_with('<') => false,
        _ if matches!(token.text, ":" | "." | "?") || matches!(before.text, "." | "@") => false,
        _ if token.text == ".." => !operand(before, marks),
        _ if before.text == ".." => marks.open_bounds.contains(&before.span.end),
        _ => !prefix(before, marks),
    }
}

/// Whether blanks stand inside the bracket.
fn braces(opens: Opens) -> bool {
    matches!(opens, Opens::Record | Opens::Schema | Opens::Struct | Opens::Test)
}

/// Whether the bracket stands directly behind what it belongs to.
fn touches(opens: Opens) -> bool {
    matches!(opens, Opens::Items | Opens::Index | Opens::Params | Opens::Types | Opens::Struct)
}

/// A minus or range sign before its only operand. (Whether a range has a left end, the token before it has said.)
fn prefix(token: &Token<'_>, marks: &Marks) -> bool {
    matches!(token.text, "-" | "..") && !marks.binary.contains(&token.span.start)
}

/// Whether a value can end in this token.
fn operand(token: &Token<'_>, marks: &Marks) -> bool {
    match token.kind {
        Kind::Literal | Kind::Close => true,
        Kind::Word => !OPERATORS.contains(&token.text) && !marks.verbs.contains(&token.span.end),
        _ => false,
    }
}
