//! Plans of `window` and `aggregate`, as the checker would make them.

use crate::aggregates;
use crate::operators::aggregate::Aggregate;
use crate::operators::window::Window;
use crate::testing::{args, step, step_over};
use crate::windows;
use dsl::catalog::StepRule;
use dsl::diagnostic::Diagnostic;
use dsl::plan::{AggregateCall, Aggregates, Arg, Call, Expr, ExprKind, Item, StepPlan};
use dsl::signature::{Kind, Returns};
use dsl::span::Span;
use dsl::types::Column;
use dsl::value::Value;

/// The options of `window`.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) by: Vec<String>,
    pub(super) lateness: i64,
    pub(super) emit: &'static str,
}

impl Default for Options {
    fn default() -> Self {
        Self { by: Vec::new(), lateness: 0, emit: "on_close" }
    }
}

/// `window` and `aggregate` over these columns.
pub(super) fn plan(
    input: &[Column],
    kind: Call,
    options: &Options,
    calls: Vec<(&'static str, AggregateCall)>,
) -> Result<Vec<StepPlan>, Vec<Diagnostic>> {
    let mut given = vec![
        ("kind", Arg::Word(kind)),
        ("lateness", Arg::Value(Value::Duration(options.lateness))),
        ("emit", Arg::Choice(options.emit.to_owned())),
    ];
    if !options.by.is_empty() {
        given.push(("by", Arg::Columns(options.by.clone())));
    }
    let window = step(&Window, input, given)?;
    let items = calls.iter().enumerate().map(|(i, (name, call))| {
        let typed = call.typed.clone();
        let value = Expr { kind: ExprKind::Aggregate(i), typed, span: Span::new(0, 0) };
        Item { name: (*name).to_owned(), value }
    });
    let items = items.collect();
    let calls = calls.into_iter().map(|it| it.1).collect();
    let aggregates = Arg::Aggregates(Aggregates { calls, items });
    let aggregate = step_over(&Aggregate, window.output.clone(), vec![("items", aggregates)])?;
    Ok(vec![window, aggregate])
}

/// A call of an aggregate.
pub(super) fn call(word: &str, values: &[Expr]) -> AggregateCall {
    let signature = aggregates::get(word).expect("an aggregate").signature();
    let names = signature.params.iter().map(|it| it.name);
    let given: Vec<_> =
        names.zip(values).map(|(name, value)| (name, Arg::Expr(value.clone()))).collect();
    let Returns::From(result) = signature.result else { panic!("`{word}` yields something") };
    let types: Vec<_> = values.iter().map(|it| it.typed.clone()).collect();
    AggregateCall {
        call: Call {
            word: word.to_owned(),
            kind: Kind::Aggregate,
            args: args(signature, &given),
            span: Span::new(0, 0),
        },
        typed: result(&types).expect("types that it takes"),
    }
}

/// A column as an argument.
pub(super) fn column(input: &[Column], name: &str) -> Expr {
    let column = input.iter().find(|it| it.name == name).expect("a column");
    crate::testing::column(name, column.typed.clone())
}

pub(super) fn tumbling(size: i64) -> Call {
    window("tumbling", vec![("size", size)])
}

pub(super) fn sliding(size: i64, every: i64) -> Call {
    window("sliding", vec![("size", size), ("every", every)])
}

pub(super) fn session(gap: i64) -> Call {
    window("session", vec![("gap", gap)])
}

fn window(word: &str, given: Vec<(&'static str, i64)>) -> Call {
    let signature = windows::get(word).expect("a window").signature();
    let given = given.into_iter().map(|(name, it)| (name, Arg::Value(Value::Duration(it))));
    let given: Vec<_> = given.collect();
    Call {
        word: word.to_owned(),
        kind: Kind::Window,
        args: args(signature, &given),
        span: Span::new(0, 0),
    }
}

#[test]
fn the_key_of_a_window_is_what_it_is_by() {
    let options = Options { by: vec!["k".to_owned()], ..Options::default() };
    let input = crate::testing::columns("k: string");
    let plan = plan(&input, tumbling(1), &options, vec![("n", call("count", &[]))]).unwrap();
    assert_eq!(Window.key(&plan[0].args), Some(&["k".to_owned()][..]));
    let names: Vec<_> = plan[1].output.columns.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["k", "window", "n"]);
}
