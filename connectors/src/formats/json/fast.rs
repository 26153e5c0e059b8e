//! The fast way: an object in one pass, straight into the columns. Lists and the like are cut out and put as the slow way
//! puts them.
//!
//! Devices write the same names in the same order, so behind each name stands a guess at the next one, which one or two
//! comparisons of eight bytes confirm. A wrong guess costs a look-up and is replaced. Everything is checked on the way; at
//! whatever is out of the ordinary (an escape in a text that is read, a name that stands twice, a value that is refused)
//! this gives up, and the slow way decides.

mod pass;

use super::path::Node;
use super::scan::{byte, quote, word};
use crate::decoding::Table;
pub(super) use pass::Pass;

/// As many columns, and as many objects, as there are bits in a mask.
const BITS: usize = 64;

/// How many names of an object are kept to be guessed; what else comes is looked at anew each time.
const KEYS_MAX: usize = 128;

/// The key that stands for every name that is not kept.
const OTHER: usize = 0;

/// The fast way for one schema.
#[derive(Debug)]
pub(super) struct Fast {
    /// The record, then the objects inside it at which there are fields.
    objects: Vec<Object>,
    columns: u64,
}

/// An object at which there are fields.
#[derive(Debug)]
struct Object {
    keys: Vec<Key>,
    /// The name that stands first, as far as one can guess.
    first: usize,
    /// Where it is no object but something that is looked through: the paths in it.
    tree: Option<Node>,
}

/// A name of an object.
#[derive(Debug)]
struct Key {
    /// As it stands on the wire: `"name":`
    text: Vec<u8>,
    /// Its first eight bytes and the eight behind them, with zeros where it is shorter, and masks for as many bytes.
    words: [u64; 2],
    masks: [u64; 2],
    then: Then,
    /// The name behind it, as far as one can guess.
    next: usize,
}

/// What to do with a value.
#[derive(Clone, Copy, Debug)]
enum Then {
    Skip,
    GiveUp,
    Column(usize),
    Object(usize),
    Tree(usize),
}

impl Key {
    fn new(name: &[u8], then: Then) -> Self {
        let text = [b"\"", name, b"\":"].concat();
        let mask = |len: usize| if len >= 8 { u64::MAX } else { (1 << (8 * len)) - 1 };
        Self {
            words: [word(&text, 0), word(&text, 8)],
            masks: [mask(text.len()), mask(text.len().saturating_sub(8))],
            text,
            then,
            next: OTHER,
        }
    }

    /// Stands for names that are not kept; no text is like it.
    fn other(then: Then) -> Self {
        Self { words: [1, 0], masks: [0, 0], text: Vec::new(), then, next: OTHER }
    }

    /// Whether it stands at `at`.
    #[inline]
    fn stands_at(&self, bytes: &[u8], at: usize) -> bool {
        if word(bytes, at) & self.masks[0] != self.words[0] {
            return false;
        }
        let len = self.text.len();
        len <= 8
            || (word(bytes, at + 8) & self.masks[1] == self.words[1]
                && (len <= 16 || bytes.get(at + 16..at + len) == self.text.get(16..)))
    }
}

impl Fast {
    /// The fast way, if the schema is one for it: few enough columns, names without escapes.
    pub(super) fn new(table: &Table, tree: &Node, strict: bool) -> Option<Self> {
        let count = table.columns.len();
        if count > BITS || !tree.elements.is_empty() {
            return None;
        }
        let mut fast = Self {
            objects: Vec::new(),
            columns: u64::MAX.checked_shr(64 - count as u32).unwrap_or(0),
        };
        fast.add(tree, if strict { Then::GiveUp } else { Then::Skip })?;
        (fast.objects.len() <= BITS).then_some(fast)
    }

