//! One argument: what is written becomes what the parameter takes.

use super::given::Given;
use super::{Subject, bind_matched, columns, matched, missing, word};
use crate::ast::{self, BindingKind, ExprKind};
use crate::check::expr;
use crate::check::names::{Meaning, unknown};
use crate::check::suggest::{listed, nearest};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{Arg, Input, Side};
use crate::signature::{Constant, Param, Place, Presence, Range, Takes, TypeClass};
use crate::span::{Name, Spanned};
use crate::types::Type;
use crate::value::Value;

/// The argument; none where a mistake in it was reported.
pub(super) fn argument(
    param: &Param,
    given: &Given<'_>,
    place: super::Place<'_>,
    report: &mut Vec<Diagnostic>,
) -> Option<Spanned<Arg>> {
    let span = given.span()?;
    let mut value = Reading { param, place, report };
    let arg = match given {
        Given::One(expr) => value.one(&param.takes, expr),
        Given::Many(exprs) => {
            let args: Vec<Option<Arg>> =
                exprs.iter().map(|it| value.one(&param.takes, it)).collect();
            args.into_iter().collect::<Option<Vec<Arg>>>().map(Arg::List)
        }
        Given::Items(items) => Some(columns::collected(&param.takes, items, place, value.report)),
    };
    arg.map(|it| Spanned::new(it, span))
}

/// Reads the values of one parameter.
struct Reading<'a, 'r> {
    param: &'a Param,
    place: super::Place<'a>,
    report: &'r mut Vec<Diagnostic>,
}

impl Reading<'_, '_> {
    fn one(&mut self, takes: &Takes, expr: &ast::Expr) -> Option<Arg> {
        let scope = self.place.scope;
        if expr.is_gap() {
            return None;
        }
        match takes {
            Takes::Expr(TypeClass::Is(Type::Bool)) if self.place.input.is_some() => {
                Some(Arg::Expr(expr::condition(expr, scope, self.report)))
            }
            Takes::Expr(class) => Some(Arg::Expr(expr::check_as(expr, class, scope, self.report))),
            Takes::ConstantOrExpr(class) => {
                let arg = expr::constant_or_expr(expr, class, scope, self.report)?;
                self.limited(arg, expr)
            }
            Takes::Constant(kind) => self.constant(expr, *kind),
            Takes::Pattern => expr::captures(expr, scope, self.report),
            Takes::RowPattern => Some(Arg::RowPattern(expr::pattern(expr, scope, self.report))),
            Takes::Column => columns::column(expr, self.asked(), self.place, self.report),
            Takes::Columns => columns::columns(expr, self.asked(), self.place, self.report),
            Takes::ColumnOr(words) => {
                columns::column_or(expr, words, self.asked(), self.place, self.report)
            }
            Takes::Choice(choices) => self.choice(choices, expr),
            Takes::ConstantOrChoice(kind, choices) => match &expr.kind {
                ExprKind::Name { name, .. } if choices.contains(&name.as_str()) => {
                    Some(Arg::Choice(name.clone()))
                }
                _ => self.constant(expr, *kind),
            },
            Takes::Word(kind) => word::word(*kind, expr, self.place, self.report).map(Arg::Word),
            Takes::Schema => self.schema(expr),
            Takes::Stream => self.stream(expr),
            Takes::Record(params) => self.record(params, expr),
            Takes::ListOf(inner) => self.list(inner, expr),
            // These take all items of a word and never stand for one option.
            Takes::Items | Takes::Renames | Takes::Aggregates | Takes::Detectors => None,
        }
    }

