//! A folder on a disk: files are written aside and renamed when they are whole.
//!
//! ```text
//!  lake/.weir/lock                     held while a run begins: one at a time
//!  lake/.weir/JOB/0007/lock            held while run 7 lives
//!  lake/.weir/JOB/0007/000003.tmp      being written
//!  lake/day=2026-01-31/JOB-0007-000003.parquet
//!
//!  begin:   take the first lock ─ make the next number's folder, hold its lock ─ sweep ─ give the first lock back
//!  publish: fsync(tmp) ─ make folders ─ rename ─ fsync(folder): a crash in between leaves tmp, or the whole file
//!  sweep:   a run whose lock can be had is dead; its tmp files go
//! ```
//!
//! The number of the last run stays on the disk, so that no number comes twice.

use crate::file::{make_folder, sync_folder, unwritable};
use engine::error::{Error, Result};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Where runs keep what they have not finished.
pub(super) const ASIDE: &str = ".weir";

const LOCK: &str = "lock";
const UNFINISHED: &str = "tmp";

/// A folder that one run writes into.
pub(super) struct LocalRoot {
    folder: PathBuf,
    /// Where its files are written.
    aside: PathBuf,
    /// Files are named so, with a number behind it.
    stem: String,
    next: AtomicU64,
    /// Held until the run ends, however that happens.
    _lock: File,
}

/// A file that is being written. Dropped, it is gone.
pub(super) struct LocalFile {
    file: BufWriter<File>,
    path: PathBuf,
    number: u64,
    published: bool,
}

impl LocalRoot {
    /// Takes the next number for a run of `job`, and sweeps what dead runs left.
    pub(super) fn open(folder: &Path, job: &str, name: &str) -> Result<LocalRoot> {
        make_folder(folder)?;
        let runs = folder.join(ASIDE).join(job);
        let opened = Self::claim(folder, &runs, job, name);
        let opened = opened.map_err(|error| unwritable(folder, &error))?;
        sync_folder(&runs)?;
        Ok(opened)
    }

    fn claim(folder: &Path, runs: &Path, job: &str, name: &str) -> io::Result<LocalRoot> {
        let all = folder.join(ASIDE);
        std::fs::create_dir_all(runs)?;
        let first = lock_file(&all.join(LOCK), true)?;
        // A file system without locks cannot say who lives: then numbers are taken all the same, and nothing is swept.
        let orderly = first.lock().is_ok();
        let mut number = numbers(runs)?.into_iter().max().unwrap_or(0) + 1;
        let aside = loop {
            let aside = runs.join(run_name(number));
            match std::fs::create_dir(&aside) {
                Ok(()) => break aside,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(error),
            }
        };
        let lock = lock_file(&aside.join(LOCK), true)?;
        let locked = lock.try_lock().is_ok();
        if orderly && locked {
            sweep(&all, runs, number, name)?;
        }
        let stem = format!("{job}-{}", run_name(number));
        Ok(LocalRoot {
            folder: folder.to_owned(),
            aside,
            stem,
            next: AtomicU64::new(1),
            _lock: lock,
        })
    }

    /// Begins a file.
    pub(super) fn begin(&self) -> Result<LocalFile> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.aside.join(format!("{number:06}.{UNFINISHED}"));
        let mut options = OpenOptions::new();
        let opened = options.create(true).write(true).truncate(true).open(&path);
        let file = opened.map_err(|error| unwritable(&path, &error))?;
        Ok(LocalFile {
            file: BufWriter::with_capacity(1 << 16, file),
            path,
            number,
            published: false,
        })
    }

    /// Lets others see a file that is whole, in a folder below the root.
    pub(super) fn publish(&self, file: LocalFile, partition: &str) -> Result<()> {
        let folder = match partition {
            "" => self.folder.clone(),
            partition => self.folder.join(partition),
        };
        let mut number = file.number;
        loop {
            let path = folder.join(format!("{}-{number:06}.parquet", self.stem));
            // Only where somebody has taken away what was known about earlier runs.
            if path.try_exists().map_err(|error| unwritable(&path, &error))? {
                number = self.next.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            let moved = self.to(file, &folder, partition, &path);
            moved.map_err(|error| unwritable(&path, &error))?;
            return sync_folder(&folder);
        }
    }

    fn to(
        &self,
        mut file: LocalFile,
        folder: &Path,
        partition: &str,
        path: &Path,
    ) -> io::Result<()> {
        file.file.flush()?;
        file.file.get_ref().sync_all()?;
        if !folder.is_dir() {
            make_folders(&self.folder, partition)?;
        }
        std::fs::rename(&file.path, path)?;
        file.published = true;
        Ok(())
    }

    /// Why writing failed.
    pub(super) fn error(&self, error: &io::Error) -> Error {
        unwritable(&self.folder, error)
    }
}

