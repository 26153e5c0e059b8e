//! `as`: what can become what. The table is that of the engine's conversions.

use super::words::{noun, short};
use super::{Checker, type_expr, unknown};
use crate::ast;
use crate::check::unify::same_but_unit;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{Expr, ExprKind};
use crate::span::Span;
use crate::types::{Type, Typed};
use crate::value::Value;

impl Checker<'_, '_> {
    pub(super) fn cast(&mut self, value: &ast::Expr, ty: &ast::TypeExpr, span: Span) -> Expr {
        let source = self.expr(value);
        let to = type_expr::typed(ty, self.report);
        if to.ty == Type::Timestamp && ty.args != ast::TypeArgs::None {
            let message = "how a timestamp is read is said in a schema";
            let help = "write `as timestamp`; a number becomes one as milliseconds since 1970";
            return self.fail(Diagnostic::new(Code::BadTypeArguments, ty.span, message).help(help));
        }
        if source.typed.ty.is_unknown() || to.ty.is_unknown() {
            return unknown(span);
        }
        let from = &source.typed.ty;
        if !possible(from, &to.ty) {
            let message = format!("{} cannot become {}", noun(from), noun(&to.ty));
            let diagnostic = Diagnostic::new(Code::ImpossibleCast, span, message);
            let text = short(value).unwrap_or_else(|| "x".to_owned());
            return self.fail(match impossible_help(&text, from, &to.ty) {
                Some(help) => diagnostic.help(help),
                None => {
                    diagnostic.help(format!("there is no conversion: take `as {}` away", to.ty))
                }
            });
        }
        let lenient = to.nullable;
        let typed = Typed { nullable: source.typed.nullable || lenient, ty: to.ty };
        let kind = match source.kind {
            ExprKind::Literal(Value::Null) => ExprKind::Literal(Value::Null),
            kind if source.typed.ty == typed.ty => return Expr { kind, typed, span },
            kind => ExprKind::Cast { value: Box::new(Expr { kind, ..source }), lenient },
        };
        Expr { kind, typed, span }
    }
}

/// Whether there is a conversion, though single values may not fit.
pub(super) fn possible(from: &Type, to: &Type) -> bool {
    use Type as T;
    let scalar = |ty: &Type| {
        matches!(
            ty,
            T::Bool
                | T::Int
                | T::Float(_)
                | T::Decimal { .. }
                | T::Timestamp
                | T::Duration
                | T::Date
        )
    };
    if same_but_unit(from, to) {
        return true;
    }
    match (from, to) {
        (T::Null, _)
        | (T::String, T::Json | T::Bytes)
        | (T::Bytes | T::Json, T::String)
        | (T::Bool, T::Int | T::Float(_))
        | (T::Int, T::Bool | T::Float(_) | T::Decimal { .. } | T::Timestamp)
        | (T::Float(_) | T::Decimal { .. }, T::Int | T::Decimal { .. })
        | (T::Decimal { .. }, T::Float(_))
        | (T::Timestamp, T::Int | T::Date)
        | (T::Date, T::Timestamp) => true,
        (T::String | T::Json, to) => scalar(to),
        (from, T::String) => scalar(from),
        _ => false,
    }
}

fn impossible_help(text: &str, from: &Type, to: &Type) -> Option<String> {
    Some(match (from, to) {
        (Type::Duration, Type::Int) => format!("count in a unit: `round({text} / 1s) as int`"),
        (Type::Duration, Type::Float(_)) => format!("count in a unit: `{text} / 1s`"),
        (Type::Int | Type::Float(_), Type::Duration) => {
            format!("say what it counts: `{text} * 1s`")
        }
        (Type::Float(_), Type::Timestamp) => {
            format!("say what it counts: `@1970-01-01T00:00:00Z + {text} * 1s`")
        }
        (Type::Timestamp, Type::Float(_)) => {
            format!("seconds since 1970 are `({text} - @1970-01-01T00:00:00Z) / 1s`")
        }
        (Type::Float(_) | Type::Decimal { .. }, Type::Bool) => {
            format!("compare it: `{text} != 0.0`")
        }
        (Type::Json, _) => {
            "declare what you need of it in the schema, as in `x: list<int> from \"payload.x\"`"
                .to_owned()
        }
        (Type::List(_), _) => format!("convert an element: `{text}[0] as {to}`"),
        (Type::Struct(_), _) => format!("convert a field: `{text}.name as {to}`"),
        (_, Type::Json) => format!("text that is JSON can: `{text} as string as json`"),
        _ => return None,
    })
}
