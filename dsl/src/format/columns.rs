//! Columns: the types of a schema's fields, and the comments behind neighbouring lines.

use std::collections::BTreeMap;

/// One line of the result.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// How many blanks stand before the text.
    pub(super) indent: usize,
    /// The text; the last line of a text literal over several lines ends it.
    pub(super) text: String,
    /// The comment behind it.
    pub(super) remark: Option<Remark>,
    /// Whether an empty line stands before it.
    pub(super) blank_before: bool,
    /// Of a field: whose field it is, and where the colon behind its name ends.
    pub(super) field: Option<(usize, usize)>,
}

/// A comment behind a line.
#[derive(Debug)]
pub(super) struct Remark {
    /// As written.
    pub(super) text: String,
    /// The column it was written at, from 0.
    pub(super) column: usize,
    /// How many blanks stand before it.
    pub(super) gap: usize,
}

impl Line {
    fn width(&self) -> usize {
        self.indent + self.text.chars().count()
    }

    /// Whether the line can stand in a column of comments.
    fn has_column(&self) -> bool {
        self.remark.is_some() && !self.text.contains('\n')
    }
}

/// Aligns fields, then comments, whose columns depend on them.
pub(super) fn align(lines: &mut [Line]) {
    fields(lines);
    let mut start = 0;
    for end in 1..=lines.len() {
        // Neighbours are lines without an empty line between them.
        if end == lines.len() || lines[end].blank_before {
            remarks(&mut lines[start..end]);
            start = end;
        }
    }
}

fn fields(lines: &mut [Line]) {
    let name = |line: &Line, at: usize| line.text[..at].chars().count();
    let mut widest: BTreeMap<usize, usize> = BTreeMap::new();
    for line in lines.iter() {
        if let Some((schema, at)) = line.field {
            let width = widest.entry(schema).or_default();
            *width = name(line, at).max(*width);
        }
    }
    for line in lines {
        // Where a comment parts a name from its type, there is nothing to align.
        if let Some((schema, at)) = line.field.filter(|(_, at)| *at < line.text.len()) {
            let missing = widest[&schema] - name(line, at);
            line.text.insert_str(at, &" ".repeat(missing));
        }
    }
}

/// Comments two blanks behind the longest line; where the author aligned several of them further out, they stay there.
fn remarks(lines: &mut [Line]) {
    let of_column = |lines: &[Line]| -> Vec<(usize, usize)> {
        let lines = lines.iter().filter(|it| it.has_column());
        lines.filter_map(|it| Some((it.width(), it.remark.as_ref()?.column))).collect()
    };
    let places = of_column(lines);
    let Some(least) = places.iter().map(|(width, _)| width + 2).max() else { return };
    let written = places[0].1;
    let aligned = places.len() > 1 && places.iter().all(|(_, column)| *column == written);
    let column = if aligned { written.max(least) } else { least };
    for line in lines.iter_mut().filter(|it| it.has_column()) {
        let width = line.width();
        if let Some(remark) = &mut line.remark {
            remark.gap = column - width;
        }
    }
}
