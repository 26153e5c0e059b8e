//! Names of folders and files: whatever a value holds, it stays one name, and can be told back from it.
//!
//! Partitions are `name=value` as Hive writes them: other characters than letters, digits, `_`, `-` and `.` stand as `%`
//! and two hexadecimal digits for each byte, and no value at all is [`NULL`].

use std::fmt::Write;

/// The value of a partition that is null.
pub(super) const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// A text as a part of a name. Letters of all alphabets stay as they are.
pub(super) fn escaped(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    push(&mut name, text);
    name
}

/// One folder: `name=value`.
pub(super) fn partition(name: &str, value: Option<&str>) -> String {
    let mut folder = escaped(name);
    folder.push('=');
    match value {
        None => folder.push_str(NULL),
        // A text that looks like no value.
        Some(NULL) => {
            folder.push_str("%5F");
            folder.push_str(&NULL[1..]);
        }
        Some(value) => push(&mut folder, value),
    }
    folder
}

fn push(name: &mut String, text: &str) {
    let mut bytes = [0; 4];
    for letter in text.chars() {
        if letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.') {
            name.push(letter);
        } else {
            for byte in letter.encode_utf8(&mut bytes).bytes() {
                // Writing to a String cannot fail.
                let _written = write!(name, "%{byte:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a reader of such folders makes of a name.
    fn unescaped(name: &str) -> String {
        let (mut bytes, mut rest) = (Vec::new(), name.as_bytes());
        while let [first, others @ ..] = rest {
            rest = others;
            if *first == b'%' {
                let digits = std::str::from_utf8(&others[..2]).unwrap();
                bytes.push(u8::from_str_radix(digits, 16).unwrap());
                rest = &others[2..];
            } else {
                bytes.push(*first);
            }
        }
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn names_look_like_those_of_other_writers() {
        assert_eq!(partition("site", Some("north")), "site=north");
        assert_eq!(partition("site", Some("a/b:c d%")), "site=a%2Fb%3Ac%20d%25");
        assert_eq!(partition("straße", Some("Zürich")), "straße=Zürich");
        assert_eq!(partition("a=b", Some("..")), "a%3Db=..");
        assert_eq!(partition("site", None), "site=__HIVE_DEFAULT_PARTITION__");
        assert_eq!(partition("site", Some(NULL)), "site=%5F_HIVE_DEFAULT_PARTITION__");
        assert_eq!(partition("site", Some("")), "site=");
    }

    proptest! {
        #[test]
        fn every_value_is_one_name_and_can_be_told_back(value in ".*") {
            let folder = partition("v", Some(&value));
            prop_assert!(!folder.contains(['/', '\\', '\0', ':', '*', '?', '"', '<', '>', '|', '=']) || folder.matches('=').count() == 1);
            prop_assert!(!folder.contains(['/', '\\', '\0']));
            let told = folder.strip_prefix("v=").unwrap();
            prop_assert_ne!(told, NULL);
            prop_assert_eq!(unescaped(told), value);
        }
    }
}
