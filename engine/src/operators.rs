//! The steps of the language: one file a word, one line a word in [`all`].
//!
//! A word is a [`StepRule`] (what the checker asks), an [`OperatorDef`] (what the planner asks)
//! and an [`Operator`](crate::operator::Operator) (what runs).

use crate::operator::OperatorDef;
use dsl::catalog::StepRule;

mod aggregate;
mod changed;
mod dedupe;
mod detect;
mod drop;
mod extend;
mod rename;
mod select;
// `where` is a word of Rust, too; the file is still named like the word.
#[path = "operators/where.rs"]
mod where_;
mod window;

/// Every step, in the order of the reference.
pub fn all() -> &'static [&'static dyn OperatorDef] {
    &[
        &where_::Where,
        &select::Select,
        &extend::Extend,
        &drop::Drop,
        &rename::Rename,
        &window::Window,
        &aggregate::Aggregate,
        &detect::Detect,
        &changed::Changed,
        &dedupe::Dedupe,
    ]
}

/// Whether a step of this name can find rows late.
pub fn finds_late_rows(word: &str) -> bool {
    get(word).is_some_and(StepRule::finds_late_rows)
}

/// The step of this name.
pub fn get(word: &str) -> Option<&'static dyn OperatorDef> {
    all().iter().copied().find(|it| it.signature().name == word)
}
