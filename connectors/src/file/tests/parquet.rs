//! Parquet files, our own and those of others: types, schemas, columns that nobody reads, rows that are refused.

use super::{at, lines};
use crate::file::{FileSink, FileSource, parquet};
use crate::testing::{
    Brought, Folder, finish, poll_until, sink_context, sink_plan, source_context, source_plan,
    span, text, write,
};
use ::parquet::arrow::ArrowWriter;
use ::parquet::file::properties::WriterProperties;
use arrow::array::*;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field as ArrowField, Int32Type, Schema as ArrowSchema};
use dsl::plan::{Arg, Bounds, Field, Schema, TemplatePart, TimestampForm};
use dsl::types::{Column, Type, Typed};
use dsl::value::Value;
use engine::error::Result;
use engine::sink::SinkDef;
use engine::source::SourceDef;
use engine::types::schema;
use std::sync::Arc;

fn path(path: &str) -> Arg {
    Arg::RowPattern(vec![TemplatePart::Text(path.to_owned())])
}

/// Writes rows through the sink.
fn save(file: &str, columns: &[Column], batches: &[RecordBatch]) {
    let plan = sink_plan(&FileSink, &[("path", path(file))], columns.to_vec());
    let mut sink = FileSink.open(&plan, sink_context(None, true)).unwrap();
    for batch in batches {
        write(sink.as_mut(), batch).unwrap();
    }
    finish(sink.as_mut()).unwrap();
}

/// Writes a file as others may, `group` rows a row group.
fn foreign(folder: &Folder, name: &str, arrays: Vec<(&str, ArrayRef)>, group: usize) -> String {
    let fields: Vec<ArrowField> = arrays
        .iter()
        .map(|(name, it)| ArrowField::new(*name, it.data_type().clone(), true))
        .collect();
    let arrays = arrays.into_iter().map(|(_, it)| it).collect();
    let batch = RecordBatch::try_new(Arc::new(ArrowSchema::new(fields)), arrays).unwrap();
    let path = folder.path(name);
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(group)).build();
    let file = std::fs::File::create(&path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    path
}

struct Load<'a> {
    path: &'a str,
    schema: Option<Vec<Field>>,
    needed: Option<Vec<bool>>,
    position: &'a str,
    limit: usize,
}

impl<'a> Load<'a> {
    fn new(path: &'a str) -> Self {
        Self { path, schema: None, needed: None, position: "", limit: 1 << 20 }
    }

    fn run(self) -> Result<Brought> {
        let fields = self.schema.map(|fields| Schema { name: "S".to_owned(), fields });
        let columns = match &fields {
            Some(schema) => schema.fields.iter().map(|it| it.column.clone()).collect(),
            None => parquet::columns(self.path)?,
        };
        let count = columns.len();
        let plan = source_plan(&FileSource, &[("path", text(self.path))], fields, columns);
        let positions = at(&[(self.path, self.position)]);
        let mut context = source_context(positions, lines(false), count);
        if let Some(needed) = self.needed {
            context.needed = needed;
        }
        let mut source = FileSource.open(&plan, context)?;
        poll_until(source.as_mut(), self.limit, |_| false)
    }
}

pub(super) fn load(path: &str) -> RecordBatch {
    joined(&Load::new(path).run().unwrap())
}

fn joined(brought: &Brought) -> RecordBatch {
    let schema = brought.rows[0].1.schema();
    concat_batches(&schema, brought.rows.iter().map(|it| &it.1)).unwrap()
}

fn field(name: &str, typed: Typed) -> Field {
    Field {
        column: Column::new(name, typed),
        wire: None,
        timestamp: TimestampForm::default(),
        bounds: None,
        default: None,
        children: Vec::new(),
        span: span(),
    }
}

