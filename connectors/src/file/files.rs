//! The files of a sink: many by name, few of them open, none of them safe before it has to be.
//!
//! ```text
//!  write ─┬─ open ───────────────────────────────► file
//!         └─ not open, and no room ─► waits ─────► file, opened for it: when much waits, or nothing else is to do
//!  sync, finish ─► what waits ─► all files on the disk, several at a time ─► names ─► folders, once each
//! ```
//!
//! A text that was closed goes on behind what it holds. A Parquet file cannot: its writer stays, with what it has not
//! written yet in memory, and only its handle is closed. So there is a limit to how many of them there are.

use super::aside::Aside;
use super::output::{Content, Kind, Output};
use super::place::{Mode, Owner, Place, sync_folder};
use super::shape::Compression;
use crate::common::lock;
use engine::error::{Error, Result};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// So many texts are open at a time.
pub(super) const OPEN_MAX: usize = 64;

/// So many Parquet files are written at a time.
pub(super) const PARQUET_MAX: usize = 1024;

/// What Parquet files may hold in memory together, before row groups are ended early.
const HELD_BYTES_MAX: usize = 128 << 20;

/// So many bytes wait for files that are not open. A file is opened for all that waits for it, so the more there is, the
/// fewer times.
const WAITING_BYTES_MAX: usize = 16 << 20;

/// So many files are put on the disk at a time: a disk that is asked for many at once does them together.
const SYNCS_MAX: usize = 16;

/// All files of a sink.
pub(super) struct Files {
    kind: Kind,
    mode: Mode,
    /// Those that are open.
    open: BTreeMap<Arc<str>, Open>,
    places: BTreeMap<Arc<str>, Place>,
    /// What was not written yet, by file.
    waiting: BTreeMap<Arc<str>, Vec<u8>>,
    waiting_bytes: usize,
    waiting_rows: u64,
    /// What was written and may not be on the disk yet.
    unsynced: BTreeSet<Arc<str>>,
    /// Counts writes, so that the file that was not used for longest can be told.
    turn: u64,
    /// Where files are that are not whole; gone with what is in it when the run breaks off.
    aside: Option<Aside>,
    owner: Owner,
    /// What all of that holds in memory, for others to see.
    held: Arc<AtomicUsize>,
}

struct Open {
    output: Output,
    used: u64,
    held: usize,
}

impl Files {
    /// The files below `folder`.
    pub(super) fn new(
        kind: Kind,
        mode: Mode,
        folder: &Path,
        held: Arc<AtomicUsize>,
        owner: Owner,
    ) -> Result<Files> {
        let aside = (mode == Mode::Aside).then(|| Aside::begin(folder)).transpose()?;
        Ok(Files {
            kind,
            mode,
            open: BTreeMap::new(),
            places: BTreeMap::new(),
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            waiting_rows: 0,
            unsynced: BTreeSet::new(),
            turn: 0,
            aside,
            owner,
            held,
        })
    }

    /// Begins a file, so that it is there even if nothing is written.
    pub(super) fn begin(&mut self, path: &Arc<str>) -> Result<()> {
        self.opened(path).map(drop)
    }

    /// Writes into files. `more`: there is more to write, so what waits may wait longer.
    pub(super) fn write(&mut self, contents: Vec<(Arc<str>, Content)>, more: bool) -> Result<()> {
        for (path, content) in contents {
            match content {
                Content::Text(text, ends) if !self.has_room_for(&path) => {
                    self.waiting_rows += ends.len() as u64;
                    self.put_off(path, text)?;
                }
                content => self.write_now(&path, &content)?,
            }
        }
        // A compressed text that is begun anew for a few rows would hardly be compressed, and one that is written aside is
        // not seen yet.
        let plain = matches!(self.kind, Kind::Text { compression: Compression::None, .. });
        if !more && plain && self.mode != Mode::Aside {
            self.settle()?;
        }
        self.tell_held();
        Ok(())
    }

    /// How many rows wait.
    pub(super) fn waiting_rows(&self) -> u64 {
        self.waiting_rows
    }

    /// What was written in place is on the disk. What is written aside is not there for anybody before it is whole.
    pub(super) fn sync(&mut self) -> Result<()> {
        if self.mode == Mode::Aside {
            return Ok(());
        }
        self.settle()?;
        for (path, open) in &mut self.open {
            open.output.drain(path.as_ref().as_ref())?;
        }
        self.tell_held();
        self.on_disk()
    }

