//! Parsing a file whose statements are not all right: by pieces.
//!
//! ```text
//!  text ──heads at line starts──► pieces ──words at line starts──► a statement, and lines that are none
//!                                                                      │
//!   streams, sinks at `|`; schemas at fields; tests at actions ◄───────┘
//! ```
//!
//! What parses of a broken statement becomes a statement with gaps, so that the rest of it is checked, too. A gap is a
//! step, type or stream without a name.

use super::cut;
use super::mistakes::{self, Failure, Part};
use super::tree::Builder;
use super::{Grammar, Rule, lexical};
use crate::ast::{Action, Binding, BindingKind, Field, File, From, Schema, Statement, Step};
use crate::ast::{StreamRef, Test, TypeArgs, TypeExpr};
use crate::span::{Name, Span, Spanned};
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

/// Statement by statement: those that parse, what is left of the others, and a diagnostic for each mistake.
pub(super) fn pieces(text: &str, builder: &mut Builder<'_>) -> File {
    let mut recovery = Recovery { text, builder, file: File::default() };
    for piece in cut::at_heads(text) {
        if recovery.statement(piece) {
            continue;
        }
        // Lines that begin with a word and belong to no bracket are no part of the statement before them.
        for (i, part) in cut::at_words(text, piece).into_iter().enumerate() {
            if !recovery.statement(part) {
                recovery.broken(part, i == 0);
            }
        }
    }
    recovery.file
}

struct Recovery<'t, 'b, 'a> {
    text: &'t str,
    builder: &'b mut Builder<'a>,
    file: File,
}

