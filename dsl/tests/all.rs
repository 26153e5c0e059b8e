//! The tests of the language that need whole files: one binary, since linking costs more than running.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod support {
    pub(crate) mod catalog;
    #[path = "../../../tests/support/diagnostics.rs"]
    pub(crate) mod diagnostics;
    #[allow(dead_code, reason = "the golden tests of the whole project use more of it")]
    #[path = "../../../tests/support/markdown.rs"]
    pub(crate) mod markdown;
    pub(crate) mod rules;
    pub(crate) mod sexpr;
}
mod syntax {
    mod cases;
    mod format;
    mod mistakes;
    mod recovery;
    mod robust;
}
mod check {
    mod example;
    mod expr_constants;
    mod pipelines;
    mod plans;
}
