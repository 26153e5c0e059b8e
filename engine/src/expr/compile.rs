//! From the typed plan to nodes.

use super::arithmetic::arithmetic;
use super::branch::{Coalesce, If};
use super::cast::cast;
use super::compare::{Compare, InList, InRange, InTexts};
use super::leaf::{Column, Conform, Constant, Meta};
use super::literal::literal;
use super::logic::{IsNull, Logical, Not};
use super::nested::{ListOf, StructOf, index, member};
use super::template::Template;
use super::vector::Vector;
use super::view::{Faults, View};
use crate::error::{Error, Result};
use crate::functions;
use crate::types::data_type;
use dsl::ast::BinaryOp;
use dsl::plan::{Expr, ExprKind, MetaField};
use dsl::types::{self, Type};
use dsl::value::Value;
use hashbrown::HashSet;
use std::fmt;

/// A compiled piece of an expression.
pub(crate) trait Evaluate: fmt::Debug + Send + Sync {
    /// Its values over the rows of a view, of the Arrow type of the expression it was compiled from.
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector>;

    /// Whether it can find a fault. If not, it may be asked about rows that do not need it.
    fn can_fail(&self) -> bool;
}

/// A piece of an expression.
#[derive(Debug)]
pub(crate) struct Node(Box<dyn Evaluate>);

impl Node {
    pub(crate) fn new(node: impl Evaluate + 'static) -> Self {
        Self(Box::new(node))
    }

    pub(crate) fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        self.0.evaluate(view, faults)
    }

    pub(crate) fn can_fail(&self) -> bool {
        self.0.can_fail()
    }
}

/// From this length on a list of texts is looked up rather than compared one by one.
const LONG_LIST: usize = 6;

/// Compiles an expression; what comes out has the Arrow type of the expression.
pub(super) fn compile(expr: &Expr, columns: &[types::Column]) -> Result<Node> {
    let of = |it: &Expr| compile(it, columns);
    let ty = &expr.typed.ty;
    Ok(match &expr.kind {
        ExprKind::Literal(value) => Node::new(Constant(literal(ty, value)?)),
        ExprKind::Column(name) => column(name, ty, columns)?,
        ExprKind::Aggregate(i) => column(&super::aggregate_column(*i), ty, columns)?,
        ExprKind::Meta(field) => meta(*field, ty),
        ExprKind::Member(value, field) => member(of(value)?, &value.typed.ty, field, ty)?,
        ExprKind::Index(value, at) => index(of(value)?, of(at)?, &value.typed.ty, ty)?,
        ExprKind::Negate(value) => super::arithmetic::negate(of(value)?, ty)?,
        ExprKind::Not(value) => Node::new(Not(compile_as(value, &Type::Bool, columns)?)),
        ExprKind::Binary { op, left, right } => binary(*op, left, right, ty, columns)?,
        ExprKind::InRange { value, low, high } => {
            let end = |it: &Option<Box<Expr>>| it.as_ref().map(|it| of(it)).transpose();
            Node::new(InRange { value: of(value)?, low: end(low)?, high: end(high)? })
        }
        ExprKind::InList { value, list } => in_list(value, list, columns)?,
        ExprKind::IsNull(value) => Node::new(IsNull(of(value)?)),
        ExprKind::Cast { value, lenient } => cast(value, of(value)?, ty, *lenient)?,
        ExprKind::If { branches, otherwise } => {
            let branch = |(condition, value): &(Expr, Expr)| -> Result<(Node, Node)> {
                let condition = compile_as(condition, &Type::Bool, columns)?;
                Ok((condition, compile_as(value, ty, columns)?))
            };
            let branches = branches.iter().map(branch).collect::<Result<_>>()?;
            Node::new(If { branches, otherwise: compile_as(otherwise, ty, columns)? })
        }
        ExprKind::Call { function, args } => functions::compile(function, args, ty, columns)?,
        ExprKind::Template(parts) => Node::new(Template::compile(parts, columns)?),
        ExprKind::List(elements) => {
            let element = match ty {
                Type::List(element) => (**element).clone(),
                _ => return Err(Error::bug("a list in the plan has no element type")),
            };
            let elements = elements.iter().map(|it| compile_as(it, &element.ty, columns));
            Node::new(ListOf::new(elements.collect::<Result<_>>()?, &element))
        }
        ExprKind::Struct(entries) => {
            let nodes = entries.iter().map(|(_, it)| of(it)).collect::<Result<_>>()?;
            Node::new(StructOf::new(nodes, ty)?)
        }
        ExprKind::Param(name) => return Err(open(&format!("the param `{name}`"))),
        ExprKind::Range(..) => return Err(open("a range")),
    })
}

