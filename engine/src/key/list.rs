//! The keys of a task by id: bytes, hash, group; shared with snapshots.

use super::{KeyId, decode, group};
use crate::error::Result;
use crate::snapshot::{KEY_GROUPS, KeyGroup};
use arrow::array::ArrayRef;
use dsl::types::Typed;

/// The keys of a task, by id.
#[derive(Clone, Debug, Default)]
pub struct KeyList {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    hashes: Vec<u64>,
}

impl KeyList {
    /// How many there are: ids are below this.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes of a key.
    #[inline]
    pub fn bytes(&self, id: KeyId) -> &[u8] {
        let id = id as usize;
        let start = if id == 0 { 0 } else { self.ends[id - 1] };
        &self.bytes[start..self.ends[id]]
    }

    /// About how many bytes all of them take.
    pub fn memory(&self) -> usize {
        self.bytes.capacity()
            + self.ends.capacity() * size_of::<usize>()
            + self.hashes.capacity() * size_of::<u64>()
    }

    /// The hash of a key.
    #[inline]
    pub fn hash(&self, id: KeyId) -> u64 {
        self.hashes[id as usize]
    }

    /// The group of a key.
    #[inline]
    pub fn group(&self, id: KeyId) -> KeyGroup {
        group(self.hash(id))
    }

    /// What output is ordered by: keys are never equal in it.
    #[inline]
    pub fn place(&self, id: KeyId) -> (KeyGroup, &[u8]) {
        (self.group(id), self.bytes(id))
    }

    /// The key columns of these keys; `types` are those of the columns that were interned.
    pub fn columns(&self, types: &[Typed], ids: &[KeyId]) -> Result<Vec<ArrayRef>> {
        if types.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<&[u8]> = ids.iter().map(|&id| self.bytes(id)).collect();
        decode::columns(types, &keys)
    }

    /// The ids for which `live` holds by group, those of a group in the order of their bytes; groups without any are
    /// left out.
    pub fn by_group(&self, live: impl Fn(KeyId) -> bool) -> Vec<(KeyGroup, Vec<KeyId>)> {
        let mut groups = vec![Vec::new(); usize::from(KEY_GROUPS)];
        for id in (0..self.len() as KeyId).filter(|&id| live(id)) {
            groups[usize::from(self.group(id))].push(id);
        }
        let mut found: Vec<_> = (0..).zip(groups).filter(|(_, ids)| !ids.is_empty()).collect();
        for (_, ids) in &mut found {
            ids.sort_unstable_by_key(|&id| self.bytes(id));
        }
        found
    }

    pub(super) fn push(&mut self, bytes: &[u8], hash: u64) -> KeyId {
        self.bytes.extend_from_slice(bytes);
        self.ends.push(self.bytes.len());
        self.hashes.push(hash);
        (self.ends.len() - 1) as KeyId
    }
}