impl<'t> Recovery<'t, '_, '_> {
    fn at(&self, span: Span) -> &'t str {
        &self.text[span.start..span.end]
    }

    /// Takes the piece if it is a statement, or nothing.
    fn statement(&mut self, piece: Span) -> bool {
        let part = self.at(piece);
        if blank(part) {
            return true;
        }
        if !lexical::check_brackets(part).is_empty() {
            return false;
        }
        let Ok(pair) = one(Rule::one, part) else {
            return false;
        };
        let statements = self.builder.at(piece.start).statements(pair.into_inner());
        self.file.statements.extend(statements);
        true
    }

    /// The piece as `rule`, or what is wrong with it, which is reported.
    fn parsed(&mut self, rule: Rule, part: Part, piece: Span) -> Option<Pair<'t, Rule>> {
        match self.tried(rule, piece) {
            Ok(pair) => Some(pair),
            Err(failure) => {
                self.explain(part, piece, failure.as_ref());
                None
            }
        }
    }

    /// The piece as `rule`; no failure where the brackets are at fault.
    fn tried(&self, rule: Rule, piece: Span) -> Result<Pair<'t, Rule>, Option<Failure>> {
        if !lexical::check_brackets(self.at(piece)).is_empty() {
            return Err(None);
        }
        one(rule, self.at(piece)).map_err(Some)
    }

    fn explain(&mut self, part: Part, piece: Span, failure: Option<&Failure>) {
        if let Some(failure) = failure {
            self.builder.found.push(mistakes::explain(
                (self.text, piece),
                part,
                failure,
                self.builder.words,
            ));
        } else {
            let found = lexical::check_brackets(self.at(piece));
            self.builder.found.extend(found.into_iter().map(|it| it.shifted(piece.start)));
        }
    }

    /// A piece that is no statement as it stands: `first` if a head stands at its beginning.
    fn broken(&mut self, piece: Span, first: bool) {
        let head = cut::head(self.text, piece);
        match head {
            Some(head) if head.is("schema") => self.schema(piece, &head),
            Some(head) if head.is("test") => self.test(piece, &head),
            Some(head) if head.binding().is_some() => self.binding(piece, &head),
            other => {
                let part = if first && other.is_some() { Part::Statement } else { Part::Line };
                let failure = self.tried(Rule::one, piece).err().flatten();
                self.explain(part, piece, failure.as_ref());
                let name = other.and_then(|it| it.name).or_else(|| cut::defined(self.text, piece));
                self.file.broken.extend(name);
            }
        }
    }

    /// A source, stream or sink: its head, then step by step.
    fn binding(&mut self, piece: Span, head: &cut::Head) {
        let (Some(kind), Some(name)) = (head.binding(), head.name.clone()) else {
            let failure = self.tried(Rule::one, piece).err().flatten();
            return self.explain(Part::Statement, piece, failure.as_ref());
        };
        let mut parts = cut::at_bars(self.text, piece);
        if let Some(first) = parts.first().copied()
            && self.tried(Rule::one, first).is_err()
        {
            // The steps in the line of the head are parts of their own.
            parts.splice(..1, cut::at_inner_bars(self.text, first));
        }
        let mut parts = parts.into_iter();
        let first = parts.next().unwrap_or(piece);
        let mut binding = match self.tried(Rule::one, first) {
            Ok(pair) => self.bindings(pair, first).pop(),
            Err(failure) => {
                self.explain(Part::Head, first, failure.as_ref());
                None
            }
        }
        .unwrap_or_else(|| gap(kind, name, piece));
        for part in parts {
            let steps = self.steps(part);
            binding.steps.extend(steps);
        }
        binding.span = Span::new(binding.span.start, piece.start + self.at(piece).trim_end().len());
        self.file.statements.push(Statement::Binding(binding));
    }

    fn bindings(&mut self, pair: Pair<'_, Rule>, piece: Span) -> Vec<Binding> {
        let statements = self.builder.at(piece.start).statements(pair.into_inner());
        statements
            .into_iter()
            .filter_map(|it| if let Statement::Binding(it) = it { Some(it) } else { None })
            .collect()
    }

    /// The steps of a part that begins with a bar; a broken one leaves a gap.
    fn steps(&mut self, part: Span) -> Vec<Step> {
        match self.tried(Rule::one_step, part) {
            Ok(pair) => self.builder.at(part.start).steps(pair),
            Err(failure) => {
                let inner = cut::at_inner_bars(self.text, part);
                if inner.len() < 2 || failure.is_none() {
                    self.explain(Part::Step, part, failure.as_ref());
                    return vec![no_step(self.text, part)];
                }
                let mut steps = Vec::new();
                for piece in inner {
                    match self.parsed(Rule::one_step, Part::Step, piece) {
                        Some(pair) => steps.extend(self.builder.at(piece.start).steps(pair)),
                        None => steps.push(no_step(self.text, piece)),
                    }
                }
                steps
            }
        }
    }

    /// A schema: field by field.
    fn schema(&mut self, piece: Span, head: &cut::Head) {
        let (Some(name), Some(lines)) = (head.name.clone(), cut::lines_in_braces(self.text, piece))
        else {
            let failure = self.tried(Rule::one, piece).err().flatten();
            self.file.broken.extend(head.name.clone());
            return self.explain(Part::Statement, piece, failure.as_ref());
        };
        let mut fields: Vec<Field> = Vec::new();
        let before = self.builder.found.len();
        for line in lines {
            match self.parsed(Rule::one_field, Part::Field, line) {
                Some(pair) => fields.extend(self.builder.at(line.start).fields(pair)),
                None => fields.extend(cut::word(self.text, line).map(|it| no_field(it, line))),
            }
        }
        if self.builder.found.len() == before {
            // Every line is right: what is wrong stands around them.
            let failure = self.tried(Rule::one, piece).err().flatten();
            self.explain(Part::Statement, piece, failure.as_ref());
        }
        self.file.statements.push(Statement::Schema(Schema { name, fields, span: piece }));
    }

    /// A test: action by action.
    fn test(&mut self, piece: Span, head: &cut::Head) {
        let lines = cut::actions_in_braces(self.text, piece);
        let (Some(name), Some(lines)) = (head.text.clone(), lines) else {
            let failure = self.tried(Rule::one, piece).err().flatten();
            return self.explain(Part::Statement, piece, failure.as_ref());
        };
        let mut actions: Vec<Action> = Vec::new();
        let before = self.builder.found.len();
        for line in lines {
            if let Some(pair) = self.parsed(Rule::one_action, Part::Action, line) {
                actions.extend(self.builder.at(line.start).actions(pair));
            }
        }
        if self.builder.found.len() == before {
            let failure = self.tried(Rule::one, piece).err().flatten();
            self.explain(Part::Statement, piece, failure.as_ref());
        }
        let test = Test { name, actions, broken: true, span: piece };
        self.file.statements.push(Statement::Test(test));
    }
}

/// A binding whose head does not parse.
fn gap(kind: BindingKind, name: Name, piece: Span) -> Binding {
    let place = Span::new(piece.start, piece.start);
    let nothing = StreamRef { name: Spanned::new(String::new(), place), side: None, span: place };
    Binding {
        attributes: Vec::new(),
        kind: Spanned::new(kind, place),
        name,
        from: From::Stream(nothing),
        // What is missing may have been a step.
        steps: vec![no_step("", place)],
        span: piece,
    }
}

fn no_step(text: &str, span: Span) -> Step {
    let verb = cut::word_behind_bar(text, span);
    let verb =
        verb.unwrap_or_else(|| Spanned::new(String::new(), Span::new(span.start, span.start)));
    Step { verb, items: Vec::new(), broken: true, span }
}

fn no_field(name: Name, span: Span) -> Field {
    let unknown = TypeExpr {
        name: Spanned::new(String::new(), name.span),
        args: TypeArgs::None,
        nullable: true,
        span: name.span,
    };
    Field { name, ty: unknown, bounds: None, wire: None, default: None, span }
}

/// Nothing but blanks and comments.
fn blank(text: &str) -> bool {
    text.lines().all(|line| {
        let line = line.trim().trim_start_matches('\u{FEFF}');
        line.is_empty() || line.starts_with('#')
    })
}
