//! The functions of the language: one file a subject, one line a file in [`LISTS`].
//!
//! Most words are functions of DataFusion under their usual names. All there is to say about such a word is its
//! description, so those of one subject stand together in one file, one after another; a word with code of its own has a
//! file of its own. Left out are functions that read the clock or chance (`now`, `current_date`, `random`, `uuid`), those
//! about types that the language does not have (`make_time`, `to_local_time`), and those for which it has syntax.

use crate::error::{Error, Result};
use crate::expr::Node;
use crate::function::{Call, Function};
use dsl::plan::Expr;
use dsl::signature::{Place, Takes, TypeClass};
use dsl::types::{Column, Type};
use std::sync::LazyLock;

mod angles;
mod choice;
mod cleaning;
mod date_bin;
mod date_part;
mod date_trunc;
mod div;
mod extremes;
mod hyperbolic;
mod joining;
mod make_date;
mod numbers;
mod padding;
mod parts;
mod power;
mod regexp;
mod rounding;
mod searching;
mod sign;
mod to_char;
mod to_date;
mod to_timestamp;
mod unixtime;
mod whole;

/// The words of each file, in the order of the reference.
const LISTS: &[fn() -> Vec<Function>] = &[
    choice::words,
    extremes::words,
    sign::words,
    rounding::words,
    div::words,
    power::words,
    whole::words,
    numbers::words,
    angles::words,
    hyperbolic::words,
    cleaning::words,
    joining::words,
    padding::words,
    parts::words,
    searching::words,
    regexp::words,
    date_trunc::words,
    date_bin::words,
    date_part::words,
    make_date::words,
    to_char::words,
    to_date::words,
    to_timestamp::words,
    unixtime::words,
];

static ALL: LazyLock<Vec<Function>> =
    LazyLock::new(|| LISTS.iter().flat_map(|words| words()).collect());

/// Every function, in the order of the reference.
pub fn all() -> &'static [Function] {
    &ALL
}

/// Compiles a call.
pub(crate) fn compile(name: &str, args: &[Expr], ty: &Type, columns: &[Column]) -> Result<Node> {
    let function = all()
        .iter()
        .find(|it| it.signature().name == name)
        .ok_or_else(|| Error::bug(format!("there is no function `{name}`")))?;
    let wanted = (0..args.len()).map(|i| wanted(function, i)).collect();
    function.compile(&Call { name: function.signature().name, args, ty, columns, wanted })
}

/// The type that a function asks for at a place; none where it takes several.
fn wanted(function: &Function, i: usize) -> Option<Type> {
    let params = &function.signature().params;
    let param = params.get(i).or_else(|| params.last().filter(|it| it.place == Place::Repeated))?;
    match &param.takes {
        Takes::Expr(TypeClass::Is(ty)) => Some(ty.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
