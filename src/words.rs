//! The last look at words before they leave the process: no secret, and no number of an error that only the system's
//! manuals explain.

use crate::secrets;
use std::borrow::Cow;

/// What stands before the number that Rust adds to an error of the system.
const NUMBER: &str = " (os error ";

/// A text as users see it.
pub fn shown(text: &str) -> Cow<'_, str> {
    match secrets::masked(text) {
        Cow::Borrowed(text) if text.contains(NUMBER) => Cow::Owned(without_numbers(text)),
        Cow::Owned(text) => Cow::Owned(without_numbers(&text)),
        text @ Cow::Borrowed(_) => text,
    }
}

fn without_numbers(text: &str) -> String {
    let mut parts = text.split(NUMBER);
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.len() - part.trim_start_matches(|it: char| it.is_ascii_digit()).len();
        match part[digits..].strip_prefix(')') {
            Some(rest) if digits > 0 => plain.push_str(rest),
            _ => plain.extend([NUMBER, part]),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_errors_are_left_out() {
        let text = "`a`: refused (os error 111); `b`: gone (os error 2)";
        assert_eq!(shown(text), "`a`: refused; `b`: gone");
        assert_eq!(shown("an (os error of mine)"), "an (os error of mine)");
        assert!(matches!(shown("nothing of it"), Cow::Borrowed(_)));
    }
}
