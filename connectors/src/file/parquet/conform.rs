//! Turns a column of a file into a column of the source, and finds the rows that the schema refuses.
//!
//! A column is worked through as a whole: converted, its nulls filled or refused, its bounds checked, and so on for the
//! fields of structs and the elements of lists. Where a row is refused, what is made of the column does not matter: the
//! rows are taken out and the rest is converted again.

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, ListArray, StructArray, new_null_array,
};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{DataType, TimeUnit as ArrowUnit};
use arrow::util::display::array_value_to_string;
use dsl::plan::{BinaryOp, Bounds, Expr, ExprKind, Field, TimeUnit};
use dsl::span::Span;
use dsl::types::{Column, Type, Typed};
use dsl::value::Value;
use engine::error::{Error, Result};
use engine::expr::Program;
use engine::operator::Frame;
use engine::reason::{Fault, Reason};
use engine::types::{data_type, field as arrow_field, fields};
use std::sync::Arc;

/// What the checks call the column they look at.
const VALUE: &str = "value";

/// Makes one column as it is declared.
#[derive(Debug)]
pub(super) struct Conform {
    name: String,
    typed: Typed,
    unit: TimeUnit,
    default: Option<Program>,
    bounds: Option<(Program, String)>,
    /// The fields of a struct: the name in the file and what is made of it.
    children: Vec<(String, Conform)>,
    /// The elements of a list.
    element: Option<Box<Conform>>,
}

impl Conform {
    pub(super) fn new(field: &Field) -> Result<Conform> {
        let typed = &field.column.typed;
        let value = Column::new(VALUE, typed.ty.clone().nullable());
        let program = |expr: &Expr| Program::compile(expr, std::slice::from_ref(&value));
        let default = field.default.as_ref().filter(|it| **it != Value::Null);
        let default = default.map(|it| program(&or_else(&typed.ty, it))).transpose()?;
        let bounds = match &field.bounds {
            // Those of a list are those of its elements.
            Some(bounds) if !matches!(typed.ty, Type::List(_)) => {
                Some((program(&inside(&typed.ty, bounds))?, shown(bounds)))
            }
            _ => None,
        };
        let element = match &typed.ty {
            Type::List(element) => {
                let column = Column::new(field.column.name.clone(), element.as_ref().clone());
                let declared =
                    Field { timestamp: field.timestamp.clone(), ..Field::plain(&column) };
                let children = if field.children.is_empty() {
                    declared.children.clone()
                } else {
                    field.children.clone()
                };
                let bounds = field.bounds.clone();
                Some(Box::new(Conform::new(&Field { children, bounds, ..declared })?))
            }
            _ => None,
        };
        let is_struct = matches!(typed.ty, Type::Struct(_));
        let children = field.children.iter().filter(|_| is_struct).map(|child| {
            let wire = child.wire.as_ref().unwrap_or(&child.column.name);
            Ok((wire.clone(), Conform::new(child)?))
        });
        Ok(Conform {
            name: field.column.name.clone(),
            typed: typed.clone(),
            unit: field.timestamp.unit,
            default,
            bounds,
            children: children.collect::<Result<_>>()?,
            element,
        })
    }

    /// The column, and the rows that are refused, each with its first fault. If there are any, the column is not to be
    /// used.
    pub(super) fn apply(&self, found: &ArrayRef) -> Result<(ArrayRef, Vec<Fault>)> {
        let (made, mut faults) = match &self.typed.ty {
            Type::Struct(columns) => self.structs(columns, found)?,
            Type::List(element) => self.lists(element, found)?,
            _ => self.values(found)?,
        };
        // What was refused inside leaves nothing to go on with but the nulls that were there.
        let inside = matches!(self.typed.ty, Type::Struct(_) | Type::List(_));
        let made = match &self.default {
            _ if inside && !faults.is_empty() => Arc::clone(found),
            Some(default) if made.null_count() > 0 => evaluate(default, &made)?,
            _ => made,
        };
        if !self.typed.nullable && self.default.is_none() && made.null_count() > 0 {
            let missing = (0..made.len()).filter(|&row| made.is_null(row));
            let detail = format!("there is no `{}`", self.name);
            faults.extend(missing.map(|row| self.fault(row, Reason::Missing, detail.clone())));
        }
        if let Some((program, shown)) = &self.bounds {
            let inside = evaluate(program, &made)?;
            let outside = rows_where(inside.as_boolean(), false);
            for row in outside {
                let value = array_value_to_string(&made, row)?;
                let detail = format!("{value} is not in {shown}");
                faults.push(self.fault(row, Reason::Range, detail));
            }
        }
        // The first that was found of a row is the one that counts.
        faults.sort_by_key(|it| it.row);
        faults.dedup_by_key(|it| it.row);
        Ok((made, faults))
    }

