//! Literals: what a number, text, time or duration means.

use super::Rule;
use super::escape::resolved;
use crate::ast::{Literal, TemplatePart};
use crate::calendar::{TIMESTAMPS, days_from_civil, days_in};
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::value::Value;
use pest::iterators::Pair;

type Read<T> = Result<T, Box<Diagnostic>>;

/// The units of time, in nanoseconds.
const DURATIONS: [(&str, i128); 9] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
    ("w", 604_800_000_000_000),
];

/// The units of size, in bytes.
const SIZES: [(&str, i128); 9] = [
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// Reads a literal that is one token.
pub(super) fn literal(pair: &Pair<'_, Rule>, span: Span) -> Read<Literal> {
    let text = pair.as_str().trim_end();
    let value = match pair.as_rule() {
        Rule::string => Value::String(string(pair.clone())),
        Rule::timestamp => timestamp(text, span)?,
        Rule::hex => hex(text, span)?,
        Rule::number => number(text, span)?,
        Rule::quantity => return quantity(text, span),
        Rule::boolean => Value::Bool(text == "true"),
        _ => Value::Null,
    };
    Ok(Literal { value, unit: None })
}

fn number(text: &str, span: Span) -> Read<Value> {
    let digits: String = text.chars().filter(|it| *it != '_').collect();
    let whole = digits.split(['.', 'e', 'E']).next().unwrap_or("");
    if whole.len() > 1 && whole.starts_with('0') {
        let message = format!("`{text}` begins with a superfluous 0");
        let help = if text.len() == 2 {
            "dates begin with `@`, as in `@2026-01-31`; numbers are written without a 0 before them"
        } else {
            "write the number without the 0"
        };
        return Err(Box::new(Diagnostic::new(Code::LeadingZero, span, message).help(help)));
    }
    if digits.contains(['.', 'e', 'E']) {
        return match digits.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Value::Float(value)),
            _ => Err(too_large(text, span, "a float")),
        };
    }
    digits.parse().map(Value::Int).map_err(|_| too_large(text, span, "an int"))
}

fn hex(text: &str, span: Span) -> Read<Value> {
    let (digits, radix) = (&text[2..], if text.as_bytes()[1] == b'x' { 16 } else { 2 });
    i64::from_str_radix(digits, radix).map(Value::Int).map_err(|_| too_large(text, span, "an int"))
}

fn too_large(text: &str, span: Span, what: &str) -> Box<Diagnostic> {
    let message = format!("`{text}` does not fit {what}");
    let help = "an int goes from -9223372036854775807 to 9223372036854775807, a float to 1.8e308";
    Box::new(Diagnostic::new(Code::NumberTooLarge, span, message).help(help))
}

/// `1m30s`, `64MiB`, `85°C`
fn quantity(text: &str, span: Span) -> Read<Literal> {
    let parts = quantity_parts(text);
    let unit_of = |units: &[(&str, i128)], name: &str| {
        units.iter().find(|(it, _)| *it == name).map(|(_, size)| *size)
    };
    if parts.iter().all(|(_, unit)| unit_of(&DURATIONS, unit).is_some()) {
        let total = parts.iter().try_fold(0_i128, |sum, (amount, unit)| {
            sum.checked_add(scaled(amount, unit_of(&DURATIONS, unit)?)?)
        });
        let micros =
            total.filter(|it| it % 1_000 == 0).and_then(|it| i64::try_from(it / 1_000).ok());
        let Some(micros) = micros else {
            let message = format!("`{text}` is no whole number of microseconds");
            let help = "durations are kept in microseconds; the least is `1us`";
            return Err(Box::new(Diagnostic::new(Code::OddDuration, span, message).help(help)));
        };
        return Ok(Literal { value: Value::Duration(micros), unit: None });
    }
    let [(amount, unit)] = parts.as_slice() else {
        let message = format!("`{text}` is no duration");
        let help = "a duration is put together from `w d h m s ms us ns`, as in `1h30m`";
        return Err(Box::new(Diagnostic::new(Code::UnknownUnit, span, message).help(help)));
    };
    if let Some(size) = unit_of(&SIZES, unit) {
        let bytes = scaled(amount, size).and_then(|it| u64::try_from(it).ok());
        return match bytes {
            Some(bytes) => Ok(Literal { value: Value::Size(bytes), unit: None }),
            None => Err(too_large(text, span, "a whole number of bytes")),
        };
    }
    let value = match amount.parse::<f64>() {
        Ok(value) if value.is_finite() => Value::Float(value),
        _ => return Err(too_large(text, span, "a float")),
    };
    Ok(Literal { value, unit: Some((*unit).to_owned()) })
}

