//! What the tree knows about places of the text and tokens alone do not tell.

use crate::ast::{
    Action, ActionKind, Binding, Bounds, Call, Expr, ExprKind, Field, File, From, Item, Param,
    Statement, TypeArgs, TypeExpr,
};
use std::collections::{BTreeMap, BTreeSet};

/// What a bracket encloses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opens {
    /// The items of a call or attribute.
    Items,
    /// One expression in parentheses.
    Group,
    /// The elements of a list.
    List,
    /// The place in a list or map.
    Index,
    /// The entries of a record.
    Record,
    /// The fields of a schema.
    Schema,
    /// The fields of a struct type.
    Struct,
    /// The actions of a test.
    Test,
    /// The parameters of a type: `(10, 2)`.
    Params,
    /// The arguments of a type: `<T>`.
    Types,
}

/// Byte offsets of the text, by what stands there.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// What the bracket opens that follows the token ending here.
    pub(super) opens: BTreeMap<usize, Opens>,
    /// Where statements begin.
    pub(super) statements: BTreeSet<usize>,
    /// Where attributes end.
    pub(super) attributes: BTreeSet<usize>,
    /// Where the verbs of steps end.
    pub(super) verbs: BTreeSet<usize>,
    /// Where fields of schemas and actions of tests begin: they need no comma between them.
    pub(super) entries: BTreeSet<usize>,
    /// Where operators between two operands begin.
    pub(super) binary: BTreeSet<usize>,
    /// Where bounds without an upper end do end.
    pub(super) open_bounds: BTreeSet<usize>,
    /// Units of types, with their angle brackets: where they begin and end.
    pub(super) units: BTreeMap<usize, usize>,
    /// The closing angle brackets of types.
    pub(super) angles: BTreeSet<usize>,
}

impl Marks {
    /// Collects the places of a file.
    pub(super) fn of(file: &File) -> Self {
        let mut marks = Self::default();
        for statement in &file.statements {
            marks.statement(statement);
        }
        marks
    }

    fn statement(&mut self, statement: &Statement) {
        let span = match statement {
            Statement::Use { span, .. } => *span,
            Statement::Param(param) => {
                self.param(param);
                param.span
            }
            Statement::Schema(schema) => {
                self.opens.insert(schema.name.span.end, Opens::Schema);
                self.fields(&schema.fields);
                schema.span
            }
            Statement::Binding(binding) => {
                self.binding(binding);
                binding.span
            }
            Statement::Test(test) => {
                self.opens.insert(test.name.span.end, Opens::Test);
                test.actions.iter().for_each(|it| self.action(it));
                test.span
            }
        };
        self.statements.insert(span.start);
    }

    fn param(&mut self, param: &Param) {
        self.ty(&param.ty);
        param.bounds.iter().for_each(|it| self.bounds(it));
        param.default.iter().for_each(|it| self.expr(it));
    }

    fn fields(&mut self, fields: &[Field]) {
        for field in fields {
            self.entries.insert(field.span.start);
            self.ty(&field.ty);
            field.bounds.iter().for_each(|it| self.bounds(it));
            field.default.iter().for_each(|it| self.expr(it));
        }
    }

    fn bounds(&mut self, bounds: &Bounds) {
        match bounds {
            Bounds::Range { low, high, span } => {
                low.iter().chain(high).for_each(|it| self.expr(it));
                if high.is_none() {
                    self.open_bounds.insert(span.end);
                }
            }
            Bounds::List { values, .. } => self.exprs(values),
        }
    }

    fn binding(&mut self, binding: &Binding) {
        for attribute in &binding.attributes {
            self.attributes.insert(attribute.span.end);
            self.opens.insert(attribute.name.span.end, Opens::Items);
            self.items(&attribute.items);
        }
        if let From::Call(call) = &binding.from {
            self.call(call);
        }
        for step in &binding.steps {
            self.verbs.insert(step.verb.span.end);
            self.items(&step.items);
        }
    }

    fn call(&mut self, call: &Call) {
        self.opens.insert(call.name.span.end, Opens::Items);
        self.items(&call.items);
    }

    fn items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Positional(value)
                | Item::Define { value, .. }
                | Item::Option { value, .. } => self.expr(value),
            }
        }
    }

    fn action(&mut self, action: &Action) {
        self.entries.insert(action.span.start);
        match &action.kind {
            ActionKind::Feed { rows, .. } => self.exprs(rows),
            ActionKind::ExpectRows { rows, within, .. } => {
                self.exprs(rows);
                self.exprs(within);
            }
            ActionKind::ExpectCount { count, within, .. } => {
                self.expr(count);
                self.exprs(within);
            }
            ActionKind::At(value) | ActionKind::Advance(value) | ActionKind::Set { value, .. } => {
                self.expr(value);
            }
            ActionKind::FeedFile { .. } | ActionKind::End | ActionKind::Restart => {}
        }
    }

    fn ty(&mut self, ty: &TypeExpr) {
        let opens = match &ty.args {
            TypeArgs::None => return,
            TypeArgs::Unit(unit) => {
                self.units.insert(unit.span.start, unit.span.end);
                return;
            }
            TypeArgs::Types(types) => {
                for it in types {
                    self.ty(it);
                }
                self.angles.insert(ty.span.end - 1 - usize::from(ty.nullable));
                Opens::Types
            }
            TypeArgs::Params(params) => {
                self.exprs(params);
                Opens::Params
            }
            TypeArgs::Fields(fields) => {
                self.fields(fields);
                Opens::Struct
            }
        };
        self.opens.insert(ty.name.span.end, opens);
    }

    fn exprs<'a>(&mut self, exprs: impl IntoIterator<Item = &'a Expr>) {
        for expr in exprs {
            self.expr(expr);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            // What stands in the holes of a template is part of the literal, which stays as it is.
            ExprKind::Literal(_) | ExprKind::Name { .. } | ExprKind::Template(_) => {}
            ExprKind::Call(call) => self.call(call),
            ExprKind::List(values) => self.exprs(values),
            ExprKind::Record(entries) => entries.iter().for_each(|(_, value)| self.expr(value)),
            ExprKind::Member(value, _) | ExprKind::Negate(value) | ExprKind::Not(value) => {
                self.expr(value);
            }
            ExprKind::IsNull { value, .. } => self.expr(value),
            ExprKind::Index(value, index) => {
                self.opens.insert(value.span.end, Opens::Index);
                self.expr(value);
                self.expr(index);
            }
            ExprKind::Binary { op, left, right } => {
                self.binary.insert(op.span.start);
                self.expr(left);
                self.expr(right);
            }
            ExprKind::In { value, set, .. } => {
                self.expr(value);
                self.expr(set);
            }
            ExprKind::Cast(value, ty) => {
                self.expr(value);
                self.ty(ty);
            }
            ExprKind::Range(low, high) => low.iter().chain(high).for_each(|it| self.expr(it)),
        }
    }
}
