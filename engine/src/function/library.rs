//! The adapter to DataFusion's scalar functions.
//!
//! ```text
//!  arguments ──convert──► columns or scalars ──invoke──► values ──convert──► our type
//!                                               │ fails
//!                              ┌── first half ──┤
//!                              └── second half ─┘  … until one row is left: that one is refused
//! ```
//!
//! A row of a batch that fails costs as many calls as the batch can be halved, so a batch of which every row fails costs
//! two calls a row: slow, but such a batch is not the common case.

use super::{Call, Refusal, Refused, Work, applied};
use crate::error::{Error, Result};
use crate::expr::{Node, Vector, conform};
use crate::types::data_type;
use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::compute::{CastOptions, can_cast_types, cast_with_options, concat};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion_common::config::ConfigOptions;
use datafusion_common::{DataFusionError, ScalarValue};
use datafusion_expr::type_coercion::functions::fields_with_udf;
use datafusion_expr::{ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF};
use dsl::types::Type;
use std::ops::Range;
use std::sync::Arc;

/// Conversions refuse what does not fit.
const EXACT: CastOptions<'static> =
    CastOptions { safe: false, format_options: arrow::util::display::FormatOptions::new() };

/// The node of a call of a library function.
pub(crate) fn library(function: Arc<ScalarUDF>, call: &Call<'_>, can_fail: bool) -> Result<Node> {
    let nodes = call.nodes()?;
    let types: Vec<DataType> = call
        .args
        .iter()
        .zip(&call.wanted)
        .map(|(arg, wanted)| data_type(wanted.as_ref().unwrap_or(&arg.typed.ty)))
        .collect();
    if *call.ty == Type::Null {
        return Ok(applied(call, nodes, false, nothing));
    }
    let library = Library::new(function, &types, call.data_type()).map_err(|error| {
        Error::bug(format!("`{}` does not take what its signature says", call.name)).because(error)
    })?;
    Ok(applied(call, nodes, can_fail, library))
}

/// What is made of nulls alone.
#[expect(clippy::unnecessary_wraps, reason = "it is a `Work`")]
fn nothing(_args: &[Vector], rows: usize, _refused: &mut Refused) -> Result<ArrayRef> {
    Ok(new_null_array(&DataType::Null, rows))
}

struct Library {
    function: Arc<ScalarUDF>,
    /// What it takes, which may differ from our types in width.
    takes: Vec<FieldRef>,
    /// What it yields.
    yields: FieldRef,
    /// What we make of that.
    data_type: DataType,
    options: Arc<ConfigOptions>,
}

impl Library {
    fn new(
        function: Arc<ScalarUDF>,
        types: &[DataType],
        data_type: DataType,
    ) -> Result<Self, DataFusionError> {
        let field = |ty: &DataType| Arc::new(Field::new("", ty.clone(), true));
        let given: Vec<FieldRef> = types.iter().map(field).collect();
        let takes = fields_with_udf(&given, function.as_ref())?;
        let yields = function.return_field_from_args(ReturnFieldArgs {
            arg_fields: &takes,
            scalar_arguments: &vec![None; takes.len()],
        })?;
        let fits = |from: &DataType, to: &DataType| from == to || can_cast_types(from, to);
        let args_fit = given.iter().zip(&takes).all(|(a, b)| fits(a.data_type(), b.data_type()));
        if !args_fit || !fits(yields.data_type(), &data_type) {
            let message = format!("{takes:?} to {yields} are not our types");
            return Err(DataFusionError::Plan(message));
        }
        Ok(Self { function, takes, yields, data_type, options: Arc::default() })
    }

    /// The function over some of the rows.
    fn invoke(&self, args: &[Vector], rows: Range<usize>) -> Result<ArrayRef, DataFusionError> {
        let number_rows = rows.len();
        let arg = |(arg, takes): (&Vector, &FieldRef)| -> Result<ColumnarValue, DataFusionError> {
            let array = match arg {
                Vector::Each(array) => array.slice(rows.start, rows.len()),
                Vector::Same(array) => array.clone(),
            };
            let array = converted(array, takes.data_type())?;
            Ok(match arg {
                Vector::Each(_) => ColumnarValue::Array(array),
                Vector::Same(_) => ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?),
            })
        };
        let values = self.function.invoke_with_args(ScalarFunctionArgs {
            args: args.iter().zip(&self.takes).map(arg).collect::<Result<_, _>>()?,
            arg_fields: self.takes.clone(),
            number_rows,
            return_field: self.yields.clone(),
            config_options: self.options.clone(),
        })?;
        let values = values.into_array(number_rows)?;
        if values.len() != number_rows {
            let message = format!("{} values for {number_rows} rows", values.len());
            return Err(DataFusionError::Internal(message));
        }
        converted(values, &self.data_type)
    }

    /// The same, halved until only rows at fault fail.
    fn salvage(
        &self,
        args: &[Vector],
        rows: Range<usize>,
        parts: &mut Vec<ArrayRef>,
        refused: &mut Refused,
    ) {
        match self.invoke(args, rows.clone()) {
            Ok(values) => parts.push(values),
            Err(error) if rows.len() == 1 => {
                parts.push(new_null_array(&self.data_type, 1));
                refused.add(rows.start, Refusal::value(reason(&error)));
            }
            Err(_) => {
                let half = rows.start + rows.len() / 2;
                self.salvage(args, rows.start..half, parts, refused);
                self.salvage(args, half..rows.end, parts, refused);
            }
        }
    }
}

impl Work for Library {
    fn apply(&self, args: &[Vector], rows: usize, refused: &mut Refused) -> Result<ArrayRef> {
        let mut parts = Vec::new();
        self.salvage(args, 0..rows, &mut parts, refused);
        if let [whole] = parts.as_slice() {
            return Ok(whole.clone());
        }
        let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
        Ok(concat(&parts)?)
    }
}

fn converted(array: ArrayRef, to: &DataType) -> Result<ArrayRef, DataFusionError> {
    if array.data_type() == to {
        return Ok(array);
    }
    match conform(&array, to) {
        Ok(array) => Ok(array),
        Err(_) => Ok(cast_with_options(&array, to, &EXACT)?),
    }
}

/// What a library says about a row, without its own names for where that was.
fn reason(error: &DataFusionError) -> String {
    let mut text = error.strip_backtrace();
    for kind in [
        "Execution error: ",
        "Arrow error: ",
        "External error: ",
        "Compute error: ",
        "Cast error: ",
        "Arithmetic overflow: ",
        "Invalid argument error: ",
        "Parser error: ",
    ] {
        if let Some(rest) = text.strip_prefix(kind) {
            text = rest.to_owned();
        }
    }
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => "it refused its arguments".to_owned(),
    }
}
