//! Plans are closed: what `--set`, tests and the environment give, and what is said where they do not.

use super::{ConstantError, Environment, Fault, any, close, close_for_test, is_open, walk};
use crate::ast;
use crate::catalog::Catalog;
use crate::check::expr_of_tests as typed;
use crate::parse;
use crate::plan::{
    Arg, Args, Bounds, Call, Expr, ExprKind, ParamPlan, Plan, SourcePlan, TestAction,
    TestActionKind, TestPlan,
};
use crate::signature::{Constant, Kind, Limit, Range, Signature};
use crate::span::{SourceFile, Span, Spanned};
use crate::types::{Column, Type, Typed};
use crate::value::Value;
use std::collections::BTreeMap;

/// No word at all.
struct Nothing;

impl Catalog for Nothing {
    fn signatures(&self) -> Vec<&Signature> {
        Vec::new()
    }

    fn knows_zone(&self, _zone: &str) -> bool {
        false
    }
}

/// A world with two variables and one secret.
struct World;

impl Environment for World {
    fn env(&self, name: &str) -> Option<String> {
        match name {
            "PORT" => Some("hunter2".to_owned()),
            "COUNT" => Some("77".to_owned()),
            _ => None,
        }
    }

    fn secret(&self, path: &str) -> Result<String, String> {
        if path == "token.txt" { Ok("hunter2".to_owned()) } else { Err("no such file".to_owned()) }
    }
}

fn expr(text: &str) -> ast::Expr {
    parse::expression(text).unwrap_or_else(|it| panic!("{text}: {it:?}"))
}

/// Params, as `name, type, default`; a default of nothing is none.
fn params(declared: &[(&str, Typed, &str)]) -> Vec<ParamPlan> {
    let mut params: Vec<ParamPlan> = Vec::new();
    for (name, ty, default) in declared {
        let default = (!default.is_empty()).then(|| {
            match typed::constant(&expr(default), Constant::Any, &Nothing, &params) {
                Arg::Constant(open, _) => open,
                Arg::Value(value) => Expr {
                    kind: ExprKind::Literal(value),
                    typed: ty.clone(),
                    span: Span::default(),
                },
                other => panic!("{other:?}"),
            }
        });
        let (name, typed) = ((*name).to_owned(), ty.clone());
        params.push(ParamPlan { name, typed, bounds: None, default, span: Span::default() });
    }
    params
}

/// A plan with one source whose options are these.
fn plan(params: Vec<ParamPlan>, options: &[(&str, Constant)]) -> Plan {
    let args = options.iter().map(|(text, kind)| {
        let arg = typed::constant(&expr(text), *kind, &Nothing, &params);
        ((*text).to_owned(), Spanned::new(arg, Span::default()))
    });
    let connector = Call {
        word: "memory".to_owned(),
        kind: Kind::Source,
        args: Args { given: args.collect() },
        span: Span::default(),
    };
    let source = SourcePlan {
        name: "s".to_owned(),
        connector,
        format: None,
        schema: None,
        columns: Vec::new(),
        time: None,
        bounded: true,
        span: Span::default(),
    };
    Plan {
        file: SourceFile::new("t", ""),
        params,
        sources: vec![source],
        streams: Vec::new(),
        sinks: Vec::new(),
        tests: Vec::new(),
    }
}

