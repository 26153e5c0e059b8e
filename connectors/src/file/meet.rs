//! Whether two sinks write into one file, told from their paths alone.

use super::shape::STANDARD;
use dsl::catalog::Meets;
use dsl::plan::{Arg, Args, ExprKind, TemplatePart};
use dsl::value::Value;

/// Stands for what a row fills in. No path has it: it ends a text of the operating system.
const HOLE: char = '\0';

/// Whether the sinks with these arguments write into one file.
pub(super) fn meets(args: &Args, other: &Args) -> Meets {
    let (Some(a), Some(b)) = (Path::of(args), Path::of(other)) else {
        return Meets::Never;
    };
    let same = a.shape == b.shape && a.shape != STANDARD;
    match (a.columns.is_empty(), b.columns.is_empty()) {
        _ if same && a.columns == b.columns => Meets::Always(a.shown),
        (false, false) if same => Meets::Sometimes(a.shown),
        (true, false) if b.can_be(&a) => Meets::Sometimes(a.shown),
        (false, true) if a.can_be(&b) => Meets::Sometimes(b.shown),
        _ => Meets::Never,
    }
}

/// A path in which every `.` and `..` is worked out, without asking the disk: `./a//b/../c` is `a/c`.
pub(super) fn normal(path: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    let rooted = path.starts_with('/');
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." if names.last().is_some_and(|it| *it != "..") => {
                names.pop();
            }
            ".." if rooted => {}
            _ => names.push(name),
        }
    }
    format!("{}{}", if rooted { "/" } else { "" }, names.join("/"))
}

/// A path as it is typed, with holes for what rows fill in.
struct Path {
    shown: String,
    /// Worked out, with [`HOLE`] for each hole.
    shape: String,
    /// What fills the holes.
    columns: Vec<String>,
}

impl Path {
    /// None where it depends on more than rows.
    fn of(args: &Args) -> Option<Path> {
        let mut path = Path { shown: String::new(), shape: String::new(), columns: Vec::new() };
        match args.get("path")? {
            Arg::Value(Value::String(text)) => path.push(text),
            Arg::RowPattern(parts) => {
                for part in parts {
                    match part {
                        TemplatePart::Text(text) => path.push(text),
                        TemplatePart::Hole { value, decimals: None } => match &value.kind {
                            ExprKind::Column(name) => {
                                path.shown.extend(["{", name, "}"]);
                                path.shape.push(HOLE);
                                path.columns.push(name.clone());
                            }
                            _ => return None,
                        },
                        TemplatePart::Hole { .. } => return None,
                    }
                }
            }
            _ => return None,
        }
        path.shape = normal(&path.shape);
        Some(path)
    }

    fn push(&mut self, text: &str) {
        self.shown.push_str(text);
        self.shape.push_str(text);
    }

    /// Whether rows can make `fixed` of it. A hole stands for a part of one name, and never for nothing.
    fn can_be(&self, fixed: &Path) -> bool {
        let (mut names, mut found) = (self.shape.split('/'), fixed.shape.split('/'));
        loop {
            match (names.next(), found.next()) {
                (None, None) => return true,
                (Some(pattern), Some(name)) if can_be(pattern, name) => {}
                _ => return false,
            }
        }
    }
}

fn can_be(pattern: &str, name: &str) -> bool {
    let mut texts = pattern.split(HOLE);
    let Some(mut rest) = texts.next().and_then(|it| name.strip_prefix(it)) else {
        return false;
    };
    let Some(mut text) = texts.next() else {
        return rest.is_empty();
    };
    // The shortest a hole can be is best for what follows; the last text has to stand at the end.
    for next in texts {
        let Some(after) = behind(rest, text) else { return false };
        (rest, text) = (after, next);
    }
    rest.len() > text.len() && rest.ends_with(text)
}

/// What stands behind the first `text` that has something before it.
fn behind<'a>(rest: &'a str, text: &str) -> Option<&'a str> {
    let first = rest.chars().next()?.len_utf8();
    let found = rest[first..].find(text)?;
    rest.get(first + found + text.len()..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_name_however_it_is_spelt() {
        for (path, expected) in [
            ("a.jsonl", "a.jsonl"),
            ("./a.jsonl", "a.jsonl"),
            ("b/../a.jsonl", "a.jsonl"),
            ("b//./c", "b/c"),
            ("../a", "../a"),
            ("../../a/../b", "../../b"),
            ("/../a", "/a"),
        ] {
            assert_eq!(normal(path), expected);
        }
    }

    #[test]
    fn a_pattern_can_be_what_its_texts_allow() {
        for (pattern, name, expected) in [
            ("\0.jsonl", "all.jsonl", true),
            ("\0.jsonl", ".jsonl", false),
            ("\0.jsonl", "all.csv", false),
            ("a-\0.jsonl", "a-b.jsonl", true),
            ("a-\0.jsonl", "b-b.jsonl", false),
            ("\0-\0", "a-b", true),
            ("\0-\0", "-ab", false),
            ("\0\0", "a", false),
            ("a", "a", true),
            ("a", "ab", false),
        ] {
            assert_eq!(can_be(pattern, name), expected, "{pattern:?} {name}");
        }
    }
}
