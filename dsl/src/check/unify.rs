//! Which types fit together. Only int → float and int → decimal happen by themselves.

use crate::plan::{Expr, ExprKind};
use crate::types::{Type, Typed};
use crate::value::Value;

/// The digits of the largest int.
const INT_DIGITS: u8 = 19;
/// The most digits of a decimal.
const MOST_DIGITS: u8 = 38;

/// The one type that values of both have, if there is one.
pub fn unify(left: &Typed, right: &Typed) -> Option<Typed> {
    let nullable = left.nullable || right.nullable;
    let typed = |ty: Type| Some(Typed { ty, nullable });
    match (&left.ty, &right.ty) {
        (Type::Unknown, _) | (_, Type::Unknown) => typed(Type::Unknown),
        (Type::Null, other) | (other, Type::Null) => {
            Some(Typed { ty: other.clone(), nullable: true })
        }
        // Nothing is converted, so values of different units have no type in common.
        (Type::Float(Some(a)), Type::Float(Some(b))) if a != b => None,
        (Type::Float(a), Type::Float(b)) => {
            typed(Type::Float(common_unit(a.as_deref(), b.as_deref())))
        }
        (Type::Int, Type::Float(unit)) | (Type::Float(unit), Type::Int) => {
            typed(Type::Float(unit.clone()))
        }
        (Type::Decimal { precision, scale }, Type::Int)
        | (Type::Int, Type::Decimal { precision, scale }) => {
            typed(common_decimal((*precision, *scale), (INT_DIGITS, 0)))
        }
        (Type::Decimal { precision, scale }, Type::Decimal { precision: p, scale: s }) => {
            typed(common_decimal((*precision, *scale), (*p, *s)))
        }
        (Type::List(a), Type::List(b)) => typed(Type::List(Box::new(unify_inside(a, b)?))),
        (Type::Map(k, v), Type::Map(l, w)) => {
            typed(Type::Map(Box::new(unify_inside(k, l)?), Box::new(unify_inside(v, w)?)))
        }
        (a, b) => (a == b).then(|| a.clone()).and_then(typed),
    }
}

/// Inside lists nothing is converted, so nulls and units are all that may differ.
fn unify_inside(left: &Typed, right: &Typed) -> Option<Typed> {
    let both = unify(left, right)?;
    let fits = |ty: &Type| same_but_unit(ty, &both.ty) || *ty == Type::Null;
    (both.ty.is_unknown() || fits(&left.ty) && fits(&right.ty)).then_some(both)
}

/// A unit where both say the same or one says nothing.
pub(super) fn common_unit(left: Option<&str>, right: Option<&str>) -> Option<String> {
    match (left, right) {
        (Some(a), Some(b)) if a != b => None,
        (Some(unit), _) | (None, Some(unit)) => Some(unit.to_owned()),
        (None, None) => None,
    }
}

fn common_decimal(left: (u8, i8), right: (u8, i8)) -> Type {
    let scale = left.1.max(right.1);
    let whole = |(precision, scale): (u8, i8)| i16::from(precision) - i16::from(scale);
    let digits = (whole(left).max(whole(right)) + i16::from(scale)).clamp(1, MOST_DIGITS.into());
    Type::Decimal { precision: u8::try_from(digits).unwrap_or(MOST_DIGITS), scale }
}

/// `int` as a decimal without digits after the point.
pub(super) fn int_as_decimal() -> Type {
    Type::Decimal { precision: INT_DIGITS, scale: 0 }
}

/// The type of a sum: one more digit.
pub(super) fn decimal_sum(ty: &Type) -> Type {
    match ty {
        Type::Decimal { precision, scale } => {
            Type::Decimal { precision: (precision + 1).min(MOST_DIGITS), scale: *scale }
        }
        other => other.clone(),
    }
}

/// The type of a product: all digits of both; none where the point would not fit.
pub(super) fn decimal_product(left: (u8, i8), right: (u8, i8)) -> Option<Type> {
    let scale = left.1.checked_add(right.1)?;
    let precision = (left.0 + right.0 + 1).min(MOST_DIGITS);
    (scale <= MOST_DIGITS as i8).then_some(Type::Decimal { precision, scale })
}

