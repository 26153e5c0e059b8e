//! Values from outside: `--set`, `env`, `secret`.

use super::{LINES, READINGS};
use crate::support::folder::Folder;
use crate::support::weir::{run, weir};

#[test]
fn a_param_is_given_as_its_type_is_written() {
    let folder = Folder::new();
    folder.write("a.pipe", READINGS).write("in.jsonl", LINES);
    run(&folder, &["run", "a.pipe"]).ends_with(0);
    assert_eq!(folder.rows("alerts.jsonl").len(), 3);
    run(&folder, &["run", "a.pipe", "--set", "limit=35"]).ends_with(0);
    assert_eq!(folder.rows("alerts.jsonl").len(), 1);
}

#[test]
fn every_type_is_read_and_text_is_taken_as_it_stands() {
    let folder = Folder::new();
    let text = r#"param s: string
param i: int in 1..10
param d: duration
param t: timestamp
param b: bool
param l: list<string>
schema R { a: int }
source r = file(path: "-", schema: R)
sink o = r | select s = s, i = i, d = d, t = t, b = b, l = l | into file(path: "-")
"#;
    folder.write("a.pipe", text);
    let given = [
        "s=it's \"here\" = there",
        "i=7",
        "d=1m30s",
        "t=2026-01-31T06:00:00Z",
        "b=true",
        "l=[\"x\", \"y\"]",
    ];
    let mut words = vec!["run", "a.pipe", "--quiet"];
    words.extend(given.iter().flat_map(|it| ["--set", it]));
    let done = weir(&folder, &words).input("{\"a\":1}\n").run();
    done.ends_with(0);
    assert_eq!(
        done.out,
        "{\"s\":\"it's \\\"here\\\" = there\",\"i\":7,\"d\":\"1m30s\",\"t\":\"2026-01-31T06:00:00Z\",\"b\":true,\"l\":[\"x\",\"y\"]}\n"
    );
    words.extend(["--set", "i=11"]);
    weir(&folder, &words).run().ends_with(2).says("given twice");
}

#[test]
fn what_does_not_fit_is_wrong_usage() {
    let folder = Folder::new();
    folder.write("a.pipe", READINGS).write("in.jsonl", LINES);
    folder.write("b.pipe", READINGS.replace(" = 30.0", " in 0.0..100.0"));
    let cases: [(&str, &[&str], &str); 6] = [
        ("a.pipe", &["limit=hot"], "`limit` is of type `float`"),
        ("a.pipe", &["limt=1"], "did you mean `limit`?"),
        ("a.pipe", &["limit"], "--set name=value"),
        ("a.pipe", &["limit=1", "limit=2"], "given twice"),
        ("b.pipe", &["limit=101"], "it has to be in 0.0..100.0"),
        ("b.pipe", &[], "the param `limit` has no value: give it with `--set limit=…`"),
    ];
    for (file, given, answer) in cases {
        let mut words = vec!["run", file];
        words.extend(given.iter().flat_map(|it| ["--set", it]));
        run(&folder, &words).ends_with(2).says(answer);
    }
    assert_eq!(folder.names(), ["a.pipe", "b.pipe", "in.jsonl"], "no sink was opened");
}

#[test]
fn variables_and_secrets_are_read_when_a_run_starts() {
    let folder = Folder::new();
    let text = r#"param name: string = env("WEIR_TEST_NAME")

schema R { a: int }

source r = file(path: secret("place.txt"), format: json, schema: R)

sink o = r | where a > 0 | into file(path: name, format: json)
"#;
    folder.write("a.pipe", text);
    run(&folder, &["check", "a.pipe"]).ends_with(0);
    let missing = run(&folder, &["run", "a.pipe"]);
    missing.ends_with(3).says("`WEIR_TEST_NAME`").says("place.txt");
    assert_eq!(missing.err.matches("WEIR_TEST_NAME").count(), 1, "said once: {}", missing.err);
    folder.write("place.txt", "in.txt\n").write("in.txt", "{\"a\":1}\n{\"a\":-1}\n");
    let given = weir(&folder, &["run", "a.pipe"]).env("WEIR_TEST_NAME", "o.jsonl");
    given.run().ends_with(0);
    assert_eq!(folder.read("o.jsonl"), "{\"a\":1}\n");
    run(&folder, &["run", "a.pipe", "--set", "name=q.jsonl"]).ends_with(0);
    assert_eq!(folder.rows("q.jsonl").len(), 1, "a param that is set needs no default");
}
