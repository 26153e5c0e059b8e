//! What the grammar knows and this version does not run yet.

use crate::ast::{self, BindingKind, Statement};
use crate::diagnostic::{Code, Diagnostic};
use crate::span::{Name, Span};

/// Reports `use`, tables and attributes. `elsewhere` are the names that a file that is used would have to define.
pub(super) fn report(tree: &ast::File, elsewhere: &[Name], report: &mut Vec<Diagnostic>) {
    for statement in &tree.statements {
        match statement {
            Statement::Use { span, .. } => {
                let help = "copy the statements of the other file into this one";
                let mut diagnostic = not_yet("`use`", *span).help(help);
                for name in elsewhere {
                    let label = format!("`{}` has to be one of them", name.node);
                    diagnostic = diagnostic.related(name.span, label);
                }
                report.push(diagnostic);
            }
            Statement::Binding(it) => {
                for attribute in &it.attributes {
                    let what = format!("the attribute `@{}`", attribute.name.node);
                    let diagnostic = not_yet(&what, attribute.span).help("take it away");
                    report.push(diagnostic.fix(attribute.span, ""));
                }
                if it.kind.node == BindingKind::Table {
                    report.push(not_yet("`table`", it.kind.span).help(
                        "rows cannot be looked up by key yet: what differs by device has to come with its rows",
                    ));
                }
            }
            _ => {}
        }
    }
}

fn not_yet(what: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::NotInThisVersion, span, format!("{what} is not in this version"))
}