fn ints(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

#[test]
fn every_type_reads_back_as_it_was_written() {
    let point =
        vec![Column::new("x", Type::FLOAT.required()), Column::new("y", Type::Int.nullable())];
    let list = Type::List(Box::new(Type::String.nullable()));
    let map = Type::Map(Box::new(Type::String.required()), Box::new(Type::Int.nullable()));
    let columns = vec![
        Column::new("bool", Type::Bool.nullable()),
        Column::new("int", Type::Int.required()),
        Column::new("float", Type::FLOAT.nullable()),
        Column::new("decimal", Type::Decimal { precision: 10, scale: 2 }.nullable()),
        Column::new("string", Type::String.required()),
        Column::new("bytes", Type::Bytes.nullable()),
        Column::new("timestamp", Type::Timestamp.required()),
        Column::new("duration", Type::Duration.nullable()),
        Column::new("date", Type::Date.nullable()),
        Column::new("list", list.nullable()),
        Column::new("struct", Type::Struct(point).nullable()),
        Column::new("map", map.nullable()),
    ];
    let folder = Folder::new();
    let Type::Struct(point) = &columns[10].typed.ty else { unreachable!() };
    let mut lists = ListBuilder::new(StringBuilder::new());
    lists.append_value([Some("a"), None]);
    lists.append_null();
    let mut maps = MapBuilder::new(None, StringBuilder::new(), Int64Builder::new());
    maps.keys().append_value("k");
    maps.values().append_value(7);
    maps.append(true).unwrap();
    maps.append(false).unwrap();
    let structs = StructArray::new(
        engine::types::fields(point),
        vec![
            Arc::new(Float64Array::from(vec![1.5, 0.0])),
            Arc::new(Int64Array::from(vec![None, None])),
        ],
        Some(vec![true, false].into()),
    );
    let decimals = Decimal128Array::from(vec![Some(1234), None]).with_precision_and_scale(10, 2);
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(BooleanArray::from(vec![Some(true), None])),
        ints([i64::MIN, i64::MAX]),
        Arc::new(Float64Array::from(vec![Some(f64::NAN), None])),
        Arc::new(decimals.unwrap()),
        Arc::new(StringArray::from(vec!["ä", ""])),
        Arc::new(BinaryArray::from_opt_vec(vec![Some(b"\xFF"), None])),
        Arc::new(TimestampMicrosecondArray::from(vec![-1, 1]).with_timezone("UTC")),
        Arc::new(DurationMicrosecondArray::from(vec![Some(5), None])),
        Arc::new(Date32Array::from(vec![Some(-1), None])),
        Arc::new(lists.finish()),
        Arc::new(structs),
        Arc::new(maps.finish()),
    ];
    let batch = RecordBatch::try_new(schema(&columns), arrays).unwrap();
    let file = folder.path("all.parquet");
    save(&file, &columns, &[batch.clone(), batch.slice(1, 1)]);
    assert_eq!(parquet::columns(&file).unwrap(), columns);
    let expected = concat_batches(&batch.schema(), [&batch, &batch.slice(1, 1)]).unwrap();
    assert_eq!(load(&file), expected);
}

#[test]
fn the_types_of_others_become_those_of_the_language() {
    let folder = Folder::new();
    let dictionary: DictionaryArray<Int32Type> = vec!["a", "b", "a"].into_iter().collect();
    let file = foreign(
        &folder,
        "foreign.parquet",
        vec![
            ("small", Arc::new(Int16Array::from(vec![1, -2, 3]))),
            ("huge", Arc::new(UInt64Array::from(vec![0, 1, u64::MAX]))),
            ("single", Arc::new(Float32Array::from(vec![0.5, 1.0, f32::INFINITY]))),
            ("word", Arc::new(dictionary)),
            ("view", Arc::new(StringViewArray::from(vec!["x", "y", "z"]))),
            ("nanos", Arc::new(TimestampNanosecondArray::from(vec![1_000, 1_999, 3_000]))),
            ("time", Arc::new(Time32MillisecondArray::from(vec![1, 2, 3]))),
        ],
        100,
    );
    let rows = load(&file);
    let types: Vec<String> =
        parquet::columns(&file).unwrap().iter().map(|it| it.typed.to_string()).collect();
    let expected =
        ["int?", "decimal(20, 0)?", "float?", "string?", "string?", "timestamp?", "duration?"];
    assert_eq!(types, expected);
    assert_eq!(rows.column(0).as_ref(), &Int64Array::from(vec![1, -2, 3]) as &dyn Array);
    let huge = Decimal128Array::from(vec![0, 1, i128::from(u64::MAX)]);
    assert_eq!(
        rows.column(1).as_ref(),
        &huge.with_precision_and_scale(20, 0).unwrap() as &dyn Array
    );
    assert_eq!(rows.column(3).as_ref(), &StringArray::from(vec!["a", "b", "a"]) as &dyn Array);
    let micros = TimestampMicrosecondArray::from(vec![1, 1, 3]).with_timezone("UTC");
    assert_eq!(rows.column(5).as_ref(), &micros as &dyn Array);
    let time = DurationMicrosecondArray::from(vec![1_000, 2_000, 3_000]);
    assert_eq!(rows.column(6).as_ref(), &time as &dyn Array);
}

