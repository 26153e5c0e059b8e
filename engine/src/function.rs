//! A function of expressions: what a user reads about it, and how a call of it becomes a node.
//!
//! ```text
//!  word("sqrt", …) ──► Function { signature, runs }
//!                                     │
//!        compile(call)  ──────────────┤  Own      our code: kernels over rows, or other nodes put together
//!                                     │  Library  a function of DataFusion behind one adapter
//!                                     ▼
//!                     Node: arguments ──Work──► values, and the rows that were refused
//! ```
//!
//! - **Types are settled when a call is compiled.** Arguments are converted to what the function takes before the first
//!   row; nothing is guessed from values.
//! - **A row that is refused does not disturb the others.** Our kernels refuse row by row. DataFusion fails a whole batch:
//!   then the batch is halved until the rows at fault are known.
//! - **Constants stay one value**, and what is known of them (a pattern, a time zone) is worked out once.
//! - None reads the clock, chance or the network, and none depends on how rows are batched.

pub(crate) mod calendar;
mod call;
mod library;
mod values;
mod word;

pub(crate) use call::{Call, Refusal, Refused, Work, applied, known_text, misused};
pub(crate) use library::library;
pub(crate) use values::{Column, Texts, answers, numbers, texts};
pub(crate) use word::{
    a_date, a_float, a_text, a_timestamp, an_int, any, boolean, duration, first, float, int,
    number, ordered, text, time, timestamp, truth, unified, word,
};

use crate::error::Result;
use crate::expr::Node;
use datafusion_expr::ScalarUDF;
use dsl::signature::Signature;
use std::sync::Arc;

/// A function of the language.
#[derive(Clone, Debug)]
pub struct Function {
    signature: Signature,
    runs: Runs,
}

/// What works a function out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Runs {
    /// A function of DataFusion that takes every value of its types.
    Total(fn() -> Arc<ScalarUDF>),
    /// A function of DataFusion that refuses some values.
    Library(fn() -> Arc<ScalarUDF>),
    /// Our own code.
    Own(fn(&Call<'_>) -> Result<Node>),
}

impl Function {
    /// What a user reads about it, and how calls are checked.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The node of a call.
    pub(crate) fn compile(&self, call: &Call<'_>) -> Result<Node> {
        match self.runs {
            Runs::Total(function) => library(function(), call, false),
            Runs::Library(function) => library(function(), call, true),
            Runs::Own(compile) => compile(call),
        }
    }
}
