//! Aggregates: calls inside the items of `aggregate`, each worked out once over the rows of a window.

use super::words::shown;
use super::{Checker, Grouped, Reads, Scope, unknown};
use crate::ast::{self, Item};
use crate::catalog::Words;
use crate::constant::walk::{self, Visitor};
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{AggregateCall, Args, Call, Expr, ExprKind};
use crate::signature::{Kind, Signature};
use crate::span::Span;

/// What a name of a call can be.
#[derive(Clone, Copy)]
pub(super) struct Kinds<'a> {
    pub(super) aggregate: Option<&'a Signature>,
    pub(super) function: Option<&'a Signature>,
}

impl<'a> Grouped<'a> {
    /// Over rows with these columns.
    pub(in crate::check) fn new(columns: &'a [crate::types::Column], meta: bool) -> Self {
        Self { columns, meta, calls: std::cell::RefCell::default() }
    }
}

impl Checker<'_, '_> {
    /// A call over the rows of a window: its arguments see the columns of those rows and nothing else.
    pub(super) fn aggregate(
        &mut self,
        signature: &Signature,
        grouped: &Grouped<'_>,
        call: &ast::Call,
    ) -> Expr {
        let scope = Scope {
            columns: grouped.columns,
            meta: grouped.meta,
            reads: Reads::AggregateRows,
            grouped: None,
            ..*self.scope
        };
        let Some((args, typed)) = self.inside(&scope).bound(signature, call) else {
            return unknown(call.span);
        };
        let word = signature.name.to_owned();
        let call = Call { word, kind: Kind::Aggregate, args, span: call.span };
        let span = call.span;
        let mut calls = grouped.calls.borrow_mut();
        let place = calls.iter().position(|it| same(&it.call, &call)).unwrap_or_else(|| {
            calls.push(AggregateCall { call, typed: typed.clone() });
            calls.len() - 1
        });
        Expr { kind: ExprKind::Aggregate(place), typed, span }
    }

    /// An aggregate where none can stand.
    pub(super) fn misplaced_aggregate(&mut self, call: &ast::Call) -> Expr {
        let name = &call.name.node;
        if self.scope.reads == Reads::AggregateRows {
            let message = format!("`{name}` stands inside another aggregate");
            let help = "name it in an item of its own; a later item can calculate with it";
            return self
                .fail(Diagnostic::new(Code::NestedAggregate, call.span, message).help(help));
        }
        let inside = match call.items.as_slice() {
            [Item::Positional(only)] => shown(only),
            [] => String::new(),
            _ => "…".to_owned(),
        };
        let message = format!(
            "`{name}` is worked out over the rows of a window, and there is no window here"
        );
        let Words { group, aggregate, .. } = Words::of(self.scope.catalog);
        let help =
            format!("write `| {group}`, then `| {aggregate} {name}_of_it = {name}({inside})`");
        self.fail(Diagnostic::new(Code::AggregateOutside, call.span, message).help(help))
    }
}

/// Whether two calls mean the same, wherever they stand.
fn same(left: &Call, right: &Call) -> bool {
    left.word == right.word && placeless(&left.args) == placeless(&right.args)
}

/// The arguments without their places.
fn placeless(args: &Args) -> Args {
    struct Places;
    impl Visitor for Places {
        fn span(&mut self, span: &mut Span) {
            *span = Span::default();
        }
    }
    let mut args = args.clone();
    walk::args(&mut args, &mut Places);
    args
}
