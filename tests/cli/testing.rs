//! `weir test`.

use super::{MISTAKES, READINGS};
use crate::support::folder::Folder;
use crate::support::weir::run;

/// Two tests, of which the second expects too much.
fn failing() -> String {
    READINGS.replace("mean: 1.5", "mean: 2.5")
}

#[test]
fn tests_run_without_inputs_and_leave_nothing() {
    let folder = Folder::new();
    folder.write("a.pipe", READINGS);
    let done = run(&folder, &["test", "a.pipe"]);
    done.ends_with(0).says("2 passed, 0 failed");
    assert_eq!(done.out.lines().filter(|it| it.starts_with("ok")).count(), 2, "{}", done.out);
    assert_eq!(folder.names(), ["a.pipe"]);
}

#[test]
fn a_test_that_fails_says_where_and_what_was_found() {
    let folder = Folder::new();
    folder.write("a.pipe", failing());
    let done = run(&folder, &["test", "a.pipe"]);
    done.ends_with(1).says("1 passed, 1 failed");
    let line = failing().lines().position(|it| it.contains("expect minutes")).unwrap() + 1;
    assert!(done.out.contains(&format!("line {line}:")), "{}", done.out);
    assert!(done.out.contains("2.5") && done.out.contains("1.5"), "{}", done.out);
}

#[test]
fn a_filter_picks_by_name_and_machines_get_an_object_a_line() {
    let folder = Folder::new();
    folder.write("a.pipe", failing());
    let picked = run(&folder, &["test", "--filter", "hot", "a.pipe"]);
    picked.ends_with(0).says("1 passed, 0 failed");
    let done = run(&folder, &["test", "--json", "a.pipe"]);
    done.ends_with(1);
    let results = done.rows();
    assert_eq!(results.len(), 2);
    assert_eq!(results[0]["test"], "a hot reading raises an alert");
    assert_eq!((&results[0]["file"], &results[0]["passed"]), (&"a.pipe".into(), &true.into()));
    assert_eq!(results[0]["failures"].as_array().map(Vec::len), Some(0));
    assert_eq!(results[1]["passed"], false);
    assert!(
        results[1]["failures"][0]["line"].is_u64() && results[1]["failures"][0]["text"].is_string()
    );
}

#[test]
fn fixtures_stand_beside_the_file() {
    let folder = Folder::new();
    let text = READINGS.replace(
        "feed readings [\n    { device: \"a\", at: @2026-01-01T00:00:00Z, t: 1.0 },\n    { device: \"a\", at: @2026-01-01T00:00:01Z, t: 2.0 },\n  ]",
        "feed readings from \"fixtures/two.jsonl\"",
    );
    assert_ne!(text, READINGS);
    let rows = r#"{"device":"a","at":"2026-01-01T00:00:00Z","t":1.0}
{"device":"a","at":"2026-01-01T00:00:01Z","t":2.0}
"#;
    folder.write("deep/a.pipe", &text).write("deep/fixtures/two.jsonl", rows);
    run(&folder, &["test", "deep/a.pipe"]).ends_with(0).says("2 passed");
    folder.write("bare/a.pipe", &text);
    let done = run(&folder, &["test", "bare/a.pipe"]);
    done.ends_with(1);
    assert!(done.out.contains("bare/fixtures/two.jsonl"), "{}", done.out);
}

#[test]
fn files_with_mistakes_and_files_that_are_not_there() {
    let folder = Folder::new();
    folder.write("bad.pipe", MISTAKES).write("a.pipe", READINGS);
    run(&folder, &["test", "bad.pipe", "a.pipe"])
        .ends_with(1)
        .says("error[E0203]")
        .says("2 passed, 0 failed");
    run(&folder, &["test", "none.pipe", "a.pipe"]).ends_with(2).says("`none.pipe`");
}

/// A stream of one reading after the other, with this test.
fn doubled(test: &str) -> String {
    format!(
        "schema Reading {{
  at: timestamp
  v:  float
}}

source readings = memory(format: csv, schema: Reading, time: at)

stream doubled = readings | select at, v = v * 2.0

test \"doubled\" {{
{test}
}}
"
    )
}

#[test]
fn a_filter_that_matches_nothing_and_files_without_tests_are_said() {
    let folder = Folder::new();
    let bare = "source a = generate(rows: 1)\n\nsink out = a | into file(path: \"a.jsonl\")\n";
    folder.write("a.pipe", READINGS).write("bare.pipe", bare);
    run(&folder, &["test", "--filter", "zzz", "a.pipe"])
        .ends_with(1)
        .says("no test has `zzz` in its name; there are:\n  a hot reading raises an alert\n")
        .says("0 passed, 0 failed");
    run(&folder, &["test", "bare.pipe"]).ends_with(1).says("`bare.pipe` has no tests: write `test");
    run(&folder, &["test", "--json", "--filter", "zzz", "bare.pipe"])
        .ends_with(1)
        .says("no test has `zzz` in its name\n");
    // Of several files one may have none, as long as something is tested.
    run(&folder, &["test", "bare.pipe", "a.pipe"])
        .ends_with(0)
        .says("`bare.pipe` has no tests")
        .says("2 passed, 0 failed");
}

#[test]
fn a_csv_file_is_fed_with_its_header() {
    let folder = Folder::new();
    let rows = "\u{feff}v,at,note\n1.5,2026-01-01T00:00:00Z,\"over\ntwo lines\"\n\nx,2026-01-01T00:00:01Z,\n2.5,2026-01-01T00:00:02Z,\n";
    folder.write("x.csv", rows).write("empty.csv", "v,at\n");
    let test = "  feed readings from \"x.csv\"
  feed readings from \"empty.csv\"
  expect doubled [{ v: 3.0 }, { v: 5.0 }]
  expect readings.errors [{ reason: \"type\", payload: \"x,2026-01-01T00:00:01Z,\" }]";
    folder.write("a.pipe", doubled(test));
    run(&folder, &["test", "a.pipe"]).ends_with(0).says("1 passed");
}

#[test]
fn packed_files_are_fed_unpacked_and_columns_are_refused() {
    let folder = Folder::new();
    let mut packed = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    std::io::Write::write_all(&mut packed, b"v,at\n1.5,2026-01-01T00:00:00Z\n").unwrap();
    folder.write("x.csv.zst", packed.finish().unwrap()).write("x.parquet", "");
    let test = |file: &str| {
        doubled(&format!("  feed readings from \"{file}\"\n  expect doubled [{{ v: 3.0 }}]"))
    };
    folder.write("a.pipe", test("x.csv.zst")).write("b.pipe", test("x.parquet"));
    run(&folder, &["test", "a.pipe"]).ends_with(0).says("1 passed");
    let done = run(&folder, &["test", "b.pipe"]);
    done.ends_with(1);
    assert!(done.out.contains("feed its rows as JSON lines"), "{}", done.out);
}

#[test]
fn rows_in_another_order_fail() {
    let folder = Folder::new();
    let test = "  feed readings [
    { at: @2026-01-01T00:00:00Z, v: 0.5 },
    { at: @2026-01-01T00:00:01Z, v: 1.0 },
  ]
  expect doubled [{ v: 2.0 }, { v: 1.0 }]";
    folder.write("a.pipe", doubled(test));
    let done = run(&folder, &["test", "a.pipe"]);
    done.ends_with(1).says("0 passed, 1 failed");
    assert!(done.out.contains("in another order"), "{}", done.out);
}
