//! Aggregates against exact arithmetic: whole numbers stand for floats, so nothing is rounded in between.
#![expect(clippy::float_cmp, reason = "exactness is what is tested")]

use super::{Plan, Rows};
use crate::aggregates;
use crate::key::{StateReader, StateWriter};
use crate::testing::{batch, columns, rows};
use crate::time::Timestamp;
use arrow::array::{ArrayRef, AsArray, Float64Array, RecordBatch};
use arrow::datatypes::Float64Type;
use dsl::signature::Returns;
use dsl::types::{Column, Type, Typed};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

/// What a word makes of values: cut into parts, each saved and taken back, then merged.
fn fold(
    word: &str,
    typed: &Typed,
    values: &ArrayRef,
    times: &[Timestamp],
    part: usize,
) -> super::Finished {
    let def = aggregates::get(word).expect("an aggregate");
    let Returns::From(result) = def.signature().result else { panic!("it yields something") };
    let result = result(std::slice::from_ref(typed)).expect("a type that it takes");
    let plan = def.plan(std::slice::from_ref(typed), &result).expect("a call");
    let Plan::Column(aggregate) = plan else { panic!("it has states") };
    let mut whole = aggregate.column();
    whole.grow(1);
    for from in (0..values.len()).step_by(part) {
        let mut column = aggregate.column();
        column.grow(2);
        let slots = vec![1; part.min(values.len() - from)];
        let args = std::slice::from_ref(values);
        column.update(&slots, &Rows { args, times, from }).expect("rows are taken");
        let mut saved = StateWriter::default();
        column.encode(1, &mut saved);
        let saved = saved.finish();
        let mut reader = StateReader::new(&saved);
        column.decode(0, &mut reader).expect("a state is read");
        assert!(reader.is_done());
        whole.merge(column.as_ref(), &[(0, 0)]).expect("states of one kind");
    }
    whole.finish(&[0]).expect("a value")
}

fn float(word: &str, values: &[f64], part: usize) -> Option<f64> {
    let values: ArrayRef = Arc::new(Float64Array::from(values.to_vec()));
    let times = vec![0; values.len()];
    let finished = fold(word, &Type::FLOAT.nullable(), &values, &times, part);
    finished.values.as_primitive::<Float64Type>().iter().next().flatten()
}

/// What a word makes of values of any type, as JSON.
fn any(word: &str, ty: &str, values: &[Value], times: &[Timestamp], part: usize) -> Value {
    let input = columns(&format!("v: {ty}?"));
    let given: Vec<Value> = values.iter().map(|it| json!({ "v": it })).collect();
    let batch = batch(&input, &serde_json::to_string(&given).unwrap());
    let finished = fold(word, &input[0].typed, batch.columns.column(0), times, part);
    assert_eq!(finished.faults, []);
    let schema = crate::types::schema(&[Column::new("v", input[0].typed.clone())]);
    rows(&RecordBatch::try_new(schema, vec![finished.values]).unwrap())[0]["v"].clone()
}

/// Floats of very different size, and 2^30 of each.
fn dyadic() -> impl Strategy<Value = (f64, i128)> {
    (-(1_i64 << 20)..1 << 20, -30..30).prop_map(|(digits, power)| {
        let units = i128::from(digits) << (power + 30);
        (digits as f64 * 2_f64.powi(power), units)
    })
}

/// The value of a type that stands for a number.
type OfNumber = fn(i64) -> Value;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The one rounding is that of the exact sum, however rows are cut up.
    #[test]
    fn sums_and_means_are_rounded_once(given in prop::collection::vec(dyadic(), 1..60), part in 1usize..60) {
        let values: Vec<f64> = given.iter().map(|it| it.0).collect();
        let exact: i128 = given.iter().map(|it| it.1).sum();
        prop_assert_eq!(float("sum", &values, part), Some(exact as f64 / 2_f64.powi(30)));
        let n = given.len() as i128;
        let mean = float("avg", &values, part).unwrap();
        // The quotient of two whole numbers, with 40 bits more.
        let units = ((exact << 40) / n) as f64 / 2_f64.powi(70);
        prop_assert!((mean - units).abs() <= units.abs() * f64::EPSILON, "{} {}", mean, units);
    }

    #[test]
    fn variances_are_exact_to_the_last_digits(
        given in prop::collection::vec(-(1_i64 << 20)..1 << 20, 2..50), base in -(1_i64 << 45)..1 << 45, part in 1usize..50,
    ) {
        let values: Vec<f64> = given.iter().map(|it| (it + base) as f64).collect();
        let n = given.len() as i128;
        let sum: i128 = given.iter().map(|it| i128::from(*it)).sum();
        let squares: i128 = given.iter().map(|it| i128::from(*it) * i128::from(*it)).sum();
        let exact = (n * squares - sum * sum) as f64 / (n * (n - 1)) as f64;
        let found = float("var", &values, part).unwrap();
        prop_assert!((found - exact).abs() <= exact * 1e-14, "{} {}", found, exact);
        let root = float("stddev", &values, part).unwrap();
        prop_assert!((root - exact.sqrt()).abs() <= exact.sqrt() * 1e-14);
    }

    #[test]
    fn extremes_and_edges_of_every_type(
        given in prop::collection::vec((prop::option::weighted(0.8, 0i64..20), 0i64..10), 1..30), part in 1usize..30,
    ) {
        let times: Vec<i64> = given.iter().map(|it| it.1).collect();
        let kinds: [(&str, OfNumber); 8] = [
            ("int", |n| json!(n - 10)),
            ("float", |n| json!(n as f64 / 4.0 - 2.0)),
            ("bool", |n| json!(n > 10)),
            ("string", |n| json!(format!("{n:02}"))),
            ("bytes", |n| json!(format!("{n:02}"))),
            ("timestamp", |n| json!(n)),
            ("duration", |n| json!(n - 5)),
            ("date", |n| json!(n)),
        ];
        for (ty, of) in kinds {
            let values: Vec<Value> = given.iter().map(|it| it.0.map_or(Value::Null, of)).collect();
            let present = || given.iter().filter_map(|it| it.0);
            let expect = |n: Option<i64>| n.map_or(Value::Null, of);
            prop_assert_eq!(any("min", ty, &values, &times, part), expect(present().min()));
            prop_assert_eq!(any("max", ty, &values, &times, part), expect(present().max()));
            let in_time = given.iter().filter(|it| it.0.is_some());
            let first = in_time.clone().min_by_key(|it| it.1).and_then(|it| it.0);
            let last = in_time.max_by_key(|it| it.1).and_then(|it| it.0);
            prop_assert_eq!(any("first", ty, &values, &times, part), expect(first));
            prop_assert_eq!(any("last", ty, &values, &times, part), expect(last));
        }
    }
}

