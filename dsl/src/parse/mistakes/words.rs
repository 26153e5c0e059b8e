//! Words that other languages write where this one has another word or a sign.

use super::{Part, Place};
use crate::check::suggest::nearest;
use crate::diagnostic::Diagnostic;
use crate::parse::{Rule, unit_of_time};
use crate::span::Span;

/// The words that are reserved everywhere.
const RESERVED: [&str; 9] = ["and", "or", "not", "in", "is", "as", "null", "true", "false"];

/// What is meant by the word at the place, or by the one before it.
pub(super) fn explain(place: &Place<'_>) -> Option<Diagnostic> {
    small_letters(place)
        .or_else(|| missing_colon(place))
        .or_else(|| lone_operator(place))
        .or_else(|| reserved_name(place))
        .or_else(|| number(place))
        .or_else(|| unit(place))
        .or_else(|| is_for_equal(place))
        .or_else(|| wire(place))
        .or_else(|| into(place))
        .or_else(|| sql(place))
        .or_else(|| option_without_colon(place))
        .or_else(|| missing_bar(place))
        .or_else(|| missing_comma(place))
}

/// `AND`, `Not`
fn small_letters(place: &Place<'_>) -> Option<Diagnostic> {
    let here = (place.found, place.span());
    let (word, span) =
        [Some(here), place.word_before()].into_iter().flatten().find(|(word, _)| {
            let lower = word.to_lowercase();
            *word != lower && RESERVED.contains(&lower.as_str())
        })?;
    let lower = word.to_lowercase();
    Some(
        place
            .finding_at(span, format!("`{word}` is written in small letters"))
            .help(format!("write `{lower}`"))
            .fix(span, lower),
    )
}

/// A name behind which a `:` has to stand: parsing went back before it.
fn missing_colon(place: &Place<'_>) -> Option<Diagnostic> {
    let is_name = place.found.starts_with(|it: char| it.is_alphabetic() || it == '_');
    let only_name = place.expects(Rule::quoted) && !place.expects(Rule::ident);
    if !is_name || !only_name || place.behind_expression() || place.expects(Rule::number) {
        return None;
    }
    let end = Span::new(place.span().end, place.span().end);
    Some(
        place
            .finding(format!("a `:` is missing behind `{}`", place.found))
            .help(format!("write `{}: …`", place.found))
            .fix(end, ":"),
    )
}

/// `1_`, `1e`
fn number(place: &Place<'_>) -> Option<Diagnostic> {
    let digits = place.found.starts_with(|it: char| it.is_ascii_digit());
    if digits && place.expects(Rule::list) && !place.expects(Rule::number) {
        return Some(
            place
                .finding("valid values are a range or a list")
                .help("write `in 1..5` with both ends inside, or `in [1, 2]`"),
        );
    }
    (digits && place.expects(Rule::number)).then(|| {
        place
            .finding(format!("`{}` is no number", place.found))
            .help("write `1000`, `1_000`, `1.5`, `1e-3` or `0xFF`; with a unit `1m30s` or `64MiB`")
    })
}

/// `85 °C`
fn unit(place: &Place<'_>) -> Option<Diagnostic> {
    let before = place.before();
    let digit = before.ends_with(|it: char| it.is_ascii_digit());
    let units = ["°", "%", "ns", "us", "ms", "s", "m", "h", "d", "w", "MiB", "GiB", "KiB", "MB"];
    let is_unit = units.contains(&place.found) || place.found.starts_with('°');
    if !digit || !place.behind_expression() {
        return None;
    }
    let start = place.piece.start + before.len();
    if let Some(short) = unit_of_time(place.found) {
        let digits = before.trim_end_matches(|it: char| it.is_ascii_digit() || it == '.');
        let number = &before[digits.len()..];
        let whole = Span::new(place.piece.start + digits.len(), place.span().end);
        let text = format!("{number}{short}");
        return Some(
            place
                .finding_at(whole, format!("`{number} {}` is written `{text}`", place.found))
                .help("the units of time are `ns us ms s m h d w`, directly behind the number")
                .fix(whole, text),
        );
    }
    is_unit.then(|| {
        let gap = Span::new(start, place.at);
        place
            .finding("a unit stands directly behind its number")
            .help(format!("take the blank before `{}` away", place.found))
            .fix(gap, "")
    })
}

