//! Texts, numbers, dates and templates that are written in another way.

use super::{Part, Place};
use crate::check::suggest::written;
use crate::diagnostic::Diagnostic;
use crate::parse::Rule;
use crate::span::Span;

pub(super) fn single_quote(place: &Place<'_>) -> Diagnostic {
    let line = place.rest_of_line();
    let diagnostic = |span| place.finding_at(span, "text stands in double quotes");
    match line[1..].find('\'') {
        Some(end) => {
            let inside = &line[1..=end];
            let span = Span::new(place.at, place.at + end + 2);
            let text = format!("\"{}\"", inside.replace('\\', "\\\\").replace('"', "\\\""));
            diagnostic(span).help(format!("write `{text}`")).fix(span, text)
        }
        None => diagnostic(place.span()).help("write `\"` where the text begins and where it ends"),
    }
}

/// A string that does not parse because of what stands behind a backslash.
pub(super) fn bad_escape(place: &Place<'_>) -> Option<Diagnostic> {
    let line = place.rest_of_line();
    let mut letters = line.char_indices().skip(1);
    while let Some((i, letter)) = letters.next() {
        match letter {
            '"' => return None,
            '\\' => {}
            _ => continue,
        }
        let (_, escaped) = letters.next()?;
        let start = place.at + i;
        if matches!(escaped, 'n' | 't' | 'r' | '"' | '\\') {
            continue;
        }
        let span = Span::new(start, start + 1 + escaped.len_utf8());
        if escaped == 'u' {
            return Some(
                place
                    .finding_at(
                        span,
                        "a character is written `\\u{…}` with its number in hexadecimal",
                    )
                    .help("write it as in `\\u{1F600}`, or the character itself"),
            );
        }
        return Some(
            place
                .finding_at(span, format!("`\\{escaped}` means nothing in text"))
                .help("write `r\"…\"` for text in which a backslash is a backslash, or `\\\\`")
                .fix(Span::new(place.at, place.at), "r"),
        );
    }
    None
}

/// `"a": int`
pub(super) fn quoted_name(place: &Place<'_>) -> Option<Diagnostic> {
    let line = place.rest_of_line();
    let end = line[1..].find('"')? + 2;
    let named =
        place.part == Part::Field || place.expects(Rule::ident) && !place.expects(Rule::string);
    if !named {
        return None;
    }
    let name = &line[1..end - 1];
    let plain = !name.is_empty() && name.chars().all(|it| it.is_alphanumeric() || it == '_');
    let span = Span::new(place.at, place.at + end);
    let written = if plain { name.to_owned() } else { format!("`{name}`") };
    let help = if plain {
        format!("write `{name}`")
    } else {
        "an odd name of a column stands in backticks".to_owned()
    };
    Some(place.finding_at(span, "a name stands without quotes").help(help).fix(span, written))
}

/// `select "odd name" = x`
pub(super) fn quoted_column(place: &Place<'_>) -> Option<Diagnostic> {
    let before = place.before();
    let start = before[..before.len() - 1].rfind('"')?;
    let name = &before[start + 1..before.len() - 1];
    let span = Span::new(place.piece.start + start, place.piece.start + before.len());
    let name = written(name);
    Some(
        place
            .finding_at(span, "the name of a column stands without quotes")
            .help(format!("write `` {name} ``"))
            .fix(span, name),
    )
}

/// `.5`
pub(super) fn point(place: &Place<'_>) -> Option<Diagnostic> {
    if place.before().ends_with("..") {
        let span = Span::new(place.at - 2, place.at + 1);
        let diagnostic = place.finding_at(span, "`...` is written `..`");
        return Some(diagnostic.help("write `1..5`: both ends are inside").fix(span, ".."));
    }
    let digits: String = place.rest()[1..].chars().take_while(char::is_ascii_digit).collect();
    if digits.is_empty() || place.before().ends_with(|it: char| it.is_alphanumeric()) {
        return None;
    }
    let span = Span::new(place.at, place.at + 1 + digits.len());
    Some(
        place
            .finding_at(span, "a digit stands on both sides of the point")
            .help(format!("write `0.{digits}`"))
            .fix(Span::new(place.at, place.at), "0"),
    )
}

/// `5.`
pub(super) fn point_at_end(place: &Place<'_>) -> Option<Diagnostic> {
    let before = place.before();
    let number = before.strip_suffix('.')?;
    if !number.ends_with(|it: char| it.is_ascii_digit()) {
        return None;
    }
    let digits = number.len() - number.trim_end_matches(|it: char| it.is_ascii_digit()).len();
    let span = Span::new(place.at - digits - 1, place.at);
    let number = &place.text[span.start..span.end - 1];
    Some(
        place
            .finding_at(span, "a digit stands on both sides of the point")
            .help(format!("write `{number}.0`"))
            .fix(Span::new(span.end, span.end), "0"),
    )
}

pub(super) fn date(place: &Place<'_>) -> Diagnostic {
    let line = place.rest_of_line();
    let end = line.find(|it: char| it.is_whitespace() || "),]}".contains(it));
    let span = Span::new(place.at, place.at + end.unwrap_or(line.len()));
    place.finding_at(span, "this is no date or time").help(
        "write `@2026-01-05` or `@2026-01-05T08:00:00Z`: four digits for the year, two for all else",
    )
}

/// Braces in templates.
pub(super) fn brace(place: &Place<'_>) -> Option<Diagnostic> {
    if place.found == "}" && place.before().ends_with('{') && place.expects(Rule::expr) {
        let span = Span::new(place.before().len() + place.piece.start - 1, place.at + 1);
        return Some(place.finding_at(span, "nothing stands between these braces").help(
            "write what is filled in, `{temperature}`, or `{{}}` for the braces themselves",
        ));
    }
    if place.found == "}" && place.expects(Rule::hole) {
        return Some(
            place
                .finding("a brace that closes nothing")
                .help("write `}}` for a brace in text that begins with `f\"`")
                .fix(place.span(), "}}"),
        );
    }
    if place.found == "}" && place.expects(Rule::format) {
        return Some(
            place
                .finding("the digits behind the point are missing")
                .help("write `{x:.2}` for two of them, or `{x}`"),
        );
    }
    if place.found == "{" && place.part == Part::Head && !place.behind_expression() {
        return Some(
            place
                .finding("options stand in parentheses")
                .help(format!("write them as in `{}`", place.words.source)),
        );
    }
    if place.found == "{" && place.part == Part::Action {
        return Some(
            place
                .finding("rows stand in brackets, also a single one")
                .help("write `[{ column: value }]`"),
        );
    }
    None
}
