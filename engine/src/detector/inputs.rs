//! What a detector asks of each row, and the arguments that are a constant or a column.

use super::Readings;
use crate::error::{Error, Result};
use crate::expr::Program;
use arrow::array::{Array, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::datatypes::{DurationMicrosecondType, Float64Type};
use dsl::plan::{Arg, Call, Expr, ExprKind};
use dsl::signature::{Constant, Param, Takes};
use dsl::types::{Column, Type};
use dsl::value::Value;

/// The expressions that a detector needs the values of.
#[derive(Debug)]
pub struct Inputs<'a> {
    columns: &'a [Column],
    programs: Vec<Program>,
}

/// An argument that is the same for every row, or one of the inputs.
#[derive(Clone, Copy, Debug)]
pub enum Setting<T> {
    /// The same for every row; none: nothing.
    Constant(Option<T>),
    /// The input of this number.
    Input(usize),
}

/// The values of a [`Setting`].
#[derive(Clone, Copy, Debug)]
pub enum Settings<'a, P: ArrowPrimitiveType> {
    /// The same for every row.
    Constant(Option<P::Native>),
    /// One a row.
    Each(&'a PrimitiveArray<P>),
}

impl<'a> Inputs<'a> {
    /// Expressions over rows with these columns.
    pub(crate) fn new(columns: &'a [Column]) -> Self {
        Self { columns, programs: Vec::new() }
    }

    /// Asks for a number a row, as a float; returns the number of the input.
    pub fn number(&mut self, expr: &Expr) -> Result<usize> {
        let typed = Type::FLOAT.required().with_nullable(expr.typed.nullable);
        let kind = ExprKind::Cast { value: Box::new(expr.clone()), lenient: false };
        self.add(&Expr { kind, typed, span: expr.span })
    }

    /// An argument that is a number or a column of numbers; nothing where it is left out.
    pub fn number_setting(&mut self, call: &Call, name: &str) -> Result<Setting<f64>> {
        match call.args.get(name) {
            Some(Arg::Expr(expr)) => Ok(Setting::Input(self.number(expr)?)),
            _ => Ok(Setting::Constant(call.args.opt_float(name)?)),
        }
    }

    /// An argument that is a duration or a column of durations; nothing where it is left out.
    pub fn duration_setting(&mut self, call: &Call, name: &str) -> Result<Setting<i64>> {
        match call.args.get(name) {
            Some(Arg::Expr(expr)) => Ok(Setting::Input(self.add(expr)?)),
            _ => Ok(Setting::Constant(call.args.opt_duration(name)?)),
        }
    }

    fn add(&mut self, expr: &Expr) -> Result<usize> {
        self.programs.push(Program::compile(expr, self.columns)?);
        Ok(self.programs.len() - 1)
    }

    /// What was asked for, in order.
    pub(crate) fn into_programs(self) -> Vec<Program> {
        self.programs
    }
}

impl Readings<'_> {
    /// The numbers of an input.
    pub fn numbers(&self, input: usize) -> Result<&PrimitiveArray<Float64Type>> {
        self.input(input)
    }

    /// The values of an argument that is a number.
    pub fn number_settings(&self, setting: Setting<f64>) -> Result<Settings<'_, Float64Type>> {
        Ok(match setting {
            Setting::Constant(value) => Settings::Constant(value),
            Setting::Input(input) => Settings::Each(self.input(input)?),
        })
    }

    /// The values of an argument that is a duration.
    pub fn duration_settings(
        &self,
        setting: Setting<i64>,
    ) -> Result<Settings<'_, DurationMicrosecondType>> {
        Ok(match setting {
            Setting::Constant(value) => Settings::Constant(value),
            Setting::Input(input) => Settings::Each(self.input(input)?),
        })
    }

    fn input<P: ArrowPrimitiveType>(&self, input: usize) -> Result<&PrimitiveArray<P>> {
        let array = self.inputs.get(input).and_then(|it| it.as_primitive_opt());
        array.ok_or_else(|| Error::bug("a detector reads an input that it did not ask for"))
    }
}

impl<P: ArrowPrimitiveType> Settings<'_, P> {
    /// The value in a row.
    #[inline]
    pub fn at(&self, row: usize) -> Option<P::Native> {
        match self {
            Settings::Constant(value) => *value,
            Settings::Each(values) => values.is_valid(row).then(|| values.value(row)),
        }
    }
}

/// A constant number that is known already; none where it is left out, still open, or a column.
pub(crate) fn constant(call: &Call, name: &str) -> Option<f64> {
    match call.args.get(name) {
        Some(Arg::Value(Value::Int(value))) => Some(*value as f64),
        Some(Arg::Value(Value::Float(value))) => Some(*value),
        _ => None,
    }
}

/// The option `rest`, which all detectors have.
pub(crate) fn rest_param() -> Param {
    let doc = "For how many readings of the key behind an anomaly none is marked as one again, so that an incident does \
               not show with every reading.";
    Param::option("rest", Takes::Constant(Constant::Int), doc).within("0..4294967295").default("0")
}

/// The value of the option `rest`.
pub(crate) fn rest(call: &Call) -> Result<u32> {
    u32::try_from(call.args.int("rest")?).map_err(|_| {
        Error::user(format!("`rest` of `{}` is a number of readings from 0 on", call.word))
    })
}

/// What the sentences about a value call it: its column, if it is one.
pub(crate) fn label(value: &Expr) -> String {
    match &value.kind {
        ExprKind::Column(name) | ExprKind::Member(_, name) => name.clone(),
        ExprKind::Cast { value, .. } => label(value),
        _ => "the value".to_owned(),
    }
}
