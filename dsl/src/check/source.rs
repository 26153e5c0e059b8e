//! Sources: the connector and its options, the format, the columns, the row's time.
//!
//! ```text
//!  options ─► format ─► columns ─► time over columns and meta
//! ```

use super::args::{self, Matched, Place, Subject};
use super::flows::{self, Outputs};
use super::names::{self, Meaning};
use super::{Checker, constants, rows};
use crate::ast::{self, Binding, BindingKind, From};
use crate::catalog::{SourceRule, Words};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{Args, Call, Expr, ExprKind, Flow, MetaField, Schema, SourcePlan};
use crate::signature::{Kind, Param, Signature, Takes};
use crate::span::{Name, Span};
use crate::types::Column;

impl<'a> Checker<'a, '_> {
    /// A source; none where a mistake keeps its columns from being known.
    pub(super) fn source(&mut self, binding: &'a Binding) -> Option<SourcePlan> {
        if let Some(step) = binding.steps.iter().find(|it| !it.broken) {
            let name = &binding.name.node;
            let message = "a source has no steps";
            self.report.push(Diagnostic::new(Code::SourceWithSteps, step.span, message).help(
                format!("put them into a stream: `stream NAME = {name} | {} …`", step.verb.node),
            ));
        }
        let before = self.report.len();
        let plan = self.source_plan(binding);
        if let Some(plan) = &plan
            && !self.has_errors_since(before)
            && is_known(plan.format.as_ref(), &plan.columns)
            && let Some(why) = self.catalog.unreadable(plan)
        {
            let place = plan.format.as_ref().map_or(plan.connector.span, |it| it.span);
            self.report
                .push(Diagnostic::new(Code::SourceRefuses, place, why.message).help(why.help));
        }
        let outputs = match &plan {
            None => Outputs::unknown(),
            Some(plan) => {
                let columns = plan.columns.clone();
                let main = Flow { columns, meta: true, window: None, updates: false, key: None };
                Outputs { main, late: None, bounded: plan.bounded, mixed: None }
            }
        };
        self.flow(binding, outputs);
        plan
    }

    fn source_plan(&mut self, binding: &'a Binding) -> Option<SourcePlan> {
        let call = self.connector(binding)?;
        let word = &call.name.node;
        let (Some(signature), Some(rule)) =
            (self.catalog.signature(Kind::Source, word), self.catalog.source(word))
        else {
            self.report.push(names::unknown_word(self.catalog, Kind::Source, &call.name));
            return None;
        };
        let subject = Subject::of(signature);
        let matched = args::matched(&subject, call.name.span, &call.items, self.report);
        let scope = super::Scope { params: &self.params, ..constants(self.catalog) };
        let file = args::File { names: &self.names, schemas: &self.schemas };
        let place = Place { scope: &scope, file: Some(file), input: None };
        let first =
            args::bind_matched(&subject, &matched, |it| !reads_rows(it), place, self.report);
        let known = self.columns(rule, signature, (&matched, &first), &call.name);
        let (columns, format) = match known {
            Some((columns, format)) => (Some(columns), format),
            None => (None, None),
        };
        let seen = columns.clone().unwrap_or_else(|| flows::unknown().columns);
        let scope = rows(self.catalog, &self.params, &seen, true);
        let file = args::File { names: &self.names, schemas: &self.schemas };
        let place = Place { scope: &scope, file: Some(file), input: None };
        let second = args::bind_matched(&subject, &matched, reads_rows, place, self.report);
        let args = args::joined(&subject, first, second);
        let bounded = rule.bounded(&args);
        // Whether it ends may depend on an argument that was refused.
        let refused =
            |it: &Param| args.get(it.name).is_none() && matched.written(signature, it.name);
        let doubtful = signature.params.iter().any(refused);
        self.time(&args, signature, bounded || doubtful, &call.name);
        let span = call.span;
        let connector = Call { word: word.clone(), kind: Kind::Source, args, span };
        Some(SourcePlan {
            name: binding.name.node.clone(),
            format,
            schema: connector.args.opt_schema("schema").ok().flatten().cloned(),
            columns: columns?,
            time: connector.args.opt_expr("time").ok().flatten().cloned(),
            bounded,
            connector,
            span: binding.span,
        })
    }

    /// The call behind the `=` of a source; a bare word is a call without items.
    fn connector(&mut self, binding: &Binding) -> Option<ast::Call> {
        let name = &binding.name.node;
        match &binding.from {
            From::Call(call) => Some(call.clone()),
            From::Stream(it) if it.name.node.is_empty() => None,
            From::Stream(it) => {
                let word = &it.name.node;
                let known = self.catalog.signature(Kind::Source, word).is_some();
                if known && it.side.is_none() {
                    return Some(ast::Call {
                        name: it.name.clone(),
                        items: Vec::new(),
                        span: it.span,
                    });
                }
                let message = "a source begins with a connector";
                let diagnostic = Diagnostic::new(Code::SourceWithoutConnector, it.span, message);
                self.report.push(match self.names.meaning(word) {
                    Some(Meaning::Binding(BindingKind::Source | BindingKind::Stream)) => diagnostic
                        .help(format!("to read `{word}`, write `stream {name} = {word}`"))
                        .fix(binding.kind.span, "stream"),
                    _ => diagnostic.help(format!(
                        "write what brings the rows, as in `source {name} = {}`",
                        Words::of(self.catalog).source
                    )),
                });
                None
            }
        }
    }

    /// The columns and the format; none where they cannot be known.
    fn columns(
        &mut self,
        rule: &dyn SourceRule,
        signature: &Signature,
        (matched, args): (&Matched<'_>, &Args),
        word: &Name,
    ) -> Option<(Vec<Column>, Option<Call>)> {
        // What was written and is not there was reported: nothing can be told from what is left.
        let refused = |name: &str| args.get(name).is_none() && matched.written(signature, name);
        if refused("schema") || refused("format") {
            return None;
        }
        let format = match args.opt_word("format").ok().flatten() {
            Some(call) => Some(call.clone()),
            None => rule.default_format(args).and_then(|it| self.default_format(&it, word.span)),
        };
        let brought = format.as_ref().and_then(|it| self.catalog.format_columns(&it.word));
        let schema: Option<&Schema> = args.opt_schema("schema").ok().flatten();
        let before = self.report.len();
        let columns = rule.columns(args, schema, brought.as_deref(), self.report);
        if columns.is_none() && self.report.len() == before && args::complete(signature, args) {
            self.report.push(schema_missing(signature, word, format.as_ref()));
        }
        Some((columns?, format))
    }

    /// The format that a connector has unless another is given.
    pub(super) fn default_format(&mut self, name: &str, span: Span) -> Option<Call> {
        let scope = super::Scope { params: &self.params, ..constants(self.catalog) };
        let place = Place { scope: &scope, file: None, input: None };
        let name = Name::new(name.to_owned(), span);
        args::named_word(Kind::Format, &name, &[], span, place, self.report)
    }

    /// What has to be said about time.
    fn time(&mut self, args: &Args, signature: &Signature, bounded: bool, word: &Name) {
        let time = args.opt_expr("time").ok().flatten();
        let out_of_order = args.get("out_of_order").is_some();
        let known = signature.param("out_of_order").is_some();
        if let Some(time) = time {
            if reads_time(time) {
                let message = "`meta.time` is what `time:` itself says";
                let help = "use a column, or `meta.received`: when the row was received";
                self.report.push(Diagnostic::new(Code::BadOption, time.span, message).help(help));
            }
            let received = time.kind == ExprKind::Meta(MetaField::Received);
            let unknown = time.typed.ty.is_unknown();
            if !bounded && !out_of_order && known && !received && !unknown {
                let message = format!(
                    "`{}` does not end by itself, so it has to say how far rows may be out of order",
                    word.node
                );
                self.report.push(
                    Diagnostic::new(Code::OutOfOrderMissing, time.span, message)
                        .label("the row's time")
                        .help("write `out_of_order: 5s` behind it: windows wait so long for rows that come late"),
                );
            }
        } else if let Some(span) = args.span("out_of_order").filter(|_| args.get("time").is_none())
        {
            let message = "without `time:`, rows are in the order in which they are received";
            self.report.push(Diagnostic::new(Code::SourceAdvice, span, message).help(
                "name the column with the row's time, `time: …`, or take `out_of_order` away",
            ));
        }
    }
}

