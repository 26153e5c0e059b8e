//! Expressions: the precedence table, and what each operator builds.

use super::Rule;
use super::tree::Builder;
use crate::ast::{BinaryOp, Expr, ExprKind, TemplatePart};
use crate::diagnostic::{Code, Diagnostic};
use crate::span::{Span, Spanned};
use pest::iterators::Pair;
use pest::pratt_parser::{Assoc, Op, PrattParser};
use std::sync::LazyLock;

/// How many operators and operands may be nested in or follow each other: each of them is a level of the tree.
const MOST: usize = 400;

/// Loosest first.
static PRECEDENCE: LazyLock<PrattParser<Rule>> = LazyLock::new(|| {
    PrattParser::new()
        .op(Op::infix(Rule::or, Assoc::Left))
        .op(Op::infix(Rule::and, Assoc::Left))
        .op(Op::prefix(Rule::not))
        .op(Op::infix(Rule::compare, Assoc::Left)
            | Op::infix(Rule::within, Assoc::Left)
            | Op::infix(Rule::not_in, Assoc::Left)
            | Op::postfix(Rule::is_null))
        .op(Op::infix(Rule::range, Assoc::Left)
            | Op::prefix(Rule::upto)
            | Op::postfix(Rule::from_on))
        .op(Op::infix(Rule::coalesce, Assoc::Right))
        .op(Op::infix(Rule::add, Assoc::Left))
        .op(Op::infix(Rule::mul, Assoc::Left))
        .op(Op::postfix(Rule::cast))
        .op(Op::prefix(Rule::neg))
        .op(Op::postfix(Rule::member) | Op::postfix(Rule::index))
});

/// A node while operators are still being applied to it.
type Node = Expr;

