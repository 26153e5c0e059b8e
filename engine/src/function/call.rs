//! A call as its compiler sees it, and the node that works it out.

use crate::error::{Error, Result};
use crate::expr::{Evaluate, Faults, Node, Vector, View, all_same, compile_as, made, shown};
use crate::reason::Reason;
use crate::types::data_type;
use arrow::array::{ArrayRef, new_empty_array, new_null_array};
use arrow::datatypes::DataType;
use dsl::plan::{Expr, ExprKind};
use dsl::types::{Column, Type};
use dsl::value::Value;
use std::borrow::Cow;
use std::fmt;

/// A call that is being compiled.
pub(crate) struct Call<'a> {
    /// The function.
    pub(crate) name: &'static str,
    /// Its arguments, in the order of its signature; trailing ones may be missing.
    pub(crate) args: &'a [Expr],
    /// What it yields.
    pub(crate) ty: &'a Type,
    /// The columns of the rows.
    pub(crate) columns: &'a [Column],
    /// For each argument, the type that the signature asks for; none where it takes several.
    pub(crate) wanted: Vec<Option<Type>>,
}

impl Call<'_> {
    /// An argument, converted to what the signature asks for.
    pub(crate) fn node(&self, i: usize) -> Result<Node> {
        let arg = self.arg(i)?;
        match &self.wanted[i] {
            Some(ty) => self.node_as(i, ty),
            None => compile_as(arg, &arg.typed.ty, self.columns),
        }
    }

    /// All arguments, converted to what the signature asks for.
    pub(crate) fn nodes(&self) -> Result<Vec<Node>> {
        (0..self.args.len()).map(|i| self.node(i)).collect()
    }

    /// An argument, converted to a type.
    pub(crate) fn node_as(&self, i: usize, ty: &Type) -> Result<Node> {
        compile_as(&self.arg_as(i, ty)?, ty, self.columns)
    }

    /// An argument as an expression of a type.
    pub(crate) fn arg_as(&self, i: usize, ty: &Type) -> Result<Expr> {
        let arg = self.arg(i)?.clone();
        if arg.typed.ty == Type::Null || data_type(&arg.typed.ty) == data_type(ty) {
            return Ok(arg);
        }
        let (typed, span) = (ty.clone().nullable(), arg.span);
        Ok(Expr { kind: ExprKind::Cast { value: Box::new(arg), lenient: false }, typed, span })
    }

    /// The type of an argument; null where it is missing.
    pub(crate) fn type_of(&self, i: usize) -> &Type {
        self.args.get(i).map_or(&Type::Null, |it| &it.typed.ty)
    }

    /// The text of an argument that is a constant.
    pub(crate) fn constant_text(&self, i: usize) -> Option<&str> {
        match &self.args.get(i)?.kind {
            ExprKind::Literal(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// A node that is made of another expression.
    pub(crate) fn instead(&self, expr: &Expr) -> Result<Node> {
        compile_as(expr, self.ty, self.columns)
    }

    /// The Arrow type of what it yields.
    pub(crate) fn data_type(&self) -> DataType {
        data_type(self.ty)
    }

    fn arg(&self, i: usize) -> Result<&Expr> {
        self.args.get(i).ok_or_else(|| {
            Error::bug(format!("`{}` stands in the plan without its argument {i}", self.name))
        })
    }
}

/// A constant that a function does not take: the checker says so already, unless it came from a param.
pub(crate) fn misused(call: &Call<'_>, why: &str) -> Error {
    Error::user(format!("`{}` refuses its arguments: {why}", call.name))
}

/// The text of an argument, where it is a constant that is known.
pub(crate) fn known_text<'a>(known: &[Option<&'a Value>], i: usize) -> Option<&'a str> {
    match known.get(i) {
        Some(Some(Value::String(text))) => Some(text),
        _ => None,
    }
}

/// Works a function out over the values of its arguments.
pub(crate) trait Work: Send + Sync {
    /// A value for each of `rows` rows, null where one is refused. An argument is a value a row or one for all.
    fn apply(&self, args: &[Vector], rows: usize, refused: &mut Refused) -> Result<ArrayRef>;
}

impl<F> Work for F
where
    F: Fn(&[Vector], usize, &mut Refused) -> Result<ArrayRef> + Send + Sync,
{
    fn apply(&self, args: &[Vector], rows: usize, refused: &mut Refused) -> Result<ArrayRef> {
        self(args, rows, refused)
    }
}

/// Why a row was refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    reason: Reason,
    why: Cow<'static, str>,
}

impl Refusal {
    /// The function does not take this value.
    pub(crate) fn value(why: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: Reason::Function, why: why.into() }
    }

    /// The result does not fit its type.
    pub(crate) fn overflow(why: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: Reason::Overflow, why: why.into() }
    }
}

/// The rows that were refused, in order.
#[derive(Debug, Default)]
pub(crate) struct Refused(Vec<(usize, Refusal)>);

impl Refused {
    /// Notes a row.
    pub(crate) fn add(&mut self, row: usize, refusal: Refusal) {
        self.0.push((row, refusal));
    }
}

/// The node of a call whose arguments these are.
pub(crate) fn applied(
    call: &Call<'_>,
    args: Vec<Node>,
    can_fail: bool,
    work: impl Work + 'static,
) -> Node {
    let work = Box::new(work);
    Node::new(Applied { name: call.name, args, can_fail, data_type: call.data_type(), work })
}

struct Applied {
    name: &'static str,
    args: Vec<Node>,
    can_fail: bool,
    data_type: DataType,
    work: Box<dyn Work>,
}

impl fmt::Debug for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple(self.name).field(&self.args).finish()
    }
}

impl Evaluate for Applied {
    fn evaluate(&self, view: &View<'_>, faults: &mut Faults) -> Result<Vector> {
        let args: Vec<Vector> =
            self.args.iter().map(|it| it.evaluate(view, faults)).collect::<Result<_>>()?;
        if self.data_type == DataType::Null {
            return Ok(Vector::Same(new_null_array(&DataType::Null, 1)));
        }
        let same = all_same(&args);
        let rows = if same { 1 } else { view.rows() };
        if rows == 0 {
            return Ok(Vector::Each(new_empty_array(&self.data_type)));
        }
        let mut refused = Refused::default();
        let values = self.work.apply(&args, rows, &mut refused)?;
        for (row, refusal) in refused.0 {
            faults.add(view, same, [row], refusal.reason, |i| {
                let values: Vec<String> = args.iter().map(|it| shown(it, i)).collect();
                format!("{}({}): {}", self.name, values.join(", "), refusal.why)
            });
        }
        Ok(made(values, same))
    }

    fn can_fail(&self) -> bool {
        self.can_fail || self.args.iter().any(Node::can_fail)
    }
}
