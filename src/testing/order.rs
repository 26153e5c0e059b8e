//! In which order the rows of a stream come out, told from the plan: what a test may rely on, and so what it is held to.
//!
//! ```text
//!  source, as it is fed      all rows in one order
//!  step without a key        the order it gets
//!  step by a key             of two rows of one key, the order it gets
//!  results of windows        of one key, by the end of the window
//!  union                     none: either input may be first
//!  concat                    the order of its inputs, where all have the same
//! ```
//!
//! The engine itself keeps to more than this; a test that relied on that would fail when a step gets another key.

use dsl::plan::{Arg, Call, ExprKind, FromPlan, Input, Plan, Side, StepPlan};
use engine::combinations::{self, Meeting};
use engine::operator::Placement;
use engine::operators;
use std::collections::BTreeMap;

/// Which rows of a stream have an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// None of them.
    Free,
    /// Those that are equal in these columns; all of them where there are no columns.
    Of(Vec<String>),
}

/// The order in which an output of a plan puts out its rows.
pub fn order(plan: &Plan, input: &Input) -> Order {
    let mut known: BTreeMap<&str, Order> = BTreeMap::new();
    for source in &plan.sources {
        known.insert(&source.name, Order::Of(Vec::new()));
    }
    for stream in &plan.streams {
        let order = chain(&known, &stream.from, &stream.steps);
        known.insert(&stream.name, order);
    }
    match input.side {
        // What several steps and tasks refused comes together as it comes.
        Side::Errors => Order::Free,
        Side::Main => match plan.sink(&input.name) {
            Some(sink) => chain(&known, &sink.from, &sink.steps),
            None => known.remove(input.name.as_str()).unwrap_or(Order::Free),
        },
        Side::Late => late(plan, &known, &input.name),
    }
}

/// Late rows have the order in which they came to the step that found them late.
fn late(plan: &Plan, known: &BTreeMap<&str, Order>, name: &str) -> Order {
    let Some(stream) = plan.stream(name) else { return Order::Free };
    let place = stream.steps.iter().position(|it| operators::finds_late_rows(&it.verb));
    let Some(place) = place else { return Order::Free };
    let before = chain(known, &stream.from, &stream.steps[..place]);
    together(before, &stream.steps[place])
}

fn chain(known: &BTreeMap<&str, Order>, from: &FromPlan, steps: &[StepPlan]) -> Order {
    let of = |it: &Input| match it.side {
        Side::Main => known.get(it.name.as_str()).cloned().unwrap_or(Order::Free),
        Side::Errors | Side::Late => Order::Free,
    };
    let first = match from {
        FromPlan::One(input) => of(input),
        FromPlan::Word(call) => met(call, &of),
    };
    steps.iter().fold(first, behind)
}

/// The order where several inputs meet.
fn met(call: &Call, of: &impl Fn(&Input) -> Order) -> Order {
    let in_turn = combinations::get(&call.word).is_some_and(|it| it.meeting() == Meeting::InTurn);
    let mut orders = call.args.streams().into_iter().map(of);
    match orders.next() {
        Some(first) if in_turn && orders.all(|it| it == first) => first,
        _ => Order::Free,
    }
}

/// The order behind a step.
fn behind(before: Order, step: &StepPlan) -> Order {
    if let Some(window) = &step.input.window {
        // Results are revised in the order in which late rows come; given once, they go by the ends of windows.
        return match before {
            Order::Free if window.updates => Order::Free,
            _ => Order::Of(window.keys.clone()),
        };
    }
    if step.output.window.is_some() {
        return before;
    }
    let Order::Of(keys) = together(before, step) else { return Order::Free };
    let names = renamed(step);
    // Rows whose key is gone cannot be told apart any more.
    keys.iter()
        .map(|it| names.get(it).cloned())
        .collect::<Option<_>>()
        .map_or(Order::Free, Order::Of)
}

