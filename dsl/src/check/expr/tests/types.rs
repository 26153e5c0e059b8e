//! What expressions yield, and what stands in the plan for them.

use super::{At, checked, compare};
use crate::plan::{Arg, ExprKind};
use crate::types::Type;
use crate::value::Value;

#[test]
fn literals_and_names_have_their_types() {
    compare(
        &[
            ("1", "int"),
            ("1.5", "float"),
            ("85°C", "float<°C>"),
            ("null", "null"),
            ("\"a\"", "string"),
            ("5m", "duration"),
            ("@2026-01-31", "date"),
            ("@2026-01-31T06:00:00Z", "timestamp"),
            ("true", "bool"),
            ("t", "float<°C>?"),
            ("`n`", "int"),
            ("limit", "int"),
            ("names", "list<string>"),
            ("meta.time", "timestamp"),
            ("meta.topic", "string?"),
            ("meta.headers", "map<string, string?>?"),
            ("meta.headers[\"x\"]", "string?"),
            ("meta.expires", "timestamp?"),
            ("broken", "unknown?"),
            ("broken.a.b + 1", "unknown?"),
        ],
        At::Rows,
    );
}

#[test]
fn parts_of_structs_lists_and_maps() {
    compare(
        &[
            ("site.name", "string"),
            ("site.low", "float?"),
            ("spare.name", "string?"),
            ("readings.v", "list<float>?"),
            ("readings.w", "list<int?>?"),
            ("readings[0]", "struct{v: float, w: int?}?"),
            ("readings[0].v", "float?"),
            ("tags[n]", "string?"),
            ("labels[s]", "int?"),
            ("[1, 2.5]", "list<float>"),
            ("[1, null]", "list<int?>"),
            ("[]", "list<null>"),
            ("{ a: n, b: u }", "struct{a: int, b: string?}"),
            ("{ a: n }.a", "int"),
        ],
        At::Rows,
    );
}

#[test]
fn numbers_meet_without_losing_anything() {
    compare(
        &[
            ("n + 1", "int"),
            ("n + x", "float"),
            ("n + m", "int?"),
            ("n / 2", "float"),
            ("n % 2", "int"),
            ("-m", "int?"),
            ("t + 1", "float<°C>?"),
            ("t - t", "float<°C>?"),
            ("t * 2", "float<°C>?"),
            ("t * t", "float?"),
            ("t / t", "float?"),
            ("x / t", "float?"),
            ("price + 1", "decimal(22, 2)"),
            ("price + price", "decimal(11, 2)"),
            ("price * price", "decimal(21, 4)"),
            ("price * n", "decimal(30, 2)"),
            ("price % 3", "decimal(21, 2)"),
            ("price / 3", "float"),
            ("-price", "decimal(10, 2)"),
            ("n + null", "int?"),
            ("n / null", "float?"),
        ],
        At::Rows,
    );
}

#[test]
fn times_and_durations() {
    compare(
        &[
            ("took + 5m", "duration"),
            ("took - took", "duration"),
            ("took * 2", "duration"),
            ("0.5 * took", "duration"),
            ("took / 2", "duration"),
            ("took / 1s", "float"),
            ("-took", "duration"),
            ("at + took", "timestamp"),
            ("took + at", "timestamp"),
            ("at - 1h", "timestamp"),
            ("at - at", "duration"),
            ("at - null", "timestamp?"),
        ],
        At::Rows,
    );
}

#[test]
fn questions_are_true_false_or_null() {
    compare(
        &[
            ("n == 1.0", "bool"),
            ("m < n", "bool?"),
            ("s < \"b\"", "bool"),
            ("at >= @2026-01-31T00:00:00Z", "bool"),
            ("day == @2026-01-31", "bool"),
            ("raw == raw", "bool"),
            ("price > 3", "bool"),
            ("(n < 3) == b", "bool"),
            ("b and maybe", "bool?"),
            ("not b or n > 1", "bool"),
            ("b and null", "bool?"),
            ("n in 1..5", "bool"),
            ("m not in 1..5", "bool?"),
            ("n in 0.5..1.5", "bool"),
            ("x in [1, 2]", "bool"),
            ("(at in @2026-01-31T00:00:00Z..)", "bool"),
            ("s in names", "bool"),
            ("s not in [\"a\", u]", "bool?"),
            ("m is null", "bool"),
            ("u is not null", "bool"),
            ("broken == 1", "unknown?"),
            ("not (broken and b)", "unknown?"),
        ],
        At::Rows,
    );
}

