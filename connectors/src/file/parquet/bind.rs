//! Which column of a file fills which column of the source.

use super::types::{fits, natural};
use arrow::datatypes::{DataType, Field as ArrowField, Fields, Schema as ArrowSchema};
use dsl::plan::{Field, SourcePlan};
use dsl::types::{Column, Type};
use engine::error::{Error, Result};

/// What is asked of every file of a source.
#[derive(Debug)]
pub(in crate::file) struct Wanted {
    /// The columns, with what is declared about them.
    pub(super) fields: Vec<Field>,
    /// The same as columns.
    pub(super) columns: Vec<Column>,
    /// Which of them anybody reads.
    needed: Vec<bool>,
}

/// How a column of the source is filled.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fill {
    /// From this column of the file, and from there by these fields of structs.
    From { root: usize, path: Vec<String> },
    /// The file does not have it: its default, or null.
    Missing,
    /// Nobody reads it.
    Unread,
}

impl Wanted {
    /// What a plan asks for; the columns of the first file, where no schema is declared.
    pub(in crate::file) fn of(plan: &SourcePlan, needed: &[bool]) -> Wanted {
        let fields = match &plan.schema {
            Some(schema) => schema.fields.clone(),
            None => plan.columns.iter().map(Field::plain).collect(),
        };
        Wanted { fields, columns: plan.columns.clone(), needed: needed.to_vec() }
    }

    /// Finds every column in a file. What cannot be filled is an error that names it.
    pub(super) fn bind(&self, path: &str, file: &ArrowSchema) -> Result<Vec<Fill>> {
        let mut fills = Vec::with_capacity(self.fields.len());
        for (i, field) in self.fields.iter().enumerate() {
            let wire = field.wire.as_deref().unwrap_or(&field.column.name);
            let how = match find(file.fields(), wire) {
                Some((root, names, found)) => {
                    check_type(path, field, found.data_type())?;
                    // A row that breaks what is declared is refused whoever reads the column.
                    let checked = field.bounds.is_some()
                        || !field.children.is_empty()
                        || (!field.column.typed.nullable && found.is_nullable());
                    if checked || self.needed.get(i).copied().unwrap_or(true) {
                        Fill::From { root, path: names }
                    } else {
                        Fill::Unread
                    }
                }
                None if field.column.typed.nullable || field.default.is_some() => Fill::Missing,
                None => return Err(missing(path, wire, file.fields())),
            };
            fills.push(how);
        }
        Ok(fills)
    }
}

/// The column of this name; or, by a path with points, a field of a struct.
fn find<'a>(fields: &'a Fields, wire: &str) -> Option<(usize, Vec<String>, &'a ArrowField)> {
    if let Some((root, field)) = fields.find(wire) {
        return Some((root, Vec::new(), field));
    }
    let mut names = wire.split('.');
    let (root, mut field) = fields.find(names.next()?)?;
    let mut path = Vec::new();
    for name in names {
        let DataType::Struct(fields) = field.data_type() else {
            return None;
        };
        field = fields.find(name)?.1;
        path.push(name.to_owned());
    }
    Some((root, path, field))
}

fn missing(path: &str, wire: &str, fields: &Fields) -> Error {
    let names: Vec<String> = fields.iter().map(|it| format!("`{}`", it.name())).collect();
    Error::user(format!(
        "`{path}` has no column `{wire}`; it has {}. Declare it nullable (`?`) or with a default, \
         or name the right one: `from \"…\"`",
        names.join(", ")
    ))
}

fn check_type(path: &str, field: &Field, found: &DataType) -> Result<()> {
    let arrow = found;
    let (name, wanted) = (&field.column.name, &field.column.typed.ty);
    let (found, help) = match natural(found) {
        Some(found) if fits(&found, wanted) => return check_children(path, field, arrow),
        Some(found) => {
            let help = format!("declare it `{name}: {found}` and convert it: `{name} as {wanted}`");
            (found.to_string(), help)
        }
        None => (found.to_string(), "leave it out of the schema".to_owned()),
    };
    let message = format!("`{path}`: the column `{name}` is {found}, declared is {wanted}; {help}");
    Err(Error::user(message))
}

/// The fields of a struct, and of the structs of a list.
fn check_children(path: &str, field: &Field, found: &DataType) -> Result<()> {
    let fields = match (&field.column.typed.ty, found) {
        (Type::Struct(_), DataType::Struct(fields)) => fields,
        (
            Type::List(_),
            DataType::List(element)
            | DataType::LargeList(element)
            | DataType::FixedSizeList(element, _),
        ) => match element.data_type() {
            DataType::Struct(fields) => fields,
            _ => return Ok(()),
        },
        _ => return Ok(()),
    };
    for child in &field.children {
        let wire = child.wire.as_deref().unwrap_or(&child.column.name);
        match fields.find(wire) {
            Some((_, found)) => check_type(path, child, found.data_type())?,
            None if child.column.typed.nullable || child.default.is_some() => {}
            None => return Err(missing(path, wire, fields)),
        }
    }
    Ok(())
}
