//! What comes out of a question, in the types of the language, so that it is shown as everything else is shown.

use super::problem::Problem;
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::{DFSchema, TableReference};
use dsl::types::{Column, Type, Typed};
use engine::types::{JSON_MARK, data_type, schema};
use std::sync::Arc;

/// What the columns of an answer are called. Those of a table keep their names; what was worked out is called by its
/// formula, in which tables are left out (`max('a.csv'.t)` is `max(t)`).
pub(super) fn names(schema: &DFSchema, tables: &[&str]) -> Vec<String> {
    let name = |(table, field): (Option<&TableReference>, &Arc<Field>)| {
        let name = field.name();
        // An alias is no formula either.
        if table.is_some() || !name.contains([' ', '(', '[']) {
            return name.clone();
        }
        tables.iter().fold(name.clone(), |name, table| without(&name, table))
    };
    schema.iter().map(name).collect()
}

/// A formula without the table before its columns. What only ends like the table's name stays.
fn without(formula: &str, table: &str) -> String {
    let (mut short, mut rest) = (String::new(), formula);
    while let Some((before, behind)) = rest.split_once(&format!("{table}.")) {
        short.push_str(before);
        if before.ends_with(|it: char| it.is_alphanumeric() || "_./".contains(it)) {
            short.push_str(table);
            short.push('.');
        }
        rest = behind;
    }
    short + rest
}

/// The names as they stand.
pub(super) fn as_they_are(schema: &Schema) -> Vec<String> {
    schema.fields().iter().map(|it| it.name().clone()).collect()
}

/// The columns of some rows; no two have the same name.
pub(super) fn columns(schema: &Schema, names: &[String]) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for (field, name) in schema.fields().iter().zip(names) {
        let name = unique(name.clone(), &columns);
        columns.push(Column::new(&name, typed(field)));
    }
    columns
}

/// A name that none of these has: `t`, else `t_2`, `t_3` …
fn unique(name: String, columns: &[Column]) -> String {
    let taken = |name: &str| columns.iter().any(|it| it.name == name);
    if !taken(&name) {
        return name;
    }
    let mut number = 2;
    while taken(&format!("{name}_{number}")) {
        number += 1;
    }
    format!("{name}_{number}")
}

fn typed(field: &Field) -> Typed {
    if field.metadata().contains_key(JSON_MARK) {
        return Type::Json.nullable();
    }
    Typed { ty: language(field.data_type()), nullable: true }
}

/// The type of the language that is closest; text, where none is close.
fn language(found: &DataType) -> Type {
    match found {
        DataType::Boolean => Type::Bool,
        it if it.is_integer() => Type::Int,
        it if it.is_floating() => Type::FLOAT,
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale) => {
            Type::Decimal { precision: *precision, scale: *scale }
        }
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => Type::Bytes,
        DataType::Timestamp(..) => Type::Timestamp,
        DataType::Duration(_) => Type::Duration,
        DataType::Date32 | DataType::Date64 => Type::Date,
        DataType::Dictionary(_, values) => language(values),
        DataType::List(element)
        | DataType::LargeList(element)
        | DataType::ListView(element)
        | DataType::LargeListView(element)
        | DataType::FixedSizeList(element, _) => Type::List(Box::new(typed(element))),
        DataType::Struct(fields) => {
            Type::Struct(fields.iter().map(|it| Column::new(it.name(), typed(it))).collect())
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) if fields.len() == 2 => {
                Type::Map(Box::new(Type::String.required()), Box::new(typed(&fields[1])))
            }
            _ => Type::String,
        },
        _ => Type::String,
    }
}

/// The rows in the Arrow types of these columns, and with their names.
pub(super) fn conform(rows: &RecordBatch, columns: &[Column]) -> Result<RecordBatch, Problem> {
    let arrays: Result<Vec<ArrayRef>, Problem> =
        rows.columns().iter().zip(columns).map(|(array, column)| one(array, column)).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    RecordBatch::try_new_with_options(schema(columns), arrays?, &options)
        .map_err(|error| Problem::broken(&error.to_string()))
}

fn one(array: &ArrayRef, column: &Column) -> Result<ArrayRef, Problem> {
    // What does not fit must not become null in silence.
    let options = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(array, &data_type(&column.typed.ty), &options).map_err(|error| {
        Problem::failed(format!(
            "column `{}` has a value that cannot be shown ({error}); `cast` it in the question",
            column.name
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{AsArray, StringViewArray, TimestampNanosecondArray, UInt64Array};
    use arrow::datatypes::{Int64Type, TimeUnit, TimestampMicrosecondType};
    use std::collections::HashMap;

    #[test]
    fn formulas_lose_their_tables_and_columns_keep_their_names() {
        let field = |name: &str| Arc::new(Field::new(name, DataType::Int64, true));
        let fields = vec![
            (Some(TableReference::bare("lake")), field("lake.level")),
            (None, field("lake.alias")),
            (None, field("max(lake.level)")),
            (None, field("lake.a + metalake.a")),
        ];
        let schema = DFSchema::new_with_metadata(fields, HashMap::new()).unwrap();
        let found = names(&schema, &["lake"]);
        assert_eq!(found, ["lake.level", "lake.alias", "max(level)", "a + metalake.a"]);
    }

    #[test]
    fn no_two_columns_have_the_same_name() {
        let field = |name: &str| Field::new(name, DataType::Int64, true);
        let schema = Schema::new(vec![field("n"), field("n"), field("n")]);
        let names = vec!["n".to_owned(); 3];
        let names: Vec<String> = columns(&schema, &names).into_iter().map(|it| it.name).collect();
        assert_eq!(names, ["n", "n_2", "n_3"]);
    }

    #[test]
    fn types_are_those_of_the_language() {
        let nanos = DataType::Timestamp(TimeUnit::Nanosecond, None);
        let fields = vec![
            Field::new("n", DataType::UInt64, false),
            Field::new("at", nanos, false),
            Field::new("name", DataType::Utf8View, true),
        ];
        let arrays: Vec<ArrayRef> = vec![
            Arc::new(UInt64Array::from(vec![7])),
            Arc::new(TimestampNanosecondArray::from(vec![1_500])),
            Arc::new(StringViewArray::from(vec![Some("x")])),
        ];
        let rows = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap();
        let columns = columns(&rows.schema(), &as_they_are(&rows.schema()));
        let rows = conform(&rows, &columns).unwrap();
        assert_eq!(rows.column(0).as_primitive::<Int64Type>().value(0), 7);
        assert_eq!(rows.column(1).as_primitive::<TimestampMicrosecondType>().value(0), 1);
        assert_eq!(rows.column(2).as_string::<i32>().value(0), "x");
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let field = Field::new("n", DataType::UInt64, false);
        let array: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX]));
        let rows = RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![array]).unwrap();
        let columns = columns(&rows.schema(), &as_they_are(&rows.schema()));
        assert!(conform(&rows, &columns).unwrap_err().to_string().contains("column `n`"));
    }
}
