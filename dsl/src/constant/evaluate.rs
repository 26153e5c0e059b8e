//! Expressions without rows, worked out: the same results as the engine gives for a row, and only what is needed.

use super::calculate::{binary_values, negated};
use super::convert::convert;
use super::decimal::{order, order_at};
use super::{ConstantError, Environment, Fault, any, is_outside, text};
use crate::ast::BinaryOp;
use crate::plan::{Expr, ExprKind, TemplatePart};
use crate::types::Type;
use crate::value::Value;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// What an expression without rows can read.
pub(super) struct Known<'a> {
    /// The params that have a value by now.
    pub(super) params: &'a BTreeMap<String, Value>,
    /// Those of them whose value came from the environment or a secret: it is not shown.
    pub(super) hidden: &'a BTreeSet<String>,
    /// None while the file is checked.
    pub(super) environment: Option<&'a dyn Environment>,
}

/// Works out an expression in which no param stands and nothing outside is read. The message says why it has no value.
pub fn evaluate_closed(expr: &Expr) -> Result<Value, String> {
    let (params, hidden) = (&BTreeMap::new(), &BTreeSet::new());
    let known = Known { params, hidden, environment: None };
    known.evaluate(expr).map_err(|it| it.message)
}

type Evaluated = Result<Value, ConstantError>;