/// `x is 5`
fn is_for_equal(place: &Place<'_>) -> Option<Diagnostic> {
    let (word, span) = place.word_before()?;
    let before = place.text[place.piece.start..span.start].trim_end();
    let (sign, whole) = match word {
        "is" => ("==", span),
        "not" if before.ends_with(" is") => {
            ("!=", Span::new(place.piece.start + before.len() - 2, span.end))
        }
        _ => return None,
    };
    if !place.expects(Rule::null_word) || place.expects(Rule::number) {
        return None;
    }
    let meant = place.found.to_lowercase();
    if ["nul", "nil", "none", "undefined", "nan", "missing", "empty"].contains(&meant.as_str())
        || nearest(&meant, ["null"]).is_some()
    {
        let asked = if sign == "==" { "is null" } else { "is not null" };
        return Some(
            place
                .finding(format!("nothing is written `null`, found `{}`", place.found))
                .help(format!("write `{asked}`"))
                .fix(place.span(), "null"),
        );
    }
    Some(
        place
            .finding_at(whole, "`is` asks for null and nothing else")
            .help(format!("write `{sign}`"))
            .fix(whole, sign),
    )
}

/// `from wire`
fn wire(place: &Place<'_>) -> Option<Diagnostic> {
    let (word, _) = place.word_before()?;
    (word == "from" && place.part == Part::Field && place.expects(Rule::string)).then(|| {
        let text = format!("\"{}\"", place.found);
        place
            .finding("the name on the wire stands in quotes")
            .help(format!("write `from {text}`"))
            .fix(place.span(), text)
    })
}

/// `into file path: "x"`
fn into(place: &Place<'_>) -> Option<Diagnostic> {
    let before = place.before();
    let (connector, span) = place.word_before()?;
    let verb = place.text[place.piece.start..span.start].trim_end();
    let into = verb.trim_start_matches('|').trim() == "into" && before.starts_with('|');
    (into && place.behind_expression()).then(|| {
        place
            .finding("options stand in parentheses")
            .help(format!("write `into {connector}({}…)`", place.found))
    })
}

fn reserved_name(place: &Place<'_>) -> Option<Diagnostic> {
    let named = place.expects(Rule::ident) || place.expects(Rule::quoted);
    if !named || place.behind_expression() || !RESERVED.contains(&place.found) {
        return None;
    }
    // In an expression a name is one of many things that could stand there.
    if place.expects(Rule::number) {
        return None;
    }
    let word = place.found;
    let message = format!("`{word}` is reserved and names nothing");
    let help = match place.part {
        Part::Field => format!("a column of that name stands in backticks: `` `{word}` ``"),
        _ => format!("take another name, as in `{word}_`"),
    };
    Some(place.finding(message).help(help))
}

/// `where and x`
fn lone_operator(place: &Place<'_>) -> Option<Diagnostic> {
    let operator = ["and", "or", "in", "is", "as"].contains(&place.found);
    let wanted =
        place.expects(Rule::items) || place.expects(Rule::expr) || place.expects(Rule::number);
    (operator && wanted).then(|| {
        place
            .finding(format!("an expression is missing before `{}`", place.found))
            .help(format!("`{}` stands between two of them", place.found))
    })
}

/// What SQL and programming languages write in the middle of an expression or step.
fn sql(place: &Place<'_>) -> Option<Diagnostic> {
    let found = place.found.to_lowercase();
    let start = Span::new(place.piece.start, place.piece.start);
    let (written, span) = place.word_before().unwrap_or(("", start));
    let word = written.to_lowercase();
    let by = word == "by" || found == "by";
    let verb = if found.as_str() == "by" {
        word.clone()
    } else {
        let rest = place.text[place.piece.start..span.start].trim_end();
        rest.rsplit(|it: char| !it.is_alphanumeric()).next().unwrap_or("").to_lowercase()
    };
    if by && ["group", "partition", "order", "sort"].contains(&verb.as_str()) {
        let key = if found == "by" { "KEY" } else { place.found };
        let end = if found == "by" { place.span().end } else { span.end };
        let start = place.text[..end - 2].trim_end().len() - verb.len();
        let diagnostic = place.finding_at(Span::new(start, end), format!("`{verb} by` is no step"));
        return Some(match verb.as_str() {
            "group" | "partition" => diagnostic.help(format!(
                "write `| {}, by: {key}`, and `| {} …` behind it",
                place.words.group, place.words.aggregate
            )),
            _ => diagnostic.help(
                "a stream has no end at which it could be sorted; rows come in the order of arrival",
            ),
        });
    }
    if place.behind_expression()
        && ["group", "partition", "order", "sort"].contains(&found.as_str())
    {
        return group_by(place, &found);
    }
    if place.behind_expression() && ["distinct", "unique"].contains(&word.as_str()) {
        let text = format!("| {} by: {}, within: 10m", place.words.once, place.found);
        return Some(
            place
                .finding_at(span, format!("`{written}` is no operator"))
                .help(format!("rows that are the same are dropped by a step: `{text}`")),
        );
    }
    if word == "case" || word == "if" && place.behind_expression() {
        let message = match word.as_str() {
            "case" => format!("`{written}` is written `if(…)`"),
            _ => "`if` takes its condition and values in parentheses".to_owned(),
        };
        return Some(
            place.finding_at(span, message).help(
                "write `if(condition, value, otherwise)`, or `if(c1, v1, c2, v2, otherwise)`",
            ),
        );
    }
    sql_operator(place, &found)
}

