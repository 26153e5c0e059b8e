//! Reads the splits of a source by turns, so that the watermark, which the slowest holds back, moves on in all of them.
//!
//! ```text
//!  announced   c.jsonl d.jsonl …              hold the watermark back
//!  live        ┌► a.jsonl ─ piece ─► feed     at most `LIVE_MAX`; each gives a piece in turn
//!              └─ b.jsonl ◄──────────┘
//! ```

use super::feed::{Feed, Item, Rows};
use super::framed::{Framed, Pool, Step};
use super::parquet::{Reader, Wanted};
use super::paths;
use super::shape::{STANDARD, Shape};
use bytes::Bytes;
use engine::error::Result;
use engine::source::{MakeFraming, SplitEvent, SplitName};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// So many files are open at a time.
const LIVE_MAX: usize = 32;

/// How often files that are followed are looked at.
const FOLLOW_PAUSE: Duration = Duration::from_millis(100);

/// New files of a glob are looked for every so many pauses.
const DISCOVER_PAUSES: u32 = 10;

/// Files that are read one after the other, and where that goes on.
pub(super) struct Split {
    pub(super) name: SplitName,
    pub(super) files: VecDeque<String>,
    /// Where the first of the files goes on.
    pub(super) position: String,
}

/// How the files of a source are read.
pub(super) struct Reading {
    pub(super) make_framing: MakeFraming,
    /// None: the files are Parquet.
    pub(super) wanted: Option<Arc<Wanted>>,
    /// A format of this name was given, or the one of the ending.
    pub(super) follow: bool,
    /// Whether a split has several files: its positions name the file then.
    pub(super) sequential: bool,
    /// The path, looked at again for new files where it is a followed glob.
    pub(super) path: String,
}

/// The next piece of an open file.
enum Content {
    Bytes(Bytes),
    Rows(Rows),
}

enum Open {
    Framed(Framed),
    Parquet(Reader),
}

impl Open {
    fn next(&mut self, limit: usize) -> Result<Step<Content>> {
        Ok(match self {
            Open::Framed(framed) => match framed.next(limit)? {
                Step::Piece(bytes, position) => Step::Piece(Content::Bytes(bytes), position),
                Step::Wait => Step::Wait,
                Step::End => Step::End,
            },
            Open::Parquet(reader) => match reader.next(limit)? {
                Some((rows, position)) => Step::Piece(Content::Rows(rows), position),
                None => Step::End,
            },
        })
    }
}

/// A split that is being read.
struct Live {
    split: Split,
    open: Open,
    caught_up: bool,
}

/// The reader thread's work.
pub(super) struct Splits {
    reading: Reading,
    waiting: VecDeque<Split>,
    live: VecDeque<Live>,
    /// Every file of a followed glob that is known.
    known: BTreeSet<String>,
    pool: Pool,
}

impl Splits {
    pub(super) fn new(reading: Reading, splits: Vec<Split>) -> Splits {
        let known = splits.iter().flat_map(|it| it.files.iter().cloned()).collect();
        let (live, pool) = (VecDeque::new(), Pool::default());
        Splits { reading, waiting: splits.into(), live, known, pool }
    }

    /// Reads until everything has ended or nobody takes any more.
    pub(super) fn run(mut self, feed: &Feed) -> Result<()> {
        for split in &self.waiting {
            if !feed.put(Item::Event(Arc::clone(&split.name), SplitEvent::Announced), 0) {
                return Ok(());
            }
        }
        let (mut quiet, mut pauses) = (0, 0);
        loop {
            if !self.begin(feed)? {
                return Ok(());
            }
            let Some(live) = self.live.pop_front() else {
                return Ok(());
            };
            let waits = match self.turn(live, feed)? {
                Turn::Piece => false,
                Turn::Wait => true,
                Turn::Closed => return Ok(()),
            };
            quiet = if waits { quiet + 1 } else { 0 };
            if quiet > 0 && quiet >= self.live.len() {
                quiet = 0;
                pauses += 1;
                if !feed.rest(FOLLOW_PAUSE) || !self.discover(pauses, feed)? {
                    return Ok(());
                }
            }
        }
    }

