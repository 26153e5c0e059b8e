//! A file that others append to: when is it cut short, when does another one take its name?
//!
//! ```text
//!  same file, longer     read on
//!  same file, shorter    it was truncated: from its beginning
//!  another file          the old one was renamed (log rotation): what is left of it first, then the new one
//!  no file               between a rename and the new file: wait
//! ```

use super::input::Input;
use super::paths;
use engine::error::{Error, Result};
use std::fs::Metadata;

/// What has happened to the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    None,
    Truncated,
    Replaced,
}

/// Keeps watch over a file.
pub(super) struct Tail {
    path: String,
    /// Tells the file from another one of the same name.
    identity: u64,
    /// Where reading begins.
    start: u64,
    /// Another file was seen under the name; believed when nothing came from the old one after that.
    replaced: bool,
}

impl Tail {
    /// Begins where `position` says, unless that was in another file or behind the end of this one.
    pub(super) fn open(path: &str, position: &str) -> Result<Tail> {
        let metadata = std::fs::metadata(path).map_err(|error| paths::unreadable(path, &error))?;
        let (identity, offset) = (identity(&metadata), Self::offset(position)?);
        let same = position.ends_with(&format!("@{identity}")) && offset <= metadata.len();
        let start = if same { offset } else { 0 };
        Ok(Tail { path: path.to_owned(), identity, start, replaced: false })
    }

    /// The offset in the text of a position.
    pub(super) fn offset(position: &str) -> Result<u64> {
        let offset = position.split_once('@').map_or(position, |(offset, _)| offset);
        if offset.is_empty() {
            return Ok(0);
        }
        offset.parse().map_err(|_| Error::bug(format!("`{position}` is no position in a file")))
    }

    /// Where reading begins.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// The text of a position in this file.
    pub(super) fn position(&self, offset: u64) -> String {
        format!("{offset}@{}", self.identity)
    }

    /// What has happened, where `read` bytes were read and nothing more came.
    pub(super) fn check(&mut self, read: u64) -> Result<Change> {
        let metadata = match std::fs::metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Change::None),
            Err(error) => return Err(paths::unreadable(&self.path, &error)),
        };
        if identity(&metadata) != self.identity {
            // Something may have been written to the old one since it was read: once more before it is left.
            let certain = std::mem::replace(&mut self.replaced, true);
            return Ok(if certain { Change::Replaced } else { Change::None });
        }
        self.replaced = false;
        Ok(if metadata.len() < read { Change::Truncated } else { Change::None })
    }

    /// Goes over to the file that has the name now.
    pub(super) fn reopen(&mut self) -> Result<Input> {
        let file = paths::open(&self.path)?;
        let metadata = file.metadata().map_err(|error| paths::unreadable(&self.path, &error))?;
        self.identity = identity(&metadata);
        self.replaced = false;
        Ok(Box::new(file))
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

/// Elsewhere files have no number that could be asked for: only truncation is noticed.
#[cfg(not(unix))]
fn identity(_: &Metadata) -> u64 {
    0
}
