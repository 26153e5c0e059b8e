//! What stands in a file: types, order, statistics and filters.

use super::*;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::file::properties::ReaderProperties;
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::{ReadOptionsBuilder, SerializedFileReader};

#[test]
fn rows_of_a_group_are_sorted_and_the_footer_says_so() {
    let folder = Folder::new();
    let options = [("sort", named(&["site", "n"])), ("bloom", named(&["site"]))];
    let mut sink = open(&folder, &options, context());
    write(sink.as_mut(), &rows(&[(Some("b"), None, 2), (Some("a"), None, 9), (None, None, 5)]))
        .unwrap();
    write(sink.as_mut(), &rows(&[(Some("a"), None, -1), (Some("b"), None, 1)])).unwrap();
    finish(sink.as_mut()).unwrap();
    assert_eq!(contents(&folder)[0].1, [5, -1, 9, 1, 2]);
    let path = Path::new(&folder.path("lake")).join(&contents(&folder)[0].0);
    let options = ReadOptionsBuilder::new()
        .with_reader_properties(ReaderProperties::builder().set_read_bloom_filter(true).build());
    let file = SerializedFileReader::new_with_options(File::open(&path).unwrap(), options.build())
        .unwrap();
    let group = file.metadata().row_group(0);
    let sorted: Vec<_> = group
        .sorting_columns()
        .unwrap()
        .iter()
        .map(|it| (it.column_idx, it.descending, it.nulls_first))
        .collect();
    assert_eq!(sorted, [(0, false, true), (2, false, true)]);
    let group = file.get_row_group(0).unwrap();
    let filter = group.get_column_bloom_filter(0).unwrap();
    assert!(filter.check(&"a") && !filter.check(&"c"));
    assert!(group.get_column_bloom_filter(2).is_none());
    let metadata =
        ArrowReaderMetadata::load(&File::open(&path).unwrap(), ArrowReaderOptions::new()).unwrap();
    let statistics = metadata.metadata().row_group(0).column(2).statistics().unwrap();
    assert_eq!(statistics.min_bytes_opt().unwrap(), (-1i64).to_le_bytes());
    assert_eq!(statistics.max_bytes_opt().unwrap(), 9i64.to_le_bytes());
}

/// A column of each type.
fn of_everything() -> Vec<Column> {
    let types = [
        Type::Bool,
        Type::Int,
        Type::FLOAT,
        Type::Decimal { precision: 10, scale: 2 },
        Type::String,
        Type::Bytes,
        Type::Timestamp,
        Type::Duration,
        Type::Date,
        Type::Json,
        Type::List(Box::new(Type::Bool.nullable())),
        Type::Struct(vec![Column::new("x", Type::FLOAT.nullable())]),
        Type::Map(Box::new(Type::String.required()), Box::new(Type::Int.nullable())),
        Type::Null,
    ];
    let column = |(i, ty): (usize, Type)| Column::new(format!("c{i}"), ty.nullable());
    types.into_iter().enumerate().map(column).collect()
}

/// A row with a value of each type, and one of nulls.
fn everything() -> RecordBatch {
    let mut bools = ListBuilder::new(BooleanBuilder::new());
    bools.append_value([Some(true), None]);
    bools.append_null();
    let mut map = MapBuilder::new(None, StringBuilder::new(), Int64Builder::new());
    map.keys().append_value("k");
    map.values().append_value(7);
    map.append(true).unwrap();
    map.append(true).unwrap();
    let pair = StructArray::from(vec![(
        Arc::new(arrow::datatypes::Field::new("x", arrow::datatypes::DataType::Float64, true)),
        Arc::new(Float64Array::from(vec![Some(0.5), None])) as ArrayRef,
    )]);
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(BooleanArray::from(vec![Some(true), None])),
        Arc::new(Int64Array::from(vec![Some(i64::MIN), None])),
        Arc::new(Float64Array::from(vec![Some(f64::NAN), None])),
        Arc::new(
            Decimal128Array::from(vec![Some(12345), None]).with_precision_and_scale(10, 2).unwrap(),
        ),
        Arc::new(StringArray::from(vec![Some("é"), None])),
        Arc::new(BinaryArray::from_opt_vec(vec![Some(b"\x00\xff".as_slice()), None])),
        Arc::new(TimestampMicrosecondArray::from(vec![Some(-1), None]).with_timezone("UTC")),
        Arc::new(DurationMicrosecondArray::from(vec![Some(-5), None])),
        Arc::new(Date32Array::from(vec![Some(-1), None])),
        Arc::new(StringArray::from(vec![Some("{\"a\": 1}"), None])),
        Arc::new(bools.finish()),
        Arc::new(pair),
        Arc::new(map.finish()),
        Arc::new(NullArray::new(2)),
    ];
    let columns = of_everything();
    let schema = schema(&columns);
    let arrays = arrays
        .iter()
        .zip(schema.fields())
        .map(|(array, field)| arrow::compute::cast(array, field.data_type()).unwrap());
    RecordBatch::try_new(Arc::clone(&schema), arrays.collect()).unwrap()
}

#[test]
fn every_type_is_held() {
    let folder = Folder::new();
    let batch = everything();
    let mut sink = open_with(&folder, &[], of_everything(), context());
    write(sink.as_mut(), &batch).unwrap();
    finish(sink.as_mut()).unwrap();
    let (_, found) = files(&folder).pop_first().unwrap();
    for (i, (found, wanted)) in found.columns().iter().zip(batch.columns()).enumerate() {
        assert_eq!(format!("{found:?}"), format!("{wanted:?}"), "column {i}");
    }
}
