//! Diagnostics as people and as machines read them: the line of the source with the place underlined, or JSON lines.
//!
//! ```text
//! error[E0101]: expected an expression, found `,`
//!  --> rules.pipe:7:20
//!   |
//! 7 |   | where a > 3,, b
//!   |                ^ one comma is enough
//!   |
//!   = help: take the second comma away
//! ```
//!
//! Both are the same on every machine: no colour unless asked for, no terminal width, no order but the given one.

use super::{Diagnostic, Severity};
use crate::span::{SourceFile, Span};
use annotate_snippets::{
    Annotation, AnnotationKind, Level, Renderer, Snippet, normalize_untrusted_str,
};
use std::fmt::Write;
use std::ops::Range;

/// Every diagnostic with its source line, a blank line between two; empty when there is none.
pub fn text(diagnostics: &[Diagnostic], file: &SourceFile, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let reports: Vec<String> =
        diagnostics.iter().map(|it| report(it, file, &renderer) + "\n").collect();
    reports.join("\n")
}

fn report(diagnostic: &Diagnostic, file: &SourceFile, renderer: &Renderer) -> String {
    let level = match diagnostic.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    // Only the lines that are shown: the library would look through all of the others for each finding.
    let spans = || diagnostic.related.iter().map(|(span, _)| *span).chain([diagnostic.span]);
    let whole = spans().fold(diagnostic.span, Span::to);
    let (first, lines) = file.lines(whole);
    let text = file.at(lines);
    let mark = |kind: AnnotationKind, span: Span, label: &str| -> Annotation<'static> {
        let label = (!label.is_empty()).then(|| label.to_owned());
        let Range { start, end } = range(span, file.text());
        let inside = |at: usize| at.clamp(lines.start, lines.end) - lines.start;
        kind.span(inside(start)..inside(end)).label(label)
    };
    let related =
        diagnostic.related.iter().map(|(span, label)| mark(AnnotationKind::Context, *span, label));
    let snippet = Snippet::source(text)
        .line_start(first)
        .path(file.name())
        .annotation(mark(AnnotationKind::Primary, diagnostic.span, &diagnostic.label))
        .annotations(related);
    let title = level.primary_title(&diagnostic.message).id(diagnostic.code.to_string());
    let mut group = title.element(snippet);
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(normalize_untrusted_str(help)));
    }
    renderer.render(&[group])
}

/// The bytes of a span, kept inside the text and off the middle of a character.
fn range(span: Span, text: &str) -> Range<usize> {
    let end = text.ceil_char_boundary(span.end);
    text.floor_char_boundary(span.start).min(end)..end
}

/// One JSON object a line. Lines and columns count from 1, columns in characters; an end is the first place behind.
pub fn json(diagnostics: &[Diagnostic], file: &SourceFile) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        object(&mut out, diagnostic, file).expect("writing to a string cannot fail");
        out.push('\n');
    }
    out
}

fn object(out: &mut String, diagnostic: &Diagnostic, file: &SourceFile) -> std::fmt::Result {
    let severity = match diagnostic.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    write!(out, "{{\"code\":\"{}\",\"severity\":\"{severity}\",\"message\":", diagnostic.code)?;
    quoted(out, &diagnostic.message)?;
    out.push_str(",\"file\":");
    quoted(out, file.name())?;
    out.push(',');
    place(out, diagnostic.span, file)?;
    out.push_str(",\"help\":");
    match &diagnostic.help {
        Some(help) => quoted(out, help)?,
        None => out.push_str("null"),
    }
    out.push_str(",\"fixes\":[");
    for (i, fix) in diagnostic.fixes.iter().enumerate() {
        out.push_str(if i == 0 { "{" } else { ",{" });
        place(out, fix.span, file)?;
        out.push_str(",\"text\":");
        quoted(out, &fix.text)?;
        out.push('}');
    }
    out.push_str("]}");
    Ok(())
}

fn place(out: &mut String, span: Span, file: &SourceFile) -> std::fmt::Result {
    let Range { start, end } = range(span, file.text());
    let (start, end) = (file.position(start), file.position(end));
    write!(
        out,
        "\"line\":{},\"column\":{},\"end_line\":{},\"end_column\":{}",
        start.line, start.column, end.line, end.column
    )
}

/// A JSON string: quotes, backslashes and control characters escaped, all else as it stands.
fn quoted(out: &mut String, text: &str) -> std::fmt::Result {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // U+2028 and U+2029 are legal in JSON, but many readers of lines stop at them.
            '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' | '\u{7f}' => {
                write!(out, "\\u{:04x}", u32::from(character))?;
            }
            other => out.push(other),
        }
    }
    out.push('"');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;

    fn example() -> (SourceFile, Diagnostic) {
        let file = SourceFile::new("a \"b\".pipe", "param n: int = 1\nstream é = x, y\n");
        let diagnostic = Diagnostic::new(Code::UnexpectedText, Span::new(30, 31), "no `,`\there")
            .label("this one")
            .related(Span::new(6, 7), "like here")
            .help("take it away")
            .fix(Span::new(30, 33), "");
        (file, diagnostic)
    }

    #[test]
    fn text_shows_the_place() {
        let (file, diagnostic) = example();
        let expected = "\
error[E0101]: no `,`    here
 --> a \"b\".pipe:2:13
  |
1 | param n: int = 1
  |       - like here
2 | stream é = x, y
  |             ^ this one
  |
  = help: take it away
";
        assert_eq!(text(&[diagnostic], &file, false), expected);
    }

    #[test]
    fn lines_that_are_not_shown_make_no_difference() {
        let text = format!("{}one\ntwo\n{}", "before\n".repeat(20), "behind\n".repeat(20));
        let start = text.find("two").unwrap();
        let file = SourceFile::new("t", text);
        let found = Diagnostic::new(Code::UnexpectedText, Span::new(start, start + 3), "m")
            .related(Span::new(0, 6), "first");
        let shown = super::text(&[found], &file, false);
        assert!(shown.contains(" --> t:22:1") && shown.contains(" 1 | before"), "{shown}");
        assert!(shown.contains("22 | two") && !shown.contains("behind"), "{shown}");
    }

    #[test]
    fn colour_only_when_asked_for() {
        let (file, diagnostic) = example();
        let found = [diagnostic];
        assert!(!text(&found, &file, false).contains('\u{1b}'));
        assert!(text(&found, &file, true).contains('\u{1b}'));
    }

    #[test]
    fn json_is_one_object_a_line() {
        let (file, diagnostic) = example();
        let expected = r#"{"code":"E0101","severity":"error","message":"no `,`\there","file":"a \"b\".pipe","line":2,"column":13,"end_line":2,"end_column":14,"help":"take it away","fixes":[{"line":2,"column":13,"end_line":2,"end_column":16,"text":""}]}"#;
        assert_eq!(json(&[diagnostic], &file), format!("{expected}\n"));
    }

    #[test]
    fn places_behind_the_text_are_its_end() {
        let file = SourceFile::new("t", "é");
        let odd = Diagnostic::new(Code::UnexpectedText, Span::new(1, 9), "m");
        assert!(text(std::slice::from_ref(&odd), &file, false).contains("t:1:1"));
        assert!(json(&[odd], &file).contains("\"end_line\":1,\"end_column\":2"));
    }
}
