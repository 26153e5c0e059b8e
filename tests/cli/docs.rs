//! `weir docs`.

use crate::support::folder::Folder;
use crate::support::weir::run;
use dsl::catalog::Catalog;
use weir::registry::Registry;

#[test]
fn a_word_is_explained_with_every_argument_and_an_example() {
    let folder = Folder::new();
    let done = run(&folder, &["docs", "sigma"]);
    done.ends_with(0);
    assert!(done.out.starts_with("# detector `sigma`\n"), "{}", done.out);
    for part in ["`threshold`", "`3.0`", "`last`", "`min`", "```pipe", "test \""] {
        assert!(done.out.contains(part), "{part} is missing:\n{}", done.out);
    }
    assert_eq!(done.err, "");
    let both = run(&folder, &["docs", "file"]).out;
    assert!(both.contains("# source `file`") && both.contains("# sink `file`"), "{both}");
}

#[test]
fn the_whole_reference_has_every_word() {
    let done = run(&Folder::new(), &["docs"]);
    done.ends_with(0);
    for word in Registry.signatures() {
        let heading = format!("\n### {} `{}`\n", word.kind.noun(), word.name);
        assert!(done.out.contains(&heading), "{heading}");
    }
}

#[test]
fn a_word_that_is_not_there_is_a_no_with_the_nearest_one() {
    let folder = Folder::new();
    let near = run(&folder, &["docs", "sigm"]);
    near.ends_with(1).says("there is no word `sigm`; did you mean `sigma`?");
    assert_eq!(near.out, "");
    run(&folder, &["docs", "zzzzzz"]).ends_with(1).says("`zzzzzz`; `weir docs` lists them all");
}
