//! What the sinks of one run write to, so that no two of them write the same thing and one replaces what the other wrote.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Who writes what, until the run is over: a sink that has finished early keeps what it wrote. Clones are one and the same.
#[derive(Clone, Debug, Default)]
pub struct Claims(Arc<Mutex<BTreeMap<String, String>>>);

impl Claims {
    /// Claims a thing for a sink. False: it is another sink's.
    pub fn claim(&self, thing: &str, sink: &str) -> bool {
        let mut claims = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        claims.entry(thing.to_owned()).or_insert_with(|| sink.to_owned()) == sink
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_belongs_to_who_claimed_it_first() {
        let claims = Claims::default();
        assert!(claims.claim("a", "one") && claims.claim("b", "two") && claims.claim("a", "one"));
        assert!(!claims.clone().claim("a", "two"));
    }
}
