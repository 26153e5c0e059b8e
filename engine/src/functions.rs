//! Functions of expressions.

use crate::error::{Error, Result};
use crate::expr::{Node, compile_as, whole_quotient};
use dsl::plan::Expr;
use dsl::types::{Column, Type};

/// Compiles a call.
pub(crate) fn compile(name: &str, args: &[Expr], _ty: &Type, columns: &[Column]) -> Result<Node> {
    match (name, args) {
        ("div", [a, b]) => Ok(whole_quotient(
            compile_as(a, &Type::Int, columns)?,
            compile_as(b, &Type::Int, columns)?,
        )),
        _ => Err(Error::bug(format!("there is no function `{name}`"))),
    }
}
