//! An explanation as text. It is the same for the same file, so that it can be compared.

use super::{Explanation, SourceLine, StreamLine};

/// The explanation for people.
pub fn text(explanation: &Explanation) -> String {
    let mut text = String::new();
    explanation.sources.iter().for_each(|it| source(&mut text, it));
    explanation.streams.iter().for_each(|it| stream(&mut text, it));
    line(&mut text, format_args!("paths, and what each can promise across a crash"));
    for path in &explanation.paths {
        let through = path.through.join(" → ");
        line(&mut text, format_args!("  {through}"));
        line(&mut text, format_args!("    {}: {}", path.guarantee, path.reason));
    }
    line(&mut text, format_args!("\nside streams"));
    for side in &explanation.sides {
        let readers = if side.readers.is_empty() {
            "nobody reads it: counted, the newest few in the summary".to_owned()
        } else {
            format!("read by {}", side.readers.join(", "))
        };
        line(&mut text, format_args!("  {}: {readers}", side.name));
    }
    text
}

fn source(text: &mut String, source: &SourceLine) {
    let format = source.format.as_ref().map_or_else(String::new, |it| format!(", {it}"));
    let ends = if source.bounded { "ends by itself" } else { "does not end" };
    line(text, format_args!("source {}: {}{format}, {ends}", source.name, source.connector));
    line(text, format_args!("  watermark: {}", source.watermark));
    let decoded = source.decoded.join(", ");
    line(
        text,
        format_args!("  reads {} of {} columns: {decoded}\n", source.decoded.len(), source.columns),
    );
}

fn stream(text: &mut String, stream: &StreamLine) {
    let from = match &stream.meets {
        Some(word) => format!("{word}({})", stream.from.join(", ")),
        None => stream.from.join(", "),
    };
    line(text, format_args!("{} {}: from {from}", stream.kind, stream.name));
    for step in &stream.steps {
        let mut notes = Vec::new();
        if let Some(by) = &step.by {
            notes.push(if by.is_empty() {
                "all rows in one task".to_owned()
            } else {
                format!("by {}", by.join(", "))
            });
            notes.push(
                if step.crosses { "rows cross" } else { "rows are there already" }.to_owned(),
            );
        }
        notes.extend(step.watermark.iter().map(|it| format!("watermark {it}")));
        let notes =
            if notes.is_empty() { String::new() } else { format!("  ({})", notes.join("; ")) };
        line(text, format_args!("  | {}  {}{notes}", step.verb, step.id));
    }
    if let Some(connector) = &stream.connector {
        line(text, format_args!("  | into {connector}"));
    }
    line(text, format_args!("  {}\n", stream.columns.join(", ")));
}

fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.push_str(&std::fmt::format(what));
    text.push('\n');
}
