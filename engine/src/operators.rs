//! The steps of the language: one file a word, one line a word in [`all`].
//!
//! A word is a [`StepRule`](dsl::catalog::StepRule) (what the checker asks), an [`OperatorDef`] (what the planner asks)
//! and an [`Operator`](crate::operator::Operator) (what runs).

use crate::operator::OperatorDef;

mod drop;
mod rename;

/// Every step, in the order of the reference.
pub fn all() -> &'static [&'static dyn OperatorDef] {
    &[&drop::Drop, &rename::Rename]
}
