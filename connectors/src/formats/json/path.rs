//! `from "data.readings[0].v"`: where a field stands, and all paths of a record as one tree, so that a record is walked
//! over once however many fields it has.

use crate::decoding::syntax::{elements, members, unescaped};
use engine::error::{Error, Result};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// `.name`, or `["odd.name"]`
    Key(String),
    /// `[0]`
    Element(usize),
}

/// Reads a path.
pub(super) fn path(text: &str) -> Result<Vec<Step>> {
    steps(text).ok_or_else(|| {
        Error::user(format!(
            "`{text}` is no path into JSON: write names and places such as `data.readings[0].v`, and a name with a dot or \
             bracket in it as `[\"odd.name\"]`"
        ))
    })
}

fn steps(text: &str) -> Option<Vec<Step>> {
    let (mut steps, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let step;
            (step, rest) = bracket(inner)?;
            steps.push(step);
        } else {
            let name = if steps.is_empty() { rest } else { rest.strip_prefix('.')? };
            let end = name.find(['.', '[']).unwrap_or(name.len());
            let (key, behind) = name.split_at(end);
            if key.is_empty() || key.contains(']') {
                return None;
            }
            steps.push(Step::Key(key.to_owned()));
            rest = behind;
        }
    }
    (!steps.is_empty()).then_some(steps)
}

/// What stands behind an opening bracket, and the rest behind the closing one.
fn bracket(inner: &str) -> Option<(Step, &str)> {
    for quote in ['"', '\''] {
        if let Some(name) = inner.strip_prefix(quote) {
            let (name, rest) = name.split_once(quote)?;
            return Some((Step::Key(name.to_owned()), rest.strip_prefix(']')?));
        }
    }
    let (place, rest) = inner.split_once(']')?;
    let digits = !place.is_empty() && place.bytes().all(|it| it.is_ascii_digit());
    digits.then(|| place.parse().ok().map(|it| (Step::Element(it), rest)))?
}

/// A place inside a record at or below which there are fields.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    /// The fields that stand here.
    pub(super) fields: Vec<usize>,
    /// Every field that stands here or further in.
    pub(super) under: Vec<usize>,
    pub(super) keys: Vec<(String, Node)>,
    pub(super) elements: Vec<(usize, Node)>,
}

/// What was found in one record.
#[derive(Debug)]
pub(super) struct Found<'a> {
    /// The text of each field's value; the last one of a name counts.
    pub(super) values: Vec<Option<&'a str>>,
    /// The first name that no path knows.
    pub(super) unknown: Option<&'a str>,
}

impl Node {
    /// Adds a field under a path.
    pub(super) fn add(&mut self, path: &[Step], field: usize) {
        self.under.push(field);
        match path {
            [] => self.fields.push(field),
            [step, rest @ ..] => self.child(step).add(rest, field),
        }
    }

    fn child(&mut self, step: &Step) -> &mut Node {
        match step {
            Step::Key(key) => entry(&mut self.keys, key),
            Step::Element(place) => entry(&mut self.elements, place),
        }
    }

    /// Finds the values of all fields in a checked value.
    pub(super) fn find<'a>(&self, value: &'a str, fields: usize) -> Found<'a> {
        let mut found = Found { values: vec![None; fields], unknown: None };
        self.collect(value, &mut found);
        found
    }

    fn collect<'a>(&self, value: &'a str, found: &mut Found<'a>) {
        for field in &self.fields {
            found.values[*field] = Some(value);
        }
        if !self.keys.is_empty() && value.starts_with('{') {
            for (name, value) in members(value) {
                let key = unescaped(name);
                match self.keys.iter().find(|(it, _)| Some(it.as_str()) == key.as_deref()) {
                    Some((_, node)) => node.replace(value, found),
                    None => _ = found.unknown.get_or_insert(name),
                }
            }
        }
        if !self.elements.is_empty() && value.starts_with('[') {
            for (i, value) in elements(value).enumerate() {
                if let Some((_, node)) = self.elements.iter().find(|(it, _)| *it == i) {
                    node.replace(value, found);
                }
            }
        }
    }

    /// The last member of a name is the one that counts, with all that is in it.
    fn replace<'a>(&self, value: &'a str, found: &mut Found<'a>) {
        for field in &self.under {
            found.values[*field] = None;
        }
        self.collect(value, found);
    }
}

fn entry<'a, K: Clone + PartialEq>(entries: &'a mut Vec<(K, Node)>, key: &K) -> &'a mut Node {
    let place = entries.iter().position(|(it, _)| it == key).unwrap_or_else(|| {
        entries.push((key.clone(), Node::default()));
        entries.len() - 1
    });
    &mut entries[place].1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_names_and_places() {
        let key = |it: &str| Step::Key(it.to_owned());
        assert_eq!(
            path("data.readings[0].v").unwrap(),
            [key("data"), key("readings"), Step::Element(0), key("v")]
        );
        assert_eq!(path(r#"["a.b"]['c'].d e"#).unwrap(), [key("a.b"), key("c"), key("d e")]);
        for text in ["", ".", "a.", ".a", "a..b", "a[", "a[x]", "a[-1]", "a]b", "[0]x"] {
            assert!(path(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_last_of_equal_names_counts_with_all_that_is_in_it() {
        let mut root = Node::default();
        root.add(&path("d.t").unwrap(), 0);
        root.add(&path("d").unwrap(), 1);
        root.add(&path("r[1]").unwrap(), 2);
        let found = root.find(r#"{"d": {"t": 1}, "r": [5, 6], "d": {}, "x": 0, "y": 0}"#, 3);
        assert_eq!(found.values, [None, Some("{}"), Some("6")]);
        assert_eq!(found.unknown, Some("x"));
    }
}