impl Known<'_> {
    /// The value of an expression.
    pub(super) fn evaluate(&self, expr: &Expr) -> Evaluated {
        match &expr.kind {
            ExprKind::Literal(value) => Ok(value.clone()),
            ExprKind::Param(name) => self.params.get(name).cloned().ok_or_else(|| {
                usage(format!("the param `{name}` has no value here: it is declared further down"))
            }),
            ExprKind::Call { function, args } => self.call(function, args),
            ExprKind::Not(inner) => Ok(match self.evaluate(inner)? {
                Value::Bool(it) => Value::Bool(!it),
                _ => Value::Null,
            }),
            ExprKind::IsNull(inner) => Ok(Value::Bool(self.evaluate(inner)? == Value::Null)),
            ExprKind::Negate(inner) => {
                let value = self.evaluate(inner)?;
                negated(&value, &inner.typed.ty).map_err(|why| self.failed(&[inner], why))
            }
            ExprKind::Binary { op, left, right } => self.binary(*op, left, right, expr),
            ExprKind::InRange { value, low, high } => {
                self.in_range(value, low.as_deref(), high.as_deref())
            }
            ExprKind::InList { value, list } => self.in_list(value, list),
            ExprKind::Cast { value: inner, lenient } => {
                let value = self.evaluate(inner)?;
                match convert(&value, &inner.typed.ty, &expr.typed.ty) {
                    Some(value) => Ok(value),
                    None if *lenient => Ok(Value::Null),
                    None => Err(self.misfit(inner, &value, &expr.typed.ty)),
                }
            }
            ExprKind::If { branches, otherwise } => {
                for (condition, value) in branches {
                    if self.evaluate(condition)? == Value::Bool(true) {
                        return self.evaluate(value);
                    }
                }
                self.evaluate(otherwise)
            }
            ExprKind::Template(parts) => self.template(parts),
            ExprKind::List(elements) => {
                let values = elements.iter().map(|it| self.evaluate(it));
                Ok(Value::List(values.collect::<Result<_, _>>()?))
            }
            ExprKind::Struct(fields) => {
                let fields = fields.iter().map(|(name, it)| Ok((name.clone(), self.evaluate(it)?)));
                Ok(Value::Record(fields.collect::<Result<_, ConstantError>>()?))
            }
            ExprKind::Member(inner, name) => Ok(member(self.evaluate(inner)?, name)),
            ExprKind::Index(inner, at) => Ok(element(self.evaluate(inner)?, &self.evaluate(at)?)),
            ExprKind::Range(low, high) => self.range(low.as_deref(), high.as_deref()),
            ExprKind::Column(_) | ExprKind::Meta(_) | ExprKind::Aggregate(_) => {
                Err(usage("a value of a row is not known before the first row".to_owned()))
            }
        }
    }

    fn call(&self, function: &str, args: &[Expr]) -> Evaluated {
        let (Some(environment), [name]) = (self.environment, args) else {
            return Err(usage(format!("`{function}` is worked out for rows only")));
        };
        let Value::String(name) = self.evaluate(name)? else {
            return Err(usage(format!("`{function}` needs a name, which is null")));
        };
        match function {
            "env" => environment.env(&name).map(Value::String).ok_or_else(|| {
                outside(format!(
                    "the environment has no variable `{name}`: set it before the run starts"
                ))
            }),
            "secret" => environment
                .secret(&name)
                .map(Value::String)
                .map_err(|why| outside(format!("the secret `{name}` cannot be read: {why}"))),
            other => Err(usage(format!("`{other}` is worked out for rows only"))),
        }
    }

    fn binary(&self, op: BinaryOp, left: &Expr, right: &Expr, whole: &Expr) -> Evaluated {
        match op {
            BinaryOp::And | BinaryOp::Or => return self.logical(op == BinaryOp::Or, left, right),
            BinaryOp::Coalesce => {
                return match self.evaluate(left) {
                    Ok(Value::Null) => self.evaluate(right),
                    // A variable that is missing is what its `??` is for.
                    Err(_) if self.is_missing(left) => self.evaluate(right),
                    other => other,
                };
            }
            _ => {}
        }
        let (a, b) = (self.evaluate(left)?, self.evaluate(right)?);
        if a == Value::Null || b == Value::Null {
            return Ok(Value::Null);
        }
        if op.is_comparison() {
            let found = order_at(scale(&left.typed.ty), &a, &b);
            return Ok(Value::Bool(compared(op, found)));
        }
        let types = (&left.typed.ty, &right.typed.ty, &whole.typed.ty);
        binary_values(op, &a, &b, types).map_err(|why| self.failed(&[left, right], why))
    }

    /// Whether this is `env(…)` of a variable that does not exist.
    fn is_missing(&self, expr: &Expr) -> bool {
        match (&expr.kind, self.environment) {
            (ExprKind::Call { function, args }, Some(environment)) if function == "env" => {
                let name = args.first().and_then(|it| self.evaluate(it).ok());
                matches!(name, Some(Value::String(name)) if environment.env(&name).is_none())
            }
            _ => false,
        }
    }

    /// Three-valued, and without the right side where the left one decides.
    fn logical(&self, decides: bool, left: &Expr, right: &Expr) -> Evaluated {
        let left = self.evaluate(left)?;
        if left == Value::Bool(decides) {
            return Ok(left);
        }
        Ok(match self.evaluate(right)? {
            it if it == Value::Bool(decides) => it,
            _ if left == Value::Null => Value::Null,
            it => it,
        })
    }

    fn in_range(&self, value: &Expr, low: Option<&Expr>, high: Option<&Expr>) -> Evaluated {
        let (scale, value) = (scale(&value.typed.ty), self.evaluate(value)?);
        let mut found = Value::Bool(true);
        for (end, op) in [(low, BinaryOp::GreaterEqual), (high, BinaryOp::LessEqual)] {
            let Some(end) = end else { continue };
            let end = self.evaluate(end)?;
            if value == Value::Null || end == Value::Null {
                found = Value::Null;
            } else if !compared(op, order_at(scale, &value, &end)) {
                return Ok(Value::Bool(false));
            }
        }
        Ok(found)
    }

    fn in_list(&self, value: &Expr, list: &[Expr]) -> Evaluated {
        let (scale, value) = (scale(&value.typed.ty), self.evaluate(value)?);
        let mut elements = Vec::new();
        for element in list {
            match self.evaluate(element)? {
                Value::List(values) => elements.extend(values),
                other => elements.push(other),
            }
        }
        let equal = |it: &Value| order_at(scale, &value, it) == Some(Ordering::Equal);
        Ok(if elements.iter().any(equal) {
            Value::Bool(true)
        } else if (value == Value::Null || elements.contains(&Value::Null)) && !elements.is_empty()
        {
            Value::Null
        } else {
            Value::Bool(false)
        })
    }

    fn template(&self, parts: &[TemplatePart]) -> Evaluated {
        let mut whole = String::new();
        for part in parts {
            match part {
                TemplatePart::Text(text) => whole.push_str(text),
                TemplatePart::Hole { value, decimals } => {
                    let filled = self.evaluate(value)?;
                    match text::text(&filled, &value.typed.ty, *decimals) {
                        Some(text) => whole.push_str(&text),
                        None => return Ok(Value::Null),
                    }
                }
            }
        }
        Ok(Value::String(whole))
    }

    fn range(&self, low: Option<&Expr>, high: Option<&Expr>) -> Evaluated {
        let sources = [low, high];
        let end = |it: Option<&Expr>| it.map(|it| self.evaluate(it).map(Box::new)).transpose();
        let (low, high) = (end(low)?, end(high)?);
        if let (Some(a), Some(b)) = (&low, &high)
            && order(a, b) == Some(Ordering::Greater)
        {
            let ends: Vec<&Expr> = sources.into_iter().flatten().collect();
            return Err(self.failed(&ends, format!("the range {a}..{b} ends before it begins")));
        }
        Ok(Value::Range(low, high))
    }

    /// A value that cannot be converted. What came from outside is not shown.
    fn misfit(&self, source: &Expr, value: &Value, ty: &Type) -> ConstantError {
        if self.hides(source) {
            outside(format!("what {} holds is no `{ty}`", outside_name(source)))
        } else {
            usage(format!("{value} is no `{ty}`"))
        }
    }

    /// A calculation that has no result. What came from outside is not shown.
    fn failed(&self, operands: &[&Expr], why: String) -> ConstantError {
        match operands.iter().find(|it| self.hides(it)) {
            Some(hidden) => {
                outside(format!("nothing can be made of what {} holds", outside_name(hidden)))
            }
            None => usage(why),
        }
    }

    /// Whether something from outside is in it.
    pub(super) fn hides(&self, expr: &Expr) -> bool {
        any(expr, &|it| match &it.kind {
            ExprKind::Param(name) => self.hidden.contains(name),
            _ => is_outside(it),
        })
    }
}

