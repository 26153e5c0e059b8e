//! Columns as an encoder reads them: downcast once a batch, so that a value costs one match.

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array,
    Float64Array, ListArray, MapArray, RecordBatch, StringArray,
};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::datatypes::{DurationMicrosecondType, Int64Type, TimestampMicrosecondType};
use dsl::types::{Column, Type};
use engine::error::{Error, Result};
use engine::types::data_type;

/// One column.
pub(crate) struct View<'a> {
    nulls: Option<&'a NullBuffer>,
    pub(crate) values: Values<'a>,
}

/// The values of a column.
pub(crate) enum Values<'a> {
    Null,
    Bool(&'a BooleanArray),
    Int(&'a ScalarBuffer<i64>),
    Float(&'a Float64Array),
    Decimal(&'a Decimal128Array, i8),
    Text(&'a StringArray),
    Json(&'a StringArray),
    Bytes(&'a BinaryArray),
    Timestamp(&'a ScalarBuffer<i64>),
    Duration(&'a ScalarBuffer<i64>),
    Date(&'a Date32Array),
    List(&'a ListArray, Box<View<'a>>),
    Struct(Vec<(&'a str, View<'a>)>),
    Map(&'a MapArray, &'a StringArray, Box<View<'a>>),
}

/// The columns of a batch in the types of the language: text may come in another layout of Arrow.
pub(crate) fn conform(rows: &RecordBatch, columns: &[Column]) -> Result<Vec<ArrayRef>> {
    if rows.num_columns() != columns.len() {
        return Err(Error::bug(format!(
            "an encoder of {} columns was given {}",
            columns.len(),
            rows.num_columns()
        )));
    }
    let conform = |(column, array): (&Column, &ArrayRef)| {
        let wanted = data_type(&column.typed.ty);
        if *array.data_type() == wanted {
            return Ok(array.clone());
        }
        Ok(arrow::compute::cast(array, &wanted)?)
    };
    columns.iter().zip(rows.columns()).map(conform).collect()
}

/// Columns of these types, which [`conform`] has made.
pub(crate) fn views<'a>(columns: &'a [Column], arrays: &'a [ArrayRef]) -> Vec<View<'a>> {
    columns.iter().zip(arrays).map(|(it, array)| View::new(&it.typed.ty, array)).collect()
}

impl<'a> View<'a> {
    /// A column of this type; its Arrow type is the one that belongs to it.
    pub(crate) fn new(ty: &'a Type, array: &'a ArrayRef) -> Self {
        let values = match ty {
            Type::Bool => Values::Bool(array.as_boolean()),
            Type::Int => Values::Int(array.as_primitive::<Int64Type>().values()),
            Type::Float(_) => Values::Float(array.as_primitive()),
            Type::Decimal { scale, .. } => Values::Decimal(array.as_primitive(), *scale),
            Type::String => Values::Text(array.as_string()),
            Type::Json => Values::Json(array.as_string()),
            Type::Bytes => Values::Bytes(array.as_binary()),
            Type::Timestamp => {
                Values::Timestamp(array.as_primitive::<TimestampMicrosecondType>().values())
            }
            Type::Duration => {
                Values::Duration(array.as_primitive::<DurationMicrosecondType>().values())
            }
            Type::Date => Values::Date(array.as_primitive()),
            Type::List(element) => {
                let lists = array.as_list::<i32>();
                Values::List(lists, Box::new(View::new(&element.ty, lists.values())))
            }
            Type::Struct(columns) => {
                let inner = columns.iter().zip(array.as_struct().columns());
                let view = |(it, array): (&'a Column, &'a ArrayRef)| {
                    (it.name.as_str(), View::new(&it.typed.ty, array))
                };
                Values::Struct(inner.map(view).collect())
            }
            Type::Map(_, value) => {
                let maps = array.as_map();
                let values = View::new(&value.ty, maps.values());
                Values::Map(maps, maps.keys().as_string(), Box::new(values))
            }
            Type::Null | Type::Unknown => Values::Null,
        };
        Self { nulls: array.nulls(), values }
    }

    /// Whether there is no value.
    #[inline]
    pub(crate) fn is_null(&self, i: usize) -> bool {
        matches!(self.values, Values::Null) || self.nulls.is_some_and(|it| it.is_null(i))
    }
}
