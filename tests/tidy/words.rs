//! Every word is a file and a line in its list, and is shown at work; every finding of the checker is shown too.

use super::tree::{File, file, files, none, rust};
use dsl::catalog::Catalog;
use dsl::diagnostic::Code;
use dsl::signature::{Constant, Kind, Presence, Signature, Takes};
use weir::registry::Registry;

/// The folders whose files are words, and the file with their list.
const LISTS: [(&str, &str); 7] = [
    ("engine/src/functions", "engine/src/functions.rs"),
    ("engine/src/aggregates", "engine/src/aggregates.rs"),
    ("engine/src/operators", "engine/src/operators.rs"),
    ("engine/src/detectors", "engine/src/detectors.rs"),
    ("engine/src/windows", "engine/src/windows.rs"),
    ("engine/src/combinations", "engine/src/combinations.rs"),
    ("connectors/src/formats", "connectors/src/formats.rs"),
];

/// Files in these folders that are no words.
const NO_WORDS: [(&str, &str); 3] = [
    ("engine/src/functions/tests.rs", "tests of all functions together"),
    ("engine/src/windows/calendar.rs", "days and weeks of a time zone"),
    ("engine/src/windows/fixed.rs", "windows of a fixed length"),
];

/// Files beside the connectors that are none.
const NO_CONNECTORS: [(&str, &str); 12] = [
    ("connectors/src/backoff.rs", "waiting times between two tries"),
    ("connectors/src/crypto.rs", "cryptography for clients that speak TLS"),
    ("connectors/src/retry.rs", "requests that are tried again"),
    ("connectors/src/lib.rs", "the lists"),
    ("connectors/src/common.rs", "options that all of them take"),
    ("connectors/src/decoding.rs", "what formats share that read text"),
    ("connectors/src/encoding.rs", "what formats share that write text"),
    ("connectors/src/formats.rs", "the list of the formats"),
    ("connectors/src/standard.rs", "standard output, for the sinks that write to it"),
    ("connectors/src/tls.rs", "the option `tls`, and what a failed handshake means"),
    ("connectors/src/testing.rs", "what the tests of connectors share"),
    ("connectors/src/worker.rs", "a thread that waits for a sink"),
];

/// How often a list names something in a module: `&rename::Rename`, `choice::words`.
fn listed(list: &File, module: &str) -> usize {
    let module = if module == "where" { "where_" } else { module };
    let lines = list.text.lines().map(str::trim_start);
    let lines = lines.filter(|it| !it.starts_with("//") && !it.starts_with("pub use"));
    let named = |line: &str| {
        line.split(|it: char| !it.is_alphanumeric() && it != '_' && it != ':')
            .filter(|it| it.split_once("::").is_some_and(|(first, _)| first == module))
            .count()
    };
    lines.map(named).sum()
}

#[test]
fn every_word_has_one_line_in_its_list() {
    let mut found = Vec::new();
    for (folder, list) in LISTS {
        for word in rust().filter(|it| it.folder() == folder) {
            let count = listed(file(list), word.stem());
            let exception = NO_WORDS.iter().any(|(path, _)| *path == word.path);
            if (count == 1) == exception {
                found.push(format!("{} stands {count} times in {list}", word.path));
            }
        }
    }
    none(&found, "a word is a file and one line in its list");
}

#[test]
fn every_connector_has_a_line_in_its_list() {
    let list = file("connectors/src/lib.rs");
    let mut found = Vec::new();
    for connector in rust().filter(|it| it.folder() == "connectors/src") {
        let count = listed(list, connector.stem());
        let exception = NO_CONNECTORS.iter().any(|(path, _)| *path == connector.path);
        if !exception && !(1..=2).contains(&count) {
            found.push(format!("{} stands {count} times in {}", connector.path, list.path));
        }
    }
    none(&found, "a connector is a file and a line in the list of sources, of sinks, or both");
}

#[test]
fn exceptions_are_still_there() {
    let all = NO_WORDS.iter().chain(&NO_CONNECTORS).map(|(path, _)| *path);
    let gone: Vec<String> =
        all.filter(|path| !rust().any(|it| it.path == *path)).map(str::to_owned).collect();
    none(&gone, "take it off the list of exceptions");
}

/// The programs in the golden files.
fn goldens() -> String {
    let markdown = files().iter().filter(|it| it.path.starts_with("tests/golden/"));
    markdown.map(|it| it.text.as_str()).collect()
}

