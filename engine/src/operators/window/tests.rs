//! Windows by hand, and against twins that recompute every result from all rows.

mod plans;
mod twins;

use super::Window;
use crate::operator::OperatorDef;
use crate::testing::{Harness, batch, columns, every_cut, run};
use crate::time::Watermark;
use dsl::diagnostic::Code;
use dsl::plan::Arg;
use dsl::value::Value;
use plans::{Options, call, column, plan, session, sliding, tumbling};
use proptest::prelude::*;
use twins::{Given, given, json, same, twin_of_panes, twin_of_sessions, wild};

const COLUMNS: &str = "k: string?, n: int?, x: float?, s: string";

fn every_call() -> Vec<(&'static str, dsl::plan::AggregateCall)> {
    let input = columns(COLUMNS);
    let of = |word, name| call(word, &[column(&input, name)]);
    vec![
        ("rows", call("count", &[])),
        ("count", of("count", "n")),
        ("sum", of("sum", "n")),
        ("avg", of("avg", "x")),
        ("min", of("min", "s")),
        ("max", of("max", "x")),
        ("first", of("first", "s")),
        ("last", of("last", "n")),
        ("dev", of("stddev", "x")),
    ]
}

fn harness(kind: dsl::plan::Call, options: &Options) -> Harness {
    let calls = vec![("n", call("count", &[]))];
    Harness::new(&Window, plan(&columns("k: string"), kind, options, calls).unwrap())
}

fn by_k() -> Options {
    Options { by: vec!["k".to_owned()], ..Options::default() }
}

