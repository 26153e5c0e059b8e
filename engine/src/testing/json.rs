//! Rows as JSON to columns and back, for every type of the language.

use crate::batch::{Batch, Stamps};
use crate::types::{data_type, field, fields, schema};
use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array,
    DurationMicrosecondArray, Float64Array, Int64Array, ListArray, RecordBatch, StringArray,
    StructArray, TimestampMicrosecondArray, new_null_array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, DurationMicrosecondType, Float64Type, Int64Type,
    TimestampMicrosecondType, UInt64Type,
};
use dsl::types::{Column, Type, Typed};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// `device: string, t: float?`
pub(crate) fn columns(text: &str) -> Vec<Column> {
    let column = |part: &str| {
        let (name, ty) = part.split_once(':').expect("a column is written `name: type`");
        let ty = ty.trim();
        Column::new(name.trim(), typed(ty.trim_end_matches('?'), ty.ends_with('?')))
    };
    text.split(',').map(column).collect()
}

fn typed(name: &str, nullable: bool) -> Typed {
    let ty = match name {
        "bool" => Type::Bool,
        "int" => Type::Int,
        "float" => Type::FLOAT,
        "string" => Type::String,
        "bytes" => Type::Bytes,
        "timestamp" => Type::Timestamp,
        "duration" => Type::Duration,
        "date" => Type::Date,
        other => panic!("`{other}` is no scalar type"),
    };
    Typed { ty, nullable }
}

/// Rows as one batch.
pub(crate) fn batch(columns: &[Column], rows: &str) -> Batch {
    let rows: Vec<Value> = serde_json::from_str(rows).expect("rows are JSON");
    for row in &rows {
        for name in row.as_object().expect("a row is an object").keys() {
            let known = name.starts_with('@') || columns.iter().any(|it| it.name == *name);
            assert!(known, "there is no column `{name}`");
        }
    }
    let beside = |name: &'static str, default: i64| {
        rows.iter().map(move |row| row.get(name).map_or(default, |it| it.as_i64().expect("µs")))
    };
    let arrays = columns.iter().map(|column| {
        let values: Vec<Option<&Value>> = rows.iter().map(|row| row.get(&column.name)).collect();
        array(&column.typed.ty, &values)
    });
    Batch {
        columns: RecordBatch::try_new(schema(columns), arrays.collect()).expect("rows fit"),
        times: beside("@time", 0).collect(),
        stamps: Stamps {
            floor: i64::MIN,
            each: Some(beside("@stamp", i64::MIN).collect()),
            timely: false,
        },
        meta: None,
        order: None,
    }
}

fn float(value: &Value) -> f64 {
    match value.as_str() {
        Some("NaN") => f64::NAN,
        Some("inf") => f64::INFINITY,
        Some("-inf") => f64::NEG_INFINITY,
        _ => value.as_f64().expect("a number"),
    }
}

fn array(ty: &Type, values: &[Option<&Value>]) -> ArrayRef {
    let given: Vec<Option<&Value>> =
        values.iter().map(|it| it.filter(|it| !it.is_null())).collect();
    let ints = || given.iter().map(|it| it.map(|it| it.as_i64().expect("a whole number")));
    let texts = || given.iter().map(|it| it.map(|it| it.as_str().expect("text")));
    match ty {
        Type::Bool => {
            let bools = given.iter().map(|it| it.map(|it| it.as_bool().expect("a bool")));
            Arc::new(bools.collect::<BooleanArray>())
        }
        Type::Int => Arc::new(ints().collect::<Int64Array>()),
        Type::Float(_) => Arc::new(given.iter().map(|it| it.map(float)).collect::<Float64Array>()),
        Type::Decimal { precision, scale } => {
            let units = ints().map(|it| it.map(i128::from)).collect::<Decimal128Array>();
            Arc::new(units.with_precision_and_scale(*precision, *scale).expect("a decimal"))
        }
        Type::String | Type::Json => Arc::new(texts().collect::<StringArray>()),
        Type::Bytes => Arc::new(texts().map(|it| it.map(str::as_bytes)).collect::<BinaryArray>()),
        Type::Timestamp => {
            Arc::new(ints().collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
        }
        Type::Duration => Arc::new(ints().collect::<DurationMicrosecondArray>()),
        Type::Date => Arc::new(ints().map(|it| it.map(|it| it as i32)).collect::<Date32Array>()),
        Type::List(element) => {
            let lists = || given.iter().map(|it| it.and_then(Value::as_array));
            let inner: Vec<_> = lists().flatten().flatten().map(Some).collect();
            Arc::new(ListArray::new(
                Arc::new(field("item", element)),
                OffsetBuffer::from_lengths(lists().map(|it| it.map_or(0, Vec::len))),
                array(&element.ty, &inner),
                Some(given.iter().map(Option::is_some).collect()),
            ))
        }
        Type::Struct(columns) => {
            let inner = columns.iter().map(|column| {
                let values: Vec<_> =
                    given.iter().map(|it| it.and_then(|it| it.get(&column.name))).collect();
                array(&column.typed.ty, &values)
            });
            let nulls: NullBuffer = given.iter().map(Option::is_some).collect();
            Arc::new(StructArray::new(fields(columns), inner.collect(), Some(nulls)))
        }
        Type::Map(..) | Type::Null | Type::Unknown => new_null_array(&data_type(ty), given.len()),
    }
}

/// A batch's columns as rows.
pub(crate) fn rows(columns: &RecordBatch) -> Vec<Value> {
    let schema = columns.schema();
    let row = |i: usize| {
        let value = |(field, array): (&Arc<arrow::datatypes::Field>, &ArrayRef)| {
            (field.name().clone(), value(array, i))
        };
        Value::Object(schema.fields().iter().zip(columns.columns()).map(value).collect())
    };
    (0..columns.num_rows()).map(row).collect()
}

fn value(array: &ArrayRef, i: usize) -> Value {
    if array.is_null(i) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Boolean => json!(array.as_boolean().value(i)),
        DataType::Int64 => json!(array.as_primitive::<Int64Type>().value(i)),
        DataType::UInt64 => json!(array.as_primitive::<UInt64Type>().value(i)),
        DataType::Float64 => match array.as_primitive::<Float64Type>().value(i) {
            it if it.is_nan() => json!("NaN"),
            it if it.is_infinite() => json!(if it > 0.0 { "inf" } else { "-inf" }),
            it => json!(it),
        },
        DataType::Decimal128(..) => {
            json!(array.as_primitive::<Decimal128Type>().value_as_string(i))
        }
        DataType::Utf8 => json!(array.as_string::<i32>().value(i)),
        DataType::Utf8View => json!(array.as_string_view().value(i)),
        DataType::Binary => json!(String::from_utf8_lossy(array.as_binary::<i32>().value(i))),
        DataType::Timestamp(..) => json!(array.as_primitive::<TimestampMicrosecondType>().value(i)),
        DataType::Duration(_) => json!(array.as_primitive::<DurationMicrosecondType>().value(i)),
        DataType::Date32 => json!(array.as_primitive::<Date32Type>().value(i)),
        DataType::List(_) => {
            let inner = array.as_list::<i32>().value(i);
            (0..inner.len()).map(|i| value(&inner, i)).collect()
        }
        DataType::Struct(fields) => {
            let inner = array.as_struct();
            let entries = fields.iter().zip(inner.columns());
            let entries = entries.map(|(field, array)| (field.name().clone(), value(array, i)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
        other => panic!("columns of {other} are not read here"),
    }
}
