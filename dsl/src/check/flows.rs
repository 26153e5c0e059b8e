//! What flows out of each binding of a file, and what is done about flows that are not known.
//!
//! Behind a mistake the columns are often not known any more. Such a flow is *open*: it has a column without a name, and
//! a name that it does not have may be one of those that are not known, so nothing is said about it.

use super::rules;
use crate::plan::{Flow, Side};
use crate::span::Span;
use crate::types::{Column, Type};
use std::collections::BTreeMap;

/// What a source, stream or sink puts out.
#[derive(Clone, Debug)]
pub(super) struct Outputs {
    /// Its rows.
    pub(super) main: Flow,
    /// Its late rows, where a step of it can find some.
    pub(super) late: Option<Flow>,
    /// Whether all that it reads ends by itself.
    pub(super) bounded: bool,
    /// Where streams were put side by side, so that the order of rows is free.
    pub(super) mixed: Option<Span>,
}

/// What flows out of the bindings that are checked so far.
pub(super) type Flows = BTreeMap<String, Outputs>;

impl Outputs {
    /// Of a binding that could not be checked.
    pub(super) fn unknown() -> Self {
        Self { main: unknown(), late: Some(unknown()), bounded: false, mixed: None }
    }

    /// One of them; none where there are no late rows.
    pub(super) fn side(&self, side: Side) -> Option<Flow> {
        match side {
            Side::Main => Some(self.main.clone()),
            Side::Late => self.late.clone(),
            Side::Errors => Some(errors()),
        }
    }
}

/// A flow about which nothing is known.
pub(super) fn unknown() -> Flow {
    opened(Flow { columns: Vec::new(), meta: true, window: None, updates: false, key: None })
}

/// The same flow, and perhaps more columns.
pub(super) fn opened(mut flow: Flow) -> Flow {
    if !is_open(&flow.columns) {
        flow.columns.push(Column::new("", Type::Unknown.nullable()));
    }
    flow
}

/// Whether there may be columns that are not known.
pub(super) fn is_open(columns: &[Column]) -> bool {
    columns.iter().any(|it| it.name.is_empty())
}

/// The rows of `NAME.errors`; their `meta` is a column.
fn errors() -> Flow {
    Flow { columns: rules::error_columns(), meta: false, window: None, updates: false, key: None }
}

/// The rows of `NAME.late`, told from what flows into the step that finds them.
pub(super) fn late(input: &Flow) -> Flow {
    let mut flow = Flow { window: None, ..input.clone() };
    for column in rules::late_columns() {
        flow.columns.retain(|it| it.name != column.name);
        flow.columns.push(column);
    }
    flow
}
