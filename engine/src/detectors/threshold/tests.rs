//! `threshold` by hand, and against a twin that looks back over all readings of the key for every row.

use super::*;
use crate::testing::{Harness, MINUTE, column, detecting, detector, float, int};
use dsl::plan::Arg;
use dsl::value::Value;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn threshold(options: &[(&'static str, Arg)]) -> Harness {
    detecting(detector("threshold", options))
}

fn duration(micros: i64) -> Arg {
    Arg::Value(Value::Duration(micros))
}

/// Feeds `(minute, value)` of one key, and returns which are anomalies.
fn anomalies(options: &[(&'static str, Arg)], readings: &[(i64, f64)]) -> Vec<usize> {
    let mut harness = threshold(options);
    let row = |(time, v): &(i64, f64)| json!({"key": "a", "n": 0, "v": v, "@time": time * MINUTE});
    harness.feed(&readings.iter().map(row).collect::<Json>().to_string());
    let rows = harness.take().rows;
    assert!(rows.iter().all(|it| it["score"].is_null() && it["expected"].is_null()));
    (0..rows.len()).filter(|&i| rows[i]["is_anomaly"] == true).collect()
}

#[test]
fn a_reading_on_the_limit_is_inside() {
    let readings = [(0, 85.0), (1, 85.1), (2, 10.0), (3, 9.9)];
    assert_eq!(anomalies(&[("above", float(85.0)), ("below", int(10))], &readings), [1, 3]);
}

#[test]
fn with_clear_an_anomaly_goes_on_until_the_value_is_back() {
    let readings = [(0, 82.0), (1, 86.0), (2, 82.0), (3, 80.0), (4, 82.0)];
    assert_eq!(anomalies(&[("above", float(85.0)), ("clear", float(80.0))], &readings), [1, 2]);
    let readings = [(0, 2.5), (1, 1.0), (2, 2.5), (3, 3.0), (4, 2.5)];
    assert_eq!(anomalies(&[("below", float(2.0)), ("clear", float(3.0))], &readings), [1, 2]);
}

#[test]
fn with_for_it_has_to_last() {
    let options = [("above", float(85.0)), ("clear", float(80.0)), ("for", duration(2 * MINUTE))];
    let readings =
        [(0, 86.0), (1, 86.0), (2, 86.0), (3, 82.0), (4, 79.0), (9, 86.0), (10, 82.0), (12, 86.0)];
    assert_eq!(
        anomalies(&options, &readings),
        [2, 3],
        "82 is not above the limit, so it begins anew"
    );
    assert_eq!(
        anomalies(&options, &[(0, 86.0), (60, 86.0)]),
        [1],
        "told from the times of rows alone"
    );
}

#[test]
fn limits_may_be_columns_and_null_is_no_limit() {
    let high = column("high", Type::FLOAT.nullable());
    let mut harness = threshold(&[("above", Arg::Expr(high)), ("clear", int(5))]);
    harness.feed(
        r#"[{"key": "a", "n": 0, "v": 20, "high": 10, "low": null},
            {"key": "a", "n": 1, "v": 20, "high": 30, "low": null},
            {"key": "a", "n": 2, "v": 20, "high": null, "low": null},
            {"key": "a", "n": 3, "v": 20, "high": 30, "low": null},
            {"key": "a", "n": 4, "v": null, "high": 10, "low": null},
            {"key": "a", "n": 5, "v": "NaN", "high": 10, "low": null},
            {"key": "a", "n": 6, "v": "inf", "high": 10, "low": null}]"#,
    );
    let rows = harness.take().rows;
    let found: Vec<bool> = rows.iter().map(|it| it["is_anomaly"] == true).collect();
    assert_eq!(found, [true, true, false, false, false, false, true]);
    assert_eq!((&rows[0]["upper"], &rows[2]["upper"]), (&json!(10.0), &json!(null)));
    assert_eq!(rows[0]["reason"], "v 20 is above 10");
    assert_eq!(rows[1]["reason"], "v 20 is not back at 5 after it was above 30");
}

#[test]
fn the_reason_says_for_how_long() {
    let mut harness = threshold(&[("below", float(0.5)), ("for", duration(MINUTE))]);
    harness.feed(
        r#"[{"key": "a", "n": 0, "v": 0.25, "@time": 0}, {"key": "a", "n": 1, "v": 0.125, "@time": 90000000}]"#,
    );
    assert_eq!(harness.take().rows[1]["reason"], "v 0.125 is below 0.5, for 1m30s by now");
}

#[test]
fn limits_that_cannot_be_meant_are_mistakes() {
    let mistakes: &[(&[(&'static str, Arg)], Code)] = &[
        (&[], Code::MissingArgument),
        (&[("clear", int(1))], Code::MissingArgument),
        (&[("above", int(1)), ("below", int(2))], Code::OptionsClash),
        (&[("above", int(1)), ("clear", int(2))], Code::OptionsClash),
        (&[("below", int(1)), ("clear", int(0))], Code::OptionsClash),
    ];
    for (options, code) in mistakes {
        let plan = crate::testing::detect_plan(vec![(None, detector("threshold", options))]);
        assert_eq!(plan.unwrap_err()[0].code, *code, "{options:?}");
    }
}

const ABOVE: i32 = 8;
const BELOW: i32 = 1;
const CLEAR: i32 = 4;

/// A reading of the twin: minute and value.
type Reading = (i64, i32);

/// Which limit reading `i` is beyond, or was and is not back from.
fn side(readings: &[Reading], i: usize, minutes: i64) -> i32 {
    let value = readings[i].1;
    if !(BELOW..=ABOVE).contains(&value) {
        return (value > ABOVE).into();
    }
    let before =
        if i > 0 && raised(readings, i - 1, minutes) { side(readings, i - 1, minutes) } else { -1 };
    match before {
        1 if value > CLEAR => 1,
        0 if value < CLEAR => 0,
        _ => -1,
    }
}

/// Whether reading `i` is an anomaly: some reading of its run came long enough behind the first of it.
fn raised(readings: &[Reading], i: usize, minutes: i64) -> bool {
    let own = side(readings, i, minutes);
    if own < 0 {
        return false;
    }
    let mut start = i;
    while start > 0 && side(readings, start - 1, minutes) == own {
        start -= 1;
    }
    (start..=i).any(|it| readings[it].0 - readings[start].0 >= minutes)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_its_twin(
        readings in prop::collection::vec((-1_i64..4, 0_i32..10), 1..9),
        minutes in 0_i64..5,
    ) {
        let mut minute = 10;
        let readings: Vec<Reading> = readings
            .into_iter()
            .map(|(step, value)| {
                minute += step;
                (minute, value)
            })
            .collect();
        let options = [
            ("above", int(ABOVE.into())),
            ("below", int(BELOW.into())),
            ("clear", int(CLEAR.into())),
            ("for", duration(minutes * MINUTE)),
        ];
        let floats: Vec<(i64, f64)> = readings.iter().map(|&(at, value)| (at, value.into())).collect();
        let expected: Vec<usize> =
            (0..readings.len()).filter(|&i| raised(&readings, i, minutes)).collect();
        prop_assert_eq!(anomalies(&options, &floats), expected);
    }
}
