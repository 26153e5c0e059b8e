//! Rows that a sink or source refused, in front of or behind all steps: error rows where somebody reads them, samples else.

use super::delivery::Piece;
use super::pipes::shown;
use crate::codec::Encoder;
use crate::error::Result;
use crate::operator::RefusedRows;
use crate::side::{self, Samples};
use crate::vocabulary::Vocabulary;
use dsl::types::Column;

/// Rows that a sink or source refused, in front of or behind all steps.
pub(super) struct Refusals {
    owner: String,
    read: bool,
    shown: Box<dyn Encoder>,
}

impl Refusals {
    pub(super) fn new(
        owner: &str,
        read: bool,
        columns: &[Column],
        vocabulary: &dyn Vocabulary,
    ) -> Result<Self> {
        Ok(Self { owner: owner.to_owned(), read, shown: shown(columns, vocabulary)? })
    }

    /// The error rows, where somebody reads them.
    pub(super) fn take(
        &mut self,
        refused: &RefusedRows,
        samples: &mut Samples,
    ) -> Result<Option<Piece>> {
        if self.read {
            return Ok(Some(Piece { phase: 0, batch: side::refused(refused, &mut *self.shown)? }));
        }
        samples.refused(&self.owner, refused, &mut *self.shown)?;
        Ok(None)
    }

    /// Whether somebody reads them.
    pub(super) fn read(&self) -> bool {
        self.read
    }

    /// Whose rows they are.
    pub(super) fn owner(&self) -> &str {
        &self.owner
    }
}