#[test]
fn conversions_choices_and_texts() {
    compare(
        &[
            ("s as int", "int"),
            ("s as int?", "int?"),
            ("u as float", "float?"),
            ("x as int", "int"),
            ("t as float<°F>", "float<°F>?"),
            ("n as decimal(12, 3)", "decimal(12, 3)"),
            ("price as string", "string"),
            ("n as timestamp", "timestamp"),
            ("at as date", "date"),
            ("payload as int?", "int?"),
            ("s as json", "json"),
            ("null as string", "string?"),
            ("m ?? 0", "int"),
            ("m ?? 0.5", "float"),
            ("u ?? null", "string?"),
            ("if(b, 1, 2.5)", "float"),
            ("if(b, n, m > 3, null, 0)", "int?"),
            ("if(b, null, \"a\")", "string?"),
            ("f\"{n}: {x:.1} {s}\"", "string"),
            ("f\"{t:.1}\"", "string?"),
            ("f\"{{}}\"", "string"),
        ],
        At::Rows,
    );
}

#[test]
fn functions_are_bound_and_typed() {
    compare(
        &[
            ("upper(u)", "string?"),
            ("sqrt(n)", "float"),
            ("round(x, 2)", "float"),
            ("round(x)", "float"),
            ("round(x, limit)", "float"),
            ("least(n, x, 3)", "E0325"),
            ("least(1, 2, 3)", "int"),
        ],
        At::Rows,
    );
    let (call, _) = checked("sqrt(n)", At::Rows);
    let ExprKind::Call { function, args } = call.kind else { panic!("{call:?}") };
    assert_eq!(function, "sqrt");
    assert!(
        matches!(&args[..], [it] if matches!(it.kind, ExprKind::Cast { .. }) && it.typed.ty == Type::FLOAT)
    );
}

#[test]
fn conversions_stand_in_the_plan() {
    let (sum, _) = checked("n + 0.5", At::Rows);
    let ExprKind::Binary { left, .. } = &sum.kind else { panic!("{sum:?}") };
    assert!(matches!(left.kind, ExprKind::Cast { lenient: false, .. }), "{left:?}");
    let (sum, _) = checked("x + 1", At::Rows);
    let ExprKind::Binary { right, .. } = &sum.kind else { panic!("{sum:?}") };
    assert_eq!(right.kind, ExprKind::Literal(Value::Float(1.0)));
    let (minus, _) = checked("-5", At::Rows);
    assert_eq!(minus.kind, ExprKind::Literal(Value::Int(-5)));
}

#[test]
fn aggregates_see_rows_and_items_see_groups() {
    compare(
        &[
            ("avg(t)", "float?"),
            ("count()", "int"),
            ("avg(x) - percentile(x, 0.99)", "float"),
            ("s", "string"),
            ("window.end - window.start", "duration"),
            ("max(meta.received)", "timestamp?"),
            ("if(count() > 3, avg(x), null)", "float?"),
            ("limit + count()", "int"),
        ],
        At::Aggregate,
    );
}

#[test]
fn equal_calls_are_worked_out_once() {
    use super::{Grouped, Reads, Scope, check, columns};
    let columns = columns();
    let grouped = Grouped::new(&columns, true);
    let scope = Scope {
        catalog: &super::Words::new(),
        params: &[],
        columns: &[],
        meta: false,
        reads: Reads::Rows,
        grouped: Some(&grouped),
    };
    let mut report = Vec::new();
    for text in ["avg(x) + avg( x )", "count() / avg(x)", "percentile(x, 0.5) + percentile(x, 0.9)"]
    {
        check(&crate::parse::expression(text).unwrap(), &scope, &mut report);
    }
    assert_eq!(report, []);
    let calls = grouped.calls.into_inner();
    let words: Vec<&str> = calls.iter().map(|it| it.call.word.as_str()).collect();
    assert_eq!(words, ["avg", "count", "percentile", "percentile"]);
    assert_eq!(calls[3].call.args.get("p"), Some(&Arg::Value(Value::Float(0.9))));
}