    /// The column where the file does not have it.
    pub(super) fn absent(&self, rows: usize) -> Result<ArrayRef> {
        let nulls = new_null_array(&data_type(&self.typed.ty), rows);
        match &self.default {
            Some(default) => evaluate(default, &nulls),
            None => Ok(nulls),
        }
    }

    fn values(&self, found: &ArrayRef) -> Result<(ArrayRef, Vec<Fault>)> {
        let wanted = data_type(&self.typed.ty);
        let made = convert(found, &wanted, self.unit)?;
        if made.null_count() == found.null_count() {
            return Ok((made, Vec::new()));
        }
        let lost = (0..made.len()).filter(|&row| made.is_null(row) && found.is_valid(row));
        let mut faults = Vec::new();
        for row in lost {
            let value = array_value_to_string(found, row)?;
            let detail = format!("expected {}, found {value}", self.typed.ty);
            faults.push(self.fault(row, Reason::Type, detail));
        }
        Ok((made, faults))
    }

    fn structs(&self, columns: &[Column], found: &ArrayRef) -> Result<(ArrayRef, Vec<Fault>)> {
        let found_struct = found.as_struct_opt().ok_or_else(|| unexpected(&self.name, found))?;
        let (mut arrays, mut faults) = (Vec::new(), Vec::new());
        for (wire, child) in &self.children {
            let (array, bad) = match found_struct.column_by_name(wire) {
                Some(array) => child.apply(array)?,
                None => (child.absent(found.len())?, Vec::new()),
            };
            // What stands below a null counts for nothing.
            let bad = bad.into_iter().filter(|it| found.is_valid(it.row as usize));
            faults.extend(bad.map(|it| within(&child.name, it)));
            arrays.push(array);
        }
        if !faults.is_empty() {
            return Ok((new_null_array(&data_type(&self.typed.ty), found.len()), faults));
        }
        let made = StructArray::try_new_with_length(
            fields(columns),
            arrays,
            found_struct.nulls().cloned(),
            found.len(),
        )?;
        Ok((Arc::new(made), faults))
    }

    fn lists(&self, element: &Typed, found: &ArrayRef) -> Result<(ArrayRef, Vec<Fault>)> {
        let items = match found.data_type() {
            DataType::List(items)
            | DataType::LargeList(items)
            | DataType::FixedSizeList(items, _) => Arc::clone(items),
            _ => return Err(unexpected(&self.name, found)),
        };
        let lists = cast(found, &DataType::List(items))?;
        let (_, offsets, values, nulls) = lists.as_list::<i32>().clone().into_parts();
        let Some(conform) = &self.element else {
            return Err(unexpected(&self.name, found));
        };
        let (made, bad) = conform.apply(&values)?;
        if !bad.is_empty() {
            let owner = |fault: Fault| {
                let end = offsets.partition_point(|&offset| offset <= fault.row as i32);
                let list = end.saturating_sub(1);
                let index = fault.row as i32 - offsets[list];
                within(&format!("[{index}]"), Fault { row: list as u32, ..fault })
            };
            let faults = bad.into_iter().map(owner).collect();
            return Ok((new_null_array(&data_type(&self.typed.ty), found.len()), faults));
        }
        let items = Arc::new(arrow_field("item", element));
        Ok((Arc::new(ListArray::try_new(items, offsets, made, nulls)?), Vec::new()))
    }