#[test]
fn values_that_are_not_finite() {
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    for part in 1..4 {
        assert_eq!(float("sum", &[1.0, inf, 2.0], part), Some(inf));
        assert!(float("sum", &[inf, 1.0, -inf], part).unwrap().is_nan());
        assert!(float("avg", &[1.0, nan, 2.0], part).unwrap().is_nan());
        assert!(float("var", &[1.0, nan, 2.0], part).unwrap().is_nan());
        assert_eq!(float("min", &[nan, 1.0, 2.0], part), Some(1.0));
        assert_eq!(float("max", &[1.0, 2.0, nan], part), Some(2.0));
        assert!(float("max", &[nan, nan], part).unwrap().is_nan());
        assert_eq!(float("max", &[-inf, nan], part), Some(-inf));
        let zero = float("min", &[0.0, -0.0], part).unwrap();
        assert!(zero.is_sign_negative(), "-0 comes before 0");
    }
    assert_eq!(float("sum", &[], 1), None);
    assert_eq!(float("var", &[1.0], 1), None);
    assert_eq!(float("stddev", &[0.1; 100], 7), Some(0.0));
}

#[test]
fn the_literal_null_has_no_value() {
    let values: ArrayRef = Arc::new(arrow::array::NullArray::new(3));
    for word in ["sum", "avg", "min", "max", "first", "last", "var", "stddev"] {
        let found = fold(word, &Type::Null.nullable(), &values, &[0, 1, 2], 2).values;
        assert!(
            found.is_null(0) || *found.data_type() == arrow::datatypes::DataType::Null,
            "{word}"
        );
    }
}

#[test]
fn whole_numbers_decimals_and_durations_are_checked_at_the_end() {
    let sum = |word, ty: &Type, values: &[i64]| {
        let values: Vec<Value> = values.iter().map(|it| json!(it)).collect();
        let column = Column::new("v", ty.clone().required());
        let given: Vec<Value> = values.iter().map(|it| json!({ "v": it })).collect();
        let batch = batch(&[column], &serde_json::to_string(&given).unwrap());
        let times = vec![0; values.len()];
        fold(word, &ty.clone().required(), batch.columns.column(0), &times, 1)
    };
    let back = sum("sum", &Type::Int, &[i64::MAX, 5, -10]);
    assert_eq!(back.values.as_primitive::<arrow::datatypes::Int64Type>().value(0), i64::MAX - 5);
    let over = sum("sum", &Type::Int, &[i64::MAX, 1]);
    assert_eq!(over.faults[0].detail, "the sum 9223372036854775808 does not fit int");
    assert!(over.values.is_null(0));
    let mean = sum("avg", &Type::Int, &[i64::MAX, i64::MAX - 2]);
    assert_eq!(mean.values.as_primitive::<Float64Type>().value(0), (i64::MAX - 1) as f64);
    let mean = sum("avg", &Type::Duration, &[1, 2, -6]);
    let micros = mean.values.as_primitive::<arrow::datatypes::DurationMicrosecondType>().value(0);
    assert_eq!(micros, -1);
    let money = Type::Decimal { precision: 10, scale: 2 };
    let mean = sum("avg", &money, &[100, 100, 0]);
    let mean = mean.values.as_primitive::<arrow::datatypes::Decimal128Type>();
    assert_eq!(mean.value_as_string(0), "0.666667");
    let all = sum("sum", &money, &[1, 2, 3]);
    let all = all.values.as_primitive::<arrow::datatypes::Decimal128Type>();
    assert_eq!(all.value_as_string(0), "0.06");
}
