//! Which value to take: the first that is there, this or that.
//!
//! These are other ways to write `??` and `if`, and become just that: what is not needed is not worked out.

use crate::error::{Error, Result};
use crate::expr::Node;
use crate::function::Runs::Own;
use crate::function::{Call, Function, any, truth, unified, word};
use dsl::ast::BinaryOp;
use dsl::check::unify::unify;
use dsl::plan::{Expr, ExprKind};
use dsl::signature::Place;
use dsl::types::{Type, Typed};
use dsl::value::Value;

/// The words of this file.
pub(super) fn words() -> Vec<Function> {
    let mut others =
        any("others", "What to take where those before are null; the last one may be null, too.");
    others.place = Place::Repeated;
    let mut branches = any(
        "branches",
        "The value then; further conditions, each with its value; at last the value otherwise.",
    );
    branches.place = Place::Repeated;
    [
        word("if", "The value of the first condition that is true.", branched)
            .details(
                "`if(c1, v1, c2, v2, …, otherwise)`: conditions and values in turn, and what to take where no condition \
                 is true. Null is not true. Values that are not needed are not worked out.",
            )
            .takes(truth("condition", "The first condition."))
            .takes(branches)
            .example("if(3 > 2, \"more\", \"less\")", "\"more\"")
            .example("if(false, 1, null, 2, 3)", "3")
            .runs(Own(conditions)),
        word("coalesce", "The first of several values that is not null.", unified)
            .details("The same as `a ?? b ?? c`: those behind it are not worked out.")
            .takes(any("value", "The value to take where it is not null."))
            .takes(others)
            .example("coalesce(null, null, 3, 4)", "3")
            .runs(Own(first_given)),
        word("nvl", "A value, or another one where it is null.", unified)
            .also(&["ifnull"])
            .details("The same as `value ?? instead`.")
            .takes(any("value", "The value to take where it is not null."))
            .takes(any("instead", "The value to take otherwise."))
            .example("nvl(null, 0)", "0")
            .example("nvl(1, 0)", "1")
            .runs(Own(first_given)),
        word("nvl2", "One value where something is given, another where it is null.", either)
            .takes(any("asked", "What may be null."))
            .takes(any("given", "The value where it is not null."))
            .takes(any("missing", "The value where it is null."))
            .example("nvl2(null, \"given\", \"missing\")", "\"missing\"")
            .example("nvl2(1, \"given\", \"missing\")", "\"given\"")
            .runs(Own(given_or_missing)),
        word("nullif", "A value, or null where it equals another one.", null_where_equal)
            .details("Turns a marker such as -999 into the null that it stands for.")
            .takes(any("value", "The value."))
            .takes(any("marker", "What becomes null."))
            .example("nullif(-999, -999)", "null")
            .example("nullif(21, -999)", "21")
            .runs(Own(null_if)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The types of the values unified; conditions have to be bools, which a rule of types can say.
fn branched(args: &[Typed]) -> Result<Typed, String> {
    if args.len().is_multiple_of(2) {
        return Err(
            "it takes conditions and values in turn, and at last a value otherwise".to_owned()
        );
    }
    let is_value = |i: usize| i % 2 == 1 || i + 1 == args.len();
    let mut values = Vec::with_capacity(args.len() / 2 + 1);
    for (i, arg) in args.iter().enumerate() {
        if is_value(i) {
            values.push(arg.clone());
        } else if !matches!(arg.ty, Type::Bool | Type::Null | Type::Unknown) {
            return Err(format!("a condition is a bool, this one is {}", arg.ty));
        }
    }
    let nullable = values.iter().any(|it| it.nullable);
    Ok(unified(&values)?.with_nullable(nullable))
}

fn either(args: &[Typed]) -> Result<Typed, String> {
    let values = args.get(1..).unwrap_or_default();
    let nullable = values.iter().any(|it| it.nullable);
    Ok(unified(values)?.with_nullable(nullable))
}

fn null_where_equal(args: &[Typed]) -> Result<Typed, String> {
    let [value, marker] = args else { return Err("a value is missing".to_owned()) };
    match unify(value, marker) {
        Some(_) => Ok(value.clone().with_nullable(true)),
        None => Err(format!("{} and {} cannot be compared", value.ty, marker.ty)),
    }
}

/// An expression where another one stands.
fn instead(kind: ExprKind, ty: &Type, of: &Expr) -> Expr {
    Expr { kind, typed: ty.clone().nullable(), span: of.span }
}

fn conditions(call: &Call<'_>) -> Result<Node> {
    let last = call.args.len().checked_sub(1).ok_or_else(|| Error::bug("`if` has arguments"))?;
    let mut branches = Vec::with_capacity(last / 2);
    for i in (0..last).step_by(2) {
        branches.push((call.arg_as(i, &Type::Bool)?, call.arg_as(i + 1, call.ty)?));
    }
    let otherwise = Box::new(call.arg_as(last, call.ty)?);
    call.instead(&instead(ExprKind::If { branches, otherwise }, call.ty, &call.args[0]))
}

fn first_given(call: &Call<'_>) -> Result<Node> {
    let mut all = call.arg_as(0, call.ty)?;
    for i in 1..call.args.len() {
        let (left, right) = (Box::new(all), Box::new(call.arg_as(i, call.ty)?));
        let kind = ExprKind::Binary { op: BinaryOp::Coalesce, left, right };
        all = instead(kind, call.ty, &call.args[0]);
    }
    call.instead(&all)
}

fn given_or_missing(call: &Call<'_>) -> Result<Node> {
    let asked = Box::new(call.arg_as(0, call.type_of(0))?);
    let missing = instead(ExprKind::IsNull(asked), &Type::Bool, &call.args[0]);
    let branches = vec![(missing, call.arg_as(2, call.ty)?)];
    let otherwise = Box::new(call.arg_as(1, call.ty)?);
    call.instead(&instead(ExprKind::If { branches, otherwise }, call.ty, &call.args[0]))
}

fn null_if(call: &Call<'_>) -> Result<Node> {
    let typed = |i: usize| Typed { ty: call.type_of(i).clone(), nullable: true };
    let common = unify(&typed(0), &typed(1)).map_or(Type::Null, |it| it.ty);
    let (left, right) = (call.arg_as(0, &common)?, call.arg_as(1, &common)?);
    let (left, right) = (Box::new(left), Box::new(right));
    let kind = ExprKind::Binary { op: BinaryOp::Equal, left, right };
    let equal = instead(kind, &Type::Bool, &call.args[0]);
    let null = instead(ExprKind::Literal(Value::Null), call.ty, &call.args[0]);
    let otherwise = Box::new(call.arg_as(0, call.ty)?);
    let kind = ExprKind::If { branches: vec![(equal, null)], otherwise };
    call.instead(&instead(kind, call.ty, &call.args[0]))
}
