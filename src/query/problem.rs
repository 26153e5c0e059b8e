//! What is wrong with a question, in our words: what was expected, what was found, what to type, and where.

use crate::exit::Exit;
use datafusion::common::{DataFusionError, SchemaError, Span};
use datafusion::sql::sqlparser::parser::ParserError;
use dsl::check::suggest;
use std::fmt;

/// Names of types in the library, and in the language.
const TYPES: [(&str, &str); 9] = [
    ("Timestamp(Microsecond, Some(\"UTC\"))", "timestamp"),
    ("Timestamp(µs, \"UTC\")", "timestamp"),
    ("Float64", "float"),
    ("Int64", "int"),
    ("Utf8View", "string"),
    ("Utf8", "string"),
    ("Boolean", "bool"),
    ("Date32", "date"),
    ("Duration(µs)", "duration"),
];

/// Why there is no answer.
#[derive(Debug)]
pub struct Problem {
    /// How the command ends.
    pub exit: Exit,
    message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

impl Problem {
    /// This, and an exit code.
    pub(super) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    /// The question is wrong.
    pub(super) fn no(message: impl Into<String>) -> Self {
        Self::new(Exit::No, message)
    }

    /// It names something that cannot be read.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// It broke while it was being answered.
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    /// A fault that is not the user's.
    pub(super) fn broken(what: &str) -> Self {
        Self::failed(format!("the question could not be answered ({what}): please report this"))
    }

    /// What DataFusion says, in our words, with the line of the question that it is about.
    pub(super) fn of(error: &DataFusionError, sql: &str) -> Self {
        let span = error.diagnostic().and_then(|it| it.span);
        match error.find_root() {
            DataFusionError::SQL(error, _) => syntax(error, sql),
            DataFusionError::SchemaError(error, _) => Self::no(name(error)).at(span, sql),
            DataFusionError::Plan(said) | DataFusionError::NotImplemented(said) => {
                Self::no(plan(said)).at(span, sql)
            }
            DataFusionError::Collection(errors) if !errors.is_empty() => Self::of(&errors[0], sql),
            DataFusionError::External(error) => match error.downcast_ref::<Problem>() {
                Some(Problem { exit, message }) => Self::new(*exit, message.clone()),
                None => Self::failed(error.to_string()),
            },
            DataFusionError::ResourcesExhausted(said) => Self::failed(format!(
                "the answer needs more memory than there is; ask for fewer rows or columns at a time ({})",
                cleaned(said)
            )),
            DataFusionError::Execution(said) => {
                Self::failed(format!("a value cannot be worked out: {}", cleaned(said)))
            }
            DataFusionError::ArrowError(error, _) => Self::failed(format!(
                "a value cannot be worked out: {}",
                cleaned(&error.to_string())
            )),
            DataFusionError::ParquetError(error) => Self::failed(format!(
                "a Parquet file cannot be read: {}; was it written to its end?",
                cleaned(&error.to_string())
            )),
            DataFusionError::ObjectStore(error) => {
                Self::failed(format!("a file cannot be read any more: {error}"))
            }
            DataFusionError::IoError(error) => {
                Self::failed(format!("a file cannot be read: {error}"))
            }
            other => Self::broken(&cleaned(&other.strip_backtrace())),
        }
    }

