//! What a server says about points that it does not take, in the words and forms of each of them.
//!
//! ```text
//!  InfluxDB 1  {"error":"partial write: field type conflict: … dropped=2"}            how many, not which
//!  InfluxDB 2  {"code":"unprocessable entity","message":"… partial write: … dropped=2"}
//!  InfluxDB 3  {"error":"…","data":[{"line_number":2,"error_message":"…","original_line":"…"}]}
//!  QuestDB     {"code":"invalid","message":"…\nerror in line 2: …","line":2}          the first one
//! ```
//!
//! The lines that it names are a hint where to cut: whether a point is refused is known when it was sent by itself.

use serde_json::Value;

/// The longest text of a server that is passed on, in bytes.
const WORDS_MAX: usize = 400;

/// What a server said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Its words, in one line.
    pub(super) words: String,
    /// The lines that it names, from 0 on, in order.
    pub(super) lines: Vec<usize>,
    /// How many points it says it dropped.
    pub(super) dropped: Option<usize>,
}

impl Verdict {
    /// Reads the body of an answer.
    pub(super) fn of(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let answer: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let field = |name: &str| answer.get(name).and_then(Value::as_str);
        let said = field("message").or_else(|| field("error"));
        let data = answer.get("data");
        let details: &[Value] = match data {
            Some(Value::Array(all)) => all,
            Some(one @ Value::Object(_)) => std::slice::from_ref(one),
            _ => &[],
        };
        let message = said.unwrap_or(&text);
        let why = details.iter().find_map(|it| it.get("error_message")?.as_str());
        let words = match why {
            Some(why) => format!("{message}: {why}"),
            None => message.to_owned(),
        };
        let named = details.iter().filter_map(|it| it.get("line_number")?.as_u64());
        let named = named.chain(answer.get("line").and_then(Value::as_u64));
        let mut lines: Vec<usize> = named.chain(numbers(message)).filter_map(from_one).collect();
        lines.sort_unstable();
        lines.dedup();
        Self { words: one_line(&words), lines, dropped: dropped(message) }
    }
}

/// Lines are counted from 1 by servers.
fn from_one(number: u64) -> Option<usize> {
    usize::try_from(number).ok()?.checked_sub(1)
}

/// The numbers of lines inside a text.
fn numbers(text: &str) -> impl Iterator<Item = u64> {
    let behind = |mark: &'static str| text.split(mark).skip(1).filter_map(leading);
    behind("error in line ").chain(behind("error parsing line "))
}

fn leading(text: &str) -> Option<u64> {
    let end = text.find(|it: char| !it.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

/// `… dropped=2` at the end.
fn dropped(text: &str) -> Option<usize> {
    let (_, count) = text.trim_end().rsplit_once("dropped=")?;
    count.parse().ok()
}

/// A text of a server as part of a sentence. Of a long one, which repeats what it was sent, beginning and end are left: the
/// reason stands in either.
pub(super) fn one_line(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.len() <= WORDS_MAX {
        return text;
    }
    let half = WORDS_MAX / 2;
    let first = (0..=half).rev().find(|it| text.is_char_boundary(*it)).unwrap_or(0);
    let last = (text.len() - half..text.len()).find(|it| text.is_char_boundary(*it));
    format!("{} … {}", &text[..first], &text[last.unwrap_or(text.len())..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(body: &str) -> (String, Vec<usize>, Option<usize>) {
        let Verdict { words, lines, dropped } = Verdict::of(body.as_bytes());
        (words, lines, dropped)
    }

    #[test]
    fn every_server_is_understood() {
        let conflict = r#"{"error":"partial write: field type conflict: input field \"v\" on measurement \"m\" is type string, already exists as type float dropped=2"}"#;
        let (words, lines, dropped) = verdict(conflict);
        assert!(words.starts_with("partial write: field type conflict"), "{words}");
        assert_eq!((lines, dropped), (vec![], Some(2)));
        let questdb = r#"{"code":"invalid","message":"failed to parse line protocol:errors encountered on line(s):\nerror in line 2: table: m, column: v; cast error from protocol type: STRING to column type: DOUBLE","line":2,"errorId":"1-1"}"#;
        let (words, lines, dropped) = verdict(questdb);
        assert!(words.contains("cast error") && !words.contains('\n'), "{words}");
        assert_eq!((lines, dropped), (vec![1], None));
        let third = r#"{"error":"partial write of line protocol occurred","data":[{"original_line":"m v=","line_number":3,"error_message":"no field"},{"original_line":"m v","line_number":1,"error_message":"x"}]}"#;
        let expected = "partial write of line protocol occurred: no field".to_owned();
        assert_eq!(verdict(third), (expected, vec![0, 2], None));
        let one = r#"{"error":"parsing failed for write_lp endpoint","data":{"line_number":2,"error_message":"no field"}}"#;
        assert_eq!(verdict(one).1, [1]);
        let cloud = r#"{"code":"invalid","message":"errors encountered on line(s): error parsing line 7 (1-based): bad"}"#;
        assert_eq!(verdict(cloud).1, [6]);
        assert_eq!(verdict("404 page not found\n").0, "404 page not found");
        assert_eq!(verdict("{\"error\":\"line 0 is bad\",\"line\":0}").1, [] as [usize; 0]);
    }

    #[test]
    fn of_long_words_beginning_and_end_are_left() {
        let long = format!("unable to parse '{}': too long", "ü".repeat(1_000));
        let words = Verdict::of(long.as_bytes()).words;
        assert!(words.len() <= WORDS_MAX + 5, "{words}");
        assert!(words.starts_with("unable to parse") && words.ends_with("too long"), "{words}");
    }
}
