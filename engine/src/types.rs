//! The types of the language in Arrow.

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use dsl::types::{Column, Type, Typed};
use std::sync::Arc;

/// The Arrow type that holds a type of the language.
pub fn data_type(ty: &Type) -> DataType {
    match ty {
        Type::Bool => DataType::Boolean,
        Type::Int => DataType::Int64,
        Type::Float(_) => DataType::Float64,
        Type::Decimal { precision, scale } => DataType::Decimal128(*precision, *scale),
        Type::String | Type::Json => DataType::Utf8,
        Type::Bytes => DataType::Binary,
        Type::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Type::Duration => DataType::Duration(TimeUnit::Microsecond),
        Type::Date => DataType::Date32,
        Type::List(element) => DataType::List(Arc::new(field("item", element))),
        Type::Struct(columns) => DataType::Struct(fields(columns)),
        Type::Map(key, value) => {
            let entries = Fields::from(vec![
                Field::new("keys", data_type(&key.ty), false),
                field("values", value),
            ]);
            DataType::Map(Arc::new(Field::new("entries", DataType::Struct(entries), false)), false)
        }
        Type::Null | Type::Unknown => DataType::Null,
    }
}

/// A named Arrow field. `json` is marked, so that an encoder writes the value and not its text.
pub fn field(name: &str, typed: &Typed) -> Field {
    let field = Field::new(name, data_type(&typed.ty), typed.nullable || typed.ty == Type::Null);
    if typed.ty == Type::Json {
        field.with_metadata([(JSON_MARK.to_owned(), String::new())].into())
    } else {
        field
    }
}

/// The metadata key of a field whose text is JSON.
pub const JSON_MARK: &str = "weir.json";

/// Arrow fields for columns.
pub fn fields(columns: &[Column]) -> Fields {
    columns.iter().map(|it| field(&it.name, &it.typed)).collect()
}

/// The Arrow schema of a stream.
pub fn schema(columns: &[Column]) -> SchemaRef {
    Arc::new(Schema::new(fields(columns)))
}
