//! Signs that other languages write where this one has another sign or a word.

use super::literals::{
    bad_escape, brace, date, point, point_at_end, quoted_column, quoted_name, single_quote,
};
use super::{Part, Place};
use crate::diagnostic::Diagnostic;
use crate::parse::Rule;
use crate::span::Span;

/// What is meant by the sign at the place.
pub(super) fn explain(place: &Place<'_>) -> Option<Diagnostic> {
    match place.found {
        "'" => Some(single_quote(place)),
        ";" => Some(
            place
                .finding("statements and steps need no end mark")
                .help("take the `;` away: a line end means nothing either")
                .fix(place.span(), ""),
        ),
        "&" => Some(word_for(place, "&&", "and")),
        "|" | "!" | "?" | "=" | ">" | "<" => operator(place),
        "/" | "-" => comment(place).or_else(|| dash_in_name(place)),
        "*" | "^" => star(place),
        "\"" => bad_escape(place).or_else(|| quoted_name(place)),
        "." => point(place),
        "" => point_at_end(place).or_else(|| bar_at_end(place)),
        "≥" => Some(sign(place, ">=")),
        "≤" => Some(sign(place, "<=")),
        "≠" => Some(sign(place, "!=")),
        "×" | "·" => Some(sign(place, "*")),
        "÷" => Some(sign(place, "/")),
        "–" | "—" | "−" => Some(sign(place, "-")),
        "“" | "”" | "„" | "‘" | "’" | "«" | "»" => Some(sign(place, "\"")),
        "@" => Some(date(place)),
        "}" | "{" => brace(place),
        "," => comma(place),
        ":" => colon(place),
        "$" => Some(
            place.finding("`$` stands for nothing here").help(
                "names stand by themselves: `broker`; inside text they are filled in by `f\"{broker}\"`",
            ),
        ),
        _ => None,
    }
}

/// `&&` and the like, whose second half parsing may have stopped at.
fn word_for(place: &Place<'_>, sign: &str, word: &str) -> Diagnostic {
    let half = &sign[..1];
    let start = if place.text[..place.at].ends_with(half) { place.at - 1 } else { place.at };
    let end =
        if place.text[place.at + 1..].starts_with(half) { place.at + 2 } else { place.at + 1 };
    let span = Span::new(start, end);
    place
        .finding_at(span, format!("`{sign}` is written `{word}`"))
        .help(format!("write `{word}`"))
        .fix(span, word)
}

/// A sign of print for the one that is typed.
fn sign(place: &Place<'_>, sign: &str) -> Diagnostic {
    place
        .finding(format!("`{}` is written `{sign}`", place.found))
        .help(format!("write `{sign}`"))
        .fix(place.span(), sign)
}

/// `stream a = b |`
fn bar_at_end(place: &Place<'_>) -> Option<Diagnostic> {
    let bar = place.before().ends_with('|').then(|| Span::new(place.at - 1, place.at))?;
    Some(place.finding_at(bar, "no step stands behind this bar").help(format!(
        "write a step, as in `| {} temperature > 85.0`, or take the bar away",
        place.words.keep
    )))
}

fn operator(place: &Place<'_>) -> Option<Diagnostic> {
    let (before, rest) = (&place.text[..place.at], place.rest());
    if place.part == Part::Action && place.before().ends_with("count") {
        let message = "a number of rows or a range of it stands behind `count`";
        return Some(place.finding(message).help("write `count 3`, `count 1..3` or `count 2..`"));
    }
    let touches = |it: &str| before.ends_with(it);
    let back = |n: usize| Span::new(place.at - n, place.at + 1);
    match place.found {
        "|" if touches("|") => Some(word_for(place, "||", "or")),
        "|" if place.before().ends_with('|') => {
            Some(place.finding("no step stands between these bars").help("take one of them away"))
        }
        ">" if touches("|") => Some(
            place
                .finding_at(back(1), "a step begins with `|` alone")
                .help("write `|`")
                .fix(back(1), "|"),
        ),
        ">" if touches("<") => Some(
            place.finding_at(back(1), "`<>` is written `!=`").help("write `!=`").fix(back(1), "!="),
        ),
        ">" if touches("=") || touches("-") => Some(
            place
                .finding_at(back(1), "arrows mean nothing here")
                .help("write `name: value` for an option, `name = value` for a new column"),
        ),
        "!" if !rest.starts_with("!=") => Some(
            place.finding("`!` is written `not`").help("write `not`").fix(place.span(), "not "),
        ),
        "?" if place.behind_expression() => {
            Some(place.finding("there is no `? :`").help("write `if(condition, value, otherwise)`"))
        }
        "=" => equals(place, before, rest),
        _ => None,
    }
}

