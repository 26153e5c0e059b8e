//! Which constants an argument may be: declared once at its parameter, kept to by the checker and when a run starts, and
//! printed by the reference.

use crate::ast::{self, ExprKind};
use crate::constant::order;
use crate::parse;
use crate::value::Value;
use std::cmp::Ordering;
use std::fmt;

/// Values from one end to the other, both inside, written as a user would: `0s..`, `1..65535`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    text: &'static str,
}

/// The parameter that a constant is for, and what it may be: kept with constants that are worked out when a run starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The parameter.
    pub param: &'static str,
    /// What it takes.
    pub range: Range,
}

impl Range {
    /// A range of literals of the language.
    pub const fn new(text: &'static str) -> Self {
        Self { text }
    }

    /// As it is written.
    pub fn text(self) -> &'static str {
        self.text
    }

    /// The least and the greatest value, as far as there are; nothing where the text is no range of literals, which the
    /// tests of the vocabulary find.
    pub fn ends(self) -> Option<(Option<Value>, Option<Value>)> {
        match literal(&parse::expression(self.text).ok()?)? {
            Value::Range(low, high) => Some((low.map(|it| *it), high.map(|it| *it))),
            _ => None,
        }
    }

    /// Whether this text is a literal whose value is inside.
    pub fn holds_text(self, text: &str) -> bool {
        let value = parse::expression(text).ok().and_then(|it| literal(&it));
        value.is_some_and(|it| self.holds(&it))
    }

    /// Whether the value is inside. Null is no value; of a range of durations both ends have to be inside.
    pub fn holds(self, value: &Value) -> bool {
        match (value, self.ends()) {
            (Value::Null, _) | (_, None) => true,
            (Value::Range(low, high), Some(ends)) => {
                low.iter().chain(high).all(|it| is_between(&ends, it))
            }
            (value, Some(ends)) => is_between(&ends, value),
        }
    }
}

fn is_between((low, high): &(Option<Value>, Option<Value>), value: &Value) -> bool {
    let finite = !matches!(value, Value::Float(it) if !it.is_finite());
    let above = |low: &Value| order(low, value).is_some_and(Ordering::is_le);
    let below = |high: &Value| order(value, high).is_some_and(Ordering::is_le);
    finite && low.as_ref().is_none_or(above) && high.as_ref().is_none_or(below)
}

/// The value of a literal, perhaps with a minus, or of a range of such.
fn literal(expr: &ast::Expr) -> Option<Value> {
    match &expr.kind {
        ExprKind::Literal(literal) => Some(literal.value.clone()),
        ExprKind::Negate(inner) => Some(match literal(inner)? {
            Value::Int(it) => Value::Int(it.checked_neg()?),
            Value::Float(it) => Value::Float(-it),
            Value::Duration(it) => Value::Duration(it.checked_neg()?),
            _ => return None,
        }),
        ExprKind::Range(low, high) => {
            let end = |it: &Option<Box<ast::Expr>>| match it {
                None => Some(None),
                Some(it) => literal(it).map(|it| Some(Box::new(it))),
            };
            Some(Value::Range(end(low)?, end(high)?))
        }
        _ => None,
    }
}

impl fmt::Display for Range {
    /// In words: `0s or more`, `1 to 65535`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text.split_once("..") {
            Some(("", high)) => write!(f, "at most {high}"),
            Some((low, "")) => write!(f, "{low} or more"),
            Some((low, high)) => write!(f, "{low} to {high}"),
            None => f.write_str(self.text),
        }
    }
}

impl Limit {
    /// What is wrong with the value; none where it is inside.
    pub fn refuses(self, value: &Value) -> Option<String> {
        let Self { param, range } = self;
        (!range.holds(value)).then(|| format!("`{param}` takes {range}, found {value}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_inside() {
        let seconds = |it: i64| Value::Duration(it * 1_000_000);
        let range = Range::new("5s..65535s");
        assert!(range.holds(&seconds(5)) && range.holds(&seconds(65535)));
        assert!(!range.holds(&seconds(4)) && !range.holds(&seconds(65536)));
        let ends =
            |low, high| Value::Range(Some(Box::new(seconds(low))), Some(Box::new(seconds(high))));
        assert!(
            range.holds(&ends(5, 6)) && !range.holds(&ends(4, 6)) && !range.holds(&ends(5, 70_000))
        );
        assert!(range.holds(&Value::Null));
    }

    #[test]
    fn an_int_counts_as_a_number_and_infinity_as_none() {
        let range = Range::new("0.0..");
        assert!(range.holds(&Value::Int(1)) && !range.holds(&Value::Int(-1)));
        assert!(
            !range.holds(&Value::Float(f64::INFINITY)) && !range.holds(&Value::Float(f64::NAN))
        );
        assert!(Range::new("-1.0..1.0").holds(&Value::Float(-0.5)));
    }

    #[test]
    fn a_range_reads_like_a_sentence() {
        let limit = Limit { param: "idle", range: Range::new("0s..") };
        let why = limit.refuses(&Value::Duration(-5_000_000));
        assert_eq!(why.as_deref(), Some("`idle` takes 0s or more, found -5s"));
        assert_eq!(Range::new("1..9").to_string(), "1 to 9");
    }
}
