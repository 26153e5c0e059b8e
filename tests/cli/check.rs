//! `weir check`.

use super::{ADVICE, MISTAKES, READINGS};
use crate::support::folder::Folder;
use crate::support::weir::run;
use serde_json::Value;

#[test]
fn a_file_without_mistakes_is_fine_whatever_it_needs_to_run() {
    let folder = Folder::new();
    let open = r#"param key: string
schema R { a: int }
source r = file(path: env("NOT_SET_ANYWHERE"), format: json, schema: R)
sink s = r | extend k = key | into file(path: "out.jsonl")
"#;
    folder.write("good.pipe", READINGS).write("open.pipe", open);
    let done = run(&folder, &["check", "good.pipe", "open.pipe"]);
    done.ends_with(0).says("2 files: 0 errors");
    assert_eq!(done.out, "", "findings and figures go to standard error");
    assert_eq!(folder.names(), ["good.pipe", "open.pipe"], "nothing is left behind");
}

#[test]
fn every_mistake_of_every_file_is_shown_with_its_line() {
    let folder = Folder::new();
    folder.write("a.pipe", MISTAKES).write("b.pipe", "sink out = nowhere | into null()\n");
    let done = run(&folder, &["check", "a.pipe", "b.pipe"]);
    done.ends_with(1).says("error[E0203]").says("a.pipe:6:25").says("did you mean `where`?");
    done.says("error[E0201]").says("a.pipe:7:31").says("error[E0202]").says("b.pipe:1:12");
    done.says("2 files: 3 errors, 0 warnings");
    assert!(!done.err.contains('\u{1b}'), "no colour into a pipe");
}

#[test]
fn machines_get_an_object_a_line() {
    let folder = Folder::new();
    folder.write("a.pipe", MISTAKES).write("b.pipe", ADVICE);
    let done = run(&folder, &["check", "--json", "a.pipe", "b.pipe"]);
    done.ends_with(1);
    assert_eq!(done.err, "");
    let found = done.rows();
    assert_eq!(found.len(), 3, "{}", done.out);
    let names = [
        "code",
        "severity",
        "message",
        "file",
        "line",
        "column",
        "end_line",
        "end_column",
        "help",
        "fixes",
    ];
    for it in &found {
        let mut keys: Vec<&str> = it.as_object().unwrap().keys().map(String::as_str).collect();
        let mut wanted = names.to_vec();
        keys.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(keys, wanted);
    }
    let step = &found[0];
    assert_eq!((&step["code"], &step["severity"]), (&"E0203".into(), &"error".into()));
    assert_eq!(
        (&step["file"], &step["line"], &step["column"]),
        (&"a.pipe".into(), &6.into(), &25.into())
    );
    assert_eq!((&step["end_line"], &step["end_column"]), (&6.into(), &29.into()));
    let fix = &step["fixes"][0];
    assert_eq!(fix["text"], "where", "{step}");
    assert_eq!(
        (&fix["line"], &fix["column"], &fix["end_column"]),
        (&6.into(), &25.into(), &29.into())
    );
    assert_eq!(found[2]["severity"], "warning");
    assert!(found[2]["fixes"].as_array().is_some_and(Vec::is_empty));
}

#[test]
fn a_fix_mends_the_file() {
    let folder = Folder::new();
    folder.write("a.pipe", MISTAKES);
    let mut text: Vec<String> = MISTAKES.lines().map(str::to_owned).collect();
    let place = |it: &Value, name: &str| it[name].as_u64().unwrap() as usize - 1;
    for found in run(&folder, &["check", "--json", "a.pipe"]).rows() {
        let fix = &found["fixes"][0];
        let line = &mut text[place(fix, "line")];
        line.replace_range(
            place(fix, "column")..place(fix, "end_column"),
            fix["text"].as_str().unwrap(),
        );
    }
    folder.write("a.pipe", text.join("\n"));
    run(&folder, &["check", "a.pipe"]).ends_with(0);
}

#[test]
fn columns_count_characters() {
    let folder = Folder::new();
    folder.write("a.pipe", "param ä: string = \"€\"\nstream x = concat(ü, ö)\n");
    let found = run(&folder, &["check", "--json", "a.pipe"]).rows();
    let columns: Vec<_> = found.iter().map(|it| it["column"].as_u64().unwrap()).collect();
    assert_eq!(columns, [19, 22]);
}

#[test]
fn warnings_count_if_they_are_denied() {
    let folder = Folder::new();
    folder.write("a.pipe", ADVICE);
    run(&folder, &["check", "a.pipe"]).ends_with(0).says("warning[W0904]").says("1 warning");
    run(&folder, &["check", "--deny", "warnings", "a.pipe"]).ends_with(1).says("warning[W0904]");
    run(&folder, &["check", "--deny", "errors", "a.pipe"]).ends_with(2);
}

#[test]
fn a_file_that_cannot_be_read_is_wrong_usage_and_the_others_are_checked() {
    let folder = Folder::new();
    folder.write("a.pipe", MISTAKES).write("bytes.pipe", b"\xff\xfe").write("folder/x", "");
    let done = run(&folder, &["check", "none.pipe", "bytes.pipe", "folder", "a.pipe"]);
    done.ends_with(2).says("`none.pipe`").says("no such file").says("not UTF-8").says("a folder");
    done.says("error[E0203]").says("1 file: 2 errors");
}
