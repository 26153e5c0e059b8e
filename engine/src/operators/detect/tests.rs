//! The frame of detectors: columns, keys, incidents, what is forgotten; and a twin of `sigma` in exact arithmetic.

use super::*;
use crate::operator::Placement;
use crate::testing::{
    Arrival, Harness, arrivals, batch, binary, column, columns as parse, detect_plan, detecting,
    detector, every_cut, float, int, literal, lives, run, step,
};
use crate::time::format_timestamp;
use dsl::ast::BinaryOp;
use dsl::diagnostic::Code;
use dsl::plan::Arg;
use dsl::value::Value;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn hot(rest: i64) -> Call {
    detector("threshold", &[("above", float(85.0)), ("rest", int(rest))])
}

/// Feeds readings of one key a second apart.
fn feed(harness: &mut Harness, key: &str, values: &[f64]) -> Vec<Json> {
    let rows = values.iter().enumerate();
    let rows: Json =
        rows.map(|(i, v)| json!({"key": key, "n": 0, "v": v, "@time": i * 1_000_000})).collect();
    harness.feed(&rows.to_string());
    harness.take().rows
}

/// Which row each row shares its incident with: the first of it.
fn shared(rows: &[Json]) -> Vec<Option<usize>> {
    let first = |row: &Json| rows.iter().position(|it| it["incident"] == row["incident"]);
    rows.iter().map(|it| first(it).filter(|_| it["incident"].is_string())).collect()
}

#[test]
fn one_unnamed_detector_adds_seven_columns() {
    let plan = detect_plan(vec![(None, hot(0))]).unwrap();
    let names: Vec<&str> = plan.output.columns[5..].iter().map(|it| &*it.name).collect();
    assert_eq!(names, ["score", "is_anomaly", "expected", "lower", "upper", "reason", "incident"]);
    let mut harness = Harness::new(&Detect, plan);
    harness.feed(r#"[{"key": "a", "n": 7, "v": 85, "high": 1.5, "@time": 3}]"#);
    assert_eq!(harness.times(), [3]);
    harness.expect(
        r#"[{"key": "a", "n": 7, "v": 85.0, "high": 1.5, "low": null, "score": null,
             "is_anomaly": false, "expected": null, "lower": null, "upper": 85.0, "reason": null,
             "incident": null}]"#,
    );
}

#[test]
fn named_detectors_fill_a_struct_each() {
    let calls = vec![(Some("hot"), hot(0)), (Some("odd"), detector("sigma", &[]))];
    let mut harness = Harness::new(&Detect, detect_plan(calls).unwrap());
    let rows = feed(&mut harness, "a", &[90.0]);
    assert_eq!(rows[0]["hot"]["reason"], "v 90 is above 85");
    assert_eq!(rows[0]["odd"]["is_anomaly"], false);
    assert!(rows[0].get("score").is_none());
}

#[test]
fn a_column_that_is_there_already_is_a_mistake() {
    let call = hot(0);
    let detectors = |name: Option<&str>| {
        vec![("detectors", Arg::Detectors(vec![(name.map(str::to_owned), call.clone())]))]
    };
    let input = parse("v: float?, score: int");
    assert_eq!(step(&Detect, &input, detectors(None)).unwrap_err()[0].code, Code::ColumnExists);
    assert!(step(&Detect, &input, detectors(Some("found"))).is_ok());
    assert_eq!(
        step(&Detect, &input, detectors(Some("v"))).unwrap_err()[0].code,
        Code::ColumnExists
    );
}

#[test]
fn anomalies_that_follow_each_other_are_one_incident() {
    let rows = feed(&mut detecting(hot(0)), "a", &[90.0, 91.0, 20.0, 92.0, 93.0]);
    assert_eq!(shared(&rows), [Some(0), Some(0), None, Some(3), Some(3)]);
    assert!(rows[0]["incident"].as_str().unwrap().starts_with("1970-01-01T00:00:00Z-"));
    assert!(rows[3]["incident"].as_str().unwrap().starts_with("1970-01-01T00:00:03Z-"));
}

#[test]
fn incidents_differ_by_key_and_detector_and_not_by_run() {
    let incident = |harness: &mut Harness, key| {
        let rows = feed(harness, key, &[90.0]);
        rows[0]["incident"].as_str().or(rows[0]["x"]["incident"].as_str()).unwrap().to_owned()
    };
    let plain = || detecting(hot(0));
    let mut named = Harness::new(&Detect, detect_plan(vec![(Some("x"), hot(0))]).unwrap());
    let one = incident(&mut plain(), "a");
    assert_eq!(one, incident(&mut plain(), "a"));
    assert_ne!(one, incident(&mut plain(), "b"));
    assert_ne!(one, incident(&mut named, "a"));
}

