//! The one namespace of a file: what each name stands for, and what to say where it stands for nothing.

pub(super) use super::suggest::written;
use super::suggest::{listed, nearest};
use crate::ast::{self, BindingKind, Statement};
use crate::catalog::{Catalog, Words};
use crate::diagnostic::{Code, Diagnostic};
use crate::signature::Kind;
use crate::span::{Name, Span};
use crate::types::Column;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A `param`.
    Param,
    /// A `schema`.
    Schema,
    /// A `source`, `table`, `stream` or `sink`.
    Binding(BindingKind),
    /// A statement that does not parse: whatever it is, its mistake was reported.
    Broken,
}

impl Meaning {
    /// As a message calls it.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Meaning::Param => "param",
            Meaning::Schema => "schema",
            Meaning::Binding(BindingKind::Source) => "source",
            Meaning::Binding(BindingKind::Table) => "table",
            Meaning::Binding(BindingKind::Stream) => "stream",
            Meaning::Binding(BindingKind::Sink) => "sink",
            Meaning::Broken => "statement",
        }
    }
}

/// Every name that a file defines.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    known: BTreeMap<&'a str, (Meaning, Span)>,
    /// The names in the order written: suggestions and lists follow it.
    order: Vec<&'a str>,
    /// Whether other files are used, whose names are not known.
    uses: bool,
    /// Names that may stand in those files, and where they are used here.
    elsewhere: RefCell<Vec<Name>>,
}

impl<'a> Names<'a> {
    /// Collects the names of a file; a second use of one is reported and stands for nothing.
    pub(super) fn collect(tree: &'a ast::File, report: &mut Vec<Diagnostic>) -> Self {
        let mut names = Names::default();
        for statement in &tree.statements {
            let (name, meaning) = match statement {
                Statement::Param(it) => (&it.name, Meaning::Param),
                Statement::Schema(it) => (&it.name, Meaning::Schema),
                Statement::Binding(it) => (&it.name, Meaning::Binding(it.kind.node)),
                Statement::Use { .. } => {
                    names.uses = true;
                    continue;
                }
                Statement::Test(_) => continue,
            };
            names.define(name, meaning, report);
        }
        for name in &tree.broken {
            names.known.entry(&name.node).or_insert((Meaning::Broken, name.span));
        }
        names
    }

    fn define(&mut self, name: &'a Name, meaning: Meaning, report: &mut Vec<Diagnostic>) {
        if let Some((first, place)) = self.known.get(name.node.as_str()) {
            let message = format!("`{}` is defined twice", name.node);
            report.push(
                Diagnostic::new(Code::DefinedTwice, name.span, message)
                    .label("defined again here")
                    .related(*place, format!("this {} has the name already", first.noun()))
                    .help("give one of them another name: params, schemas, sources, streams and sinks share their names"),
            );
            return;
        }
        self.known.insert(&name.node, (meaning, name.span));
        self.order.push(&name.node);
    }

    /// What a name stands for. Any name may be one of a file that is used.
    pub(super) fn meaning(&self, name: &str) -> Option<Meaning> {
        let known = self.known.get(name).map(|(meaning, _)| *meaning);
        known.or(self.uses.then_some(Meaning::Broken))
    }

    /// Whether this is the place that gives the name its meaning.
    pub(super) fn defined_at(&self, name: &Name) -> bool {
        self.known.get(name.node.as_str()).is_some_and(|(_, place)| *place == name.span)
    }

    /// Remembers a name that only a file that is used can define.
    pub(super) fn seek_elsewhere(&self, name: &Name) {
        let mut elsewhere = self.elsewhere.borrow_mut();
        let new = !elsewhere.iter().any(|it| it.node == name.node);
        if self.uses && new && !self.known.contains_key(name.node.as_str()) {
            elsewhere.push(name.clone());
        }
    }

    /// The names that were looked for in files that are used, each where it was first.
    pub(super) fn elsewhere(&self) -> Vec<Name> {
        self.elsewhere.borrow().clone()
    }

