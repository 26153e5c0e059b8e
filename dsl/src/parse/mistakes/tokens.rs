//! Signs that other languages write where this one has another sign or a word.

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
        "|" | "!" | "?" | "=" | ">" => operator(place),
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

fn single_quote(place: &Place<'_>) -> Diagnostic {
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
    Some(
        place
            .finding_at(bar, "no step stands behind this bar")
            .help("write a step, as in `| where temperature > 85.0`, or take the bar away"),
    )
}

fn operator(place: &Place<'_>) -> Option<Diagnostic> {
    let (before, rest) = (&place.text[..place.at], place.rest());
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
    if before.ends_with('(') {
        let word = before[..before.len() - 1].rsplit(|it: char| !it.is_alphanumeric()).next();
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
            .help("take the step away; `| extend …` adds columns and `| drop …` takes some away")
    })
}

/// A string that does not parse because of what stands behind a backslash.
fn bad_escape(place: &Place<'_>) -> Option<Diagnostic> {
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
fn quoted_name(place: &Place<'_>) -> Option<Diagnostic> {
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
fn quoted_column(place: &Place<'_>) -> Option<Diagnostic> {
    let before = place.before();
    let start = before[..before.len() - 1].rfind('"')?;
    let name = &before[start + 1..before.len() - 1];
    let span = Span::new(place.piece.start + start, place.piece.start + before.len());
    let name = crate::check::suggest::written(name);
    Some(
        place
            .finding_at(span, "the name of a column stands without quotes")
            .help(format!("write `` {name} ``"))
            .fix(span, name),
    )
}

/// `.5`
fn point(place: &Place<'_>) -> Option<Diagnostic> {
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
fn point_at_end(place: &Place<'_>) -> Option<Diagnostic> {
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

fn date(place: &Place<'_>) -> Diagnostic {
    let line = place.rest_of_line();
    let end = line.find(|it: char| it.is_whitespace() || "),]}".contains(it));
    let span = Span::new(place.at, place.at + end.unwrap_or(line.len()));
    place.finding_at(span, "this is no date or time").help(
        "write `@2026-01-05` or `@2026-01-05T08:00:00Z`: four digits for the year, two for all else",
    )
}

/// Braces in templates.
fn brace(place: &Place<'_>) -> Option<Diagnostic> {
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
            place.finding("options stand in parentheses").help("write `memory(schema: Reading)`"),
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

fn comma(place: &Place<'_>) -> Option<Diagnostic> {
    let before = place.before();
    if before.ends_with(',') {
        return Some(
            place.finding("one comma is enough").help("take one away").fix(place.span(), ""),
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