    fn asked(&self) -> columns::Asked<'static> {
        columns::Asked { name: self.param.name, option: self.param.place == Place::Option }
    }

    /// A mistake inside leaves the argument out, so that no rule looks at it.
    fn constant(&mut self, expr: &ast::Expr, kind: Constant) -> Option<Arg> {
        let arg = expr::constant(expr, kind, self.place.scope, self.report)?;
        self.limited(arg, expr)
    }

    /// Keeps a constant to its range; one that is outside is left out.
    fn limited(&mut self, arg: Arg, expr: &ast::Expr) -> Option<Arg> {
        let limit = self.param.limit();
        match arg {
            Arg::Constant(open, _) => Some(Arg::Constant(open, limit)),
            Arg::Value(value) => match limit.and_then(|it| it.refuses(&value)) {
                None => Some(Arg::Value(value)),
                Some(why) => {
                    let (name, text) = (self.param.name, allowed(self.param));
                    let named = self.param.place == Place::Option;
                    let help = if named { format!("{name}: {text}") } else { text };
                    let diagnostic = Diagnostic::new(Code::BadOption, expr.span, why);
                    self.report.push(diagnostic.help(format!("write `{help}`, for example")));
                    None
                }
            },
            other => Some(other),
        }
    }

    fn choice(&mut self, choices: &'static [&'static str], expr: &ast::Expr) -> Option<Arg> {
        let name = self.param.name;
        let written = match &expr.kind {
            ExprKind::Name { name, .. } => name,
            ExprKind::Literal(literal) => match &literal.value {
                Value::String(text) => text,
                _ => return self.no_choice(choices, expr),
            },
            _ => return self.no_choice(choices, expr),
        };
        let is_text = matches!(expr.kind, ExprKind::Literal(_));
        if let Some(choice) = choices.iter().find(|it| *it == written) {
            if is_text {
                let message = format!("`{name}` takes a bare word, not text");
                let help = format!("write `{name}: {choice}`");
                let diagnostic = Diagnostic::new(Code::UnknownChoice, expr.span, message);
                self.report.push(diagnostic.help(help).fix(expr.span, *choice));
                return None;
            }
            return Some(Arg::Choice((*choice).to_owned()));
        }
        let message = format!("`{name}` cannot be `{written}`");
        let diagnostic = Diagnostic::new(Code::UnknownChoice, expr.span, message);
        self.report.push(match nearest(written, choices.iter().copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(expr.span, near),
            None => diagnostic.help(choice_help(choices)),
        });
        None
    }

    fn no_choice(&mut self, choices: &[&'static str], expr: &ast::Expr) -> Option<Arg> {
        let message = format!("`{}` takes one of its words", self.param.name);
        let diagnostic = Diagnostic::new(Code::UnknownChoice, expr.span, message);
        self.report.push(diagnostic.help(choice_help(choices)));
        None
    }

    fn schema(&mut self, expr: &ast::Expr) -> Option<Arg> {
        let file = self.place.file?;
        let ExprKind::Name { name, .. } = &expr.kind else {
            let message = format!("`{}` takes the name of a schema", self.param.name);
            let help = "write the columns down as `schema NAME { … }` and give its name here";
            self.report.push(Diagnostic::new(Code::SchemaNeeded, expr.span, message).help(help));
            return None;
        };
        if let Some(schema) = file.schemas.iter().find(|it| it.name == *name) {
            return Some(Arg::Schema(schema.clone()));
        }
        let name = Name::new(name.clone(), expr.span);
        let diagnostic = match file.names.meaning(&name.node) {
            Some(Meaning::Broken | Meaning::Schema) => {
                file.names.seek_elsewhere(&name);
                return None;
            }
            Some(meaning) => file.names.other_kind(&name, meaning, "a schema"),
            None => {
                let known = file.names.of(|it| it == Meaning::Schema);
                let diagnostic = unknown(Code::UnknownSchema, "schema", &name, &known);
                match diagnostic.help {
                    Some(_) => diagnostic,
                    None => diagnostic.help(format!("declare it: `schema {} {{ … }}`", name.node)),
                }
            }
        };
        self.report.push(diagnostic);
        None
    }

    fn stream(&mut self, expr: &ast::Expr) -> Option<Arg> {
        let file = self.place.file?;
        let (name, side) = match &expr.kind {
            ExprKind::Name { name, .. } => (Name::new(name.clone(), expr.span), None),
            ExprKind::Member(value, side) => match &value.kind {
                ExprKind::Name { name, .. } => (Name::new(name.clone(), value.span), Some(side)),
                _ => return self.no_stream(expr),
            },
            _ => return self.no_stream(expr),
        };
        input(file.names, &name, side, self.report).map(Arg::Stream)
    }

    fn no_stream(&mut self, expr: &ast::Expr) -> Option<Arg> {
        let message = "the name of a stream is needed here";
        let help = "give what stands here a name: `stream NAME = …`, and write the name";
        self.report.push(Diagnostic::new(Code::StreamNeeded, expr.span, message).help(help));
        None
    }

    fn record(&mut self, params: &[Param], expr: &ast::Expr) -> Option<Arg> {
        let name = self.param.name;
        let ExprKind::Record(entries) = &expr.kind else {
            let parts: Vec<String> = params.iter().map(|it| format!("{}: …", it.name)).collect();
            let message = format!("`{name}` takes a record");
            let help = format!("write `{name}: {{ {} }}`", parts.join(", "));
            self.report.push(Diagnostic::new(Code::RecordNeeded, expr.span, message).help(help));
            return None;
        };
        let items: Vec<ast::Item> = entries
            .iter()
            .map(|(name, value)| ast::Item::Option {
                name: name.clone(),
                value: value.clone(),
                span: name.span.to(value.span),
            })
            .collect();
        let subject = Subject { name, kind: None, params };
        let found = matched(&subject, expr.span, &items, self.report);
        Some(Arg::Record(bind_matched(&subject, &found, |_| true, self.place, self.report)))
    }

    fn list(&mut self, inner: &Takes, expr: &ast::Expr) -> Option<Arg> {
        let args: Vec<Option<Arg>> = match &expr.kind {
            ExprKind::List(values) => values.iter().map(|it| self.one(inner, it)).collect(),
            _ => vec![self.one(inner, expr)],
        };
        args.into_iter().collect::<Option<Vec<Arg>>>().map(Arg::List)
    }
}