/// Numbers and the letters behind each.
fn quantity_parts(text: &str) -> Vec<(String, &str)> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let letters = rest
            .find(|it: char| !(it.is_ascii_digit() || it == '.' || it == '_'))
            .unwrap_or(rest.len());
        let next = rest[letters..]
            .find(|it: char| it.is_ascii_digit())
            .map_or(rest.len(), |it| letters + it);
        let amount = rest[..letters].chars().filter(|it| *it != '_').collect();
        parts.push((amount, &rest[letters..next]));
        rest = &rest[next..];
    }
    parts
}

/// How a unit of time that is written out, or as elsewhere, is written here.
pub(crate) fn unit_of_time(word: &str) -> Option<&'static str> {
    Some(match word.to_lowercase().as_str() {
        "week" | "weeks" => "w",
        "day" | "days" => "d",
        "hour" | "hours" | "hr" | "hrs" => "h",
        "minute" | "minutes" | "min" | "mins" => "m",
        "second" | "seconds" | "sec" | "secs" => "s",
        "millisecond" | "milliseconds" | "millis" | "msec" => "ms",
        _ => return None,
    })
}

/// A decimal number times a whole size, exactly; none where that is no whole number.
fn scaled(amount: &str, size: i128) -> Option<i128> {
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    let mantissa: i128 = format!("{whole}{fraction}").parse().ok()?;
    let divisor = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let product = mantissa.checked_mul(size)?;
    (product % divisor == 0).then_some(product / divisor)
}

/// `@2026-01-31`, `@2026-01-31T06:00:00.5+01:00`: a time of day says its offset, or `Z`.
fn timestamp(text: &str, span: Span) -> Read<Value> {
    let wrong = |what: String| {
        let help = "a date is `@2026-01-31`, a time `@2026-01-31T06:00:00Z`";
        Box::new(Diagnostic::new(Code::NoSuchTime, span, what).help(help))
    };
    let (date, clock) = match text[1..].split_once('T') {
        Some((date, clock)) => (date, Some(clock)),
        None => (&text[1..], None),
    };
    let number = |text: &str| text.parse::<i64>().unwrap_or(i64::MAX);
    let (year, month, day) = (number(&date[0..4]), number(&date[5..7]), number(&date[8..10]));
    if !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) {
        return Err(wrong(format!("there is no day {date}")));
    }
    let days = days_from_civil(year, month, day);
    let Some(clock) = clock else {
        return Ok(Value::Date(i32::try_from(days).unwrap_or(i32::MAX)));
    };
    let zone = clock.find(['Z', '+', '-']).unwrap_or(clock.len());
    let (clock, zone) = clock.split_at(zone);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut parts = clock.split(':').map(number);
    let (hour, minute) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    let second = parts.next().unwrap_or(0);
    if hour > 23 || minute > 59 || second > 59 {
        return Err(wrong(format!("there is no time {clock} in a day")));
    }
    if fraction.len() > 6 {
        return Err(wrong(format!("`{text}` has more than six digits after the second")));
    }
    let offset = match zone {
        "" => {
            let message = format!("`{text}` does not say in which time zone it is");
            let help = format!("write `{text}Z` for UTC, or its offset, as in `{text}+01:00`");
            return Err(Box::new(Diagnostic::new(Code::NoSuchTime, span, message).help(help)));
        }
        "Z" => 0,
        zone => {
            let minutes = number(&zone[1..3]) * 60 + number(&zone[4..6]);
            if minutes > 18 * 60 {
                return Err(wrong(format!("there is no offset `{zone}`")));
            }
            if zone.starts_with('-') { -minutes } else { minutes }
        }
    };
    let micros = number(&format!("{fraction:0<6}"));
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset * 60;
    let time = seconds * 1_000_000 + micros;
    if !TIMESTAMPS.contains(&time) {
        return Err(wrong(format!("`{text}` lies outside the years 0001 to 9999")));
    }
    Ok(Value::Timestamp(time))
}

