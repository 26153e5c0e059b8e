//! Which brackets break over lines, and the commas that follow from it.
//!
//! | list | last comma |
//! |---|---|
//! | items, elements, entries on lines of their own | there is one |
//! | the same in one line | there is none |
//! | items of a step | there is none |
//! | fields on lines of their own | no commas at all |
//! | fields in one line | between them |

use super::marks::{Marks, Opens};
use super::tokens::{Kind, Token};
use crate::span::Span;
use std::collections::BTreeSet;

/// Finds out which brackets break, and puts commas where they belong.
pub(super) fn settle<'a>(mut tokens: Vec<Token<'a>>, marks: &Marks) -> Vec<Token<'a>> {
    before_comments(&mut tokens);
    let mut edits = Edits::default();
    let mut open: Vec<usize> = Vec::new();
    for i in 0..tokens.len() {
        match tokens[i].kind {
            Kind::Open(_) => open.push(i),
            Kind::Close => {
                if let Some(opening) = open.pop() {
                    close(&mut tokens, opening, i, &mut edits);
                }
            }
            Kind::Comma if open.is_empty() && ends_step(&tokens, i, marks) => {
                edits.remove.insert(i);
            }
            _ => {}
        }
    }
    fields(&tokens, marks, &mut edits);
    bars(&mut tokens, marks);
    edits.apply(tokens)
}

/// A comma stands behind what it ends, not behind the comments that follow that.
fn before_comments(tokens: &mut [Token<'_>]) {
    for i in 1..tokens.len() {
        let mut at = i;
        while at > 0 && tokens[at].kind == Kind::Comma && tokens[at - 1].is_comment() {
            tokens.swap(at, at - 1);
            at -= 1;
        }
    }
}

/// Commas to add behind tokens, and to take away.
#[derive(Default)]
struct Edits {
    add: BTreeSet<usize>,
    remove: BTreeSet<usize>,
}

impl Edits {
    fn apply<'a>(&self, tokens: Vec<Token<'a>>) -> Vec<Token<'a>> {
        let mut out = Vec::with_capacity(tokens.len() + self.add.len());
        for (i, token) in tokens.into_iter().enumerate() {
            let end = token.span.end;
            if !self.remove.contains(&i) {
                out.push(token);
            }
            if self.add.contains(&i) {
                let span = Span::new(end, end);
                let kind = Kind::Comma;
                out.push(Token { text: ",", span, kind, newlines: 0, broken: false });
            }
        }
        out
    }
}

/// Both brackets are known: decides whether they break.
fn close(tokens: &mut [Token<'_>], opening: usize, closing: usize, edits: &mut Edits) {
    let Kind::Open(opens) = tokens[opening].kind else { return };
    let breaks = |i: usize| tokens[i].newlines > 0 || tokens[i].is_comment();
    let broken = if closing == opening + 1 {
        false
    } else if opens == Opens::Test {
        true
    } else {
        breaks(opening + 1) || tokens[closing].newlines > 0 || tokens[closing - 1].is_comment()
    };
    let last = (opening + 1..closing).rev().find(|&i| !tokens[i].is_comment());
    if let (Opens::Items | Opens::List | Opens::Record, Some(last)) = (opens, last) {
        match (broken, tokens[last].kind == Kind::Comma) {
            (true, false) => drop(edits.add.insert(last)),
            (false, true) => drop(edits.remove.insert(last)),
            _ => {}
        }
    }
    tokens[opening].broken = broken;
    tokens[closing].broken = broken;
}

/// Whether the comma at `i` outside all brackets is the last of its step.
fn ends_step(tokens: &[Token<'_>], i: usize, marks: &Marks) -> bool {
    let next = tokens[i + 1..].iter().find(|it| !it.is_comment());
    next.is_none_or(|it| it.kind == Kind::Bar || marks.statements.contains(&it.span.start))
}

/// Fields are parted by lines or by commas, not by both.
fn fields(tokens: &[Token<'_>], marks: &Marks, edits: &mut Edits) {
    // For each open bracket: whether it holds fields and breaks, and the last token directly or deeper inside.
    let mut open: Vec<(bool, bool)> = Vec::new();
    let mut last = None;
    for (i, token) in tokens.iter().enumerate() {
        let (holds_fields, broken) = open.last().copied().unwrap_or_default();
        match token.kind {
            Kind::Comment => continue,
            Kind::Comma if holds_fields => {
                edits.remove.insert(i);
                continue;
            }
            Kind::Close => drop(open.pop()),
            _ if holds_fields && !broken && marks.entries.contains(&token.span.start) => {
                let first = last.is_none_or(|it: usize| {
                    matches!(tokens[it].kind, Kind::Open(Opens::Schema | Opens::Struct))
                });
                if let (false, Some(last)) = (first, last) {
                    edits.add.insert(last);
                }
            }
            _ => {}
        }
        if let Kind::Open(opens) = token.kind {
            open.push((matches!(opens, Opens::Schema | Opens::Struct), token.broken));
        }
        last = Some(i);
    }
}

/// One step on a line of its own puts all steps of its stream on lines of their own.
fn bars(tokens: &mut [Token<'_>], marks: &Marks) {
    let starts: Vec<usize> = (0..tokens.len())
        .filter(|&i| marks.statements.contains(&tokens[i].span.start))
        .chain([tokens.len()])
        .collect();
    for pair in starts.windows(2) {
        let bars: Vec<usize> =
            (pair[0]..pair[1]).filter(|&i| tokens[i].kind == Kind::Bar).collect();
        let breaks = |&i: &usize| tokens[i].newlines > 0 || tokens[i - 1].is_comment();
        if bars.iter().any(breaks) {
            for i in bars {
                tokens[i].newlines = tokens[i].newlines.max(1);
            }
        }
    }
}
