//! From syntax tree to typed plan: every name resolved, every argument bound, every expression typed.

pub mod rules;
pub mod suggest;
pub mod unify;
