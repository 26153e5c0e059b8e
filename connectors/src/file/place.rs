//! Where the bytes of a file go, and when others see it under its name.
//!
//! ```text
//!  aside      .weir-4711.partial/0 ── publish ──► NAME      whole or not there; gone if the run breaks off
//!  fresh      NAME, empty at first                          seen while it grows
//!  append     NAME, behind what it holds                    seen while it grows
//! ```

use super::aside::Aside;
use super::meet::normal;
use engine::claims::Claims;
use engine::error::{Error, Result};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// How a file is begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Aside,
    Fresh,
    Append,
}

/// The sink that writes a file, among those of its run.
#[derive(Clone, Debug, Default)]
pub(super) struct Owner {
    pub(super) sink: String,
    pub(super) claims: Claims,
}

/// A file that is written.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    /// The name under which it is written.
    written: PathBuf,
    mode: Mode,
    /// Whether it was opened before: then it goes on where it was.
    begun: bool,
    /// Whether it is a pipe or a device.
    special: bool,
}

impl Place {
    /// Takes the path for its sink. Its folder is made if it is not there. Where it is written aside, `aside` says under
    /// which name.
    pub(super) fn new(
        path: &str,
        mode: Mode,
        aside: Option<&mut Aside>,
        owner: &Owner,
    ) -> Result<Place> {
        let path = PathBuf::from(path);
        if path.is_dir() || path.file_name().is_none() {
            let shown = path.display();
            return Err(Error::user(format!(
                "`path`: `{shown}` is a folder; write the name of a file in it"
            )));
        }
        make_folder(&folder(&path))?;
        // A pipe or a device is written to; nothing may be put in its place.
        let special = std::fs::metadata(&path).is_ok_and(|it| !it.is_file());
        let (written, mode) = match aside {
            Some(aside) if mode == Mode::Aside && !special => (aside.file(), mode),
            _ if mode == Mode::Aside => (path.clone(), Mode::Fresh),
            _ => (path.clone(), mode),
        };
        if !owner.claims.claim(&named(&path), &owner.sink) {
            let shown = path.display();
            return Err(Error::user(format!(
                "`path`: `{shown}` is written by another sink already; two sinks need two files"
            )));
        }
        Ok(Place { path, written, mode, begun: false, special })
    }

    /// Opens it; the second time it goes on behind what it holds.
    pub(super) fn open(&mut self) -> Result<File> {
        let goes_on = self.begun || self.mode == Mode::Append;
        let mut options = OpenOptions::new();
        options.create(true);
        if goes_on {
            options.append(true).read(true);
        } else {
            options.write(true).truncate(true);
        }
        let file = options.open(&self.written).map_err(|error| unwritable(&self.path, &error))?;
        self.begun = true;
        Ok(file)
    }

    /// Puts what was written on the disk. It need not be open for that.
    pub(super) fn sync(&self) -> Result<()> {
        if self.special {
            // There is no disk behind it, and to open a pipe again would wait for another reader.
            return Ok(());
        }
        // Whoever may write it need not be allowed to read it.
        let synced =
            OpenOptions::new().append(true).open(&self.written).and_then(|it| it.sync_all());
        synced.map_err(|error| unwritable(&self.path, &error))
    }

    /// Gives it its name: everything has to be in it, closed and safe. The name is safe when its folder is.
    pub(super) fn publish(&mut self) -> Result<()> {
        if self.mode == Mode::Aside {
            rename(&self.written, &self.path).map_err(|error| unwritable(&self.path, &error))?;
            self.written.clone_from(&self.path);
            self.mode = Mode::Append;
        }
        Ok(())
    }

    /// The name as it is told.
    pub(super) fn shown(&self) -> &Path {
        &self.path
    }

    /// The name under which it is written.
    pub(super) fn written(&self) -> &Path {
        &self.written
    }

    /// The folder it stands in.
    pub(super) fn folder(&self) -> PathBuf {
        folder(&self.path)
    }
}

/// Renames a file; where its folder is on another disk, a copy takes the name.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            let mut aside = Aside::begin(&folder(to)).map_err(io::Error::other)?;
            let copy = aside.file();
            std::fs::copy(from, &copy)?;
            File::open(&copy)?.sync_all()?;
            std::fs::rename(&copy, to)
        }
        renamed => renamed,
    }
}

/// The name by which a file is claimed, however its path is spelt.
fn named(path: &Path) -> String {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    normal(&whole.to_string_lossy())
}

/// Whether a file holds nothing yet.
pub(super) fn is_empty(path: &Path, file: &File) -> Result<bool> {
    Ok(file.metadata().map_err(|error| unwritable(path, &error))?.len() == 0)
}

/// Whether the last thing in a file that is appended to is `ending`. It is not where a run broke off in a record.
pub(super) fn ends_with(path: &Path, mut file: &File, ending: &[u8]) -> Result<bool> {
    let back = i64::try_from(ending.len()).unwrap_or(i64::MAX);
    let mut last = vec![0; ending.len()];
    let read = file.seek(SeekFrom::End(-back)).and_then(|_| file.read_exact(&mut last));
    match read {
        Ok(()) => Ok(last == ending),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(false),
        Err(error) => Err(unwritable(path, &error)),
    }
}

/// Makes a folder and those above it.
pub(crate) fn make_folder(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|error| {
        let shown = folder.display();
        Error::user(format!("`path`: the folder `{shown}` cannot be made: {}", reason(&error)))
    })
}

/// Why a file cannot be written, and what to do.
pub(crate) fn unwritable(path: &Path, error: &io::Error) -> Error {
    let message = format!("`path`: `{}` cannot be written: {}", path.display(), reason(error));
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::refused(message),
        _ => Error::user(message),
    }
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "permission denied; choose another folder".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        io::ErrorKind::QuotaExceeded => "the quota of the disk is used up".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the disk is read-only".to_owned(),
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "a part of it is a file and no folder".to_owned()
        }
        _ => error.to_string(),
    }
}

/// The folder of a file.
pub(super) fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// A new name in a folder is safe once the folder is.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    let synced = File::open(folder).and_then(|it| it.sync_all());
    synced.map_err(|error| unwritable(folder, &error))
}

#[cfg(not(unix))]
pub(crate) fn sync_folder(_: &Path) -> Result<()> {
    Ok(())
}
