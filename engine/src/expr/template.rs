//! `f"…"`: text with values filled in; null where one of them is.

use super::compile::{Evaluate, Node, compile};
use super::text::Texts;
use super::vector::{Vector, all_same, made};
use super::view::{Faults, View};
use crate::error::Result;
use arrow::array::{Array, StringBuilder};
use dsl::plan::TemplatePart;
use dsl::types::Column;
use std::fmt::Write;
use std::sync::Arc;

/// A guess at the bytes that a value takes.
const VALUE_BYTES: usize = 12;

/// A template.
#[derive(Debug)]
pub(super) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Text(String),
    Hole { value: Node, decimals: Option<u8> },
}

/// A part whose values are known.
enum Filled<'a> {
    Text(&'a str),
    Hole { texts: Texts<'a>, vector: &'a Vector, decimals: Option<u8> },
}

impl Template {
    pub(super) fn compile(parts: &[TemplatePart], columns: &[Column]) -> Result<Self> {
        let part = |part: &TemplatePart| {
            Ok(match part {
                TemplatePart::Text(text) => Part::Text(text.clone()),
                TemplatePart::Hole { value, decimals } => {
                    Part::Hole { value: compile(value, columns)?, decimals: *decimals }
                }
            })
        };
        Ok(Self { parts: parts.iter().map(part).collect::<Result<_>>()? })
    }
}

impl Evaluate for Template {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let mut values = Vec::new();
        let mut bytes = 0;
        for part in &self.parts {
            match part {
                Part::Text(text) => bytes += text.len(),
                Part::Hole { value, .. } => {
                    values.push(value.evaluate(view, faults)?);
                    bytes += VALUE_BYTES;
                }
            }
        }
        let same = all_same(&values);
        let rows = if same { 1 } else { view.rows() };
        let mut left = values.iter();
        let filled: Vec<Filled<'_>> = self
            .parts
            .iter()
            .filter_map(|part| match part {
                Part::Text(text) => Some(Filled::Text(text)),
                Part::Hole { decimals, .. } => left.next().map(|vector| Filled::Hole {
                    texts: Texts::of(vector.array()),
                    vector,
                    decimals: *decimals,
                }),
            })
            .collect();
        let mut builder = StringBuilder::with_capacity(rows, rows * bytes);
        for i in 0..rows {
            if values.iter().any(|it| it.array().is_null(it.place(i))) || has_untyped(&values) {
                builder.append_null();
                continue;
            }
            for part in &filled {
                // Writing to a builder cannot fail.
                let _written = match part {
                    Filled::Text(text) => builder.write_str(text),
                    Filled::Hole { texts, vector, decimals } => {
                        texts.write(vector.place(i), *decimals, &mut builder)
                    }
                };
            }
            builder.append_value("");
        }
        Ok(made(Arc::new(builder.finish()), same))
    }

    fn can_fail(&self) -> bool {
        self.parts.iter().any(|it| matches!(it, Part::Hole { value, .. } if value.can_fail()))
    }
}

/// Whether the literal null stands in a hole.
fn has_untyped(values: &[Vector]) -> bool {
    values.iter().any(|it| it.array().data_type() == &arrow::datatypes::DataType::Null)
}
