//! Lines that are no statement, field or action: what other languages begin a line with.

use super::{Part, Place};
use crate::check::suggest::nearest;
use crate::diagnostic::Diagnostic;
use crate::parse::Rule;
use crate::span::Span;

const STATEMENTS: [&str; 6] = ["source", "stream", "sink", "param", "schema", "test"];
const ACTIONS: [&str; 7] = ["feed", "expect", "at", "advance", "set", "end", "restart"];

/// What is meant by a line that does not begin as it should.
pub(super) fn explain(place: &Place<'_>) -> Option<Diagnostic> {
    match place.part {
        Part::Line => line(place),
        Part::Statement => statement(place),
        Part::Field => field(place),
        Part::Action => action(place),
        Part::Head | Part::Step | Part::Expression => None,
    }
}

/// The first word of the piece, and what stands behind it.
fn first<'a>(place: &Place<'a>) -> (&'a str, Span, &'a str) {
    let piece = &place.text[place.piece.start..place.piece.end];
    let mut start = place.piece.start;
    for line in piece.split_inclusive('\n') {
        let code = line.trim_start_matches(|it: char| it.is_whitespace() || it == '\u{FEFF}');
        if !code.is_empty() && !code.starts_with('#') {
            start += line.len() - code.len();
            break;
        }
        start += line.len();
    }
    let span = super::token(place.text, start.min(place.piece.end));
    (&place.text[span.start..span.end], span, place.text[span.end..place.piece.end].trim_start())
}

fn line(place: &Place<'_>) -> Option<Diagnostic> {
    let (word, span, rest) = first(place);
    let lower = word.to_lowercase();
    let known = STATEMENTS.into_iter().find(|it| *it == lower);
    if let Some(known) = known.filter(|it| *it != word) {
        return Some(
            place
                .finding_at(span, format!("`{word}` is written in small letters"))
                .help(format!("write `{known}`"))
                .fix(span, known),
        );
    }
    let diagnostic = |message: String| place.finding_at(span, message);
    let no_statement = || diagnostic(format!("`{word}` begins no statement"));
    Some(match lower.as_str() {
        "" => return None,
        "use" | "test" => return statement(place),
        _ if STATEMENTS.iter().any(|it| rest.starts_with(&format!("{it} "))) => {
            no_statement().help("take it away: every statement of a file is seen by all others").fix(span, "")
        }
        "|" => diagnostic("this step belongs to no stream".to_owned())
            .help("write where its rows come from before it: `stream NAME = SOURCE`"),
        "select" | "with" | "create" | "insert" => select(place, span, word),
        "from" => {
            let stream = rest.split(|it: char| !it.is_alphanumeric() && it != '_').next();
            let stream = stream.filter(|it| !it.is_empty()).unwrap_or("SOURCE");
            no_statement().help(format!("write `stream NAME = {stream}`, and the steps behind it"))
        }
        "let" | "var" | "const" | "val" | "def" | "define" | "set" => no_statement().help(format!(
            "a value with a name is a param, `param limit: float = 85.0`; a column is made by `| {} …`",
            place.words.add
        )),
        "import" | "include" | "require" | "load" => no_statement()
            .help("this version runs one file: copy the statements of the other one into it"),
        "type" | "struct" | "record" | "class" | "message" | "table" if rest.contains('{') => {
            no_statement().help("columns are declared by `schema NAME { column: type }`")
        }
        "input" | "consume" | "read" => no_statement().help("rows come in by `source NAME = …`"),
        "output" | "emit" | "write" | "into" => {
            no_statement().help("rows go out by `sink NAME = STREAM | into …`")
        }
        "view" | "query" | "rule" | "pipeline" | "flow" | "job" => {
            no_statement().help("write `stream NAME = SOURCE | …`")
        }
        _ => return other_line(place, word, span, rest),
    })
}

/// A slip of the finger, a step without its bar, or anything else.
fn other_line(place: &Place<'_>, word: &str, span: Span, rest: &str) -> Option<Diagnostic> {
    if !word.starts_with(|it: char| it.is_alphabetic() || it == '_') {
        return None;
    }
    let message = format!("`{word}` begins no statement");
    let diagnostic = place.finding_at(span, message);
    if let Some(near) = nearest(word, STATEMENTS) {
        return Some(diagnostic.help(format!("did you mean `{near}`?")).fix(span, near));
    }
    if rest.starts_with('=') && !rest.starts_with("==") {
        return Some(diagnostic.help(format!("say what it is: `stream {word} = …`")));
    }
    Some(diagnostic.help(format!(
        "statements begin with `source`, `stream`, `sink`, `param`, `schema` or `test`; a step begins with a bar: `| {word} …`"
    )))
}