    /// Opens splits that wait for it, while there may be more. False: nobody takes any more.
    fn begin(&mut self, feed: &Feed) -> Result<bool> {
        while self.live.len() < LIVE_MAX || self.reading.follow {
            let Some(split) = self.waiting.pop_front() else {
                break;
            };
            let Some(file) = split.files.front() else {
                continue;
            };
            let open = self.open(file, &split.position)?;
            if !feed.put(Item::Event(Arc::clone(&split.name), SplitEvent::Live), 0) {
                return Ok(false);
            }
            self.live.push_back(Live { split, open, caught_up: false });
        }
        Ok(true)
    }

    /// One piece of a split, which then goes to the end of the queue unless it has ended.
    fn turn(&mut self, mut live: Live, feed: &Feed) -> Result<Turn> {
        let name = Arc::clone(&live.split.name);
        let (went, turn) = match live.open.next(feed.limit())? {
            Step::Piece(content, position) => {
                live.caught_up = false;
                let position = self.position(&live.split, position);
                let went = put(feed, Arc::clone(&name), content, position);
                // More from an input of this kind comes when it likes.
                let caught_up = self.reading.follow
                    && matches!(&live.open, Open::Framed(framed) if framed.is_eager());
                (went && (!caught_up || catch_up(&mut live, feed)), Turn::Piece)
            }
            Step::Wait => (live.caught_up || catch_up(&mut live, feed), Turn::Wait),
            Step::End => {
                live.split.files.pop_front();
                if let Some(file) = live.split.files.front() {
                    live.open = self.open(file, "")?;
                    (true, Turn::Piece)
                } else {
                    let went = feed.put(Item::Event(name, SplitEvent::Ended), 0);
                    return Ok(if went { Turn::Piece } else { Turn::Closed });
                }
            }
        };
        self.live.push_back(live);
        Ok(if went { turn } else { Turn::Closed })
    }

    fn open(&self, file: &str, position: &str) -> Result<Open> {
        let make = &self.reading.make_framing;
        if let Some(wanted) = &self.reading.wanted {
            return Ok(Open::Parquet(Reader::open(file, position, Arc::clone(wanted))?));
        }
        if file == STANDARD {
            return Ok(Open::Framed(Framed::eager(Box::new(std::io::stdin()), make, &self.pool)));
        }
        let compression = Shape::of(file).compression;
        let follow = self.reading.follow;
        Framed::open(file, compression, position, make, &self.pool, follow).map(Open::Framed)
    }

    /// The position of a split, which names the file where there are several.
    fn position(&self, split: &Split, position: String) -> String {
        match split.files.front() {
            Some(file) if self.reading.sequential => format!("{position} {file}"),
            _ => position,
        }
    }

    /// Looks for new files of a followed glob from time to time. False: nobody takes any more.
    fn discover(&mut self, pauses: u32, feed: &Feed) -> Result<bool> {
        if !paths::is_glob(&self.reading.path) || !pauses.is_multiple_of(DISCOVER_PAUSES) {
            return Ok(true);
        }
        for file in paths::list(&self.reading.path)? {
            if !self.known.insert(file.clone()) {
                continue;
            }
            let name: SplitName = file.as_str().into();
            if !feed.put(Item::Event(Arc::clone(&name), SplitEvent::Announced), 0) {
                return Ok(false);
            }
            self.waiting.push_back(Split { name, files: [file].into(), position: String::new() });
        }
        Ok(true)
    }
}

/// What a turn brought.
enum Turn {
    Piece,
    Wait,
    Closed,
}

fn catch_up(live: &mut Live, feed: &Feed) -> bool {
    live.caught_up = true;
    feed.put(Item::Event(Arc::clone(&live.split.name), SplitEvent::CaughtUp), 0)
}

fn put(feed: &Feed, split: SplitName, content: Content, position: String) -> bool {
    match content {
        Content::Bytes(bytes) => {
            let size = bytes.len();
            feed.put(Item::Bytes(split, bytes, position), size)
        }
        Content::Rows(rows) => {
            let size = rows.rows.get_array_memory_size();
            feed.put(Item::Rows(split, rows, position), size)
        }
    }
}
