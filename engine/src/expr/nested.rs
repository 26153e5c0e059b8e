//! Structs, lists and maps: taken apart and put together.

use super::compile::{Evaluate, Node};
use super::leaf::Conform;
use super::vector::{Vector, all_same, conform, made};
use super::view::{Faults, View};
use crate::error::{Error, Result};
use crate::types::{data_type, field, fields};
use arrow::array::{
    Array, ArrayRef, AsArray, ListArray, StructArray, UInt32Array, new_empty_array, new_null_array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{interleave, is_null, nullif, take};
use arrow::datatypes::{DataType, FieldRef, Fields, Int64Type};
use dsl::types::{Type, Typed};
use std::sync::Arc;

/// The node of `value.field`.
pub(super) fn member(value: Node, from: &Type, name: &str, ty: &Type) -> Result<Node> {
    let to = data_type(ty);
    let (columns, in_list) = match from {
        Type::Null => return Ok(Node::new(Conform { value, to })),
        Type::Struct(columns) => (columns, false),
        Type::List(element) => match &element.ty {
            Type::Struct(columns) => (columns, true),
            other => return Err(no_fields(other)),
        },
        other => return Err(no_fields(other)),
    };
    let place = columns.iter().position(|it| it.name == name);
    let place = place.ok_or_else(|| Error::bug(format!("there is no field `{name}`")))?;
    Ok(Node::new(Member { value, place, in_list, to }))
}

fn no_fields(ty: &Type) -> Error {
    Error::bug(format!("a field of a `{ty}` stands in the plan"))
}

/// A field of a struct, or of every struct of a list.
#[derive(Debug)]
struct Member {
    value: Node,
    place: usize,
    in_list: bool,
    to: DataType,
}

impl Evaluate for Member {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let value = self.value.evaluate(view, faults)?;
        let found = if self.in_list {
            let DataType::List(item) = &self.to else {
                return Err(Error::bug("the fields of a list of structs are a list"));
            };
            let list = value.array().as_list::<i32>();
            let inner = field_of(list.values().as_struct(), self.place)?;
            let inner = conform(&inner, item.data_type())?;
            let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
            Arc::new(ListArray::try_new(item.clone(), offsets, inner, nulls)?)
        } else {
            conform(&field_of(value.array().as_struct(), self.place)?, &self.to)?
        };
        Ok(value.like(found))
    }

    fn can_fail(&self) -> bool {
        self.value.can_fail()
    }
}

/// A field; null where the struct is null.
fn field_of(structs: &StructArray, place: usize) -> Result<ArrayRef> {
    let column = structs.column(place);
    if structs.null_count() == 0 {
        return Ok(column.clone());
    }
    Ok(nullif(column, &is_null(structs)?)?)
}

/// The node of `value[at]`.
pub(super) fn index(value: Node, at: Node, from: &Type, ty: &Type) -> Result<Node> {
    let to = data_type(ty);
    match from {
        Type::List(_) => Ok(Node::new(Element { list: value, at, to })),
        Type::Map(..) => Ok(Node::new(Entry { map: value, key: at, to })),
        Type::Null => Ok(Node::new(Conform { value, to })),
        other => Err(Error::bug(format!("an element of a `{other}` stands in the plan"))),
    }
}

/// `list[at]`, counted from 0; null outside.
#[derive(Debug)]
struct Element {
    list: Node,
    at: Node,
    to: DataType,
}

impl Evaluate for Element {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let list = self.list.evaluate(view, faults)?;
        let at = self.at.evaluate(view, faults)?;
        let same = all_same([&list, &at]);
        let rows = if same { 1 } else { view.rows() };
        if at.array().data_type() == &DataType::Null {
            return Ok(made(new_null_array(&self.to, rows), same));
        }
        let lists = list.array().as_list::<i32>();
        let numbers = at.array().as_primitive::<Int64Type>();
        let offsets = lists.value_offsets();
        let place = |i: usize| {
            let (row, number) = (list.place(i), at.place(i));
            if lists.is_null(row) || numbers.is_null(number) {
                return None;
            }
            let (start, end) = (i64::from(offsets[row]), i64::from(offsets[row + 1]));
            let number = numbers.value(number);
            (0..end - start).contains(&number).then(|| (start + number) as u32)
        };
        let places: UInt32Array = (0..rows).map(place).collect();
        Ok(made(conform(&take(lists.values(), &places, None)?, &self.to)?, same))
    }

    fn can_fail(&self) -> bool {
        self.list.can_fail() || self.at.can_fail()
    }
}

/// `map[key]`; null where there is no such key, the last of several counts.
#[derive(Debug)]
struct Entry {
    map: Node,
    key: Node,
    to: DataType,
}

