//! The words that a host brings: the engine names no connector and no format.

use crate::codec::Format;
use crate::sink::SinkDef;
use crate::source::SourceDef;

/// Connectors and formats, by the words of the language.
pub trait Vocabulary: Send + Sync {
    /// The source of this word.
    fn source(&self, word: &str) -> Option<&'static dyn SourceDef>;

    /// The sink of this word.
    fn sink(&self, word: &str) -> Option<&'static dyn SinkDef>;

    /// The format of this word.
    fn format(&self, word: &str) -> Option<&'static dyn Format>;

    /// The format in which people are shown rows: those of error streams and of the summary.
    fn shown(&self) -> &'static dyn Format;
}