/// Whether enough is known of a format and its columns to ask whether they go together.
pub(super) fn is_known(format: Option<&Call>, columns: &[Column]) -> bool {
    format.is_some_and(|it| it.args.is_closed()) && !flows::is_open(columns)
}

/// Arguments that see the columns of the rows.
fn reads_rows(takes: &Takes) -> bool {
    match takes {
        Takes::ListOf(inner) => reads_rows(inner),
        Takes::Expr(_)
        | Takes::ConstantOrExpr(_)
        | Takes::Column
        | Takes::Columns
        | Takes::ColumnOr(_)
        | Takes::RowPattern
        | Takes::Items
        | Takes::Renames
        | Takes::Aggregates
        | Takes::Detectors => true,
        _ => false,
    }
}

/// Whether the row's time is told from itself.
fn reads_time(expr: &Expr) -> bool {
    crate::constant::any(expr, &|it| it.kind == ExprKind::Meta(MetaField::Time))
}

fn schema_missing(signature: &Signature, word: &Name, format: Option<&Call>) -> Diagnostic {
    let message = match format {
        Some(format) => {
            format!("the columns that `{}` brings as `{}` are not known", word.node, format.word)
        }
        None => format!("the columns that `{}` brings are not known", word.node),
    };
    let diagnostic = Diagnostic::new(Code::SchemaMissing, word.span, message);
    if signature.param("schema").is_some() {
        diagnostic.help(
            "declare them, `schema Reading { device_id: string … }`, and write `schema: Reading` here",
        )
    } else {
        diagnostic.help("give it a format that brings its columns: `format: …`")
    }
}
