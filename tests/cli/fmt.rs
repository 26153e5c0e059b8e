//! `weir fmt`.

use super::{MISTAKES, READINGS};
use crate::support::folder::Folder;
use crate::support::weir::{run, weir};

/// The same file as somebody typed it.
fn typed() -> String {
    READINGS.replace("  | ", "   |").replace(" = ", "=").replace("device: string", "device:string")
}

#[test]
fn a_file_gets_the_one_layout_and_keeps_it() {
    let folder = Folder::new();
    folder.write("a.pipe", typed()).write("b.pipe", READINGS);
    let checked = run(&folder, &["fmt", "--check", "a.pipe", "b.pipe"]);
    checked.ends_with(1).says("a.pipe");
    assert!(!checked.err.contains("b.pipe"));
    assert_eq!(folder.read("a.pipe"), typed(), "`--check` only says");
    let done = run(&folder, &["fmt", "a.pipe", "b.pipe"]);
    done.ends_with(0);
    assert_eq!((done.out.as_str(), done.err.as_str()), ("", ""));
    assert_eq!(folder.read("a.pipe"), READINGS);
    run(&folder, &["fmt", "--check", "a.pipe", "b.pipe"]).ends_with(0);
    assert_eq!(folder.names(), ["a.pipe", "b.pipe"]);
}

#[test]
fn a_dash_is_standard_input_to_standard_output() {
    let folder = Folder::new();
    let done = weir(&folder, &["fmt", "-"]).input(typed()).run();
    done.ends_with(0);
    assert_eq!(done.out, READINGS);
    let checked = weir(&folder, &["fmt", "--check", "-"]).input(typed()).run();
    checked.ends_with(1);
    assert_eq!(checked.out, "");
    weir(&folder, &["fmt", "--check", "-"]).input(READINGS).run().ends_with(0);
    let broken = weir(&folder, &["fmt", "-"]).input("stream = |").run();
    broken.ends_with(1).says("error[").says("<stdin>");
    assert_eq!(broken.out, "");
}

#[test]
fn what_does_not_parse_is_left_alone_and_unknown_words_are_no_matter() {
    let folder = Folder::new();
    let broken = "stream one = readings | where (a > 1\n";
    folder.write("broken.pipe", broken).write("words.pipe", MISTAKES).write("a.pipe", typed());
    let done = run(&folder, &["fmt", "broken.pipe", "words.pipe", "a.pipe"]);
    done.ends_with(1).says("broken.pipe");
    assert_eq!(folder.read("broken.pipe"), broken);
    assert_eq!(folder.read("a.pipe"), READINGS, "the others are formatted");
    run(&folder, &["fmt", "--check", "words.pipe"]).ends_with(0);
    run(&folder, &["fmt", "none.pipe", "a.pipe"]).ends_with(2).says("`none.pipe`");
}

#[cfg(unix)]
#[test]
fn permissions_and_links_stay() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    folder.write("real.pipe", typed());
    let real = folder.path().join("real.pipe");
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("real.pipe", folder.path().join("link.pipe")).unwrap();
    run(&folder, &["fmt", "link.pipe"]).ends_with(0);
    assert_eq!(folder.read("real.pipe"), READINGS);
    assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(folder.path().join("link.pipe").is_symlink());
}
