//! Files stay small enough to be read in one go. Those that are larger may only shrink.

use super::tree::{none, rust};

/// What a file aims at.
const LINES_MAX: usize = 400;

/// Larger ones and their size today. A file that shrinks lowers its number; none is added.
const LARGER: [(&str, usize); 0] = [];

#[test]
fn files_have_at_most_400_lines() {
    let mut found = Vec::new();
    for file in rust() {
        let lines = file.text.lines().count();
        let known = LARGER.iter().find(|(path, _)| *path == file.path);
        match known {
            Some((path, size)) if lines > *size => {
                found.push(format!("{path} has grown from {size} to {lines} lines"));
            }
            Some((path, _)) if lines <= LINES_MAX => {
                found.push(format!("{path} has {lines} lines: take it off the list"));
            }
            Some((path, size)) if lines < *size => {
                found.push(format!("{path} has shrunk: lower its number from {size} to {lines}"));
            }
            None if lines > LINES_MAX => found.push(format!("{} has {lines} lines", file.path)),
            _ => {}
        }
    }
    let gone = LARGER.iter().filter(|(path, _)| !rust().any(|it| it.path == *path));
    found.extend(gone.map(|(path, _)| format!("{path} is gone: take it off the list")));
    none(&found, "a file has at most 400 lines; split it by what its parts are about");
}