fn open(what: &str) -> Error {
    Error::bug(format!("{what} stands in a plan that should be closed"))
}

/// Compiles an expression where values of `ty` are needed: nulls without a type take it, nested fields its nullability.
pub(crate) fn compile_as(expr: &Expr, ty: &Type, columns: &[types::Column]) -> Result<Node> {
    let node = compile(expr, columns)?;
    let wanted = data_type(ty);
    if data_type(&expr.typed.ty) == wanted {
        return Ok(node);
    }
    Ok(Node::new(Conform { value: node, to: wanted }))
}

fn column(name: &str, ty: &Type, columns: &[types::Column]) -> Result<Node> {
    let index = columns
        .iter()
        .rposition(|it| it.name == name)
        .ok_or_else(|| Error::bug(format!("there is no column `{name}` for the expression")))?;
    Ok(Node::new(Column { index, data_type: data_type(ty) }))
}

fn meta(field: MetaField, ty: &Type) -> Node {
    Node::new(Meta { field, data_type: data_type(ty) })
}

fn binary(
    op: BinaryOp,
    left: &Expr,
    right: &Expr,
    ty: &Type,
    columns: &[types::Column],
) -> Result<Node> {
    let both = |ty: &Type| -> Result<(Node, Node)> {
        Ok((compile_as(left, ty, columns)?, compile_as(right, ty, columns)?))
    };
    Ok(match op {
        BinaryOp::And | BinaryOp::Or => {
            let (left, right) = both(&Type::Bool)?;
            Node::new(Logical { decides: op == BinaryOp::Or, left, right })
        }
        BinaryOp::Coalesce => {
            let (left, right) = both(ty)?;
            Node::new(Coalesce { left, right })
        }
        _ if op.is_comparison() => {
            let (left, right) = both(known(&left.typed.ty, &right.typed.ty))?;
            Node::new(Compare { op, left, right })
        }
        BinaryOp::Divide
            if matches!(ty, Type::Float(_))
                && matches!(right.typed.ty, Type::Int | Type::Decimal { .. }) =>
        {
            let by = cast(right, compile(right, columns)?, &Type::FLOAT, false)?;
            super::quotient::exact_quotient(compile_as(left, &Type::FLOAT, columns)?, by)
        }
        _ => {
            let types = (&left.typed.ty, &right.typed.ty);
            arithmetic(op, compile(left, columns)?, compile(right, columns)?, types, ty)?
        }
    })
}

/// The type of two sides that have the same one, or of which one is null.
fn known<'a>(left: &'a Type, right: &'a Type) -> &'a Type {
    if *left == Type::Null { right } else { left }
}

fn in_list(value: &Expr, list: &[Expr], columns: &[types::Column]) -> Result<Node> {
    let ty = &value.typed.ty;
    let list = flattened(list, ty);
    if let (Some(texts), Type::String) = (texts(&list), ty) {
        let has_null = texts.len() < list.len();
        let texts: HashSet<String> = texts.into_iter().map(ToOwned::to_owned).collect();
        return Ok(Node::new(InTexts { value: compile(value, columns)?, texts, has_null }));
    }
    let list = list.iter().map(|it| compile_as(it, ty, columns)).collect::<Result<_>>()?;
    Ok(Node::new(InList { value: compile(value, columns)?, list }))
}

/// A param that is a list stands as one literal where its values are meant.
fn flattened(list: &[Expr], element: &Type) -> Vec<Expr> {
    let mut flat = Vec::with_capacity(list.len());
    for expr in list {
        match &expr.kind {
            ExprKind::Literal(Value::List(values)) if !matches!(element, Type::List(_)) => {
                flat.extend(values.iter().map(|value| Expr {
                    kind: ExprKind::Literal(value.clone()),
                    typed: element.clone().nullable(),
                    span: expr.span,
                }));
            }
            _ => flat.push(expr.clone()),
        }
    }
    flat
}

/// The texts of a long list of literals, nulls left out; none where it is short or something else stands in it.
fn texts(list: &[Expr]) -> Option<Vec<&str>> {
    if list.len() < LONG_LIST {
        return None;
    }
    let mut texts = Vec::with_capacity(list.len());
    for expr in list {
        match &expr.kind {
            ExprKind::Literal(Value::String(text)) => texts.push(text.as_str()),
            ExprKind::Literal(Value::Null) => {}
            _ => return None,
        }
    }
    Some(texts)
}
