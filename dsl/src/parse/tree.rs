//! Statements, items, types and tests: pest's pairs become the syntax tree.

use super::{Rule, escape, lexical};
use crate::ast::{
    Attribute, Binding, BindingKind, Bounds, Call, Expr, ExprKind, Field, File, From, Item, Param,
    Schema, Statement, Step, StreamRef, TypeArgs, TypeExpr,
};
use crate::catalog::Words;
use crate::diagnostic::Diagnostic;
use crate::span::{Name, Span, Spanned};
use pest::iterators::{Pair, Pairs};

/// Turns pairs into nodes, and collects what is wrong inside literals.
pub(super) struct Builder<'a> {
    text: &'a str,
    /// How steps are written, for help lines.
    pub(super) words: &'a Words,
    comments: Vec<Span>,
    /// Where the text that is being parsed begins in `text`.
    base: usize,
    /// How many operators and operands stand round the expression that is being built.
    pub(super) load: usize,
    /// What is wrong with literals.
    pub(super) found: Vec<Diagnostic>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(text: &'a str, words: &'a Words) -> Self {
        let comments = lexical::comments(text).into_iter().map(|it| it.span).collect();
        Self { text, words, comments, base: 0, load: 0, found: Vec::new() }
    }

    /// The same builder for a piece that begins at `base`.
    pub(super) fn at(&mut self, base: usize) -> &mut Self {
        self.base = base;
        self
    }

    /// Where a pair stands, without the blanks and comments that pest lets it end with.
    pub(super) fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        let span = pair.as_span();
        let start = span.start() + self.base;
        let mut end = span.end() + self.base;
        loop {
            let trimmed = start + self.text[start..end].trim_end().len();
            let comment = self.comments.partition_point(|it| it.end < trimmed);
            match self.comments.get(comment) {
                Some(comment) if comment.end == trimmed && comment.start >= start => {
                    end = comment.start;
                }
                _ => return Span::new(start, trimmed),
            }
        }
    }

    pub(super) fn statements(&mut self, pairs: Pairs<'_, Rule>) -> Vec<Statement> {
        let mut file = File::default();
        for pair in pairs {
            match pair.as_rule() {
                Rule::file => file.statements.extend(self.statements(pair.into_inner())),
                Rule::EOI => {}
                _ => file.statements.push(self.statement(pair)),
            }
        }
        file.statements
    }

    pub(super) fn only_expr(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let inner = pair.into_inner().next().expect("one_expr holds an expr");
        self.expr(inner)
    }

    fn statement(&mut self, pair: Pair<'_, Rule>) -> Statement {
        let span = self.span(&pair);
        match pair.as_rule() {
            Rule::import => {
                let path = self.text_of(inner(pair, Rule::string));
                Statement::Use { path, span }
            }
            Rule::param => Statement::Param(self.param(pair, span)),
            Rule::schema => {
                let mut parts = pair.into_inner().filter(|it| it.as_rule() != Rule::k_schema);
                let name = self.name(&parts.next().expect("a schema has a name"));
                let fields = parts.map(|it| self.field(it)).collect();
                Statement::Schema(Schema { name, fields, span })
            }
            Rule::binding => Statement::Binding(self.binding(pair, span)),
            _ => Statement::Test(self.test(pair, span)),
        }
    }

    fn param(&mut self, pair: Pair<'_, Rule>, span: Span) -> Param {
        let (mut name, mut ty, mut bounds, mut default) = (None, None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::ident => name = Some(self.name(&part)),
                Rule::type_ => ty = Some(self.ty(part)),
                Rule::bounds => bounds = Some(self.bounds(part)),
                Rule::expr => default = Some(self.expr(part)),
                _ => {}
            }
        }
        Param {
            name: name.expect("a param has a name"),
            ty: ty.expect("a param has a type"),
            bounds,
            default,
            span,
        }
    }

    fn field(&mut self, pair: Pair<'_, Rule>) -> Field {
        let mut span = self.span(&pair);
        if self.text[span.start..span.end].ends_with(',') {
            // The comma stands between fields; it belongs to none.
            let without = self.text[span.start..span.end - 1].trim_end().len();
            span = Span::new(span.start, span.start + without);
        }
        let (mut name, mut ty, mut bounds, mut wire, mut default) = (None, None, None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::ident | Rule::quoted => name = Some(self.name(&part)),
                Rule::type_ => ty = Some(self.ty(part)),
                Rule::bounds => bounds = Some(self.bounds(part)),
                Rule::string => wire = Some(self.text_of(part)),
                Rule::signed => default = Some(self.signed(part)),
                _ => {}
            }
        }
        Field {
            name: name.expect("a field has a name"),
            ty: ty.expect("a field has a type"),
            bounds,
            wire,
            default,
            span,
        }
    }

    fn bounds(&mut self, pair: Pair<'_, Rule>) -> Bounds {
        let part = pair.into_inner().find(|it| it.as_rule() != Rule::k_in);
        let part = part.expect("bounds hold a list or a range");
        let span = self.span(&part);
        if part.as_rule() == Rule::list {
            let values = part.into_inner().map(|it| self.expr(it)).collect();
            return Bounds::List { values, span };
        }
        let (low, high) = self.ends(part);
        Bounds::Range { low, high, span }
    }

    /// A range of literals, as an expression.
    pub(super) fn range(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let (low, high) = self.ends(pair);
        Expr { kind: ExprKind::Range(low, high), span }
    }

    /// The ends of a range of literals.
    fn ends(&mut self, pair: Pair<'_, Rule>) -> (Option<Box<Expr>>, Option<Box<Expr>>) {
        let (mut low, mut high) = (None, None);
        for end in pair.into_inner() {
            let side = end.as_rule();
            let value = Some(Box::new(self.signed(end)));
            if side == Rule::low { low = value } else { high = value }
        }
        (low, high)
    }

    /// A literal with an optional minus before it, or a list or record.
    fn signed(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let negative = pair.as_str().starts_with('-');
        let part = pair.into_inner().next().expect("a signed literal holds a literal");
        let value = self.primary(part);
        if negative { Expr { kind: ExprKind::Negate(Box::new(value)), span } } else { value }
    }

    fn binding(&mut self, pair: Pair<'_, Rule>, span: Span) -> Binding {
        let mut attributes = Vec::new();
        let mut steps = Vec::new();
        let (mut kind, mut name, mut from) = (None, None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::attribute => attributes.push(self.attribute(part)),
                Rule::kind => {
                    kind = Some(Spanned::new(binding_kind(part.as_str()), self.span(&part)));
                }
                Rule::ident => name = Some(self.name(&part)),
                Rule::from => from = Some(self.from(part)),
                Rule::step => steps.push(self.step(part)),
                _ => {}
            }
        }
        Binding {
            attributes,
            kind: kind.expect("a binding has a kind"),
            name: name.expect("a binding has a name"),
            from: from.expect("a binding has something behind its `=`"),
            steps,
            span,
        }
    }

    fn attribute(&mut self, pair: Pair<'_, Rule>) -> Attribute {
        let span = self.span(&pair);
        let mut parts = pair.into_inner();
        let name = self.name(&parts.next().expect("an attribute has a name"));
        let items = parts.next().map(|it| self.items(it)).unwrap_or_default();
        Attribute { name, items, span }
    }

    fn from(&mut self, pair: Pair<'_, Rule>) -> From {
        let part = pair.into_inner().next().expect("from holds a call or a name");
        match part.as_rule() {
            Rule::call => From::Call(self.call(part)),
            _ => From::Stream(self.stream_ref(part)),
        }
    }

    pub(super) fn stream_ref(&mut self, pair: Pair<'_, Rule>) -> StreamRef {
        let span = self.span(&pair);
        let mut names = pair.into_inner().map(|it| self.name(&it));
        let name = names.next().expect("a reference has a name");
        StreamRef { name, side: names.next(), span }
    }

    fn step(&mut self, pair: Pair<'_, Rule>) -> Step {
        let mut span = self.span(&pair);
        let mut parts = pair.into_inner();
        let verb = self.name(&parts.next().expect("a step has a verb"));
        let items = parts.next().map(|it| self.items(it)).unwrap_or_default();
        if let Some(last) = items.last() {
            // A comma behind the last item belongs to no item.
            span.end = item_span(last).end;
        }
        Step { verb, items, broken: false, span }
    }

    /// The steps of a piece that is nothing else.
    pub(super) fn steps(&mut self, pair: Pair<'_, Rule>) -> Vec<Step> {
        let steps = pair.into_inner().filter(|it| it.as_rule() == Rule::step);
        steps.map(|it| self.step(it)).collect()
    }

    /// The fields of a piece that is nothing else.
    pub(super) fn fields(&mut self, pair: Pair<'_, Rule>) -> Vec<Field> {
        let fields = pair.into_inner().filter(|it| it.as_rule() == Rule::field);
        fields.map(|it| self.field(it)).collect()
    }

    pub(super) fn items(&mut self, pair: Pair<'_, Rule>) -> Vec<Item> {
        pair.into_inner().map(|it| self.item(it)).collect()
    }

    fn item(&mut self, pair: Pair<'_, Rule>) -> Item {
        let (rule, span) = (pair.as_rule(), self.span(&pair));
        if rule == Rule::expr {
            return Item::Positional(self.expr(pair));
        }
        let mut parts = pair.into_inner().filter(|it| it.as_rule() != Rule::assign);
        let name = self.name(&parts.next().expect("a named item has a name"));
        let value = self.expr(parts.next().expect("a named item has a value"));
        if rule == Rule::define {
            Item::Define { name, value, span }
        } else {
            Item::Option { name, value, span }
        }
    }

    pub(super) fn call(&mut self, pair: Pair<'_, Rule>) -> Call {
        let span = self.span(&pair);
        let mut parts = pair.into_inner();
        let name = self.name(&parts.next().expect("a call has a name"));
        let items = parts.next().map(|it| self.items(it)).unwrap_or_default();
        Call { name, items, span }
    }

    /// A name, backticks taken off.
    pub(super) fn name(&self, pair: &Pair<'_, Rule>) -> Name {
        let text = pair.as_str().trim_end().trim_matches('`');
        Spanned::new(text.to_owned(), self.span(pair))
    }

    pub(super) fn ty(&mut self, pair: Pair<'_, Rule>) -> TypeExpr {
        let span = self.span(&pair);
        let (mut name, mut args, mut nullable) = (None, TypeArgs::None, false);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::ident => name = Some(self.name(&part)),
                Rule::type_args => {
                    args = TypeArgs::Types(part.into_inner().map(|it| self.ty(it)).collect());
                }
                Rule::unit => {
                    let span = self.span(&part);
                    let unit = part.as_str().trim_matches(['<', '>']).to_owned();
                    args = TypeArgs::Unit(Spanned::new(unit, span));
                }
                Rule::type_params => {
                    let params = part.into_inner().map(|it| self.type_param(it)).collect();
                    args = TypeArgs::Params(params);
                }
                Rule::type_fields => {
                    args = TypeArgs::Fields(part.into_inner().map(|it| self.field(it)).collect());
                }
                _ => nullable = true,
            }
        }
        TypeExpr { name: name.expect("a type has a name"), args, nullable, span }
    }

    fn type_param(&mut self, pair: Pair<'_, Rule>) -> Expr {
        self.primary(pair)
    }

    /// The text of a string literal.
    pub(super) fn text_of(&mut self, pair: Pair<'_, Rule>) -> Spanned<String> {
        let span = self.span(&pair);
        self.escapes(&pair);
        Spanned::new(super::literal::string(pair), span)
    }

    /// Reports what is wrong with the escapes of a string literal.
    pub(super) fn escapes(&mut self, pair: &Pair<'_, Rule>) {
        let Some(part) = pair.clone().into_inner().next() else {
            return;
        };
        let (text, start) = (part.as_str(), self.base + part.as_span().start());
        let found = match part.as_rule() {
            Rule::raw => Vec::new(),
            Rule::block => escape::mistakes(&text[3..text.len() - 3], start + 3),
            _ => escape::mistakes(text, start),
        };
        self.found.extend(found);
    }

    /// Reports what is wrong with the escapes of a piece of a template.
    pub(super) fn template_escapes(&mut self, part: &Pair<'_, Rule>) {
        let start = self.base + part.as_span().start();
        self.found.extend(escape::mistakes(part.as_str(), start));
    }
}

fn inner(pair: Pair<'_, Rule>, rule: Rule) -> Pair<'_, Rule> {
    pair.into_inner().find(|it| it.as_rule() == rule).expect("the grammar puts this rule here")
}

fn binding_kind(text: &str) -> BindingKind {
    match text {
        "source" => BindingKind::Source,
        "table" => BindingKind::Table,
        "stream" => BindingKind::Stream,
        _ => BindingKind::Sink,
    }
}

/// Where an item stands.
fn item_span(item: &Item) -> Span {
    match item {
        Item::Positional(expr) => expr.span,
        Item::Define { span, .. } | Item::Option { span, .. } => *span,
    }
}
