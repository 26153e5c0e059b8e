//! From syntax tree to typed plan: every name resolved, every argument bound, every expression typed.

mod args;
mod expr;
mod flows;
mod names;
pub mod rules;
pub mod suggest;
mod type_expr;
pub mod unify;

pub use expr::expression;