#[test]
fn from_every_position_the_rest_is_the_same() {
    let folder = Folder::new();
    let file = foreign(&folder, "a.parquet", vec![("n", ints(0..1_000))], 300);
    let small = || Load { limit: 800, ..Load::new(&file) };
    let all = small().run().unwrap();
    assert!(all.rows.len() > 8, "{}", all.rows.len());
    assert_eq!(joined(&all), load(&file));
    let mut read = 0;
    for (_, rows, position) in &all.rows[..all.rows.len() - 1] {
        read += rows.num_rows();
        let rest = Load { position, ..small() }.run().unwrap();
        assert_eq!(joined(&rest), joined(&all).slice(read, 1_000 - read), "{position}");
    }
    let last = &all.rows[all.rows.len() - 1].2;
    assert!(Load { position: last, ..small() }.run().unwrap().rows.is_empty());
}

#[test]
fn a_schema_picks_renames_and_converts() {
    let folder = Folder::new();
    let inner = StructArray::from(vec![(
        Arc::new(ArrowField::new("t", DataType::Int32, true)),
        Arc::new(Int32Array::from(vec![Some(1), None])) as ArrayRef,
    )]);
    let file = foreign(
        &folder,
        "a.parquet",
        vec![("n", ints([1, 2])), ("data", Arc::new(inner)), ("at", ints([3, 4]))],
        100,
    );
    let mut at = field("at", Type::Timestamp.required());
    at.timestamp.unit = dsl::plan::TimeUnit::Second;
    let fields = vec![
        Field { wire: Some("data.t".to_owned()), ..field("temperature", Type::FLOAT.nullable()) },
        field("absent", Type::String.nullable()),
        Field { default: Some(Value::Int(9)), ..field("given", Type::Int.required()) },
        at,
    ];
    let rows = joined(&Load { schema: Some(fields), ..Load::new(&file) }.run().unwrap());
    let expected: Vec<ArrayRef> = vec![
        Arc::new(Float64Array::from(vec![Some(1.0), None])),
        Arc::new(StringArray::from(vec![None::<&str>, None])),
        ints([9, 9]),
        Arc::new(TimestampMicrosecondArray::from(vec![3_000_000, 4_000_000]).with_timezone("UTC")),
    ];
    assert_eq!(rows.columns(), expected);
}

#[test]
fn what_the_schema_and_the_file_disagree_on_is_said_when_it_is_opened() {
    let folder = Folder::new();
    let words: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    let years = Arc::new(IntervalYearMonthArray::from(vec![1]));
    let file = foreign(&folder, "a.parquet", vec![("word", words), ("n", ints([1]))], 100);
    let error = |field: Field| {
        Load { schema: Some(vec![field]), ..Load::new(&file) }.run().unwrap_err().to_string()
    };
    let missing = error(field("nn", Type::Int.required()));
    assert!(missing.contains("has no column `nn`; it has `word`, `n`"), "{missing}");
    let mismatch = error(field("word", Type::FLOAT.nullable()));
    assert!(mismatch.contains("`word` is string, declared is float"), "{mismatch}");
    assert!(mismatch.contains("convert it: `word as float`"), "{mismatch}");
    let odd = foreign(&folder, "b.parquet", vec![("years", years)], 100);
    let error = parquet::columns(&odd);
    assert!(error.unwrap_err().to_string().contains("no type for"));
    let broken = folder.write("c.parquet", "PAR1 and no more");
    assert!(
        parquet::columns(&broken).unwrap_err().to_string().contains("cannot be read as Parquet")
    );
}