    fn add(&mut self, node: &Node, other: Then) -> Option<usize> {
        let place = self.objects.len();
        self.objects.push(Object { keys: vec![Key::other(other)], first: OTHER, tree: None });
        for (name, child) in &node.keys {
            let plain = name.bytes().all(|it| it >= 0x20 && it != b'"' && it != b'\\');
            if !plain {
                return None;
            }
            let leaf = child.keys.is_empty() && child.elements.is_empty();
            let then = match child.fields.as_slice() {
                [column] if leaf => Then::Column(*column),
                [] if child.elements.is_empty() => Then::Object(self.add(child, other)?),
                _ => Then::Tree(self.add_tree(child)),
            };
            self.objects[place].keys.push(Key::new(name.as_bytes(), then));
        }
        Some(place)
    }

    fn add_tree(&mut self, node: &Node) -> usize {
        let tree = Some(node.clone());
        self.objects.push(Object { keys: Vec::new(), first: OTHER, tree });
        self.objects.len() - 1
    }

    /// Reads the object that begins at `at`, or behind space, and says where it ends. None: the slow way has to decide,
    /// and columns may have got values that have to be taken back.
    #[inline]
    pub(super) fn object(
        &mut self,
        table: &mut Table,
        mut pass: Pass<'_>,
        at: usize,
    ) -> Option<usize> {
        pass.fill(table)?;
        let at = pass.space(at);
        if byte(pass.bytes, at) != b'{' {
            return None;
        }
        let end = self.members(0, table, &mut pass, at)?;
        pass.complete(table, self.columns)?;
        Some(end)
    }

    /// Reads the members of the object whose bracket stands at `at`.
    fn members(
        &mut self,
        object: usize,
        table: &mut Table,
        pass: &mut Pass<'_>,
        at: usize,
    ) -> Option<usize> {
        let mut at = pass.space(at + 1);
        if byte(pass.bytes, at) == b'}' {
            return Some(at + 1);
        }
        let (mut before, mut guess) = (None, self.objects[object].first);
        loop {
            let key = &self.objects[object].keys[guess];
            let place = if key.stands_at(pass.bytes, at) {
                at += key.text.len();
                guess
            } else {
                let (place, behind) = self.objects[object].find(before, pass, at)?;
                at = behind;
                place
            };
            at = pass.space(at);
            let key = &self.objects[object].keys[place];
            (before, guess) = (Some(place), key.next);
            at = match key.then {
                Then::Skip => pass.skip(at)?,
                Then::GiveUp => return None,
                Then::Column(column) => pass.column(table, column, at)?,
                Then::Object(inner) => {
                    pass.once(inner)?;
                    match byte(pass.bytes, at) {
                        b'{' => self.members(inner, table, pass, at)?,
                        _ => pass.skip(at)?,
                    }
                }
                Then::Tree(inner) => {
                    pass.once(inner)?;
                    pass.tree(table, self.objects[inner].tree.as_ref()?, at)?
                }
            };
            at = pass.space(at);
            match byte(pass.bytes, at) {
                b',' => at = pass.space(at + 1),
                b'}' => return Some(at + 1),
                _ => return None,
            }
        }
    }
}

impl Object {
    /// The name at `at` and where its value begins, where the guess was wrong; the guess is replaced.
    #[cold]
    fn find(
        &mut self,
        before: Option<usize>,
        pass: &Pass<'_>,
        at: usize,
    ) -> Option<(usize, usize)> {
        if byte(pass.bytes, at) != b'"' {
            return None;
        }
        let end = quote(pass.bytes, at + 1)?;
        let name = pass.bytes.get(at + 1..end)?;
        let colon = pass.space(end + 1);
        if byte(pass.bytes, colon) != b':' {
            return None;
        }
        let known = |it: &Key| it.text.len() == name.len() + 3 && it.text[1..=name.len()] == *name;
        let place = match self.keys.iter().position(known) {
            Some(place) => place,
            None if self.keys.len() < KEYS_MAX => {
                self.keys.push(Key::new(name, self.keys[OTHER].then));
                self.keys.len() - 1
            }
            None => OTHER,
        };
        match before {
            Some(before) => self.keys[before].next = place,
            None => self.first = place,
        }
        Some((place, colon + 1))
    }
}
