//! `dedupe` by hand, and against a twin that looks for the kept row anew for every row.

use super::*;
use crate::testing::{Arrival, Harness, MINUTE, arrivals, batch, columns, every_cut, run, step};
use dsl::plan::Arg;
use dsl::value::Value;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn dedupe(within: i64) -> StepPlan {
    let by = Arg::Columns(vec!["device".to_owned(), "seq".to_owned()]);
    let given = vec![("by", by), ("within", Arg::Value(Value::Duration(within)))];
    step(&Dedupe, &columns("device: string?, seq: int, n: int"), given).unwrap()
}

#[test]
fn the_first_row_of_a_key_is_kept() {
    let mut harness = Harness::new(&Dedupe, dedupe(10));
    harness.feed(
        r#"[{"device": "a", "seq": 1, "n": 0, "@time": 0}, {"device": "a", "seq": 1, "n": 1, "@time": 9},
            {"device": null, "seq": 1, "n": 2, "@time": 9}, {"device": null, "seq": 1, "n": 3, "@time": 9},
            {"device": "a", "seq": 2, "n": 4, "@time": 9}]"#,
    );
    harness.expect(
        r#"[{"device": "a", "seq": 1, "n": 0}, {"device": null, "seq": 1, "n": 2},
            {"device": "a", "seq": 2, "n": 4}]"#,
    );
    assert_eq!(harness.account().duplicates, 2);
}

/// Feeds rows of one key, `(time, stamp)`, and returns which are kept.
fn kept_of(rows: &[Arrival]) -> Vec<usize> {
    let mut harness = Harness::new(&Dedupe, dedupe(10));
    let row = |(n, (time, stamp)): (usize, &Arrival)| json!({"device": "a", "seq": 1, "n": n, "@time": time, "@stamp": stamp});
    harness.feed(&Json::Array(rows.iter().enumerate().map(row).collect()).to_string());
    harness.take().rows.iter().map(|it| it["n"].as_u64().unwrap() as usize).collect()
}

#[test]
fn time_and_stamp_both_have_to_be_below_the_kept_rows_time_plus_within() {
    let before = i64::MIN;
    assert_eq!(kept_of(&[(0, before), (9, 9)]), [0]);
    assert_eq!(kept_of(&[(0, before), (10, 0)]), [0, 1], "its time is not below");
    assert_eq!(kept_of(&[(0, before), (9, 10)]), [0, 1], "its stamp is not below");
    assert_eq!(
        kept_of(&[(0, before), (10, 0), (19, 10), (20, 10)]),
        [0, 1, 3],
        "the last kept one counts"
    );
    assert_eq!(kept_of(&[(50, before), (0, before)]), [0], "an older row is a repetition, too");
}

/// How many keys an operator would save.
fn saved(operator: &mut dyn Operator) -> usize {
    operator.snapshot().unwrap().sections().unwrap().len()
}

#[test]
fn what_cannot_be_repeated_any_more_is_forgotten() {
    let plan = dedupe(10);
    let mut operator = Dedupe.build(std::slice::from_ref(&plan)).unwrap();
    let rows = r#"[{"device": "a", "seq": 1, "n": 0, "@time": 0}]"#;
    operator.on_batch(0, batch(&plan.input.columns, rows), &mut Output::default()).unwrap();
    operator.on_watermark(Watermark::at(9), &mut Output::default()).unwrap();
    assert_eq!(saved(&mut *operator), 1);
    operator.on_watermark(Watermark::at(10), &mut Output::default()).unwrap();
    assert_eq!(saved(&mut *operator), 0);
}

/// The rows that are kept, each judged by the last kept one of its key among all rows before it.
fn twin(rows: &[(u8, Arrival)], within: i64) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::new();
    for (i, (key, (time, stamp))) in rows.iter().enumerate() {
        let last = kept.iter().rev().map(|&it| rows[it]).find(|it| it.0 == *key);
        let duplicate =
            last.is_some_and(|(_, (kept, _))| *time < kept + within && *stamp < kept + within);
        if !duplicate {
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
        keys in prop::collection::vec(0_u8..5, 60),
        within in prop_oneof![Just(MINUTE), Just(10 * MINUTE)],
    ) {
        let rows: Vec<(u8, Arrival)> = keys.into_iter().zip(arrivals).collect();
        let json = |(n, (key, (time, stamp))): (usize, &(u8, Arrival))| {
            let device = (*key < 4).then(|| format!("device-{key}"));
            json!({"device": device, "seq": 1, "n": n, "@time": time, "@stamp": stamp})
        };
        let input: Json = rows.iter().enumerate().map(json).collect();
        let plan = dedupe(within);
        let input = batch(&plan.input.columns, &input.to_string());
        let expected = twin(&rows, within);
        for cut in every_cut(rows.len()) {
            let out = run(&Dedupe, std::slice::from_ref(&plan), &input, cut);
            let kept: Vec<usize> = out.rows.iter().map(|it| it["n"].as_u64().unwrap() as usize).collect();
            prop_assert_eq!(&kept, &expected, "{:?}", cut);
            prop_assert_eq!(out.account.duplicates as usize, rows.len() - expected.len());
        }
    }
}
