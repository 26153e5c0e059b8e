//! Names: columns, params, `meta`; fields of structs and elements of lists and maps.

use super::words::{noun, short, shown};
use super::{Checker, Reads};
use crate::ast;
use crate::catalog::Words;
use crate::check::flows::is_open;
use crate::check::suggest::{listed, nearest};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{Expr, ExprKind, MetaField, ParamPlan};
use crate::signature::Kind;
use crate::span::{Name, Span};
use crate::types::{Column, Type, Typed};

impl Checker<'_, '_> {
    /// A column, then a param; both is a mistake.
    pub(super) fn name(&mut self, name: &str, span: Span) -> Expr {
        let column = self.column(name).cloned();
        let param = self.scope.params.iter().find(|it| it.name == name);
        match (column, param) {
            (Some(_), Some(param)) if self.scope.reads != Reads::Constants => {
                let message = format!("`{name}` is a column and a param");
                let help = {
                    let rename = Words::of(self.scope.catalog).rename;
                    format!("rename the param, or the column: `| {rename} {name}_column = {name}`")
                };
                self.fail(
                    Diagnostic::new(Code::ColumnAndParam, span, message)
                        .related(param.span, "the param")
                        .help(help),
                )
            }
            (_, Some(param)) => self.param(param, span),
            (Some(column), None) if self.scope.reads != Reads::Constants => {
                let kind = ExprKind::Column(column.name);
                Expr { kind, typed: column.typed, span }
            }
            (Some(_), None) => self.differs(name, span),
            (None, None) => self.unknown_name(name, span),
        }
    }

    fn column(&self, name: &str) -> Option<&Column> {
        self.scope.columns.iter().rev().find(|it| it.name == name)
    }

    fn param(&mut self, param: &ParamPlan, span: Span) -> Expr {
        let is_secret =
            |it: &Expr| matches!(&it.kind, ExprKind::Call { function, .. } if function == "secret");
        let secret = param.default.as_ref().is_some_and(|it| crate::constant::any(it, &is_secret));
        if secret && self.scope.reads != Reads::Constants {
            let message =
                format!("the param `{}` is a secret, and rows are no place for it", param.name);
            let help = "use it in the options of sources and sinks only";
            return self.fail(Diagnostic::new(Code::SecretInRow, span, message).help(help));
        }
        Expr { kind: ExprKind::Param(param.name.clone()), typed: param.typed.clone(), span }
    }

    /// A column where the value has to be known before the first row.
    fn differs(&mut self, name: &str, span: Span) -> Expr {
        let message = format!(
            "`{name}` differs from row to row, and this has to be known before the first one"
        );
        let help = format!("write a literal or a param; the text is written `\"{name}\"`");
        self.fail(Diagnostic::new(Code::ConstantNeeded, span, message).help(help))
    }

    fn unknown_name(&mut self, name: &str, span: Span) -> Expr {
        let grouped = self.scope.grouped.map_or(&[][..], |it| it.columns);
        if is_open(self.scope.columns) || is_open(grouped) {
            // What the rows hold could not be told, and that was reported.
            return super::unknown(span);
        }
        if name == "meta" {
            let message = "`meta` is no value by itself";
            let help = format!("name one of its fields: {}", meta_fields());
            return self.fail(Diagnostic::new(Code::BareMeta, span, message).help(help));
        }
        if let Some(grouped) = self.scope.grouped
            && grouped.columns.iter().any(|it| it.name == name)
        {
            return self.not_aggregated(name, span);
        }
        if self.scope.reads == Reads::Constants {
            return self.unknown_param(name, span);
        }
        let message = format!("there is no column or param `{name}`");
        let diagnostic = Diagnostic::new(Code::UnknownName, span, message);
        self.fail(match self.name_habit(name) {
            Some(help) => diagnostic.help(help),
            None => self.with_suggestion(diagnostic, name),
        })
    }

    /// What other languages call it.
    fn name_habit(&self, name: &str) -> Option<String> {
        let catalog = self.scope.catalog;
        Some(match name.to_lowercase().as_str() {
            "nil" | "none" | "undefined" | "null" => "nothing is written `null`".to_owned(),
            "nan" => "not a number is written `\"NaN\" as float`".to_owned(),
            "true" | "false" => format!("write it in small letters: `{}`", name.to_lowercase()),
            "now" | "current_timestamp" | "current_date" => {
                "expressions do not read the clock; a row's own times are `meta.time` and `meta.received`"
                    .to_owned()
            }
            _ if self.scope.grouped.is_some()
                && catalog.signature(Kind::Aggregate, name).is_some() =>
            {
                format!("an aggregate is called: `{name}(…)`")
            }
            _ if catalog.signature(Kind::Function, name).is_some() => {
                format!("a function is called: `{name}(…)`")
            }
            _ => return None,
        })
    }

