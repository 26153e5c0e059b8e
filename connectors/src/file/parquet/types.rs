//! The types of a Parquet file in the language.

use arrow::datatypes::{DataType, Field, Schema};
use dsl::types::{Column, Type, Typed};
use engine::error::{Error, Result};

/// The columns of a file.
pub(super) fn columns(path: &str, schema: &Schema) -> Result<Vec<Column>> {
    let column = |field: &Field| {
        let ty = natural(field.data_type()).ok_or_else(|| {
            let (name, found) = (field.name(), field.data_type());
            Error::user(format!(
                "`{path}`: the column `{name}` is {found}, which the language has no type for; \
                 declare a `schema` that leaves it out"
            ))
        })?;
        Ok(Column::new(field.name(), ty.required().with_nullable(field.is_nullable())))
    };
    schema.fields().iter().map(|it| column(it)).collect()
}

/// What the language calls a column of this type.
pub(super) fn natural(found: &DataType) -> Option<Type> {
    Some(match found {
        DataType::Boolean => Type::Bool,
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32 => Type::Int,
        // Half of its values are no `int`.
        DataType::UInt64 => Type::Decimal { precision: 20, scale: 0 },
        DataType::Float16 | DataType::Float32 | DataType::Float64 => Type::FLOAT,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Type::String,
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => Type::Bytes,
        DataType::Timestamp(..) => Type::Timestamp,
        DataType::Duration(_) | DataType::Time32(_) | DataType::Time64(_) => Type::Duration,
        DataType::Date32 | DataType::Date64 => Type::Date,
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale) => {
            Type::Decimal { precision: *precision, scale: *scale }
        }
        DataType::Dictionary(_, values) => natural(values)?,
        DataType::List(element)
        | DataType::LargeList(element)
        | DataType::FixedSizeList(element, _) => Type::List(Box::new(typed(element)?)),
        DataType::Struct(fields) => {
            let column = |field: &Field| Some(Column::new(field.name(), typed(field)?));
            Type::Struct(fields.iter().map(|it| column(it)).collect::<Option<_>>()?)
        }
        DataType::Map(entries, _) => {
            let DataType::Struct(fields) = entries.data_type() else {
                return None;
            };
            let [key, value] = fields.as_ref() else {
                return None;
            };
            Type::Map(Box::new(natural(key.data_type())?.required()), Box::new(typed(value)?))
        }
        _ => return None,
    })
}

fn typed(field: &Field) -> Option<Typed> {
    Some(natural(field.data_type())?.required().with_nullable(field.is_nullable()))
}

/// Whether a value of type `found` can stand where `wanted` is declared, without loss.
pub(super) fn fits(found: &Type, wanted: &Type) -> bool {
    match (found, wanted) {
        (Type::Int, Type::Float(_) | Type::Decimal { .. } | Type::Timestamp)
        | (Type::Float(_), Type::Float(_))
        | (Type::String, Type::Json)
        // The fields are bound one by one.
        | (Type::Struct(_), Type::Struct(_)) => true,
        (
            Type::Decimal { precision, scale },
            Type::Decimal { precision: to_precision, scale: to_scale },
        ) => {
            let whole = |precision: u8, scale: i8| i16::from(precision) - i16::from(scale);
            to_scale >= scale && whole(*to_precision, *to_scale) >= whole(*precision, *scale)
        }
        (Type::List(found), Type::List(wanted)) | (Type::Map(_, found), Type::Map(_, wanted)) => {
            fits(&found.ty, &wanted.ty)
        }
        _ => found == wanted,
    }
}