impl Write for LocalFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for LocalFile {
    fn drop(&mut self) {
        if !self.published {
            // If it stays, the next run sweeps it.
            drop(std::fs::remove_file(&self.path));
        }
    }
}

/// The number of a run as it stands in names.
pub(super) fn run_name(number: u64) -> String {
    format!("{number:04}")
}

/// A file that a run holds locked.
pub(super) fn lock_file(path: &Path, create: bool) -> io::Result<File> {
    OpenOptions::new().create(create).truncate(false).read(true).write(true).open(path)
}

/// The numbers that stand as names in a folder.
fn numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let names = std::fs::read_dir(folder)?.map(|it| it.map(|it| it.file_name()));
    let names: Vec<_> = names.collect::<io::Result<_>>()?;
    let number = |name: &str| name.parse().ok().filter(|it| run_name(*it) == name);
    Ok(names.iter().filter_map(|it| number(it.to_str()?)).collect())
}

/// Makes folders below the root, each safe in the one above it.
fn make_folders(root: &Path, partition: &str) -> io::Result<()> {
    let mut folder = root.to_owned();
    for name in partition.split('/') {
        let above = folder.clone();
        folder.push(name);
        match std::fs::create_dir(&folder) {
            Ok(()) => sync_folder(&above).map_err(io::Error::other)?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Takes away what dead runs did not finish, also those of other sinks that write into this folder.
fn sweep(all: &Path, ours: &Path, number: u64, name: &str) -> io::Result<()> {
    let mut swept = 0;
    for job in std::fs::read_dir(all)? {
        let job = job?.path();
        if !job.is_dir() {
            continue;
        }
        for run in numbers(&job)? {
            if job != ours || run != number {
                swept += sweep_run(&job.join(run_name(run)), job == ours)?;
            }
        }
    }
    if swept > 0 {
        tracing::info!(name, files = swept, "Took away files that an earlier run had not finished");
    }
    Ok(())
}

/// How many files a dead run has left; they are gone now. A run that lives is left alone.
fn sweep_run(run: &Path, ours: bool) -> io::Result<u64> {
    let lock = match lock_file(&run.join(LOCK), false) {
        Ok(lock) => lock,
        // One of ours cannot be about to begin: that happens under the lock that we hold.
        Err(error) if error.kind() == ErrorKind::NotFound && ours => {
            lock_file(&run.join(LOCK), true)?
        }
        Err(_) => return Ok(0),
    };
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => return Ok(0),
    }
    let mut swept = 0;
    for file in std::fs::read_dir(run)? {
        let path = file?.path();
        if path.extension().is_some_and(|it| it == UNFINISHED) {
            std::fs::remove_file(&path)?;
            swept += 1;
        }
    }
    if ours {
        // Ours is a later number, and that is all that has to be known.
        std::fs::remove_dir_all(run)?;
    }
    Ok(swept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Folder;

    fn write(root: &LocalRoot, partition: &str) {
        let mut file = root.begin().unwrap();
        file.write_all(b"rows").unwrap();
        root.publish(file, partition).unwrap();
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            names.push(entry.unwrap().file_name().into_string().unwrap());
        }
        names.sort();
        names
    }

    #[test]
    fn each_run_has_a_number_of_its_own_and_a_file_is_seen_when_it_is_whole() {
        let folder = Folder::new();
        let lake = PathBuf::from(folder.path("lake"));
        let first = LocalRoot::open(&lake, "p.s", "s").unwrap();
        let second = LocalRoot::open(&lake, "p.s", "s").unwrap();
        let mut open = first.begin().unwrap();
        open.write_all(b"rows").unwrap();
        assert_eq!(names(&lake), [".weir"]);
        write(&second, "site=a/day=b");
        first.publish(open, "").unwrap();
        write(&first, "");
        assert_eq!(
            names(&lake),
            [".weir", "p.s-0001-000001.parquet", "p.s-0001-000002.parquet", "site=a"]
        );
        assert_eq!(names(&lake.join("site=a/day=b")), ["p.s-0002-000001.parquet"]);
    }

    #[test]
    fn what_a_dead_run_left_is_swept_and_a_living_run_is_left_alone() {
        let folder = Folder::new();
        let lake = PathBuf::from(folder.path("lake"));
        let dead = LocalRoot::open(&lake, "p.s", "s").unwrap();
        let other = LocalRoot::open(&lake, "q.s", "s").unwrap();
        let alive = LocalRoot::open(&lake, "p.s", "s").unwrap();
        let open = alive.begin().unwrap();
        for root in [&dead, &other] {
            // As a killed process leaves it: nothing is run on the way out, but locks go.
            std::mem::forget(root.begin().unwrap());
        }
        drop((dead, other));
        let next = LocalRoot::open(&lake, "p.s", "s").unwrap();
        assert_eq!(names(&lake.join(".weir/p.s")), ["0002", "0003"]);
        assert_eq!(names(&lake.join(".weir/p.s/0002")), ["000001.tmp", "lock"]);
        assert_eq!(names(&lake.join(".weir/q.s/0001")), ["lock"]);
        alive.publish(open, "").unwrap();
        write(&next, "");
        assert_eq!(names(&lake), [".weir", "p.s-0002-000001.parquet", "p.s-0003-000001.parquet"]);
    }

    #[test]
    fn a_name_that_is_there_is_never_written_over() {
        let folder = Folder::new();
        let lake = PathBuf::from(folder.path("lake"));
        write(&LocalRoot::open(&lake, "p.s", "s").unwrap(), "");
        std::fs::remove_dir_all(lake.join(".weir")).unwrap();
        write(&LocalRoot::open(&lake, "p.s", "s").unwrap(), "");
        assert_eq!(names(&lake), [".weir", "p.s-0001-000001.parquet", "p.s-0001-000002.parquet"]);
    }

    #[test]
    fn what_is_dropped_is_gone() {
        let folder = Folder::new();
        let lake = PathBuf::from(folder.path("lake"));
        let root = LocalRoot::open(&lake, "p.s", "s").unwrap();
        drop(root.begin().unwrap());
        assert_eq!(names(&lake.join(".weir/p.s/0001")), ["lock"]);
    }

    #[test]
    fn a_full_disk_says_so() {
        let folder = Folder::new();
        let lake = PathBuf::from(folder.path("lake"));
        let root = LocalRoot::open(&lake, "p.s", "s").unwrap();
        std::os::unix::fs::symlink("/dev/full", lake.join(".weir/p.s/0001/000001.tmp")).unwrap();
        let mut file = root.begin().unwrap();
        file.write_all(b"rows").unwrap();
        let error = root.publish(file, "").unwrap_err();
        assert!(error.message.contains("the disk is full"), "{error}");
    }

    #[test]
    fn a_folder_that_cannot_be_made_says_so() {
        let folder = Folder::new();
        let taken = folder.write("lake", "a file");
        let error = LocalRoot::open(Path::new(&taken), "p.s", "s").map(drop).unwrap_err();
        assert!(error.message.contains("a part of it is a file and no folder"), "{error}");
    }
}