    fn with_suggestion(&self, diagnostic: Diagnostic, name: &str) -> Diagnostic {
        let columns = self.scope.columns.iter().map(|it| it.name.as_str());
        let grouped =
            self.scope.grouped.iter().flat_map(|it| it.columns).map(|it| it.name.as_str());
        let params = self.scope.params.iter().map(|it| it.name.as_str());
        let span = diagnostic.span;
        if let Some(near) = nearest(name, columns.clone().chain(params).chain(grouped)) {
            return diagnostic.help(format!("did you mean `{near}`?")).fix(span, near);
        }
        if self.scope.columns.is_empty() {
            diagnostic.help(format!("text stands in quotes: `\"{name}\"`"))
        } else {
            let mut known: Vec<&str> = Vec::new();
            columns.for_each(|it| {
                if !known.contains(&it) {
                    known.push(it);
                }
            });
            diagnostic.help(format!("the columns here are {}", listed(known)))
        }
    }

    fn unknown_param(&mut self, name: &str, span: Span) -> Expr {
        let message = format!("there is no param `{name}`");
        let diagnostic = Diagnostic::new(Code::UnknownParam, span, message);
        let near = nearest(name, self.scope.params.iter().map(|it| it.name.as_str()));
        self.fail(match near {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(span, near),
            None => diagnostic.help(format!("text stands in quotes: `\"{name}\"`")),
        })
    }

    fn not_aggregated(&mut self, name: &str, span: Span) -> Expr {
        let message = format!("`{name}` differs from row to row within a window");
        let help = format!(
            "aggregate it, as in `max({name})` or `last({name})`, or add it to `by:` of `window`"
        );
        self.fail(Diagnostic::new(Code::NotAggregated, span, message).help(help))
    }

    /// `value.field`
    pub(super) fn member(&mut self, value: &ast::Expr, field: &Name, span: Span) -> Expr {
        if let ast::ExprKind::Name { name, quoted: false } = &value.kind {
            if name == "meta" && self.column(name).is_none() {
                return self.meta(field, span);
            }
            if let Some(failed) = self.stream_and_column(name, field, span) {
                return failed;
            }
        }
        let from = self.expr(value);
        let typed = match &from.typed.ty {
            Type::Unknown => return super::unknown(span),
            Type::Null => from.typed.clone(),
            Type::Struct(columns) => match self.field(columns, field, value) {
                Some(found) => {
                    let nullable = found.nullable || from.typed.nullable;
                    found.with_nullable(nullable)
                }
                None => return super::unknown(span),
            },
            Type::List(element) => match &element.ty {
                Type::Struct(columns) => match self.field(columns, field, value) {
                    Some(found) => {
                        let nullable = found.nullable || element.nullable;
                        let list = Type::List(Box::new(found.with_nullable(nullable)));
                        Typed { ty: list, nullable: from.typed.nullable }
                    }
                    None => return super::unknown(span),
                },
                _ => return self.no_fields(value, &from.typed.ty, field, span),
            },
            other => return self.no_fields(value, other, field, span),
        };
        Expr { kind: ExprKind::Member(Box::new(from), field.node.clone()), typed, span }
    }

    /// `telemetry.temperature` where only the column is known: the habit of naming the table.
    fn stream_and_column(&mut self, name: &str, field: &Name, span: Span) -> Option<Expr> {
        let known = self.column(name).is_some()
            || is_open(self.scope.columns)
            || self.scope.params.iter().any(|it| it.name == name)
            || self.scope.grouped.is_some_and(|it| it.columns.iter().any(|it| it.name == name));
        if known || self.column(&field.node).is_none() || self.scope.reads == Reads::Constants {
            return None;
        }
        let message = format!("there is no column or param `{name}`");
        Some(
            self.fail(
                Diagnostic::new(Code::UnknownName, span, message)
                    .help(format!("columns stand by themselves: `{}`", field.node))
                    .fix(span, field.node.clone()),
            ),
        )
    }