impl Builder<'_> {
    pub(super) fn expr(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let size = pair.clone().into_inner().count();
        if self.load + size > MOST {
            self.too_long(span);
            return Expr::gap(span);
        }
        self.load += size;
        let expr = self.flat(pair);
        self.load -= size;
        expr
    }

    /// Said once for a statement: what is nested would say it again.
    fn too_long(&mut self, span: Span) {
        if self.found.last().is_some_and(|it| it.code == Code::TooDeep) {
            return;
        }
        let message = "the expression is too long";
        let help = format!(
            "give parts of it names with `| {} …`; many values of one column are asked for by `x in [a, b, c]`",
            self.words.add
        );
        self.found.push(Diagnostic::new(Code::TooDeep, span, message).help(help));
    }

    /// Operators and what they stand between, as the table of precedence groups them.
    fn flat(&mut self, pair: Pair<'_, Rule>) -> Expr {
        // The four closures of the table all need the builder; they never run at the same time.
        let builder = std::cell::RefCell::new(self);
        PRECEDENCE
            .map_primary(|it| builder.borrow_mut().primary(it))
            .map_prefix(|op, operand| builder.borrow_mut().prefix(&op, operand))
            .map_postfix(|operand, op| builder.borrow_mut().postfix(operand, op))
            .map_infix(|left, op, right| builder.borrow_mut().infix(left, &op, right))
            .parse(pair.into_inner())
    }

    fn prefix(&mut self, op: &Pair<'_, Rule>, operand: Node) -> Node {
        let span = self.span(op).to(operand.span);
        let operand = Box::new(operand);
        let kind = match op.as_rule() {
            Rule::not => ExprKind::Not(operand),
            Rule::neg => ExprKind::Negate(operand),
            _ => ExprKind::Range(None, Some(operand)),
        };
        Expr { kind, span }
    }

    fn postfix(&mut self, operand: Node, op: Pair<'_, Rule>) -> Node {
        let span = operand.span.to(self.span(&op));
        let value = Box::new(operand);
        let rule = op.as_rule();
        if rule == Rule::from_on {
            return Expr { kind: ExprKind::Range(Some(value), None), span };
        }
        let mut parts = op.into_inner();
        let kind = match rule {
            Rule::is_null => {
                let negated = parts.any(|it| it.as_rule() == Rule::is_not);
                ExprKind::IsNull { value, negated }
            }
            Rule::cast => {
                let ty = parts.find(|it| it.as_rule() == Rule::type_).expect("a cast has a type");
                ExprKind::Cast(value, self.ty(ty))
            }
            Rule::member => {
                ExprKind::Member(value, self.name(&parts.next().expect("a member has a name")))
            }
            _ => {
                let index = self.expr(parts.next().expect("an index has an expression"));
                ExprKind::Index(value, Box::new(index))
            }
        };
        Expr { kind, span }
    }

    fn infix(&mut self, left: Node, op: &Pair<'_, Rule>, right: Node) -> Node {
        let span = left.span.to(right.span);
        let (left, right) = (Box::new(left), Box::new(right));
        let kind = match op.as_rule() {
            Rule::range => ExprKind::Range(Some(left), Some(right)),
            Rule::within => ExprKind::In { value: left, set: right, negated: false },
            Rule::not_in => ExprKind::In { value: left, set: right, negated: true },
            _ => {
                let place = self.span(op);
                ExprKind::Binary {
                    op: Spanned::new(binary(op.as_str().trim()), place),
                    left,
                    right,
                }
            }
        };
        Expr { kind, span }
    }

    /// A literal, name, call, list, record or what stands in parentheses.
    pub(super) fn primary(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let kind = match pair.as_rule() {
            Rule::call => ExprKind::Call(self.call(pair)),
            Rule::list => ExprKind::List(pair.into_inner().map(|it| self.expr(it)).collect()),
            Rule::record => ExprKind::Record(pair.into_inner().map(|it| self.entry(it)).collect()),
            Rule::ident => ExprKind::Name { name: pair.as_str().to_owned(), quoted: false },
            Rule::quoted => {
                ExprKind::Name { name: pair.as_str().trim_matches('`').to_owned(), quoted: true }
            }
            Rule::group => {
                let inner = pair.into_inner().next().expect("a group holds an expression");
                // Parentheses leave no node, but the place they cover does: `(a + b)` is underlined whole.
                return Expr { span, ..self.expr(inner) };
            }
            Rule::template => ExprKind::Template(self.template(pair)),
            Rule::expr => return self.expr(pair),
            _ => self.literal(&pair, span),
        };
        Expr { kind, span }
    }

    fn entry(&mut self, pair: Pair<'_, Rule>) -> (crate::span::Name, Expr) {
        let mut parts = pair.into_inner();
        let key = parts.next().expect("an entry has a key");
        let name = match key.as_rule() {
            Rule::string => self.text_of(key),
            _ => self.name(&key),
        };
        (name, self.expr(parts.next().expect("an entry has a value")))
    }

    fn template(&mut self, pair: Pair<'_, Rule>) -> Vec<TemplatePart> {
        let whole = pair.as_str().starts_with("f\"\"\"");
        let mut parts = Vec::new();
        for part in pair.into_inner() {
            if part.as_rule() != Rule::hole {
                self.template_escapes(&part);
                parts.push(TemplatePart::Text(super::literal::template_text(part.as_str())));
                continue;
            }
            let mut inside = part.into_inner();
            let value = self.expr(inside.next().expect("a hole has an expression"));
            let format = inside.next().map(|it| {
                let span = self.span(&it);
                Spanned::new(it.as_str().trim().to_owned(), span)
            });
            parts.push(TemplatePart::Hole { value: Box::new(value), format });
        }
        if whole { super::literal::dedent_template(parts) } else { parts }
    }

    fn literal(&mut self, pair: &Pair<'_, Rule>, span: Span) -> ExprKind {
        if pair.as_rule() == Rule::string {
            self.escapes(pair);
        }
        match super::literal::literal(pair, span) {
            Ok(literal) => ExprKind::Literal(literal),
            Err(diagnostic) => {
                self.found.push(*diagnostic);
                Expr::gap(span).kind
            }
        }
    }
}

fn binary(text: &str) -> BinaryOp {
    match text {
        "or" => BinaryOp::Or,
        "and" => BinaryOp::And,
        "==" => BinaryOp::Equal,
        "!=" => BinaryOp::NotEqual,
        "<" => BinaryOp::Less,
        "<=" => BinaryOp::LessEqual,
        ">" => BinaryOp::Greater,
        ">=" => BinaryOp::GreaterEqual,
        "??" => BinaryOp::Coalesce,
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Subtract,
        "*" => BinaryOp::Multiply,
        "/" => BinaryOp::Divide,
        _ => BinaryOp::Remainder,
    }
}
