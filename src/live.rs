//! The live view: a run, on the last lines of the terminal, while it goes on.
//!
//! ```text
//!  rows of `console` sinks, messages     ┐ scrolls, and stays in the terminal's history: nobody who writes here has to
//!  …                                     ┘ know of the view
//!  ── quickstart ── 12.1 s ──────────    ┐
//!  source     rows/s   read  watermark   │ drawn anew twice a second, in one write
//!  sink       rows/s   written    p99    │
//!  ledger, memory, CPU                   ┘
//! ```
//!
//! The terminal is told to scroll its upper part only. It is set back when the run ends, when the process is cut off by a
//! second signal, and when it panics. Keys are left alone, so Ctrl-C is what it always is.

mod draw;
mod history;
mod screen;

pub use screen::restore;

use crate::metrics::Sample;
use dsl::constant::Environment;
use history::History;
use screen::Screen;
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often it is drawn.
const EVERY: Duration = Duration::from_millis(500);

/// Shows the run at one moment to whoever wants to see it; to nobody before it has begun.
pub type Look = dyn Fn(&mut dyn FnMut(&Sample<'_>)) + Send + Sync;

/// Whether there can be a view: rows and messages go to a terminal that can do it, and nobody asked for plain text.
pub fn is_possible(environment: &dyn Environment) -> bool {
    let terminal = std::io::stderr().is_terminal() && std::io::stdout().is_terminal();
    let able = environment.env("TERM").is_some_and(|it| !it.is_empty() && it != "dumb");
    terminal && able && environment.env("NO_COLOR").is_none_or(|it| it.is_empty())
}

/// A view that is being shown. Dropping it gives the terminal back.
pub struct Live {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Live {
    /// Shows a run from now on. Where the terminal does not play along, nothing is shown.
    pub fn start(look: Arc<Look>) -> Self {
        let (end, ended) = channel();
        // Drawing waits for the terminal, so it has a thread of its own.
        let thread = std::thread::Builder::new().name("weir-view".to_owned()).spawn(move || {
            let mut screen = Screen::new();
            let mut history = History::default();
            while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(EVERY) {
                look(&mut |sample| {
                    let shown = history.add(sample);
                    screen.show(|width, most| draw::lines(&shown, width, most));
                });
            }
            screen.close();
        });
        Self { end: Some(end), thread: thread.ok() }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has given the terminal back by then.
            drop(thread.join());
        }
    }
}
