//! `weir docs`: the reference, made from the signatures.

use super::{answer, say};
use crate::cli::DocsArgs;
use crate::exit::Exit;
use crate::metrics;
use crate::reference;
use crate::registry::Registry;
use dsl::catalog::Catalog;

/// A subject that is no word of the language.
const METRICS: &str = "metrics";

/// Prints the whole reference, or every meaning of one word.
pub(super) fn docs(args: &DocsArgs) -> Exit {
    let Some(word) = &args.word else {
        answer(&format!("{}\n{}", reference::everything(&Registry), metrics::reference("##")));
        return Exit::Done;
    };
    if word == METRICS {
        answer(&metrics::reference("#"));
        return Exit::Done;
    }
    let text = reference::word(&Registry, word);
    if text.is_empty() {
        let names = Registry.signatures();
        let near =
            dsl::check::suggest::nearest(word, names.iter().map(|it| it.name).chain([METRICS]));
        let hint = near.map_or_else(
            || "`weir docs` lists them all".to_owned(),
            |it| format!("did you mean `{it}`?"),
        );
        say(&format!("weir: there is no word `{word}`; {hint}"));
        return Exit::No;
    }
    answer(&text);
    Exit::Done
}
