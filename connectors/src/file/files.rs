//! The files of a sink: many by name, few of them open.
//!
//! A file that was not written for long is closed when another one needs its turn, and goes on later behind what it
//! holds. A Parquet file cannot go on: so many at once are an error.

use super::output::{Content, Kind, Output};
use super::place::{Mode, Place};
use engine::error::{Error, Result};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So many files are open at a time.
pub(super) const OPEN_MAX: usize = 64;

/// What Parquet files may hold in memory together, before row groups are ended early.
const HELD_BYTES_MAX: usize = 64 << 20;

/// Smaller row groups than this are not worth their footer.
const GROUP_BYTES_MIN: usize = 1 << 20;

/// All files of a sink.
pub(super) struct Files {
    kind: Kind,
    mode: Mode,
    places: BTreeMap<Arc<str>, Place>,
    /// Those that are open, the one used last behind.
    open: Vec<(Arc<str>, Output)>,
    /// What they hold in memory, for others to see.
    held: Arc<AtomicUsize>,
}

impl Files {
    pub(super) fn new(kind: Kind, mode: Mode, held: Arc<AtomicUsize>) -> Files {
        Files { kind, mode, places: BTreeMap::new(), open: Vec::new(), held }
    }

    /// Begins a file, so that it is there even if nothing is written.
    pub(super) fn begin(&mut self, path: &Arc<str>) -> Result<()> {
        self.opened(path).map(drop)
    }

    /// Writes into a file.
    pub(super) fn write(&mut self, path: &Arc<str>, content: &Content) -> Result<()> {
        let most = (HELD_BYTES_MAX / self.open.len().max(1)).max(GROUP_BYTES_MIN);
        let output = self.opened(path)?;
        output.write(path.as_ref().as_ref(), content)?;
        if output.held() > most {
            output.flush(path.as_ref().as_ref())?;
        }
        self.held.store(self.open.iter().map(|(_, it)| it.held()).sum(), Ordering::Relaxed);
        Ok(())
    }

    /// What was written is on the disk.
    pub(super) fn sync(&mut self) -> Result<()> {
        for (path, output) in &mut self.open {
            output.sync(path.as_ref().as_ref())?;
        }
        Ok(())
    }

    /// Ends every file and lets others see it.
    pub(super) fn finish(&mut self) -> Result<()> {
        for (path, output) in std::mem::take(&mut self.open) {
            output.close(path.as_ref().as_ref())?;
        }
        self.held.store(0, Ordering::Relaxed);
        self.places.values_mut().try_for_each(Place::publish)
    }

    /// The open file of this path.
    fn opened(&mut self, path: &Arc<str>) -> Result<&mut Output> {
        match self.open.iter().rposition(|(it, _)| it == path) {
            Some(last) if last + 1 == self.open.len() => {}
            Some(place) => {
                let open = self.open.remove(place);
                self.open.push(open);
            }
            None => {
                self.make_room()?;
                let output = self.open_again(path)?;
                self.open.push((Arc::clone(path), output));
            }
        }
        let last = self.open.last_mut().map(|(_, output)| output);
        last.ok_or_else(|| Error::bug("a file that was opened is not open"))
    }

    fn open_again(&mut self, path: &Arc<str>) -> Result<Output> {
        let place = match self.places.entry(Arc::clone(path)) {
            Entry::Occupied(place) => place.into_mut(),
            Entry::Vacant(vacant) => vacant.insert(Place::new(path, self.mode)?),
        };
        Output::open(&self.kind, place)
    }

    /// Closes the file that was not used for longest.
    fn make_room(&mut self) -> Result<()> {
        if self.open.len() < OPEN_MAX {
            return Ok(());
        }
        if matches!(self.kind, Kind::Parquet { .. }) {
            return Err(Error::user(format!(
                "`path`: more than {OPEN_MAX} Parquet files at a time; write JSON lines, or fewer files"
            )));
        }
        let (path, output) = self.open.remove(0);
        output.close(path.as_ref().as_ref())
    }
}
