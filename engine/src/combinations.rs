//! What stands behind the `=` of a stream besides a name: one file a word, one line a word in [`all`].
//!
//! A combination has a rule (which columns flow out) and says how its inputs [meet](Meeting). Before they meet, an
//! [`Aligner`] gives the rows of each input the columns of the whole.

use crate::batch::{Batch, record};
use crate::error::Result;
use crate::types::schema;
use arrow::array::new_null_array;
use arrow::compute::cast;
use arrow::datatypes::SchemaRef;
use dsl::catalog::FromRule;
use dsl::plan::Flow;
use dsl::types::Column;

mod concat;
mod union;

/// Every combination, in the order of the reference.
pub fn all() -> &'static [&'static dyn CombinationDef] {
    &[&union::Union, &concat::Concat]
}

/// The combination of this name.
pub fn get(word: &str) -> Option<&'static dyn CombinationDef> {
    all().iter().copied().find(|it| it.signature().name == word)
}

/// A word that makes one stream of several.
pub trait CombinationDef: FromRule {
    /// How its inputs meet.
    fn meeting(&self) -> Meeting;
}

/// How several inputs become one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meeting {
    /// Side by side, in any order: the watermark is [`crate::watermark::MinWatermark`].
    SideBySide,
    /// One after the other: the watermark is [`crate::watermark::InTurn`].
    InTurn,
}

/// Gives the rows of one input the columns of the whole: by name, in its order; a missing column is null.
#[derive(Clone, Debug)]
pub struct Aligner {
    /// Which column of the input becomes each of the whole.
    places: Vec<Option<usize>>,
    schema: SchemaRef,
    meta: bool,
}

impl Aligner {
    /// From the columns of an input to what the whole is.
    pub fn new(input: &[Column], whole: &Flow) -> Self {
        let place = |column: &Column| input.iter().position(|it| it.name == column.name);
        Self {
            places: whole.columns.iter().map(place).collect(),
            schema: schema(&whole.columns),
            meta: whole.meta,
        }
    }

    /// The same rows with the columns of the whole.
    pub fn align(&self, batch: &Batch) -> Result<Batch> {
        let rows = batch.rows();
        let mut columns = Vec::with_capacity(self.places.len());
        for (place, field) in self.places.iter().zip(self.schema.fields()) {
            columns.push(match place.map(|i| batch.columns.column(i)) {
                None => new_null_array(field.data_type(), rows),
                Some(column) if column.data_type() == field.data_type() => column.clone(),
                // A column of nothing but null, or a list whose elements are never null here.
                Some(column) => cast(column, field.data_type())?,
            });
        }
        let columns = record(self.schema.clone(), columns, rows)?;
        let meta = batch.meta.clone().filter(|_| self.meta);
        Ok(Batch { meta, ..batch.with_columns(columns) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use dsl::types::Type;

    fn flow(columns: Vec<Column>) -> Flow {
        Flow { columns, meta: false, window: None, updates: false, key: None }
    }

    #[test]
    fn columns_are_put_in_order_and_missing_ones_are_null() {
        let input = testing::columns("b: int, a: string");
        let aligner = Aligner::new(&input, &flow(testing::columns("a: string, b: int, c: float?")));
        let batch = testing::batch(&input, r#"[{"a": "x", "b": 1, "@time": 5}]"#);
        let met = aligner.align(&batch).unwrap();
        let expected: Vec<serde_json::Value> =
            serde_json::from_str(r#"[{"a": "x", "b": 1, "c": null}]"#).unwrap();
        assert_eq!(testing::rows(&met.columns), expected);
        assert_eq!(met.times[0], 5);
    }

    #[test]
    fn a_column_of_nothing_but_null_takes_the_type_of_the_whole() {
        let input = vec![Column::new("a", Type::Null.nullable())];
        let aligner = Aligner::new(&input, &flow(testing::columns("a: string?")));
        let met = aligner.align(&testing::batch(&input, r#"[{"a": null}]"#)).unwrap();
        assert_eq!(met.columns.schema(), schema(&testing::columns("a: string?")));
    }

    #[test]
    fn lists_with_and_without_nulls_meet() {
        let list = |nullable| {
            let element = Type::Int.required().with_nullable(nullable);
            vec![Column::new("a", Type::List(Box::new(element)).required())]
        };
        let aligner = Aligner::new(&list(false), &flow(list(true)));
        let met = aligner.align(&testing::batch(&list(false), r#"[{"a": [1, 2]}]"#)).unwrap();
        assert_eq!(testing::rows(&met.columns)[0]["a"], serde_json::json!([1, 2]));
        assert_eq!(met.columns.schema(), schema(&list(true)));
    }
}
