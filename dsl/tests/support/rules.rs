//! The rules of the words of the tests: what flows out of steps, what sources bring.

use super::catalog::WORDS;
use dsl::catalog::{
    FromRule, Guarantee, SinkPromise, SinkRule, SourcePromise, SourceRule, StepContext, StepRule,
};
use dsl::check::rules;
use dsl::diagnostic::Diagnostic;
use dsl::plan::{Arg, Args, Flow, Schema};
use dsl::signature::{Kind, Signature};
use dsl::span::Span;
use dsl::types::{Column, Type};
use std::sync::LazyLock;

/// The rule of any word.
pub(super) struct Rule(pub(super) (Kind, &'static str));

pub(super) static RULES: LazyLock<Vec<Rule>> =
    LazyLock::new(|| WORDS.iter().map(|it| Rule((it.kind, it.name))).collect());

impl Rule {
    fn found(&self) -> &'static Signature {
        let (kind, name) = self.0;
        WORDS.iter().find(|it| it.kind == kind && it.name == name).unwrap()
    }
}

impl StepRule for Rule {
    fn signature(&self) -> &Signature {
        self.found()
    }

    fn flow(&self, step: StepContext<'_>, report: &mut Vec<Diagnostic>) -> Flow {
        let StepContext { input, args, span } = step;
        match self.0.1 {
            "where" => match args.expr("condition") {
                Ok(condition) => rules::kept(input, condition),
                Err(_) => input.clone(),
            },
            "select" => rules::only_items(input, args.items("items").unwrap_or_default()),
            "extend" => rules::with_items(input, args.items("items").unwrap_or_default()),
            "drop" => rules::without(input, &names(args), span, report),
            "rename" => {
                rules::renamed(input, args.renames("columns").unwrap_or_default(), span, report)
            }
            "window" => {
                let updates = args.choice("emit") == Ok("on_end");
                rules::grouped(input, args.columns("by").unwrap_or_default(), updates)
            }
            "aggregate" => match args.aggregates("items") {
                Ok(aggregates) => rules::aggregated(input, aggregates, span, report),
                Err(_) => input.clone(),
            },
            "detect" => detected(input, args, span, report),
            _ => Flow { window: None, ..input.clone() },
        }
    }

    fn finds_late_rows(&self) -> bool {
        self.0.1 == "window"
    }

    fn by_arrival(&self) -> bool {
        ["detect", "changed", "dedupe"].contains(&self.0.1)
    }
}

fn names(args: &Args) -> Vec<String> {
    let given = args.list("columns").unwrap_or_default();
    let name = |it: &Arg| if let Arg::Column(name) = it { Some(name.clone()) } else { None };
    given.iter().filter_map(name).collect()
}

fn detected(input: &Flow, args: &Args, span: Span, report: &mut Vec<Diagnostic>) -> Flow {
    let columns = || {
        let float = |name| Column::new(name, Type::FLOAT.nullable());
        let mut columns = vec![float("score"), Column::new("is_anomaly", Type::Bool.required())];
        columns.extend(["expected", "lower", "upper"].map(float));
        columns.extend(["reason", "incident"].map(|it| Column::new(it, Type::String.nullable())));
        columns
    };
    let detectors = args.detectors("detectors").unwrap_or_default();
    let added = detectors.iter().flat_map(|(name, _)| match name {
        None => columns(),
        Some(name) => vec![Column::new(name.clone(), Type::Struct(columns()).required())],
    });
    rules::added_columns(input, added.collect(), span, report)
}

impl FromRule for Rule {
    fn signature(&self) -> &Signature {
        self.found()
    }

    fn mixes(&self) -> bool {
        self.0.1 == "union"
    }

    fn flow(&self, inputs: &[Flow], span: Span, report: &mut Vec<Diagnostic>) -> Flow {
        rules::united(inputs, span, report)
    }
}

impl SourceRule for Rule {
    fn signature(&self) -> &Signature {
        self.found()
    }

    fn columns(
        &self,
        args: &Args,
        schema: Option<&Schema>,
        format: Option<&[Column]>,
        _report: &mut Vec<Diagnostic>,
    ) -> Option<Vec<Column>> {
        if self.0.1 == "generate" {
            return Some(vec![Column::new("device_id", Type::String.required())]);
        }
        let mut columns = match schema {
            Some(schema) => schema.fields.iter().map(|it| it.column.clone()).collect(),
            None => format?.to_vec(),
        };
        for topic in args.opt_list("topic").ok().flatten().unwrap_or_default() {
            let Arg::Value(dsl::value::Value::String(topic)) = topic else { continue };
            for capture in topic.split('{').skip(1).filter_map(|it| it.split('}').next()) {
                let (name, ty) = match capture.split_once(':') {
                    Some((name, _)) => (name, Type::Int),
                    None => (capture, Type::String),
                };
                if !columns.iter().any(|it| it.name == name) {
                    columns.push(Column::new(name, ty.required()));
                }
            }
        }
        Some(columns)
    }

    fn default_format(&self, args: &Args) -> Option<String> {
        match self.0.1 {
            "generate" => None,
            "file" if args.text("path").is_ok_and(|it| it.rsplit('.').next() == Some("csv")) => {
                Some("csv".to_owned())
            }
            _ => Some("json".to_owned()),
        }
    }

    fn bounded(&self, args: &Args) -> bool {
        self.0.1 != "mqtt" && args.bool("bounded").unwrap_or(true)
    }

    fn promise(&self, _args: &Args) -> SourcePromise {
        SourcePromise { replayable: true, reason: String::new() }
    }
}

impl SinkRule for Rule {
    fn signature(&self) -> &Signature {
        self.found()
    }

    fn default_format(&self, _args: &Args) -> Option<String> {
        (!["null", "console"].contains(&self.0.1)).then(|| "json".to_owned())
    }

    fn check(
        &self,
        _args: &Args,
        _flow: &Flow,
        _bounded: bool,
        _span: Span,
        _report: &mut Vec<Diagnostic>,
    ) {
    }

    fn promise(&self, _args: &Args) -> SinkPromise {
        SinkPromise { guarantee: Guarantee::ExactlyOnce, reason: String::new() }
    }
}
