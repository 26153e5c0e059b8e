//! Which files a path stands for.

use engine::error::{Error, Result};
use glob::{MatchOptions, Pattern};
use std::fs::File;
use std::io;
use std::path::Path;

/// The files that `path` stands for, in the order of their names: one file, or all that match a glob. A name that
/// holds the marks of a glob and exists is that file.
pub(super) fn list(path: &str) -> Result<Vec<String>> {
    let mut files = expand(path)?;
    if is_glob(path) && !Path::new(path).exists() {
        files.retain(|it| !Path::new(it).is_dir());
    }
    Ok(files)
}

/// The files and folders that `path` stands for, in the order of their names: itself, or all that match a glob. A name
/// that holds the marks of a glob and exists is that file. Hidden ones stay out unless the pattern asks for them: a file
/// that is being written stands aside under such a name.
pub fn expand(path: &str) -> Result<Vec<String>> {
    if !is_glob(path) || Path::new(path).exists() {
        return Ok(vec![path.to_owned()]);
    }
    let options = MatchOptions { require_literal_leading_dot: true, ..MatchOptions::new() };
    let matches = glob::glob_with(path, options).map_err(|error| {
        let pattern = Pattern::escape(path);
        Error::user(format!("`path`: the glob `{path}` is not well formed ({error}); a name that holds such marks is written `{pattern}`"))
    })?;
    let mut found = Vec::new();
    for it in matches {
        let it = it.map_err(|error| {
            let place = error.path().display().to_string();
            unreadable(&place, error.error())
        })?;
        found.push(text(&it)?);
    }
    found.sort_unstable();
    Ok(found)
}

/// Whether it holds marks of a glob.
pub(super) fn is_glob(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

/// Checks that a file can be read.
pub(super) fn check_readable(path: &str) -> Result<()> {
    open(path).map(drop)
}

/// Opens a file for reading. A folder is refused, which some systems notice only when it is read.
pub(super) fn open(path: &str) -> Result<File> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    match file.metadata() {
        Ok(metadata) if metadata.is_dir() => Err(Error::user(format!(
            "`path`: `{path}` is a folder; write `{}/*.jsonl` for the files in it",
            path.trim_end_matches('/')
        ))),
        Ok(_) => Ok(file),
        Err(error) => Err(unreadable(path, &error)),
    }
}

/// Why a file cannot be read, and what to do.
pub(super) fn unreadable(path: &str, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::user(format!(
            "`path`: there is no file `{path}`; relative paths start at the working directory"
        )),
        io::ErrorKind::PermissionDenied => {
            Error::user(format!("`path`: `{path}` must not be read: check its permissions"))
        }
        _ => Error::refused(format!("`path`: `{path}` cannot be read: {error}")),
    }
}

fn text(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        let shown = path.display();
        Error::user(format!("`path`: the name of `{shown}` is not UTF-8; rename it"))
    })
}
