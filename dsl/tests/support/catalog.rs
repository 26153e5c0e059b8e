//! A small vocabulary in which the words have the names and options of the real one, for checking files without an engine.

use super::rules::RULES;
use dsl::catalog::{Catalog, FromRule, SinkRule, SourceRule, StepRule};
use dsl::signature::{Constant, Example, Kind, Param, Returns, Signature, Takes, TypeClass};
use dsl::types::{Column, Type, Typed};
use std::sync::LazyLock;

/// The vocabulary.
pub(crate) struct Words;

pub(super) static WORDS: LazyLock<Vec<Signature>> = LazyLock::new(|| {
    let mut words = vec![
        word("union", Kind::From, vec![Param::repeated("streams", Takes::Stream, "")]),
        word("concat", Kind::From, vec![Param::repeated("streams", Takes::Stream, "")]),
    ];
    words.extend(steps());
    words.extend(windows());
    words.extend(values());
    words.extend(connectors());
    words
});

fn word(name: &'static str, kind: Kind, params: Vec<Param>) -> Signature {
    let (summary, details) = ("A word of the tests, nothing more.", "");
    Signature { name, kind, summary, details, params, result: Returns::Nothing, examples: &[] }
}

fn option(name: &'static str, takes: Takes) -> Param {
    Param::option(name, takes, "")
}

fn constant(name: &'static str, constant: Constant) -> Param {
    option(name, Takes::Constant(constant))
}

fn by() -> Param {
    option("by", Takes::Columns)
}

fn steps() -> Vec<Signature> {
    let step = |name, params| word(name, Kind::Step, params);
    let items = |takes| Param::positional("items", takes, "What the step makes.");
    let condition = Takes::Expr(TypeClass::Is(Type::Bool));
    let any = Takes::Expr(TypeClass::Any);
    vec![
        step("where", vec![Param::positional("condition", condition, "What has to hold.")]),
        step("select", vec![items(Takes::Items)]),
        step("extend", vec![items(Takes::Items)]),
        step("drop", vec![Param::repeated("columns", Takes::Column, "A column to leave out.")]),
        step("rename", vec![Param::positional("columns", Takes::Renames, "New and old.")]),
        step(
            "window",
            vec![
                Param::positional("kind", Takes::Word(Kind::Window), "Which rows belong together."),
                by(),
                constant("lateness", Constant::Duration).default("0s"),
                option("emit", Takes::Choice(&["on_close", "on_end"])).default("on_close"),
            ],
        ),
        step("aggregate", vec![items(Takes::Aggregates)]),
        step(
            "detect",
            vec![Param::positional("detectors", Takes::Detectors, "How to judge a row."), by()],
        ),
        step("dedupe", vec![by().required(), constant("within", Constant::Duration).required()]),
        step(
            "changed",
            vec![
                Param::repeated("values", any, "What has to differ."),
                option("tolerance", Takes::ConstantOrExpr(TypeClass::Numeric)),
                by(),
            ],
        ),
    ]
}

fn windows() -> Vec<Signature> {
    let window = |name, params| word(name, Kind::Window, params);
    let duration = |name, doc| Param::positional(name, Takes::Constant(Constant::Duration), doc);
    vec![
        Signature {
            examples: &[Example { title: "", source: "tumbling(1m)", result: "" }],
            ..window(
                "tumbling",
                vec![
                    duration("size", "How long a window is."),
                    constant("offset", Constant::Duration).default("0s"),
                    constant("zone", Constant::String),
                ],
            )
        },
        window(
            "sliding",
            vec![
                duration("size", "How long a window is."),
                duration("every", "How often one begins."),
            ],
        ),
        window("session", vec![duration("gap", "How long a silence ends it.")]),
    ]
}

fn numeric(name: &'static str) -> Param {
    Param::positional(name, Takes::Expr(TypeClass::Numeric), "A number.")
}

