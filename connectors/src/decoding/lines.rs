//! Byte streams whose records are lines.

use engine::codec::Framing;

/// The byte order mark that some programs put before UTF-8 text.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// Cuts behind the last newline.
#[derive(Debug)]
pub(crate) struct Lines;

impl Framing for Lines {
    fn cut(&mut self, buffer: &[u8], last: bool) -> usize {
        if last {
            return buffer.len();
        }
        memchr::memrchr(b'\n', buffer).map_or(0, |it| it + 1)
    }

    fn header(&mut self, _buffer: &[u8], _last: bool) -> Option<usize> {
        Some(0)
    }
}

/// A text without the mark in front of it.
pub(crate) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(MARK).unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_end_with_a_line() {
        assert_eq!(Lines.cut(b"{}\n{}\n{", false), 6);
        assert_eq!(Lines.cut(b"{}", false), 0);
        assert_eq!(Lines.cut(b"{}\n{}", true), 5);
    }
}
