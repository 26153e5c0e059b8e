//! The grammar of JSON: where values begin and end, and what is wrong where they do not. No tree is built; whoever wants
//! a member walks over the text again.

use std::borrow::Cow;
use std::fmt;

/// How deep values may be nested: the brackets that are open fit the bits of one number.
pub(crate) const DEPTH_MAX: u32 = 128;

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// At which byte.
    pub(crate) at: usize,
    problem: Problem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Problem {
    Expected(&'static str),
    Depth,
    Control,
    Escape,
    Ended,
    Behind,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problem {
            Problem::Expected(what) => write!(f, "expected {what}")?,
            Problem::Depth => write!(f, "nested deeper than {DEPTH_MAX}")?,
            Problem::Control => f.write_str("a control character inside text")?,
            Problem::Escape => f.write_str("no such escape")?,
            Problem::Ended => f.write_str("it ends in the middle")?,
            Problem::Behind => f.write_str("something stands behind the value")?,
        }
        write!(f, " at byte {}", self.at)
    }
}

type Found<T> = Result<T, SyntaxError>;

/// Checks that a text is one value with nothing but space around it, and returns the value's own text.
pub(crate) fn document(text: &str) -> Found<&str> {
    let bytes = text.as_bytes();
    let start = space(bytes, 0);
    let end = value(bytes, start)?;
    let rest = space(bytes, end);
    if rest < bytes.len() {
        return Err(SyntaxError { at: rest, problem: Problem::Behind });
    }
    Ok(slice(text, start, end))
}

/// The end of the space that begins at `at`.
pub(crate) fn space(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = bytes.get(at) {
        at += 1;
    }
    at
}

/// The end of the value that begins at `at`. Goes down without calling itself: depth is a count, not stack.
pub(crate) fn value(bytes: &[u8], mut at: usize) -> Found<usize> {
    let mut open = Open::default();
    loop {
        // A value is expected here.
        let end = match bytes.get(at) {
            Some(b'{') => {
                open.push(true, at)?;
                at = space(bytes, at + 1);
                if bytes.get(at) != Some(&b'}') {
                    at = key(bytes, at)?;
                    continue;
                }
                open.pop();
                at + 1
            }
            Some(b'[') => {
                open.push(false, at)?;
                at = space(bytes, at + 1);
                if bytes.get(at) != Some(&b']') {
                    continue;
                }
                open.pop();
                at + 1
            }
            _ => scalar(bytes, at)?,
        };
        // A value has ended: what is open goes on or ends too.
        at = end;
        loop {
            if open.depth == 0 {
                return Ok(at);
            }
            let object = open.is_object();
            at = space(bytes, at);
            match bytes.get(at) {
                Some(b',') => {
                    at = space(bytes, at + 1);
                    if object {
                        at = key(bytes, at)?;
                    }
                    break;
                }
                Some(b'}') if object => open.pop(),
                Some(b']') if !object => open.pop(),
                found => {
                    let what = if object { "`,` or `}`" } else { "`,` or `]`" };
                    return Err(expected(at, found, what));
                }
            }
            at += 1;
        }
    }
}

/// The brackets that are open.
#[derive(Default)]
struct Open {
    depth: u32,
    /// One bit each, the innermost lowest: whether it is an object.
    objects: u128,
}

impl Open {
    fn push(&mut self, object: bool, at: usize) -> Found<()> {
        if self.depth == DEPTH_MAX {
            return Err(SyntaxError { at, problem: Problem::Depth });
        }
        self.depth += 1;
        self.objects = self.objects << 1 | u128::from(object);
        Ok(())
    }

    fn pop(&mut self) {
        self.depth -= 1;
        self.objects >>= 1;
    }

    fn is_object(&self) -> bool {
        self.objects & 1 == 1
    }
}

fn expected(at: usize, found: Option<&u8>, what: &'static str) -> SyntaxError {
    let problem = if found.is_none() { Problem::Ended } else { Problem::Expected(what) };
    SyntaxError { at, problem }
}

/// From a key to the value behind it.
fn key(bytes: &[u8], at: usize) -> Found<usize> {
    match bytes.get(at) {
        Some(b'"') => {}
        found => return Err(expected(at, found, "a name in double quotes")),
    }
    let at = space(bytes, string(bytes, at + 1)?);
    match bytes.get(at) {
        Some(b':') => Ok(space(bytes, at + 1)),
        found => Err(expected(at, found, "`:`")),
    }
}

fn scalar(bytes: &[u8], at: usize) -> Found<usize> {
    let word = |word: &'static [u8]| {
        let rest = &bytes[at..];
        if rest.starts_with(word) {
            return Ok(at + word.len());
        }
        let same = rest.iter().zip(word).take_while(|(a, b)| a == b).count();
        Err(expected(at + same, rest.get(same), "a JSON value"))
    };
    match bytes.get(at) {
        Some(b'"') => string(bytes, at + 1),
        Some(b'-' | b'0'..=b'9') => number(bytes, at),
        Some(b't') => word(b"true"),
        Some(b'f') => word(b"false"),
        Some(b'n') => word(b"null"),
        found => Err(expected(at, found, "a JSON value")),
    }
}

