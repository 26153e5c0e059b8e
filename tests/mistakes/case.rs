//! Reads the lists, and rewrites what is said in them.

use std::ops::Range;
use std::path::{Path, PathBuf};

/// A mistake.
#[derive(Clone, Debug)]
pub(super) struct Case {
    /// The list it stands in.
    pub list: PathBuf,
    pub title: String,
    pub files: Vec<File>,
    /// The lines that prepare the world.
    pub setup: Vec<String>,
    pub command: String,
    pub code: i32,
    pub says: String,
    /// Where the block `says` stands, its fences included.
    range: Range<usize>,
}

/// A file in the folder of a case.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub name: String,
    pub words: Vec<String>,
    pub text: String,
}

impl Case {
    pub(super) fn name(&self) -> String {
        let list = self.list.file_stem().unwrap().to_string_lossy();
        format!("{list}: {}", self.title)
    }

    /// What is done, whatever it is called.
    pub(super) fn what(&self) -> impl std::fmt::Debug {
        (&self.files, &self.setup, &self.command)
    }
}

/// The cases of a list, in order.
pub(super) fn read(list: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(list).unwrap();
    let mut cases: Vec<Case> = Vec::new();
    let mut rest = 0;
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        let start = rest;
        rest += line.len();
        if let Some(title) = line.strip_prefix("## ") {
            cases.push(Case {
                list: list.to_path_buf(),
                title: title.trim().to_owned(),
                files: Vec::new(),
                setup: Vec::new(),
                command: String::new(),
                code: 0,
                says: String::new(),
                range: 0..0,
            });
        }
        let Some(info) = line.strip_prefix("```") else { continue };
        let mut block = String::new();
        loop {
            let line = lines.next().unwrap_or_else(|| panic!("{}: no end", list.display()));
            rest += line.len();
            if line.trim_end() == "```" {
                break;
            }
            block.push_str(line);
        }
        let case = cases.last_mut().unwrap_or_else(|| panic!("{}: no case", list.display()));
        case.put(info.trim(), block, start..rest);
    }
    for case in &cases {
        assert!(case.command.starts_with("weir"), "{}: what is typed?", case.name());
        assert!(!case.range.is_empty(), "{}: what is said?", case.name());
    }
    cases
}

impl Case {
    fn put(&mut self, info: &str, text: String, range: Range<usize>) {
        let mut words = info.split(' ').map(ToOwned::to_owned);
        match words.next().as_deref() {
            Some("file") => {
                let name = words.next().expect("a file has a name");
                self.files.push(File { name, words: words.collect(), text });
            }
            Some("setup") => self.setup.extend(text.lines().map(ToOwned::to_owned)),
            Some("sh") => text.trim().clone_into(&mut self.command),
            Some("says") => {
                self.code = words.next().expect("an exit code").parse().unwrap();
                (self.says, self.range) = (text, range);
            }
            other => panic!("{}: {other:?} is no kind of block", self.name()),
        }
    }
}

/// Puts new blocks in the place of those of their cases.
pub(super) fn rewrite(mut changes: Vec<(Case, String)>) {
    changes.sort_by_key(|(case, _)| std::cmp::Reverse(case.range.start));
    for (case, block) in changes {
        let mut text = std::fs::read_to_string(&case.list).unwrap();
        text.replace_range(case.range, &format!("{block}\n"));
        std::fs::write(&case.list, text).unwrap();
    }
}
