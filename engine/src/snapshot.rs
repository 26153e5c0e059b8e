//! What operators save and get back: sections, one for every key group and one unkeyed.
//!
//! State is saved by key group and not by task, so that it can be restored on any number of threads and by any host.

use crate::error::Result;
use bytes::Bytes;

/// How many key groups there are, fixed for the life of a job and stored in every snapshot.
pub const KEY_GROUPS: u16 = 128;

/// A range of the key space: `hash(key bytes) % KEY_GROUPS`.
pub type KeyGroup = u16;

/// What a section belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SectionId {
    /// State that belongs to no key: watermarks, counters.
    Unkeyed,
    /// The state of the keys of one group.
    Group(KeyGroup),
}

/// A piece of saved state. Its bytes are the operator's own; `version` says in which layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// What it belongs to.
    pub id: SectionId,
    /// The layout of `bytes`.
    pub version: u16,
    /// The state.
    pub bytes: Bytes,
}

/// State as it was at a barrier. Taking one is cheap; turning it into bytes may happen on another thread, later.
pub trait Snapshot: Send {
    /// The sections: at most one for every key group with state, and at most one unkeyed.
    fn sections(self: Box<Self>) -> Result<Vec<Section>>;
}

/// No state.
#[derive(Clone, Copy, Debug, Default)]
pub struct Empty;

impl Snapshot for Empty {
    fn sections(self: Box<Self>) -> Result<Vec<Section>> {
        Ok(Vec::new())
    }
}

/// Sections that were written at once: for state so small that copying it later gains nothing.
impl Snapshot for Vec<Section> {
    fn sections(self: Box<Self>) -> Result<Vec<Section>> {
        Ok(*self)
    }
}
