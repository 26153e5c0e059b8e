//! `greatest` and `least`: like `max` and `min` of a window they leave out nulls, and floats that are not a number.
//!
//! DataFusion's put those floats in order by their bits: whether one is the greatest or the least of all would depend on
//! a sign that nobody sees.

use crate::error::Result;
use crate::expr::{Node, Vector};
use crate::function::Runs::Own;
use crate::function::{
    Call, Column, Function, Refused, applied, library, numbers, ordered, unified, word,
};
use arrow::array::ArrayRef;
use arrow::datatypes::Float64Type;
use datafusion_functions::core;
use dsl::signature::{Param, Place};
use dsl::types::Type;
use std::sync::Arc;

const DETAILS: &str = "Null where all are. Floats that are not a number are left out, too, unless there is nothing else.";

/// The words of this file.
pub(super) fn words() -> Vec<Function> {
    let others =
        || Param { place: Place::Repeated, ..ordered("others", "What it is compared with.") };
    let greatest = word("greatest", "The greatest of several values, nulls left out.", unified)
        .details(DETAILS)
        .takes(ordered("value", "A value."))
        .takes(others())
        .example("greatest(3, 9, null as int, 4)", "9")
        .example("greatest(1, 2.5)", "2.5")
        .runs(Own(|call| compile(call, true)));
    let least = word("least", "The least of several values, nulls left out.", unified)
        .details(DETAILS)
        .takes(ordered("value", "A value."))
        .takes(others())
        .example("least(3, 9, null as int, 4)", "3")
        .example("least(@2026-03-01, @2026-02-01)", "\"2026-02-01\"")
        .runs(Own(|call| compile(call, false)));
    [greatest, least].concat()
}

fn compile(call: &Call<'_>, greatest: bool) -> Result<Node> {
    let call = &Call { wanted: vec![Some(call.ty.clone()); call.args.len()], ..*call };
    if matches!(call.ty, Type::Float(_)) {
        return Ok(applied(
            call,
            call.nodes()?,
            false,
            move |args: &[Vector], rows, refused: &mut _| floats(greatest, args, rows, refused),
        ));
    }
    library(if greatest { core::greatest() } else { core::least() }, call, false)
}

fn floats(greatest: bool, args: &[Vector], rows: usize, refused: &mut Refused) -> Result<ArrayRef> {
    let columns =
        (0..args.len()).map(|i| Column::<Float64Type>::of(args, i)).collect::<Result<Vec<_>>>()?;
    let better = |best: f64, it: f64| {
        let better = if greatest { it > best } else { it < best };
        if better || best.is_nan() { it } else { best }
    };
    let value = |i| Ok(columns.iter().filter_map(|it| it.get(i)).reduce(better));
    Ok(Arc::new(numbers::<Float64Type>(&Type::FLOAT, rows, refused, value)))
}
