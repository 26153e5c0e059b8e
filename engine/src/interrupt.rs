//! Whoever starts a run may want it to stop while its sources and sinks are still being opened. Opening may take seconds
//! (a broker that does not answer), so it looks here.

use crate::error::{Error, ErrorKind, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a run is to stop before it has begun. Clones are one and the same.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// It is to stop.
    pub fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it is to stop.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// An error of the kind [`ErrorKind::Interrupted`] if it is to stop.
    pub fn check(&self) -> Result<()> {
        if self.is_set() {
            return Err(Error::new(
                ErrorKind::Interrupted,
                "it was told to stop before it had begun",
            ));
        }
        Ok(())
    }
}
