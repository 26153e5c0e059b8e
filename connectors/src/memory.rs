//! `memory`: rows from and to the process that runs the pipeline, for tests and for programs that embed the engine.
//!
//! ```text
//!  memory::input("job", "readings").push("0", …)      memory::output("job", "results").rows()
//!                 │                                                  ▲ committed epochs only
//!                 ▼                                                  │
//!        source readings = memory(…) ──────► engine ──────► sink results = … | into memory()
//! ```
//!
//! The source can be read again from any position and the sink is transactional, so a pipeline between them is exactly
//! once: after a crash, rows that were not committed are gone and are made again.

mod input;
mod output;

pub use input::{Input, MemorySource, input};
pub use output::{MemorySink, Output, output};

use crate::common::lock;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Handles by the names of the pipeline and of the source or sink.
struct Registry<T>(Mutex<BTreeMap<(String, String), T>>);

impl<T: Clone> Registry<T> {
    const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// The handle of this name, if somebody made it.
    fn find(&self, pipeline: &str, name: &str) -> Option<T> {
        lock(&self.0).get(&(pipeline.to_owned(), name.to_owned())).cloned()
    }

    /// The handle of this name; made if it is not there.
    fn get(&self, pipeline: &str, name: &str, make: impl FnOnce() -> T) -> T {
        let key = (pipeline.to_owned(), name.to_owned());
        lock(&self.0).entry(key).or_insert_with(make).clone()
    }

    fn remove(&self, pipeline: &str) {
        lock(&self.0).retain(|(it, _), _| it != pipeline);
    }
}

/// Forgets every input and output of a pipeline. Handles that somebody holds stay as they are.
pub fn forget(pipeline: &str) {
    input::INPUTS.remove(pipeline);
    output::OUTPUTS.remove(pipeline);
}
