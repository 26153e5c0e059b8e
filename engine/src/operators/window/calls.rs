//! The calls of aggregates in one step: what they are asked about, and the columns of states that they need.

use super::groups::Groups;
use crate::aggregate::{Aggregate, Plan};
use crate::aggregates;
use crate::batch::Batch;
use crate::error::{Error, Result};
use crate::expr::Program;
use crate::reason::Fault;
use arrow::array::ArrayRef;
use dsl::plan::{AggregateCall, Aggregates, Arg, Expr, ExprKind};
use dsl::types::{Column, Typed};
use std::sync::Arc;

/// The calls of one `aggregate`. Cloning is cheap.
#[derive(Clone, Debug)]
pub(super) struct Calls(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// What a call gives: a column of states, or none where it is the number of rows.
    gives: Vec<Option<usize>>,
    columns: Vec<CallColumn>,
    /// Each different argument once.
    programs: Vec<ArgumentProgram>,
    tag: String,
}

#[derive(Debug)]
struct CallColumn {
    aggregate: Box<dyn Aggregate>,
    /// Its arguments among the programs.
    args: Vec<usize>,
}

#[derive(Debug)]
struct ArgumentProgram {
    program: Program,
    /// The item that it is for.
    item: Option<String>,
}

/// The values of the arguments over a batch, for each column of states.
pub(super) type Arguments = Vec<Vec<ArrayRef>>;

impl Calls {
    /// Compiles the calls over rows with these columns.
    pub(super) fn compile(aggregates: &Aggregates, input: &[Column]) -> Result<Calls> {
        let mut inner = Inner {
            gives: Vec::new(),
            columns: Vec::new(),
            programs: Vec::new(),
            tag: String::new(),
        };
        let mut exprs: Vec<&Expr> = Vec::new();
        for (i, call) in aggregates.calls.iter().enumerate() {
            let args = expressions(call);
            let types: Vec<Typed> = args.iter().map(|it| it.typed.clone()).collect();
            let def = aggregates::get(&call.call.word)
                .ok_or_else(|| Error::bug(format!("there is no aggregate `{}`", call.call.word)))?;
            let item = aggregates.items.iter().find(|it| it.value.kind == ExprKind::Aggregate(i));
            let item = item.map(|it| it.name.clone());
            let names = types.iter().map(|it| it.ty.to_string()).collect::<Vec<_>>().join(", ");
            inner.tag.extend([&call.call.word, "(", &names, ");"]);
            match def.plan(&types, &call.typed)? {
                Plan::Rows => inner.gives.push(None),
                Plan::Column(aggregate) => {
                    let mut places = Vec::new();
                    for expr in args {
                        let known = exprs.iter().position(|it| same(it, expr));
                        places.push(known.unwrap_or(exprs.len()));
                        if known.is_none() {
                            exprs.push(expr);
                            let program = Program::compile(expr, input)?;
                            inner.programs.push(ArgumentProgram { program, item: item.clone() });
                        }
                    }
                    inner.gives.push(Some(inner.columns.len()));
                    inner.columns.push(CallColumn { aggregate, args: places });
                }
            }
        }
        Ok(Calls(Arc::new(inner)))
    }

    /// Works out the arguments: their values, and the rows for which one of them could not be worked out.
    pub(super) fn arguments(&self, batch: &Batch) -> Result<(Arguments, Vec<Fault>)> {
        let mut faults = Vec::new();
        let mut values = Vec::with_capacity(self.0.programs.len());
        for argument in &self.0.programs {
            let mut evaluated = argument.program.evaluate(&batch.frame())?;
            for fault in &mut evaluated.faults {
                fault.column = fault.column.take().or_else(|| argument.item.clone());
            }
            faults.append(&mut evaluated.faults);
            values.push(evaluated.values);
        }
        let of = |column: &CallColumn| column.args.iter().map(|&it| values[it].clone()).collect();
        Ok((self.0.columns.iter().map(of).collect(), faults))
    }

    /// Empty columns of states.
    pub(super) fn groups(&self) -> Groups {
        Groups::new(self.0.columns.iter().map(|it| it.aggregate.column()).collect())
    }

    /// For each call, the column of states that gives its value; none: the number of rows does.
    pub(super) fn gives(&self) -> &[Option<usize>] {
        &self.0.gives
    }

    /// Says what the calls are: saved states of other calls cannot be read.
    pub(super) fn tag(&self) -> &str {
        &self.0.tag
    }
}

/// The arguments over the rows, in the order written.
fn expressions(call: &AggregateCall) -> Vec<&Expr> {
    let args = call.call.args.given.iter().map(|(_, arg)| &arg.node);
    args.filter_map(|it| if let Arg::Expr(expr) = it { Some(expr) } else { None }).collect()
}

/// Whether two expressions yield the same, wherever they stand.
fn same(a: &Expr, b: &Expr) -> bool {
    match (&a.kind, &b.kind) {
        (ExprKind::Column(a), ExprKind::Column(b)) => a == b,
        _ => a == b,
    }
}
