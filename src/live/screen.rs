//! The terminal: its upper part scrolls, its last lines are the view's.
//!
//! ```text
//!  room      as many line ends as the view has lines, and up again: whatever stands there moves up
//!  region    ESC [ 1 ; rows-lines r    only the lines above scroll from now on
//!  draw      ESC 7, every line of the view at its place, ESC 8: whoever writes above goes on where he was
//!  back      ESC [ r, the lines of the view cleared
//! ```
//!
//! What is drawn goes out in one write, so nothing that others write gets into the middle of it.

use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::crossterm::terminal;
use ratatui::layout::Rect;
use ratatui::text::{Line, Text};
use ratatui::widgets::Widget;
use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

/// Rows above the view that stay for what scrolls.
const ABOVE_MIN: u16 = 4;

/// At most this part of the terminal is the view's: 1 / this.
const SHARE: u16 = 2;

/// What gives the terminal back, while a view is shown.
static BACK: Mutex<Option<Vec<u8>>> = Mutex::new(None);

/// Gives the terminal back, if a view is shown. Nothing is drawn any more.
pub fn restore() {
    if let Some(back) = back().take() {
        write(&back);
    }
}

fn back() -> MutexGuard<'static, Option<Vec<u8>>> {
    BACK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A terminal that went away is no reason to stop working.
fn write(bytes: &[u8]) {
    let mut out = io::stderr().lock();
    drop(out.write_all(bytes).and_then(|()| out.flush()));
}

/// The terminal gets back before anything is said about a panic.
fn restore_in_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            restore();
            before(info);
        }));
    });
}

/// The last lines of the terminal.
pub(super) struct Screen {
    /// The size of the terminal and how many lines the view has; none before it was shown.
    shown: Option<Shape>,
    /// Somebody else has given the terminal back: that was the end.
    closed: bool,
}

/// How the terminal is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    width: u16,
    rows: u16,
    lines: u16,
}

impl Screen {
    /// A terminal of which nothing is taken yet.
    pub(super) fn new() -> Self {
        restore_in_panics();
        Self { shown: None, closed: false }
    }

    /// Shows what `lines` gives for a width and a number of lines.
    pub(super) fn show(&mut self, lines: impl FnOnce(usize, usize) -> Vec<Line<'static>>) {
        let Ok((width, rows)) = terminal::size() else { return };
        let most = (rows / SHARE).min(rows.saturating_sub(ABOVE_MIN));
        if self.closed || width == 0 || most == 0 {
            return;
        }
        let lines = lines(usize::from(width), usize::from(most));
        let shape = Shape { width, rows, lines: lines.len() as u16 };
        let mut bytes = Vec::new();
        let mut back = back();
        if self.shown.is_some() && back.is_none() {
            self.closed = true;
            return;
        }
        if self.shown != Some(shape) {
            if self.shown.take().is_some() {
                bytes.extend_from_slice(&leave());
            }
            bytes.extend_from_slice(&shape.take());
        }
        bytes.extend_from_slice(&shape.draw(lines));
        write(&bytes);
        self.shown = Some(shape);
        *back = Some(shape.back());
    }

    /// Gives the terminal back.
    pub(super) fn close(&mut self) {
        self.closed = true;
        restore();
    }
}

/// Another size: everything scrolls again, and what was the view's below the cursor is gone.
fn leave() -> Vec<u8> {
    b"\x1b7\x1b[r\x1b8\x1b[J".to_vec()
}

impl Shape {
    /// The first line of the view, counted from 1.
    fn first(self) -> u16 {
        self.rows - self.lines + 1
    }

    /// Takes the last lines.
    fn take(self) -> Vec<u8> {
        let room = "\n".repeat(usize::from(self.lines));
        let (up, last) = (self.lines, self.first() - 1);
        // The cursor has to be above the view before the lines there are all that scrolls, and setting that moves it.
        format!("{room}\x1b[{up}A\x1b7\x1b[1;{last}r\x1b8\x1b[?25l").into_bytes()
    }

    /// Draws every line at its place.
    fn draw(self, lines: Vec<Line<'static>>) -> Vec<u8> {
        let area = Rect::new(0, self.rows - self.lines, self.width, self.lines);
        let mut buffer = Buffer::empty(area);
        Text::from(lines).render(area, &mut buffer);
        let cells = buffer.content().iter().enumerate().map(|(i, cell)| {
            let (x, y) = buffer.pos_of(i);
            (x, y, cell)
        });
        let mut bytes = b"\x1b7".to_vec();
        // Writing to memory cannot fail.
        drop(CrosstermBackend::new(&mut bytes).draw(cells));
        bytes.extend_from_slice(b"\x1b8");
        bytes
    }

    /// Gives the last lines back.
    fn back(self) -> Vec<u8> {
        let first = self.first();
        format!("\x1b7\x1b[r\x1b[{first};1H\x1b[J\x1b8\x1b[?25h").into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_the_view_are_the_last_ones() {
        let shape = Shape { width: 10, rows: 24, lines: 3 };
        assert_eq!(shape.take(), b"\n\n\n\x1b[3A\x1b7\x1b[1;21r\x1b8\x1b[?25l");
        assert_eq!(shape.back(), b"\x1b7\x1b[r\x1b[22;1H\x1b[J\x1b8\x1b[?25h");
        let drawn =
            String::from_utf8(shape.draw(vec![Line::raw("one"), Line::raw("two")])).unwrap();
        assert!(drawn.starts_with("\x1b7\x1b[22;1H") && drawn.ends_with("\x1b8"), "{drawn:?}");
        assert!(drawn.contains("one") && drawn.contains("two"), "{drawn:?}");
    }

    #[test]
    fn a_panic_gives_the_terminal_back_and_nothing_is_drawn_behind_it() {
        let mut screen = Screen::new();
        screen.shown = Some(Shape { width: 10, rows: 24, lines: 3 });
        *back() = Some(Vec::new());
        assert!(std::panic::catch_unwind(|| panic!("on purpose")).is_err());
        assert_eq!(*back(), None);
        screen.show(|_, _| vec![Line::raw("behind it")]);
        assert_eq!(*back(), None);
    }
}