#[test]
fn windows_are_half_open_and_rows_of_a_result_carry_its_time_and_stamp() {
    let mut harness = harness(tumbling(10), &by_k());
    harness.feed(
        r#"[{"k": "a", "@time": 0}, {"k": "a", "@time": 9}, {"k": "a", "@time": 10}, {"k": "b", "@time": -1}]"#,
    );
    assert_eq!(harness.watermark(Watermark::at(9)), Watermark::at(9));
    harness.expect(r#"[{"k": "b", "window": {"start": -10, "end": 0}, "n": 1}]"#);
    harness.watermark(Watermark::at(10));
    let taken = harness.take();
    assert_eq!((taken.times, taken.stamps), (vec![9], vec![9]));
    assert_eq!(taken.rows[0]["n"], 2);
    assert_eq!(harness.account().held, 1);
    assert_eq!(harness.watermark(Watermark::END), Watermark::END);
    harness.expect(r#"[{"k": "a", "window": {"start": 10, "end": 20}, "n": 1}]"#);
    assert_eq!((harness.account().absorbed, harness.account().held), (4, 0));
}

#[test]
fn a_row_is_late_by_its_stamp_and_counts_in_the_windows_that_it_is_not_late_for() {
    let mut harness = harness(sliding(20, 10), &Options { lateness: 2, ..by_k() });
    harness.feed(
        r#"[{"k": "a", "@time": 5, "@stamp": 11}, {"k": "a", "@time": 5, "@stamp": 12},
            {"k": "a", "@time": 5, "@stamp": 21}, {"k": "a", "@time": 5, "@stamp": 22}]"#,
    );
    assert_eq!(harness.watermark(Watermark::at(22)), Watermark::at(20));
    let taken = harness.take();
    assert_eq!(taken.late, [(serde_json::json!({"k": "a"}), 22)]);
    let counts: Vec<_> = taken.rows.iter().map(|it| (&it["window"]["end"], &it["n"])).collect();
    assert_eq!(counts, [(&10.into(), &1.into()), (&20.into(), &3.into())]);
    assert_eq!((harness.account().late, harness.account().absorbed), (1, 3));
}

#[test]
fn a_window_that_has_closed_takes_nothing_in_even_if_the_stamp_would_allow_it() {
    let mut harness = harness(tumbling(10), &by_k());
    harness.feed(r#"[{"k": "a", "@time": 5}]"#);
    harness.watermark(Watermark::at(15));
    harness.feed(r#"[{"k": "a", "@time": 6, "@stamp": 3}, {"k": "a", "@time": 16, "@stamp": 3}]"#);
    let taken = harness.take();
    assert_eq!(taken.late, [(serde_json::json!({"k": "a"}), 15)]);
    assert_eq!(harness.account().held, 1);
}

#[test]
fn a_row_that_comes_behind_the_watermark_changes_what_is_still_open() {
    let mut harness = harness(sliding(30, 10), &by_k());
    harness.feed(r#"[{"k": "a", "@time": 5}, {"k": "a", "@time": 15}, {"k": "a", "@time": 25}]"#);
    harness.watermark(Watermark::at(30));
    let counts = |rows: &[serde_json::Value]| -> Vec<_> {
        rows.iter().map(|it| (it["window"]["end"].as_i64(), it["n"].as_i64())).collect()
    };
    let before = counts(&harness.take().rows);
    assert_eq!(before, [(Some(10), Some(1)), (Some(20), Some(2)), (Some(30), Some(3))]);
    harness.feed(r#"[{"k": "a", "@time": 15}]"#);
    harness.watermark(Watermark::END);
    assert_eq!(counts(&harness.take().rows), [(Some(40), Some(3)), (Some(50), Some(1))]);
}

#[test]
fn early_results_are_revised_by_each_late_row_and_given_once_more_at_the_end() {
    let options = Options { lateness: 10, emit: "on_end", ..by_k() };
    let mut harness = harness(tumbling(10), &options);
    let row = |op: &str, last: bool, n: u32| {
        format!(
            r#"{{"k": "a", "window": {{"start": 0, "end": 10}}, "n": {n}, "op": "{op}", "final": {last}}}"#
        )
    };
    harness.feed(r#"[{"k": "a", "@time": 1}, {"k": "a", "@time": 2, "@stamp": 10}]"#);
    harness.expect("[]");
    harness.watermark(Watermark::at(12));
    harness.expect(&format!("[{}, {}]", row("insert", false, 1), row("update", false, 2)));
    harness.feed(r#"[{"k": "a", "@time": 3, "@stamp": 12}]"#);
    harness.expect(&format!("[{}]", row("update", false, 3)));
    harness.watermark(Watermark::at(20));
    harness.expect(&format!("[{}]", row("update", true, 3)));
    assert_eq!(harness.account().absorbed, 3);
}

#[test]
fn without_lateness_the_first_result_is_the_last() {
    let mut harness = harness(tumbling(10), &Options { emit: "on_end", ..by_k() });
    harness.feed(r#"[{"k": "a", "@time": 1}]"#);
    harness.watermark(Watermark::END);
    harness.expect(
        r#"[{"k": "a", "window": {"start": 0, "end": 10}, "n": 1, "op": "insert", "final": true}]"#,
    );
}

#[test]
fn sessions_merge_what_is_closer_than_the_gap() {
    let mut harness = harness(session(10), &by_k());
    harness.feed(
        r#"[{"k": "a", "@time": 0}, {"k": "a", "@time": 19}, {"k": "b", "@time": 5}, {"k": "a", "@time": 29},
            {"k": "a", "@time": 9}]"#,
    );
    harness.watermark(Watermark::END);
    harness.expect(
        r#"[{"k": "b", "window": {"start": 5, "end": 15}, "n": 1},
            {"k": "a", "window": {"start": 0, "end": 19}, "n": 2},
            {"k": "a", "window": {"start": 19, "end": 29}, "n": 1},
            {"k": "a", "window": {"start": 29, "end": 39}, "n": 1}]"#,
    );
}

#[test]
fn a_session_that_had_closed_when_a_row_was_read_is_left_alone() {
    let mut harness = harness(session(10), &by_k());
    harness.feed(
        r#"[{"k": "a", "@time": 0}, {"k": "a", "@time": 9, "@stamp": 10}, {"k": "a", "@time": -5, "@stamp": 10}]"#,
    );
    assert_eq!(harness.account().late, 1);
    harness.watermark(Watermark::END);
    harness.expect(
        r#"[{"k": "a", "window": {"start": 0, "end": 10}, "n": 1},
            {"k": "a", "window": {"start": 9, "end": 19}, "n": 1}]"#,
    );
}

#[test]
fn rows_and_results_that_fail_leave_as_errors() {
    use crate::reason::Reason;
    use crate::testing::binary;
    use dsl::ast::BinaryOp;
    use dsl::types::Type;
    let input = columns("k: string, n: int");
    let n = || column(&input, "n");
    let rest = binary(BinaryOp::Remainder, n(), n(), Type::Int.required());
    for kind in [tumbling(10), session(10)] {
        let calls =
            vec![("rest", call("max", std::slice::from_ref(&rest))), ("sum", call("sum", &[n()]))];
        let mut harness = Harness::new(&Window, plan(&input, kind, &by_k(), calls).unwrap());
        harness.feed(
            r#"[{"k": "a", "n": 9223372036854775807}, {"k": "a", "n": 0}, {"k": "a", "n": 1}, {"k": "b", "n": 1}]"#,
        );
        let refused = harness.take().refused;
        assert_eq!(refused[0].0, serde_json::json!({"k": "a", "n": 0}));
        assert_eq!(refused[0].1.reason, Reason::Division);
        harness.watermark(Watermark::END);
        let taken = harness.take();
        assert_eq!(taken.rows.len(), 1);
        assert_eq!(taken.rows[0]["k"], "b");
        assert_eq!(taken.refused[0].0["k"], "a");
        assert_eq!(taken.refused[0].1.detail, "the sum 9223372036854775808 does not fit int");
        assert_eq!(taken.account.residue(), 0);
        assert_eq!((taken.account.made, taken.account.errors, taken.account.absorbed), (2, 2, 3));
    }
}

#[test]
fn keys_that_have_no_rows_any_more_are_forgotten() {
    let mut harness = harness(tumbling(10), &by_k());
    let mut results = 0;
    for round in 0..6 {
        let rows: Vec<String> = (0..3000)
            .map(|i| format!(r#"{{"k": "{round}-{i}", "@time": {}}}"#, round * 10 + i % 10))
            .collect();
        harness.feed(&format!("[{}]", rows.join(",")));
        harness.watermark(Watermark::at(round * 10 + 5));
        harness.restart();
        results += harness.take().rows.len();
    }
    harness.watermark(Watermark::END);
    results += harness.take().rows.len();
    assert_eq!(results, 18_000);
}

#[test]
fn the_state_of_other_aggregates_is_not_read() {
    let input = columns(COLUMNS);
    let one = plan(&input, tumbling(10), &by_k(), vec![("n", call("count", &[]))]).unwrap();
    let other = call("sum", &[column(&input, "n")]);
    let other = plan(&input, tumbling(10), &by_k(), vec![("n", other)]).unwrap();
    let mut before = Window.build(&one).unwrap();
    let mut out = crate::operator::Output::default();
    before.on_batch(0, batch(&input, r#"[{"k": "a", "s": ""}]"#), &mut out).unwrap();
    let sections = before.snapshot().unwrap().sections().unwrap();
    let mut after = Window.build(&other).unwrap();
    let results: Vec<_> = sections.into_iter().map(|it| after.restore(it)).collect();
    assert!(
        results
            .iter()
            .any(|it| it.as_ref().is_err_and(|it| it.message.contains("other aggregates")))
    );
}

#[test]
fn options_that_make_no_sense_say_what_to_type() {
    let input = columns(COLUMNS);
    let calls = || vec![("n", call("count", &[]))];
    let refused =
        |kind, options: &Options| plan(&input, kind, options, calls()).unwrap_err()[0].code;
    assert_eq!(refused(sliding(10, 20), &by_k()), Code::OptionsClash);
    assert_eq!(refused(sliding(1_000_000, 9), &by_k()), Code::OptionsClash);
    assert_eq!(refused(session(10), &Options { emit: "on_end", ..by_k() }), Code::OptionsClash);
    let zone = |zone: &str, size| {
        let mut kind = tumbling(size);
        let zone = Arg::Value(Value::String(zone.to_owned()));
        kind.args.given.push(("zone".to_owned(), dsl::span::Spanned::new(zone, kind.span)));
        refused(kind, &by_k())
    };
    assert_eq!(zone("Europe/Berlim", 86_400_000_000), Code::BadOption);
    assert_eq!(zone("Europe/Berlin", 7 * 3_600_000_000), Code::OptionsClash);
}

/// Compares a run with its twin, and every way of cutting it with the first, bit by bit.
fn check(steps: &[dsl::plan::StepPlan], rows: &[Given], expected: Option<&twins::Expected>) {
    let input = batch(&steps[0].input.columns, &json(rows));
    let mut first = None;
    for cut in every_cut(rows.len()) {
        let found = run(&Window, steps, &input, cut);
        let late: Vec<_> = found.late.iter().map(|it| it.1).collect();
        if let Some((rows, before)) = &first {
            assert_eq!(&found.rows, rows, "{cut:?}");
            assert_eq!(&late, before, "{cut:?}");
            continue;
        }
        if let Some(expected) = expected {
            same(&found.rows, &expected.rows);
            assert_eq!(late, expected.late);
        }
        first = Some((found.rows, late));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn panes_agree_with_their_twin(
        rows in given(40), every in 5i64..30, times in 1i64..5, more in 0i64..7,
        lateness in 0i64..40, on_end in any::<bool>(), keyed in any::<bool>(),
    ) {
        let size = every * times + more;
        let by = if keyed { vec!["k".to_owned()] } else { Vec::new() };
        let emit = if on_end { "on_end" } else { "on_close" };
        let options = Options { by, lateness, emit };
        let kind = if size == every { tumbling(size) } else { sliding(size, every) };
        let steps = plan(&columns(COLUMNS), kind, &options, every_call()).unwrap();
        check(&steps, &rows, Some(&twin_of_panes(&rows, (size, every), &options)));
    }

    #[test]
    fn sessions_agree_with_their_twin(rows in given(40), gap in 1i64..20, lateness in 0i64..30) {
        let options = Options { lateness, ..by_k() };
        let steps = plan(&columns(COLUMNS), session(gap), &options, every_call()).unwrap();
        check(&steps, &rows, Some(&twin_of_sessions(&rows, gap, lateness)));
    }

    /// Floats of very different size: every rounding shows.
    #[test]
    fn the_bits_do_not_depend_on_how_rows_are_cut(
        rows in wild(40), every in 1i64..10, times in 1i64..6, lateness in 0i64..20, sessions in any::<bool>(),
    ) {
        let input = columns(COLUMNS);
        let of = |word| (word, call(word, &[column(&input, "x")]));
        let calls = vec![of("sum"), of("avg"), of("var"), of("first"), of("last")];
        let options = Options { lateness, ..by_k() };
        let kind = if sessions { session(every) } else { sliding(every * times, every) };
        check(&plan(&input, kind, &options, calls).unwrap(), &rows, None);
    }
}
