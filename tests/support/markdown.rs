//! Reads a golden file: headings, and the fenced blocks under them.
//!
//! A heading that owns an expectation is one test; a program whose lines say what is wrong with them is one, too. Programs, inputs and configuration are inherited from the headings
//! above, so a program is written once and probed several times. Every block keeps its byte range in the file, so that
//! expectations can be rewritten in place.

use std::ops::Range;

/// A fenced block.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// The words behind the fence: `output`, `peaks`, `ordered`.
    pub info: Vec<String>,
    /// What stands between the fences.
    pub text: String,
    /// Where that stands in the file.
    pub range: Range<usize>,
    /// The line of the opening fence, from 1.
    pub line: usize,
}

impl Block {
    /// The first word behind the fence.
    pub(crate) fn kind(&self) -> &str {
        self.info.first().map_or("", String::as_str)
    }

    /// The word behind the kind, if any.
    pub(crate) fn name(&self) -> Option<&str> {
        self.info.get(1).map(String::as_str)
    }

    /// Whether this word stands behind the kind.
    pub(crate) fn has(&self, word: &str) -> bool {
        self.info.iter().skip(1).any(|it| it == word)
    }
}

/// A heading with the blocks directly under it and those it inherits.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    /// The headings from the top down to this one, joined by ` / `.
    pub path: String,
    /// Blocks of the headings above, from the top down.
    pub inherited: Vec<Block>,
    /// Its own blocks, in order.
    pub own: Vec<Block>,
}

impl Section {
    /// All blocks of a kind, inherited ones first.
    pub(crate) fn all<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.inherited.iter().chain(&self.own).filter(move |block| block.kind() == kind)
    }
}

/// The kinds of block that a heading may own as an expectation.
const EXPECTATIONS: [&str; 7] =
    ["output", "plan", "diagnostics", "cases", "formatted", "report", "verdicts"];

/// The kinds of block that headings below inherit.
const INHERITED: [&str; 3] = ["pipe", "config", "input"];

/// The sections of a file that are tests: those with an expectation of their own.
pub(crate) fn sections(file: &str, text: &str) -> Result<Vec<Section>, String> {
    // One entry a heading level that is open: its title, and what the headings below it inherit from it.
    let mut open: Vec<(usize, String, Vec<Block>)> = Vec::new();
    let mut tests: Vec<Section> = Vec::new();
    let mut own: Vec<Block> = Vec::new();
    let mut lines = Lines::new(text);
    while let Some((line, number, end)) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let block = block(file, &mut lines, info, number, end)?;
            own.push(block);
            continue;
        }
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        if level > 0 && line[level..].starts_with(' ') {
            close(&mut open, &mut tests, &mut own);
            open.retain(|(other, ..)| *other < level);
            open.push((level, line[level..].trim().to_owned(), Vec::new()));
        }
    }
    close(&mut open, &mut tests, &mut own);
    if tests.is_empty() {
        return Err(format!("{file}: no heading has an expectation ({})", EXPECTATIONS.join(", ")));
    }
    Ok(tests)
}

/// Reads on to the closing fence.
fn block(
    file: &str,
    lines: &mut Lines<'_>,
    info: &str,
    number: usize,
    start: usize,
) -> Result<Block, String> {
    let info: Vec<String> = info.split_whitespace().map(ToOwned::to_owned).collect();
    let kind = info.first().map_or("", String::as_str);
    if !EXPECTATIONS.contains(&kind) && !INHERITED.contains(&kind) {
        return Err(format!("{file}:{number}: `{kind}` is no kind of block"));
    }
    let mut from = lines.at;
    while let Some((line, _, end)) = lines.next() {
        if line == "```" {
            let text = lines.text[start..from].to_owned();
            return Ok(Block { info, text, range: start..from, line: number });
        }
        from = end;
    }
    Err(format!("{file}:{number}: the block has no closing fence"))
}

/// Ends a heading: it becomes a test if it has an expectation, and its other blocks are there for those below.
fn close(open: &mut [(usize, String, Vec<Block>)], tests: &mut Vec<Section>, own: &mut Vec<Block>) {
    let own = std::mem::take(own);
    let is_test = own.iter().any(|it| {
        EXPECTATIONS.contains(&it.kind())
            || it.kind() == "pipe" && super::diagnostics::expects(&it.text)
    });
    let path = open.iter().map(|(_, title, _)| title.as_str()).collect::<Vec<_>>().join(" / ");
    let inherited = open.iter().flat_map(|(.., blocks)| blocks.clone()).collect();
    if let Some((.., blocks)) = open.last_mut() {
        let kept = own.iter().filter(|it| INHERITED.contains(&it.kind()));
        blocks.extend(kept.cloned());
    }
    if is_test {
        tests.push(Section { path, inherited, own });
    }
}

/// Lines with their numbers and ends.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    number: usize,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0, number: 0 }
    }

    /// The next line without its end, its number from 1, and where the one behind it starts.
    fn next(&mut self) -> Option<(&'a str, usize, usize)> {
        let rest = &self.text[self.at..];
        if rest.is_empty() {
            return None;
        }
        let length = rest.find('\n').map_or(rest.len(), |at| at + 1);
        self.at += length;
        self.number += 1;
        Some((rest[..length].trim_end_matches('\n'), self.number, self.at))
    }
}
