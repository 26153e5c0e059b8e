//! Which file a row goes to: a path with columns filled in.
//!
//! What is filled in never leaves its place in the path: `/`, `\` and control characters become `_`, and so does a point
//! at its beginning, so that no value is hidden or means the folder above.

use super::place::folder;
use arrow::array::{Array, AsArray, RecordBatch, StringArray, UInt32Array};
use arrow::compute::take_record_batch;
use dsl::plan::{Expr, ExprKind, TemplatePart};
use dsl::types::{Column, Type};
use dsl::value::Value;
use engine::batch::Batch;
use engine::error::{Error, Result};
use engine::expr::Program;
use engine::reason::{Fault, Reason};
use hashbrown::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most file systems take no longer names.
const NAME_BYTES_MAX: usize = 240;

/// A path pattern.
pub(super) struct Routes {
    parts: Vec<Part>,
}

enum Part {
    Text(String),
    Value(Program),
}

/// Rows by the file they go to, in the order in which the files first appear.
pub(super) struct Routed {
    pub(super) rows: Vec<(Arc<str>, RecordBatch)>,
    /// Rows that have no file.
    pub(super) faults: Vec<Fault>,
}

impl Routes {
    pub(super) fn new(parts: &[TemplatePart], columns: &[Column]) -> Result<Routes> {
        let mut made: Vec<Part> = Vec::new();
        for part in parts {
            let part = match constant(part) {
                Some(text) => Part::Text(text),
                None => Part::Value(Program::compile(&as_text(part), columns)?),
            };
            match (made.last_mut(), part) {
                (Some(Part::Text(before)), Part::Text(text)) => before.push_str(&text),
                (_, part) => made.push(part),
            }
        }
        Ok(Routes { parts: made })
    }

    /// The path, if it is the same for every row.
    pub(super) fn fixed(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Text(path)] => Some(path),
            _ => None,
        }
    }

    /// The folder that all paths have in common.
    pub(super) fn folder(&self) -> PathBuf {
        match self.parts.first() {
            Some(Part::Text(path)) if self.parts.len() == 1 => folder(Path::new(path)),
            // A value stands for one name: up to the last `/` before it everything is the same.
            Some(Part::Text(text)) => match text.rfind('/') {
                Some(end) => PathBuf::from(&text[..=end]),
                None => PathBuf::from("."),
            },
            _ => PathBuf::from("."),
        }
    }

    /// Deals rows out.
    pub(super) fn deal(&self, batch: &Batch) -> Result<Routed> {
        let mut faults = Vec::new();
        let mut values: Vec<StringArray> = Vec::new();
        for part in &self.parts {
            if let Part::Value(program) = part {
                let evaluated = program.evaluate(&batch.frame())?;
                faults.extend(evaluated.faults);
                values.push(evaluated.values.as_string().clone());
            }
        }
        let mut failed = vec![false; batch.rows()];
        for fault in &faults {
            failed[fault.row as usize] = true;
        }
        let mut routes: Vec<(Arc<str>, Vec<u32>)> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        let (mut path, mut last) = (String::new(), usize::MAX);
        for row in (0..batch.rows()).filter(|&row| !failed[row]) {
            self.fill(&values, row, &mut path);
            if let Some(name) = path.split('/').find(|it| it.len() > NAME_BYTES_MAX) {
                faults.push(too_long(row, name));
                continue;
            }
            if routes.get(last).is_none_or(|(it, _)| **it != *path) {
                last = if let Some(known) = known.get(path.as_str()) {
                    *known
                } else {
                    routes.push((path.as_str().into(), Vec::new()));
                    known.insert(path.clone(), routes.len() - 1);
                    routes.len() - 1
                };
            }
            routes[last].1.push(row as u32);
        }
        faults.sort_by_key(|it| it.row);
        faults.dedup_by_key(|it| it.row);
        let mut rows = Vec::with_capacity(routes.len());
        for (path, places) in routes {
            let whole = places.len() == batch.rows();
            let picked = if whole {
                batch.columns.clone()
            } else {
                take_record_batch(&batch.columns, &UInt32Array::from(places))?
            };
            rows.push((path, picked));
        }
        Ok(Routed { rows, faults })
    }

    fn fill(&self, values: &[StringArray], row: usize, path: &mut String) {
        path.clear();
        let mut values = values.iter();
        for part in &self.parts {
            match part {
                Part::Text(text) => path.push_str(text),
                Part::Value(_) => {
                    if let Some(column) = values.next() {
                        let value = if column.is_null(row) { "null" } else { column.value(row) };
                        push_safe(path, value);
                    }
                }
            }
        }
    }
}

/// A part that is the same for every row: text, or a param that has its value.
fn constant(part: &TemplatePart) -> Option<String> {
    match part {
        TemplatePart::Text(text) => Some(text.clone()),
        TemplatePart::Hole { value, .. } => match &value.kind {
            ExprKind::Literal(Value::String(text)) => Some(text.clone()),
            ExprKind::Literal(Value::Int(number)) => Some(number.to_string()),
            _ => None,
        },
    }
}

/// A hole as an expression that yields text.
fn as_text(part: &TemplatePart) -> Expr {
    let span = match part {
        TemplatePart::Hole { value, .. } => value.span,
        TemplatePart::Text(_) => dsl::span::Span::new(0, 0),
    };
    let kind = ExprKind::Template(vec![part.clone()]);
    Expr { kind, typed: Type::String.nullable(), span }
}

fn push_safe(path: &mut String, value: &str) {
    if value.is_empty() {
        path.push('_');
    }
    for (i, letter) in value.char_indices() {
        let unsafe_here = matches!(letter, '/' | '\\') || letter.is_control();
        let hides = i == 0 && letter == '.';
        path.push(if unsafe_here || hides { '_' } else { letter });
    }
}

fn too_long(row: usize, name: &str) -> Fault {
    let start: String = name.chars().take(40).collect();
    Fault {
        row: row as u32,
        reason: Reason::Sink,
        detail: format!("the file name `{start}…` is longer than {NAME_BYTES_MAX} bytes"),
        column: None,
    }
}

/// Checks that a pattern can be a path.
pub(super) fn check(routes: &Routes) -> Result<()> {
    match routes.fixed() {
        Some("") => Err(Error::user("`path` is empty; write the name of a file")),
        _ => Ok(()),
    }
}
