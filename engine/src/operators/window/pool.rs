//! Sessions in memory: by slot, and how they are saved.

use super::calls::Calls;
use super::groups::Groups;
use super::saved::{save_keys, save_watermark};
use crate::aggregate::Slot;
use crate::error::Result;
use crate::key::{KeyId, KeyList, StateWriter};
use crate::snapshot::{Section, Snapshot};
use crate::time::{Micros, Timestamp, Watermark};
use crate::windows::Window;
use std::sync::Arc;

/// Stands for no session.
pub(super) const NONE: Slot = Slot::MAX;

/// The lengths that decide.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) gap: Micros,
    pub(super) lateness: Micros,
}

/// All sessions, by slot.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    pub(super) groups: Groups,
    pub(super) sessions: Vec<Session>,
    pub(super) free: Vec<Slot>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Session {
    pub(super) key: KeyId,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    /// The next session of the key.
    pub(super) next: Slot,
    /// The timer that it is registered with; none: the slot is free.
    pub(super) timer: Option<i64>,
}

impl Pool {
    /// About how many bytes they take.
    pub(super) fn bytes(&self) -> usize {
        let sessions = self.sessions.capacity() * size_of::<Session>();
        self.groups.bytes() + sessions + self.free.capacity() * size_of::<Slot>()
    }
}

impl Rule {
    pub(super) fn window(self, session: &Session) -> Window {
        Window { start: session.first, end: session.last.saturating_add(self.gap) }
    }

    /// The watermark at which a session with this last row closes.
    pub(super) fn closes(self, last: Timestamp) -> Timestamp {
        last.saturating_add(self.gap).saturating_add(self.lateness)
    }

    /// Whether a row belongs to a session: it is near, and the session was open when the row was read.
    pub(super) fn takes(self, session: &Session, time: Timestamp, judged_by: Timestamp) -> bool {
        time < session.last.saturating_add(self.gap)
            && session.first.saturating_sub(self.gap) < time
            && judged_by < self.closes(session.last)
    }

    /// The step of the timers that a watermark lies in.
    pub(super) fn step(self, time: Timestamp) -> i64 {
        time.div_euclid((self.gap / 8).max(1))
    }
}

/// What [`super::sessions::Sessions`] hold.
#[derive(Debug)]
pub(super) struct SessionsSnapshot {
    pub(super) keys: Arc<KeyList>,
    pub(super) pool: Arc<Pool>,
    pub(super) watermark: Watermark,
    pub(super) calls: Calls,
}

impl Snapshot for SessionsSnapshot {
    fn sections(self: Box<Self>) -> Result<Vec<Section>> {
        let mut of_key = vec![Vec::new(); self.keys.len()];
        for (slot, session) in (0..).zip(&self.pool.sessions) {
            if session.timer.is_some() {
                of_key[session.key as usize].push(slot);
            }
        }
        let live = |id: KeyId| !of_key[id as usize].is_empty();
        let write = |ids: &[KeyId], out: &mut StateWriter| {
            let slots = |id: &KeyId| &of_key[*id as usize];
            out.u32(ids.iter().map(|id| slots(id).len() as u32).sum());
            for (place, id) in (0..).zip(ids) {
                for slot in slots(id) {
                    let session = &self.pool.sessions[*slot as usize];
                    out.u32(place);
                    out.i64(session.first);
                    out.i64(session.last);
                    self.pool.groups.encode(*slot, out);
                }
            }
        };
        let mut sections = save_keys(&self.keys, &self.calls, live, write)?;
        sections.push(save_watermark(self.watermark, 0));
        Ok(sections)
    }
}
