//! Files that others append to, rotate and cut off while they are read.

use super::{open, read};
use crate::testing::{Brought, Folder, bool, poll_until};
use engine::source::{Source, SplitEvent};
use std::fs::OpenOptions;
use std::io::Write;

fn append(path: &str, text: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn follow(path: &str, positions: &[(&str, &str)]) -> Box<dyn Source> {
    open(path, vec![("follow", bool(true))], positions).unwrap()
}

fn until(source: &mut dyn Source, path: &str, text: &str) -> Brought {
    let brought = poll_until(source, 1 << 20, |it| it.text(path).len() >= text.len()).unwrap();
    assert_eq!(brought.text(path), text);
    brought
}

#[test]
fn appended_lines_come_when_they_are_whole() {
    let folder = Folder::new();
    let path = folder.write("a.jsonl", "1\n2\n3");
    let mut source = follow(&path, &[]);
    let brought = until(source.as_mut(), &path, "1\n2\n");
    let position = brought.pieces[0].2.clone();
    let caught_up = (path.clone(), SplitEvent::CaughtUp);
    poll_until(source.as_mut(), 1 << 20, |it| it.events.contains(&caught_up)).unwrap();
    append(&path, "3\n4\n");
    until(source.as_mut(), &path, "33\n4\n");
    source.close().unwrap();

    let mut again = follow(&path, &[(&path, &position)]);
    until(again.as_mut(), &path, "33\n4\n");
}

#[test]
fn after_a_rotation_the_old_file_is_read_to_its_end_and_then_the_new_one() {
    let folder = Folder::new();
    let path = folder.write("a.csv", "h\n1\n");
    let mut source = follow(&path, &[]);
    let brought = until(source.as_mut(), &path, "h\n1\n");
    let position = brought.pieces[0].2.clone();
    append(&path, "2\nlast");
    std::fs::rename(&path, folder.path("a.csv.1")).unwrap();
    folder.write("a.csv", "g\n7\n");
    let brought = poll_until(source.as_mut(), 1 << 20, |it| it.text(&path).contains('7')).unwrap();
    let pieces: String = brought.text(&path).replace("h\n", "");
    assert_eq!(pieces, "2\nlastg\n7\n");

    let mut again = follow(&path, &[(&path, &position)]);
    until(again.as_mut(), &path, "g\n7\n");
}

#[test]
fn a_truncated_file_is_read_from_its_beginning() {
    let folder = Folder::new();
    let path = folder.write("a.jsonl", "1\n2\n3\n");
    let mut source = follow(&path, &[]);
    until(source.as_mut(), &path, "1\n2\n3\n");
    folder.write("a.jsonl", "8\n");
    until(source.as_mut(), &path, "8\n");
}

#[test]
fn new_files_of_a_glob_become_splits() {
    let folder = Folder::new();
    let a = folder.write("a.jsonl", "1\n");
    let mut source = follow(&folder.path("*.jsonl"), &[]);
    until(source.as_mut(), &a, "1\n");
    let b = folder.write("b.jsonl", "2\n");
    let brought = until(source.as_mut(), &b, "2\n");
    assert!(brought.events.contains(&(b.clone(), SplitEvent::Announced)));
    assert_eq!(read(&folder.path("*.jsonl"), vec![], &[], 100).pieces.len(), 2);
}
