//! From the keys of a batch to dense ids, in one pass.

use super::{KeyBytes, KeyId, KeyList, StateReader, hash};
use crate::error::Result;
use arrow::array::{ArrayRef, RecordBatch};
use hashbrown::HashTable;
use std::cmp::Ordering;
use std::sync::Arc;

/// Stands for an id that is not used any more, see [`KeyInterner::compact`].
pub const GONE: KeyId = KeyId::MAX;

/// Gives each key of a task a dense id.
///
/// ```text
///  batch ──► KeyBytes ──► hash ──► table of ids ──► id, an index into every column of state
///                                       └ new ──► KeyList: appended
/// ```
#[derive(Debug)]
pub struct KeyInterner {
    columns: Vec<usize>,
    list: Arc<KeyList>,
    table: HashTable<KeyId>,
    scratch: KeyBytes,
    /// The ids of all keys in the order of (group, bytes); those above its length are not put in yet.
    sorted: Vec<KeyId>,
}

impl KeyInterner {
    /// For rows whose key columns stand at these places; without any, all rows have one key.
    pub fn new(columns: Vec<usize>) -> Self {
        Self {
            columns,
            list: Arc::default(),
            table: HashTable::new(),
            scratch: KeyBytes::default(),
            sorted: Vec::new(),
        }
    }

    /// Fills `ids` with the id of each row's key; keys that were not seen yet get the next ids.
    pub fn intern(&mut self, batch: &RecordBatch, ids: &mut Vec<KeyId>) -> Result<()> {
        ids.clear();
        let rows = batch.num_rows();
        if self.columns.is_empty() && rows > 0 {
            let id = self.id(&[]);
            ids.resize(rows, id);
            return Ok(());
        }
        let columns: Vec<&ArrayRef> = self.columns.iter().map(|&it| batch.column(it)).collect();
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.encode(&columns, rows)?;
        ids.reserve(rows);
        ids.extend(scratch.iter().map(|key| self.id(key)));
        self.scratch = scratch;
        Ok(())
    }

    /// The id of a key; a new one if it was not seen yet.
    #[inline]
    pub fn id(&mut self, key: &[u8]) -> KeyId {
        let hash = hash(key);
        match self.table.find(spread(hash), |&id| self.list.bytes(id) == key) {
            Some(&id) => id,
            None => self.add(key, hash),
        }
    }

    #[cold]
    fn add(&mut self, key: &[u8], hash: u64) -> KeyId {
        let list = Arc::make_mut(&mut self.list);
        let id = list.push(key, hash);
        self.table.insert_unique(spread(hash), id, |&id| spread(list.hash(id)));
        id
    }

    /// The keys by id. Cloning the `Arc` captures them; later keys do not show in it.
    pub fn list(&self) -> &Arc<KeyList> {
        &self.list
    }

    /// How many ids are in use: all are below this.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is no key yet.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// About how many bytes of memory all of it takes.
    pub fn bytes(&self) -> usize {
        // A place in the table is an id and a byte of its hash.
        let table = self.table.capacity() * (size_of::<KeyId>() + 1);
        self.list.memory() + table + self.sorted.capacity() * size_of::<KeyId>()
    }

    /// All ids in the order of (key group, key bytes): that of every output. Only keys that are new since the last time
    /// are sorted.
    pub fn sorted(&mut self) -> &[KeyId] {
        let have = self.sorted.len();
        if have < self.list.len() {
            let list = &self.list;
            let by_place = |a: &KeyId, b: &KeyId| list.place(*a).cmp(&list.place(*b));
            let mut new: Vec<KeyId> = (have as KeyId..list.len() as KeyId).collect();
            new.sort_unstable_by(by_place);
            self.sorted = merged(&self.sorted, &new, by_place);
        }
        &self.sorted
    }

    /// Forgets the keys whose id is not `live`, and numbers the others anew without changing their order. Returns the
    /// new id of each old one, [`GONE`] for the forgotten: whatever is indexed by id has to be moved alike.
    pub fn compact(&mut self, live: impl Fn(KeyId) -> bool) -> Vec<KeyId> {
        let mut list = KeyList::default();
        let new_id = |id: KeyId| {
            if live(id) { list.push(self.list.bytes(id), self.list.hash(id)) } else { GONE }
        };
        let new_ids: Vec<KeyId> = (0..self.list.len() as KeyId).map(new_id).collect();
        self.table = HashTable::with_capacity(list.len());
        for id in 0..list.len() as KeyId {
            let _entry = self.table.insert_unique(spread(list.hash(id)), id, |&it| {
                // Not called: there is room for all.
                spread(list.hash(it))
            });
        }
        let moved = self.sorted.iter().map(|&id| new_ids[id as usize]);
        self.sorted = moved.filter(|&id| id != GONE).collect();
        self.list = Arc::new(list);
        new_ids
    }

    /// Takes keys back that [`super::save_by_group`] wrote; the id of each, in the order they were written.
    pub fn restore(&mut self, from: &mut StateReader<'_>) -> Result<Vec<KeyId>> {
        let count = from.u32()?;
        (0..count).map(|_| Ok(self.id(from.bytes()?))).collect()
    }
}

/// The hash as the table uses it. A task owns a range of groups, that is of the lowest bits: the table must not find its
/// places by these.
#[inline]
fn spread(hash: u64) -> u64 {
    hash.rotate_right(16)
}

fn merged(a: &[KeyId], b: &[KeyId], compare: impl Fn(&KeyId, &KeyId) -> Ordering) -> Vec<KeyId> {
    let mut out = Vec::with_capacity(a.len() + b.len());
    let (mut a, mut b) = (a, b);
    while let ([first, rest_a @ ..], [second, rest_b @ ..]) = (a, b) {
        if compare(first, second) == Ordering::Less {
            out.push(*first);
            a = rest_a;
        } else {
            out.push(*second);
            b = rest_b;
        }
    }
    out.extend_from_slice(a);
    out.extend_from_slice(b);
    out
}
