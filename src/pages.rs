//! The pages of the connectors in `docs/connectors`: what the signature of a connector says, what it promises, a whole
//! pipeline that the tests run, and what only a person can say (errors, limits).
//!
//! ```text
//!  signature, formats, promise ─┐
//!  docs/connectors/NAME.pipe ───┼─► page ─► docs/connectors/NAME.md
//!  src/pages/NAME.md ───────────┘
//! ```

use crate::reference;
use dsl::catalog::Catalog;
use dsl::diagnostic::render;
use dsl::plan::Plan;
use dsl::signature::{Kind, Signature};
use dsl::span::SourceFile;
use engine::error::{Error, Result};
use std::fmt::Write;

/// A page of the documentation, but for what the vocabulary knows itself.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// The word: a source, a sink, or both.
    pub name: &'static str,
    /// A whole pipeline that uses it.
    pub pipeline: &'static str,
    /// Where the tests run that pipeline, as a sentence ends: `against Mosquitto`.
    pub runs: &'static str,
    /// Errors and limits, in Markdown.
    notes: &'static str,
}

macro_rules! page {
    ($name:literal, $runs:literal) => {
        Page {
            name: $name,
            pipeline: include_str!(concat!("../docs/connectors/", $name, ".pipe")),
            runs: $runs,
            notes: include_str!(concat!("pages/", $name, ".md")),
        }
    };
}

/// Every page.
pub static PAGES: [Page; 8] = [
    page!("file", "over CSV files"),
    page!("mqtt", "over Mosquitto"),
    page!("influxdb", "into InfluxDB 1.8, and ask the points back"),
    page!("parquet", "into an S3 server, and ask the rows back with `weir query`"),
    page!("generate", "twice, with the same rows"),
    page!("memory", "in a program that feeds it and reads what comes out"),
    page!("console", "with standard output in a pipe"),
    page!("null", "and look at the report"),
];

/// The text of a page. An error is a mistake in its pipeline.
pub fn text(catalog: &dyn Catalog, page: &Page) -> Result<String> {
    let name = page.name;
    let file = SourceFile::new(format!("{name}.pipe"), page.pipeline);
    let (plan, found) = dsl::compile(&file, catalog);
    let plan = plan.ok_or_else(|| Error::bug(render::text(&found, &file, false)))?;
    let mut text = format!(
        "# `{name}`\n\n<!-- Made from the signature, {name}.pipe and src/pages/{name}.md by \
         `GOLDEN=update cargo test --test all pages`. -->\n"
    );
    for (kind, heading) in [(Kind::Source, "The source"), (Kind::Sink, "The sink")] {
        if let Some(signature) = catalog.signature(kind, name) {
            put(&mut text, format_args!("\n## {heading}\n\n{}", reference::explained(signature)));
            put(&mut text, format_args!("\n{}\n", formats(catalog, signature)));
            let promise = promise(catalog, kind, &plan, name)
                .ok_or_else(|| Error::bug(format!("the pipeline of the page has no {heading}")))?;
            put(&mut text, format_args!("\n{promise}\n"));
        }
    }
    put(
        &mut text,
        format_args!(
            "\n## A pipeline\n\n[{name}.pipe]({name}.pipe), which the tests run {}:\n\n```pipe\n{}```\n\n{}",
            page.runs, page.pipeline, page.notes
        ),
    );
    Ok(text)
}

/// Which formats it takes.
fn formats(catalog: &dyn Catalog, signature: &Signature) -> String {
    let takes = signature.params.iter().any(|it| {
        it.name == "format" && matches!(it.takes, dsl::signature::Takes::Word(Kind::Format))
    });
    if !takes {
        return "**Formats.** It takes none of them: rows have a form of their own here."
            .to_owned();
    }
    let all = catalog.signatures().into_iter().filter(|it| it.kind == Kind::Format);
    let all: Vec<String> = all.map(|it| format!("`{}`", it.name)).collect();
    format!("**Formats.** {}; `weir docs FORMAT` says what each takes.", all.join(", "))
}

/// What it promises, as it is used in the pipeline of the page.
fn promise(catalog: &dyn Catalog, kind: Kind, plan: &Plan, name: &str) -> Option<String> {
    if kind == Kind::Source {
        let source = plan.sources.iter().find(|it| it.connector.word == name)?;
        let promise = catalog.source(name)?.promise(&source.connector.args);
        let again = if promise.replayable { "can be read again" } else { "cannot be read again" };
        return Some(format!("**Promise.** Rows {again} after a crash: {}.", promise.reason));
    }
    let sink = plan.sinks.iter().find(|it| it.connector.word == name)?;
    let promise = catalog.sink(name)?.promise(&sink.connector.args);
    Some(format!("**Promise.** {}: {}.", capital(&promise.guarantee.to_string()), promise.reason))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |it| it.to_uppercase().chain(letters).collect())
}

fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing to a String cannot fail");
}
