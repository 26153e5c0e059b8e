//! The examples of every word, and the pipelines that come with the binary: they check, are formatted, and their tests
//! pass.

use super::cases;
use dsl::catalog::Catalog;
use dsl::diagnostic::{has_errors, render};
use dsl::signature::{Kind, Signature};
use dsl::span::SourceFile;
use libtest_mimic::{Failed, Trial};
use std::path::{Path, PathBuf};
use weir::registry::Registry;
use weir::testing::{Setup, run_test};

/// A trial an example and a pipeline.
pub(crate) fn trials(root: &Path) -> Vec<Trial> {
    let mut trials = Vec::new();
    for signature in Registry.signatures() {
        for (i, example) in signature.examples.iter().enumerate() {
            let name = format!("example: {} {} {}", signature.kind.noun(), signature.name, i + 1);
            let (kind, source, result) = (signature.kind, example.source, example.result);
            trials.push(Trial::test(name, move || match kind {
                Kind::Function => function(source, result),
                _ => file("example.pipe", source, Path::new("."), true),
            }));
        }
        let complete = complete(signature);
        let name = format!("reference: {} {}", signature.kind.noun(), signature.name);
        trials.push(Trial::test(name, move || match complete {
            Some(why) => Err(Failed::from(why)),
            None => Ok(()),
        }));
    }
    for path in pipelines(root) {
        let name = format!("pipeline: {}", path.file_name().unwrap().display());
        trials.push(Trial::test(name, move || {
            let text = std::fs::read_to_string(&path).unwrap();
            file(&path.display().to_string(), &text, path.parent().unwrap(), false)
        }));
    }
    trials
}

fn pipelines(root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root.join("pipelines")).unwrap();
    let mut paths: Vec<_> = entries.map(|it| it.unwrap().path()).collect();
    paths.retain(|it| it.extension().is_some_and(|it| it == "pipe"));
    paths.sort();
    assert!(paths.len() >= 3, "the shipped pipelines are not there");
    paths
}

/// What a word's documentation lacks.
fn complete(signature: &Signature) -> Option<String> {
    if signature.summary.split_whitespace().count() < 5 {
        return Some(format!("the summary is too short: {}", signature.summary));
    }
    if signature.examples.is_empty() {
        return Some("there is no example".to_owned());
    }
    let bare = signature.params.iter().find(|it| it.doc.split_whitespace().count() < 2);
    bare.map(|it| format!("the parameter `{}` is not explained", it.name))
}

/// An expression and its value.
fn function(source: &str, result: &str) -> Result<(), Failed> {
    let found = cases::evaluate(source).unwrap_or_else(|it| it);
    if cases::same(&found, result) {
        return Ok(());
    }
    Err(Failed::from(format!("{source} => {found}, not {result}")))
}

/// A file that checks, is formatted, and whose tests pass.
fn file(name: &str, text: &str, folder: &Path, tested: bool) -> Result<(), Failed> {
    let file = SourceFile::new(name, text);
    let (plan, found) = dsl::compile(&file, &Registry);
    if has_errors(&found) {
        return Err(Failed::from(render::text(&found, &file, false)));
    }
    let plan = plan.ok_or_else(|| Failed::from("there is no plan".to_owned()))?;
    let formatted = dsl::format::format(&file).map_err(|it| format!("{it:?}"))?;
    if formatted != text {
        return Err(Failed::from(format!("it is not formatted; this is:\n{formatted}")));
    }
    if tested && plan.tests.is_empty() {
        return Err(Failed::from("it has no test".to_owned()));
    }
    for test in &plan.tests {
        for (tasks, batch_rows) in [(1, 8192), (4, 1)] {
            let setup = Setup { tasks, batch_rows, seed: 3 };
            let result = run_test(&plan, test, folder, setup).map_err(|it| it.to_string())?;
            if !result.passed() {
                let failures: Vec<_> = result.failures.iter().map(|it| it.1.clone()).collect();
                let text = failures.join("\n");
                return Err(Failed::from(format!("test \"{}\": {text}", test.name)));
            }
        }
    }
    Ok(())
}
