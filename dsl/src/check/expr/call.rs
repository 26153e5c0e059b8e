//! Calls: functions of the vocabulary, and the few that the language knows itself (`if`, `env`, `secret`).

use super::aggregate::Kinds;
use super::words::shown;
use super::{Checker, Reads, unknown};
use crate::ast::{self, Item};
use crate::catalog::Words;
use crate::check::args::bind;
use crate::check::suggest::nearest;
use crate::diagnostic::{Code, Diagnostic, has_errors};
use crate::plan::{Arg, Args, Expr, ExprKind};
use crate::signature::{Kind, Returns, Signature};
use crate::span::{Name, Span};
use crate::types::{Type, Typed};
use crate::value::Value;

impl Checker<'_, '_> {
    pub(super) fn call(&mut self, call: &ast::Call) -> Expr {
        let name = call.name.node.as_str();
        match name {
            "if" => return self.branch(call),
            "env" | "secret" => return self.environment(call),
            _ => {}
        }
        let catalog = self.scope.catalog;
        let kinds = Kinds {
            aggregate: catalog.signature(Kind::Aggregate, name),
            function: catalog.signature(Kind::Function, name),
        };
        match (kinds, self.scope.grouped) {
            (Kinds { aggregate: Some(signature), .. }, Some(grouped)) => {
                self.aggregate(signature, grouped, call)
            }
            (Kinds { function: Some(signature), .. }, _) => self.function(signature, call),
            (Kinds { aggregate: Some(_), .. }, None) => self.misplaced_aggregate(call),
            _ => self.unknown_function(call),
        }
    }

    fn function(&mut self, signature: &Signature, call: &ast::Call) -> Expr {
        if self.scope.reads == Reads::Constants {
            let message = format!(
                "`{}` is worked out for rows, and this has to be known before the first one",
                signature.name
            );
            let help = "a constant is put together from literals, params, `env(…)`, operators and `f\"…\"`";
            return self.fail(Diagnostic::new(Code::ConstantNeeded, call.span, message).help(help));
        }
        let Some((args, typed)) = self.bound(signature, call) else { return unknown(call.span) };
        let args = exprs(signature, &args);
        Expr {
            kind: ExprKind::Call { function: signature.name.to_owned(), args },
            typed,
            span: call.span,
        }
    }

    /// The arguments of a word and what it yields with them. None where something is wrong, which is reported.
    pub(super) fn bound(
        &mut self,
        signature: &Signature,
        call: &ast::Call,
    ) -> Option<(Args, Typed)> {
        let before = self.report.len();
        let args = bind(signature, call.name.span, &call.items, self.scope, self.report);
        if has_errors(&self.report[before..]) {
            return None;
        }
        let given = types(signature, &args);
        if given.iter().any(|it| it.ty.is_unknown()) {
            return None;
        }
        let result = match signature.result {
            Returns::From(of) => of(&given),
            Returns::Checked { from, constants } => {
                from(&given).and_then(|it| constants(&known(signature, &args)).map(|()| it))
            }
            Returns::Nothing => Err("it yields no value".to_owned()),
        };
        match result {
            Ok(typed) => Some((args, typed)),
            Err(why) => {
                let message = format!("`{}` refuses its arguments: {why}", signature.name);
                let help = format!("`weir docs {}` shows what it takes", signature.name);
                self.fail(Diagnostic::new(Code::BadArguments, call.span, message).help(help));
                None
            }
        }
    }

