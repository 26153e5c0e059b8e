//! Where a text can be cut without parsing it: at words and bars that stand outside of strings, comments and brackets.

use super::lexical::{Piece, scan};
use crate::ast::BindingKind;
use crate::span::{Name, Span, Spanned};

/// Bytes of a piece of text that are outside of strings and comments, each with how many brackets are open there.
struct Outside {
    /// Ranges inside strings and comments.
    inside: Vec<Span>,
    /// Brackets: where, and the depth behind them.
    depths: Vec<(usize, i32)>,
}

impl Outside {
    fn of(text: &str) -> Self {
        let (mut inside, mut depths) = (Vec::new(), Vec::new());
        let mut depth = 0;
        for piece in scan(text) {
            match piece {
                Piece::Comment(span)
                | Piece::Text(span)
                | Piece::Unclosed(span)
                | Piece::Quoted(span) => inside.push(span),
                Piece::Bracket(bracket, at) => {
                    depth += if matches!(bracket, b'(' | b'[' | b'{') { 1 } else { -1 };
                    depths.push((at, depth));
                }
            }
        }
        // Brackets that do not match say nothing about what stands inside them.
        if depth != 0 {
            depths.clear();
        }
        Self { inside, depths }
    }

    fn is_outside(&self, at: usize) -> bool {
        let next = self.inside.partition_point(|it| it.end <= at);
        self.inside.get(next).is_none_or(|it| at < it.start)
    }

    fn depth(&self, at: usize) -> i32 {
        let behind = self.depths.partition_point(|(bracket, _)| *bracket < at);
        behind.checked_sub(1).map_or(0, |it| self.depths[it].1)
    }

    fn is_free(&self, at: usize) -> bool {
        self.is_outside(at) && self.depth(at) == 0
    }
}

/// The spans between cuts; `cuts` count from the beginning of the piece.
fn between(piece: Span, cuts: impl IntoIterator<Item = usize>) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut start = piece.start;
    for cut in cuts.into_iter().map(|it| piece.start + it) {
        if cut > start {
            spans.push(Span::new(start, cut));
            start = cut;
        }
    }
    spans.push(Span::new(start, piece.end));
    spans
}

/// The first byte of every line that is not blank, with where the line begins.
fn line_starts(text: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
    starts.filter_map(|start| {
        let line = text[start..].split('\n').next().unwrap_or("");
        let blanks = line.len() - line.trim_start().len();
        (blanks < line.len()).then_some((start, start + blanks))
    })
}

/// Cut where a statement begins at the start of a line, with the attributes before it.
pub(super) fn at_heads(text: &str) -> Vec<Span> {
    let whole = Span::new(0, text.len());
    let outside = Outside::of(text);
    let (mut cuts, mut behind) = (Vec::new(), 0);
    for (start, first) in line_starts(text) {
        if start < behind || !outside.is_outside(first) {
            continue;
        }
        let rest = Span::new(first, text.len());
        if let Some(head) = head(text, rest).filter(Head::is_whole) {
            cuts.push(start);
            behind = head.at + 1;
        }
    }
    between(whole, cuts)
}

/// Cut at lines that begin without a blank, and not with what goes on with the line before.
pub(super) fn at_words(text: &str, piece: Span) -> Vec<Span> {
    let part = &text[piece.start..piece.end];
    let outside = Outside::of(part);
    let cuts = line_starts(part).filter(|(start, first)| {
        let continues = part[*first..].starts_with(['|', ')', ']', '}', '#', '"']);
        start == first && !continues && outside.is_free(*first)
    });
    between(piece, cuts.map(|(start, _)| start).skip_while(|it| *it == 0).collect::<Vec<_>>())
}

/// Cut at lines that begin with a bar.
pub(super) fn at_bars(text: &str, piece: Span) -> Vec<Span> {
    let part = &text[piece.start..piece.end];
    let outside = Outside::of(part);
    let bars = line_starts(part)
        .filter(|(_, first)| part[*first..].starts_with('|') && outside.is_free(*first))
        .map(|(_, first)| first);
    between(piece, bars.collect::<Vec<_>>())
}

/// Cut at every single bar.
pub(super) fn at_inner_bars(text: &str, piece: Span) -> Vec<Span> {
    let part = &text[piece.start..piece.end];
    let outside = Outside::of(part);
    let double = |at: usize| part[..at].ends_with('|') || part[at + 1..].starts_with('|');
    let bars = part.match_indices('|').map(|(at, _)| at);
    between(piece, bars.filter(|at| outside.is_free(*at) && !double(*at)).collect::<Vec<_>>())
}

/// What stands between the braces of a schema, a span a line (or a comma in it); none without braces that match.
pub(super) fn lines_in_braces(text: &str, piece: Span) -> Option<Vec<Span>> {
    let inside = in_braces(text, piece)?;
    let part = &text[inside.start..inside.end];
    let outside = Outside::of(part);
    let lines = line_starts(part).map(|(_, first)| first).filter(|it| outside.is_free(*it));
    let commas =
        part.match_indices(',').map(|(at, _)| at + 1).filter(|it| outside.is_free(*it - 1));
    let mut cuts: Vec<usize> = lines.chain(commas).collect();
    cuts.sort_unstable();
    Some(not_blank(text, between(inside, cuts)))
}

/// What stands between the braces of a test, a span an action.
pub(super) fn actions_in_braces(text: &str, piece: Span) -> Option<Vec<Span>> {
    let inside = in_braces(text, piece)?;
    let part = &text[inside.start..inside.end];
    let outside = Outside::of(part);
    let starts = line_starts(part).map(|(_, first)| first).filter(|first| {
        let word = part[*first..].starts_with(|it: char| it.is_alphabetic());
        word && outside.is_free(*first)
    });
    Some(not_blank(text, between(inside, starts.collect::<Vec<_>>())))
}