/// Whether values pass from one type to the other as they are: units do not count, and a null fits everywhere.
pub(super) fn same_but_unit(from: &Type, to: &Type) -> bool {
    match (from, to) {
        (Type::Float(_), Type::Float(_)) | (Type::Unknown, _) | (_, Type::Unknown) => true,
        (Type::List(a), Type::List(b)) => {
            a.ty == Type::Null || same_but_unit(&a.ty, &b.ty) && (b.nullable || !a.nullable)
        }
        (a, b) => a == b,
    }
}

/// Whether a value of `from` can stand where `to` is needed, converted at most as the language does by itself.
pub(super) fn fits(from: &Type, to: &Type) -> bool {
    let differ = matches!((from, to), (Type::Float(Some(a)), Type::Float(Some(b))) if a != b);
    *from == Type::Null
        || same_but_unit(from, to) && !differ
        || matches!((from, to), (Type::Int, Type::Float(_) | Type::Decimal { .. }))
        || matches!(
            (from, to),
            (Type::Decimal { precision: p, scale: s }, Type::Decimal { precision, scale })
                if s <= scale && i16::from(*p) - i16::from(*s) <= i16::from(*precision) - i16::from(*scale)
        )
}

/// The expression as `ty`, a conversion put around it where it is needed. The caller knows that it [`fits`].
pub(super) fn convert(expr: Expr, ty: &Type) -> Expr {
    if expr.typed.ty.is_unknown() || ty.is_unknown() || expr.typed.ty == *ty {
        return expr;
    }
    if let (ExprKind::Literal(value), true) = (&expr.kind, ty != &Type::Json)
        && let Some(value) = convert_literal(value, ty)
    {
        let typed = Typed { ty: ty.clone(), nullable: expr.typed.nullable };
        return Expr { kind: ExprKind::Literal(value), typed, span: expr.span };
    }
    if same_but_unit(&expr.typed.ty, ty) {
        let typed = Typed { ty: ty.clone(), nullable: expr.typed.nullable };
        return Expr { typed, ..expr };
    }
    let typed = Typed { ty: ty.clone(), nullable: expr.typed.nullable };
    let span = expr.span;
    Expr { kind: ExprKind::Cast { value: Box::new(expr), lenient: false }, typed, span }
}

fn convert_literal(value: &Value, ty: &Type) -> Option<Value> {
    match (value, ty) {
        (Value::Null, _) => Some(Value::Null),
        #[expect(clippy::cast_precision_loss, reason = "the nearest float is what is meant")]
        (Value::Int(int), Type::Float(_)) => Some(Value::Float(*int as f64)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(precision: u8, scale: i8) -> Typed {
        Type::Decimal { precision, scale }.required()
    }

    #[test]
    fn numbers_meet_in_the_wider_type() {
        let int = Type::Int.required();
        assert_eq!(unify(&int, &Type::FLOAT.nullable()), Some(Type::FLOAT.nullable()));
        assert_eq!(unify(&int, &decimal(10, 2)), Some(decimal(21, 2)));
        assert_eq!(unify(&decimal(10, 2), &decimal(6, 4)), Some(decimal(12, 4)));
        assert_eq!(unify(&decimal(10, 2), &Type::FLOAT.required()), None);
        assert_eq!(unify(&int, &Type::String.required()), None);
    }

    #[test]
    fn null_takes_the_other_type() {
        let null = Type::Null.nullable();
        assert_eq!(unify(&null, &Type::Int.required()), Some(Type::Int.nullable()));
        assert_eq!(unify(&null, &null), Some(null.clone()));
    }

    #[test]
    fn units_are_kept_where_they_agree() {
        let celsius = Type::Float(Some("°C".to_owned())).required();
        assert_eq!(unify(&celsius, &Type::FLOAT.required()), Some(celsius.clone()));
        let fahrenheit = Type::Float(Some("°F".to_owned())).required();
        assert_eq!(unify(&celsius, &fahrenheit), None);
    }
}
