//! What is wrong with a file, said so that the reader knows what to type.
//!
//! A [`Diagnostic`] is plain data; [`render`] turns it into text only at the edge. Messages are lowercase, name the
//! thing in backticks and say what was expected and what was found; the help says what to type.

pub mod code;
pub mod render;

pub use code::Code;

use crate::span::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The file cannot run.
    Error,
    /// It runs, and probably not as meant.
    Warning,
}

/// One finding about one place of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which kind of finding, stable over releases; its number tells errors from warnings.
    pub code: Code,
    /// What is wrong: one line, lowercase, no full stop.
    pub message: String,
    /// The place that is underlined.
    pub span: Span,
    /// What stands behind the underline; may be empty.
    pub label: String,
    /// Other places that matter (`first defined here`).
    pub related: Vec<(Span, String)>,
    /// What to type instead.
    pub help: Option<String>,
    /// Edits that would mend it.
    pub fixes: Vec<Fix>,
}

/// Replace the text at `span` by `text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What is replaced; may be empty.
    pub span: Span,
    /// By what.
    pub text: String,
}

impl Diagnostic {
    /// A finding at `span`.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            span,
            label: String::new(),
            related: Vec::new(),
            help: None,
            fixes: Vec::new(),
        }
    }

    /// Puts text behind the underline.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Points to another place.
    #[must_use]
    pub fn related(mut self, span: Span, label: impl Into<String>) -> Self {
        self.related.push((span, label.into()));
        self
    }

    /// Says what to type.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Offers an edit.
    #[must_use]
    pub fn fix(mut self, span: Span, text: impl Into<String>) -> Self {
        self.fixes.push(Fix { span, text: text.into() });
        self
    }

    /// The same finding `by` bytes further on: from a piece of a text to the whole of it.
    #[must_use]
    pub fn shifted(mut self, by: usize) -> Self {
        self.span = self.span.shifted(by);
        self.related.iter_mut().for_each(|(span, _)| *span = span.shifted(by));
        self.fixes.iter_mut().for_each(|it| it.span = it.span.shifted(by));
        self
    }

    /// Error or warning, told by the code.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}

/// Whether any of these keeps the file from running.
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|it| it.severity() == Severity::Error)
}