    /// `env("NAME")`, `secret("file")`
    fn environment(&mut self, call: &ast::Call) -> Expr {
        let name = call.name.node.as_str();
        if self.scope.reads != Reads::Constants {
            let message =
                format!("`{name}` stands in options only, so that no secret gets into a row");
            let help = match name {
                "env" => {
                    "for what is no secret declare a param and give it with `--set`: `param site: string`"
                }
                _ => "use it in the options of sources and sinks",
            };
            return self.fail(Diagnostic::new(Code::SecretInRow, call.span, message).help(help));
        }
        let example =
            if name == "env" { "env(\"BROKER_URL\")" } else { "secret(\"password.txt\")" };
        let only = match call.items.as_slice() {
            [Item::Positional(only)] => only,
            [] => {
                let message = format!("`{name}` needs the name of what it reads");
                let help = format!("write `{example}`");
                return self
                    .fail(Diagnostic::new(Code::MissingArgument, call.span, message).help(help));
            }
            _ => {
                let message = format!("`{name}` takes one text");
                let help = format!("write `{example}`");
                return self
                    .fail(Diagnostic::new(Code::TooManyArguments, call.span, message).help(help));
            }
        };
        let what = if name == "env" { "the name of a variable" } else { "the path of a secret" };
        let value = self.exactly(only, &Type::String, what);
        if value.typed.ty.is_unknown() {
            return unknown(call.span);
        }
        let kind = ExprKind::Call { function: name.to_owned(), args: vec![value] };
        Expr { kind, typed: Type::String.required(), span: call.span }
    }

    fn unknown_function(&mut self, call: &ast::Call) -> Expr {
        let Name { node: name, span } = &call.name;
        let message = format!("there is no function `{name}`");
        let diagnostic = Diagnostic::new(Code::UnknownFunction, *span, message);
        let diagnostic = match self.function_habit(name, &call.items) {
            Some(help) => diagnostic.help(help),
            None => self.suggest_function(diagnostic, name),
        };
        self.report.push(diagnostic);
        // Perhaps an aggregate was meant, which sees other columns than what stands around it.
        if self.scope.grouped.is_none() {
            self.names_in(&call.items);
        }
        unknown(call.span)
    }

    /// Reports unknown names in the arguments of a function that is not known; what types it takes nobody knows.
    fn names_in(&mut self, items: &[Item]) {
        let mut found = Vec::new();
        for item in items {
            let (Item::Positional(value) | Item::Define { value, .. } | Item::Option { value, .. }) =
                item;
            Checker { scope: self.scope, report: &mut found }.expr(value);
        }
        found.retain(|it| matches!(it.code, Code::UnknownName | Code::UnknownFunction));
        self.report.append(&mut found);
    }

    /// What other languages write as a function.
    fn function_habit(&self, name: &str, items: &[Item]) -> Option<String> {
        let args: Vec<String> = items
            .iter()
            .map(|it| if let Item::Positional(expr) = it { shown(expr) } else { "…".to_owned() })
            .collect();
        let arg = |i: usize| args.get(i).map_or("x", String::as_str);
        let catalog = self.scope.catalog;
        let lower = name.to_lowercase();
        Some(match lower.as_str() {
            "coalesce" | "ifnull" | "nvl" | "isnull" => {
                format!("write `{} ?? {}`", arg(0), args.get(1).map_or("0", String::as_str))
            }
            "not" => format!("write it in small letters: `not {}`", arg(0)),
            "iff" | "iif" | "case" | "when" => "write `if(condition, value, otherwise)`".to_owned(),
            "cast" | "convert" | "try_cast" => format!("write `{} as int`; `as int?` is null where it cannot", arg(0)),
            "int" | "float" | "string" | "bool" | "timestamp" | "date" | "duration" => {
                format!("write `{} as {lower}`", arg(0))
            }
            "to_string" | "str" => format!("write `{} as string`, or `f\"{{{}}}\"`", arg(0), arg(0)),
            "to_int" | "to_float" | "to_timestamp" if catalog.signature(Kind::Function, name).is_none() => {
                format!("write `{} as {}`", arg(0), &lower[3..])
            }
            "concat" | "format" | "printf" | "sprintf" => {
                let holes: Vec<String> = args.iter().map(|it| format!("{{{it}}}")).collect();
                format!("write `f\"{}\"`", holes.join(""))
            }
            "now" | "current_timestamp" | "getdate" | "today" => {
                "expressions do not read the clock; a row's own times are `meta.time` and `meta.received`".to_owned()
            }
            "random" | "rand" | "uuid" => "expressions do not use chance: results have to be the same in every run".to_owned(),
            _ if catalog.signature(Kind::Detector, name).is_some() => {
                format!("`{name}` is a detector: `| {} {name}(…), by: …`", Words::of(catalog).detect)
            }
            _ if catalog.signature(Kind::Window, name).is_some() => {
                let group = Words::of(catalog).group;
                let verb = group.split(' ').next().unwrap_or_default();
                format!("`{name}` is a window: `| {verb} {name}(…), by: …`")
            }
            _ if catalog.signature(Kind::Step, name).is_some() => {
                format!("`{name}` is a step: `| {name} …`")
            }
            _ => return None,
        })
    }

