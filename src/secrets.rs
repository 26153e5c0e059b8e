//! What must not be shown: the values of options that take a secret, those that came from `secret(…)`, and those of
//! variables whose names say so.
//!
//! Nothing that is written here names a secret. But servers answer in words of their own, and libraries quote what they
//! were given, so messages, log lines and the report go through [`masked`] before they leave the process.

use dsl::catalog::Catalog;
use dsl::plan::Plan;
use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};

/// Stands where a secret would.
const MASK: &str = "***";

/// Shorter ones are not looked for: they would be found in every other word.
const LENGTH_MIN: usize = 4;

/// A variable with one of these words in its name holds a secret: `MQTT_PASSWORD`.
const WORDS: [&str; 12] = [
    "PASS",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "PWD",
    "SECRET",
    "TOKEN",
    "CREDENTIAL",
    "CREDENTIALS",
    "AUTH",
    "APIKEY",
    "PSK",
];

/// So does one with a key behind one of these: `ACCESS_KEY`, but not `PARTITION_KEY`.
const OF_A_KEY: [&str; 7] =
    ["API", "ACCESS", "SECRET", "PRIVATE", "ACCOUNT", "SIGNING", "ENCRYPTION"];

/// The secrets of this process, longer ones first.
static KNOWN: RwLock<Vec<String>> = RwLock::new(Vec::new());

/// Whether a variable of this name holds a secret, as far as its name says.
pub fn is_one(variable: &str) -> bool {
    let name = variable.to_uppercase();
    let words: Vec<&str> = name.split(|it: char| !it.is_alphanumeric()).collect();
    let keys = words.windows(2).any(|it| OF_A_KEY.contains(&it[0]) && it[1] == "KEY");
    keys || words.iter().any(|it| WORDS.contains(it))
}

/// This is a secret.
pub fn note(secret: &str) {
    let plain = secret.trim();
    // As texts in messages and in JSON show it, too.
    let quoted = [format!("{plain:?}"), serde_json::Value::from(plain).to_string()];
    let inner = quoted.iter().filter_map(|it| it.get(1..it.len().saturating_sub(1)));
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    for text in std::iter::once(plain).chain(inner) {
        if text.len() >= LENGTH_MIN && !known.iter().any(|it| it == text) {
            known.push(text.to_owned());
        }
    }
    known.sort_by_key(|it| std::cmp::Reverse(it.len()));
}

/// Notes the values of all options that take a secret, wherever they came from: also those that stand in the file, or were
/// given with `--set`.
pub fn note_all(plan: &Plan, catalog: &dyn Catalog) {
    let sources = plan.sources.iter().map(|it| &it.connector);
    for call in sources.chain(plan.sinks.iter().map(|it| &it.connector)) {
        let Some(signature) = catalog.signature(call.kind, &call.word) else { continue };
        for param in signature.params.iter().filter(|it| it.secret) {
            if let Ok(Some(secret)) = call.args.opt_text(param.name) {
                note(secret);
            }
        }
    }
}

/// A text without any of the secrets.
pub fn masked(text: &str) -> Cow<'_, str> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    let mut shown = Cow::Borrowed(text);
    for secret in known.iter() {
        if shown.contains(secret) {
            shown = Cow::Owned(shown.replace(secret, MASK));
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_however_they_are_quoted() {
        note("correct \"horse\"\n");
        note("correct");
        note("abc");
        assert_eq!(masked("it says correct \"horse\"!"), "it says ***!");
        assert_eq!(masked(r#"{"error":"correct \"horse\""}"#), r#"{"error":"***"}"#);
        assert_eq!(masked("correct, and abc"), "***, and abc");
        assert!(matches!(masked("nothing of it"), Cow::Borrowed(_)));
    }

    #[test]
    fn names_of_variables_tell() {
        for name in ["MQTT_PASSWORD", "influx_token", "AWS_SECRET_ACCESS_KEY", "DB_PWD"] {
            assert!(is_one(name), "{name}");
        }
        for name in ["BROKER_URL", "SITE", "HOME", "PARTITION_KEY", "AUTHOR", "COMPASS"] {
            assert!(!is_one(name), "{name}");
        }
    }
}
