//! The files of the project, and the little that is read of Cargo's.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The folder of the project.
pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the project.
pub(super) struct File {
    /// From the project's folder, with `/`.
    pub(super) path: String,
    /// What stands in it; empty if it is not text.
    pub(super) text: String,
}

impl File {
    /// What stands between the last `/` and the last `.`.
    pub(super) fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }

    /// The folder it stands in.
    pub(super) fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    pub(super) fn has_extension(&self, wanted: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|it| it == wanted)
    }
}

/// Folders that hold nothing of the project: what Git keeps, what is built, what commands leave behind.
const FOREIGN: [&str; 5] = [".git", "target", "weir-demo", "weir-bench", "node_modules"];

/// Every file of the project, sorted by path.
pub(super) fn files() -> &'static [File] {
    static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
        let mut paths = Vec::new();
        collect(root(), &mut paths);
        paths.sort();
        paths.iter().map(|it| read(it)).collect()
    });
    &FILES
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if FOREIGN.iter().any(|it| path.ends_with(it)) {
            continue;
        }
        if path.is_dir() { collect(&path, into) } else { into.push(path) }
    }
}

fn read(path: &Path) -> File {
    let relative = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
    let text = String::from_utf8(std::fs::read(path).unwrap()).unwrap_or_default();
    File { path: relative, text }
}

/// Every Rust file.
pub(super) fn rust() -> impl Iterator<Item = &'static File> {
    files().iter().filter(|it| it.has_extension("rs"))
}

/// The file of this path.
pub(super) fn file(path: &str) -> &'static File {
    let found = files().iter().find(|it| it.path == path);
    found.unwrap_or_else(|| panic!("there is no file {path}"))
}

/// Every line of a file that has one of these in it, as `path:line: text`.
pub(super) fn lines_with(file: &File, wanted: &[String]) -> Vec<String> {
    let lines = file.text.lines().enumerate();
    let found = lines.filter(|(_, line)| wanted.iter().any(|it| line.contains(it.as_str())));
    found.map(|(i, line)| format!("{}:{}: {}", file.path, i + 1, line.trim())).collect()
}

/// The names under a heading of a `Cargo.toml`: `[dependencies]`.
pub(super) fn keys(cargo: &File, heading: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let mut inside = false;
    for line in cargo.text.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line == heading;
        } else if inside && !line.is_empty() && !line.starts_with('#') {
            let key = line.split(['.', '=', ' ']).next().unwrap_or_default();
            keys.push(key.trim_matches('"').to_owned());
        }
    }
    keys
}

/// Fails with everything that was found, a line each.
pub(super) fn none(found: &[String], rule: &str) {
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}
