//! Columns that stand in the names of folders: `day=2026-11-25/hour=6/part.parquet`.

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use engine::expr::parse;
use std::path::Path;
use std::sync::Arc;

/// What Hive writes for null.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// The columns of some files' folders, and what each file has there.
#[derive(Clone, Debug, Default)]
pub(super) struct Hive {
    /// Its columns; a whole number, a date, or text.
    pub(super) fields: Vec<FieldRef>,
    /// A row a file, a value a column.
    pub(super) values: Vec<Vec<ScalarValue>>,
}

impl Hive {
    /// The columns that all of these files have in their folders, but for those that the files hold themselves.
    pub(super) fn of(files: &[impl AsRef<Path>], has: impl Fn(&str) -> bool) -> Self {
        let pairs: Vec<Vec<(String, Option<String>)>> =
            files.iter().map(|it| pairs(it.as_ref())).collect();
        let mut hive = Self { fields: Vec::new(), values: vec![Vec::new(); files.len()] };
        for (name, _) in pairs.first().into_iter().flatten() {
            let column: Option<Vec<Option<&str>>> = pairs
                .iter()
                .map(|file| Some(file.iter().find(|(it, _)| it == name)?.1.as_deref()))
                .collect();
            let known = hive.fields.iter().any(|it| it.name() == name) || has(name);
            let Some(column) = column.filter(|_| !known) else { continue };
            let ty = kind(&column.iter().flatten().copied());
            for (values, text) in hive.values.iter_mut().zip(column) {
                values.push(value(&ty, text));
            }
            hive.fields.push(Arc::new(Field::new(name, ty, true)));
        }
        hive
    }
}

/// `name=value` in the names of the folders around a file, from outside in.
fn pairs(file: &Path) -> Vec<(String, Option<String>)> {
    let folders = file.parent().into_iter().flat_map(Path::components);
    let pair = |it: std::path::Component<'_>| {
        let (name, value) = it.as_os_str().to_str()?.split_once('=')?;
        let value = unescaped(value);
        (!name.is_empty()).then(|| (unescaped(name), (value != NULL).then_some(value)))
    };
    folders.filter_map(pair).collect()
}

/// What all these values are.
fn kind<'a>(values: &(impl Iterator<Item = &'a str> + Clone)) -> DataType {
    let all = |of: fn(&str) -> bool| values.clone().next().is_some() && values.clone().all(of);
    // A number with zeros before it is a name.
    if all(|it| parse::int(it).is_some_and(|number| number.to_string() == it)) {
        DataType::Int64
    } else if all(|it| parse::date(it).is_some()) {
        DataType::Date32
    } else {
        DataType::Utf8
    }
}

fn value(ty: &DataType, text: Option<&str>) -> ScalarValue {
    match ty {
        DataType::Int64 => ScalarValue::Int64(text.and_then(parse::int)),
        DataType::Date32 => ScalarValue::Date32(text.and_then(parse::date)),
        _ => ScalarValue::Utf8(text.map(str::to_owned)),
    }
}

/// `%2F` is what stands for `/` in the name of a folder.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let code = behind.get(..2).and_then(|it| std::str::from_utf8(it).ok());
        let code = code.and_then(|it| u8::from_str_radix(it, 16).ok());
        if let Some(byte) = code.filter(|_| *first == b'%') {
            bytes.push(byte);
            rest = &behind[2..];
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[&str], has: &[&str]) -> Vec<String> {
        let hive = Hive::of(files, |it| has.contains(&it));
        let values =
            |i: usize| -> Vec<String> { hive.values.iter().map(|it| it[i].to_string()).collect() };
        let column = |(i, field): (usize, &FieldRef)| {
            format!("{} {} {}", field.name(), field.data_type(), values(i).join(" "))
        };
        hive.fields.iter().enumerate().map(column).collect()
    }

    #[test]
    fn folders_name_columns() {
        let files =
            ["lake/day=2026-11-25/hour=6/a.parquet", "lake/day=2026-11-26/hour=17/b.parquet"];
        assert_eq!(of(&files, &[]), ["day Date32 2026-11-25 2026-11-26", "hour Int64 6 17"]);
        assert_eq!(of(&files, &["hour"]), ["day Date32 2026-11-25 2026-11-26"]);
        assert_eq!(of(&["a.parquet", "line=a%2Fb/c.parquet"], &[]), [""; 0]);
        assert_eq!(of(&["line=a%2Fb/c=007/a.parquet"], &[]), ["line Utf8 a/b", "c Utf8 007"]);
        let null = ["n=1/a.csv", "n=__HIVE_DEFAULT_PARTITION__/b.csv"];
        assert_eq!(of(&null, &[]), ["n Int64 1 NULL"]);
        assert_eq!(of(&["100%/n=5%/a.csv"], &[]), ["n Utf8 5%"]);
    }
}
