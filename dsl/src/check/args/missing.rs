//! What is missing, and how a word is written.

use super::Subject;
use super::given::Matched;
use crate::check::suggest::listed;
use crate::diagnostic::{Code, Diagnostic};
use crate::signature::{Kind, Param, Place, Presence, Takes};

/// Reports all parameters that have to be there and are not, at once.
pub(super) fn report(subject: &Subject<'_>, matched: &Matched<'_>, report: &mut Vec<Diagnostic>) {
    let missing: Vec<&Param> = subject
        .params
        .iter()
        .zip(&matched.given)
        .filter(|(param, given)| {
            let known = matched.refused.contains(&param.name);
            given.is_none() && param.presence == Presence::Required && !known
        })
        .map(|(param, _)| param)
        .collect();
    let Some(first) = missing.first() else {
        return;
    };
    let names = listed(missing.iter().map(|it| it.name));
    let message = format!("`{}` needs {names}", subject.name);
    let help = if missing.len() == 1 {
        format!("write {}: {}", written(subject, first), sentence(first.doc))
    } else {
        let parts: Vec<String> = missing.iter().map(|it| written(subject, it)).collect();
        format!("write {}", parts.join(" and "))
    };
    report.push(Diagnostic::new(Code::MissingArgument, matched.word, message).help(help));
}

/// The documentation of a parameter within a sentence.
fn sentence(doc: &str) -> String {
    let doc = doc.trim_end_matches('.');
    let mut letters = doc.chars();
    match (letters.next(), letters.next()) {
        // An abbreviation stays as it is.
        (Some(first), Some(second)) if !second.is_uppercase() => {
            let rest = &doc[first.len_utf8()..];
            format!("{}{rest}", first.to_lowercase())
        }
        _ => doc.to_owned(),
    }
}

/// How an argument is written: `` `url: "…"` `` or the whole call.
fn written(subject: &Subject<'_>, param: &Param) -> String {
    match param.place {
        Place::Option => format!("`{}: {}`", param.name, sample(&param.takes)),
        _ => usage(subject),
    }
}

/// How a word is written, in backticks: `` `sigma(value)` ``, `` `where condition` ``.
pub(super) fn usage(subject: &Subject<'_>) -> String {
    let positional = subject.params.iter().filter(|it| it.place != Place::Option);
    let positional: Vec<String> = positional
        .map(|it| match it.place {
            Place::Repeated => format!("{}, …", it.name),
            _ => it.name.to_owned(),
        })
        .collect();
    let items = positional.join(", ");
    match subject.kind {
        Some(Kind::Step) => format!("`{} {items}`", subject.name),
        Some(_) => format!("`{}({items})`", subject.name),
        None => format!("`{}: {{ … }}`", subject.name),
    }
}

/// What a value of this kind looks like.
pub(super) fn sample(takes: &Takes) -> String {
    use crate::signature::Constant;
    match takes {
        Takes::Constant(constant) => match constant {
            Constant::Bool => "true",
            Constant::Int => "1",
            Constant::Float => "1.0",
            Constant::String => "\"…\"",
            Constant::Duration => "10s",
            Constant::Size => "64MiB",
            Constant::Rate => "5 / 1h",
            Constant::Timestamp => "@2026-01-31T06:00:00Z",
            Constant::DurationRange => "1s..64s",
            Constant::Any => "…",
        }
        .to_owned(),
        Takes::Column | Takes::Columns | Takes::ColumnOr(_) => "COLUMN".to_owned(),
        Takes::Choice(choices) => choices.first().map_or("…", |it| *it).to_owned(),
        Takes::Word(kind) => kind.noun().to_uppercase(),
        Takes::Schema => "SCHEMA".to_owned(),
        Takes::Stream => "STREAM".to_owned(),
        Takes::Pattern | Takes::RowPattern => "\"…\"".to_owned(),
        Takes::Record(_) => "{ … }".to_owned(),
        Takes::ListOf(inner) => sample(inner),
        _ => "…".to_owned(),
    }
}
