//! The checker and the engine agree: what the one lets pass the other works out, to the type that was said; and constants
//! have the value that a row would have.

use super::Program;
use super::literal::literal;
use crate::error::Error;
use crate::operator::Frame;
use crate::testing::{Functions, batch};
use crate::types::data_type;
use arrow::array::Array;
use dsl::plan::Expr;
use dsl::types::{Column, Type};

/// A column of every type, and for each one that can be null: `x` and `x_`.
fn columns() -> Vec<Column> {
    let record =
        vec![Column::new("a", Type::Int.required()), Column::new("b", Type::String.nullable())];
    let types = [
        ("b", Type::Bool),
        ("i", Type::Int),
        ("f", Type::FLOAT),
        ("g", Type::Float(Some("°C".to_owned()))),
        ("d", Type::Decimal { precision: 10, scale: 2 }),
        ("e", Type::Decimal { precision: 6, scale: 4 }),
        ("s", Type::String),
        ("y", Type::Bytes),
        ("t", Type::Timestamp),
        ("u", Type::Duration),
        ("a", Type::Date),
        ("j", Type::Json),
        ("l", Type::List(Box::new(Type::Int.required()))),
        ("r", Type::Struct(record.clone())),
        ("q", Type::List(Box::new(Type::Struct(record).nullable()))),
    ];
    let both = |(name, ty): (&str, Type)| {
        [Column::new(name, ty.clone().required()), Column::new(format!("{name}_"), ty.nullable())]
    };
    types.into_iter().flat_map(both).collect()
}

const ROWS: &str = r#"[
    {"b": true, "i": 7, "f": 1.5, "g": 2.5, "d": 150, "e": 12345, "s": "12", "y": "34", "t": 1000000, "u": 90000000,
     "a": 20000, "j": "{\"k\": 1}", "l": [1, 2], "r": {"a": 1, "b": "x"}, "q": [{"a": 1}]},
    {"b": false, "i": -2, "f": 0.0, "g": -1.0, "d": -5, "e": 0, "s": "a", "y": "b", "t": -1, "u": -1, "a": 0, "j": "1",
     "l": [], "r": {"a": 2}, "q": [],
     "b_": true, "i_": 3, "f_": 0.5, "g_": 0.5, "d_": 1, "e_": 1, "s_": "b", "y_": "c", "t_": 5, "u_": 5, "a_": 5,
     "j_": "null", "l_": [3], "r_": {"a": 1}, "q_": [{"a": 2, "b": "y"}]}
]"#;

/// Every operator between every one of these and those.
fn pairs(operands: &[&str], others: &[&str]) -> Vec<String> {
    const OPERATORS: [&str; 14] =
        ["or", "and", "==", "!=", "<", "<=", ">", ">=", "??", "+", "-", "*", "/", "%"];
    let mut texts = Vec::new();
    for left in operands {
        for right in others {
            texts.extend(OPERATORS.iter().map(|op| format!("{left} {op} {right}")));
            texts.push(format!("{left} in [{right}, {right}]"));
            texts.push(format!("({left} in {right}..{right})"));
            texts.push(format!("if({left} is null, {left}, {right})"));
            texts.push(format!("[{left}, {right}, null]"));
        }
    }
    texts
}

fn singles(operands: &[&str]) -> Vec<String> {
    const TYPES: [&str; 11] = [
        "bool",
        "int",
        "float",
        "decimal(8, 3)",
        "string",
        "bytes",
        "timestamp",
        "duration",
        "date",
        "json",
        "list<int>",
    ];
    let mut texts = Vec::new();
    for it in operands {
        for ty in TYPES {
            texts.push(format!("{it} as {ty}"));
            texts.push(format!("{it} as {ty}?"));
        }
        for form in [
            "-{}",
            "not {}",
            "{} is null",
            "f\"<{{}}>\"",
            "f\"{{}:.2}\"",
            "{}.a",
            "{}.b",
            "{}[0]",
            "{ k: {}, n: null }",
            "{ k: {} }.k",
            "[{}]",
            "{} + null",
            "null - {}",
            "{} ?? null",
            "null ?? {}",
            "if({}, 1, null)",
        ] {
            let text = form.replace("{{}", &format!("{{{it}")).replace("{}", it);
            texts.push(text);
        }
    }
    texts
}