#[test]
fn two_incidents_may_start_at_one_time() {
    let mut harness = detecting(hot(0));
    let row = |v| json!({"key": "a", "n": 0, "v": v, "@time": 0});
    harness.feed(&json!([row(90.0), row(20.0), row(90.0)]).to_string());
    assert_eq!(shared(&harness.take().rows), [Some(0), None, Some(2)]);
}

#[test]
fn rest_keeps_an_incident_quiet_after_its_first_row() {
    let values = [90.0, 90.0, 20.0, 90.0, 90.0, 90.0, 90.0, 20.0, 20.0, 20.0, 90.0];
    let rows = feed(&mut detecting(hot(3)), "a", &values);
    let found: Vec<usize> = (0..rows.len()).filter(|&i| rows[i]["is_anomaly"] == true).collect();
    assert_eq!(found, [0, 4, 10]);
    assert_eq!(
        shared(&rows)[4],
        Some(0),
        "the reading before was an anomaly: the incident goes on"
    );
    assert_eq!(shared(&rows)[10], Some(10), "a reading behind the rest was none: it is over");
    assert!(
        [1, 2, 3, 5].iter().all(|&i| rows[i]["incident"].is_null() && rows[i]["reason"].is_null())
    );
}

#[test]
fn without_by_there_is_one_series() {
    let call =
        detector("sigma", &[("min", int(2)), ("exclude_current", Arg::Value(Value::Bool(true)))]);
    let given = vec![("detectors", Arg::Detectors(vec![(None, call)]))];
    let plan = step(&Detect, &parse("v: float?"), given).unwrap();
    assert_eq!(Detect.placement(&plan), Placement::Single);
    let mut harness = Harness::new(&Detect, plan);
    harness.feed(r#"[{"v": 1}, {"v": 1}, {"v": 5}]"#);
    assert_eq!(harness.take().rows[2]["is_anomaly"], true);
}

#[test]
fn a_row_that_fails_is_refused_and_not_judged() {
    let (ty, input) = (Type::Int.required(), parse("i: int"));
    let one = literal(Value::Int(1), ty.clone());
    let more = binary(BinaryOp::Add, column("i", ty.clone()), one, ty);
    let mut call = detector("sigma", &[("min", int(3))]);
    let value = call.args.given.iter_mut().find(|(name, _)| name == "value").unwrap();
    value.1.node = Arg::Expr(more);
    let given = vec![("detectors", Arg::Detectors(vec![(None, call)]))];
    let mut harness = Harness::new(&Detect, step(&Detect, &input, given).unwrap());
    harness.feed(r#"[{"i": 1}, {"i": 9223372036854775807}, {"i": 2}, {"i": 3}]"#);
    let taken = harness.take();
    let expected: Vec<Json> = taken.rows.iter().map(|it| it["expected"].clone()).collect();
    assert_eq!(expected, [json!(null), json!(null), json!(3.0)]);
    assert_eq!(taken.refused[0].0, json!({"i": 9_223_372_036_854_775_807_i64}));
    assert_eq!((harness.account().errors, harness.account().residue()), (1, 0));
}

#[test]
fn a_key_that_was_not_seen_for_too_long_begins_anew() {
    let call = detector("sigma", &[("min", int(2))]);
    let score = |time: i64, stamp: i64, watermark: Option<i64>| {
        let mut harness = detecting(call.clone());
        harness.feed(
            r#"[{"key": "a", "n": 0, "v": 1, "@time": 9}, {"key": "a", "n": 1, "v": 2, "@time": 5}]"#,
        );
        if let Some(watermark) = watermark {
            harness.watermark(Watermark::at(watermark));
        }
        let row = json!([{"key": "a", "n": 2, "v": 3, "@time": time, "@stamp": stamp}]);
        harness.feed(&row.to_string());
        harness.take().rows[2]["score"].clone()
    };
    let end = 9 + TTL;
    for watermark in [None, Some(end - 1)] {
        assert!(score(end - 1, end - 1, watermark).is_f64());
    }
    assert!(score(end, 0, None).is_null(), "its time is too late");
    for watermark in [None, Some(end)] {
        assert!(score(0, end, watermark).is_null(), "its stamp is too late");
    }
}

#[test]
fn a_detector_that_is_new_in_the_file_begins_and_the_others_go_on() {
    let odd = || detector("sigma", &[("min", int(2))]);
    let mut harness = Harness::new(&Detect, detect_plan(vec![(Some("odd"), odd())]).unwrap());
    feed(&mut harness, "a", &[1.0]);
    harness.restart_as(
        detect_plan(vec![(Some("hot"), hot(0)), (Some("new"), odd()), (Some("odd"), odd())])
            .unwrap(),
    );
    let rows = feed(&mut harness, "a", &[2.0]);
    assert_eq!(rows[0]["odd"]["expected"], json!(1.5));
    assert_eq!(rows[0]["new"]["expected"], json!(null));
}

/// One reading of the twin: key, value, arrival.
type Row = (u8, Option<i128>, Arrival);

/// What the twin says of a row: null score or not, and whether the rule finds an anomaly; none where it
/// is a tie.
fn judged(rows: &[Row], i: usize, last: usize, min: usize) -> Option<(bool, bool)> {
    let own: Vec<usize> = (0..=i).filter(|&it| rows[it].0 == rows[i].0).collect();
    let arrivals: Vec<Arrival> = own.iter().map(|&it| rows[it].2).collect();
    let life = own[*lives(&arrivals).last()?];
    let Some(value) = rows[i].1 else { return Some((false, false)) };
    let readings: Vec<i128> =
        own.iter().filter(|&&it| it >= life).filter_map(|&it| rows[it].1).collect();
    let window = &readings[readings.len().saturating_sub(last)..];
    let n = window.len() as i128;
    if window.len() < min {
        return Some((false, false));
    }
    // |value − mean| > 1.5 deviations, in whole numbers: both sides squared and freed from fractions.
    let sum: i128 = window.iter().sum();
    let squares: i128 = window.iter().map(|it| it * it).sum();
    let left = 4 * (n * value - sum).pow(2) * (n - 1);
    let right = 9 * n * (n * squares - sum * sum);
    // So near to a tie that floats may tell it either way: a spike among four equal readings is 1.5 deviations away.
    let tie = left != 0 && (left - right).abs() <= right / 1_000_000_000;
    (!tie).then_some((true, left > right))
}

/// The step that the twin judges, and beside it a detector with incidents that rest.
fn plan(last: i64) -> StepPlan {
    let sigma = [("threshold", float(1.5)), ("last", int(last)), ("min", int(3))];
    let high = [("above", int(5)), ("clear", int(3)), ("rest", int(2))];
    detect_plan(vec![
        (Some("odd"), detector("sigma", &sigma)),
        (Some("up"), detector("threshold", &high)),
    ])
    .unwrap()
}

fn input(plan: &StepPlan, rows: &[Row]) -> Batch {
    let json = |(n, (key, v, (time, stamp))): (usize, &Row)| {
        let key = (*key > 0).then(|| key.to_string());
        json!({"key": key, "n": n, "v": v, "@time": time, "@stamp": stamp})
    };
    let rows: Json = rows.iter().enumerate().map(json).collect();
    batch(&plan.input.columns, &rows.to_string())
}

/// Readings of some keys, now and then none or one far out.
fn readings(most: usize) -> impl Strategy<Value = Vec<Row>> {
    let value = prop_oneof![8 => 0_i128..9, 1 => Just(1_000_000_000)];
    let keyed = (0_u8..3, prop::option::weighted(0.9, value));
    (arrivals(most), prop::collection::vec(keyed, most)).prop_map(|(arrivals, keyed)| {
        let rows = keyed.into_iter().zip(arrivals);
        rows.map(|((key, value), arrival)| (key, value, arrival)).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sigma_agrees_with_exact_arithmetic_however_it_is_cut(
        rows in readings(60),
        last in 4_i64..12,
    ) {
        let plan = plan(last);
        let input = input(&plan, &rows);
        let cuts = every_cut(rows.len());
        let expected = run(&Detect, std::slice::from_ref(&plan), &input, cuts[0]).rows;
        for (i, row) in expected.iter().enumerate() {
            let odd = &row["odd"];
            let found = (odd["score"].is_f64(), odd["is_anomaly"] == true);
            prop_assert_eq!(found, judged(&rows, i, last as usize, 3).unwrap_or(found), "row {}", i);
            let before = (0..i).rev().find(|&it| rows[it].0 == rows[i].0 && rows[it].1.is_some());
            if before.is_none_or(|it| expected[it]["odd"]["incident"].is_null()) && found.1 {
                let start = format_timestamp(rows[i].2.0);
                prop_assert!(odd["incident"].as_str().unwrap().starts_with(&start));
            }
            prop_assert_eq!(odd["incident"].is_string(), found.1);
        }
        for cut in &cuts[1..] {
            let rows = run(&Detect, std::slice::from_ref(&plan), &input, *cut).rows;
            prop_assert_eq!(&rows, &expected, "{:?}", cut);
        }
    }
}
