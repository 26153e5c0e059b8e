//! What fits what, and in which order.

use super::*;
use serde_json::json;

fn record(entries: &[(&str, Value)]) -> Value {
    Value::Record(entries.iter().map(|(name, it)| ((*name).to_owned(), it.clone())).collect())
}

fn range(low: f64, high: f64) -> Value {
    Value::Range(Some(Box::new(Value::Float(low))), Some(Box::new(Value::Float(high))))
}

fn key(name: &str) -> Order {
    Order::Of(vec![name.to_owned()])
}

/// Rows of a key and a number.
fn rows(rows: &[(&str, i64)]) -> Vec<Value> {
    let row = |it: &(&str, i64)| {
        record(&[("k", Value::String(it.0.to_owned())), ("v", Value::Int(it.1))])
    };
    rows.iter().map(row).collect()
}

/// Rows of a number alone.
fn numbers(values: &[i64]) -> Vec<Value> {
    values.iter().map(|it| record(&[("v", Value::Int(*it))])).collect()
}

fn found(rows: &[(&str, i64)]) -> Vec<Json> {
    rows.iter().map(|(k, v)| json!({"k": k, "v": v})).collect()
}

fn holds(rows: &[Value], order: &Order, contains: bool, found: &[Json]) -> bool {
    differences(Expected { rows, contains, order }, found).is_empty()
}

#[test]
fn only_written_columns_count_and_ranges_mean_in() {
    let rows = [record(&[("a", Value::Int(1)), ("b", range(1.0, 2.0))])];
    let expected = Expected { rows: &rows, contains: false, order: &Order::Free };
    assert!(differences(expected, &[json!({"a": 1, "b": 2.0, "c": "x"})]).is_empty());
    assert_eq!(differences(expected, &[json!({"a": 1, "b": 2.5})]).len(), 2);
    assert_eq!(differences(expected, &[json!({"a": null, "b": 1.5})]).len(), 2);
    assert_eq!(differences(expected, &[]), [r#"missing  {"a":1,"b":1.0..2.0}"#]);
}

#[test]
fn a_row_that_fits_several_leaves_each_other_row_its_own() {
    let rows = [record(&[("v", range(1.0, 3.0))]), record(&[("v", Value::Float(1.0))])];
    let came = [json!({"v": 1.0}), json!({"v": 2.0})];
    assert!(holds(&rows, &Order::Free, false, &came));
    // In one order the first has to be the first.
    assert!(!holds(&rows, &Order::Of(Vec::new()), false, &came));
}

#[test]
fn rows_of_one_key_stand_in_their_order_and_keys_in_any() {
    let came = found(&[("a", 1), ("b", 1), ("a", 2)]);
    for (expected, same) in [
        (rows(&[("a", 1), ("b", 1), ("a", 2)]), true),
        (rows(&[("b", 1), ("a", 1), ("a", 2)]), true),
        (rows(&[("a", 1), ("a", 2), ("b", 1)]), true),
        (rows(&[("a", 2), ("a", 1), ("b", 1)]), false),
        (rows(&[("a", 2), ("b", 1), ("a", 1)]), false),
    ] {
        assert_eq!(holds(&expected, &key("k"), false, &came), same, "{expected:?}");
        assert!(holds(&expected, &Order::Free, false, &came), "{expected:?}");
    }
    let one_order = Order::Of(Vec::new());
    assert!(holds(&rows(&[("a", 1), ("b", 1), ("a", 2)]), &one_order, false, &came));
    assert!(!holds(&rows(&[("b", 1), ("a", 1), ("a", 2)]), &one_order, false, &came));
}

#[test]
fn a_key_that_is_not_written_may_be_any() {
    let came = found(&[("a", 1), ("b", 1), ("a", 3), ("b", 2)]);
    // The first 1 has to be that of `b`, though that of `a` fits, too.
    assert!(holds(&numbers(&[1, 2, 1, 3]), &key("k"), false, &came));
    assert!(!holds(&numbers(&[2, 1, 1, 3]), &key("k"), false, &came));
    assert!(!holds(&numbers(&[3, 2, 1, 1]), &key("k"), false, &came));
}

#[test]
fn of_at_least_these_the_order_counts_too() {
    let came = found(&[("a", 1), ("a", 2), ("b", 7), ("a", 3)]);
    assert!(holds(&rows(&[("a", 1), ("a", 3)]), &key("k"), true, &came));
    assert!(holds(&rows(&[("b", 7), ("a", 2)]), &key("k"), true, &came));
    assert!(!holds(&rows(&[("a", 3), ("a", 1)]), &key("k"), true, &came));
}

#[test]
fn another_order_is_said_with_the_rows_of_the_key() {
    let came = found(&[("a", 1), ("b", 9), ("a", 2)]);
    let rows = rows(&[("a", 2), ("a", 1), ("b", 9)]);
    let order = key("k");
    let expected = Expected { rows: &rows, contains: false, order: &order };
    assert_eq!(
        differences(expected, &came),
        [
            "in another order; rows of one `k` came out like this:",
            r#"came     {"k":"a","v":1}"#,
            r#"came     {"k":"a","v":2}"#,
        ]
    );
}

#[test]
fn many_rows_that_fit_everything_end_soon() {
    let groups: Vec<String> = (0..40).map(|it| it.to_string()).collect();
    let came: Vec<Json> =
        (0..8).flat_map(|v| groups.iter().map(move |k| json!({"k": k, "v": v % 2}))).collect();
    // Of every key 0 comes before 1, and the last two rows are asked for the other way round.
    let mut expected = numbers(&vec![0; 159]);
    expected.extend(numbers(&vec![1; 160]));
    expected.extend(numbers(&[0]));
    assert!(!holds(&expected, &key("k"), false, &came));
    let alternating: Vec<i64> = came.iter().filter_map(|it| it["v"].as_i64()).collect();
    assert!(holds(&numbers(&alternating), &key("k"), false, &came));
}