/// The text of a string literal of any kind.
pub(super) fn string(pair: Pair<'_, Rule>) -> String {
    let part = pair.into_inner().next().expect("a string holds its content");
    match part.as_rule() {
        Rule::block => {
            let text = part.as_str();
            resolved(&dedent(&text[3..text.len() - 3]))
        }
        Rule::raw => part.into_inner().next().map_or_else(String::new, |it| it.as_str().to_owned()),
        _ => resolved(part.as_str()),
    }
}

/// The text between the holes of a template: escapes and doubled braces resolved.
pub(super) fn template_text(text: &str) -> String {
    resolved(&text.replace("{{", "{").replace("}}", "}"))
}

/// Drops the first newline and the indentation that all lines share.
fn dedent(text: &str) -> String {
    let text = text.strip_prefix("\r\n").or_else(|| text.strip_prefix('\n')).unwrap_or(text);
    let margin = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start().len())
        .min()
        .unwrap_or(0);
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        out.push_str(line.get(margin.min(line.len())..).unwrap_or(line));
    }
    // The line of the closing quotes has nothing but its indentation.
    let last = out.rfind('\n').map_or(0, |at| at + 1);
    if out[last..].trim().is_empty() {
        out.truncate(last);
    }
    out
}

/// The same for a template: lines are counted over its texts, holes count as content.
pub(super) fn dedent_template(parts: Vec<TemplatePart>) -> Vec<TemplatePart> {
    const HOLE: char = '\u{0}';
    let joined: String = parts
        .iter()
        .map(|part| match part {
            TemplatePart::Text(text) => text.clone(),
            TemplatePart::Hole { .. } => HOLE.to_string(),
        })
        .collect();
    let dedented = dedent(&joined);
    let mut texts = dedented.split(HOLE);
    let mut out = Vec::new();
    let push = |text: Option<&str>, out: &mut Vec<TemplatePart>| {
        if let Some(text) = text.filter(|it| !it.is_empty()) {
            out.push(TemplatePart::Text(text.to_owned()));
        }
    };
    push(texts.next(), &mut out);
    for part in parts {
        if let hole @ TemplatePart::Hole { .. } = part {
            out.push(hole);
            push(texts.next(), &mut out);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        let expr = super::super::expression(text).unwrap_or_else(|it| panic!("{text}: {it:?}"));
        match expr.kind {
            crate::ast::ExprKind::Literal(literal) => literal.value,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn literals_mean_what_they_say() {
        assert_eq!(value("1_000"), Value::Int(1_000));
        assert_eq!(value("0xFF"), Value::Int(255));
        assert_eq!(value("1e-3"), Value::Float(0.001));
        assert_eq!(value("1m30s"), Value::Duration(90_000_000));
        assert_eq!(value("1.5h"), Value::Duration(5_400_000_000));
        assert_eq!(value("64MiB"), Value::Size(64 << 20));
        assert_eq!(value("@1970-01-02"), Value::Date(1));
        assert_eq!(value("@2026-01-31T06:00:00.25+01:00"), Value::Timestamp(1_769_835_600_250_000));
        assert_eq!(value(r#""a\n\u{1F600}\"""#), Value::String("a\n😀\"".to_owned()));
        assert_eq!(
            value("\"\"\"\n  two\n    lines\n  \"\"\""),
            Value::String("two\n  lines\n".into())
        );
    }

    #[test]
    fn impossible_literals_are_refused() {
        for text in ["9223372036854775808", "@2026-02-30", "@2026-01-01T25:00:00Z", "1h5x", "007"] {
            assert!(super::super::expression(text).is_err(), "{text}");
        }
    }
}
