//! Looks at everything that stands inside arguments, so that nobody else has to know where one stands inside another.

use super::{Arg, Args, Expr, Input, Item, TemplatePart};

/// Something that stands in arguments.
#[derive(Clone, Copy, Debug)]
pub enum Node<'a> {
    /// An argument, before what is in it.
    Arg(&'a Arg),
    /// An expression, before what is in it.
    Expr(&'a Expr),
}

impl Args {
    /// Sees every argument and every expression, those inside others too.
    pub fn walk<'a>(&'a self, see: &mut dyn FnMut(Node<'a>)) {
        self.given.iter().for_each(|(_, it)| arg(&it.node, see));
    }

    /// The streams among the arguments, in order.
    pub fn streams(&self) -> Vec<&Input> {
        let mut streams = Vec::new();
        self.walk(&mut |node| {
            if let Node::Arg(Arg::Stream(input)) = node {
                streams.push(input);
            }
        });
        streams
    }
}

fn arg<'a>(it: &'a Arg, see: &mut dyn FnMut(Node<'a>)) {
    see(Node::Arg(it));
    match it {
        Arg::Constant(inner, _) | Arg::Expr(inner) => expr(inner, see),
        Arg::Word(call) => call.args.walk(see),
        Arg::Record(args) => args.walk(see),
        Arg::List(list) => list.iter().for_each(|it| arg(it, see)),
        Arg::RowPattern(parts) => {
            parts.iter().filter_map(TemplatePart::hole).for_each(|it| expr(it, see));
        }
        Arg::Items(made) => items(made, see),
        Arg::Aggregates(aggregates) => {
            aggregates.calls.iter().for_each(|it| it.call.args.walk(see));
            items(&aggregates.items, see);
        }
        Arg::Detectors(calls) => calls.iter().for_each(|(_, it)| it.args.walk(see)),
        Arg::Value(_)
        | Arg::Column(_)
        | Arg::Columns(_)
        | Arg::Of { .. }
        | Arg::Choice(_)
        | Arg::Schema(_)
        | Arg::Stream(_)
        | Arg::Renames(_) => {}
    }
}

fn items<'a>(items: &'a [Item], see: &mut dyn FnMut(Node<'a>)) {
    for item in items {
        expr(&item.value, see);
    }
}

fn expr<'a>(it: &'a Expr, see: &mut dyn FnMut(Node<'a>)) {
    it.walk(&mut |it| see(Node::Expr(it)));
}