    /// The names of these meanings, in the order written.
    pub(super) fn of(&self, wanted: impl Fn(Meaning) -> bool) -> Vec<&'a str> {
        let fits = |name: &&&str| self.meaning(name).is_some_and(&wanted);
        self.order.iter().filter(fits).copied().collect()
    }

    /// The names that rows can be read from.
    pub(super) fn readable(&self) -> Vec<&'a str> {
        self.of(|it| matches!(it, Meaning::Binding(BindingKind::Source | BindingKind::Stream)))
    }

    /// No binding has this name.
    pub(super) fn unknown_stream(&self, name: &Name) -> Diagnostic {
        let readable = self.readable();
        let diagnostic = unknown(Code::UnknownStream, "source or stream", name, &readable);
        if diagnostic.help.is_some() {
            return diagnostic;
        }
        diagnostic
            .help(format!("declare where its rows come from: `source {} = …`", written(&name.node)))
    }

    /// The name is known and stands for something else than what is needed (`a stream`).
    pub(super) fn other_kind(&self, name: &Name, meaning: Meaning, needed: &str) -> Diagnostic {
        let message = format!("`{}` is a {}; {needed} is needed here", name.node, meaning.noun());
        let diagnostic = Diagnostic::new(Code::OtherKindOfName, name.span, message)
            .help(format!("write the name of {needed}"));
        match self.known.get(name.node.as_str()) {
            Some((_, place)) if *place != name.span => {
                diagnostic.related(*place, format!("the {}", meaning.noun()))
            }
            _ => diagnostic,
        }
    }
}

/// "no such thing", with the name that was probably meant, or else the names that there are.
pub(super) fn unknown(code: Code, noun: &str, name: &Name, known: &[&str]) -> Diagnostic {
    let message = format!("there is no {noun} `{}`", name.node);
    let diagnostic = Diagnostic::new(code, name.span, message);
    match nearest(&name.node, known.iter().copied()) {
        Some(near) => {
            diagnostic.help(format!("did you mean `{near}`?")).fix(name.span, written(near))
        }
        None if known.is_empty() => diagnostic,
        None => diagnostic.help(format!("there {}", are(known))),
    }
}

/// `is `a`` or `are `a` and `b``.
pub(super) fn are(names: &[&str]) -> String {
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{verb} {}", listed(names.iter().copied()))
}

/// A column that the rows do not have.
pub(super) fn unknown_column(name: &Name, columns: &[Column]) -> Diagnostic {
    let known: Vec<&str> =
        columns.iter().map(|it| it.name.as_str()).filter(|it| !it.is_empty()).collect();
    let diagnostic = unknown(Code::UnknownName, "column", name, &known);
    match diagnostic.help.as_deref() {
        Some(help) if help.starts_with("there") => {
            let help = format!("the columns here {}", are(&known));
            diagnostic.help(help)
        }
        None => diagnostic.help("these rows have no columns: take it away"),
        Some(_) => diagnostic,
    }
}

/// The words of one kind.
pub(super) fn words(catalog: &dyn Catalog, kind: Kind) -> Vec<&str> {
    let all = catalog.signatures();
    all.into_iter().filter(|it| it.kind == kind).map(|it| it.name).collect()
}

/// A word that the vocabulary does not have in this kind.
pub(super) fn unknown_word(catalog: &dyn Catalog, kind: Kind, name: &Name) -> Diagnostic {
    let (code, noun) = match kind {
        Kind::From => (Code::UnknownCombination, "combination of streams"),
        Kind::Step => (Code::UnknownStep, "step"),
        Kind::Window => (Code::UnknownWindow, "window"),
        Kind::Aggregate => (Code::UnknownFunction, "aggregate"),
        Kind::Function => (Code::UnknownFunction, "function"),
        Kind::Detector => (Code::UnknownDetector, "detector"),
        Kind::Source => (Code::UnknownConnector, "source"),
        Kind::Sink => (Code::UnknownConnector, "sink"),
        Kind::Format => (Code::UnknownFormat, "format"),
    };
    let mut known = words(catalog, kind);
    if kind == Kind::Step {
        known.push("into");
    }
    let diagnostic = unknown(code, noun, name, &known);
    let did_you_mean = diagnostic.help.as_deref().is_some_and(|it| it.starts_with("did"));
    match other_kinds(catalog, kind, &name.node) {
        Some(others) if !did_you_mean => {
            let help = format!("`{}` is {others}; {}", name.node, place_of(catalog, &name.node));
            diagnostic.help(help)
        }
        _ => match habit(catalog, kind, &name.node) {
            Some(help) if !did_you_mean => diagnostic.help(help),
            _ if known.is_empty() => {
                diagnostic.help(format!("this vocabulary has no {noun}: take it away"))
            }
            _ => diagnostic,
        },
    }
}