/// The order of rows once those of each key have met.
fn together(before: Order, step: &StepPlan) -> Order {
    let Order::Of(mut keys) = before else { return Order::Free };
    let placement = operators::get(&step.verb).map(|it| it.placement(step));
    if let Some(Placement::ByKey(by)) = placement {
        keys.extend(by);
        keys.sort();
        keys.dedup();
    }
    Order::Of(keys)
}

/// Under which name each column that goes through a step unchanged comes out of it.
fn renamed(step: &StepPlan) -> BTreeMap<String, String> {
    // What each name stands for: a column of the input, or something new.
    let mut names: BTreeMap<&str, Option<&str>> =
        step.input.columns.iter().map(|it| (it.name.as_str(), Some(it.name.as_str()))).collect();
    for (_, arg) in &step.args.given {
        match &arg.node {
            Arg::Items(items) => {
                for item in items {
                    let stands_for = match &item.value.kind {
                        ExprKind::Column(column) => names.get(column.as_str()).copied().flatten(),
                        _ => None,
                    };
                    names.insert(&item.name, stands_for);
                }
            }
            Arg::Renames(pairs) => {
                let before = names.clone();
                for (_, old) in pairs {
                    names.remove(old.as_str());
                }
                for (new, old) in pairs {
                    names.insert(new, before.get(old.as_str()).copied().flatten());
                }
            }
            _ => {}
        }
    }
    let mut found = BTreeMap::new();
    for column in &step.output.columns {
        if let Some(Some(old)) = names.get(column.name.as_str()) {
            found.entry((*old).to_owned()).or_insert_with(|| column.name.clone());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Registry;
    use dsl::span::SourceFile;

    const FILE: &str = "
schema Reading {
  at:     timestamp
  site:   string
  device: string
  t:      float
}

source a = memory(schema: Reading, time: at)

source b = memory(schema: Reading, time: at)

stream hot = a | where t > 1.0 | extend f = t * 2.0

stream spikes = hot | detect threshold(t, above: 85.0), by: device

stream named = spikes | select at, t, where_it_is = device

stream nameless = spikes | select at, t

stream other = spikes | extend device = upper(device)

stream swapped = spikes | rename device = site, site = device

stream both = spikes | dedupe by: site, within: 1m

stream mixed = union(a, b)

stream one_by_one = concat(a, b)

stream unlike = concat(a, spikes)

stream means = mixed | window tumbling(1m), by: [site, device] | aggregate n = count()

stream revised = mixed | window tumbling(1m), by: site, emit: on_end | aggregate n = count()

stream total = spikes | window tumbling(1m) | aggregate n = count()

sink out = means | select site, n, device | into memory()
";

    fn found(name: &str, side: Side) -> Order {
        let (plan, found) = dsl::compile(&SourceFile::new("file.pipe", FILE.to_owned()), &Registry);
        let plan = plan.unwrap_or_else(|| panic!("{found:#?}"));
        order(&plan, &Input { name: name.to_owned(), side })
    }

    #[test]
    fn the_order_of_rows_follows_from_the_plan() {
        let of = |columns: &[&str]| Order::Of(columns.iter().map(|it| (*it).to_owned()).collect());
        for (name, expected) in [
            ("a", of(&[])),
            ("hot", of(&[])),
            ("spikes", of(&["device"])),
            ("named", of(&["where_it_is"])),
            ("nameless", Order::Free),
            ("other", Order::Free),
            ("swapped", of(&["site"])),
            ("both", of(&["device", "site"])),
            ("mixed", Order::Free),
            ("one_by_one", of(&[])),
            ("unlike", Order::Free),
            ("means", of(&["site", "device"])),
            ("revised", Order::Free),
            ("total", of(&[])),
            ("out", of(&["site", "device"])),
        ] {
            assert_eq!(found(name, Side::Main), expected, "{name}");
        }
        assert_eq!(found("total", Side::Late), of(&["device"]));
        assert_eq!(found("means", Side::Late), Order::Free);
        assert_eq!(found("hot", Side::Errors), Order::Free);
    }
}
