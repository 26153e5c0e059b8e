//! One mistake is reported once, with a code that stays and a help that says what to type.

use super::{At, checked, compare};

#[test]
fn names() {
    compare(
        &[
            ("tt", "E0201"),
            ("temprature + 1", "E0201"),
            ("meta", "E0328"),
            ("meta.tpic", "E0212"),
            ("site.nme", "E0212"),
            ("telemetry.x", "E0201"),
            ("n.value", "E0308"),
            ("labels.a", "E0308"),
            ("payload.a.b", "E0308"),
            ("s[0]", "E0309"),
            ("site[0]", "E0309"),
            ("tags[\"a\"]", "E0301"),
            ("twice", "E0219"),
            ("token", "E0327"),
            ("secret(\"a\")", "E0327"),
            ("env(\"a\")", "E0327"),
        ],
        At::Rows,
    );
}

#[test]
fn operators() {
    compare(
        &[
            ("m == null", "E0303"),
            ("null < m", "E0303"),
            ("1 < n < 5", "E0304"),
            ("n == x == b", "E0304"),
            ("s == 1", "E0302"),
            ("at > \"2026-01-31\"", "E0302"),
            ("at > day", "E0302"),
            ("price > 1.5", "E0302"),
            ("b < s", "E0302"),
            ("tags == tags", "E0302"),
            ("payload == \"a\"", "E0302"),
            ("raw < raw", "E0302"),
            ("\"a\" + s", "E0305"),
            ("s + 1", "E0305"),
            ("s - 1", "E0306"),
            ("b + b", "E0306"),
            ("price + 0.5", "E0306"),
            ("at + 5", "E0306"),
            ("at + at", "E0306"),
            ("at % took", "E0306"),
            ("took % took", "E0306"),
            ("day + 1d", "E0306"),
            ("-s", "E0306"),
            ("-b", "E0306"),
            ("n and b", "E0307"),
            ("not s", "E0307"),
            ("m ?? \"a\"", "E0311"),
            ("n ?? 0", "W0902"),
            ("n is null", "W0902"),
            ("n in 5", "E0313"),
            ("s in tags", "E0313"),
            ("s in 1..5", "E0302"),
            ("n in [1, \"a\"]", "E0302"),
            ("n in [1, null]", "E0303"),
            ("n in 5..1", "E0321"),
            ("1..5", "E0312"),
            ("64MiB", "E0314"),
            ("n / 1h", "E0314"),
            ("[1, \"a\"]", "E0311"),
            ("{ a: 1, a: 2 }", "E0324"),
        ],
        At::Rows,
    );
}

#[test]
fn conversions_and_calls() {
    compare(
        &[
            ("b as timestamp", "E0310"),
            ("took as int", "E0310"),
            ("n as duration", "E0310"),
            ("site as string", "E0310"),
            ("payload as list<int>", "E0310"),
            ("n as integer", "E0213"),
            ("n as decimal(99, 1)", "E0323"),
            ("n as timestamp(s)", "E0323"),
            ("if(b, 1)", "E0315"),
            ("if()", "E0315"),
            ("if(n, 1, 2)", "E0307"),
            ("if(b, 1, \"a\")", "E0311"),
            ("if(n = 1, 2, 3)", "E0418"),
            ("f\"{site}\"", "E0316"),
            ("f\"{n:x}\"", "E0316"),
            ("f\"{s:.2}\"", "E0316"),
            ("uper(s)", "E0204"),
            ("coalesce(m, 0)", "E0204"),
            ("sigma(x)", "E0204"),
            ("upper(n)", "E0301"),
            ("upper()", "E0401"),
            ("upper(s, s)", "E0405"),
            ("upper(nope)", "E0201"),
            ("round(x, n)", "E0408"),
            ("avg(x)", "E0317"),
            ("now()", "E0204"),
        ],
        At::Rows,
    );
}

#[test]
fn aggregates() {
    compare(
        &[
            ("x", "E0319"),
            ("avg(x) + n", "E0319"),
            ("meta.topic", "E0319"),
            ("avg(max(x))", "E0318"),
            ("avg(window.start)", "E0201"),
            ("percentile(x, n)", "E0408"),
            ("cuont()", "E0204"),
            ("nothing", "E0201"),
        ],
        At::Aggregate,
    );
}

/// Every mistake says what to do about it.
#[test]
fn helps() {
    let table = [
        (
            "tt",
            "the columns here are `t`, `x`, `n`, `m`, `s`, `u`, `b`, `maybe`, `at`, `took`, `day`, `price` …",
        ),
        ("pric", "did you mean `price`?"),
        ("telemetry.x", "columns stand by themselves: `x`"),
        ("nope == null", "write `nope is null`"),
        ("site.low != null", "write `site.low is not null`"),
        ("1 < n < 5", "write `n in 1..5` (both ends inside), or join two comparisons with `and`"),
        ("at > \"2026-01-31\"", "times are written `@2026-01-31`"),
        ("n == \"5\"", "numbers stand without quotes: `5`"),
        ("s + \"/\" + n", "fill values into a text: `f\"{s}/{n}\"`"),
        ("\"a\" + n", "fill values into a text: `f\"a{n}\"`"),
        ("at + 5", "add a duration: `at + 5 * 1s`, or `1ms`, `1m` …"),
        ("n and b", "compare it with something: `n != 0`"),
        ("took as int", "count in a unit: `round(took / 1s) as int`"),
        ("n as duration", "say what it counts: `n * 1s`"),
        ("upper(n)", "convert it: `n as string`"),
        ("upper(5)", "text stands in quotes: `\"5\"`"),
        ("sqrt(\"5\")", "write it without quotes: `5`"),
        ("coalesce(m, 0)", "write `m ?? 0`"),
        ("concat(s, n)", "write `f\"{s}{n}\"`"),
        ("avg(x)", "write `| STEP tumbling(…)`, then `| STEP avg_of_it = avg(x)`"),
        ("sigma(x)", "`sigma` is a detector: `| STEP sigma(…), by: …`"),
        ("labels.a", "an element of a map is `labels[\"a\"]`"),
        ("n as varchar", "did you mean `string`?"),
        ("TRUE", "write it in small letters: `true`"),
        (
            "payload as list<int>",
            "declare what you need of it in the schema, as in `x: list<int> from \"payload.x\"`",
        ),
    ];
    for (text, wanted) in table {
        let (_, report) = checked(text, At::Rows);
        let help = report.first().and_then(|it| it.help.as_deref());
        assert_eq!(help, Some(wanted), "{text}");
    }
}

#[test]
fn a_mistake_is_reported_once_and_others_beside_it_too() {
    let codes = |text: &str| -> Vec<String> {
        checked(text, At::Rows).1.iter().map(|it| it.code.to_string()).collect()
    };
    assert_eq!(codes("if(nope > 1, nope2 + 1, s + s)"), ["E0201", "E0201", "E0305"]);
    assert_eq!(codes("f\"{nope} {m == null}\""), ["E0201", "E0303"]);
    assert_eq!(codes("[nope, 1, \"a\"]"), ["E0201"]);
    assert_eq!(codes("upper(nope1) == upper(nope2)"), ["E0201", "E0201"]);
}