const KINDS: [Kind; 9] = [
    Kind::From,
    Kind::Step,
    Kind::Window,
    Kind::Aggregate,
    Kind::Detector,
    Kind::Function,
    Kind::Source,
    Kind::Sink,
    Kind::Format,
];

/// `a step`, `an aggregate and a function`: what else the word is.
fn other_kinds(catalog: &dyn Catalog, kind: Kind, name: &str) -> Option<String> {
    let known = |it: &&Kind| **it != kind && catalog.signature(**it, name).is_some();
    let nouns: Vec<String> = KINDS.iter().filter(known).map(|it| with_article(it.noun())).collect();
    (!nouns.is_empty()).then(|| nouns.join(" and "))
}

/// `a step`, `an aggregate`.
pub(super) fn with_article(noun: &str) -> String {
    let vowel = noun.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {noun}", if vowel { "an" } else { "a" })
}

/// Where a word of the vocabulary stands.
fn place_of(catalog: &dyn Catalog, name: &str) -> String {
    let words = || Words::of(catalog);
    let kind = KINDS.into_iter().find(|it| catalog.signature(*it, name).is_some());
    match kind {
        Some(Kind::From) => "it stands behind the `=` of a stream",
        Some(Kind::Step) => "it stands behind a `|`",
        Some(Kind::Window) => return format!("it stands in `| {} …`", first_word(&words().group)),
        Some(Kind::Aggregate) => return format!("it stands in `| {} …`", words().aggregate),
        Some(Kind::Detector) => return format!("it stands in `| {} …`", words().detect),
        Some(Kind::Function) => "it stands in expressions",
        Some(Kind::Source) => "it stands behind the `=` of a source",
        Some(Kind::Sink) => "it stands in `| into …` of a sink",
        _ => "it stands behind `format:`",
    }
    .to_owned()
}

/// The verb of a step that is written with an example.
fn first_word(text: &str) -> &str {
    text.split(' ').next().unwrap_or(text)
}

/// What other languages call a thing, and what it is called here.
fn habit(catalog: &dyn Catalog, kind: Kind, name: &str) -> Option<String> {
    let name = name.to_lowercase();
    let words = || Words::of(catalog);
    Some(match (kind, name.as_str()) {
        (Kind::Step, "filter" | "having") => {
            format!("rows are kept by `| {} CONDITION`", words().keep)
        }
        (Kind::Step, "map" | "derive" | "project" | "mutate" | "compute") => {
            let Words { choose, add, .. } = words();
            format!("columns are chosen by `| {choose} …` and added by `| {add} …`")
        }
        (
            Kind::Step,
            "group" | "group_by" | "groupby" | "partition" | "summarize" | "summarise",
        ) => {
            let Words { group, aggregate, .. } = words();
            format!("rows are grouped by `| {group}, by: KEY`, and `| {aggregate} …` behind it")
        }
        (Kind::Step, "sort" | "order" | "order_by" | "limit" | "take") => {
            let Words { group, aggregate, .. } = words();
            format!(
                "a stream has no end at which it could be sorted or cut; `| {group}` and `| {aggregate} …` make results of it"
            )
        }
        (Kind::Step, "from" | "source") => {
            "rows come from what stands behind the `=` of a stream".to_owned()
        }
        (Kind::Step, "to" | "sink" | "write" | "output" | "insert") => {
            "a sink writes rows: `sink NAME = STREAM | into …`".to_owned()
        }
        (Kind::Step, "distinct" | "unique") => format!(
            "rows that are the same are dropped by `| {} by: KEY, within: 10m`",
            words().once
        ),
        _ => return None,
    })
}
