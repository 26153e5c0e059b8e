//! A slice of time: the states of the keys that have rows in it.

use super::groups::Groups;
use crate::aggregate::Slot;
use crate::error::Result;
use crate::key::{GONE, KeyId};
use hashbrown::HashTable;

/// The states of keys, as many as have rows.
#[derive(Clone, Debug)]
pub(super) struct Slice {
    slots: Slots,
    /// The key of each slot.
    keys: Vec<KeyId>,
    pub(super) groups: Groups,
}

/// From keys to slots.
#[derive(Clone, Debug)]
enum Slots {
    /// Few of the task's keys are in the slice.
    Few(HashTable<(KeyId, Slot)>),
    /// Many are: by id.
    Many(Vec<Slot>),
}

/// From this share of all keys on (1 / this), slots are found by id.
const MANY: usize = 8;

/// Stands for no slot.
const NONE: Slot = Slot::MAX;

impl Slice {
    /// Without any key.
    pub(super) fn new(groups: Groups) -> Self {
        Self { slots: Slots::Few(HashTable::new()), keys: Vec::new(), groups }
    }

    /// The keys, by slot.
    pub(super) fn keys(&self) -> &[KeyId] {
        &self.keys
    }

    /// How many rows all keys together have.
    pub(super) fn rows(&self) -> u64 {
        (0..self.keys.len()).map(|slot| self.groups.rows(slot as Slot)).sum()
    }

    /// About how many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        let slots = match &self.slots {
            Slots::Few(table) => table.capacity() * (size_of::<(KeyId, Slot)>() + 1),
            Slots::Many(table) => table.capacity() * size_of::<Slot>(),
        };
        slots + self.keys.capacity() * size_of::<KeyId>() + self.groups.bytes()
    }

    /// The slot of a key.
    #[inline]
    pub(super) fn slot(&self, key: KeyId) -> Option<Slot> {
        match &self.slots {
            Slots::Few(table) => table.find(spread(key), |it| it.0 == key).map(|it| it.1),
            Slots::Many(slots) => slots.get(key as usize).copied().filter(|it| *it != NONE),
        }
    }

    /// Fills `slots` with the slot of each key; keys that have none get one. All ids of the task are below `known`.
    pub(super) fn assign(&mut self, keys: &[KeyId], known: usize, slots: &mut Vec<Slot>) {
        slots.clear();
        slots.reserve(keys.len());
        let by_id = matches!(self.slots, Slots::Many(_));
        if by_id || (self.keys.len() + keys.len()) * MANY >= known {
            self.spread_out(known);
        }
        match &mut self.slots {
            Slots::Many(table) => {
                for key in keys {
                    let slot = &mut table[*key as usize];
                    if *slot == NONE {
                        *slot = self.keys.len() as Slot;
                        self.keys.push(*key);
                    }
                    slots.push(*slot);
                }
            }
            Slots::Few(table) => {
                for &key in keys {
                    let found = table.find(spread(key), |it| it.0 == key).map(|it| it.1);
                    slots.push(found.unwrap_or_else(|| {
                        let slot = self.keys.len() as Slot;
                        table.insert_unique(spread(key), (key, slot), |it| spread(it.0));
                        self.keys.push(key);
                        slot
                    }));
                }
            }
        }
        self.groups.grow(self.keys.len());
    }

    /// Finds slots by id from now on.
    fn spread_out(&mut self, known: usize) {
        match &mut self.slots {
            Slots::Many(table) if table.len() >= known => {}
            Slots::Many(table) => table.resize(known, NONE),
            Slots::Few(_) => {
                let mut table = vec![NONE; known];
                for (slot, key) in (0..).zip(&self.keys) {
                    table[*key as usize] = slot;
                }
                self.slots = Slots::Many(table);
            }
        }
    }

    /// Merges the states of later rows.
    pub(super) fn merge(&mut self, later: &Slice, known: usize) -> Result<()> {
        let mut slots = Vec::new();
        self.assign(&later.keys, known, &mut slots);
        let pairs: Vec<(Slot, Slot)> = slots.into_iter().zip(0..).collect();
        self.groups.merge(&later.groups, &pairs)
    }

    /// Gives keys their new ids, see [`crate::key::KeyInterner::compact`].
    pub(super) fn renumber(&mut self, new_ids: &[KeyId]) {
        for key in &mut self.keys {
            *key = new_ids[*key as usize];
            debug_assert_ne!(*key, GONE, "a key with rows is not forgotten");
        }
        let mut table = HashTable::with_capacity(self.keys.len());
        for (slot, key) in (0..).zip(&self.keys) {
            table.insert_unique(spread(*key), (*key, slot), |it| spread(it.0));
        }
        self.slots = Slots::Few(table);
    }
}

/// A hash of a number that is dense already.
#[inline]
fn spread(key: KeyId) -> u64 {
    u64::from(key).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(20)
}
