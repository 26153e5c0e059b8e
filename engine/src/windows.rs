//! The windows of the language: one file a word, one line a word in [`all`]; and the arithmetic of windows.
//!
//! ```text
//!  tumbling   [____)[____)[____)            side by side: a row is in one
//!  sliding    [____)                        every so often one begins: a row is in several;
//!               [____)                      they share slices, the pieces that no window cuts
//!                 [____)
//!  session    [__)      [_______)           of one key, as long as rows keep coming
//! ```
//!
//! Nothing here holds rows: see `operators::window`.

mod calendar;
mod fixed;
mod session;
mod sliding;
mod tumbling;

pub use calendar::Calendar;
pub use fixed::Fixed;

use crate::error::Result;
use crate::time::{Micros, Timestamp};
use dsl::diagnostic::Diagnostic;
use dsl::plan::Args;
use dsl::signature::Signature;
use dsl::span::Span;

/// Every window, in the order of the reference.
pub fn all() -> &'static [&'static dyn WindowDef] {
    &[&tumbling::Tumbling, &sliding::Sliding, &session::Session]
}

/// The window of this name.
pub fn get(word: &str) -> Option<&'static dyn WindowDef> {
    all().iter().copied().find(|it| it.signature().name == word)
}

/// A word of the vocabulary that is a window.
pub trait WindowDef: Sync {
    /// How it is typed.
    fn signature(&self) -> &Signature;

    /// Checks what the arguments alone cannot say; constants that are still open are not looked at.
    fn check(&self, _args: &Args, _span: Span, _report: &mut Vec<Diagnostic>) {}

    /// Where its windows lie; the arguments are closed.
    fn windows(&self, args: &Args) -> Result<Windows>;
}

/// Where windows lie.
#[derive(Clone, Debug)]
pub enum Windows {
    /// At the same times for every key.
    Aligned(Aligned),
    /// Sessions: rows of a key, each closer than this to the next.
    Session(Micros),
}

/// A window: from `start` on, up to but without `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// Its first instant.
    pub start: Timestamp,
    /// The first instant behind it.
    pub end: Timestamp,
}

impl Window {
    /// Whether it covers a time.
    #[inline]
    pub fn contains(&self, time: Timestamp) -> bool {
        self.start <= time && time < self.end
    }
}

/// Windows that lie at the same times for every key, cut into slices: every window is a row of whole slices.
#[derive(Clone, Debug)]
pub enum Aligned {
    /// Of equal length.
    Fixed(Fixed),
    /// Days, or parts of days, of a time zone; each is one slice.
    Calendar(Calendar),
}

impl Aligned {
    /// The slice that covers a time.
    pub fn slice(&self, time: Timestamp) -> Window {
        match self {
            Aligned::Fixed(it) => it.slice(time),
            Aligned::Calendar(it) => it.window(time),
        }
    }

    /// Where the first of the windows ends that a slice belongs to.
    pub fn first_end(&self, slice: Timestamp) -> Timestamp {
        match self {
            Aligned::Fixed(it) => it.first_end(slice),
            Aligned::Calendar(it) => it.window(slice).end,
        }
    }

    /// Where the last of the windows ends that a slice belongs to.
    pub fn last_end(&self, slice: Timestamp) -> Timestamp {
        match self {
            Aligned::Fixed(it) => it.last_end(slice),
            Aligned::Calendar(it) => it.window(slice).end,
        }
    }

    /// Where the first of the windows ends that a slice belongs to and that end behind `after`.
    pub fn next_end(&self, slice: Timestamp, after: Timestamp) -> Option<Timestamp> {
        match self {
            Aligned::Fixed(it) => it.next_end(slice, after),
            Aligned::Calendar(it) => Some(it.window(slice).end).filter(|end| *end > after),
        }
    }

    /// Where the window that ends at `end` and covers a slice starts.
    pub fn start(&self, slice: Timestamp, end: Timestamp) -> Timestamp {
        match self {
            Aligned::Fixed(it) => end.saturating_sub(it.size),
            Aligned::Calendar(_) => slice,
        }
    }

    /// The block of slices that a slice stands in: as long as a window, and so placed that every window covers the end
    /// of one block and the beginning of the next (or one as a whole). How results are put together from slices follows
    /// from the blocks alone, so it does not depend on what was put together before.
    pub fn block(&self, slice: Timestamp) -> Window {
        match self {
            Aligned::Fixed(it) => it.block(slice),
            Aligned::Calendar(it) => it.window(slice),
        }
    }
}

/// A duration that is longer than 0, which its signature sees to.
fn positive(args: &Args, name: &str) -> Result<Micros> {
    let given = args.duration(name)?;
    if given > 0 {
        return Ok(given);
    }
    let shown = dsl::value::format_duration(given);
    Err(crate::error::Error::user(format!(
        "a window's `{name}` has to be longer than 0s, it is {shown}"
    )))
}
