//! `changed` by hand, and against a twin that looks for the kept row anew for every row.

use super::*;
use crate::testing::{
    Arrival, Harness, arrivals, batch, binary, column, columns, every_cut, literal, lives, run,
    step,
};
use dsl::ast::BinaryOp;
use dsl::types::Column;
use dsl::types::Type;
use dsl::value::Value;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn plan(input: &str, values: &[&str], tolerance: Option<f64>) -> Result<StepPlan, Vec<Diagnostic>> {
    let input = columns(input);
    let typed = |name: &str| input.iter().find(|it| it.name == name).unwrap().typed.clone();
    let values = values.iter().map(|it| Arg::Expr(column(it, typed(it)))).collect();
    let mut given = vec![("values", Arg::List(values))];
    if input.iter().any(|it| it.name == "key") {
        given.push(("by", Arg::Columns(vec!["key".to_owned()])));
    }
    given.extend(tolerance.map(|it| ("tolerance", Arg::Value(Value::Float(it)))));
    step(&Changed, &input, given)
}

/// Feeds a column of floats without a key, and returns which rows are kept.
fn kept_of(values: &Json, tolerance: Option<f64>) -> Vec<usize> {
    let mut harness = Harness::new(&Changed, plan("n: int, v: float?", &["v"], tolerance).unwrap());
    let rows = values.as_array().unwrap().iter().enumerate();
    let rows: Json = rows.map(|(n, v)| json!({"n": n, "v": v})).collect();
    harness.feed(&rows.to_string());
    let kept = harness.take().rows.iter().map(|it| it["n"].as_u64().unwrap() as usize).collect();
    assert_eq!(harness.account().residue(), 0);
    kept
}

#[test]
fn rows_that_differ_from_the_last_kept_one_are_kept() {
    assert_eq!(kept_of(&json!([1.0, 1.0, 2.0, 2.0, 1.0]), None), [0, 2, 4]);
    assert_eq!(kept_of(&json!([null, null, 1.0, null, 0.0, -0.0]), None), [0, 2, 3, 4]);
    assert_eq!(kept_of(&json!(["NaN", "NaN", "inf", "inf", "-inf"]), None), [0, 2, 4]);
}

#[test]
fn small_steps_add_up_to_the_tolerance() {
    assert_eq!(kept_of(&json!([20.0, 20.5, 20.75, 21.0, 20.25, 20.0]), Some(0.5)), [0, 2, 5]);
    assert_eq!(kept_of(&json!([null, null, 1.0, null, "NaN", "NaN"]), Some(0.5)), [0, 2, 3, 4]);
    assert_eq!(kept_of(&json!(["inf", "inf", "-inf", 1.0, 1.0]), Some(0.5)), [0, 2, 3]);
    assert_eq!(kept_of(&json!([1.0, 1.0, 1.5]), Some(0.0)), [0, 2]);
}

#[test]
fn one_value_that_differs_is_enough_and_texts_have_no_tolerance() {
    let plan = plan("n: int, s: string, i: int", &["s", "i"], Some(2.0)).unwrap();
    let mut harness = Harness::new(&Changed, plan);
    harness.feed(
        r#"[{"n": 0, "s": "on", "i": 9007199254740993}, {"n": 1, "s": "on", "i": 9007199254740995},
            {"n": 2, "s": "off", "i": 9007199254740993}, {"n": 3, "s": "off", "i": 9007199254740996}]"#,
    );
    harness.restart();
    harness.feed(r#"[{"n": 4, "s": "off", "i": 9007199254740994}]"#);
    let kept: Vec<Json> = harness.take().rows.iter().map(|it| it["n"].clone()).collect();
    assert_eq!(kept, [0, 2, 3]);
    assert_eq!(harness.account().filtered, 2);
}

#[test]
fn decimals_keep_to_their_scale() {
    let decimal = Type::Decimal { precision: 10, scale: 2 }.required();
    let values = vec![Arg::Expr(column("d", decimal.clone()))];
    let given = vec![("values", Arg::List(values)), ("tolerance", Arg::Value(Value::Float(0.05)))];
    let plan = step(&Changed, &[Column::new("d", decimal)], given).unwrap();
    let mut harness = Harness::new(&Changed, plan);
    harness.feed(r#"[{"d": 100}, {"d": 105}, {"d": 106}]"#);
    harness.expect(r#"[{"d": "1.00"}, {"d": "1.06"}]"#);
}

#[test]
fn a_row_that_fails_is_refused_and_not_compared_with() {
    let (int, input) = (Type::Int.required(), columns("i: int"));
    let one = literal(Value::Int(1), int.clone());
    let more = binary(BinaryOp::Add, column("i", int.clone()), one, int);
    let plan = step(&Changed, &input, vec![("values", Arg::List(vec![Arg::Expr(more)]))]).unwrap();
    let mut harness = Harness::new(&Changed, plan);
    harness.feed(r#"[{"i": 1}, {"i": 9223372036854775807}, {"i": 1}]"#);
    harness.expect(r#"[{"i": 1}]"#);
    assert_eq!((harness.account().errors, harness.account().filtered), (1, 1));
}

#[test]
fn tolerance_needs_a_number() {
    let found = plan("s: string", &["s"], Some(0.5)).unwrap_err();
    assert_eq!(found[0].code, Code::OptionsClash);
}

/// The rows that are kept, each judged by the last kept one of its key's life among all rows before it.
fn twin(rows: &[(u8, Option<i32>, Arrival)], tolerance: Option<f64>) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::new();
    for (i, (key, value, _)) in rows.iter().enumerate() {
        let own: Vec<usize> = (0..=i).filter(|&it| rows[it].0 == *key).collect();
        let arrivals: Vec<Arrival> = own.iter().map(|&it| rows[it].2).collect();
        let life = own[*lives(&arrivals).last().unwrap()];
        let last = kept.iter().rev().find(|&&it| it >= life && rows[it].0 == *key);
        let same = last.is_some_and(|&last| match (rows[last].1, value) {
            (Some(a), Some(b)) => f64::from((a - b).abs()) <= tolerance.unwrap_or(0.0),
            (a, b) => a == *b,
        });
        if !same {
            kept.push(i);
        }
    }
    kept
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_its_twin_however_it_is_cut(
        arrivals in arrivals(60),
        values in prop::collection::vec((0_u8..4, prop::option::weighted(0.9, 0_i32..6)), 60),
        tolerance in prop_oneof![Just(None), Just(Some(1.5))],
    ) {
        let rows: Vec<(u8, Option<i32>, Arrival)> =
            values.into_iter().zip(arrivals).map(|((key, value), arrival)| (key, value, arrival)).collect();
        let json = |(n, (key, value, (time, stamp))): (usize, &(u8, Option<i32>, Arrival))| {
            json!({"key": key, "n": n, "v": value, "@time": time, "@stamp": stamp})
        };
        let input: Json = rows.iter().enumerate().map(json).collect();
        let plan = plan("key: int, n: int, v: float?", &["v"], tolerance).unwrap();
        let input = batch(&plan.input.columns, &input.to_string());
        let expected = twin(&rows, tolerance);
        for cut in every_cut(rows.len()) {
            let out = run(&Changed, std::slice::from_ref(&plan), &input, cut);
            let kept: Vec<usize> = out.rows.iter().map(|it| it["n"].as_u64().unwrap() as usize).collect();
            prop_assert_eq!(&kept, &expected, "{:?}", cut);
        }
    }
}