    /// Ends every file and lets others see it.
    pub(super) fn finish(&mut self) -> Result<()> {
        self.settle()?;
        for (path, open) in std::mem::take(&mut self.open) {
            open.output.close(path.as_ref().as_ref())?;
        }
        self.tell_held();
        self.on_disk()?;
        self.places.values_mut().try_for_each(Place::publish)?;
        self.aside = None;
        let folders: BTreeSet<_> = self.places.values().map(Place::folder).collect();
        let folders: Vec<_> = folders.into_iter().collect();
        each(&folders, |it| sync_folder(it))
    }

    /// Whether the file is open or can be without another one being closed. A Parquet file always is.
    fn has_room_for(&self, path: &Arc<str>) -> bool {
        self.open.contains_key(path)
            || (self.open.len() < OPEN_MAX && !self.waiting.contains_key(path))
    }

    fn put_off(&mut self, path: Arc<str>, text: Vec<u8>) -> Result<()> {
        self.waiting_bytes += text.len();
        match self.waiting.entry(path) {
            Entry::Occupied(mut waiting) => waiting.get_mut().extend_from_slice(&text),
            Entry::Vacant(vacant) => {
                vacant.insert(text);
            }
        }
        if self.waiting_bytes > WAITING_BYTES_MAX { self.settle() } else { Ok(()) }
    }

    /// Writes what waits.
    fn settle(&mut self) -> Result<()> {
        (self.waiting_bytes, self.waiting_rows) = (0, 0);
        for (path, text) in std::mem::take(&mut self.waiting) {
            self.write_now(&path, &Content::Text(text, Vec::new()))?;
        }
        Ok(())
    }

    fn write_now(&mut self, path: &Arc<str>, content: &Content) -> Result<()> {
        let open = self.opened(path)?;
        open.output.write(path.as_ref().as_ref(), content)?;
        open.held = open.output.held();
        open.output.rest();
        if !self.unsynced.contains(path) {
            self.unsynced.insert(Arc::clone(path));
        }
        if matches!(content, Content::Rows(_)) { self.end_groups() } else { Ok(()) }
    }

    /// Ends the largest row groups while Parquet files hold too much.
    fn end_groups(&mut self) -> Result<()> {
        let mut held: usize = self.open.values().map(|it| it.held).sum();
        while held > HELD_BYTES_MAX {
            let Some((path, open)) = self.open.iter_mut().max_by_key(|(_, it)| it.held) else {
                return Ok(());
            };
            if open.held == 0 {
                return Ok(());
            }
            open.output.flush(path.as_ref().as_ref())?;
            open.output.rest();
            held -= open.held;
            open.held = 0;
        }
        Ok(())
    }

    fn tell_held(&self) {
        let open: usize = self.open.values().map(|it| it.held).sum();
        self.held.store(open + self.waiting_bytes, Ordering::Relaxed);
    }

    /// The open file of this path.
    fn opened(&mut self, path: &Arc<str>) -> Result<&mut Open> {
        self.turn += 1;
        if !self.open.contains_key(path) {
            self.make_room()?;
            let output = self.open_again(path)?;
            // Also one that stays empty has to be safe when it gets its name.
            self.unsynced.insert(Arc::clone(path));
            self.open.insert(Arc::clone(path), Open { output, used: 0, held: 0 });
        }
        let open = self.open.get_mut(path);
        let open = open.ok_or_else(|| Error::bug("a file that was opened is not open"))?;
        open.used = self.turn;
        Ok(open)
    }

    fn open_again(&mut self, path: &Arc<str>) -> Result<Output> {
        let place = match self.places.entry(Arc::clone(path)) {
            Entry::Occupied(place) => place.into_mut(),
            Entry::Vacant(vacant) => {
                vacant.insert(Place::new(path, self.mode, self.aside.as_mut(), &self.owner)?)
            }
        };
        Output::open(&self.kind, place)
    }

