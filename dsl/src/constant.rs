//! Constants: what can be worked out before the first row, from literals, params and the environment.

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
