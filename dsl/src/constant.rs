//! Constants: what can be worked out before the first row, from literals, params and the environment.
//!
//! ```text
//!  Plan with open constants ──close(--set, environment)──► Plan, every constant a value
//!       params            = --set, else a test's `set`, else their default; in their bounds
//!       env(…), secret(…) = read now, only where they are needed
//! ```
//!
//! Everything that is missing or wrong is said at once. What a secret or a variable of the environment holds never stands
//! in a message.

mod calculate;
mod close;
mod convert;
mod decimal;
mod evaluate;
mod literal;
mod set;
#[cfg(test)]
mod tests;
mod text;
pub(crate) mod walk;

pub use close::{close, close_for_test};
pub(crate) use decimal::order;
pub use evaluate::evaluate_closed;
pub(crate) use literal::{literal, literal_type, type_of};

use crate::plan::{Expr, ExprKind};
use std::fmt;

/// The world outside as far as `env("NAME")` and `secret("file")` can see it; an argument, so that tests bring their own.
pub trait Environment {
    /// A variable of the environment.
    fn env(&self, name: &str) -> Option<String>;

    /// The content of a secret's file, without the newline at its end.
    fn secret(&self, path: &str) -> Result<String, String>;
}

/// Whose mistake it is: it decides the exit code of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// What was given with `--set` (or should have been): wrong usage.
    Usage,
    /// The world the run starts in: a variable or secret is missing.
    Environment,
}

/// Why a constant has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConstantError {
    /// Whose mistake it is.
    pub fault: Fault,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for ConstantError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConstantError {}

/// Whether this holds for the expression or anything in it.
pub(crate) fn any(expr: &Expr, holds: &dyn Fn(&Expr) -> bool) -> bool {
    holds(expr) || expr.children().into_iter().any(|it| any(it, holds))
}

/// A param, `env(…)` or `secret(…)`.
pub(crate) fn is_open(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Param(_)) || is_outside(expr)
}

/// `env(…)` or `secret(…)`: what a message must not show.
pub(crate) fn is_outside(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Call { function, .. } if function == "env" || function == "secret")
}
