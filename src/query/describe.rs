//! `describe 'path'`: the columns of some files, in the types of the language.

use super::columns::{as_they_are, columns};
use super::problem::Problem;
use super::table::Files;
use arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::catalog::TableProvider;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast;
use dsl::types::{Column, Type};
use std::sync::Arc;

/// The answer, if the question is of this kind.
pub(super) fn described(
    statement: &Statement,
    tables: &[(String, Arc<Files>)],
) -> Result<Option<RecordBatch>, Problem> {
    let Statement::Statement(statement) = statement else { return Ok(None) };
    let (ast::Statement::ExplainTable { .. }, [(_, files)]) = (statement.as_ref(), tables) else {
        return Ok(None);
    };
    let schema = files.schema();
    let found = columns(&schema, &as_they_are(&schema));
    let names = StringArray::from_iter_values(found.iter().map(|it| it.name.as_str()));
    let types = StringArray::from_iter_values(found.iter().map(|it| it.typed.ty.to_string()));
    let shown = [
        Column::new("column", Type::String.required()),
        Column::new("type", Type::String.required()),
    ];
    let arrays: Vec<ArrayRef> = vec![Arc::new(names), Arc::new(types)];
    RecordBatch::try_new(engine::types::schema(&shown), arrays)
        .map(Some)
        .map_err(|error| Problem::broken(&error.to_string()))
}