fn not_blank(text: &str, spans: Vec<Span>) -> Vec<Span> {
    let blank = |it: &Span| {
        text[it.start..it.end].lines().all(|it| it.trim().is_empty() || it.trim().starts_with('#'))
    };
    spans.into_iter().filter(|it| !blank(it)).collect()
}

/// From behind the first brace to before the last one; none where brackets do not match.
fn in_braces(text: &str, piece: Span) -> Option<Span> {
    let part = &text[piece.start..piece.end];
    let brackets: Vec<(u8, usize)> = scan(part)
        .into_iter()
        .filter_map(
            |it| if let Piece::Bracket(bracket, at) = it { Some((bracket, at)) } else { None },
        )
        .collect();
    let open = brackets.iter().find(|(it, _)| *it == b'{')?.1;
    let mut depth = 0;
    for (bracket, at) in brackets.into_iter().filter(|(_, at)| *at >= open) {
        depth += if matches!(bracket, b'(' | b'[' | b'{') { 1 } else { -1 };
        if depth == 0 && bracket == b'}' {
            return Some(Span::new(piece.start + open + 1, piece.start + at));
        }
    }
    None
}

/// How a statement begins, as far as it can be told without parsing it.
#[derive(Clone, Debug)]
pub(super) struct Head {
    /// Its first word, and where it stands: behind the attributes.
    word: String,
    at: usize,
    /// The name behind it.
    pub(super) name: Option<Name>,
    /// The text behind it, of a test.
    pub(super) text: Option<Spanned<String>>,
}

impl Head {
    pub(super) fn is(&self, word: &str) -> bool {
        self.word == word
    }

    /// Whether what has to follow the word follows.
    fn is_whole(&self) -> bool {
        match self.word.as_str() {
            "test" | "use" => self.text.is_some(),
            _ => self.name.is_some(),
        }
    }

    pub(super) fn binding(&self) -> Option<BindingKind> {
        Some(match self.word.as_str() {
            "source" => BindingKind::Source,
            "table" => BindingKind::Table,
            "stream" => BindingKind::Stream,
            "sink" => BindingKind::Sink,
            _ => return None,
        })
    }
}

/// The head of a piece, if it begins with a word of a statement.
pub(super) fn head(text: &str, piece: Span) -> Option<Head> {
    let mut at = skip(text, piece, piece.start);
    while text[at..piece.end].starts_with('@') {
        at = skip_attribute(text, piece, at);
    }
    let word = word_at(text, piece, at)?;
    let known = ["source", "table", "stream", "sink", "param", "schema", "test", "use"];
    if !known.contains(&word.node.as_str()) {
        return None;
    }
    let behind = skip(text, piece, word.span.end);
    let name = word_at(text, piece, behind);
    let quoted = text[behind..piece.end].strip_prefix('"').and_then(|rest| {
        let end = rest.find(['"', '\n']).filter(|it| rest[*it..].starts_with('"'))?;
        Some(Spanned::new(rest[..end].to_owned(), Span::new(behind, behind + end + 2)))
    });
    Some(Head { word: word.node, at: word.span.start, name, text: quoted })
}

/// The name in `WORD NAME = …`, whatever the word is.
pub(super) fn defined(text: &str, piece: Span) -> Option<Name> {
    let word = word(text, piece)?;
    let name = word_at(text, piece, skip(text, piece, word.span.end))?;
    let behind = skip(text, piece, name.span.end);
    text[behind..piece.end].starts_with(['=', ':', '{']).then_some(name)
}

/// The word at the beginning of a piece.
pub(super) fn word(text: &str, piece: Span) -> Option<Name> {
    word_at(text, piece, skip(text, piece, piece.start))
}

/// The word behind the bar with which a piece begins.
pub(super) fn word_behind_bar(text: &str, piece: Span) -> Option<Name> {
    let bar = text.get(piece.start..piece.end)?.find('|')?;
    word_at(text, piece, skip(text, piece, piece.start + bar + 1))
}

fn word_at(text: &str, piece: Span, at: usize) -> Option<Name> {
    let rest = text.get(at..piece.end)?;
    let end = rest.find(|it: char| !(it.is_alphanumeric() || it == '_')).unwrap_or(rest.len());
    let word = &rest[..end];
    let begins = word.starts_with(|it: char| it.is_alphabetic() || it == '_');
    begins.then(|| Spanned::new(word.to_owned(), Span::new(at, at + end)))
}

/// Behind blanks and comments.
fn skip(text: &str, piece: Span, mut at: usize) -> usize {
    loop {
        let rest = &text[at..piece.end];
        let blanks = rest.len()
            - rest.trim_start_matches(|it: char| it.is_whitespace() || it == '\u{FEFF}').len();
        at += blanks;
        if !text[at..piece.end].starts_with('#') {
            return at;
        }
        at += text[at..piece.end].find('\n').unwrap_or(piece.end - at);
    }
}

/// Behind an attribute and its parentheses.
fn skip_attribute(text: &str, piece: Span, at: usize) -> usize {
    let name = word_at(text, piece, at + 1).map_or(at + 1, |it| it.span.end);
    let rest = &text[name..piece.end];
    let end = match rest.strip_prefix('(') {
        Some(inside) => name + 1 + inside.find([')', '\n']).map_or(inside.len(), |it| it + 1),
        None => name,
    };
    skip(text, piece, end)
}