fn values() -> Vec<Signature> {
    let text = || {
        let takes = Takes::Expr(TypeClass::Is(Type::String));
        vec![Param::positional("text", takes, "Text.")]
    };
    let any = |name| Param::positional(name, Takes::Expr(TypeClass::Any), "A value.");
    let yields = |name, kind, params, result: fn(&[Typed]) -> Result<Typed, String>| Signature {
        result: Returns::From(result),
        ..word(name, kind, params)
    };
    let int: fn(&[Typed]) -> Result<Typed, String> = |_| Ok(Type::Int.required());
    let float: fn(&[Typed]) -> Result<Typed, String> = |_| Ok(Type::FLOAT.nullable());
    let first: fn(&[Typed]) -> Result<Typed, String> =
        |args| args.first().cloned().ok_or_else(|| "it needs one".to_owned());
    let condition = Takes::Expr(TypeClass::Is(Type::Bool));
    let sigma = vec![
        numeric("value"),
        constant("threshold", Constant::Float).default("3.0"),
        constant("last", Constant::Int).default("60"),
        constant("min", Constant::Int).default("10"),
    ];
    let limit = |name| option(name, Takes::ConstantOrExpr(TypeClass::Numeric));
    vec![
        yields("count", Kind::Aggregate, vec![any("value").optional()], int),
        yields(
            "count_if",
            Kind::Aggregate,
            vec![Param::positional("condition", condition, "What is counted.")],
            int,
        ),
        yields("sum", Kind::Aggregate, vec![numeric("value")], first),
        yields("avg", Kind::Aggregate, vec![numeric("value")], float),
        yields("min", Kind::Aggregate, vec![any("value")], first),
        yields("max", Kind::Aggregate, vec![any("value")], first),
        yields("first", Kind::Aggregate, vec![any("value")], first),
        yields("last", Kind::Aggregate, vec![any("value")], first),
        yields("stddev", Kind::Aggregate, vec![numeric("value")], float),
        word("sigma", Kind::Detector, sigma),
        word("threshold", Kind::Detector, vec![numeric("value"), limit("above"), limit("below")]),
        yields("abs", Kind::Function, vec![numeric("value")], first),
        yields("round", Kind::Function, vec![numeric("value")], first),
        yields("sqrt", Kind::Function, vec![numeric("value")], float),
        yields("power", Kind::Function, vec![numeric("base"), numeric("exponent")], |args| {
            match args.iter().find(|it| matches!(it.ty, Type::Decimal { .. })) {
                Some(it) => {
                    Err(format!("it takes ints and floats, not {}; write `x as float`", it.ty))
                }
                None => Ok(Type::FLOAT.nullable()),
            }
        }),
        yields("upper", Kind::Function, text(), first),
        yields("lower", Kind::Function, text(), first),
        yields("length", Kind::Function, text(), int),
    ]
}

fn connectors() -> Vec<Signature> {
    let duration = |name| constant(name, Constant::Duration);
    let format = || option("format", Takes::Word(Kind::Format));
    let common = |params: Vec<Param>| {
        let time = Takes::Expr(TypeClass::Is(Type::Timestamp));
        let behind = vec![
            format(),
            option("schema", Takes::Schema),
            option("time", time),
            duration("out_of_order"),
            duration("idle").default("30s"),
            constant("strict", Constant::Bool).default("false"),
        ];
        params.into_iter().chain(behind).collect()
    };
    let path = |takes| Param::option("path", takes, "A file, a glob or `-`.").required();
    let url = || {
        Param::option("url", Takes::Constant(Constant::String), "The broker's address.").required()
    };
    let tls =
        Takes::Record(vec![constant("ca", Constant::String), constant("cert", Constant::String)]);
    let mqtt = || {
        vec![
            url(),
            constant("qos", Constant::Int).default("1"),
            option("tls", tls.clone()),
            option("retry", Takes::Constant(Constant::DurationRange)).default("1s..64s"),
        ]
    };
    let topic = |takes| Param::option("topic", takes, "The topic or topics.").required();
    let subscribed =
        [topic(Takes::ListOf(Box::new(Takes::Pattern))), constant("share", Constant::String)];
    let published = [topic(Takes::RowPattern), constant("retain", Constant::Bool), format()];
    let bounded = constant("bounded", Constant::Bool).default("true");
    vec![
        word("memory", Kind::Source, common(vec![constant("name", Constant::String), bounded])),
        word("file", Kind::Source, common(vec![path(Takes::Constant(Constant::String))])),
        word("mqtt", Kind::Source, common(mqtt().into_iter().chain(subscribed).collect())),
        word(
            "generate",
            Kind::Source,
            vec![constant("rows", Constant::Int), constant("seed", Constant::Int)],
        ),
        word("memory", Kind::Sink, vec![constant("name", Constant::String), format()]),
        word(
            "file",
            Kind::Sink,
            vec![path(Takes::RowPattern), constant("append", Constant::Bool), format()],
        ),
        word("mqtt", Kind::Sink, mqtt().into_iter().chain(published).collect()),
        word("console", Kind::Sink, vec![option("format", Takes::Choice(&["table", "json"]))]),
        word("null", Kind::Sink, Vec::new()),
        word("json", Kind::Format, vec![constant("each", Constant::String)]),
        word("csv", Kind::Format, vec![constant("header", Constant::Bool).default("true")]),
        word("raw", Kind::Format, Vec::new()),
    ]
}

impl Catalog for Words {
    fn signatures(&self) -> Vec<&Signature> {
        WORDS.iter().collect()
    }

    fn step(&self, name: &str) -> Option<&dyn StepRule> {
        RULES.iter().find(|it| it.0 == (Kind::Step, name)).map(|it| it as &dyn StepRule)
    }

    fn from(&self, name: &str) -> Option<&dyn FromRule> {
        RULES.iter().find(|it| it.0 == (Kind::From, name)).map(|it| it as &dyn FromRule)
    }

    fn source(&self, name: &str) -> Option<&dyn SourceRule> {
        RULES.iter().find(|it| it.0 == (Kind::Source, name)).map(|it| it as &dyn SourceRule)
    }

    fn sink(&self, name: &str) -> Option<&dyn SinkRule> {
        RULES.iter().find(|it| it.0 == (Kind::Sink, name)).map(|it| it as &dyn SinkRule)
    }

    fn format_columns(&self, name: &str) -> Option<Vec<Column>> {
        (name == "raw").then(|| vec![Column::new("payload", Type::Bytes.required())])
    }

    fn knows_zone(&self, name: &str) -> bool {
        ["UTC", "Europe/Berlin"].contains(&name)
    }
}