/// `x BETWEEN 1 AND 5`: a word where an operator could stand.
fn sql_operator(place: &Place<'_>, found: &str) -> Option<Diagnostic> {
    if !place.behind_expression() {
        return None;
    }
    let words = place.words;
    let said =
        |help: String| Some(place.finding(format!("`{}` is no operator", place.found)).help(help));
    let help = match found {
        "between" => "write `x in 1..5`: both ends are inside",
        "like" | "ilike" | "rlike" | "similar" => {
            "write `contains(name, \"part\")`, `starts_with(name, \"begin\")` or `regexp_like(name, r\"^a.*z$\")`"
        }
        "then" | "else" | "end" | "when" => "write `if(condition, value, otherwise)`",
        "isnull" | "notnull" => "write `x is null` or `x is not null`",
        "mod" => "write `%`",
        "div" => "write `div(a, b)`",
        "having" => {
            return said(format!("write `| {} …` behind `| {} …`", words.keep, words.aggregate));
        }
        "limit" | "top" => {
            return said(format!(
                "a stream has no end at which it could be cut; rows are kept by `| {} …`",
                words.keep
            ));
        }
        _ => return None,
    };
    said(help.to_owned())
}

/// `select k GROUP BY k`, from the first word on.
fn group_by(place: &Place<'_>, verb: &str) -> Option<Diagnostic> {
    let behind = place.rest()[place.found.len()..].trim_start();
    let (by, keys) = (behind.get(..2)?, behind.get(2..)?.trim_start());
    if !by.eq_ignore_ascii_case("by") {
        return None;
    }
    let word = |it: char| it.is_alphanumeric() || it == '_';
    let key = keys.split(|it| !word(it)).next().filter(|it| !it.is_empty()).unwrap_or("KEY");
    let end = place.piece.end - behind.len() + 2;
    let diagnostic =
        place.finding_at(Span::new(place.at, end), format!("`{verb} by` is no operator"));
    Some(match verb {
        "group" | "partition" => diagnostic.help(format!(
            "end the step before it and write `| {}, by: {key}`, and `| {} …` behind it",
            place.words.group, place.words.aggregate
        )),
        _ => diagnostic.help(
            "a stream has no end at which it could be sorted; rows come in the order of arrival",
        ),
    })
}

/// `window tumbling(1m) by device_id`
fn option_without_colon(place: &Place<'_>) -> Option<Diagnostic> {
    if !place.behind_expression() {
        return None;
    }
    let (word, span) = match (place.found, place.word_before()) {
        ("by", _) => ("by", place.span()),
        (_, Some(("by", span))) => ("by", span),
        _ => return None,
    };
    let before = place.text[place.piece.start..span.start].trim_end();
    let comma = if before.ends_with(',') { "" } else { ", " };
    let start = if comma.is_empty() { span.start } else { place.piece.start + before.len() };
    let whole = Span::new(start, span.end);
    Some(
        place
            .finding_at(span, "options are written with a `:`")
            .help(format!("write `{comma}{word}: …`"))
            .fix(whole, format!("{comma}{word}:")),
    )
}

/// `stream a = b where x`, or a step at the beginning of a line.
fn missing_bar(place: &Place<'_>) -> Option<Diagnostic> {
    let is_word = place.found.starts_with(|it: char| it.is_alphabetic());
    let between_steps =
        place.expects(Rule::step) && (!place.behind_expression() || place.begins_line());
    (is_word && between_steps && !RESERVED.contains(&place.found)).then(|| {
        let word = place.found;
        let start = Span::new(place.at, place.at);
        place
            .finding(format!("a `|` is missing before `{word}`"))
            .help(format!("every step begins with it: `| {word} …`"))
            .fix(start, "| ")
    })
}

/// An item directly behind another one.
fn missing_comma(place: &Place<'_>) -> Option<Diagnostic> {
    let begins_item = place.found.starts_with(|it: char| {
        it.is_alphanumeric() || matches!(it, '_' | '"' | '`' | '[' | '{' | '@')
    });
    if !begins_item || !place.behind_expression() {
        return None;
    }
    let end = place.piece.start + place.before().len();
    let found = match place.found {
        "\"" => "the text".to_owned(),
        other => format!("`{other}`"),
    };
    Some(
        place
            .finding(format!("a comma is missing before {found}"))
            .help("items stand behind each other with commas between")
            .fix(Span::new(end, end), ","),
    )
}
