//! `weir fmt`: the one canonical layout.

use super::{answer, print, read, say};
use crate::cli::FmtArgs;
use crate::exit::Exit;
use dsl::span::SourceFile;
use std::io::Read;
use std::path::Path;

/// Formats every file; one that does not parse is left alone.
pub(super) fn fmt(args: &FmtArgs) -> Exit {
    let mut worst = Exit::Done;
    for path in &args.files {
        let exit = if path == Path::new("-") { stdin(args.check) } else { file(path, args.check) };
        worst = worse(worst, exit);
    }
    worst
}

/// The exit code that says more: a file that broke says more than one that differs.
fn worse(a: Exit, b: Exit) -> Exit {
    if b.code() > a.code() { b } else { a }
}

fn stdin(check: bool) -> Exit {
    let mut text = String::new();
    if let Err(error) = std::io::stdin().read_to_string(&mut text) {
        say(&format!("weir: cannot read standard input: {error}"));
        return Exit::Usage;
    }
    let file = SourceFile::new("<stdin>", text);
    match dsl::format::format(&file) {
        Err(found) => {
            print(&found, &file);
            Exit::No
        }
        Ok(formatted) if check => {
            if formatted == file.text() {
                Exit::Done
            } else {
                Exit::No
            }
        }
        Ok(formatted) => {
            answer(&formatted);
            Exit::Done
        }
    }
}

fn file(path: &Path, check: bool) -> Exit {
    let file = match read(path) {
        Ok(file) => file,
        Err(exit) => return exit,
    };
    let formatted = match dsl::format::format(&file) {
        Ok(formatted) => formatted,
        Err(found) => {
            print(&found, &file);
            return Exit::No;
        }
    };
    if formatted == file.text() {
        return Exit::Done;
    }
    if check {
        say(&format!("{} is not in the canonical layout; run `weir fmt`", path.display()));
        return Exit::No;
    }
    match replace(path, &formatted) {
        Ok(()) => Exit::Done,
        Err(error) => {
            say(&format!("weir: cannot write `{}`: {error}", path.display()));
            Exit::Failed
        }
    }
}

/// Writes beside the file and renames, so that a full disk does not cost the user the file.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    // A link stays a link: what it points to is replaced.
    let path = std::fs::canonicalize(path)?;
    let mut beside = path.clone().into_os_string();
    beside.push(".weir-fmt");
    std::fs::write(&beside, text)?;
    std::fs::set_permissions(&beside, std::fs::metadata(&path)?.permissions())?;
    std::fs::rename(&beside, &path).inspect_err(|_| drop(std::fs::remove_file(&beside)))
}