/// A whole query.
fn select(place: &Place<'_>, span: Span, word: &str) -> Diagnostic {
    let text = &place.text[span.start..place.piece.end];
    let words: Vec<&str> = text.split_whitespace().collect();
    let from = words.iter().position(|it| it.eq_ignore_ascii_case("from"));
    let stream =
        from.and_then(|it| words.get(it + 1)).map(|it| it.trim_matches([';', ',', ')', '(']));
    let message =
        format!("`{word}` begins no statement: a file reads in the order in which rows flow");
    let condition = words.iter().any(|it| it.eq_ignore_ascii_case("where"));
    let super::Words { keep, choose, .. } = place.words;
    let first = if condition { format!("| {keep} … ") } else { String::new() };
    let steps = format!("{first}| {choose} …");
    let stream = stream.filter(|it| !it.is_empty()).unwrap_or("SOURCE");
    place.finding_at(span, message).help(format!("write `stream NAME = {stream} {steps}`"))
}

/// Signs that the grammar wants and that name no rule.
fn statement(place: &Place<'_>) -> Option<Diagnostic> {
    let (word, span, rest) = first(place);
    let name: String = rest.chars().take_while(|it| it.is_alphanumeric() || *it == '_').collect();
    let start = place.piece.end - rest.len();
    let behind_text = rest[name.len()..].trim_start();
    let behind = super::token(place.text, place.piece.end - behind_text.len());
    let found = &place.text[behind.start..behind.end];
    match word {
        "source" | "stream" | "sink" | "param" | "schema" if name.is_empty() => Some(
            place
                .finding_at(behind, format!("the name of the {word} is missing"))
                .help(format!("write `{word} NAME …`: letters, digits and `_`, a letter first")),
        ),
        "param" if !name.is_empty() && !behind_text.starts_with(':') => {
            let value = behind_text.strip_prefix('=').map(str::trim);
            let ty = value.map_or("float", type_of);
            let value = value.and_then(|it| it.lines().next()).filter(|it| it.len() < 40);
            let end = Span::new(start + name.len(), start + name.len());
            Some(
                place
                    .finding_at(
                        Span::new(start, end.end),
                        format!("the type of `{name}` is missing"),
                    )
                    .help(format!("write `param {name}: {ty} = {}`", value.unwrap_or("…").trim()))
                    .fix(end, format!(": {ty}")),
            )
        }
        "schema" if !name.is_empty() && !behind_text.starts_with('{') => {
            let diagnostic = place.finding_at(behind, format!("expected `{{`, found `{found}`"));
            let help = format!("write `schema {name} {{ column: type }}`");
            Some(match found {
                "=" | ":" => diagnostic.help(help).fix(behind, ""),
                _ => diagnostic.help(help),
            })
        }
        "test" if !rest.starts_with('"') => Some(
            place
                .finding_at(Span::new(span.end, span.end), "what is tested is said in quotes")
                .help("write `test \"a hot reading raises an alert\" { … }`"),
        ),
        "use" if !rest.starts_with('"') => Some(
            place
                .finding_at(span, "`use` takes a path in quotes")
                .help("write `use \"common.pipe\"`"),
        ),
        _ => None,
    }
}

/// The type of a literal, told from its first letters.
fn type_of(value: &str) -> &'static str {
    let number: &str = value.strip_prefix('-').unwrap_or(value);
    let digits = number.trim_start_matches(|it: char| it.is_ascii_digit() || it == '_');
    match value.chars().next() {
        Some('"') => "string",
        Some('@') => "timestamp",
        _ if value.starts_with("true") || value.starts_with("false") => "bool",
        _ if digits.len() == number.len() => "string",
        _ if digits.starts_with('.') => "float",
        _ if digits.starts_with(|it: char| it.is_alphabetic()) => "duration",
        _ => "int",
    }
}