fn equals(place: &Place<'_>, before: &str, rest: &str) -> Option<Diagnostic> {
    if place.expects(Rule::assign) && rest.starts_with("==") {
        let span = Span::new(place.at, place.at + 2);
        let diagnostic = place.finding_at(span, "one `=` stands behind a name that is made here");
        return Some(diagnostic.help("write `=`").fix(span, "="));
    }
    if place.before().ends_with('"') && place.behind_expression() {
        return quoted_column(place);
    }
    if place.expects(Rule::items) {
        let message = "the name of the new column is missing";
        return Some(place.finding(message).help("write `NAME = …`"));
    }
    if before.ends_with("==") || before.ends_with("!=") {
        let span = Span::new(place.at - 2, place.at + 1);
        let sign = &place.text[place.at - 2..place.at];
        return Some(
            place
                .finding_at(span, format!("`{sign}=` is written `{sign}`"))
                .help(format!("write `{sign}`"))
                .fix(span, sign),
        );
    }
    if before.trim_end().ends_with('=') && before.ends_with(' ') {
        let start = before.trim_end().len() - 1;
        let span = Span::new(start, place.at + 1);
        return Some(
            place
                .finding_at(span, "there is a blank inside `==`")
                .help("write `==`")
                .fix(span, "=="),
        );
    }
    if before.ends_with(':') {
        let span = Span::new(place.at - 1, place.at + 1);
        return Some(
            place.finding_at(span, "`:=` is written `=`").help("write `=`").fix(span, "="),
        );
    }
    if place.part == Part::Action {
        let signs = if rest.starts_with("==") { 2 } else { 1 };
        let span = Span::new(place.at, place.at + signs);
        return Some(
            place
                .finding_at(span, "rows follow the name directly")
                .help("write `expect STREAM [{ column: value }]` or `feed SOURCE [{ column: value }]`")
                .fix(span, ""),
        );
    }
    if place.behind_expression() && !rest.starts_with("==") {
        return Some(
            place
                .finding("`=` makes a column, `==` compares")
                .help("write `==`")
                .fix(place.span(), "=="),
        );
    }
    None
}

fn comment(place: &Place<'_>) -> Option<Diagnostic> {
    let rest = place.rest();
    let sign = ["//", "/*", "--"].into_iter().find(|it| rest.starts_with(it))?;
    let span = Span::new(place.at, place.at + 2);
    let diagnostic = place.finding_at(span, "comments begin with `#`");
    Some(match sign {
        "/*" => diagnostic.help("write `#` at the beginning of each line"),
        _ => diagnostic.help("write `#`").fix(span, "#"),
    })
}

/// `stream a-b = c`
fn dash_in_name(place: &Place<'_>) -> Option<Diagnostic> {
    let (first, span) = place.word_before()?;
    if place.found != "-" || !place.expects(Rule::assign) || place.part != Part::Head {
        return None;
    }
    let second = place.rest()[1..].split(|it: char| !it.is_alphanumeric()).next().unwrap_or("");
    let whole = Span::new(span.start, place.at + 1 + second.len());
    let name = format!("{first}_{second}");
    Some(
        place
            .finding_at(whole, "a name is made of letters, digits and `_`")
            .help(format!("write `{name}`"))
            .fix(whole, name),
    )
}

fn star(place: &Place<'_>) -> Option<Diagnostic> {
    let before = place.before();
    if place.found == "^" || before.ends_with('*') {
        return Some(place.finding("powers are a function").help("write `power(base, exponent)`"));
    }
    if let Some(before) = before.strip_suffix('(') {
        let word = before.rsplit(|it: char| !it.is_alphanumeric()).next();
        let word = word.unwrap_or("count");
        return Some(
            place
                .finding(format!("`{word}` of all rows has nothing in its parentheses"))
                .help(format!("write `{word}()`"))
                .fix(place.span(), ""),
        );
    }
    place.expects(Rule::items).then(|| {
        place
            .finding("`*` stands for nothing here: without `select` a row keeps all its columns")
            .help(format!(
                "take the step away; `| {} …` adds columns and `| {} …` takes some away",
                place.words.add, place.words.drop
            ))
    })
}

fn comma(place: &Place<'_>) -> Option<Diagnostic> {
    let before = place.before();
    if before.ends_with(',') {
        return Some(
            place.finding("one comma is enough").help("take one away").fix(place.span(), ""),
        );
    }
    if place.expects(Rule::items) {
        return Some(
            place
                .finding("no comma stands behind the name of a step")
                .help("take it away")
                .fix(place.span(), ""),
        );
    }
    if place.part == Part::Head && !place.behind_expression() && place.expects(Rule::step) {
        return Some(
            place
                .finding("a stream reads one stream, or a combination of several")
                .help("write `union(a, b)` for the rows of both"),
        );
    }
    let open = before.rfind('(')?;
    if before[..open].trim_end().ends_with(" in") {
        let start = place.piece.start + open;
        return Some(
            place
                .finding_at(Span::new(start, start + 1), "a list stands in brackets")
                .help("write `in [1, 2]`"),
        );
    }
    let verb = before[..open].trim_end();
    let bar = verb.trim_end_matches(|it: char| it.is_alphanumeric() || it == '_').trim_end();
    if !bar.ends_with('|') || before[open..].contains(')') {
        return None;
    }
    let start = place.piece.start + open;
    Some(
        place
            .finding_at(
                Span::new(start, start + 1),
                "no parentheses stand round the items of a step",
            )
            .help(format!("take them away: `{} a, b`", &verb[bar.len()..].trim())),
    )
}

fn colon(place: &Place<'_>) -> Option<Diagnostic> {
    (place.part == Part::Head && place.expects(Rule::assign)).then(|| {
        let (name, _) = place.word_before().unwrap_or(("name", place.span()));
        place
            .finding("a `=` stands behind the name")
            .help(format!("write `{name} = …`"))
            .fix(place.span(), " =")
    })
}
