//! The folder of a run's unfinished files, beside those they will become.
//!
//! ```text
//!  .weir-4711.partial/     the process 4711 is writing
//!      lock                locked for as long as it does
//!      0  1  2 …           files without a name yet; each is renamed when it is whole
//! ```
//!
//! No two runs share a folder, so none writes into a file of another. What a run that was killed left behind is cleared
//! away by the next one that writes here: its lock is free then. A lock that cannot be asked for (on some network file
//! systems) is left alone.

use super::place::{make_folder, unwritable};
use engine::error::{Error, Result};
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

const PREFIX: &str = ".weir-";
const SUFFIX: &str = ".partial";
const LOCK: &str = "lock";

/// So many sinks of one process may write aside in one folder.
const TRIES_MAX: u32 = 10_000;

/// The folders of this process. On some file systems a process does not see its own locks.
static OWN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A folder for unfinished files. It goes away, with what is in it, when it is dropped.
#[derive(Debug)]
pub(super) struct Aside {
    folder: PathBuf,
    /// Locked until it is closed.
    _lock: Option<File>,
    next: u64,
}

impl Aside {
    /// Makes the folder in `beside`, which is made too if it is not there, and clears away what dead runs left there.
    pub(super) fn begin(beside: &Path) -> Result<Aside> {
        make_folder(beside)?;
        sweep(beside);
        let process = std::process::id();
        for number in 0..TRIES_MAX {
            let name = match number {
                0 => format!("{PREFIX}{process}{SUFFIX}"),
                _ => format!("{PREFIX}{process}-{number}{SUFFIX}"),
            };
            let folder = beside.join(name);
            // Registered first: another sink of this process may be sweeping.
            if !own().insert(folder.clone()) {
                continue;
            }
            match std::fs::create_dir(&folder) {
                Ok(()) => {
                    let held = lock(&folder);
                    return Ok(Aside { folder, _lock: held, next: 0 });
                }
                Err(error) => {
                    own().remove(&folder);
                    // One that another machine or container made, with its own process of this number.
                    if error.kind() != ErrorKind::AlreadyExists {
                        return Err(unwritable(beside, &error));
                    }
                }
            }
        }
        let shown = beside.display();
        Err(Error::user(format!("`path`: `{shown}` holds too many unfinished files; remove them")))
    }

    /// A new name for an unfinished file.
    pub(super) fn file(&mut self) -> PathBuf {
        let path = self.folder.join(self.next.to_string());
        self.next += 1;
        path
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // If it cannot be removed now, the next run clears it away.
        drop(std::fs::remove_dir_all(&self.folder));
        own().remove(&self.folder);
    }
}

/// Locks a new folder. The lock has its name only once it is locked, so nobody finds it free before.
fn lock(folder: &Path) -> Option<File> {
    let path = folder.join("lock.new");
    let file = OpenOptions::new().create_new(true).write(true).open(&path).ok()?;
    file.try_lock().ok()?;
    std::fs::rename(&path, folder.join(LOCK)).ok()?;
    Some(file)
}

/// Removes the folders of runs that are not there any more.
fn sweep(beside: &Path) {
    let Ok(entries) = std::fs::read_dir(beside) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let path = entry.path();
        if name.starts_with(PREFIX)
            && name.ends_with(SUFFIX)
            && !own().contains(&path)
            && is_dead(&path)
        {
            drop(std::fs::remove_dir_all(path));
        }
    }
}

/// Whether nobody holds the lock of a folder. One without a lock may be about to get it.
fn is_dead(folder: &Path) -> bool {
    let lock = OpenOptions::new().write(true).open(folder.join(LOCK));
    lock.is_ok_and(|it| it.try_lock().is_ok())
}

fn own() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    OWN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Folder;

    #[test]
    fn runs_have_folders_of_their_own_and_leave_the_living_alone() {
        let folder = Folder::new();
        let beside = PathBuf::from(folder.path("out"));
        let mut first = Aside::begin(&beside).unwrap();
        let mut second = Aside::begin(&beside).unwrap();
        let (a, b) = (first.file(), second.file());
        assert_ne!(a, b);
        std::fs::write(&a, "a").unwrap();
        std::fs::write(&b, "b").unwrap();
        drop(Aside::begin(&beside).unwrap());
        assert!(a.exists() && b.exists());
        drop((first, second));
        assert_eq!(std::fs::read_dir(&beside).unwrap().count(), 0);
    }

    #[test]
    fn what_a_dead_run_left_is_cleared_away_and_what_is_locked_is_not() {
        let folder = Folder::new();
        let beside = PathBuf::from(folder.path("out"));
        let make = |name: &str, locked: bool| {
            let path = beside.join(name);
            std::fs::create_dir_all(&path).unwrap();
            std::fs::write(path.join("0"), "rows").unwrap();
            locked.then(|| lock(&path).unwrap())
        };
        let _living = make(".weir-1.partial", true);
        drop(make(".weir-2.partial", true));
        make(".weir-3.partial", false);
        drop(Aside::begin(&beside).unwrap());
        let left = |name: &str| beside.join(name).exists();
        assert!(left(".weir-1.partial") && !left(".weir-2.partial") && left(".weir-3.partial"));
    }
}
