//! `sigma` against figures worked out elsewhere, and where it has to be exact.

use super::*;
use crate::testing::{Harness, detecting, detector, float, int};
use dsl::plan::Arg;
use dsl::value::Value;
use serde_json::{Value as Json, json};

fn sigma(options: &[(&'static str, Arg)]) -> Harness {
    detecting(detector("sigma", options))
}

fn yes() -> Arg {
    Arg::Value(Value::Bool(true))
}

/// What is found about readings of one key.
fn found(harness: &mut Harness, readings: &[Json]) -> Vec<Json> {
    let rows: Json = readings.iter().map(|v| json!({"key": "a", "n": 0, "v": v})).collect();
    harness.feed(&rows.to_string());
    harness.take().rows
}

fn anomalies(rows: &[Json]) -> Vec<usize> {
    (0..rows.len()).filter(|&i| rows[i]["is_anomaly"] == true).collect()
}

fn series() -> Vec<Json> {
    let mut state = 7_u64;
    let mut readings: Vec<f64> = (0..70)
        .map(|_| {
            state = (state * 1_103_515_245 + 12_345) % (1 << 31);
            20.0 + ((state >> 16) % 100) as f64 / 64.0
        })
        .collect();
    (readings[12], readings[40], readings[69]) = (60.0, -3.5, 1000.0);
    readings.into_iter().map(|it| json!(it)).collect()
}

/// Row, score, mean, mean − 3 deviations, mean + 3 deviations.
type Known = (usize, f64, f64, f64, f64);

/// Worked out with exact fractions and 50 digits (Python: fractions, mpmath), including the reading.
#[expect(clippy::unreadable_literal, reason = "digits as they were worked out")]
const INCLUDING: &[Known] = &[
    (9, 0.7468715092284606, 20.828125, 19.432505457914836, 22.223744542085164),
    (10, 0.6263308112519531, 20.771306818181817, 19.33166075461193, 22.210952881751705),
    (12, 3.0541663852603746, 23.80528846153846, -8.847120190661522, 56.45769711373845),
    (13, 0.0891365904926088, 23.616071428571427, -7.827165515335056, 55.059308372477915),
    (40, 3.138839736797857, 21.15015243902439, -0.7323981279657983, 43.03270300601458),
    (59, 0.04486219551966861, 21.022916666666667, 2.979769007889369, 39.06606432544397),
    (60, 0.010307412257060515, 21.026302083333334, 2.9830222748372424, 39.06958189182942),
    (61, 0.011386000788452288, 21.038802083333334, 2.9990975212779434, 39.07850664538872),
    (69, 13.556217870462818, 37.30859375, -342.2891056926443, 416.9062931926443),
];

/// The same from the readings before it; 300 is the greatest score.
#[expect(clippy::unreadable_literal, reason = "digits as they were worked out")]
const EXCLUDING: &[Known] = &[
    (10, 0.7468715092284606, 20.828125, 19.432505457914836, 22.223744542085164),
    (12, 300.0, 20.7890625, 19.404066871622422, 22.174058128377578),
    (13, 0.09274617934675963, 23.80528846153846, -8.847120190661522, 56.45769711373845),
    (40, 4.321806229126624, 21.76640625, 3.1278372764868068, 40.40497522351319),
    (59, 0.045258572255657055, 21.03548728813559, 2.839845078296516, 39.23112949797467),
    (60, 0.010507181001356317, 21.022916666666667, 2.979769007889369, 39.06606432544397),
    (61, 0.010645402496327403, 21.026302083333334, 2.9830222748372424, 39.06958189182942),
    (69, 300.0, 20.978645833333335, 2.9246848097768865, 39.03260685688978),
];

fn agrees(rows: &[Json], known: &[Known]) {
    for &(row, score, mean, lower, upper) in known {
        for (column, expected) in
            [("score", score), ("expected", mean), ("lower", lower), ("upper", upper)]
        {
            let value = rows[row][column].as_f64().unwrap();
            let error = (value - expected).abs() / expected.abs();
            assert!(error < 1e-12, "{column} of row {row}: {value}, not {expected}: {error}");
        }
    }
}

#[test]
fn figures_agree_with_exact_arithmetic() {
    let rows = found(&mut sigma(&[]), &series());
    agrees(&rows, INCLUDING);
    assert_eq!(anomalies(&rows), [12, 40, 69]);
    assert!(rows[..9].iter().all(|it| it["score"].is_null() && it["expected"].is_null()));
    let rows = found(&mut sigma(&[("exclude_current", yes())]), &series());
    agrees(&rows, EXCLUDING);
    assert_eq!(anomalies(&rows), [12, 40, 69]);
    assert!(rows[..10].iter().all(|it| it["score"].is_null()));
}

#[test]
fn one_spike_among_ten_readings_cannot_exceed_three_deviations() {
    let spike = |before: usize| {
        let mut readings = vec![json!(1.0); before];
        readings.push(json!(1e9));
        anomalies(&found(&mut sigma(&[]), &readings))
    };
    assert_eq!(spike(9), [0_usize; 0]);
    assert_eq!(spike(10), [10]);
}

#[test]
fn without_deviation_every_other_value_is_an_anomaly() {
    let mut harness = sigma(&[("exclude_current", yes()), ("min", int(3))]);
    let readings = [0.1, 0.1, 0.1, 0.1, 0.100_000_000_000_000_02];
    let rows = found(&mut harness, &readings.map(|it| json!(it)));
    assert_eq!(anomalies(&rows), [4]);
    assert_eq!((&rows[3]["score"], &rows[4]["score"]), (&json!(0.0), &json!(300.0)));
    assert_eq!(rows[4]["lower"], json!(0.1));
    assert_eq!(
        rows[4]["reason"],
        "v 0.1 is not 0.1, the mean of the last 4 readings before it, which are all equal"
    );
}

#[test]
fn what_is_no_reading_changes_nothing() {
    let with_holes: Vec<Json> = series()
        .into_iter()
        .flat_map(|it| [it, json!(null), json!("NaN"), json!("-inf"), json!(2e150)])
        .collect();
    let rows = found(&mut sigma(&[]), &with_holes);
    let plain = found(&mut sigma(&[]), &series());
    for (i, row) in rows.iter().enumerate() {
        if i % 5 == 0 {
            assert_eq!(row, &plain[i / 5]);
        } else {
            assert_eq!((&row["score"], &row["is_anomaly"]), (&json!(null), &json!(false)));
            assert_eq!((&row["expected"], &row["incident"]), (&json!(null), &json!(null)));
        }
    }
}

#[test]
fn the_reason_has_the_numbers() {
    let rows = found(&mut sigma(&[]), &series());
    assert_eq!(
        rows[40]["reason"],
        "v -3.5 is 3.37943 deviations of 7.29418 below 21.1502, the mean of the last 41 readings"
    );
    assert_eq!(rows[41]["reason"], json!(null));
}

#[test]
fn readings_keep_when_last_changes() {
    let plan = |last| {
        let call = detector("sigma", &[("last", int(last)), ("min", int(2))]);
        crate::testing::detect_plan(vec![(None, call)]).unwrap()
    };
    for (before, after) in [(20, 20), (20, 7), (20, 60)] {
        let mut harness = Harness::new(crate::testing::detect(), plan(before));
        let all = series();
        found(&mut harness, &all[..65]);
        harness.restart_as(plan(after));
        let rows = found(&mut harness, &all[65..]);
        let kept = usize::try_from(before.min(after)).unwrap();
        let mut fresh = Harness::new(crate::testing::detect(), plan(after));
        let expected = found(&mut fresh, &all[65 - kept..]);
        for (row, expected) in rows.iter().zip(&expected[kept..]) {
            let (mean, expected) = (row["expected"].as_f64(), expected["expected"].as_f64());
            assert!((mean.unwrap() - expected.unwrap()).abs() < 1e-9, "{before} {after}");
        }
    }
}

#[test]
fn a_spike_that_leaves_behind_a_restart_leaves_nothing() {
    let mut harness = sigma(&[("last", int(3)), ("min", int(2)), ("threshold", float(1.0))]);
    found(&mut harness, &[1.0, 1e9, 2.0, 3.0].map(|it| json!(it)));
    harness.restart();
    let rows = found(&mut harness, &[json!(4.0)]);
    assert_eq!((&rows[0]["lower"], &rows[0]["upper"]), (&json!(2.0), &json!(4.0)));
}

#[test]
fn options_that_cannot_be_meant_are_mistakes() {
    let mistakes: &[&[(&'static str, Arg)]] =
        &[&[("last", int(1)), ("min", int(2))], &[("min", int(61))]];
    for options in mistakes {
        let plan = crate::testing::detect_plan(vec![(None, detector("sigma", options))]);
        assert_eq!(plan.unwrap_err()[0].code, Code::OptionsClash, "{options:?}");
    }
}
