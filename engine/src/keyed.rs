//! State by key: columns of values by dense id, and until when a key's state counts.
//!
//! ```text
//!  id   0 1 2 … │ … │ …        one chunk after the other; a key has `width` values beside each other
//!       Own       Own  Own
//!        └──────── capture ────► Shared: the snapshot and the operator hold the same chunk
//!                  write   ────► Own again: only the chunks that are written after a snapshot are copied
//! ```

mod expiry;
mod live;

pub(crate) use expiry::{Expiry, NEVER};
pub(crate) use live::{LiveKeys, LiveKeysCaptured};

use crate::error::{Error, Result};
use crate::key::{GONE, KeyId, StateReader};
use crate::snapshot::Section;
use std::sync::Arc;

/// Begins to read a section that the step `word` wrote.
fn open<'a>(section: &'a Section, version: u16, word: &str) -> Result<StateReader<'a>> {
    if section.version != version {
        let found = section.version;
        return Err(Error::refused(format!(
            "the saved state of `{word}` has layout {found}, known is {version}"
        )));
    }
    Ok(StateReader::new(&section.bytes))
}

/// About as many bytes are copied at once when a chunk is written after a snapshot.
const CHUNK_BYTES: usize = 64 * 1024;

/// Values by key id. What a key has before it is written is the fill value.
#[derive(Debug)]
pub(crate) struct Keyed<T> {
    shape: Shape,
    fill: T,
    chunks: Vec<Chunk<T>>,
}

/// The values as they were when they were captured.
#[derive(Debug)]
pub(crate) struct Captured<T> {
    shape: Shape,
    chunks: Vec<Arc<Vec<T>>>,
}

/// Where the values of a key stand.
#[derive(Clone, Copy, Debug)]
struct Shape {
    /// How many values a key has.
    width: usize,
    /// A chunk holds two to the power of this keys.
    bits: u32,
}

#[derive(Debug)]
enum Chunk<T> {
    Own(Vec<T>),
    Shared(Arc<Vec<T>>),
}

impl Shape {
    #[inline]
    fn chunk(self, id: KeyId) -> usize {
        (id >> self.bits) as usize
    }

    #[inline]
    fn offset(self, id: KeyId) -> usize {
        (id as usize & ((1 << self.bits) - 1)) * self.width
    }
}

impl<T: Clone> Keyed<T> {
    /// `width` values a key, at first `fill`.
    pub(crate) fn new(width: usize, fill: T) -> Self {
        let width = width.max(1);
        let keys = (CHUNK_BYTES / (width * size_of::<T>().max(1))).max(1);
        Self { shape: Shape { width, bits: keys.ilog2() }, fill, chunks: Vec::new() }
    }

    /// Makes room for so many keys; call it before ids below `keys` are used.
    pub(crate) fn grow(&mut self, keys: usize) {
        let chunks = keys.div_ceil(1 << self.shape.bits);
        let length = self.shape.width << self.shape.bits;
        while self.chunks.len() < chunks {
            self.chunks.push(Chunk::Own(vec![self.fill.clone(); length]));
        }
    }

    /// About how many bytes the values take, without what they have on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.chunks.len() * (self.shape.width << self.shape.bits) * size_of::<T>()
    }

    /// The values of a key.
    #[inline]
    pub(crate) fn get(&self, id: KeyId) -> &[T] {
        let values = match &self.chunks[self.shape.chunk(id)] {
            Chunk::Own(values) => values,
            Chunk::Shared(values) => &**values,
        };
        let offset = self.shape.offset(id);
        &values[offset..offset + self.shape.width]
    }

    /// The values of a key, to change them.
    #[inline]
    pub(crate) fn get_mut(&mut self, id: KeyId) -> &mut [T] {
        let offset = self.shape.offset(id);
        let values = self.chunks[self.shape.chunk(id)].own();
        &mut values[offset..offset + self.shape.width]
    }

    /// The first value of a key: the only one where `width` is 1.
    #[inline]
    pub(crate) fn at(&self, id: KeyId) -> &T {
        &self.get(id)[0]
    }

    /// The first value of a key, to change it.
    #[inline]
    pub(crate) fn at_mut(&mut self, id: KeyId) -> &mut T {
        &mut self.get_mut(id)[0]
    }

    /// Forgets what a key has.
    pub(crate) fn reset(&mut self, id: KeyId) {
        let fill = self.fill.clone();
        self.get_mut(id).fill(fill);
    }

    /// Moves every key to its new id, in ascending order, and drops those that are [`GONE`].
    pub(crate) fn compact(&mut self, new_ids: &[KeyId]) {
        let mut kept = 0;
        for (old, &new) in (0..).zip(new_ids) {
            if new == GONE {
                continue;
            }
            debug_assert_eq!(new, kept, "new ids are ascending and without gaps");
            kept += 1;
            if new != old {
                let values = self.get(old).to_vec();
                self.get_mut(new).clone_from_slice(&values);
            }
        }
        self.chunks.truncate((kept as usize).div_ceil(1 << self.shape.bits));
        let room = (self.chunks.len() << self.shape.bits) as KeyId;
        (kept..room).for_each(|id| self.reset(id));
    }

    /// Captures the values, without copying them.
    pub(crate) fn capture(&mut self) -> Captured<T> {
        let chunks = self.chunks.iter_mut().map(Chunk::share).collect();
        Captured { shape: self.shape, chunks }
    }
}

impl<T> Captured<T> {
    /// The values of a key.
    pub(crate) fn get(&self, id: KeyId) -> &[T] {
        let offset = self.shape.offset(id);
        &self.chunks[self.shape.chunk(id)][offset..offset + self.shape.width]
    }

    /// The first value of a key.
    pub(crate) fn at(&self, id: KeyId) -> &T {
        &self.get(id)[0]
    }
}

impl<T: Clone> Chunk<T> {
    #[inline]
    fn own(&mut self) -> &mut Vec<T> {
        if let Chunk::Shared(values) = self {
            let values = Arc::unwrap_or_clone(std::mem::take(values));
            *self = Chunk::Own(values);
        }
        match self {
            Chunk::Own(values) => values,
            Chunk::Shared(_) => unreachable!("it was made its own above"),
        }
    }

    fn share(&mut self) -> Arc<Vec<T>> {
        if let Chunk::Own(values) = self {
            *self = Chunk::Shared(Arc::new(std::mem::take(values)));
        }
        match self {
            Chunk::Shared(values) => Arc::clone(values),
            Chunk::Own(_) => unreachable!("it was shared above"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capture_does_not_see_what_is_written_later() {
        let mut values = Keyed::new(2, 0.0);
        values.grow(9000);
        values.get_mut(8999)[1] = 1.5;
        let before = values.capture();
        values.get_mut(8999)[1] = 2.5;
        assert_eq!(before.get(8999), [0.0, 1.5]);
        assert_eq!(values.get(8999), [0.0, 2.5]);
        assert_eq!(values.get(0), before.get(0));
    }

    #[test]
    fn forgotten_keys_leave_no_trace() {
        let mut values = Keyed::new(1, -1);
        values.grow(5);
        (0..5).for_each(|id| *values.at_mut(id) = id as i32 * 10);
        values.compact(&[GONE, 0, GONE, 1, 2]);
        values.grow(4);
        assert_eq!((0..4).map(|id| *values.at(id)).collect::<Vec<_>>(), [10, 30, 40, -1]);
        values.reset(1);
        assert_eq!(*values.at(1), -1);
    }
}