fn set(given: &[(&str, &str)]) -> BTreeMap<String, String> {
    given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The options of the closed plan as texts.
fn closed(plan: &Plan, given: &[(&str, &str)]) -> Vec<String> {
    let plan = close(plan, &set(given), &World).unwrap_or_else(|it| panic!("{it:?}"));
    let args = &plan.sources[0].connector.args;
    args.given
        .iter()
        .map(|(_, arg)| match &arg.node {
            Arg::Value(value) => value.to_string(),
            other => panic!("{other:?}"),
        })
        .collect()
}

fn errors(plan: &Plan, given: &[(&str, &str)]) -> Vec<String> {
    let errors = close(plan, &set(given), &World).err().unwrap_or_default();
    let text = |ConstantError { fault, message }: ConstantError| match fault {
        Fault::Usage => format!("usage: {message}"),
        Fault::Environment => format!("environment: {message}"),
    };
    errors.into_iter().map(text).collect()
}

fn int() -> Typed {
    Type::Int.required()
}

fn string() -> Typed {
    Type::String.required()
}

#[test]
fn every_constant_is_worked_out() {
    let params = params(&[
        ("limit", int(), "5"),
        ("twice", int(), "limit * 2"),
        ("topic", string(), "\"a/b\""),
        ("wait", Type::Duration.required(), "10s"),
    ]);
    let plan = plan(
        params,
        &[
            ("limit + twice", Constant::Int),
            ("twice", Constant::Float),
            ("f\"{topic}/{limit}\"", Constant::String),
            ("wait * 2", Constant::Duration),
            ("wait..64s", Constant::DurationRange),
            ("limit / 1h", Constant::Rate),
            ("limit", Constant::Size),
            ("secret(\"token.txt\")", Constant::String),
            ("env(\"NOPE\") ?? topic", Constant::String),
            ("if(limit > 100, env(\"NOPE\"), \"no\")", Constant::String),
        ],
    );
    assert_eq!(
        closed(&plan, &[]),
        [
            "15",
            "10.0",
            "\"a/b/5\"",
            "20s",
            "10s..1m4s",
            "5 / 1h",
            "5B",
            "\"hunter2\"",
            "\"a/b\"",
            "\"no\""
        ]
    );
    assert_eq!(
        closed(&plan, &[("limit", "7"), ("topic", "x y")])[..3],
        ["21", "14.0", "\"x y/7\""]
    );
}

#[test]
fn params_in_expressions_become_literals() {
    let names = Type::List(Box::new(string())).required();
    let params = params(&[("limit", int(), "5"), ("names", names, "[\"a\", \"b\"]")]);
    let columns = [Column::new("n", int()), Column::new("s", string())];
    let condition = typed::row(&expr("n > limit or s in names"), &Nothing, &params, &columns);
    let mut plan = plan(params, &[]);
    plan.sources[0].time = Some(condition);
    let closed = close(&plan, &set(&[("names", "[\"c\"]")]), &World).unwrap();
    let time = closed.sources[0].time.clone().unwrap();
    assert!(!any(&time, &is_open));
    let mut literals = Literals::default();
    walk::expr(&mut time.clone(), &mut literals);
    assert_eq!(literals.0, [Value::Int(5), Value::List(vec![Value::String("c".into())])]);
}

#[derive(Default)]
struct Literals(Vec<Value>);

impl walk::Visitor for Literals {
    fn expr(&mut self, expr: &mut Expr) {
        if let ExprKind::Literal(value) = &expr.kind {
            self.0.push(value.clone());
        }
    }
}

#[test]
fn set_is_read_as_the_type_of_the_param() {
    let table = [
        (Type::Bool.required(), "true", "true"),
        (int(), "-7", "-7"),
        (Type::FLOAT.required(), "3", "3.0"),
        (Type::FLOAT.required(), "1e3", "1000.0"),
        (string(), "\"quoted\" null", "\"\\\"quoted\\\" null\""),
        (Type::Duration.required(), "1m30s", "1m30s"),
        (Type::Date.required(), "2026-01-31", "date(20484d)"),
        (Type::Timestamp.required(), "1970-01-01T00:00:01Z", "timestamp(1000000us)"),
        (Type::Timestamp.required(), "1970-01-02", "timestamp(86400000000us)"),
        (Type::Timestamp.required(), "@1970-01-01T00:00:01+01:00", "timestamp(-3599000000us)"),
        (Type::Json.required(), "{\"a\": [1, null]}", "{ a: [1, null] }"),
        (Type::List(Box::new(int())).required(), "[1, 2]", "[1, 2]"),
        (Type::Int.nullable(), "null", "null"),
        (Type::Decimal { precision: 5, scale: 2 }.required(), "1.5", "\"1.50\""),
    ];
    for (ty, text, wanted) in table {
        let plan = plan(params(&[("p", ty.clone(), "")]), &[("p", Constant::Any)]);
        assert_eq!(closed(&plan, &[("p", text)]), [wanted], "{text} as {ty}");
    }
    for (ty, text) in [
        (int(), "abc"),
        (int(), "1.5"),
        (int(), ""),
        (int(), "null"),
        (Type::FLOAT.required(), "NaN"),
        (Type::Bool.required(), "yes"),
        (Type::Duration.required(), "5"),
        (Type::List(Box::new(int())).required(), "1, 2"),
    ] {
        let plan = plan(params(&[("p", ty.clone(), "")]), &[]);
        let found = errors(&plan, &[("p", text)]);
        assert!(
            found[0].starts_with(&format!("usage: `--set p={text}`: `p` is of type")),
            "{found:?}"
        );
    }
}

/// A plan whose only option is `limit`, kept to a range.
fn limited(params: Vec<ParamPlan>, option: &str) -> Plan {
    let mut plan = plan(params, &[(option, Constant::Int)]);
    let range = Range::new("1..9");
    if let Arg::Constant(_, limit) = &mut plan.sources[0].connector.args.given[0].1.node {
        *limit = Some(Limit { param: "limit", range });
    }
    plan
}

#[test]
fn a_constant_keeps_to_the_range_of_its_option_when_the_run_starts() {
    let plan = limited(params(&[("p", int(), "5")]), "p");
    assert_eq!(closed(&plan, &[("p", "9")]), ["9"]);
    assert_eq!(errors(&plan, &[("p", "10")]), ["usage: `limit` takes 1 to 9, found 10"]);
}

#[test]
fn a_value_from_outside_that_is_out_of_range_is_not_shown() {
    let plan = limited(Vec::new(), "env(\"COUNT\") as int");
    let found = errors(&plan, &[]);
    assert_eq!(found, ["environment: `env(\"COUNT\")` has to be 1 to 9"]);
}

#[test]
fn everything_that_is_missing_is_said_at_once() {
    let declared =
        params(&[("broker", string(), ""), ("site", string(), ""), ("limit", int(), "5")]);
    let plan = plan(
        declared,
        &[
            ("env(\"NOPE\")", Constant::String),
            ("f\"{env(\"NOPE\")}/x\"", Constant::String),
            ("secret(\"nope.txt\")", Constant::String),
            ("limit", Constant::Size),
        ],
    );
    assert_eq!(
        errors(&plan, &[("limt", "5"), ("limit", "-1"), ("site", "x")]),
        [
            "usage: `--set limt`: there is no param `limt`; did you mean `limit`?",
            "usage: the param `broker` has no value: give it with `--set broker=…`",
            "environment: the environment has no variable `NOPE`: set it before the run starts",
            "environment: the secret `nope.txt` cannot be read: no such file",
            "usage: a size cannot be negative: -1",
        ]
    );
}

#[test]
fn values_keep_to_the_bounds_of_their_param() {
    let mut declared = params(&[("n", int(), "5"), ("mode", string(), "\"a\"")]);
    declared[0].bounds = Some(Bounds::Range(Some(Value::Int(1)), Some(Value::Int(9))));
    let words = vec![Value::String("a".into()), Value::String("b".into())];
    declared[1].bounds = Some(Bounds::List(words));
    let plan = plan(declared, &[("n", Constant::Int)]);
    assert_eq!(closed(&plan, &[("n", "9"), ("mode", "b")]), ["9"]);
    assert_eq!(
        errors(&plan, &[("n", "10"), ("mode", "c")]),
        [
            "usage: `--set n=10`: it has to be in 1..9",
            "usage: `--set mode=c`: it has to be one of [\"a\", \"b\"]",
        ]
    );
}

#[test]
fn a_test_sets_params_for_itself() {
    let options = [("n", Constant::Int), ("env(\"PORT\") as int", Constant::Int)];
    let plan = plan(params(&[("n", int(), "5")]), &options);
    let kind = TestActionKind::Set { param: "n".to_owned(), value: Value::Int(6) };
    let actions = vec![TestAction { kind, span: Span::default() }];
    let test = TestPlan { name: "t".to_owned(), actions, span: Span::default() };
    let value = |given: &[(&str, &str)]| {
        let plan = close_for_test(&plan, &test, &set(given), &World).unwrap();
        plan.sources[0].connector.args.int("n").unwrap()
    };
    assert_eq!(value(&[]), 6);
    assert_eq!(value(&[("n", "7")]), 7);
}

#[test]
fn what_comes_from_outside_stands_in_no_message() {
    let env = "env(\"PORT\")";
    let mut declared = params(&[("port", string(), env), ("host", string(), env)]);
    declared[0].bounds = Some(Bounds::List(vec![Value::String("a".into())]));
    let options = [("env(\"PORT\") as int", Constant::Int), ("host as int", Constant::Int)];
    let plan = plan(declared, &options);
    let found = errors(&plan, &[]);
    assert_eq!(
        found,
        [
            "environment: the default of `port`: it has to be one of [\"a\"]",
            "environment: what `env(\"PORT\")` holds is no `int`",
            "environment: what the param `host` holds is no `int`",
        ]
    );
    assert!(!format!("{found:?}").contains("hunter2"));
    let mut args = Args::default();
    let secret = Arg::Value(Value::String("hunter2".to_owned()));
    args.given.push(("port".to_owned(), Spanned::new(secret, Span::default())));
    let error = args.int("port").unwrap_err();
    assert_eq!(error.0, "`port` should be an int, it is text");
}

#[test]
fn a_param_does_not_keep_what_came_from_outside() {
    let plan = plan(
        params(&[("token", string(), "secret(\"token.txt\")")]),
        &[("token", Constant::String)],
    );
    let closed = close(&plan, &set(&[]), &World).unwrap();
    assert_eq!(closed.params[0].default, None);
    assert_eq!(closed.sources[0].connector.args.text("token"), Ok("hunter2"));
}
