//! Questions that have no answer, and what is said about each: in our words, with what to type.

use super::{READINGS, ask};
use crate::support::folder::Folder;

/// The question, the exit code, and a part of what is said.
const ASKED: [(&str, i32, &str); 32] = [
    (
        "select devise from 'r.jsonl'",
        1,
        "there is no column `devise`; did you mean `device`?\n  select devise from 'r.jsonl'\n         ^^^^^^",
    ),
    ("select Device from 'r.jsonl'", 1, "did you mean `device`?"),
    (
        "select x.device from 'r.jsonl' as r",
        1,
        "there is no column `x.device`; did you mean `device`?",
    ),
    (
        "select pressure from 'r.jsonl'",
        1,
        "there are `device`, `at`, `t`, `n`, `window` and `tags`",
    ),
    (
        "select device from 'r.jsonl' as a join 'r.jsonl' as b on a.n = b.n",
        1,
        "several tables have a column `device`",
    ),
    ("select maximum(t) from 'r.jsonl'", 1, "there is no function `maximum`; did you mean"),
    (
        "selct t from 'r.jsonl'",
        1,
        "this is no SQL: expected an SQL statement, found `selct`\n  selct t from 'r.jsonl'\n  ^",
    ),
    ("select t from", 1, "this is no SQL: the question ends where identifier was expected"),
    ("select 'x from 'r.jsonl'", 1, "this is no SQL: unterminated string literal"),
    (
        "select device, max(t) from 'r.jsonl'",
        1,
        "`device` is neither in `group by` nor inside an aggregate; group by it, or write `max(…)` around it\n  select device, max(t)",
    ),
    (
        "select t + 'x' from 'r.jsonl'",
        1,
        "this cannot be asked: cannot coerce arithmetic expression float + string",
    ),
    (
        "select tags[1] from 'r.jsonl'",
        1,
        "this cannot be asked: elements of a list are not taken out by their number",
    ),
    ("select 1; select 2", 1, "one question at a time"),
    ("", 1, "there is no question; write a `select`"),
    ("show tables", 1, "`weir query` reads and changes nothing; write a `select`"),
    ("set x = 1", 1, "`weir query` reads and changes nothing; write a `select`"),
    ("select n / 0 from 'r.jsonl'", 3, "a value cannot be worked out: divide by zero"),
    (
        "select * from 'r.jsonl' where at > 'soon'",
        3,
        "a value cannot be worked out: error parsing timestamp from 'soon'",
    ),
    ("select n, n from 'r.jsonl'", 1, "two columns would have the same name"),
    ("select t from r.jsonl", 1, "a path stands in quotes: from 'r.jsonl'"),
    ("delete from 'r.jsonl'", 1, "`weir query` reads and changes nothing; write a `select`"),
    ("copy (select 1) to 'x.csv'", 1, "`weir query` reads and changes nothing"),
    ("create table x as select 1", 1, "`weir query` reads and changes nothing"),
    ("select * from 'empty.jsonl'", 1, "`empty.jsonl` is empty"),
    ("select * from 'q.jsonl'", 2, "there is no file or folder `q.jsonl`; did you mean `r.jsonl`?"),
    ("select * from 'nowhere/*.parquet'", 2, "no file matches `nowhere/*.parquet`"),
    ("select * from 'notes.txt'", 2, "the ending of `notes.txt` does not say what the file holds"),
    ("select * from 'none'", 2, "`none` has no files that can be read"),
    (
        "select * from 'mixed'",
        2,
        "`mixed` has files of several formats (CSV, JSON lines); name those of one: 'mixed/*.csv'",
    ),
    ("select * from 'broken.parquet'", 2, "`broken.parquet` cannot be read as Parquet"),
    (
        "select * from 's3://bucket/lake/'",
        2,
        "cannot read `s3://bucket/lake/`: s3 is not in this version",
    ),
    (
        "select cast(device as bigint) from 'r.jsonl'",
        3,
        "a value cannot be worked out: cannot cast string 'a' to value of int type",
    ),
];

#[test]
fn what_is_wrong_is_said_with_what_to_type() {
    let folder = Folder::new();
    folder.write("r.jsonl", READINGS).write("empty.jsonl", "").write("notes.txt", "x");
    folder.write("mixed/a.csv", "a\n1\n").write("mixed/b.jsonl", "{}\n").write("none/a.txt", "");
    folder.write("broken.parquet", "no Parquet").write("e.csv", "a\n");
    let mut wrong = Vec::new();
    for (sql, code, text) in ASKED {
        let done = ask(&folder, &[sql]);
        let raw = ["panicked", "DataFusion", "Arrow error", "backtrace", "planning"];
        let raw = raw.iter().any(|it| done.err.contains(it));
        if done.code != code || !done.err.contains(text) || !done.err.starts_with("weir: ") || raw {
            wrong.push(format!("{sql}\n  ended with {}, not {code}; said {}", done.code, done.err));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(!folder.names().contains(&"x.csv".to_owned()), "nothing was written");
}