    /// Closes the file that was not used for longest.
    fn make_room(&mut self) -> Result<()> {
        if matches!(self.kind, Kind::Parquet { .. }) {
            return match self.open.len() {
                PARQUET_MAX.. => Err(Error::user(format!(
                    "`path`: more than {PARQUET_MAX} Parquet files at a time; write JSON lines, or fewer files"
                ))),
                _ => Ok(()),
            };
        }
        if self.open.len() < OPEN_MAX {
            return Ok(());
        }
        let oldest = self.open.iter().min_by_key(|(_, it)| it.used).map(|(it, _)| Arc::clone(it));
        match oldest.and_then(|path| Some((self.open.remove(&path)?, path))) {
            Some((open, path)) => open.output.close(path.as_ref().as_ref()),
            None => Ok(()),
        }
    }

    fn on_disk(&mut self) -> Result<()> {
        let unsynced = std::mem::take(&mut self.unsynced);
        let places: Vec<_> = unsynced.iter().filter_map(|it| self.places.get(it)).collect();
        each(&places, |it| it.sync())
    }
}

/// Does it for each, several at a time; the first error is the answer.
fn each<T: Sync>(items: &[T], work: impl Fn(&T) -> Result<()> + Sync) -> Result<()> {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(None);
    let turns = || {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(error) = work(item) {
                lock(&failed).get_or_insert(error);
                return;
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..items.len().min(SYNCS_MAX) {
            // Where no more threads can be had, those that are there do it.
            let builder = std::thread::Builder::new().name("weir-file-sync".to_owned());
            if builder.spawn_scoped(scope, turns).is_err() {
                break;
            }
        }
        turns();
    });
    lock(&failed).take().map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Folder;
    use engine::codec::Frame;

    /// A sink of lines for each of `files` files, and their paths.
    fn files(folder: &Folder, mode: Mode, files: usize) -> (Files, Vec<Arc<str>>) {
        let frame = Frame { header: b"n\n".to_vec(), terminator: b"\n".to_vec() };
        let kind = Kind::Text { compression: Compression::None, frame };
        let made =
            Files::new(kind, mode, folder.path("").as_ref(), Arc::default(), Owner::default());
        let made = made.unwrap();
        (made, (0..files).map(|it| folder.path(&format!("{it}.csv")).into()).collect())
    }

    fn lines(paths: &[Arc<str>], line: &str) -> Vec<(Arc<str>, Content)> {
        let content =
            |it: &Arc<str>| (Arc::clone(it), Content::Text(line.into(), vec![line.len()]));
        paths.iter().map(content).collect()
    }

    #[test]
    fn few_of_many_files_are_open_and_what_waits_is_bounded() {
        let folder = Folder::new();
        let (mut sink, paths) = files(&folder, Mode::Aside, 1_000);
        let long = format!("{}\n", "x".repeat(9_999));
        for _ in 0..4 {
            sink.write(lines(&paths, &long), true).unwrap();
            assert!(sink.open.len() <= OPEN_MAX);
            assert!(sink.held.load(Ordering::Relaxed) <= WAITING_BYTES_MAX + long.len());
        }
        sink.finish().unwrap();
        for path in &paths {
            assert_eq!(std::fs::read_to_string(&**path).unwrap(), format!("n\n{}", long.repeat(4)));
        }
        assert_eq!(folder.names().len(), paths.len());
    }

    #[test]
    fn in_place_what_waits_is_seen_when_nothing_more_comes() {
        let folder = Folder::new();
        let (mut sink, paths) = files(&folder, Mode::Fresh, OPEN_MAX + 10);
        sink.write(lines(&paths, "1\n"), true).unwrap();
        let seen = |text| {
            let read = |it: &Arc<str>| std::fs::read_to_string(&**it).ok();
            paths.iter().filter(|it| read(it).as_deref() == Some(text)).count()
        };
        assert_eq!(seen("n\n1\n"), OPEN_MAX);
        assert_eq!(sink.waiting_rows(), 10);
        sink.write(lines(&paths[..1], "2\n"), false).unwrap();
        assert_eq!((seen("n\n1\n"), seen("n\n1\n2\n")), (OPEN_MAX + 9, 1));
        assert_eq!(sink.waiting_rows(), 0);
        sink.write(lines(&paths, "3\n"), true).unwrap();
        sink.sync().unwrap();
        assert_eq!((seen("n\n1\n3\n"), seen("n\n1\n2\n3\n")), (OPEN_MAX + 9, 1));
    }
}
