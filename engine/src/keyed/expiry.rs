//! Until when the state of a key counts, told from stamps, and when it is cleared.
//!
//! ```text
//!  a row of the key      counts until             a later row
//!  at 10:00      ──►     10:00 + after    ──►     time and stamp below that: finds the state
//!                                                 otherwise: finds nothing, whether it was cleared or not
//! ```
//!
//! Clearing waits for the watermark, which no stamp still to come is below; so nobody can tell when it happens. The time
//! counts, too, because the stamps of rows that come in time are not carried along: they are not above the time.

use super::{Captured, Keyed};
use crate::key::{KeyId, KeyInterner};
use crate::time::{Micros, Timestamp, Watermark};

/// State is looked through this often in the time that it counts.
const SWEEPS: i64 = 8;

/// No state: no stamp and no time is below it.
pub(crate) const NEVER: Timestamp = Timestamp::MIN;

/// Until when the state of each key counts.
#[derive(Debug)]
pub(crate) struct Expiry {
    after: Micros,
    until: Keyed<Timestamp>,
    /// Nothing is looked for before the watermark has reached this.
    next: Timestamp,
}

impl Expiry {
    /// State counts for so long behind the row that it is from.
    pub(crate) fn new(after: Micros) -> Self {
        Self { after, until: Keyed::new(1, NEVER), next: Timestamp::MIN }
    }

    /// Makes room for so many keys.
    pub(crate) fn grow(&mut self, keys: usize) {
        self.until.grow(keys);
    }

    /// Until when the state of a key counts.
    #[inline]
    pub(crate) fn until(&self, id: KeyId) -> Timestamp {
        *self.until.at(id)
    }

    /// The state of a key is from a row at this time.
    #[inline]
    pub(crate) fn set(&mut self, id: KeyId, time: Timestamp) {
        *self.until.at_mut(id) = time.saturating_add(self.after);
    }

    /// Takes back until when the state of a key counts.
    pub(crate) fn restore(&mut self, id: KeyId, until: Timestamp) {
        *self.until.at_mut(id) = until;
    }

    /// A row of the key was seen, which keeps its state for longer. Returns whether the key had a state that does not
    /// count any more: it has to be forgotten before the row.
    #[inline]
    pub(crate) fn see(&mut self, id: KeyId, time: Timestamp, stamp: Timestamp) -> bool {
        let until = self.until.at_mut(id);
        let expired = *until != NEVER && (time >= *until || stamp >= *until);
        let new = time.saturating_add(self.after);
        *until = if expired { new } else { new.max(*until) };
        expired
    }

    /// Forgets keys whose state cannot count any more, if there are enough of them. Returns the new ids, by which all
    /// other state has to be moved ([`Keyed::compact`]).
    pub(crate) fn sweep(
        &mut self,
        watermark: Watermark,
        keys: &mut KeyInterner,
    ) -> Option<Vec<KeyId>> {
        let now = watermark.micros();
        if now < self.next || watermark == Watermark::NONE {
            return None;
        }
        self.next = now.saturating_add((self.after / SWEEPS).max(1));
        let live = (0..keys.len() as KeyId).filter(|&id| self.until(id) > now).count();
        if live * 2 > keys.len() || keys.is_empty() {
            return None;
        }
        let new_ids = keys.compact(|id| *self.until.at(id) > now);
        self.until.compact(&new_ids);
        Some(new_ids)
    }

    /// About how many bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.until.bytes()
    }

    /// Captures it.
    pub(crate) fn capture(&mut self) -> Captured<Timestamp> {
        self.until.capture()
    }
}