/// The typed forms of those that the checker lets pass; warnings do not matter.
fn accepted(texts: &[String], columns: &[Column]) -> Vec<(String, Expr)> {
    let typed = |text: &String| {
        let expr = dsl::parse::expression(text).ok()?;
        Some((text.clone(), dsl::check::expression(&expr, columns, &Functions).ok()?))
    };
    texts.iter().filter_map(typed).collect()
}

#[test]
fn what_is_checked_is_worked_out() {
    let columns = columns();
    let names: Vec<&str> = columns.iter().map(|it| it.name.as_str()).collect();
    let (nullable, required): (Vec<&str>, Vec<&str>) =
        names.iter().copied().partition(|it| it.ends_with('_'));
    let mut texts = singles(&names);
    texts.extend(pairs(&nullable, &required));
    let accepted = accepted(&texts, &columns);
    assert!(accepted.len() > 500, "only {} of {} pass", accepted.len(), texts.len());
    let rows = batch(&columns, ROWS);
    for (text, expr) in accepted {
        let evaluated = Program::compile(&expr, &columns)
            .and_then(|it| it.evaluate(&rows.frame()))
            .unwrap_or_else(|error| panic!("{text}: {}: {error}", expr.typed));
        let (values, ty) = (&evaluated.values, &expr.typed);
        assert_eq!(*values.data_type(), data_type(&ty.ty), "{text}");
        let nulls = values.logical_null_count();
        let explained = ty.nullable || nulls == evaluated.faults.len();
        assert!(
            explained,
            "{text} is {ty} and has {nulls} nulls, {} faults",
            evaluated.faults.len()
        );
    }
}

#[test]
fn the_examples_of_functions_are_typed_and_worked_out() -> Result<(), Error> {
    let one_row = Frame { columns: &[], times: &[crate::time::Timestamp::default()], meta: None };
    for function in crate::functions::all() {
        let signature = function.signature();
        for example in signature.examples {
            let text = example.source;
            let expr = dsl::parse::expression(text).expect(text);
            let expr = dsl::check::expression(&expr, &[], &Functions)
                .unwrap_or_else(|found| panic!("{text}: {found:?}"));
            let evaluated = Program::compile(&expr, &[])?.evaluate(&one_row)?;
            assert_eq!(evaluated.faults, [], "{text}");
            assert_eq!(*evaluated.values.data_type(), data_type(&expr.typed.ty), "{text}");
        }
    }
    Ok(())
}

#[test]
fn constants_have_the_value_that_a_row_would_have() -> Result<(), Error> {
    let operands = [
        "true",
        "false",
        "3",
        "-7",
        "0",
        "9223372036854775807",
        "0.5",
        "-2.0",
        "1e300",
        "\"12\"",
        "\"1.5\"",
        "\"x\"",
        "\"true\"",
        "\"1m30s\"",
        "\"2026-01-31\"",
        "\" 2026-01-31 06:00:00.25+01:00\"",
        "\"2026-01-31T06:00:00\"",
        "2.675",
        "@2026-01-31T06:00:00.25Z",
        "@1960-02-29",
        "90s",
        "-1us",
        "(1.25 as decimal(6, 3))",
        "(-3 as decimal(6, 3))",
        "(null as int)",
        "[1, 2]",
        "{ a: 1, b: \"x\" }",
    ];
    let mut texts = singles(&operands);
    texts.extend(pairs(&operands, &operands));
    let accepted = accepted(&texts, &[]);
    assert!(accepted.len() > 1_000, "only {} of {} pass", accepted.len(), texts.len());
    let one_row = Frame { columns: &[], times: &[crate::time::Timestamp::default()], meta: None };
    let mut wrong = Vec::new();
    for (text, expr) in accepted {
        let row = Program::compile(&expr, &[])?.evaluate(&one_row)?;
        match dsl::constant::evaluate_closed(&expr) {
            Ok(value) => {
                let constant = literal(&expr.typed.ty, &value)?;
                let same =
                    row.faults.is_empty() && format!("{constant:?}") == format!("{:?}", row.values);
                if !same {
                    wrong.push(format!(
                        "{text}: {value}, as a row {:?} {:?}",
                        row.values, row.faults
                    ));
                }
            }
            Err(_) if !row.faults.is_empty() => {}
            Err(why) => wrong.push(format!("{text}: {why}, as a row {:?}", row.values)),
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
    Ok(())
}