/// The end of a text, behind its closing quote; `at` is behind the opening one.
pub(crate) fn string(bytes: &[u8], mut at: usize) -> Found<usize> {
    loop {
        match bytes.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at = escape(bytes, at + 1)?,
            Some(0..=0x1F) => return Err(SyntaxError { at, problem: Problem::Control }),
            Some(_) => at += 1,
            None => return Err(SyntaxError { at, problem: Problem::Ended }),
        }
    }
}

fn escape(bytes: &[u8], at: usize) -> Found<usize> {
    match bytes.get(at) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 1),
        Some(b'u') => {
            for i in at + 1..at + 5 {
                match bytes.get(i) {
                    Some(it) if it.is_ascii_hexdigit() => {}
                    found => return Err(expected(i, found, "four hexadecimal digits")),
                }
            }
            Ok(at + 5)
        }
        Some(_) => Err(SyntaxError { at, problem: Problem::Escape }),
        None => Err(SyntaxError { at, problem: Problem::Ended }),
    }
}

/// The end of a number that begins at `at`.
pub(crate) fn number(bytes: &[u8], mut at: usize) -> Found<usize> {
    let digits = |mut at: usize| {
        let start = at;
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        if at == start { Err(expected(at, bytes.get(at), "a digit")) } else { Ok(at) }
    };
    if bytes.get(at) == Some(&b'-') {
        at += 1;
    }
    let whole = at;
    at = digits(at)?;
    if bytes[whole] == b'0' && at > whole + 1 {
        let problem = Problem::Expected("no digit behind a leading 0");
        return Err(SyntaxError { at: whole + 1, problem });
    }
    if bytes.get(at) == Some(&b'.') {
        at = digits(at + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = bytes.get(at) {
            at += 1;
        }
        at = digits(at)?;
    }
    Ok(at)
}

/// A part of a text; ends of values are ends of characters, so nothing is lost to the empty text.
pub(crate) fn slice(text: &str, start: usize, end: usize) -> &str {
    text.get(start..end).unwrap_or_default()
}

/// The members of an object that was checked: name (without quotes, escapes as they stand) and value.
pub(crate) fn members(object: &str) -> impl Iterator<Item = (&str, &str)> {
    let bytes = object.as_bytes();
    let mut at = 1;
    std::iter::from_fn(move || {
        at = space(bytes, at);
        if bytes.get(at) != Some(&b'"') {
            return None;
        }
        let name_end = string(bytes, at + 1).ok()?;
        let name = slice(object, at + 1, name_end - 1);
        let start = space(bytes, space(bytes, name_end) + 1);
        let end = value(bytes, start).ok()?;
        at = space(bytes, end) + 1;
        Some((name, slice(object, start, end)))
    })
}

/// The elements of an array that was checked.
pub(crate) fn elements(array: &str) -> impl Iterator<Item = &str> {
    let bytes = array.as_bytes();
    let mut at = 1;
    std::iter::from_fn(move || {
        let start = space(bytes, at);
        if start >= bytes.len() || bytes[start] == b']' {
            return None;
        }
        let end = value(bytes, start).ok()?;
        at = space(bytes, end) + 1;
        Some(slice(array, start, end))
    })
}

/// What stands between the quotes of a text that was checked; none where an escape is half of a character.
pub(crate) fn unescaped(raw: &str) -> Option<Cow<'_, str>> {
    let Some(first) = raw.find('\\') else { return Some(Cow::Borrowed(raw)) };
    let mut text = String::with_capacity(raw.len());
    let (head, mut rest) = raw.split_at(first);
    text.push_str(head);
    while let Some(tail) = rest.strip_prefix('\\') {
        let code = tail.bytes().next()?;
        let mut taken = 1;
        match code {
            b'b' => text.push('\u{8}'),
            b'f' => text.push('\u{c}'),
            b'n' => text.push('\n'),
            b'r' => text.push('\r'),
            b't' => text.push('\t'),
            b'u' => {
                let (character, length) = unicode(tail)?;
                text.push(character);
                taken = length;
            }
            other => text.push(char::from(other)),
        }
        let tail = tail.get(taken..)?;
        let run = tail.find('\\').unwrap_or(tail.len());
        let (plain, next) = tail.split_at(run);
        text.push_str(plain);
        rest = next;
    }
    Some(Cow::Owned(text))
}

/// `uXXXX`, or a pair of them, and how long that is.
fn unicode(text: &str) -> Option<(char, usize)> {
    let unit = |text: &str| u32::from_str_radix(text.get(1..5)?, 16).ok();
    let first = unit(text)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, 5));
    }
    let second =
        unit(text.get(5..)?.strip_prefix('\\')?.get(..5).filter(|it| it.starts_with('u'))?)?;
    let pair = [u16::try_from(first).ok()?, u16::try_from(second).ok()?];
    let character = char::decode_utf16(pair).next()?.ok()?;
    Some((character, 11))
}

#[cfg(test)]
mod tests;