/// A field without a name, a type, or with one of each too many.
fn incomplete(place: &Place<'_>) -> Option<Diagnostic> {
    let (word, span, rest) = first(place);
    let reserved = ["and", "or", "not", "in", "is", "as", "null", "true", "false"];
    if reserved.contains(&word) && rest.starts_with(':') {
        return Some(
            place
                .finding_at(span, format!("`{word}` is reserved and names nothing"))
                .help(format!("a column of that name stands in backticks: `` `{word}`: type ``"))
                .fix(span, format!("`{word}`")),
        );
    }
    match word {
        "," => {
            Some(place.finding_at(span, "one comma is enough").help("take one away").fix(span, ""))
        }
        ":" => Some(
            place.finding_at(span, "the name of the field is missing").help("write `NAME: type`"),
        ),
        _ if place.found.is_empty() && rest.trim_end() == ":" => {
            let message = format!("the type of `{word}` is missing");
            Some(place.finding_at(span, message).help(format!("write `{word}: float`")))
        }
        _ if place.found.is_empty()
            && place.before().matches('<').count() > place.before().matches('>').count() =>
        {
            Some(place.finding("a `<` is not closed").help("write `>` where the type inside ends"))
        }
        _ => None,
    }
}

fn field(place: &Place<'_>) -> Option<Diagnostic> {
    if let Some(found) = incomplete(place) {
        return Some(found);
    }
    let (word, span, rest) = first(place);
    let is_word = word.starts_with(|it: char| it.is_alphabetic() || it == '_');
    if is_word && !rest.starts_with(':') && place.at <= span.end {
        let end = Span::new(span.end, span.end);
        if rest.starts_with('=') {
            let at = place.piece.end - rest.len();
            let sign = Span::new(span.end, at + 1);
            return Some(
                place
                    .finding_at(sign, "a `:` stands between the name and the type")
                    .help(format!("write `{word}: type`"))
                    .fix(sign, ":"),
            );
        }
        return Some(
            place
                .finding_at(span, format!("the type of `{word}` is missing, or the `:` before it"))
                .help(format!("write `{word}: float`"))
                .fix(end, ":"),
        );
    }
    let found = place.found.to_lowercase();
    let line = place.rest_of_line();
    let length = line.find([',', '#']).unwrap_or(line.len());
    let to_end = Span::new(place.at, place.at + line[..length].trim_end().len());
    match found.as_str() {
        "not" if line.to_lowercase().starts_with("not null") => Some(
            place
                .finding_at(to_end, "a type without `?` is never null")
                .help("take `not null` away")
                .fix(to_end, ""),
        ),
        "null" | "nullable" | "optional" => {
            let end = place.piece.start + place.before().len();
            let whole = Span::new(end, to_end.end);
            Some(
                place
                    .finding_at(to_end, "a type that may be null ends in `?`")
                    .help("write the `?` directly behind the type: `float?`")
                    .fix(whole, "?"),
            )
        }
        "default" => Some(
            place
                .finding("a default stands behind a `=`")
                .help("write `NAME: TYPE = value`")
                .fix(place.span(), "="),
        ),
        "primary" | "key" | "unique" | "check" | "references" => {
            Some(place.finding(format!("`{}` means nothing in a schema", place.found)).help(
                "keys are said where they are needed, as `by:`; valid values as `in 0.0..100.0`",
            ))
        }
        _ => None,
    }
}

fn action(place: &Place<'_>) -> Option<Diagnostic> {
    let (word, span, _) = first(place);
    if ACTIONS.contains(&word) {
        let (what, sample) = match word {
            "at" => ("a time", "at 10s"),
            "advance" => ("a duration", "advance 5m"),
            "expect" => (
                "rows or their number",
                "expect STREAM [{ column: value }]` or `expect STREAM count 0",
            ),
            "feed" => (
                "rows or a file",
                "feed SOURCE [{ column: value }]` or `feed SOURCE from \"rows.jsonl\"",
            ),
            _ => return None,
        };
        return place.found.is_empty().then(|| {
            place.finding(format!("`{word}` needs {what}")).help(format!("write `{sample}`"))
        });
    }
    if !place.expects(Rule::one_action) && place.at > span.end {
        return None;
    }
    let diagnostic = place.finding_at(span, format!("`{word}` is no action of a test"));
    let lower = word.to_lowercase();
    let meant = match lower.as_str() {
        "wait" | "sleep" | "tick" => Some("advance"),
        "assert" | "output" | "then" | "check" | "verify" | "want" => Some("expect"),
        "input" | "given" | "send" | "push" | "insert" => Some("feed"),
        "stop" | "finish" | "close" => Some("end"),
        "crash" | "recover" => Some("restart"),
        "param" | "let" => Some("set"),
        _ => nearest(word, ACTIONS),
    };
    Some(match meant {
        Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")).fix(span, meant),
        None => diagnostic.help(
            "a test is made of `feed`, `expect`, `at`, `advance`, `set`, `restart` and `end`",
        ),
    })
}