/// What a message calls something that is read from outside: `env("PORT")`.
pub(super) fn outside_name(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Call { function, args } => match args.first().map(|it| &it.kind) {
            Some(ExprKind::Literal(Value::String(name))) => format!("`{function}({name:?})`"),
            _ => format!("`{function}(…)`"),
        },
        ExprKind::Param(name) => format!("the param `{name}`"),
        ExprKind::Cast { value, .. } => outside_name(value),
        _ => "a value from the environment".to_owned(),
    }
}

fn usage(message: String) -> ConstantError {
    ConstantError { fault: Fault::Usage, message }
}

fn outside(message: String) -> ConstantError {
    ConstantError { fault: Fault::Environment, message }
}

fn scale(ty: &Type) -> Option<i8> {
    match ty {
        Type::Decimal { scale, .. } => Some(*scale),
        _ => None,
    }
}

/// A comparison of which the order is known; none (NaN) is unequal to everything.
fn compared(op: BinaryOp, found: Option<Ordering>) -> bool {
    match op {
        BinaryOp::Equal => found == Some(Ordering::Equal),
        BinaryOp::NotEqual => found != Some(Ordering::Equal),
        BinaryOp::Less => found == Some(Ordering::Less),
        BinaryOp::LessEqual => found.is_some_and(Ordering::is_le),
        BinaryOp::Greater => found == Some(Ordering::Greater),
        _ => found.is_some_and(Ordering::is_ge),
    }
}

fn member(value: Value, name: &str) -> Value {
    match value {
        Value::Record(fields) => {
            fields.into_iter().find(|(it, _)| it == name).map_or(Value::Null, |(_, value)| value)
        }
        Value::List(values) => Value::List(values.into_iter().map(|it| member(it, name)).collect()),
        _ => Value::Null,
    }
}

fn element(value: Value, at: &Value) -> Value {
    match (value, at) {
        (Value::List(values), Value::Int(at)) => {
            let at = usize::try_from(*at).ok();
            at.and_then(|it| values.into_iter().nth(it)).unwrap_or(Value::Null)
        }
        (record @ Value::Record(_), Value::String(key)) => member(record, key),
        _ => Value::Null,
    }
}
