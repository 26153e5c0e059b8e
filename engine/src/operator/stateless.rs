//! Operators without state: each row by itself, nothing to save, nothing to wait for.

use super::{Operator, Output, Port};
use crate::batch::Batch;
use crate::error::Result;
use crate::snapshot::{Empty, Section, Snapshot};
use crate::time::Watermark;

/// What is done with rows, each by itself.
pub trait RowWise: Send {
    /// Takes rows and accounts for every one of them.
    fn apply(&mut self, batch: Batch, out: &mut Output) -> Result<()>;
}

/// Runs what is [`RowWise`].
#[derive(Debug)]
pub struct Stateless<T>(pub T);

impl<T: RowWise> Operator for Stateless<T> {
    fn on_batch(&mut self, _port: Port, batch: Batch, out: &mut Output) -> Result<()> {
        self.0.apply(batch, out)
    }

    fn on_watermark(&mut self, watermark: Watermark, _out: &mut Output) -> Result<Watermark> {
        Ok(watermark)
    }

    fn snapshot(&mut self) -> Result<Box<dyn Snapshot>> {
        Ok(Box::new(Empty))
    }

    fn restore(&mut self, _section: Section) -> Result<()> {
        Ok(())
    }
}
