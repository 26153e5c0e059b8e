//! The tests of the language that need whole files: one binary, since linking costs more than running.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod support {
    pub(crate) mod catalog;
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
}