#[test]
fn only_what_somebody_reads_is_read() {
    let folder = Folder::new();
    let words: ArrayRef = Arc::new(StringArray::from(vec!["x", "y"]));
    let file = foreign(&folder, "a.parquet", vec![("n", ints([1, 2])), ("word", words)], 100);
    let fields = vec![field("n", Type::Int.nullable()), field("word", Type::String.nullable())];
    for needed in [[false, true], [false, false]] {
        let load = Load { schema: Some(fields.clone()), ..Load::new(&file) };
        let rows = joined(&Load { needed: Some(needed.to_vec()), ..load }.run().unwrap());
        assert_eq!(rows.num_rows(), 2);
        assert_eq!(rows.column(0).null_count(), 2);
        assert_eq!(rows.column(1).null_count(), if needed[1] { 0 } else { 2 });
    }
}

#[test]
fn rows_that_the_schema_refuses_become_error_rows() {
    let folder = Folder::new();
    let values: ArrayRef =
        Arc::new(Float64Array::from(vec![Some(1.0), Some(900.0), None, Some(f64::NAN), Some(2.0)]));
    let file = foreign(&folder, "a.parquet", vec![("n", ints(0..5)), ("t", values)], 100);
    let bounds = Some(Bounds::Range(Some(Value::Int(0)), Some(Value::Float(200.0))));
    let fields = vec![
        field("n", Type::Int.required()),
        Field { bounds, ..field("t", Type::FLOAT.required()) },
    ];
    // Refused whoever reads the column.
    let load = Load { schema: Some(fields), ..Load::new(&file) };
    let brought = Load { needed: Some(vec![true, false]), ..load }.run().unwrap();
    assert_eq!(joined(&brought).column(0).as_ref(), &Int64Array::from(vec![0, 4]) as &dyn Array);
    let told: Vec<(u32, String, u32)> = brought
        .rejected
        .iter()
        .map(|it| (it.fault.row, it.fault.reason.to_string(), it.before))
        .collect();
    let expected = [(1, "range", 1), (2, "missing", 1), (3, "range", 1)];
    assert_eq!(told, expected.map(|(row, reason, before)| (row, reason.to_owned(), before)));
    let first = &brought.rejected[0];
    assert_eq!(first.fault.detail, "900.0 is not in 0..200.0");
    let payload: serde_json::Value = serde_json::from_slice(&first.payload).unwrap();
    assert_eq!(payload, serde_json::json!({ "n": 1, "t": 900.0 }));
}

#[test]
fn structs_and_lists_are_checked_inside() {
    let folder = Folder::new();
    let element = StructArray::from(vec![(
        Arc::new(ArrowField::new("v", DataType::Int64, true)),
        ints([1, 50, 3]),
    )]);
    let list = ListArray::new(
        Arc::new(ArrowField::new("element", element.data_type().clone(), true)),
        arrow::buffer::OffsetBuffer::from_lengths([1, 1, 1]),
        Arc::new(element),
        None,
    );
    let file = foreign(&folder, "a.parquet", vec![("items", Arc::new(list))], 100);
    let value = Column::new("v", Type::FLOAT.required());
    let item = Type::Struct(vec![value]).required();
    let bounds = Some(Bounds::Range(None, Some(Value::Float(10.0))));
    let children = vec![Field { bounds, ..field("v", Type::FLOAT.required()) }];
    let items = Field { children, ..field("items", Type::List(Box::new(item)).required()) };
    let brought = Load { schema: Some(vec![items]), ..Load::new(&file) }.run().unwrap();
    assert_eq!(brought.rejected.len(), 1);
    let fault = &brought.rejected[0].fault;
    assert_eq!((fault.row, fault.column.as_deref()), (1, Some("items")));
    assert_eq!(fault.detail, "[0]: v: 50.0 is not in ..10.0");
    let lists = joined(&brought);
    let lists = lists.column(0).as_list::<i32>();
    let values = lists.values().as_struct().column(0);
    assert_eq!(values.as_ref(), &Float64Array::from(vec![1.0, 3.0]) as &dyn Array);
    assert_eq!(values.data_type(), &DataType::Float64);
}
