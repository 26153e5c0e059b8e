//! The detectors of the language: one file a word, one line a word in [`all`].

use crate::detector::DetectorDef;

mod sigma;
mod threshold;

/// Every detector, in the order of the reference.
pub fn all() -> &'static [&'static dyn DetectorDef] {
    &[&sigma::Sigma, &threshold::Threshold]
}

/// The detector of this name.
pub fn get(word: &str) -> Option<&'static dyn DetectorDef> {
    all().iter().copied().find(|it| it.signature().name == word)
}
