//! Arguments: items as they are written become the arguments that a signature asks for.
//!
//! ```text
//!  items ──matching──► what stands for which parameter ──values──► Args, in the order of the signature
//!            │ unknown, twice, missing, in the wrong place            │ one kind of value a `Takes`
//! ```
//!
//! Every word is bound here: steps, calls in expressions, connectors, formats, windows, detectors, and records of options.

mod columns;
mod given;
mod matching;
mod missing;
mod value;
mod word;

use super::expr::Scope;
use super::names::Names;
use crate::ast;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{Args, Flow, Schema};
use crate::signature::{Param, Presence, Signature, Takes};
use crate::span::{Span, Spanned};
use crate::{parse, signature};

pub(super) use given::Matched;
pub(super) use matching::matched;
pub(super) use value::input;
pub(super) use word::named_word;

/// What arguments can name besides columns: the statements of the file.
#[derive(Clone, Copy)]
pub(super) struct File<'a> {
    /// What each name stands for.
    pub(super) names: &'a Names<'a>,
    /// The schemas.
    pub(super) schemas: &'a [Schema],
}

/// Where arguments stand.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// What expressions see.
    pub(super) scope: &'a Scope<'a>,
    /// The statements of the file; none where no argument can name one.
    pub(super) file: Option<File<'a>>,
    /// What flows into the step; none where no row is there.
    pub(super) input: Option<&'a Flow>,
}

/// Binds the items of a call or step to the parameters of its signature, in the order of the signature, defaults filled
/// in. A parameter whose argument is missing or wrong is absent; that was reported.
pub(super) fn bind(
    signature: &Signature,
    word: Span,
    items: &[ast::Item],
    scope: &Scope<'_>,
    report: &mut Vec<Diagnostic>,
) -> Args {
    bind_in(signature, word, items, Place { scope, file: None, input: None }, report)
}

/// The same where more can be named than columns.
pub(super) fn bind_in(
    signature: &Signature,
    word: Span,
    items: &[ast::Item],
    place: Place<'_>,
    report: &mut Vec<Diagnostic>,
) -> Args {
    let subject = Subject::of(signature);
    let matched = matched(&subject, word, items, report);
    bind_matched(&subject, &matched, |_| true, place, report)
}

/// What is bound: a word with its parameters, or a record of options.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    /// As it is typed.
    pub(super) name: &'a str,
    /// Which kind of word; none for a record.
    pub(super) kind: Option<signature::Kind>,
    /// What it takes.
    pub(super) params: &'a [Param],
}

impl<'a> Subject<'a> {
    /// A word.
    pub(super) fn of(signature: &'a Signature) -> Self {
        Self { name: signature.name, kind: Some(signature.kind), params: &signature.params }
    }
}

/// The arguments of those parameters that `wanted` picks. A source is bound in two turns: its columns are known only when
/// its options are.
pub(super) fn bind_matched(
    subject: &Subject<'_>,
    matched: &Matched<'_>,
    wanted: impl Fn(&Takes) -> bool,
    place: Place<'_>,
    report: &mut Vec<Diagnostic>,
) -> Args {
    let mut args = Args::default();
    for (param, given) in subject.params.iter().zip(&matched.given) {
        if !wanted(&param.takes) {
            continue;
        }
        let arg = match given {
            Some(given) => value::argument(param, given, place, report),
            None if matched.refused.contains(&param.name) => None,
            None => default(param, matched.word, place),
        };
        if let Some(arg) = arg {
            args.given.push((param.name.to_owned(), arg));
        }
    }
    args
}

/// Two parts of the arguments in the order of the signature.
pub(super) fn joined(subject: &Subject<'_>, mut first: Args, second: Args) -> Args {
    first.given.extend(second.given);
    let place = |name: &str| subject.params.iter().position(|it| it.name == name);
    first.given.sort_by_key(|(name, _)| place(name));
    first
}

/// Whether everything that has to be there is there.
pub(super) fn complete(signature: &Signature, args: &Args) -> bool {
    let required = signature.params.iter().filter(|it| it.presence == Presence::Required);
    required.into_iter().all(|it| args.get(it.name).is_some())
}

/// What stands for a parameter that is left out.
fn default(param: &Param, word: Span, place: Place<'_>) -> Option<Spanned<crate::plan::Arg>> {
    let Presence::Default(text) = param.presence else {
        return None;
    };
    let mut written = parse::expression(text).ok()?;
    given::respan(&mut written, word);
    // A default that does not fit its own parameter is a mistake of the vocabulary, which its tests find.
    let mut silent = Vec::new();
    let given = given::Given::One(&written);
    value::argument(param, &given, place, &mut silent).filter(|_| silent.is_empty())
}

/// Whether columns may be missing because of what was `found` about the arguments: one that decides about columns is
/// not there, or items of one were not understood. An expression with a mistake still makes its column, and an option
/// that is only a figure hides nothing.
pub(super) fn hides_columns(
    subject: &Subject<'_>,
    matched: &Matched<'_>,
    args: &Args,
    found: &[Diagnostic],
) -> bool {
    let lost = |(param, given): (&Param, &Option<_>)| {
        let meant = given.is_some()
            || matched.refused.contains(&param.name)
            || param.presence == Presence::Required
            || matched.strays && param.presence == Presence::Optional;
        shapes(&param.takes) && args.get(param.name).is_none() && meant
    };
    subject.params.iter().zip(&matched.given).any(lost)
        || found.iter().any(|it| COLUMNS_LOST.contains(&it.code))
}

/// Whether the finding is about arguments of a word.
pub(super) fn is_about_arguments(diagnostic: &Diagnostic) -> bool {
    (Code::MissingArgument..=Code::OptionsClash).contains(&diagnostic.code)
}

/// Mistakes in items, each of which is a column or several.
const COLUMNS_LOST: [Code; 8] = [
    Code::UnknownDetector,
    Code::GivenTwice,
    Code::PositionalAfterOption,
    Code::ColumnNeeded,
    Code::WordNeeded,
    Code::UnnamedItem,
    Code::EqualNames,
    Code::DetectorShape,
];

/// Whether an argument decides which columns there are.
fn shapes(takes: &Takes) -> bool {
    match takes {
        Takes::ListOf(inner) => shapes(inner),
        Takes::Column
        | Takes::Columns
        | Takes::Choice(_)
        | Takes::Schema
        | Takes::Stream
        | Takes::Items
        | Takes::Renames
        | Takes::Aggregates
        | Takes::Detectors => true,
        _ => false,
    }
}
