//! Which files a name in a question stands for: a file, the files of a folder, or those that match a glob.

use super::problem::Problem;
use crate::exit::Exit;
use connectors::file::{Holds, expand, holds};
use dsl::check::suggest;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The endings that say what a file holds, for messages.
const ENDINGS: &str =
    "`.parquet`, `.jsonl`, `.ndjson`, `.json` or `.csv`, text also with `.gz` or `.zst` behind it";

/// Files of one format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// What all of them hold.
    pub(super) holds: Holds,
    /// They, in the order of their names. A folder's hidden files, and those that begin with `_`, are not among them:
    /// they are somebody's notes, or not whole yet.
    pub(super) files: Vec<PathBuf>,
}

/// The files that a name stands for.
pub(super) fn find(name: &str) -> Result<Found, Problem> {
    if let Some((scheme, _)) = name.split_once("://") {
        return Err(Problem::usage(format!(
            "cannot read `{name}`: {scheme} is not in this version; copy it to this machine and name the copy"
        )));
    }
    let matches = expand(name).map_err(|error| Problem::usage(error.to_string()))?;
    if matches.is_empty() {
        return Err(Problem::usage(format!("no file matches `{name}`{}", here())));
    }
    let mut files = Vec::new();
    for path in matches.iter().map(Path::new) {
        let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
        if metadata.is_dir() {
            walk(path, &mut files)?;
        } else if holds(&path.to_string_lossy()).is_some() || matches.len() == 1 {
            files.push(path.to_owned());
        }
    }
    one_format(name, files)
}

/// All of them have to hold the same.
fn one_format(name: &str, mut files: Vec<PathBuf>) -> Result<Found, Problem> {
    files.sort_unstable();
    files.dedup();
    let mut kinds = BTreeSet::new();
    for file in &files {
        match holds(&file.to_string_lossy()) {
            Some(holds) => kinds.insert(word(holds)),
            None => {
                return Err(Problem::usage(format!(
                    "the ending of `{}` does not say what the file holds; it has to be {ENDINGS}",
                    file.display()
                )));
            }
        };
    }
    let first = files.first().and_then(|it| holds(&it.to_string_lossy()));
    match first {
        None => Err(Problem::usage(format!(
            "`{name}` has no files that can be read: their names end in {ENDINGS}"
        ))),
        Some(_) if kinds.len() > 1 => {
            let kinds: Vec<_> = kinds.into_iter().collect();
            let ending = first.map_or("parquet", ending);
            Err(Problem::usage(format!(
                "`{name}` has files of several formats ({}); name those of one: '{}/*.{ending}'",
                kinds.join(", "),
                folder(name)
            )))
        }
        Some(holds) => Ok(Found { holds, files }),
    }
}

/// The files of a folder and of those inside it.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Problem> {
    let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
    for entry in entries {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(['.', '_']) {
            continue;
        }
        if path.is_dir() {
            walk(&path, files)?;
        } else if holds(&name).is_some() {
            files.push(path);
        }
    }
    Ok(())
}

fn word(holds: Holds) -> &'static str {
    match holds {
        Holds::Parquet => "Parquet",
        Holds::Text("csv") => "CSV",
        Holds::Text(_) => "JSON lines",
    }
}

fn ending(holds: Holds) -> &'static str {
    match holds {
        Holds::Parquet => "parquet",
        Holds::Text("csv") => "csv",
        Holds::Text(_) => "jsonl",
    }
}

/// The part of a name that stands before its first mark of a glob.
fn folder(name: &str) -> &str {
    let plain = name.split(['*', '?', '[']).next().unwrap_or(name);
    let folder = if plain.len() == name.len() {
        plain
    } else {
        plain.rsplit_once('/').map_or(".", |(folder, _)| folder)
    };
    folder.trim_end_matches('/')
}

/// Why a file or folder cannot be read, and what was probably meant.
pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    let shown = path.display();
    Problem::new(
        Exit::Usage,
        match error.kind() {
            std::io::ErrorKind::NotFound => {
                let hint = near(path)
                    .map_or_else(here, |it| format!("; did you mean `{}`?", it.display()));
                format!("there is no file or folder `{shown}`{hint}")
            }
            std::io::ErrorKind::PermissionDenied => {
                format!("`{shown}` must not be read: check its permissions")
            }
            _ => format!("`{shown}` cannot be read: {error}"),
        },
    )
}

fn here() -> String {
    "; paths start at the working directory".to_owned()
}

/// Something with nearly this name that is there.
fn near(path: &Path) -> Option<PathBuf> {
    let folder = path.parent()?;
    let place = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let name = path.file_name()?.to_str()?;
    let entries = fs::read_dir(place).ok()?;
    let mut names: Vec<String> =
        entries.filter_map(|it| it.ok()?.file_name().into_string().ok()).collect();
    names.sort_unstable();
    let found = suggest::nearest(name, names.iter().map(String::as_str))?;
    Some(folder.join(found))
}
