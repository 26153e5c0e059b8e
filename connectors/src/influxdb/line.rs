//! The letters of line protocol: what is escaped in which place, and what cannot be written at all.
//!
//! ```text
//!  measurement,tag=value,tag=value field=1.5,field=3i,field="text",field=true 1767247200000000000
//!  └ `,` ` `    └ `,` `=` ` ` in keys and tags        └ `"` `\` inside quotes
//! ```
//!
//! A backslash outside of quotes is the one thing that servers do not agree on. To InfluxDB 1 and 2 it escapes what has to
//! be escaped and is itself otherwise, so that two of them are two; VictoriaMetrics makes one of two. A single one before
//! an ordinary letter is the same to both. So only that is written, and everything else is refused rather than stored
//! under another name. InfluxDB 3 and QuestDB make one of two as well, and QuestDB none of a single one: for these two,
//! which are known when they answer, every backslash is escaped.
//!
//! Source: <https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/>, and the parsers of the servers.

use crate::encoding::push_int;

/// Who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Any other server: what they do not agree on is refused.
    Common,
    /// One that makes one backslash of two, whatever comes behind: InfluxDB 3, QuestDB.
    Escaped,
}

/// Where a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The measurement.
    Measurement,
    /// The key of a tag or field, or the value of a tag.
    Key,
}

impl Place {
    fn is_special(self, byte: u8) -> bool {
        matches!((self, byte), (_, b',' | b' ') | (Place::Key, b'='))
    }
}

/// Appends a text outside of quotes, or says why it cannot be written.
pub(super) fn push_name(
    out: &mut Vec<u8>,
    text: &str,
    place: Place,
    dialect: Dialect,
) -> Result<(), String> {
    let bytes = text.as_bytes();
    if place == Place::Measurement && bytes.first() == Some(&b'#') {
        return Err("a line that begins with `#` is a comment".to_owned());
    }
    let mut start = 0;
    for (i, &byte) in bytes.iter().enumerate() {
        // Letters, digits and everything beyond ASCII.
        if byte > b'=' && byte != b'\\' {
            continue;
        }
        match byte {
            b'\\' => {
                backslash(bytes.get(i + 1).copied(), place, dialect)?;
                if dialect == Dialect::Escaped {
                    out.extend_from_slice(&bytes[start..=i]);
                    start = i;
                }
            }
            0..0x20 => return Err("it has a line break or another control character".to_owned()),
            byte if place.is_special(byte) => {
                out.extend_from_slice(&bytes[start..i]);
                out.push(b'\\');
                start = i;
            }
            _ => {}
        }
    }
    out.extend_from_slice(&bytes[start..]);
    Ok(())
}

/// Whether a backslash before `next` means the same to whoever reads it.
fn backslash(next: Option<u8>, place: Place, dialect: Dialect) -> Result<(), String> {
    match next {
        None => Err("it ends with a backslash, which line protocol cannot express".to_owned()),
        Some(next) if dialect == Dialect::Common && (next == b'\\' || place.is_special(next)) => {
            let next = char::from(next);
            Err(format!("it has a backslash before `{next}`, which servers read differently"))
        }
        Some(_) => Ok(()),
    }
}

/// Appends the text of a field, in quotes.
pub(super) fn push_string(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    let mut start = 0;
    for (i, &byte) in text.iter().enumerate() {
        if byte == b'"' || byte == b'\\' {
            out.extend_from_slice(&text[start..i]);
            out.push(b'\\');
            start = i;
        }
    }
    out.extend_from_slice(&text[start..]);
    out.push(b'"');
}

/// How many digits a time has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precision {
    Nanoseconds,
    Microseconds,
    Milliseconds,
    Seconds,
}

impl Precision {
    /// What the option may be.
    pub(super) const WORDS: &[&str] = &["ns", "us", "ms", "s"];

    /// The value of the option.
    pub(super) fn of(word: &str) -> Self {
        match word {
            "us" => Precision::Microseconds,
            "ms" => Precision::Milliseconds,
            "s" => Precision::Seconds,
            _ => Precision::Nanoseconds,
        }
    }

    /// Appends a time of so many µs since 1970; what is finer than the precision is cut off, towards the past.
    pub(super) fn push(self, out: &mut Vec<u8>, micros: i64) -> Result<(), String> {
        let units = match self {
            Precision::Nanoseconds => micros.checked_mul(1_000).ok_or_else(|| {
                "its time is outside of the years 1677 to 2262, which is all that nanoseconds can \
                 hold; write `precision: us`"
                    .to_owned()
            })?,
            Precision::Microseconds => micros,
            Precision::Milliseconds => micros.div_euclid(1_000),
            Precision::Seconds => micros.div_euclid(1_000_000),
        };
        push_int(out, units);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str, place: Place, dialect: Dialect) -> Result<String, String> {
        let mut out = Vec::new();
        push_name(&mut out, text, place, dialect)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn what_has_a_meaning_is_escaped_where_it_has_it() {
        let key = |text| name(text, Place::Key, Dialect::Common);
        assert_eq!(key("a b,c=d\"e"), Ok(r#"a\ b\,c\=d"e"#.to_owned()));
        assert_eq!(key("größe"), Ok("größe".to_owned()));
        assert_eq!(key(r"D:\temp"), Ok(r"D:\temp".to_owned()));
        let measurement = |text| name(text, Place::Measurement, Dialect::Common);
        assert_eq!(measurement("a b,c=d"), Ok(r"a\ b\,c=d".to_owned()));
        assert_eq!(measurement(r"a\=b"), Ok(r"a\=b".to_owned()));
        let mut out = Vec::new();
        push_string(&mut out, "say \"a\\b\"\nagain".as_bytes());
        assert_eq!(out, b"\"say \\\"a\\\\b\\\"\nagain\"");
    }

    #[test]
    fn what_servers_read_differently_is_refused() {
        for (text, part) in [
            ("a\\", "ends with a backslash"),
            ("a\\,b", "before `,`"),
            ("\\\\server", "before `\\`"),
            ("a\nb", "line break"),
            ("a\tb", "control"),
        ] {
            let why = name(text, Place::Key, Dialect::Common).unwrap_err();
            assert!(why.contains(part), "{text}: {why}");
        }
        assert!(name("#a", Place::Measurement, Dialect::Common).is_err());
        assert_eq!(name("#a", Place::Key, Dialect::Common), Ok("#a".to_owned()));
        let escaped = |text| name(text, Place::Key, Dialect::Escaped);
        assert_eq!(escaped(r"\\a\,b"), Ok(r"\\\\a\\\,b".to_owned()));
        assert!(escaped("a\\").is_err());
    }

    #[test]
    fn times_are_cut_towards_the_past() {
        let time = |precision: Precision, micros| {
            let mut out = Vec::new();
            precision.push(&mut out, micros).map(|()| String::from_utf8(out).unwrap())
        };
        assert_eq!(time(Precision::Nanoseconds, 1), Ok("1000".to_owned()));
        assert_eq!(time(Precision::Microseconds, -1), Ok("-1".to_owned()));
        assert_eq!(time(Precision::Milliseconds, -1), Ok("-1".to_owned()));
        assert_eq!(time(Precision::Seconds, 1_999_999), Ok("1".to_owned()));
        assert!(
            time(Precision::Nanoseconds, i64::MAX / 999).unwrap_err().contains("precision: us")
        );
    }
}
