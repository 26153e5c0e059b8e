//! A terminal: what a program writes to it, as it stands on the screen, and what has scrolled off above. It knows what the
//! live view needs, and fails at anything else.

use std::collections::VecDeque;

/// A screen of so many rows and columns.
pub(crate) struct Terminal {
    rows: usize,
    columns: usize,
    screen: VecDeque<String>,
    history: Vec<String>,
    cursor: (usize, usize),
    saved: (usize, usize),
    /// The rows that scroll: from the first one up to this.
    bottom: usize,
    pub(crate) cursor_is_shown: bool,
    /// Bytes of a letter or a sequence that is not whole yet.
    rest: Vec<u8>,
}

impl Terminal {
    pub(crate) fn new(rows: usize, columns: usize) -> Self {
        Self {
            rows,
            columns,
            screen: vec![String::new(); rows].into(),
            history: Vec::new(),
            cursor: (0, 0),
            saved: (0, 0),
            bottom: rows,
            cursor_is_shown: true,
            rest: Vec::new(),
        }
    }

    /// The lines on the screen, from the top.
    pub(crate) fn screen(&self) -> Vec<&str> {
        self.screen.iter().map(|it| it.trim_end()).collect()
    }

    /// What has scrolled off, and the rows that scroll.
    pub(crate) fn above(&self) -> Vec<&str> {
        let rows = self.screen.iter().take(self.bottom);
        self.history.iter().chain(rows).map(|it| it.trim_end()).collect()
    }

    /// The rows that do not scroll.
    pub(crate) fn below(&self) -> Vec<&str> {
        self.screen.iter().skip(self.bottom).map(|it| it.trim_end()).collect()
    }

    /// The window has another height now. What does not fit scrolls off, so that the cursor stays on its line.
    pub(crate) fn resize(&mut self, rows: usize) {
        while self.cursor.0 >= rows {
            self.history.extend(self.screen.pop_front());
            self.cursor.0 -= 1;
        }
        self.screen.resize(rows, String::new());
        (self.rows, self.bottom) = (rows, rows);
    }

    /// A program writes this.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        let bytes = std::mem::take(&mut self.rest);
        let valid = match std::str::from_utf8(&bytes) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap(),
        };
        let mut rest = valid;
        while let Some(first) = rest.chars().next() {
            let length = if first == '\x1b' {
                match self.escape(&rest[1..]) {
                    Some(length) => length + 1,
                    None => break,
                }
            } else {
                self.letter(first);
                first.len_utf8()
            };
            rest = &rest[length..];
        }
        let done = valid.len() - rest.len();
        self.rest = bytes[done..].to_vec();
    }

    fn letter(&mut self, letter: char) {
        match letter {
            '\r' => self.cursor.1 = 0,
            '\n' => self.line_feed(),
            '\x08' => self.cursor.1 = self.cursor.1.saturating_sub(1),
            '\x07' => {}
            _ => {
                assert!(!letter.is_control(), "{letter:?}");
                if self.cursor.1 == self.columns {
                    self.cursor.1 = 0;
                    self.line_feed();
                }
                let (row, column) = self.cursor;
                let mut line: Vec<char> = self.screen[row].chars().collect();
                line.resize(line.len().max(column + 1), ' ');
                line[column] = letter;
                self.screen[row] = line.into_iter().collect();
                self.cursor.1 += 1;
            }
        }
    }

    fn line_feed(&mut self) {
        if self.cursor.0 + 1 == self.bottom {
            self.history.extend(self.screen.pop_front());
            self.screen.insert(self.bottom - 1, String::new());
        } else if self.cursor.0 + 1 < self.rows {
            self.cursor.0 += 1;
        }
    }

    /// What stands behind an escape; how long it is, if all of it is there.
    fn escape(&mut self, text: &str) -> Option<usize> {
        match text.chars().next()? {
            '7' => self.saved = self.cursor,
            '8' => self.cursor = self.saved,
            '[' => {
                let end = text.find(|it: char| it.is_ascii_alphabetic())?;
                self.sequence(&text[1..end], &text[end..=end]);
                return Some(end + 1);
            }
            other => panic!("ESC {other:?}"),
        }
        Some(1)
    }

    fn sequence(&mut self, parameters: &str, kind: &str) {
        let numbers: Vec<usize> = parameters.split(';').filter_map(|it| it.parse().ok()).collect();
        match (kind, &numbers[..]) {
            ("m", _) => {}
            ("r", []) => (self.bottom, self.cursor) = (self.rows, (0, 0)),
            ("r", [1, bottom]) => (self.bottom, self.cursor) = (*bottom, (0, 0)),
            ("H", [row, column]) => self.cursor = (row - 1, column - 1),
            ("A", [up]) => self.cursor.0 = self.cursor.0.saturating_sub(*up),
            ("J", []) => {
                let (row, column) = self.cursor;
                self.screen[row] = self.screen[row].chars().take(column).collect();
                self.screen.iter_mut().skip(row + 1).for_each(String::clear);
            }
            ("l" | "h", _) if parameters == "?25" => self.cursor_is_shown = kind == "h",
            _ => panic!("ESC [ {parameters} {kind}"),
        }
    }
}