impl Evaluate for Entry {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let map = self.map.evaluate(view, faults)?;
        let key = self.key.evaluate(view, faults)?;
        let same = all_same([&map, &key]);
        let rows = if same { 1 } else { view.rows() };
        if key.array().data_type() == &DataType::Null {
            return Ok(made(new_null_array(&self.to, rows), same));
        }
        let maps = map.array().as_map();
        let known = maps.keys().as_string::<i32>();
        let wanted = key.array().as_string::<i32>();
        let offsets = maps.value_offsets();
        let place = |i: usize| {
            let (row, key) = (map.place(i), key.place(i));
            if maps.is_null(row) || wanted.is_null(key) {
                return None;
            }
            let key = wanted.value(key);
            let entries = offsets[row] as usize..offsets[row + 1] as usize;
            entries.rev().find(|&entry| known.value(entry) == key).map(|it| it as u32)
        };
        let places: UInt32Array = (0..rows).map(place).collect();
        Ok(made(conform(&take(maps.values(), &places, None)?, &self.to)?, same))
    }

    fn can_fail(&self) -> bool {
        self.map.can_fail() || self.key.can_fail()
    }
}

/// `[a, b]`
#[derive(Debug)]
pub(super) struct ListOf {
    elements: Vec<Node>,
    item: FieldRef,
}

impl ListOf {
    pub(super) fn new(elements: Vec<Node>, element: &Typed) -> Self {
        Self { elements, item: Arc::new(field("item", element)) }
    }
}

impl Evaluate for ListOf {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let elements = evaluate_all(&self.elements, view, faults)?;
        let same = all_same(&elements);
        let rows = if same { 1 } else { view.rows() };
        // An element that cannot be null is null only in a row that has a fault: such a row has no list.
        let whole = |row: usize| {
            self.item.is_nullable() || elements.iter().all(|it| it.array().is_valid(it.place(row)))
        };
        let whole: Vec<bool> = (0..rows).map(whole).collect();
        let mut places = Vec::with_capacity(rows * elements.len());
        for row in (0..rows).filter(|&row| whole[row]) {
            places.extend(elements.iter().enumerate().map(|(i, it)| (i, it.place(row))));
        }
        let values = if elements.is_empty() {
            new_empty_array(self.item.data_type())
        } else {
            let arrays: Vec<&dyn Array> = elements.iter().map(|it| it.array().as_ref()).collect();
            interleave(&arrays, &places)?
        };
        let lengths = whole.iter().map(|&it| if it { elements.len() } else { 0 });
        let offsets = OffsetBuffer::from_lengths(lengths);
        let nulls = whole.contains(&false).then(|| NullBuffer::from(whole));
        let list = ListArray::try_new(self.item.clone(), offsets, values, nulls)?;
        Ok(made(Arc::new(list), same))
    }

    fn can_fail(&self) -> bool {
        self.elements.iter().any(Node::can_fail)
    }
}

/// `{ k: v }`
#[derive(Debug)]
pub(super) struct StructOf {
    values: Vec<Node>,
    fields: Fields,
}

impl StructOf {
    pub(super) fn new(values: Vec<Node>, ty: &Type) -> Result<Self> {
        match ty {
            Type::Struct(columns) if columns.len() == values.len() => {
                Ok(Self { values, fields: fields(columns) })
            }
            other => Err(Error::bug(format!("a record stands in the plan as a `{other}`"))),
        }
    }
}

impl Evaluate for StructOf {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let values = evaluate_all(&self.values, view, faults)?;
        let same = all_same(&values);
        let rows = if same { 1 } else { view.rows() };
        if values.is_empty() {
            return Ok(made(Arc::new(StructArray::new_empty_fields(rows, None)), same));
        }
        let mut nulls = None;
        let mut columns = Vec::with_capacity(values.len());
        for (value, field) in values.into_iter().zip(&self.fields) {
            let column = conform(&value.into_array(rows)?, field.data_type())?;
            if !field.is_nullable() {
                // Null only in a row that has a fault: such a row has no struct.
                nulls = NullBuffer::union(nulls.as_ref(), column.logical_nulls().as_ref());
            }
            columns.push(column);
        }
        let array = StructArray::try_new(self.fields.clone(), columns, nulls)?;
        Ok(made(Arc::new(array), same))
    }

    fn can_fail(&self) -> bool {
        self.values.iter().any(Node::can_fail)
    }
}

/// The values of several nodes, in order.
pub(super) fn evaluate_all(
    nodes: &[Node],
    view: &View<'_>,
    faults: &mut Faults,
) -> Result<Vec<Vector>> {
    nodes.iter().map(|it| it.evaluate(view, faults)).collect()
}
