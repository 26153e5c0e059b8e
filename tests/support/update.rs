//! `GOLDEN=update`: expectations are rewritten in their files.

use super::markdown::Block;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// New texts by file and place.
type Changes = BTreeMap<PathBuf, Vec<(Range<usize>, String)>>;

static CHANGES: Mutex<Changes> = Mutex::new(BTreeMap::new());

/// Whether expectations are rewritten.
#[expect(clippy::disallowed_methods, reason = "tests are told by their environment")]
pub(crate) fn wanted() -> bool {
    let update = std::env::var("GOLDEN").is_ok_and(|it| it == "update");
    assert!(!update || std::env::var("CI").is_err(), "expectations are not rewritten on CI");
    update
}

/// Compares a block with what was found; where expectations are rewritten, notes the new text.
pub(crate) fn same(path: &Path, block: &Block, found: &str) -> Option<String> {
    if block.text.trim_end() == found.trim_end() {
        return None;
    }
    if wanted() {
        rewrite(path, block, found);
        return None;
    }
    let (line, kind) = (block.line, block.info.join(" "));
    Some(format!("line {line}: `{kind}` differs; found:\n{}", found.trim_end()))
}

/// Notes the new text of a block.
pub(crate) fn rewrite(path: &Path, block: &Block, text: &str) {
    let text = format!("{}\n", text.trim_end());
    let mut changes = CHANGES.lock().unwrap();
    changes.entry(path.to_path_buf()).or_default().push((block.range.clone(), text));
}

/// Writes what was noted.
pub(crate) fn write() {
    for (path, changes) in &mut *CHANGES.lock().unwrap() {
        let mut text = std::fs::read_to_string(path).unwrap();
        changes.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
        changes.dedup_by_key(|(range, _)| range.start);
        for (range, new) in &*changes {
            text.replace_range(range.clone(), new);
        }
        std::fs::write(path, text).unwrap();
    }
}