    fn field(&mut self, columns: &[Column], field: &Name, value: &ast::Expr) -> Option<Typed> {
        if let Some(found) = columns.iter().find(|it| it.name == field.node) {
            return Some(found.typed.clone());
        }
        let message = format!("`{}` has no field `{}`", shown(value), field.node);
        let diagnostic = Diagnostic::new(Code::UnknownField, field.span, message);
        let names = columns.iter().map(|it| it.name.as_str());
        self.report.push(match nearest(&field.node, names.clone()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(field.span, near),
            None => diagnostic.help(format!("its fields are {}", listed(names))),
        });
        None
    }

    fn no_fields(&mut self, value: &ast::Expr, ty: &Type, field: &Name, span: Span) -> Expr {
        let text = shown(value);
        let message = format!("{} has no fields", noun(ty));
        let diagnostic = Diagnostic::new(Code::NoFields, span, message);
        let field = &field.node;
        self.fail(match ty {
            Type::Map(..) => diagnostic.help(format!("an element of a map is `{text}[\"{field}\"]`")),
            Type::Json => diagnostic.help(format!(
                "declare what you need of it in the schema: `{field}: string? from \"{text}.{field}\"`"
            )),
            _ => diagnostic.help(format!("`{text}` is {} already", noun(ty))),
        })
    }

    /// `meta.topic`
    fn meta(&mut self, field: &Name, span: Span) -> Expr {
        let Some(found) = MetaField::ALL.iter().find(|it| it.name() == field.node) else {
            if is_open(self.scope.columns) {
                return super::unknown(span);
            }
            let message = format!("`meta` has no field `{}`", field.node);
            let diagnostic = Diagnostic::new(Code::UnknownField, field.span, message);
            return self.fail(
                match nearest(&field.node, MetaField::ALL.iter().map(|it| it.name())) {
                    Some(near) => diagnostic
                        .help(format!("did you mean `meta.{near}`?"))
                        .fix(field.span, near),
                    None => diagnostic.help(format!("its fields are {}", meta_fields())),
                },
            );
        };
        if self.scope.reads == Reads::Constants {
            return self.differs(&format!("meta.{}", field.node), span);
        }
        if self.scope.grouped.is_some_and(|it| it.meta) {
            return self.not_aggregated(&format!("meta.{}", field.node), span);
        }
        if !self.scope.meta {
            let message = "these rows are made from several, and have no metadata of their own";
            let help = format!(
                "keep what you need before the rows are grouped, as in `| {} topic = meta.topic`, and aggregate it",
                Words::of(self.scope.catalog).add
            );
            return self.fail(Diagnostic::new(Code::MetaGone, span, message).help(help));
        }
        Expr { kind: ExprKind::Meta(*found), typed: found.typed(), span }
    }

    /// `value[at]`
    pub(super) fn index(&mut self, value: &ast::Expr, at: &ast::Expr, span: Span) -> Expr {
        let from = self.expr(value);
        let (key, element, what) = match &from.typed.ty {
            Type::Unknown => {
                self.expr(at);
                return super::unknown(span);
            }
            Type::Null => (Type::Int, Type::Null, "a place"),
            Type::List(element) => (Type::Int, element.ty.clone(), "a place in a list"),
            Type::Map(key, element) => (key.ty.clone(), element.ty.clone(), "a key of this map"),
            other => {
                let message = format!("{} has no elements", noun(other));
                let diagnostic = Diagnostic::new(Code::CannotIndex, span, message);
                let help = match (other, short(value), short(at)) {
                    (Type::Struct(_), Some(value), _) => {
                        format!("a field of a struct is `{value}.name`")
                    }
                    (Type::Json, ..) => "declare what you need of it in the schema, as in \
                                         `first: float? from \"readings[0]\"`"
                        .to_owned(),
                    _ => "only lists (`x[0]`) and maps (`x[\"key\"]`) have elements".to_owned(),
                };
                return self.fail(diagnostic.help(help));
            }
        };
        let at = self.exactly(at, &key, what);
        if at.typed.ty.is_unknown() {
            return super::unknown(span);
        }
        let kind = ExprKind::Index(Box::new(from), Box::new(at));
        Expr { kind, typed: element.nullable(), span }
    }
}

fn meta_fields() -> String {
    listed(MetaField::ALL.iter().map(|it| it.name()))
}