    /// With the line it is about, and a mark below the place.
    fn at(mut self, span: Option<Span>, sql: &str) -> Self {
        let Some(span) = span else { return self };
        let (line, column) = (span.start.line as usize, span.start.column as usize);
        let Some(text) = line.checked_sub(1).and_then(|it| sql.lines().nth(it)) else {
            return self;
        };
        let before: String = text
            .chars()
            .take(column.saturating_sub(1))
            .map(|it| if it == '\t' { it } else { ' ' })
            .collect();
        let rest = text.chars().count().saturating_sub(column.saturating_sub(1)).max(1);
        let length = if span.end.line == span.start.line {
            (span.end.column as usize).saturating_sub(column).clamp(1, rest)
        } else {
            rest
        };
        self.message = format!("{}\n  {text}\n  {before}{}", self.message, "^".repeat(length));
        self
    }
}

/// What is wrong with the text.
fn syntax(error: &ParserError, sql: &str) -> Problem {
    let said = match error {
        ParserError::TokenizerError(said) | ParserError::ParserError(said) => said.as_str(),
        ParserError::RecursionLimitExceeded => {
            return Problem::no(
                "the question is nested too deep; give its parts names: `with a as (select …) select … from a`",
            );
        }
    };
    let (said, place) = match said.rsplit_once(" at Line: ") {
        Some((said, place)) => (said, place),
        None => (said, ""),
    };
    let numbers: Vec<u64> =
        place.split(", Column: ").filter_map(|it| it.trim().parse().ok()).collect();
    let span = match numbers[..] {
        [line, column] => {
            let start = datafusion::common::Location { line, column };
            Some(Span { start, end: start })
        }
        _ => None,
    };
    let message = match said.strip_prefix("Expected: ").and_then(|it| it.split_once(", found: ")) {
        Some((expected, "EOF")) => format!("the question ends where {expected} was expected"),
        Some((expected, found)) => format!("expected {expected}, found `{found}`"),
        None => first_small(said),
    };
    Problem::no(format!("this is no SQL: {message}")).at(span, sql)
}

/// What is wrong with a name.
fn name(error: &SchemaError) -> String {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let names: Vec<&str> =
                valid_fields.iter().map(datafusion::common::Column::name).collect();
            let wanted = match &field.relation {
                Some(table) if names.contains(&field.name()) => format!("{table}.{}", field.name()),
                _ => field.name().to_owned(),
            };
            let hint = match suggest::nearest(field.name(), names.iter().copied()) {
                Some(near) => format!("; did you mean {}?", written(near)),
                None if names.is_empty() => String::new(),
                None => format!("; there are {}", suggest::listed(names)),
            };
            format!("there is no column `{wanted}`{hint}")
        }
        SchemaError::AmbiguousReference { field } => format!(
            "several tables have a column `{0}`; name the tables and say whose it is: `from 'a.csv' as a … a.{0}`",
            field.name()
        ),
        SchemaError::DuplicateQualifiedField { name, .. }
        | SchemaError::DuplicateUnqualifiedField { name } => {
            format!("two columns would be called `{name}`; give one another name: `{name} as …`")
        }
    }
}

/// A name as it is typed: in double quotes where it is no plain word.
fn written(name: &str) -> String {
    let plain = name.chars().all(|it| it.is_alphanumeric() || it == '_');
    if plain { format!("`{name}`") } else { format!("`\"{name}\"`") }
}

/// What is wrong with the rest.
fn plan(said: &str) -> String {
    if let Some(rest) = said.strip_prefix("Invalid function '")
        && let Some((name, rest)) = rest.split_once('\'')
    {
        let near = rest.split('\'').nth(1).map(|it| format!("; did you mean `{it}`?"));
        return format!("there is no function `{name}`{}", near.unwrap_or_default());
    }
    if said.contains("must appear in the GROUP BY clause") || said.contains("must be in GROUP BY") {
        let name = said.split('"').nth(1).and_then(|it| it.rsplit_once('.')).map(|(_, name)| name);
        let name = name.map_or_else(|| "a column".to_owned(), |it| format!("`{it}`"));
        return format!(
            "{name} is neither in `group by` nor inside an aggregate; group by it, or write `max(…)` around it"
        );
    }
    if said.starts_with("The context currently only supports a single SQL statement") {
        return "one question at a time; there is a second one behind the `;`".to_owned();
    }
    if said.starts_with("No SQL statements") {
        return "there is no question; write a `select`".to_owned();
    }
    if said.starts_with("Projections require unique expression names") {
        return "two columns would have the same name; give one another: `… as name`".to_owned();
    }
    format!("this cannot be asked: {}", cleaned(said))
}

/// One line, small at its beginning, without what only helps those who work on the library.
fn cleaned(said: &str) -> String {
    let mut text = said;
    let prefixes = [
        "Error during planning: ",
        "Execution error: ",
        "Parser error: ",
        "Cast error: ",
        "Compute error: ",
        "Invalid argument error: ",
        "Schema error: ",
    ];
    while let Some(rest) = prefixes.iter().find_map(|it| text.strip_prefix(it)) {
        text = rest;
    }
    let line = text.lines().next().unwrap_or_default().trim().trim_end_matches('.');
    let line = TYPES.iter().fold(line.to_owned(), |line, (arrow, ours)| line.replace(arrow, ours));
    first_small(&line)
}

fn first_small(text: &str) -> String {
    let mut letters = text.chars();
    let Some(first) = letters.next() else { return String::new() };
    // A word in capitals stays one.
    if letters.clone().next().is_some_and(char::is_uppercase) {
        return text.to_owned();
    }
    first.to_lowercase().chain(letters).collect()
}
