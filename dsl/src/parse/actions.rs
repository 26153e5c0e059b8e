//! Tests and their actions: pest's pairs become the syntax tree.

use super::Rule;
use super::tree::Builder;
use crate::ast::{Action, ActionKind, Expr, Test};
use crate::span::Span;
use pest::iterators::Pair;

impl Builder<'_> {
    /// The actions of a piece that is nothing else.
    pub(super) fn actions(&mut self, pair: Pair<'_, Rule>) -> Vec<Action> {
        let actions = pair.into_inner().filter(|it| it.as_rule() != Rule::EOI);
        actions.map(|it| self.action(it)).collect()
    }

    pub(super) fn test(&mut self, pair: Pair<'_, Rule>, span: Span) -> Test {
        let mut parts = pair.into_inner().filter(|it| it.as_rule() != Rule::k_test);
        let name = self.text_of(parts.next().expect("a test has a name"));
        let actions = parts.map(|it| self.action(it)).collect();
        Test { name, actions, broken: false, span }
    }

    fn action(&mut self, pair: Pair<'_, Rule>) -> Action {
        let (rule, span) = (pair.as_rule(), self.span(&pair));
        let kind = match rule {
            Rule::feed => self.feed(pair),
            Rule::expect => self.expect(pair),
            Rule::at => ActionKind::At(self.literal_in(pair)),
            Rule::advance => ActionKind::Advance(self.literal_in(pair)),
            Rule::set => {
                let (mut name, mut value) = (None, None);
                for part in pair.into_inner() {
                    match part.as_rule() {
                        Rule::ident => name = Some(self.name(&part)),
                        Rule::expr => value = Some(self.expr(part)),
                        _ => {}
                    }
                }
                ActionKind::Set {
                    name: name.expect("set has a name"),
                    value: value.expect("set has a value"),
                }
            }
            Rule::restart => ActionKind::Restart,
            _ => ActionKind::End,
        };
        Action { kind, span }
    }

    fn literal_in(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let part = pair.into_inner().find(|it| !is_keyword(it.as_rule()));
        self.primary(part.expect("the action holds a literal"))
    }

    fn feed(&mut self, pair: Pair<'_, Rule>) -> ActionKind {
        let (mut target, mut path, mut rows) = (None, None, Vec::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::stream_ref => target = Some(self.stream_ref(part)),
                Rule::string => path = Some(self.text_of(part)),
                Rule::list => rows = part.into_inner().map(|it| self.expr(it)).collect(),
                _ => {}
            }
        }
        let target = target.expect("feed names a source");
        match path {
            Some(path) => ActionKind::FeedFile { target, path },
            None => ActionKind::Feed { target, rows },
        }
    }

    fn expect(&mut self, pair: Pair<'_, Rule>) -> ActionKind {
        let (mut target, mut count, mut within) = (None, None, None);
        let (mut contains, mut rows) = (false, Vec::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::stream_ref => target = Some(self.stream_ref(part)),
                Rule::expr => count = Some(self.expr(part)),
                Rule::bound => count = Some(self.range(part)),
                Rule::list => rows = part.into_inner().map(|it| self.expr(it)).collect(),
                Rule::contains => contains = true,
                rule if is_keyword(rule) => {}
                _ => within = Some(self.primary(part)),
            }
        }
        let target = target.expect("expect names a stream");
        match count {
            Some(count) => ActionKind::ExpectCount { target, count, within },
            None => ActionKind::ExpectRows { target, rows, contains, within },
        }
    }
}

fn is_keyword(rule: Rule) -> bool {
    matches!(rule, Rule::k_at | Rule::k_advance | Rule::k_expect | Rule::k_count | Rule::k_within)
}
