//! Parsing a file whose statements are not all right: by pieces.

use super::mistakes::{self, Failure};
use super::tree::Builder;
use super::{Grammar, Rule};
use crate::ast::Statement;
use crate::span::Span;
use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};
use pest::iterators::{Pair, Pairs};

/// The whole text at once.
pub(super) fn whole(text: &str) -> Result<Pairs<'_, Rule>, ()> {
    Grammar::parse(Rule::file, text).map_err(|_| ())
}

/// A text that has to be one `rule`.
pub(super) fn one(rule: Rule, text: &str) -> Result<Pair<'_, Rule>, Failure> {
    let mut pairs = Grammar::parse(rule, text).map_err(|error| failure(&error))?;
    Ok(pairs.next().expect("a rule that matched yields one pair"))
}

fn failure(error: &pest::error::Error<Rule>) -> Failure {
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    let expected = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives.clone(),
        ErrorVariant::CustomError { .. } => Vec::new(),
    };
    Failure { at, expected }
}

/// Statement by statement: those that parse, and a diagnostic for each that does not.
pub(super) fn pieces(text: &str, builder: &mut Builder<'_>) -> Vec<Statement> {
    let mut statements = Vec::new();
    for piece in cut(Rule::pieces, Rule::piece, text) {
        let part = &text[piece.start..piece.end];
        if blank(part) {
            continue;
        }
        match one(Rule::one, part) {
            Ok(pair) => statements.extend(builder.at(piece.start).statements(pair.into_inner())),
            Err(failure) => builder.found.extend(broken(text, piece, &failure)),
        }
    }
    statements
}

/// What is wrong with a statement: one finding a broken step, or one for the whole of it.
fn broken(text: &str, piece: Span, failure: &Failure) -> Vec<crate::diagnostic::Diagnostic> {
    let part = &text[piece.start..piece.end];
    let parts = cut(Rule::parts, Rule::part, part);
    let mut found = Vec::new();
    if parts.len() > 1 {
        for (i, step) in parts.iter().enumerate() {
            let rule = if i == 0 { Rule::one_head } else { Rule::one_step };
            let step = step.shifted(piece.start);
            let step_text = &text[step.start..step.end];
            // The head may have steps of its own in the same line, and then only the whole of it can be tried.
            let tried = one(rule, step_text).or_else(|failure| {
                if i == 0 { one(Rule::one, step_text).map_err(|_| failure) } else { Err(failure) }
            });
            if let Err(failure) = tried {
                found.push(mistakes::explain(text, step, &failure));
            }
        }
    }
    if found.is_empty() {
        found.push(mistakes::explain(text, piece, failure));
    }
    found
}

/// The pieces of a text, by a recovery rule that matches every text.
fn cut(rule: Rule, inner_rule: Rule, text: &str) -> Vec<Span> {
    let Ok(mut pairs) = Grammar::parse(rule, text) else {
        return vec![Span::new(0, text.len())];
    };
    let inner = pairs.next().map(Pair::into_inner).into_iter().flatten();
    inner
        .filter(|it| it.as_rule() == inner_rule)
        .map(|it| Span::new(it.as_span().start(), it.as_span().end()))
        .collect()
}

/// Nothing but blanks and comments.
fn blank(text: &str) -> bool {
    text.lines().all(|line| {
        let line = line.trim();
        line.is_empty() || line.starts_with('#')
    })
}