/// A value that the parameter takes, as it is written: its default, what such a value looks like, an end of its range.
fn allowed(param: &Param) -> String {
    let ends = param.range.map_or("", Range::text).split("..").map(str::to_owned);
    let default = match param.presence {
        Presence::Default(text) => Some(text.to_owned()),
        _ => None,
    };
    let looks = Some(missing::sample(&param.takes));
    let fits = |text: &String| param.range.is_none_or(|it| it.holds_text(text));
    let found = default.into_iter().chain(looks).chain(ends).find(fits);
    found.unwrap_or_else(|| "…".to_owned())
}

fn choice_help(choices: &[&'static str]) -> String {
    match choices {
        [one] => format!("it can only be `{one}`"),
        _ => format!("it can be {}", listed(choices.iter().copied()).replace(" and ", " or ")),
    }
}

/// The output of a binding that a name means, `side` being what stands behind its dot.
pub(in crate::check) fn input(
    names: &crate::check::names::Names<'_>,
    name: &Name,
    side: Option<&Name>,
    report: &mut Vec<Diagnostic>,
) -> Option<Input> {
    let kind = match names.meaning(&name.node) {
        Some(Meaning::Binding(kind)) => Some(kind),
        Some(Meaning::Broken) => {
            names.seek_elsewhere(name);
            None
        }
        Some(meaning) => {
            report.push(names.other_kind(name, meaning, "a stream").help(other_help(meaning)));
            return None;
        }
        None => {
            report.push(names.unknown_stream(name));
            return None;
        }
    };
    let side = match side {
        None => Side::Main,
        Some(it) if it.node == "errors" => Side::Errors,
        Some(it) if it.node == "late" => Side::Late,
        Some(it) => {
            report.push(unknown_side(name, it));
            return None;
        }
    };
    match kind? {
        BindingKind::Table => return None,
        BindingKind::Sink if side == Side::Main => {
            let help = format!(
                "read what the sink reads, or `{}.errors`: the rows that it could not write",
                name.node
            );
            let meaning = Meaning::Binding(BindingKind::Sink);
            report.push(names.other_kind(name, meaning, "a stream").help(help));
            return None;
        }
        _ => {}
    }
    Some(Input { name: name.node.clone(), side })
}

fn other_help(meaning: Meaning) -> &'static str {
    match meaning {
        Meaning::Schema => "a schema describes rows; a source that uses it brings them",
        _ => "name a source or a stream",
    }
}

fn unknown_side(name: &Name, side: &Name) -> Diagnostic {
    let stream = &name.node;
    let message = format!("`{stream}` has no side stream `{}`", side.node);
    let diagnostic = Diagnostic::new(Code::UnknownSide, side.span, message);
    match nearest(&side.node, ["errors", "late"]) {
        Some(near) => {
            diagnostic.help(format!("did you mean `{stream}.{near}`?")).fix(side.span, near)
        }
        None => diagnostic.help(format!(
            "rows that were refused are `{stream}.errors`, rows that came too late `{stream}.late`"
        )),
    }
}
