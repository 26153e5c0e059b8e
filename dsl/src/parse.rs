//! Text to syntax tree. Only this file and its folder see pest's `Rule`, and nothing of pest reaches a user.
//!
//! ```text
//!  whole file ──ok──► statements
//!      │ fails
//!      ▼
//!  cut at line starts that look like a statement ──► each by itself
//!                                                      │ a stream or sink fails
//!                                                      ▼
//!                                          cut at line-start `|` ──► head and steps by themselves
//! ```
//!
//! So one mistake costs one statement or one step, and every mistake of a file is found at once.

mod actions;
mod blanks;
mod cut;
mod escape;
mod expr;
mod lexical;
mod literal;
mod mistakes;
mod recover;
mod tree;

pub(crate) use lexical::string_end;
pub use lexical::{Comment, comments};
pub(crate) use literal::unit_of_time;

use crate::ast;
use crate::catalog::Words;
use crate::diagnostic::Diagnostic;
use crate::span::{SourceFile, Span};

/// The generated parser.
mod grammar {
    #[derive(pest_derive::Parser)]
    #[grammar = "grammar.pest"]
    pub(super) struct Grammar;
}

use grammar::{Grammar, Rule};

/// Parses a file: every statement that can be parsed, what is left of the others, and everything that is wrong.
pub fn parse(file: &SourceFile) -> (ast::File, Vec<Diagnostic>) {
    parse_with(file, &Words::default())
}

/// The same with help lines in the words of a vocabulary.
pub(crate) fn parse_with(file: &SourceFile, words: &Words) -> (ast::File, Vec<Diagnostic>) {
    let (text, strange) = blanks::plain(file.text());
    let text = text.as_ref();
    let mut builder = tree::Builder::new(text, words);
    let whole = match lexical::check_brackets(text).as_slice() {
        [] => recover::whole(text),
        _ => Err(()),
    };
    let tree = match whole {
        Ok(pairs) => ast::File { statements: builder.statements(pairs), broken: Vec::new() },
        Err(()) => recover::pieces(text, &mut builder),
    };
    let mut found = builder.found;
    found.extend(strange);
    found.sort_by_key(|it| it.span);
    (tree, found)
}

/// Parses one expression: a default in a signature, an example in the reference.
pub fn expression(text: &str) -> Result<ast::Expr, Vec<Diagnostic>> {
    let found = lexical::check_brackets(text);
    if !found.is_empty() {
        return Err(found);
    }
    let words = Words::default();
    let mut builder = tree::Builder::new(text, &words);
    let parsed = recover::one(Rule::one_expr, text).map_err(|failure| {
        let whole = Span::new(0, text.len());
        vec![mistakes::explain((text, whole), mistakes::Part::Expression, &failure, &words)]
    })?;
    let expr = builder.only_expr(parsed);
    if builder.found.is_empty() { Ok(expr) } else { Err(builder.found) }
}