/// Whether a text has this word with nothing of a name beside it.
fn says(text: &str, word: &str) -> bool {
    let part = |it: Option<char>| it.is_some_and(|it| it.is_alphanumeric() || it == '_');
    text.match_indices(word).any(|(at, _)| {
        !part(text[..at].chars().next_back()) && !part(text[at + word.len()..].chars().next())
    })
}

#[test]
fn every_word_is_shown_at_work() {
    let goldens = goldens();
    let shown = |it: &&Signature| {
        let exemplary = it.examples.iter().any(|example| says(example.source, it.name));
        // An alias of a function has the examples of the usual name.
        let alias = it.kind == Kind::Function && !it.examples.is_empty();
        exemplary || alias || says(&goldens, it.name)
    };
    let missing = Registry.signatures().into_iter().filter(|it| !shown(it));
    let missing: Vec<String> =
        missing.map(|it| format!("{} `{}`", it.kind.noun(), it.name)).collect();
    none(&missing, "no example and no golden file uses");
}

#[test]
fn every_range_is_one_and_has_the_default_inside() {
    let mut found = Vec::new();
    for signature in Registry.signatures() {
        for param in &signature.params {
            let Some(limit) = param.limit() else { continue };
            let name = format!("`{}` of `{}`", param.name, signature.name);
            if limit.range.ends().is_none_or(|ends| ends == (None, None)) {
                found.push(format!("{name}: {} is no range", limit.range.text()));
            }
            let Presence::Default(default) = param.presence else { continue };
            if !limit.range.holds_text(default) {
                found.push(format!("{name}: {default} is outside of {}", limit.range.text()));
            }
        }
    }
    none(&found, "a range is written as in the language, and a default is inside");
}

#[test]
fn the_language_knows_no_word_by_its_name() {
    let steps: Vec<&Signature> =
        Registry.signatures().into_iter().filter(|it| it.kind == Kind::Step).collect();
    let windows = Registry.signatures().into_iter().filter(|it| it.kind == Kind::Window);
    let mut texts: Vec<String> = steps.iter().map(|it| format!("| {} ", it.name)).collect();
    texts.extend(windows.map(|it| format!("{}(", it.name)));
    let mut found = Vec::new();
    for source in rust().filter(|it| it.path.starts_with("dsl/src/") && !it.path.contains("tests"))
    {
        let code = source.text.split("#[cfg(test)]").next().unwrap_or_default();
        for (i, line) in code.lines().enumerate() {
            let said = !line.trim_start().starts_with("//") && line.contains('"');
            if said && texts.iter().any(|it| line.contains(it.as_str())) {
                found.push(format!("{}:{}: {}", source.path, i + 1, line.trim()));
            }
        }
    }
    none(&found, "help lines take the words of the vocabulary from the catalog");
}

/// Figures that need no range: any of them means something.
const WITHOUT_RANGE: [(&str, &str); 2] = [("generate", "seed"), ("generate", "rate")];

#[test]
fn every_figure_says_its_range() {
    let figures = [Constant::Int, Constant::Duration, Constant::Size, Constant::DurationRange];
    let mut found = Vec::new();
    for signature in Registry.signatures().into_iter().filter(|it| it.kind != Kind::Function) {
        for param in signature.params.iter().filter(|it| it.range.is_none()) {
            let figure = matches!(&param.takes, Takes::Constant(it) if figures.contains(it));
            if figure && !WITHOUT_RANGE.contains(&(signature.name, param.name)) {
                found.push(format!("`{}` of `{}`", param.name, signature.name));
            }
        }
    }
    none(&found, "an option that is a number says with `within` what it may be");
}

/// Codes without a golden file.
const UNSHOWN: [(Code, &str); 1] = [(Code::RecordNeeded, "no word of this version takes a record")];

#[test]
fn every_finding_has_a_golden_file() {
    let diagnostics = files().iter().filter(|it| it.path.starts_with("tests/golden/diagnostics/"));
    let text: String = diagnostics.map(|it| it.text.as_str()).collect();
    let mut found = Vec::new();
    for code in Code::ALL {
        let shown = text.contains(&format!("[{code}]"));
        let exception = UNSHOWN.iter().any(|(it, _)| it == code);
        if shown == exception {
            found.push(format!("{code}: {} (shown: {shown})", code.meaning()));
        }
    }
    none(&found, "what the checker finds is shown in tests/golden/diagnostics");
}
