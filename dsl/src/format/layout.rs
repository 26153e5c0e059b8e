//! Tokens to lines: where lines end and how deep they are indented.
//!
//! ```text
//! stream x = telemetry                base 0
//!   | aggregate                       base 4: what the verb stands at
//!       average = avg(                base + 2
//!         temperature,                    base + 2 of the line that opened the bracket
//!       ),
//!       worst = greatest(low, high)
//!         + margin                    inside an item: base + 2 of the line that began it
//! ```

use super::columns::{Line, Remark};
use super::marks::{Marks, Opens};
use super::spacing;
use super::tokens::{Kind, Token};
use crate::span::SourceFile;

/// The lines of a file, not aligned yet.
pub(super) fn lines(file: &SourceFile, tokens: &[Token<'_>], marks: &Marks) -> Vec<Line> {
    let mut layout = Layout {
        file,
        marks,
        lines: Vec::new(),
        frames: Vec::new(),
        before: None,
        behind_comment: false,
        of_statement: false,
        base: 0,
        frame_count: 0,
    };
    for (i, token) in tokens.iter().enumerate() {
        if token.is_comment() {
            let next = tokens[i..].iter().find(|it| !it.is_comment());
            layout.comment(token, next);
        } else {
            layout.token(token);
        }
    }
    layout.lines
}

/// The lines as one text.
pub(super) fn text(lines: &[Line]) -> String {
    let mut out = String::new();
    for line in lines {
        if line.blank_before {
            out.push('\n');
        }
        out.extend(std::iter::repeat_n(' ', line.indent));
        out.push_str(&line.text);
        if let Some(remark) = &line.remark {
            out.extend(std::iter::repeat_n(' ', remark.gap));
            out.push_str(&remark.text);
        }
        out.push('\n');
    }
    out
}

/// Something whose lines are indented together.
struct Frame {
    kind: FrameKind,
    /// What its items are indented against.
    base: usize,
    /// What the rest of the item is indented against that is being written.
    item: usize,
    /// Tells the fields of one schema from those of another.
    id: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum FrameKind {
    /// A statement outside of its steps and brackets.
    Statement,
    /// A step outside of its brackets.
    Step,
    /// Inside a bracket; whether it breaks.
    Bracket(Opens, bool),
}

struct Layout<'a> {
    file: &'a SourceFile,
    marks: &'a Marks,
    lines: Vec<Line>,
    frames: Vec<Frame>,
    /// The last token that is no comment.
    before: Option<Token<'a>>,
    /// Whether a comment ended the last line.
    behind_comment: bool,
    /// Whether an indented comment here still belongs to the steps above it.
    of_statement: bool,
    /// What a bracket opened in this line is indented against.
    base: usize,
    frame_count: usize,
}

impl<'a> Layout<'a> {
    fn token(&mut self, token: &Token<'a>) {
        let starts_item = self.starts_item(token);
        if self.starts_line(token) {
            let indent = self.indent(token);
            self.open_line(indent, token);
            self.base = if token.kind == Kind::Bar { indent + 2 } else { indent };
        } else if let Some(before) = &self.before
            && spacing::blank(before, token, self.marks)
        {
            self.line().text.push(' ');
        }
        if starts_item {
            let base = self.base;
            if let Some(frame) = self.frames.last_mut() {
                frame.item = base;
            }
        }
        self.line().text.push_str(token.text);
        self.frame(token);
        self.behind_comment = false;
        self.of_statement = true;
        self.before = Some(token.clone());
    }

    /// The line that is being written.
    fn line(&mut self) -> &mut Line {
        if self.lines.is_empty() {
            self.lines.push(Line::default());
        }
        self.lines.last_mut().expect("a line was just added")
    }

    fn open_line(&mut self, indent: usize, token: &Token<'_>) {
        let beside_bracket = token.kind == Kind::Close
            || (!self.behind_comment
                && self.before.as_ref().is_some_and(|it| matches!(it.kind, Kind::Open(_))));
        let blank_before = token.newlines > 1 && !beside_bracket && !self.lines.is_empty();
        self.lines.push(Line { indent, blank_before, ..Line::default() });
    }

    fn starts_line(&self, token: &Token<'_>) -> bool {
        let Some(before) = &self.before else { return true };
        // A comma never begins a line: it was moved before the comments it stood behind.
        self.behind_comment
            || spacing::must_break(before, token, self.marks)
            || self.is_entry(token)
            || (token.newlines > 0 && spacing::may_break(before, token, self.marks))
    }

    /// A field or action on a line of its own.
    fn is_entry(&self, token: &Token<'_>) -> bool {
        self.marks.entries.contains(&token.span.start)
            && matches!(self.frames.last(), Some(Frame { kind: FrameKind::Bracket(_, true), .. }))
    }

    fn starts_item(&self, token: &Token<'_>) -> bool {
        let behind = self.before.as_ref().is_some_and(|it| {
            matches!(it.kind, Kind::Comma | Kind::Open(_))
                || self.marks.verbs.contains(&it.span.end)
        });
        (behind && token.kind != Kind::Close) || self.is_entry(token)
    }

    /// How deep a line is indented that begins with this token.
    fn indent(&self, token: &Token<'_>) -> usize {
        let behind_attribute =
            self.before.as_ref().is_some_and(|it| self.marks.attributes.contains(&it.span.end));
        let Some(frame) = self.frames.last() else { return 0 };
        if self.marks.statements.contains(&token.span.start) || behind_attribute {
            0
        } else if token.kind == Kind::Bar {
            2
        } else if token.kind == Kind::Close {
            frame.base
        } else if self.starts_item(token) {
            frame.base + 2
        } else {
            frame.item + 2
        }
    }

    /// Opens and closes frames.
    fn frame(&mut self, token: &Token<'_>) {
        if self.marks.statements.contains(&token.span.start) {
            self.frames.clear();
            self.push(FrameKind::Statement);
        }
        match token.kind {
            Kind::Bar => {
                self.frames.truncate(1);
                self.push(FrameKind::Step);
            }
            Kind::Open(opens) => self.push(FrameKind::Bracket(opens, token.broken)),
            Kind::Close => drop(self.frames.pop()),
            Kind::Operator if token.text == ":" => self.field_name_ends(),
            _ => {}
        }
    }

    fn push(&mut self, kind: FrameKind) {
        self.frame_count += 1;
        self.frames.push(Frame { kind, base: self.base, item: self.base, id: self.frame_count });
    }

    /// The types of fields on lines of their own are aligned.
    fn field_name_ends(&mut self) {
        let broken_fields =
            |it: &Frame| matches!(it.kind, FrameKind::Bracket(Opens::Schema | Opens::Struct, true));
        if let Some(frame) = self.frames.last().filter(|it| broken_fields(it)) {
            let id = frame.id;
            let line = self.line();
            line.field = Some((id, line.text.len()));
        }
    }

    fn comment(&mut self, comment: &Token<'a>, next: Option<&Token<'a>>) {
        let place = self.file.position(comment.span.start);
        let text = comment.text.to_owned();
        if comment.newlines == 0 && self.before.is_some() && !self.behind_comment {
            self.line().remark = Some(Remark { text, column: place.column - 1, gap: 2 });
        } else {
            self.of_statement &= comment.newlines < 2 && place.column > 1;
            let indent = self.comment_indent(next);
            self.open_line(indent, comment);
            self.line().text = text;
        }
        self.behind_comment = true;
    }

    /// A comment on a line of its own is indented like what it stands before.
    fn comment_indent(&self, next: Option<&Token<'_>>) -> usize {
        let statement = |it: &&Token<'_>| self.marks.statements.contains(&it.span.start);
        match next.filter(|it| !statement(it)) {
            // A step that is commented out stays with its stream.
            None if self.of_statement => match self.frames.last() {
                Some(Frame { kind: FrameKind::Step, .. }) => 2,
                _ => 0,
            },
            None => 0,
            Some(next) if next.kind == Kind::Close => {
                self.frames.last().map_or(0, |frame| frame.base + 2)
            }
            Some(next) => self.indent(next),
        }
    }
}
