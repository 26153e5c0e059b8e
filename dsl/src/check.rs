//! From syntax tree to typed plan: every name resolved, every argument bound, every expression typed.
//!
//! ```text
//!  names ─► params ─► schemas ─► sources ─► streams and sinks, each behind what it reads ─► tests ─► Plan
//! ```
//!
//! Everything that is wrong is reported, each mistake once: what could not be checked is *unknown*, and nothing is said
//! about what follows from it. There is a plan only if there is no error.

mod args;
mod bounds;
mod expr;
mod flows;
mod names;
mod order;
pub mod rules;
mod schema;
mod sink;
mod source;
mod steps;
mod stream;
pub mod suggest;
mod tests;
mod type_expr;
mod unbuilt;
pub mod unify;

pub use expr::expression;
#[cfg(test)]
pub(crate) use expr::tests::typed as expr_of_tests;

use crate::ast::{self, Binding, BindingKind, Statement};
use crate::catalog::{Catalog, Words};
use crate::diagnostic::{Diagnostic, has_errors};
use crate::parse;
use crate::plan::{ParamPlan, Plan, Schema, SinkPlan, SourcePlan, StreamPlan};
use crate::span::SourceFile;
use crate::types::Column;
use expr::{Reads, Scope};
use flows::{Flows, Outputs};
use names::Names;

/// Parses and checks a file: its plan, if nothing keeps it from running, and everything that was found, in the order of
/// the file.
pub fn compile(file: &SourceFile, catalog: &dyn Catalog) -> (Option<Plan>, Vec<Diagnostic>) {
    let (tree, mut found) = parse::parse_with(file, &Words::of(catalog));
    let plan = Checker::new(&tree, catalog, &mut found).file(file);
    found.sort_by_key(|it| (it.span.start, it.code));
    found.dedup();
    let plan = (!has_errors(&found)).then_some(plan);
    (plan, found)
}

/// Checks one file.
struct Checker<'a, 'r> {
    tree: &'a ast::File,
    catalog: &'a dyn Catalog,
    names: Names<'a>,
    params: Vec<ParamPlan>,
    schemas: Vec<Schema>,
    flows: Flows,
    report: &'r mut Vec<Diagnostic>,
}

impl<'a, 'r> Checker<'a, 'r> {
    fn new(tree: &'a ast::File, catalog: &'a dyn Catalog, report: &'r mut Vec<Diagnostic>) -> Self {
        let names = Names::collect(tree, report);
        let (params, schemas) = (Vec::new(), Vec::new());
        Self { tree, catalog, names, params, schemas, flows: Flows::new(), report }
    }

    fn file(mut self, file: &SourceFile) -> Plan {
        self.declarations();
        let bindings: Vec<&'a Binding> = self
            .tree
            .statements
            .iter()
            .filter_map(|it| if let Statement::Binding(it) = it { Some(it) } else { None })
            .collect();
        let mut sources: Vec<SourcePlan> = Vec::new();
        for binding in &bindings {
            match binding.kind.node {
                BindingKind::Source => sources.extend(self.source(binding)),
                BindingKind::Table => self.flow(binding, Outputs::unknown()),
                BindingKind::Stream | BindingKind::Sink => {}
            }
        }
        let mut streams: Vec<StreamPlan> = Vec::new();
        let mut sinks: Vec<SinkPlan> = Vec::new();
        for binding in order::sorted(&bindings, self.catalog, &self.names, self.report) {
            match binding.kind.node {
                BindingKind::Stream => streams.extend(self.stream(binding)),
                _ => sinks.extend(self.sink(binding)),
            }
        }
        sinks.sort_by_key(|it| it.span);
        self.places_of(&sinks);
        let tests = tests::checked(
            &self.tests_of_tree(),
            &tests::File {
                names: &self.names,
                params: &self.params,
                sources: &sources,
                flows: &self.flows,
            },
            self.report,
        );
        unbuilt::report(self.tree, &self.names.elsewhere(), self.report);
        Plan { file: file.clone(), params: self.params, sources, streams, sinks, tests }
    }

    /// Params and schemas.
    fn declarations(&mut self) {
        for statement in &self.tree.statements {
            match statement {
                Statement::Param(param) => {
                    let scope = Scope { params: &self.params, ..constants(self.catalog) };
                    let plan = schema::param(param, &scope, self.report);
                    if self.names.defined_at(&param.name) {
                        self.params.push(plan);
                    }
                }
                Statement::Schema(schema) => {
                    let plan = schema::schema(schema, self.catalog, self.report);
                    if self.names.defined_at(&schema.name) {
                        self.schemas.push(plan);
                    }
                }
                _ => {}
            }
        }
    }

    fn tests_of_tree(&self) -> Vec<&'a ast::Test> {
        let statements = self.tree.statements.iter();
        statements
            .filter_map(|it| if let Statement::Test(it) = it { Some(it) } else { None })
            .collect()
    }

    /// Whether something was found since that keeps the file from running.
    fn has_errors_since(&self, before: usize) -> bool {
        has_errors(&self.report[before..])
    }

    /// Remembers what a binding puts out, unless its name belongs to another.
    fn flow(&mut self, binding: &Binding, outputs: Outputs) {
        if self.names.defined_at(&binding.name) {
            self.flows.insert(binding.name.node.clone(), outputs);
        }
    }
}

/// The scope of what is known before the first row.
fn constants(catalog: &dyn Catalog) -> Scope<'_> {
    let reads = Reads::Constants;
    Scope { catalog, params: &[], columns: &[], meta: false, reads, grouped: None }
}

/// The scope of rows with these columns.
fn rows<'a>(
    catalog: &'a dyn Catalog,
    params: &'a [ParamPlan],
    columns: &'a [Column],
    meta: bool,
) -> Scope<'a> {
    Scope { catalog, params, columns, meta, reads: Reads::Rows, grouped: None }
}
