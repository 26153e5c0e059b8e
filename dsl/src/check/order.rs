//! In which order bindings are checked: each behind what it reads. Circles are found here.

use super::names::Names;
use crate::ast::{Binding, BindingKind, Expr, ExprKind, From, Item};
use crate::catalog::Catalog;
use crate::diagnostic::{Code, Diagnostic};
use crate::signature::{Kind, Place, Signature, Takes};
use crate::span::Span;
use std::collections::BTreeMap;

/// Something that a binding reads: a name, and which of its outputs.
#[derive(Clone, Copy, Debug)]
struct Reading<'a> {
    name: &'a str,
    side: Option<&'a str>,
    span: Span,
}

/// The streams and sinks of a file, each behind what it reads. Circles are reported, and what
/// is read on them stands behind its reader once.
pub(super) fn sorted<'a>(
    bindings: &[&'a Binding],
    catalog: &dyn Catalog,
    names: &Names<'_>,
    report: &mut Vec<Diagnostic>,
) -> Vec<&'a Binding> {
    let mut order = Order {
        bindings: BTreeMap::new(),
        readings: BTreeMap::new(),
        state: BTreeMap::new(),
        path: Vec::new(),
        sorted: Vec::new(),
        report,
    };
    for binding in bindings {
        let flows = matches!(binding.kind.node, BindingKind::Stream | BindingKind::Sink);
        if flows && names.defined_at(&binding.name) {
            order.bindings.insert(&binding.name.node, binding);
            order.readings.insert(&binding.name.node, readings(binding, catalog));
        }
    }
    for binding in bindings {
        order.visit(&binding.name.node);
        // A second one of a name is read by nobody.
        if !names.defined_at(&binding.name) && binding.kind.node != BindingKind::Source {
            order.sorted.push(binding);
        }
    }
    order.sorted
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// On the path that is being followed.
    Open,
    /// Sorted.
    Done,
    /// In a circle that was reported.
    Circle,
}

struct Order<'a, 'r> {
    bindings: BTreeMap<&'a str, &'a Binding>,
    readings: BTreeMap<&'a str, Vec<Reading<'a>>>,
    state: BTreeMap<&'a str, State>,
    /// The names from the first one down to the present one, each with what it reads next.
    path: Vec<(&'a str, Option<Reading<'a>>)>,
    sorted: Vec<&'a Binding>,
    report: &'r mut Vec<Diagnostic>,
}

impl<'a> Order<'a, '_> {
    fn visit(&mut self, name: &'a str) {
        let Some(binding) = self.bindings.get(name).copied() else {
            return;
        };
        if self.state.contains_key(name) {
            return;
        }
        self.state.insert(name, State::Open);
        self.path.push((name, None));
        for reading in self.readings.get(name).cloned().unwrap_or_default() {
            if let Some(last) = self.path.last_mut() {
                last.1 = Some(reading);
            }
            if self.state.get(reading.name) == Some(&State::Open) {
                self.circle(reading.name);
            } else {
                self.visit(reading.name);
            }
        }
        self.path.pop();
        if self.state.get(name) == Some(&State::Open) {
            self.state.insert(name, State::Done);
        }
        self.sorted.push(binding);
    }

    /// The end of the path reads `first`, which stands further up.
    fn circle(&mut self, first: &'a str) {
        let Some(start) = self.path.iter().position(|(name, _)| *name == first) else {
            return;
        };
        let members = &self.path[start..];
        let Some(reading) = members.last().and_then(|(_, reading)| *reading) else {
            return;
        };
        let sink = members.iter().find(|(name, _)| {
            self.bindings.get(name).is_some_and(|it| it.kind.node == BindingKind::Sink)
        });
        let diagnostic = match sink {
            Some((sink, _)) => reads_own_errors(sink, members),
            None => circle(members, reading),
        };
        self.report.push(diagnostic);
        for (name, _) in members {
            self.state.insert(name, State::Circle);
        }
    }
}

fn reads_own_errors(sink: &str, members: &[(&str, Option<Reading<'_>>)]) -> Diagnostic {
    let errors = members.iter().find_map(|(_, reading)| reading.filter(|it| it.name == sink));
    let span = errors.map_or(Span::default(), |it| it.span);
    let message = format!("the sink `{sink}` would read the rows that it could not write");
    Diagnostic::new(Code::ReadsOwnErrors, span, message)
        .help(format!("write them somewhere else: `sink {sink}_errors = {sink}.errors | into …`"))
}

fn circle(members: &[(&str, Option<Reading<'_>>)], reading: Reading<'_>) -> Diagnostic {
    let (message, help) = if let [(name, _)] = members {
        match reading.side {
            Some(side) => (
                format!("`{name}` reads its own `{name}.{side}`"),
                "read the side stream in a stream of its own".to_owned(),
            ),
            None => (
                format!("`{name}` reads itself"),
                "write the source or stream that its rows come from".to_owned(),
            ),
        }
    } else {
        let names: Vec<String> = members.iter().map(|(it, _)| format!("`{it}`")).collect();
        let first = names.first().cloned().unwrap_or_default();
        (
            format!("streams read each other in a circle: {} → {first}", names.join(" → ")),
            "rows flow from sources to sinks; one of these has to read something else".to_owned(),
        )
    };
    Diagnostic::new(Code::Circle, reading.span, message).help(help)
}

/// What a binding reads: behind its `=`, and in its steps.
fn readings<'a>(binding: &'a Binding, catalog: &dyn Catalog) -> Vec<Reading<'a>> {
    let mut found = match &binding.from {
        From::Stream(it) => vec![Reading {
            name: &it.name.node,
            side: it.side.as_ref().map(|it| it.node.as_str()),
            span: it.span,
        }],
        From::Call(call) => {
            let signature = catalog.signature(Kind::From, &call.name.node);
            named(&call.items, signature)
        }
    };
    for step in &binding.steps {
        let signature = catalog.signature(Kind::Step, &step.verb.node);
        if signature.is_some() {
            found.extend(named(&step.items, signature));
        }
    }
    found
}

/// The streams among the items of a word; all names where the word is not known.
fn named<'a>(items: &'a [Item], signature: Option<&Signature>) -> Vec<Reading<'a>> {
    let mut found = Vec::new();
    let mut positional = signature.iter().flat_map(|it| it.positional());
    let mut param = positional.next();
    for item in items {
        let (takes, value) = match item {
            Item::Positional(value) => {
                let takes = param.map(|it| &it.takes);
                if param.is_some_and(|it| it.place == Place::Positional) {
                    param = positional.next();
                }
                (takes, value)
            }
            Item::Option { name, value, .. } => {
                (signature.and_then(|it| it.param(&name.node)).map(|it| &it.takes), value)
            }
            Item::Define { value, .. } => (None, value),
        };
        let wanted = match takes {
            Some(Takes::Stream) => true,
            Some(Takes::ListOf(inner)) => **inner == Takes::Stream,
            Some(_) => false,
            None => signature.is_none(),
        };
        if wanted {
            collect(value, &mut found);
        }
    }
    found
}

fn collect<'a>(expr: &'a Expr, found: &mut Vec<Reading<'a>>) {
    match &expr.kind {
        ExprKind::Name { name, .. } => {
            found.push(Reading { name, side: None, span: expr.span });
        }
        ExprKind::Member(value, side) => {
            if let Expr { kind: ExprKind::Name { name, .. }, .. } = value.as_ref() {
                found.push(Reading { name, side: Some(&side.node), span: expr.span });
            }
        }
        ExprKind::List(values) => values.iter().for_each(|it| collect(it, found)),
        _ => {}
    }
}
