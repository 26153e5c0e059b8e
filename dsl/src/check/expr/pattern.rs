//! Patterns: texts whose braces name columns (a sink's topic or path) or captures (a source's topic).

use super::template::has_text;
use super::words::noun;
use super::{Checker, Scope};
use crate::ast;
use crate::check::flows::is_open;
use crate::check::suggest::nearest;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{Expr, TemplatePart};
use crate::span::{Span, Spanned};
use crate::types::Type;
use crate::value::Value;

/// Text in which `{column}` is filled in from the row: `"devices/{device_id}/alerts"`. A template does the same with any
/// expression; a text from elsewhere (a param) stands as it is, its braces mean nothing.
pub(in crate::check) fn pattern(
    text: &ast::Expr,
    scope: &Scope<'_>,
    report: &mut Vec<Diagnostic>,
) -> Vec<TemplatePart> {
    let mut checker = Checker { scope, report };
    match &text.kind {
        ast::ExprKind::Template(parts) => checker.template_parts(parts),
        ast::ExprKind::Literal(ast::Literal { value: Value::String(pattern), .. }) => {
            checker.row_pattern(pattern, text.span)
        }
        _ => {
            let value = checker.exactly(text, &Type::String, "a pattern");
            vec![TemplatePart::Hole { value, decimals: None }]
        }
    }
}

/// A piece of a pattern.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(String),
    /// What stands between braces, and where it begins in the pattern.
    Braces(&'a str, usize),
}

/// Cuts a pattern at its braces; doubled ones are text. `Err` says what is wrong with them.
pub(super) fn pieces(pattern: &str) -> Result<Vec<Piece<'_>>, &'static str> {
    let mut found = Vec::new();
    let mut text = String::new();
    let mut at = 0;
    while let Some(next) = pattern[at..].find(['{', '}']).map(|it| at + it) {
        text.push_str(&pattern[at..next]);
        let rest = &pattern[next..];
        if rest.starts_with("{{") || rest.starts_with("}}") {
            text.push_str(&rest[..1]);
            at = next + 2;
            continue;
        }
        if rest.starts_with('}') {
            return Err("a brace closes nothing");
        }
        let end = rest.find('}').ok_or("a brace is not closed")?;
        if rest[1..end].contains('{') {
            return Err("a brace is not closed");
        }
        if !text.is_empty() {
            found.push(Piece::Text(std::mem::take(&mut text)));
        }
        found.push(Piece::Braces(&rest[1..end], next + 1));
        at = next + end + 1;
    }
    text.push_str(&pattern[at..]);
    if !text.is_empty() {
        found.push(Piece::Text(text));
    }
    Ok(found)
}

impl Checker<'_, '_> {
    fn row_pattern(&mut self, pattern: &str, span: Span) -> Vec<TemplatePart> {
        let pieces = match pieces(pattern) {
            Ok(pieces) => pieces,
            Err(what) => {
                self.report.push(bad_braces(what, span));
                return Vec::new();
            }
        };
        let part = |piece| match piece {
            Piece::Text(text) => TemplatePart::Text(text),
            Piece::Braces(name, at) => {
                let place = place(pattern, span, name, at);
                TemplatePart::Hole { value: self.named(name, place), decimals: None }
            }
        };
        pieces.into_iter().map(part).collect()
    }

    /// A column, a field of one, or a param, named between braces.
    fn named(&mut self, name: &str, span: Span) -> Expr {
        let path: Vec<&str> = name.trim().split('.').collect();
        if !path.iter().all(|it| is_name(it)) {
            let message = format!("`{{{name}}}` names no column");
            let help = "braces hold the name of a column, as in `\"devices/{device_id}\"`; \
                        expressions stand in templates: `f\"{lower(site)}\"`";
            return self.fail(Diagnostic::new(Code::BadPattern, span, message).help(help));
        }
        let base = path[0];
        let known = base == "meta"
            || is_open(self.scope.columns)
            || self.scope.columns.iter().any(|it| it.name == base)
            || self.scope.params.iter().any(|it| it.name == base);
        if !known {
            let message = format!("there is no column `{base}` to fill in");
            let diagnostic = Diagnostic::new(Code::BadPattern, span, message);
            let near = nearest(base, self.scope.columns.iter().map(|it| it.name.as_str()));
            return self.fail(match near {
                Some(near) => diagnostic.help(format!("did you mean `{{{near}}}`?")),
                None => diagnostic.help("a brace that is text is doubled: `{{`"),
            });
        }
        let value = self.expr(&path_expr(&path, span));
        let ty = &value.typed.ty;
        if ty.is_unknown() || has_text(ty) {
            return value;
        }
        let message = format!("{} has no text to fill in", noun(ty));
        self.fail(
            Diagnostic::new(Code::BadPattern, span, message)
                .help("name one of its fields: `{x.name}`"),
        )
    }

    /// A text whose braces name captures; what they may be the word itself says.
    pub(super) fn capture_pattern(&mut self, pattern: &str, span: Span) {
        let pieces = match pieces(pattern) {
            Ok(pieces) => pieces,
            Err(what) => return self.report.push(bad_braces(what, span)),
        };
        let mut names: Vec<&str> = Vec::new();
        for piece in &pieces {
            let Piece::Braces(inside, at) = piece else { continue };
            let name = inside.split(':').next().unwrap_or(inside).trim();
            let place = place(pattern, span, inside, *at);
            if !is_name(name) {
                let message = format!("`{{{inside}}}` names no column");
                let help = "braces name the column that is captured: `{device_id}`, `{line:int}`";
                self.report.push(Diagnostic::new(Code::BadPattern, place, message).help(help));
            } else if names.contains(&name) {
                let message = format!("`{{{name}}}` is captured twice");
                self.report.push(
                    Diagnostic::new(Code::BadPattern, place, message)
                        .help("give one of them another name"),
                );
            }
            names.push(name);
        }
    }
}

fn bad_braces(what: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::BadPattern, span, format!("{what} in this pattern")).help(
        "braces name columns, as in `{device_id}`; a brace that is text is doubled: `{{`, `}}`",
    )
}

fn is_name(text: &str) -> bool {
    text.starts_with(|it: char| it.is_alphabetic() || it == '_')
        && text.chars().all(|it| it.is_alphanumeric() || it == '_')
}

/// Where the inside of braces stands in the file; the whole text where escapes make that unclear.
fn place(pattern: &str, span: Span, inside: &str, at: usize) -> Span {
    if span.end - span.start == pattern.len() + 2 {
        Span::new(span.start + 1 + at, span.start + 1 + at + inside.len())
    } else {
        span
    }
}

/// `a.b.c` as an expression.
fn path_expr(path: &[&str], span: Span) -> ast::Expr {
    let name = |it: &str| ast::Expr {
        kind: ast::ExprKind::Name { name: it.to_owned(), quoted: false },
        span,
    };
    path[1..].iter().fold(name(path[0]), |value, field| ast::Expr {
        kind: ast::ExprKind::Member(Box::new(value), Spanned::new((*field).to_owned(), span)),
        span,
    })
}
