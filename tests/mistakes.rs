//! What people do wrong at three in the morning, and what they are told: the lists in `tests/mistakes/*.md`, each case run
//! by the real binary.
//!
//! ```text
//!  ## A heading is a case
//!  ```file NAME [WORD…]      a file in the case's folder; words: `utf16` `bom` `crlf` `gzip` `hex` `cut`
//!  ```setup                  the world, a line each: see `ground.rs`
//!  ```sh                     the command line, which begins with `weir`
//!  ```says CODE              all of standard error and the exit code
//! ```
//!
//! A case ends within [`PATIENCE`], says exactly that, does not panic, and shows no library's own words. `{{name}}` stands
//! for what differs from run to run (a port, the folder). `MISTAKES=update` rewrites what is said; then read it as if
//! somebody else had made the change.

mod case;
mod certificates;
mod ground;
mod raw;

use case::Case;
use engine::time::{Clock, SystemClock};
use ground::Ground;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What takes longer hangs. Trouble is told within seconds; the rest is for a busy machine.
const PATIENCE: Duration = Duration::from_secs(45);

/// How many run at once: most of them wait for a server.
const THREADS: usize = 8;

/// So many mistakes are known.
const MANY: usize = 100;

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mistakes"))
}

fn cases() -> Vec<Case> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder()).unwrap().map(|it| it.unwrap().path()).collect();
    files.retain(|it| it.extension().is_some_and(|it| it == "md"));
    files.sort();
    files.iter().flat_map(|it| case::read(it)).collect()
}

#[expect(clippy::disallowed_methods, reason = "tests are told by their environment")]
fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// What is wrong with a case: nothing, or what was expected and what came.
fn failure(case: &Case, rewritten: &Mutex<Vec<(Case, String)>>) -> Option<String> {
    let ground = Ground::prepare(case);
    let Some(done) = ground.run(PATIENCE) else {
        return Some(format!("it hangs; until then it said\n{}", ground.said()));
    };
    let (code, said) = (done.code, ground.plain(&done.err));
    let words = raw::words(&said).into_iter().chain(raw::words(&done.out));
    let words: Vec<&str> = words.collect();
    if !words.is_empty() {
        return Some(format!("{words:?} is not for users:\n{said}\n{}", done.out));
    }
    if (code, said.trim_end()) == (case.code, case.says.trim_end()) {
        return None;
    }
    if told("MISTAKES").is_some_and(|it| it == "update") {
        let text = format!("```says {code}\n{}\n```", said.trim_end());
        rewritten.lock().unwrap().push((case.clone(), text));
        return None;
    }
    Some(format!("exit {code} instead of {}\n{said}\n-- instead of\n{}", case.code, case.says))
}

#[test]
fn every_mistake_is_answered_with_the_place_and_the_way_out() {
    let filter = told("MISTAKE").unwrap_or_default();
    let mut cases = cases();
    assert!(cases.len() >= MANY, "{} mistakes are listed", cases.len());
    cases.retain(|it| it.name().contains(&filter));
    let (next, failures, rewritten) =
        (AtomicUsize::new(0), Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let failed = std::panic::catch_unwind(|| failure(case, &rewritten));
                    let failed = failed.unwrap_or_else(|it| Some(reason(&*it)));
                    if let Some(what) = failed {
                        failures.lock().unwrap().push(format!("== {}\n{what}", case.name()));
                    }
                }
            });
        }
    });
    case::rewrite(rewritten.into_inner().unwrap());
    ground::stop_servers();
    let mut failures = failures.into_inner().unwrap();
    failures.sort();
    assert!(failures.is_empty(), "{} of {}\n{}", failures.len(), cases.len(), failures.join("\n"));
}

/// Why the preparation of a case broke.
fn reason(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
}

#[test]
fn no_mistake_is_listed_twice() {
    let mut seen = std::collections::BTreeSet::new();
    for case in cases() {
        assert!(seen.insert(case.name()), "{} is there twice", case.name());
        assert!(
            seen.insert(format!("{:?}", case.what())),
            "{} does what another does",
            case.name()
        );
    }
}

/// How long something has taken is looked at by a clock of one's own.
fn clock() -> impl Clock {
    SystemClock::new()
}
