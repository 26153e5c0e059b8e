//! What stands where: which columns become folders and which stand in the files, told from the options and the columns
//! of the rows.

use dsl::diagnostic::Code;
use dsl::plan::{Arg, Args};
use dsl::types::{Column, Type};

/// One level of folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// The place of the column among those of the rows.
    pub(super) column: usize,
    pub(super) by: By,
    /// What stands in front of the `=`.
    pub(super) name: String,
}

/// What of a column makes a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// Its value; the column does not stand in the files then.
    Value,
    /// The day of a time, in UTC.
    Day,
    /// The hour of the day; the day of the same time stands above it.
    Hour,
    /// The hour with its day.
    DayAndHour,
}

/// Folders and files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// From the outermost folder to the innermost.
    pub(super) keys: Vec<Key>,
    /// The places of those columns that stand in the files, in their order.
    pub(super) kept: Vec<usize>,
    /// By what the rows of a row group are sorted: places in `kept`.
    pub(super) sort: Vec<usize>,
    /// What has Bloom filters: places in `kept`.
    pub(super) bloom: Vec<usize>,
}

/// What is wrong with an option.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// The option; none: it is about the rows.
    pub(super) option: Option<&'static str>,
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) help: String,
}

impl Wrong {
    fn new(option: &'static str, code: Code, message: String, help: impl Into<String>) -> Self {
        Self { option: Some(option), code, message, help: help.into() }
    }
}

impl Layout {
    /// Tells it from the options `partition`, `sort` and `bloom`.
    pub(super) fn new(args: &Args, columns: &[Column]) -> Result<Layout, Wrong> {
        let mut keys: Vec<Key> = Vec::new();
        for arg in args.opt_list("partition").ok().flatten().unwrap_or_default() {
            let key = key(arg, columns, &keys)?;
            keys.extend(key);
        }
        let folder = |place: usize| keys.iter().any(|it| it.column == place && it.by == By::Value);
        let kept: Vec<usize> = (0..columns.len()).filter(|it| !folder(*it)).collect();
        if kept.is_empty() {
            let message = "every column is a folder, so nothing is left for the files".to_owned();
            let help = "leave one of them out";
            return Err(Wrong::new("partition", Code::OptionsClash, message, help));
        }
        for &place in &kept {
            check_name(&columns[place], &keys)?;
            check_type(&columns[place])?;
        }
        let place = |option, name: &String| {
            let found = kept.iter().position(|it| columns[*it].name == *name);
            found.ok_or_else(|| {
                let message = format!("`{name}` is a folder and does not stand in the files");
                Wrong::new(
                    option,
                    Code::OptionsClash,
                    message,
                    format!("leave it out of `{option}`"),
                )
            })
        };
        let named = |option| args.opt_columns(option).ok().flatten().unwrap_or_default();
        let mut sort = Vec::new();
        for name in named("sort") {
            let found = place("sort", name)?;
            flat("sort", &columns[kept[found]], "be sorted by")?;
            sort.push(found);
        }
        let mut bloom = Vec::new();
        for name in named("bloom") {
            let found = place("bloom", name)?;
            let column = &columns[kept[found]];
            flat("bloom", column, "be looked up by")?;
            if column.typed.ty == Type::Bool {
                let message =
                    format!("a Bloom filter over `{name}` tells nothing: it has two values");
                return Err(Wrong::new(
                    "bloom",
                    Code::BadOption,
                    message,
                    "leave it out of `bloom`",
                ));
            }
            bloom.push(found);
        }
        Ok(Layout { keys, kept, sort, bloom })
    }
}

/// A level of folders; none where its column is not known.
fn key(arg: &Arg, columns: &[Column], before: &[Key]) -> Result<Option<Key>, Wrong> {
    let wrong = |message, help: String| Wrong::new("partition", Code::BadOption, message, help);
    let (word, name) = match arg {
        Arg::Column(name) => (None, name),
        Arg::Of { word, column } => (Some(word.as_str()), column),
        _ => return Err(wrong("`partition` takes columns".to_owned(), "name one".to_owned())),
    };
    let column = columns.iter().position(|it| it.name == *name);
    // One that there is not has been reported.
    let Some(column) = column else { return Ok(None) };
    let ty = &columns[column].typed.ty;
    let made = match (word, ty) {
        (Some("day"), Type::Timestamp | Type::Date) => {
            Key { column, by: By::Day, name: "day".to_owned() }
        }
        (Some("hour"), Type::Timestamp) => {
            let day = before.iter().any(|it| it.column == column && it.by == By::Day);
            let by = if day { By::Hour } else { By::DayAndHour };
            Key { column, by, name: "hour".to_owned() }
        }
        (Some(word), _) => {
            let wanted = if word == "day" { "a timestamp or date" } else { "a timestamp" };
            let message = format!("`{word}` takes {wanted}, `{name}` is {ty}");
            return Err(wrong(message, format!("name a column that is {wanted}")));
        }
        (None, Type::Bool | Type::Int | Type::String | Type::Date | Type::Decimal { .. }) => {
            Key { column, by: By::Value, name: name.clone() }
        }
        (None, Type::Timestamp) => {
            let message = format!("every time in `{name}` would be a folder of its own");
            return Err(wrong(
                message,
                format!("write `day({name})` or `[day({name}), hour({name})]`"),
            ));
        }
        (None, _) => {
            let message = format!("a folder cannot be named by `{name}`, which is {ty}");
            let help = "make it a bool, int, string, date or decimal first: `| extend NAME = …`";
            return Err(wrong(message, help.to_owned()));
        }
    };
    if before.iter().any(|it| it.name == made.name) {
        let message = format!("two levels of folders are named `{}`", made.name);
        return Err(Wrong::new("partition", Code::GivenTwice, message, "leave one of them out"));
    }
    Ok(Some(made))
}

/// A column of the files that is named like a folder hides it from readers.
fn check_name(column: &Column, keys: &[Key]) -> Result<(), Wrong> {
    if !keys.iter().any(|it| it.name == column.name) {
        return Ok(());
    }
    let name = &column.name;
    let message = format!("the folders are named `{name}=…`, and there is a column `{name}` too");
    let help = format!("give the column another name first: `| rename {name}_of_row = {name}`");
    Err(Wrong::new("partition", Code::EqualNames, message, help))
}

/// Whether Parquet can hold a column.
fn check_type(column: &Column) -> Result<(), Wrong> {
    let Some(found) = unheld(&column.typed.ty) else { return Ok(()) };
    let name = &column.name;
    Err(Wrong {
        option: None,
        code: Code::BadOption,
        message: format!("Parquet cannot hold `{name}`: {found}"),
        help: format!("leave it out: `| drop {name}`"),
    })
}

/// What of a type Parquet cannot hold.
fn unheld(ty: &Type) -> Option<&'static str> {
    match ty {
        Type::Struct(fields) if fields.is_empty() => Some("a struct without fields"),
        Type::Struct(fields) => fields.iter().find_map(|it| unheld(&it.typed.ty)),
        Type::List(element) => unheld(&element.ty),
        Type::Map(key, value) => unheld(&key.ty).or_else(|| unheld(&value.ty)),
        _ => None,
    }
}

fn flat(option: &'static str, column: &Column, what: &str) -> Result<(), Wrong> {
    match &column.typed.ty {
        ty @ (Type::List(_) | Type::Struct(_) | Type::Map(..) | Type::Null) => {
            let message = format!("rows cannot {what} `{}`, which is {ty}", column.name);
            Err(Wrong::new(option, Code::BadOption, message, format!("leave it out of `{option}`")))
        }
        _ => Ok(()),
    }
}