    fn suggest_function(&self, diagnostic: Diagnostic, name: &str) -> Diagnostic {
        let wanted = |kind: Kind| {
            kind == Kind::Function || kind == Kind::Aggregate && self.scope.grouped.is_some()
        };
        let signatures = self.scope.catalog.signatures();
        let known = signatures.iter().filter(|it| wanted(it.kind)).map(|it| it.name);
        let span = diagnostic.span;
        match nearest(name, known.chain(["if"])) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(span, near),
            None => diagnostic.help("`weir docs` lists the functions"),
        }
    }
}

/// The types of the arguments that are there, in the order of the signature.
fn types(signature: &Signature, args: &Args) -> Vec<Typed> {
    let given = signature.params.iter().filter_map(|it| args.get(it.name));
    given.flat_map(flattened).map(typed).collect()
}

/// The values of the arguments that are there, in the order of the signature; none where one is not a literal.
fn known<'a>(signature: &Signature, args: &'a Args) -> Vec<Option<&'a Value>> {
    let given = signature.params.iter().filter_map(|it| args.get(it.name));
    let value = |arg: &'a Arg| match arg {
        Arg::Value(value) | Arg::Expr(Expr { kind: ExprKind::Literal(value), .. }) => Some(value),
        _ => None,
    };
    given.flat_map(flattened).map(value).collect()
}

/// The arguments as expressions, in the order of the signature; one that is left out before others is null.
fn exprs(signature: &Signature, args: &Args) -> Vec<Expr> {
    let mut exprs = Vec::new();
    let mut missing = Vec::new();
    for param in &signature.params {
        let span = args.span(param.name).unwrap_or_default();
        match args.get(param.name) {
            Some(arg) => {
                exprs.append(&mut missing);
                exprs.extend(flattened(arg).into_iter().map(|it| expr(it, span)));
            }
            None => missing.push(null(span)),
        }
    }
    exprs
}

fn null(span: Span) -> Expr {
    Expr { kind: ExprKind::Literal(Value::Null), typed: Type::Null.nullable(), span }
}

fn flattened(arg: &Arg) -> Vec<&Arg> {
    match arg {
        Arg::List(args) => args.iter().flat_map(flattened).collect(),
        other => vec![other],
    }
}

fn typed(arg: &Arg) -> Typed {
    match arg {
        Arg::Expr(expr) | Arg::Constant(expr, _) => expr.typed.clone(),
        Arg::Value(value) => crate::constant::type_of(value),
        Arg::Choice(_) => Type::String.required(),
        _ => Type::Null.nullable(),
    }
}

fn expr(arg: &Arg, span: Span) -> Expr {
    let kind = match arg {
        Arg::Expr(expr) | Arg::Constant(expr, _) => return expr.clone(),
        Arg::Value(value) => ExprKind::Literal(value.clone()),
        Arg::Choice(word) => ExprKind::Literal(Value::String(word.clone())),
        _ => ExprKind::Literal(Value::Null),
    };
    Expr { kind, typed: typed(arg), span }
}