    fn fault(&self, row: usize, reason: Reason, detail: String) -> Fault {
        Fault { row: row as u32, reason, detail, column: Some(self.name.clone()) }
    }
}

/// Says where inside a column it is.
fn within(place: &str, fault: Fault) -> Fault {
    Fault { detail: format!("{place}: {}", fault.detail), ..fault }
}

/// Converts between types of which `types::fits` said that they fit. A value that does not becomes null.
fn convert(found: &ArrayRef, wanted: &DataType, unit: TimeUnit) -> Result<ArrayRef> {
    let options = CastOptions { safe: true, ..CastOptions::default() };
    let to = |array: &ArrayRef, wanted: &DataType| cast_with_options(array, wanted, &options);
    let found = match found.data_type() {
        same if same == wanted => return Ok(Arc::clone(found)),
        // Numbers of a declared unit.
        ints if ints.is_integer() && matches!(wanted, DataType::Timestamp(..)) => {
            let unit = match unit {
                TimeUnit::Second => ArrowUnit::Second,
                TimeUnit::Millisecond => ArrowUnit::Millisecond,
                TimeUnit::Microsecond => ArrowUnit::Microsecond,
                TimeUnit::Nanosecond => ArrowUnit::Nanosecond,
            };
            to(&to(found, &DataType::Int64)?, &DataType::Timestamp(unit, None))?
        }
        // The time of a day is how long it is since midnight.
        DataType::Time32(_) | DataType::Time64(_) => {
            to(&to(found, &DataType::Time64(ArrowUnit::Microsecond))?, &DataType::Int64)?
        }
        _ => Arc::clone(found),
    };
    Ok(to(&found, wanted)?)
}

fn evaluate(program: &Program, value: &ArrayRef) -> Result<ArrayRef> {
    let times = vec![0; value.len()];
    let frame = Frame { columns: std::slice::from_ref(value), times: &times, meta: None };
    Ok(program.evaluate(&frame)?.values)
}

/// Where a mask has this value; a null has neither.
fn rows_where(mask: &BooleanArray, wanted: bool) -> Vec<usize> {
    (0..mask.len()).filter(|&row| mask.is_valid(row) && mask.value(row) == wanted).collect()
}

fn expr(kind: ExprKind, typed: Typed) -> Expr {
    Expr { kind, typed, span: Span::new(0, 0) }
}

fn literal(ty: &Type, value: &Value) -> Expr {
    expr(ExprKind::Literal(value.clone()), ty.clone().required())
}

fn value_of(ty: &Type) -> Expr {
    expr(ExprKind::Column(VALUE.to_owned()), ty.clone().nullable())
}

/// `value ?? default`
fn or_else(ty: &Type, default: &Value) -> Expr {
    let (left, right) = (Box::new(value_of(ty)), Box::new(literal(ty, default)));
    let kind = ExprKind::Binary { op: BinaryOp::Coalesce, left, right };
    expr(kind, ty.clone().required())
}

/// `value in bounds`
fn inside(ty: &Type, bounds: &Bounds) -> Expr {
    let end = |end: &Option<Value>| end.as_ref().map(|it| Box::new(literal(ty, it)));
    let kind = match bounds {
        Bounds::Range(low, high) => {
            ExprKind::InRange { value: Box::new(value_of(ty)), low: end(low), high: end(high) }
        }
        Bounds::List(values) => ExprKind::InList {
            value: Box::new(value_of(ty)),
            list: values.iter().map(|it| literal(ty, it)).collect(),
        },
    };
    expr(kind, Type::Bool.nullable())
}

fn shown(bounds: &Bounds) -> String {
    let end = |end: &Option<Value>| end.as_ref().map_or_else(String::new, ToString::to_string);
    match bounds {
        Bounds::Range(low, high) => format!("{}..{}", end(low), end(high)),
        Bounds::List(values) => Value::List(values.clone()).to_string(),
    }
}

fn unexpected(name: &str, found: &ArrayRef) -> Error {
    Error::bug(format!("the column `{name}` was bound and is a {}", found.data_type()))
}
