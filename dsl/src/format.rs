//! The one canonical layout of a file.
//!
//! ```text
//!  text ── parse ──► ast::File ── marks: what each place of the text is
//!    │                               │
//!    └── tokens ──► commas ──► lines ──► columns ──► text
//! ```
//!
//! The formatter moves tokens, it does not print the tree: what the author wrote (literals, parentheses, comments) goes
//! through as it stands, and only blanks, line ends and commas at the end of a list change. The tree tells what a token
//! is: a minus before or between, a comparison or the bracket of a type.
//!
//! - Line breaks between items, steps and around operators stay where the author put them; all others go.
//! - A bracket that breaks behind itself breaks before its end too, and its last item ends in a comma.
//! - At most one blank line stays, none beside brackets. Fields of a schema and comments behind lines are aligned.

mod columns;
mod commas;
mod layout;
mod marks;
mod spacing;
mod tokens;

use crate::diagnostic::Diagnostic;
use crate::parse;
use crate::span::SourceFile;

/// The file in its canonical layout; formatting twice changes nothing more. A file that does not parse stays as it is.
pub fn format(file: &SourceFile) -> Result<String, Vec<Diagnostic>> {
    let (tree, found) = parse::parse(file);
    if !found.is_empty() {
        return Err(found);
    }
    let marks = marks::Marks::of(&tree);
    let tokens = commas::settle(tokens::tokens(file.text(), &marks), &marks);
    let mut lines = layout::lines(file, &tokens, &marks);
    columns::align(&mut lines);
    Ok(layout::text(&lines))
}
