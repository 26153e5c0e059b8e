//! What expressions begin with: columns, constants and metadata.

use super::compile::{Evaluate, Node};
use super::vector::{Vector, conform};
use super::view::{Faults, View};
use crate::error::Result;
use arrow::array::{ArrayRef, new_null_array};
use arrow::datatypes::DataType;
use dsl::plan::MetaField;

/// A column of the frame.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) index: usize,
    pub(super) data_type: DataType,
}

impl Evaluate for Column {
    fn evaluate(&self, view: &View<'_>, _faults: &mut Faults) -> Result<Vector> {
        Ok(Vector::Each(conform(&view.column(self.index)?, &self.data_type)?))
    }

    fn can_fail(&self) -> bool {
        false
    }
}

/// One value for all rows.
#[derive(Debug)]
pub(super) struct Constant(pub(super) ArrayRef);

impl Evaluate for Constant {
    fn evaluate(&self, _view: &View<'_>, _faults: &mut Faults) -> Result<Vector> {
        Ok(Vector::Same(self.0.clone()))
    }

    fn can_fail(&self) -> bool {
        false
    }
}

/// A field of the metadata; null where there is none.
#[derive(Debug)]
pub(super) struct Meta {
    pub(super) field: MetaField,
    pub(super) data_type: DataType,
}

impl Evaluate for Meta {
    fn evaluate(&self, view: &View<'_>, _faults: &mut Faults) -> Result<Vector> {
        match view.meta(self.field)? {
            Some(values) => Ok(values.like(conform(values.array(), &self.data_type)?)),
            None => Ok(Vector::Same(new_null_array(&self.data_type, 1))),
        }
    }

    fn can_fail(&self) -> bool {
        false
    }
}

/// The same values under another description of their nested fields.
#[derive(Debug)]
pub(super) struct Conform {
    pub(super) value: Node,
    pub(super) to: DataType,
}

impl Evaluate for Conform {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let value = self.value.evaluate(view, faults)?;
        Ok(value.like(conform(value.array(), &self.to)?))
    }

    fn can_fail(&self) -> bool {
        self.value.can_fail()
    }
}
