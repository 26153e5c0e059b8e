//! Expressions: compiled once from the typed plan, then worked out batch by batch, column by column.
//!
//! ```text
//!  plan::Expr ──compile──► tree of nodes ──evaluate(frame)──► values + faults
//!                                │
//!                     a View of the rows that are needed:
//!                     the whole frame, or what a branch leaves to its right side
//! ```
//!
//! - **Errors are masks, not results.** A node yields a value for every row of its view and notes a [`Fault`] for each row
//!   that it could not work out; such a row is null and the others are not disturbed. Children are worked out from left to
//!   right, and the first fault of a row is the one that counts.
//! - **A branch that is not needed cannot fail.** `and`, `or`, `??` and `if` hand only those rows to their right side that
//!   the left side has not decided. Where the right side cannot fail at all, both sides are worked out over all rows.
//! - **Constants stay one value.** A literal is never spread over the rows; kernels take it as a scalar.
//! - **Floats compare as IEEE says** (NaN equals nothing, -0 equals 0), integers and decimals never wrap.

#[cfg(test)]
mod agreement;
mod arithmetic;
mod branch;
mod cast;
mod compare;
mod compile;
mod decimal;
mod leaf;
mod literal;
mod logic;
mod nested;
pub mod parse;
mod quotient;
mod template;
mod text;
mod time;
mod vector;
mod view;

pub(crate) use arithmetic::whole_quotient;
pub use literal::json_of;

pub(crate) use compile::{Evaluate, Node, compile_as};
#[cfg(test)]
pub(crate) use text::Texts;
pub(crate) use text::shown;
pub(crate) use vector::{Vector, all_same, conform, made};
pub(crate) use view::{Faults, View};

use crate::error::Result;
use crate::operator::Frame;
use crate::reason::Fault;
use crate::types::data_type;
use arrow::array::{ArrayRef, BooleanArray};
use arrow::compute::nullif;
use compile::compile;
use dsl::plan;
use dsl::types::Column;

/// A compiled expression.
#[derive(Debug)]
pub struct Program {
    node: Node,
}

/// What an expression yields over a frame.
#[derive(Debug)]
pub struct Evaluated {
    /// A value a row, of the Arrow type of the expression; null where there is a fault.
    pub values: ArrayRef,
    /// The rows that could not be worked out, in order, each with its first fault.
    pub faults: Vec<Fault>,
}

/// Columns that are made from left to right, a later one seeing the earlier ones.
#[derive(Debug)]
pub struct Items {
    programs: Vec<(String, Program)>,
}

impl Program {
    /// Compiles an expression over rows with these columns, which are those of the frame, in order. The last of several
    /// columns of one name is the one that is meant.
    pub fn compile(expr: &plan::Expr, columns: &[Column]) -> Result<Program> {
        Ok(Program { node: compile(expr, columns)? })
    }

    /// Works it out.
    pub fn evaluate(&self, frame: &Frame<'_>) -> Result<Evaluated> {
        let view = View::whole(*frame);
        let mut faults = Faults::default();
        let values = self.node.evaluate(&view, &mut faults)?.into_array(view.rows())?;
        let faults = faults.into_sorted();
        Ok(Evaluated { values: without_faulty(values, &faults)?, faults })
    }
}

impl Items {
    /// Compiles items over rows with these columns.
    pub fn compile(items: &[plan::Item], columns: &[Column]) -> Result<Items> {
        let mut columns = columns.to_vec();
        let mut programs = Vec::with_capacity(items.len());
        for item in items {
            programs.push((item.name.clone(), Program::compile(&item.value, &columns)?));
            columns.push(Column::new(item.name.clone(), item.value.typed.clone()));
        }
        Ok(Items { programs })
    }

    /// Works them out: a column an item, and the rows that one of them could not be worked out for, in order, each with
    /// its first fault.
    pub fn evaluate(&self, frame: &Frame<'_>) -> Result<(Vec<ArrayRef>, Vec<Fault>)> {
        let inputs = frame.columns.len();
        let mut columns = frame.columns.to_vec();
        let mut faults = Faults::default();
        for (name, program) in &self.programs {
            let mut evaluated = program.evaluate(&Frame { columns: &columns, ..*frame })?;
            for fault in &mut evaluated.faults {
                fault.column.get_or_insert_with(|| name.clone());
            }
            faults.append(evaluated.faults);
            columns.push(evaluated.values);
        }
        Ok((columns.split_off(inputs), faults.into_sorted()))
    }
}

/// Works out several expressions over the same rows; what is found wrong is added to `faults`.
pub(crate) fn evaluate(
    programs: &[Program],
    frame: &Frame<'_>,
    faults: &mut Vec<Fault>,
) -> Result<Vec<ArrayRef>> {
    let column = |program: &Program| {
        let found = program.evaluate(frame)?;
        faults.extend(found.faults);
        Ok(found.values)
    };
    programs.iter().map(column).collect()
}

/// The column that [`plan::ExprKind::Aggregate`] number `i` is read from.
pub fn aggregate_column(i: usize) -> String {
    // No name of the language can contain a zero character, so it hides nothing.
    format!("\0{i}")
}

/// The values with null in the rows of the faults.
fn without_faulty(values: ArrayRef, faults: &[Fault]) -> Result<ArrayRef> {
    if faults.is_empty() || *values.data_type() == data_type(&dsl::types::Type::Null) {
        return Ok(values);
    }
    let mut faulty = vec![false; values.len()];
    for fault in faults {
        faulty[fault.row as usize] = true;
    }
    Ok(nullif(&values, &BooleanArray::from(faulty))?)
}
