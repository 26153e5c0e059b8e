//! Where a value of a certain type is needed: a condition, a function's argument, an option.

use super::words::{conversion, noun, short, shown};
use super::{Checker, unknown};
use crate::ast;
use crate::check::unify::{convert, fits};
use crate::diagnostic::{Code, Diagnostic};
use crate::parse::unit_of_time;
use crate::plan::Expr;
use crate::signature::TypeClass;
use crate::types::Type;
use crate::value::Value;

impl Checker<'_, '_> {
    /// A value of one of these types.
    pub(super) fn wanted(&mut self, expr: &ast::Expr, class: &TypeClass) -> Expr {
        if *class == TypeClass::Is(Type::Bool) {
            return self.condition(expr);
        }
        let value = self.expr(expr);
        let found = &value.typed.ty;
        if found.is_unknown() {
            return value;
        }
        match class {
            TypeClass::Is(ty) if fits(found, ty) => return convert(value, ty),
            TypeClass::Is(_) => {}
            class if holds(class, found) => return value,
            _ => {}
        }
        let message = format!("expected {}, found {}", class_noun(class), noun(found));
        let diagnostic = Diagnostic::new(Code::WrongType, expr.span, message);
        self.fail(match wanted_help(expr, found, class) {
            Some(help) => diagnostic.help(help),
            None => diagnostic.help(format!("write {} there", class_noun(class))),
        })
    }

    /// True or false.
    pub(super) fn condition(&mut self, expr: &ast::Expr) -> Expr {
        let value = self.expr(expr);
        let found = &value.typed.ty;
        if found.is_unknown() || fits(found, &Type::Bool) {
            return convert(value, &Type::Bool);
        }
        let message = format!("expected true or false, found {}", noun(found));
        let diagnostic = Diagnostic::new(Code::NotACondition, expr.span, message);
        let text = short(expr).unwrap_or_else(|| "x".to_owned());
        self.fail(match conversion(&text, found, &Type::Bool) {
            Some(help) => diagnostic.help(format!("compare it with something: `{help}`")),
            None => diagnostic.help(format!("ask something about it, as in `{text} is not null`")),
        })
    }

    /// A value of exactly this type (int counts for float and decimal); `what` is said where it is none.
    pub(super) fn exactly(&mut self, expr: &ast::Expr, ty: &Type, what: &str) -> Expr {
        let value = self.expr(expr);
        if value.typed.ty.is_unknown() {
            return unknown(expr.span);
        }
        if fits(&value.typed.ty, ty) {
            return convert(value, ty);
        }
        let message = format!("{what} is {}, not {}", noun(ty), noun(&value.typed.ty));
        let help = conversion(&shown(expr), &value.typed.ty, ty);
        let help = help.unwrap_or_else(|| format!("{} there", noun(ty)));
        let diagnostic = Diagnostic::new(Code::WrongType, expr.span, message);
        self.fail(diagnostic.help(format!("write {help}")))
    }
}

/// Whether a type is of the class.
fn holds(class: &TypeClass, ty: &Type) -> bool {
    match class {
        TypeClass::Any => true,
        TypeClass::Is(wanted) => fits(ty, wanted),
        TypeClass::Numeric => ty.is_numeric(),
        TypeClass::NumericOrDuration => ty.is_numeric() || *ty == Type::Duration,
        TypeClass::Ordered => is_ordered(ty),
        TypeClass::Time => matches!(ty, Type::Timestamp | Type::Date),
        TypeClass::List => matches!(ty, Type::List(_)),
    }
}

/// Whether values of the type have an order.
pub(super) fn is_ordered(ty: &Type) -> bool {
    ty.is_numeric()
        || matches!(ty, Type::String | Type::Bool | Type::Timestamp | Type::Duration | Type::Date)
}

fn class_noun(class: &TypeClass) -> String {
    match class {
        TypeClass::Any => "a value".to_owned(),
        TypeClass::Is(ty) => noun(ty),
        TypeClass::Numeric => "a number".to_owned(),
        TypeClass::NumericOrDuration => "a number or duration".to_owned(),
        TypeClass::Ordered => "something with an order".to_owned(),
        TypeClass::Time => "a timestamp or date".to_owned(),
        TypeClass::List => "a list".to_owned(),
    }
}

/// A number as it is written before a unit: `1`, `1.5`.
fn amount(value: &Value) -> String {
    match value {
        Value::Float(it) => it.to_string(),
        other => other.to_string(),
    }
}

fn wanted_help(expr: &ast::Expr, found: &Type, class: &TypeClass) -> Option<String> {
    let text = short(expr)?;
    let to = match class {
        TypeClass::Is(ty) => ty.clone(),
        TypeClass::Numeric | TypeClass::NumericOrDuration => Type::FLOAT,
        TypeClass::Time => Type::Timestamp,
        TypeClass::Any | TypeClass::Ordered | TypeClass::List => return None,
    };
    if let (ast::ExprKind::Literal(literal), Type::Duration) = (&expr.kind, &to)
        && let Some(unit) = literal.unit.as_deref().and_then(unit_of_time)
    {
        return Some(format!(
            "the units of time are `ns us ms s m h d w`: write `{}{unit}`",
            amount(&literal.value)
        ));
    }
    if let (ast::ExprKind::Literal(_), Type::String) = (&expr.kind, &to) {
        return Some(format!("text stands in quotes: `\"{text}\"`"));
    }
    if let (ast::ExprKind::Literal(literal), true) = (&expr.kind, *found == Type::String)
        && let Value::String(inside) = &literal.value
    {
        let at = matches!(to, Type::Timestamp | Type::Date);
        return Some(format!("write it without quotes: `{}{inside}`", if at { "@" } else { "" }));
    }
    let typed = conversion(&text, found, &to)?;
    Some(format!("convert it: `{typed}`"))
}
